"""The needs profile as TOML: the rows that it gives, the errors that it tells, and its place in the folder."""

from pathlib import Path

import pytest

from kmanalysis.engine.duckdb import connect
from kmanalysis.errors import DataError
from kmanalysis.loaders.folder import attach
from kmanalysis.loaders.needs_profile import REQUIREMENTS, needs_rows
from kmanalysis.loaders.store import target_file
from kmanalysis.opening import open_workbook
from kmanalysis.steps.needs import matching
from kmanalysis.tables import tables
from kmanalysis.words import Words

EXAMPLE = Path(__file__).parents[2] / "examples" / "needs.toml"
SUPPLIERS = "supplier_id,name,api_stock\nS1,x,true\n"


def profile_of(tmp_path, text):
    path = tmp_path / "needs.toml"
    path.write_text(text, encoding="utf-8")
    return path


def told(rows):
    return [(row["subject"], row["item"], row["value"], row["is_must"]) for row in rows]


def test_every_form_of_line(tmp_path):
    text = """
positioning = ["membership"]
audience = ["students", "office workers"]
[must]
families = ["Tencent"]
categories = ["game_card"]
daily_orders = 100
api_stock = true
data_tools = true
supply_mode = ["wholesale", "dropship"]
[wish]
prepayment = 0
wholesale_minimum = 10.50
other = ["发票"]
"""
    rows = needs_rows(profile_of(tmp_path, text))
    assert told(rows) == [
        ("positioning", "membership", "", "false"),
        ("audience", "students", "", "false"),
        ("audience", "office workers", "", "false"),
        ("family", "Tencent", "", "true"),
        ("category", "game_card", "", "true"),
        ("daily_orders", "daily_orders", "100", "true"),
        ("requirement", "api_stock", "", "true"),
        ("requirement", "data_tools", "", "true"),
        ("requirement", "supply_mode", "wholesale;dropship", "true"),
        ("requirement", "prepayment", "0", "false"),
        ("requirement", "wholesale_minimum", "10.50", "false"),
        ("requirement", "发票", "", "false"),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("positioning = 3", 'needs.toml: positioning cannot be 3. Accepted: ["…", …].'),
        ("daily_orders = 0", "needs.toml: daily_orders cannot be 0. Accepted: 1, 2, 3, …."),
        ("daily_orders = true", "needs.toml: daily_orders cannot be true. Accepted: 1, 2, 3, …."),
        ("daily_orders = 99.5", "needs.toml: daily_orders cannot be 99.5. Accepted: 1, 2, 3, …."),
        ("must = 3", "needs.toml: must cannot be 3. Accepted: [must]."),
        ("wishes = 1", "needs.toml: a needs profile has no key wishes. Accepted: positioning, audience, daily_orders, must, wish."),
        ("[must]\napi_stok = true", "needs.toml: a needs profile has no key must.api_stok. Accepted: daily_orders, families, categories, other, api_stock"),
        ("[must]\napi_stock = false", "needs.toml: must.api_stock cannot be false. Accepted: true."),
        ('[must]\nresponse_seconds = "soon"', "needs.toml: must.response_seconds cannot be soon. Accepted: > 0."),
        ("[wish]\nresponse_seconds = true", "needs.toml: wish.response_seconds cannot be true. Accepted: > 0."),
        ("[wish]\nprepayment = -1", "needs.toml: wish.prepayment cannot be -1. Accepted: >= 0."),
        ("[wish]\nwholesale_minimum = inf", "needs.toml: wish.wholesale_minimum cannot be Infinity. Accepted: > 0."),
        ('[wish]\nsupply_mode = ["retail"]', "needs.toml: wish.supply_mode cannot be ['retail']. Accepted: dropship, wholesale, agency."),
        ('[wish]\ndata_tools = ["a;b"]', "needs.toml: wish.data_tools cannot be ['a;b']. Accepted: true, [\"…\", …]."),
        ("[must]\napi_stock = true\n[wish]\napi_stock = true", "needs.toml: api_stock is asked for more than once. Keep one of the lines."),
        ("[must", "needs.toml, line 1: this is not valid TOML"),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path, text, problem):
    with pytest.raises(DataError) as caught:
        needs_rows(profile_of(tmp_path, text))
    assert problem in str(caught.value)
    assert Words("zh").error(caught.value) != str(caught.value)


def test_the_folder_takes_the_profile_as_its_table(tmp_path):
    (tmp_path / "suppliers.csv").write_text(SUPPLIERS, encoding="utf-8")
    profile_of(tmp_path, "daily_orders = 100\n[must]\napi_stock = true\n")
    connection = connect()
    found = attach(connection, tmp_path)
    assert {receipt.file: (receipt.read, receipt.kept) for receipt in found.receipts} == {"suppliers.csv": (1, 1), "needs.toml": (2, 2)}
    assert connection.execute("SELECT * FROM needs ORDER BY 1").fetchall() == [
        ("daily_orders", "daily_orders", "100", False),
        ("requirement", "api_stock", None, True),
    ]


def test_an_empty_profile_asks_for_nothing(tmp_path):
    (tmp_path / "suppliers.csv").write_text(SUPPLIERS, encoding="utf-8")
    profile_of(tmp_path, "")
    connection = connect()
    attach(connection, tmp_path)
    assert connection.execute("SELECT count(*) FROM needs").fetchone() == (0,)


def test_a_profile_beside_the_table_is_refused(tmp_path):
    (tmp_path / "needs.csv").write_text("subject,item,is_must\nfamily,Tencent,true\n", encoding="utf-8")
    profile_of(tmp_path, "daily_orders = 100")
    with pytest.raises(DataError, match=r"Table needs is stored more than once: needs\.csv, needs\.toml"):
        attach(connect(), tmp_path)


def test_a_load_does_not_add_to_a_profile_that_is_written_by_hand(tmp_path):
    profile = profile_of(tmp_path, "daily_orders = 100")
    with pytest.raises(DataError, match=r"Table needs is kept as needs\.toml, which a load cannot add to"):
        target_file(tables()["needs"], [profile], tmp_path)


def test_no_other_table_is_read_from_toml(tmp_path):
    (tmp_path / "suppliers.toml").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="No tables found in"):
        attach(connect(), tmp_path)


def test_the_example_is_a_profile_that_measures_read(tmp_path):
    (tmp_path / "suppliers.csv").write_text(SUPPLIERS, encoding="utf-8")
    profile_of(tmp_path, EXAMPLE.read_text(encoding="utf-8"))
    found = matching.profile(open_workbook(tmp_path, "2026-10"))
    asked = set(found.loc[found["subject"] == "requirement", "item"])
    assert asked == {*REQUIREMENTS, "invoice within a day"}  # the example shows every requirement there is
    assert set(found["subject"]) == set(tables()["needs"].columns["subject"].values)
    assert found.loc[found["unit"] == "", "item"].tolist() == ["students", "invoice within a day"]
