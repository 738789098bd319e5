"""Folders that lack a table or a column: what nobody gave is no data, neither zero nor never, and suppliers that no table lists are called by their ids."""

import pytest

from kmanalysis.decisions.claims import claims_owed
from kmanalysis.decisions.exceptions import exception_sums
from kmanalysis.measures.observation import not_given, observed
from kmanalysis.opening import open_workbook
from kmanalysis.scoring.scorecard import scorecard
from tests.cli.conftest import run  # noqa: F401
from tests.report.small import FIXTURES

MONTH = "2026-10"
ORDERS = 400
"""Of each folder, an hour apart: enough to judge what they show."""


def hours(number, minutes=0):
    return f"2026-10-{2 + number // 24:02} {number % 24:02}:{minutes:02}:00"


def rows_of(**columns):
    """A CSV file: ``columns`` by name, each a text for all rows or a function of the row's number; None leaves the column out."""
    given = {name: value for name, value in columns.items() if value is not None}
    lines = [",".join(str(value(number) if callable(value) else value) for value in given.values()) for number in range(ORDERS)]
    return "\n".join([",".join(given), *lines]) + "\n"


def orders(**changed):
    usual = {
        "order_id": lambda number: f"o{number}", "supplier_id": "s1", "sku": "p1", "ordered_at": hours, "delivered_at": lambda number: hours(number, 1),
        "quantity": 1, "amount": 10, "cost_amount": 8, "currency": "CNY", "status": "delivered",
    }  # fmt: skip
    return rows_of(**usual | changed)


def tickets(**changed):
    usual = {
        "ticket_id": lambda number: f"t{number}", "supplier_id": "s1", "order_id": lambda number: f"o{number}", "opened_at": lambda number: hours(number, 5),
        "first_response_at": lambda number: hours(number, 7), "resolved_at": lambda number: hours(number, 40), "kind": "question", "is_staged": "false",
    }  # fmt: skip
    return rows_of(**usual | changed)


def folder_of(place, **files):
    place.mkdir(exist_ok=True)
    for name, text in ({"suppliers": "supplier_id,name\ns1,甲\n", "products": "sku,name\np1,月卡\n"} | files).items():
        if text:
            (place / f"{name}.csv").write_text(text, encoding="utf-8")
    return open_workbook(place, MONTH, lang="en")


def verdicts(workbook):
    """The verdict of each measure of the one supplier; those that are not mentioned have no data."""
    assert all(receipt.read == receipt.kept + sum(receipt.rejected.values()) for receipt in workbook.attached.receipts)
    judged = scorecard(workbook)
    unseen = judged["verdict"] == "no_data"
    assert (judged.loc[unseen, "n"] == 0).all()
    return dict(zip(judged.loc[~unseen, "measure"], judged.loc[~unseen, "verdict"], strict=True))


def failing(number):
    return number % 20 == 0


FAILED = {
    "delivered_at": lambda number: "" if failing(number) else hours(number, 1),
    "failed_at": lambda number: hours(number, 1) if failing(number) else "",
    "status": lambda number: "failed" if failing(number) else "delivered",
    "failure_cause": lambda number: "stock_out" if failing(number) else "",
    "at_fault": lambda number: "supplier" if failing(number) else "",
}
LACKING = {
    "no tickets": ({"orders": orders()}, {"service.first_response", "service.resolution", "service.dispute_rate", "service.reship_in_time"}),
    "orders without their delivery": ({"orders": orders(delivered_at=None)}, {"stability.delivery_time"}),
    "tickets without a first response": ({"orders": orders(), "tickets": tickets(first_response_at=None)}, {"service.first_response"}),
    "tickets without their end": ({"orders": orders(), "tickets": tickets(resolved_at=None)}, {"service.resolution"}),
    "failures without compensations": ({"orders": orders(**FAILED)}, {"service.compensation_paid", "service.reship_in_time"}),
}


