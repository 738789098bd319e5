"""What is known of suppliers that cannot be graded: who they are, by what hangs on them, and never a grade."""

import re
from decimal import Decimal

import pandas as pd

from kmanalysis.charts.review.grades import known_table


def read(table):
    rows = re.findall(r"<tr>(.*?)</tr>", table.html, re.DOTALL)
    return [[re.sub("<[^>]+>", "", cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)] for row in rows[1:]]


def frames():
    card = pd.DataFrame(
        [("S01", "stability.oversold_rate", "missed", 1.0), ("S01", "stability.delivery_time", "met", 2.0), ("S02", "stability.uptime", "no_data", 1.0)],
        columns=["supplier_id", "measure", "verdict", "weight"],
    )
    reasons = ["lacks_evidence", "lacks_evidence", "", "lacks_evidence"]
    grades = pd.DataFrame({"supplier_id": ["S01", "S02", "S03", "S04"], "reason": reasons, "coverage": [0.09, 0.3, 1.0, 0.0], "grade": ["", "", "S", ""]})
    scores = pd.DataFrame([("S01", "stability", 61.4), ("S02", "stability", None), ("S03", "stability", 99.0)], columns=["supplier_id", "dimension", "score"])
    sums = [("S02", "repeated_code", "CNY", 8, "80"), ("S02", "zero_cost", "USD", 1, "2"), ("S03", "no_remedy", "CNY", 1, "999")]
    earned = [("S01", "CNY", 3, "30", "20", "-5"), ("S02", "CNY", 9, "90", "0", "0")]
    exceptions = pd.DataFrame(sums, columns=["supplier_id", "kind", "currency", "cases", "amount"])
    sales = pd.DataFrame(earned, columns=["supplier_id", "currency", "orders", "amount", "known_amount", "margin_amount"])
    money = {"amount": exceptions["amount"].map(Decimal)}
    return card, grades, scores, exceptions.assign(**money), sales.assign(**{name: sales[name].map(Decimal) for name in sales.columns[3:]})


def test_most_at_stake_comes_first_with_what_was_sold_and_left(en, names):
    told = known_table(*frames(), en, names)
    rows = read(told)
    assert [row[0][:3] for row in rows] == ["S02", "S01", "S04"]
    assert [row[1:] for row in rows] == [
        ["30%", "—", "0", "—", "9", "CN¥80.00 + $2.00", "CN¥90.00", "—"],
        ["9%", "Sold-after-stock-out rate", "1", "61", "0", "—", "CN¥30.00", "-CN¥5.00 (-25%)"],
        ["0%", "—", "0", "—", "0", "—", "—", "—"],
    ]


def test_where_all_are_graded_nothing_is_shown(en, names):
    card, grades, scores, sums, earned = frames()
    told = known_table(card, grades[grades["grade"] == "S"], scores, sums, earned, en, names)
    assert "Every supplier has enough evidence for a grade." in told.html
