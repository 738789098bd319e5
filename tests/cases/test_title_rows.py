"""Exports with titles, notes and accounts above their headings: the headings are found, and what is finished loads."""

from datetime import date

import pytest
import xlsxwriter

from kmanalysis.loaders.load import load
from kmanalysis.loaders.mapping.proposal import propose_mapping, write_proposal
from kmanalysis.words import Words

ROWS = [["交易日期", "交易描述", "交易金额"], [date(2026, 10, 9), "商户 A", 5.90], [date(2026, 10, 12), "商户 B", 12.00]]


def workbook(path, *above):
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([*above, *ROWS]):
            sheet.write_row(number, 0, row)
    return path


@pytest.mark.parametrize("above", [[], [["本期账单明细(人民币)"]], [["金额"], ["账号", "6225 0001"]], [["交易日期"], [], ["导出人：张三"]]])
def test_the_title_of_a_sheet_is_not_its_headings(tmp_path, above):
    proposal = propose_mapping(workbook(tmp_path / "bill.xlsx", *above), "purchases", words=Words("en"))
    assert [became.heading for became in proposal.headings] == ROWS[0]
    assert '#? purchased_at = { from = "交易日期"' in proposal.text
    assert '#? paid_amount = { from = "交易金额"' in proposal.text
    assert "#   交易描述" in proposal.text


def test_what_was_proposed_below_a_title_loads(tmp_path):
    raw, into = tmp_path / "fees.csv", tmp_path / "into"
    head = "费用明细,,,,,\n2026年10月,,,,,\n费用编号,供货商编号,收费时间,费用类型,费用金额(元),是否披露\n"
    raw.write_text(
        head + "F1,S1,2026-10-01 10:00:00,api,5.00,是\nF2,S1,2026-10-02 10:00:00,api,免费,是\nF3,S1,2026-10-03 10:00:00,api,7.00,是\n", encoding="utf-8"
    )
    proposal = propose_mapping(raw, "fees", words=Words("en"))
    assert proposal.open_points == ["fees.amount", "source.timezone"]
    written = write_proposal(proposal, raw, into)
    written.write_text(written.read_text(encoding="utf-8").replace("#? ", ""), encoding="utf-8")
    (receipt,) = load([raw], written, into).receipts
    assert (receipt.read, receipt.kept, dict(receipt.rejected)) == (3, 2, {"empty": 1})