@pytest.mark.parametrize("lacking", LACKING)
def test_what_was_not_given_is_no_data(tmp_path, lacking):
    files, closed = LACKING[lacking]
    workbook = folder_of(tmp_path / "data", **files)
    judged = verdicts(workbook)
    assert closed <= set(not_given(workbook)["measure"])
    assert not closed & set(judged), judged
    # What is there is judged as ever.
    if "failures" in lacking:
        assert judged["stability.oversold_rate"] == "missed"
        assert claims_owed(workbook).empty
    if "first response" in lacking:
        assert judged["service.resolution"] == "met"


def test_a_listed_cost_of_nothing_is_no_price(tmp_path):
    """A platform that sets the cost of its goods to 0 when a purchase fails: nothing becomes cheap, free, or sold above its price by that."""
    listings = "supplier_id,sku,listed_from,cost_price,suggested_retail_price,currency\ns1,p1,2026-01-01,0,20,CNY\n"
    bought = {
        "purchase_id": lambda number: f"P{number}", "supplier_id": "s1", "sku": "p1", "purchased_at": hours, "quantity": 1, "received_quantity": 1,
        "list_amount": 19, "discount_amount": 0, "paid_amount": 19, "currency": "CNY",
    }  # fmt: skip
    sold = orders(purchase_id=lambda number: f"P{number}", amount=20, cost_amount=19)
    workbook = folder_of(tmp_path / "data", listings=listings, purchases=rows_of(**bought), orders=sold)
    found = observed(workbook)
    prices = found[found["measure"].str.startswith("price.") & (found["n"] > 0)]
    assert not [value for value in prices["value"] if value not in (0.0, 1.0) and abs(value) > 1], prices
    assert verdicts(workbook).get("price.low_price_trap") != "missed"
    assert exception_sums(workbook).empty, exception_sums(workbook)


PROBES = "supplier_id,probed_at,is_up\ns2,2026-10-10 00:00:00,true\ns2,2026-10-10 03:00:00,false\ns1,2026-10-10 04:00:00,true\n"
TICKETS = "ticket_id,supplier_id,opened_at,kind,is_staged\nt1,s1,2026-10-10 00:00:00,question,false\nt2,s2,2026-10-11 00:00:00,other,false\n"
LONE = {"probes": (PROBES, 3), "tickets": (TICKETS, 2)}


@pytest.mark.parametrize("table", LONE)
def test_suppliers_that_no_table_lists_are_called_by_their_ids(run, tmp_path, table):  # noqa: F811
    data, out, notebooks = tmp_path / "data", tmp_path / "reports", tmp_path / "notebooks"
    text, rows = LONE[table]
    for place in (data, notebooks):
        place.mkdir()
    (notebooks / "small.ipynb").write_bytes((FIXTURES / "small.ipynb").read_bytes())
    (data / f"{table}.csv").write_text(text, encoding="utf-8")
    of_month = ("--data", data, "--month", MONTH, "--lang", "en")
    assert f"{rows} rows read, {rows} kept" in run("check", "--data", data, "--lang", "en").stdout
    scored = run("score", *of_month, "--format", "csv")
    assert (scored.exit_code, {line.split(",")[1] for line in scored.stdout.splitlines()[1:]}) == (0, {"s1", "s2"})
    done = run("report", *of_month, "--out", out, "--notebooks", notebooks, "--jobs", 1)
    assert done.exit_code == 0, done.stderr
    page = (out / MONTH / "index.html").read_text(encoding="utf-8")
    assert all(f'data-supplier="{supplier}"' in page or f">{supplier}<" in page for supplier in ("s1", "s2"))
    # Once a table lists them, they have its names.
    (data / "suppliers.csv").write_text("supplier_id,name\ns1,One\ns2,Two\ns3,Three\n", encoding="utf-8")
    assert open_workbook(data, MONTH).names == {"s1": "One", "s2": "Two", "s3": "Three"}


def test_a_folder_that_names_nobody_is_refused_in_a_sentence(run, tmp_path):  # noqa: F811
    (tmp_path / "products.csv").write_text("sku,name\np1,One\n", encoding="utf-8")
    for command in (("score",), ("report", "--out", tmp_path / "out")):
        done = run(*command, "--data", tmp_path, "--month", MONTH, "--lang", "en")
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith("Error: ")
