import tomllib

import pytest

from kmanalysis.errors import DataError, MappingError
from kmanalysis.loaders.load import load
from kmanalysis.loaders.mapping.proposal import mapping_for, propose_mapping, write_proposal
from kmanalysis.loaders.mapping.toml import load_mapping, parse_mapping
from kmanalysis.words import Words

ORDERS = "店铺订单导出\n订单编号,供应商,商品编号,下单时间,数量,订单金额,订单状态,手机号\n1,S,K,2026/10/01 10:00,1,¥5.5,已完成,13800001111\n合计,,,,1,,,\n"


def raw_file(tmp_path, text, name="导出.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def test_what_is_certain_is_ready_and_what_is_not_waits(tmp_path):
    proposal = propose_mapping(raw_file(tmp_path, ORDERS, encoding="gb18030"), words=Words("en"))
    assert proposal.table == "orders"
    assert not proposal.is_complete
    assert proposal.open_points == ["orders.supplier_id", "orders.status", "source.timezone"]
    ready = tomllib.loads(proposal.text)
    assert ready["source"] == {"encoding": "gb18030", "delimiter": ","}
    assert ready["tables"]["orders"]["columns"] == {
        "order_id": {"from": "订单编号"},
        "sku": {"from": "商品编号"},
        "ordered_at": {"from": "下单时间"},
        "quantity": {"from": "数量"},
        "amount": {"from": "订单金额"},
        "currency": {"symbol_of": "订单金额"},
        "buyer_digest": {"from": "手机号"},
    }
    assert (
        '#? status = { from = "订单状态", values = { "已完成" = "" } }  # say what each of these means: pending, delivered, failed, cancelled, refunded'
        in proposal.text
    )
    assert '#? supplier_id = { from = "供应商" }  # the heading only resembles it' in proposal.text


def test_no_secret_is_in_a_proposal(tmp_path):
    assert "13800001111" not in propose_mapping(raw_file(tmp_path, ORDERS)).text


def test_a_finished_proposal_loads(tmp_path):
    raw = raw_file(tmp_path, ORDERS)
    with pytest.raises(
        MappingError, match=r"导出\.csv: a mapping was proposed in mappings/导出\.toml\. Finish it \(orders\.supplier_id, orders\.status, source\.timezone\)"
    ):
        mapping_for(raw, "orders", tmp_path / "into")
    written = tmp_path / "into" / "mappings" / "导出.toml"
    written.write_text(written.read_text(encoding="utf-8").replace("#? ", "").replace('"已完成" = ""', '"已完成" = "delivered"'), encoding="utf-8")
    found = load([raw], mapping_for(raw, "orders", tmp_path / "into"), tmp_path / "into")
    assert [(receipt.new, receipt.rejected) for receipt in found.receipts] == [(1, {})]


def test_a_mapping_that_is_complete_needs_no_finishing(tmp_path):
    raw = raw_file(tmp_path, "supplier_id,name,api_stock\nS1,甲,是\n", "s.csv")
    proposal = propose_mapping(raw)
    assert proposal.is_complete
    assert parse_mapping(tomllib.loads(proposal.text), "p").tables["suppliers"].columns["name"].headings == ("name",)
    assert load_mapping(mapping_for(raw, "", tmp_path / "into")).name == "s.toml"


def test_a_proposal_never_replaces_what_the_analyst_has(tmp_path):
    raw = raw_file(tmp_path, "supplier_id,name\nS1,甲\n", "s.csv")
    kept = tmp_path / "mappings" / "s.toml"
    kept.parent.mkdir()
    kept.write_text("# mine")
    assert write_proposal(propose_mapping(raw), raw, tmp_path) == kept
    assert kept.read_text() == "# mine"


@pytest.mark.parametrize(
    ("cells", "formats", "is_certain"),
    [
        (["2-Jun-06", "14-Nov-06"], ["%d-%b-%y"], True),
        (["13/11/2006", "01/02/2006"], ["%d/%m/%Y"], True),
        (["01/02/2006"], ["%d/%m/%Y"], False),
        (["2026-10-01", "2026/10/02"], None, True),
        (["irgendwann"], ["%Y-%m-%d %H:%M:%S"], False),
    ],
)
def test_date_formats_are_guessed_and_doubted_where_day_and_month_may_be_mistaken(tmp_path, cells, formats, is_certain):
    raw = raw_file(tmp_path, "sku,name,launched_on\n" + "".join(f"K{n},x,{cell}\n" for n, cell in enumerate(cells)), "p.csv")
    (line,) = [line for line in propose_mapping(raw).text.splitlines() if "launched_on" in line]
    assert line.startswith("#?") is not is_certain
    assert tomllib.loads(line.removeprefix("#? "))["launched_on"].get("formats") == formats


def test_bytes_that_fit_nowhere_make_the_encoding_a_question(tmp_path):
    raw = raw_file(tmp_path, "supplier_id,name\n" + "S1,Café\nS2,Zoë\nS3,naïf\n" * 20, "s.csv", "cp1252")
    proposal = propose_mapping(raw)
    assert proposal.open_points == ["source.encoding"]
    (line,) = [line for line in proposal.text.splitlines() if "encoding" in line]
    assert line.startswith("#? encoding = ")


def commented(text, column):
    """The remark behind a column's line; it fails where the line is not for the analyst to settle."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"#? {column} = ")]
    return line.partition("  # ")[2]


def test_a_column_without_a_value_waits(tmp_path):
    raw = raw_file(tmp_path, "supplier_id,name,min_order\nS1,甲,NULL\nS2,乙,\n", "s.csv")
    proposal = propose_mapping(raw, words=Words("en"))
    assert commented(proposal.text, "min_order") == "every cell is empty: a column that is mapped counts as given"
    assert proposal.is_complete
    assert commented(propose_mapping(raw_file(tmp_path, "supplier_id,name\nS1,NULL\n", "t.csv"), words=Words("zh")).text, "name").startswith("整列为空")


def test_of_two_times_that_of_payment_is_proposed_and_doubted(tmp_path):
    text = "trade_no,supplier_id,sku,create_time,pay_time,card_num,amount,status\n1,S,K,2026-10-01 10:00:00,2026-10-01 10:00:05,1,5,delivered\n"
    proposal = propose_mapping(raw_file(tmp_path, text, "orders.csv"), "orders", words=Words("en"))
    assert commented(proposal.text, "ordered_at").startswith("several times fit: create_time, pay_time; when the buyer paid")
    assert '#? ordered_at = { from = "pay_time" }' in proposal.text
    assert "orders.ordered_at" in proposal.open_points


def test_an_identifier_that_the_folder_does_not_know_waits(tmp_path):
    into = tmp_path / "into"
    into.mkdir()
    (into / "suppliers.csv").write_text("supplier_id,name\nS1,甲\n", encoding="utf-8")
    (into / "products.csv").write_text("sku,name\nK1,点卡\n", encoding="utf-8")
    raw = raw_file(tmp_path, "supplier_id,sku,quoted_at,unit_price,currency\n7,K1,2026-10-01T00:00:00Z,1,CNY\n", "quotes.csv")
    proposal = propose_mapping(raw, "quotes", into=into, words=Words("en"))
    assert commented(proposal.text, "supplier_id") == "none of its values is in suppliers.supplier_id of the folder: map another column, or a lookup"
    assert proposal.open_points == ["quotes.supplier_id"]
    assert propose_mapping(raw, "quotes").is_complete
    with pytest.raises(MappingError, match=r"Finish it \(quotes\.supplier_id\)"):
        mapping_for(raw, "quotes", into)


def test_a_dump_is_recognised_by_its_sign_for_nothing(tmp_path):
    raw = raw_file(tmp_path, "supplier_id\tname\tmin_order\nS1\t甲\\t店\t\\N\nS2\t乙\t10\n", "s.txt")
    ready = tomllib.loads(propose_mapping(raw).text)
    assert ready["source"] == {"encoding": "utf-8", "delimiter": "\t", "escape": "\\"}
    assert ready["tables"]["suppliers"]["columns"]["min_order"] == {"from": "min_order"}


def test_a_file_without_headings_is_said_to_be_one(tmp_path):
    with pytest.raises(DataError, match=r"x\.csv, line 1: this looks like data"):
        propose_mapping(raw_file(tmp_path, "7,SECRET-CODE-1,2026-10-01 00:00:00\n", "x.csv"), "codes")


def test_headings_that_fit_no_table_are_told(tmp_path):
    with pytest.raises(MappingError, match=r"x\.csv: no table fits these headings: foo, bar"):
        propose_mapping(raw_file(tmp_path, "foo,bar\n1,2\n", "x.csv"))
    with pytest.raises(MappingError, match="'nope' is not known"):
        propose_mapping(raw_file(tmp_path, "foo,bar\n1,2\n", "x.csv"), "nope")
