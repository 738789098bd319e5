from decimal import Decimal

import pandas as pd

from kmanalysis.decisions.actions import actions
from kmanalysis.decisions.claims import claims_owed
from kmanalysis.decisions.exceptions import exception_sums, losing_goods
from kmanalysis.decisions.repeats import repeat_counts
from kmanalysis.measures.observation import not_given
from kmanalysis.report.site.index import index_page
from kmanalysis.report.site.summary import NAMED
from tests.report.site.test_index import Text
from tests.report.small import judged_workbook


def lines_of(workbook):
    """The five lines as read: kind → text."""
    page = index_page(workbook, {}, [], ()).decode()
    inside = page[page.index('<dl class="lines"') : page.index("</dl>")]
    read = {}
    for part in inside.split("<dt>")[1:]:
        texts = []
        for half in part.split("</dt>"):
            reader = Text()
            reader.feed(half)
            texts.append(" ".join(" ".join(reader.parts).split()))
        read[texts[0]] = texts[1]
    return read


def told(workbook, todo, owed):
    """The workbook with the month's actions (supplier → action and reason) and debts (supplier, currency, outstanding, to claim)."""
    decided = pd.DataFrame([{"supplier_id": who, "action": what, "reason": why} for who, (what, why) in todo.items()])
    columns = ["supplier_id", "currency", "outstanding_amount", "claim_amount"]
    debts = pd.DataFrame([(who, unit, Decimal(open_), Decimal(claim)) for who, unit, open_, claim in owed], columns=columns)
    workbook.finished(actions.name, lambda _: decided)
    workbook.finished(claims_owed.name, lambda _: debts)
    return workbook


def test_the_month_in_five_lines():
    vetoed = {"compliance__grey_listings": {"value": 2.0}}
    workbook = judged_workbook(
        {"S01": 99.0, "S02": 78.0, "S03": 99.0, "S04": 62.0}, {"S01": 78.0, "S02": 78.0, "S03": 99.0, "S04": 78.0}, lang="en", S03=vetoed
    )
    todo = {"S03": ("end", "vetoed_for_months"), "S02": ("switch", "not_corrected"), "S01": ("deepen", "priority"), "S04": ("keep", "nothing_missed")}
    owed = [("S01", "CNY", "10.5", "0"), ("S02", "CNY", "200", "150.25"), ("S02", "USD", "3", "3"), ("S04", "CNY", "0", "0")]
    lines = lines_of(told(workbook, todo, owed))
    assert list(lines) == ["Rose", "Fell", "Must go", "Owed to us", "To do"]
    assert lines["Rose"] == "供货商 S01 A → S"
    assert lines["Must go"] == "供货商 S03 end the contract: Grey listings 供货商 S02 switch to the backup: not put right in time"
    assert lines["Owed to us"] == "¥210.50 + $3.00 in all 供货商 S02 ¥200.00 供货商 S01 ¥10.50 供货商 S02 $3.00".replace("¥", "CN¥")
    assert lines["To do"] == "end the contract 1 · switch to the backup 1 · deepen 1 · keep 1 · claim CN¥150.25 + $3.00"


def test_a_quiet_month_says_so():
    lines = lines_of(told(judged_workbook({"S01": 99.0}), {"S01": ("keep", "nothing_missed")}, []))
    assert lines == {"升级": "无。", "降级": "无。", "须退出": "无。", "应收赔付": "无。", "要做的事": "维持 1"}


def test_suppliers_with_one_name_are_told_apart():
    names = {"S01": "_甲盟", "S02": "_甲盟", "S03": "乙盟"}
    lines = lines_of(judged_workbook(dict.fromkeys(names, 99.0), dict.fromkeys(names, 78.0), names=names))
    assert lines["升级"] == "_甲盟 (S01) A → S _甲盟 (S02) A → S 乙盟 A → S"


def test_a_line_names_few_and_counts_the_rest():
    who = [f"S{number:02d}" for number in range(NAMED + 3)]
    lines = lines_of(judged_workbook(dict.fromkeys(who, 99.0), dict.fromkeys(who, 78.0)))
    assert lines["升级"].count("A → S") == NAMED
    assert lines["升级"].endswith("另有 3 家")


def test_what_was_not_supplied_has_a_line_of_its_own():
    workbook = judged_workbook({"S01": 99.0}, lang="en")
    lacks = [("S01", "price.hidden_fee_rate", "fees"), ("S01", "price.low_price_trap", "fees"), ("S01", "service.resolution", "tickets.resolved_at")]
    workbook.finished(not_given.name, lambda _: pd.DataFrame(lacks, columns=["supplier_id", "measure", "lacks"]))
    assert lines_of(workbook)["Not supplied"] == "2 tables or columns are missing, so 3 measures have no data."


def test_exceptions_name_the_worst_the_repeats_and_the_goods_that_lose_money():
    workbook = judged_workbook({"S01": 99.0, "S02": 99.0}, lang="en")
    sums = [("S01", "below_cost", "CNY", 3, "12.5"), ("S02", "repeated_code", "CNY", 9, "90"), ("S02", "not_delivered", "CNY", 2, "20")]
    found = pd.DataFrame(sums, columns=["supplier_id", "kind", "currency", "cases", "amount"])
    workbook.finished(exception_sums.name, lambda _: found.assign(amount=found["amount"].map(Decimal)))
    counts = [("listed", "one link", 1, 40), ("race", "", 1, 1), ("supplier", "", 8, 9)]
    workbook.finished(repeat_counts.name, lambda _: pd.DataFrame(counts, columns=["cause", "reason", "codes", "cases"]))
    lost = [(f"K{number}", "Card" if number < 2 else None, "CNY", number, Decimal(9 - number)) for number in (1, 2, 3)]
    workbook.finished(losing_goods.name, lambda _: pd.DataFrame(lost, columns=["sku", "name", "currency", "cases", "amount"]))
    lines = lines_of(workbook)
    worst = "供货商 S02 code handed out twice: 9 · CN¥110.00 供货商 S01 sold below cost: 3 · CN¥12.50"
    assert lines["Exceptions"] == f"14 in all, CN¥122.50 {worst}"
    assert lines["Repeated codes"] == "8 codes were issued again, 9 times in all."
    assert lines["Sold at a loss"] == "Card (SKU K1): CN¥8.00 lost (orders: 1); SKU K2: CN¥7.00 lost (orders: 2); 1 more"
    # Where grades were given, they come first.
    assert list(lines)[:2] == ["Rose", "Fell"]
