import re
from decimal import Decimal

import pandas as pd

from kmanalysis.charts.exceptions import by_supplier, exception_lists, kinds_table, losses_table, opening, repeats_table, supplier_counts
from kmanalysis.decisions.exceptions import COLUMNS, KINDS


def sums_of(*rows):
    found = pd.DataFrame(rows, columns=["supplier_id", "kind", "currency", "cases", "amount"])
    return found.assign(amount=found["amount"].map(Decimal))


def checks_of(**lacks):
    return pd.DataFrame([{"kind": kind, "looked_at": 0 if kind in lacks else 1200, "lacks": lacks.get(kind, "")} for kind in KINDS]).assign(
        allowed=0, unsure=""
    )


SUMS = (("S02", "repeated_code", None, 8, "0"), ("S02", "below_cost", "CNY", 3, "12.5"), ("S01", "not_delivered", "CNY", 2, "99"))


def test_the_opening_says_how_many_and_how_much_and_with_whom(zh, names):
    told = opening(sums_of(*SUMS), checks_of(no_remedy="compensations"), zh, names).data
    assert told.startswith("**2 家供货商共 13 项异常，涉及 ¥111.50。**")
    assert told.index("S01") < told.index("S02")
    assert f"未检查的：{zh.name('exception.no_remedy')}。" in told


def test_no_exception_is_said_of_what_was_looked_at_alone(en, names):
    told = opening(sums_of(), checks_of(repeated_code="codes"), en, names).data
    assert told == "No exceptions were found in the rows checked. Not checked, because their data are missing: code handed out twice."


def test_suppliers_come_by_what_hangs_on_them(en, names):
    race = ("S02", "platform_race", "CNY", 5, "500")
    counts = supplier_counts(sums_of(*SUMS, race), en, names)
    assert counts["Cases"].to_list() == ["2", "11"]
    assert counts["Amount"].to_list() == ["CN¥99.00", "CN¥12.50"]


def test_a_kind_says_what_was_looked_at_or_why_not(en):
    told = kinds_table(sums_of(*SUMS), checks_of(no_remedy="compensations"), en).html
    assert "not checked: no Compensations" in told
    assert "1,200 codes checked" in told
    assert "raise the price or take it off sale" in told
    assert "record why it was refunded" not in told


def test_repeats_on_purpose_are_said_and_so_is_what_would_tell_them(en):
    checks = checks_of()
    checks.loc[checks["kind"] == "repeated_code", ["allowed", "unsure"]] = [6, "codes.is_shared_use;allowed_repeats"]
    told = kinds_table(sums_of(*SUMS), checks, en).html
    assert "1,200 codes checked; 6 repeats on purpose left out" in told
    assert "Codes: Meant for many, repeats on purpose would tell which" in told
    counts = pd.DataFrame([["listed", "one <link>", 1, 6], ["supplier", "", 8, 9]], columns=["cause", "reason", "codes", "cases"])
    told = repeats_table(counts, checks, en).html
    assert "on the operator&#39;s list: one &lt;link&gt;" in told
    assert told.index("repeated by a supplier") < told.index("on the operator")
    assert "No repeats were found in the rows checked." in repeats_table(counts.head(0), checks, en).html
    assert "not checked: no Codes" in repeats_table(counts.head(0), checks_of(repeated_code="codes"), en).html


def test_what_was_not_compared_upstream_is_said_where_nothing_was_found_too(en):
    checks = checks_of()
    checks.loc[checks["kind"] == "upstream_mismatch", "unsure"] = "orders.delivered_at"
    assert "Some differences from upstream were not looked for, because this was not given: Orders: Delivered at." in kinds_table(sums_of(), checks, en).html


def test_goods_sold_below_cost_say_what_was_lost(en):
    lost = pd.DataFrame([["K7", "Card 7", "CNY", 12, Decimal(54)]], columns=["sku", "name", "currency", "cases", "amount"])
    assert re.findall(r"<td[^>]*>([^<]+)", losses_table(lost, checks_of(), en).html) == ["Card 7 (SKU K7)", "12", "CN¥54.00"]
    assert "not checked: no Orders: Cost" in losses_table(lost.head(0), checks_of(below_cost="orders.cost_amount"), en).html


def test_the_lists_say_what_was_seen(en, names):
    at = pd.Timestamp("2026-10-05 04:00:00")
    base = dict.fromkeys(COLUMNS) | {"supplier_id": "S01", "sku": "K1", "happened_at": at, "amount": Decimal(5), "currency": "CNY"}
    rows = [
        base | {"kind": "repeated_code", "order_id": "O2", "earlier_order_id": "O1", "earlier_supplier_id": "S02", "since_at": at, "currency": None},
        base | {"kind": "cost_jump", "order_id": "O3", "cost_before": Decimal(6), "cost_now": Decimal(9)},
        base | {"kind": "frozen_stock", "stock": 500, "units": 25},
        base | {"kind": "unexplained_refund", "order_id": "<b>O4</b>"},
        base | {"kind": "upstream_mismatch", "mismatch": "cost", "cost_before": Decimal(6), "cost_now": None},
    ]
    told = exception_lists(pd.DataFrame(rows), en, names)._repr_html_()
    assert "first issued on 2026-10-05 12:00 by S02" in told
    assert "for order O1" in told
    assert "unit cost CN¥6.00 → CN¥9.00" in told
    assert "always 500 in stock, 25 sold" in told
    assert "&lt;b&gt;O4" in told
    assert "another cost than the upstream shop charges; booked CN¥6.00, upstream —" in told
    assert exception_lists(pd.DataFrame(columns=list(COLUMNS)), en, names)._repr_html_().startswith('<p class="nothing">')


def test_the_chart_stacks_the_kinds_of_the_supplier_with_most_first(en, names):
    ax = by_supplier(sums_of(*SUMS), en, names)
    assert [bar.get_width() for bars in ax.containers for bar in bars] == [8, 0, 0, 2, 3, 0]
    assert by_supplier(sums_of(), en, names).get_label() == "Exceptions by supplier (cases) There is none to show."
