"""Landed cost against what its words say."""

from kmanalysis.measures.common import landed

DAY = "2026-10-15 02:00:00"


def purchase(number: str, paid: str, received: int | None = 10, **more) -> dict:
    row = {"purchase_id": number, "purchased_at": DAY, "quantity": 10, "received_quantity": received, "list_amount": paid, "paid_amount": paid}
    return row | more


def fee(number: str, amount: str, purchase_id: str | None = None, **more) -> dict:
    return {"fee_id": number, "charged_at": DAY, "amount": amount, "purchase_id": purchase_id, "is_disclosed": False, "kind": "restock"} | more


def amounts(workbook) -> dict[str, tuple[str, str, str]]:
    rows = workbook.rows_of(landed.landed_purchases(workbook))
    assert rows["purchase_id"].is_unique
    return {row.purchase_id: (f"{row.linked_fees:f}", f"{row.spread_fees:f}", f"{row.landed_amount:f}") for row in rows.itertuples()}


def test_fee_of_a_purchase_goes_to_it_and_the_others_are_spread_by_paid_amount(workbook_of):
    found = amounts(workbook_of({"purchases": [purchase("p1", "100"), purchase("p2", "300")], "fees": [fee("f1", "5", "p1"), fee("f2", "8")]}))
    assert found == {"p1": ("5.0000", "2.0000", "107.0000"), "p2": ("0.0000", "6.0000", "306.0000")}


def test_late_fee_for_an_earlier_purchase_is_spread_so_that_it_counts_once(workbook_of):
    bought = [purchase("p1", "100", purchased_at="2026-09-15 02:00:00"), purchase("p2", "300")]
    tables = {"purchases": bought, "fees": [fee("f1", "5", "p1")]}
    assert amounts(workbook_of(tables, month="2026-09")) == {"p1": ("0.0000", "0.0000", "100.0000")}
    assert amounts(workbook_of(tables)) == {"p2": ("0.0000", "5.0000", "305.0000")}


def test_fees_do_not_cross_currencies_suppliers_or_months(workbook_of):
    fees = [
        fee("f1", "5", currency="USD"),
        fee("f2", "5", supplier_id="s2"),
        fee("f3", "5", charged_at="2026-09-15 02:00:00"),
        fee("f4", "5", "p1", currency="USD"),
    ]
    found = amounts(workbook_of({"purchases": [purchase("p1", "100"), purchase("p2", "10", currency="USD")], "fees": fees}))
    assert found == {"p1": ("0.0000", "0.0000", "100.0000"), "p2": ("0.0000", "10.0000", "20.0000")}


def test_fees_on_goods_that_cost_nothing_are_spread_by_quantity(workbook_of):
    bought = [purchase("p1", "0", quantity=1), purchase("p2", "0", quantity=3)]
    found = amounts(workbook_of({"purchases": bought, "fees": [fee("f1", "8")]}))
    assert found == {"p1": ("0.0000", "2.0000", "2.0000"), "p2": ("0.0000", "6.0000", "6.0000")}


def test_days_tell_purchases_of_unknown_cost_apart(workbook_of):
    bought = [purchase("p1", "100"), purchase("p2", "0"), purchase("p3", "0", sku="k2"), purchase("p4", "7", received=None)]
    workbook = workbook_of({"purchases": bought})
    days = workbook.rows_of(landed.landed_days(workbook).order_by("sku"))
    assert days[["sku", "purchases", "uncosted"]].to_numpy().tolist() == [["k1", 1, 1], ["k2", 0, 1]]
    [costed] = workbook.rows_of(landed.costed_days(workbook)).to_dict("records")
    assert (costed["sku"], costed["received"], f"{costed['paid']:f}", f"{costed['landed']:f}") == ("k1", 10, "100.0000", "100.0000")


def test_day_of_a_purchase_is_the_local_one(workbook_of):
    workbook = workbook_of({"purchases": [purchase("p1", "1", purchased_at="2026-10-14 16:00:00")]})
    rows = workbook.rows_of(landed.landed_purchases(workbook))
    assert [day.day for day in rows["day"]] == [15]
