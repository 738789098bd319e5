import json

import pytest

from kmanalysis.loaders.checking.receipts import Receipt, files_without_rows, receipts_json, receipts_text
from kmanalysis.words import Words

RECEIPT = Receipt(
    "orders", "导出.csv", 1200, 1190, new=1000, updated=40, same=150, rejected={"ragged": 3, "not_number": 7}, doubts={"out_of_order": 2}, filtered=5, skipped=4
)


@pytest.mark.parametrize("change", [{"read": 1201}, {"kept": 1189}, {"new": 999}, {"rejected": {"ragged": 3}}])
def test_a_receipt_that_does_not_add_up_cannot_be_made(change):
    fields = {"read": 1200, "kept": 1190, "new": 1000, "updated": 40, "same": 150, "rejected": {"ragged": 3, "not_number": 7}}
    with pytest.raises(AssertionError, match="does not add up"):
        Receipt("orders", "x.csv", **(fields | change))


def test_a_receipt_reads_in_chinese():
    assert receipts_text([RECEIPT], Words("zh")).splitlines() == [
        "导出.csv → 订单：读取 1,200 行，保留 1,190 行（新增 1,000，更新 40，已有 150），剔除 10 行",
        "  剔除：不是数字：7 行",
        "  剔除：单元格数量与表头不符：3 行",
        "  保留但存疑：时间先后颠倒：2 行",
        "  按映射归入其他表：5 行",
    ]


def test_a_receipt_reads_in_english():
    assert receipts_text([RECEIPT], Words("en")).splitlines()[1] == "  rejected: not a number: 7"


def test_files_of_which_nothing_was_kept():
    receipts = [
        Receipt("suppliers", "a.csv", 1, 1, new=1),
        Receipt("orders", "a.csv", 1, 0, rejected={"empty": 1}),
        Receipt("suppliers", "b.csv", 1, 0, rejected={"empty": 1}),
        Receipt("orders", "b.csv", 0, 0, filtered=1),
        Receipt("orders", "c.csv", 1, 1, same=1),
    ]
    assert files_without_rows(receipts) == ["b.csv"]


def test_a_receipt_as_json():
    (told,) = json.loads(receipts_json([RECEIPT]))
    assert told["rejected"] == {"ragged": 3, "not_number": 7}
    assert (told["read"], told["kept"], told["skipped"]) == (1200, 1190, 4)
