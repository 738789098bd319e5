"""Buyers and baskets: from literal folders, and against slow loops."""

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.steps.market.demand import buyer_segments, known_buyers, pairs

FEW = {"market.pair_baskets": {"value": 2}}


def digest(number):
    return f"kd1:{number:032x}"


def order(buyer, day="2026-10-15", sku="k1", **columns):
    return {"buyer_digest": None if buyer is None else digest(buyer), "ordered_at": f"{day} 04:00:00", "sku": sku} | columns


def test_the_share_of_orders_with_a_known_buyer_counts_the_window_alone(workbook_of):
    rows = [order(1), order(1, "2026-05-01"), order(2, "2026-04-30"), order(None), order(3, "2026-11-01")]
    found = known_buyers(workbook_of({"orders": rows}))
    assert found.to_dict("records") == [{"orders": 3, "known_orders": 2, "buyers": 1, "known_share": pytest.approx(2 / 3)}]


def test_where_no_buyer_is_known_nothing_is_said_of_any(workbook_of):
    workbook = workbook_of({"orders": [order(None), order(None, "2026-09-01")]})
    assert known_buyers(workbook)[["orders", "known_orders", "known_share"]].values.tolist() == [[2, 0, 0]]
    assert buyer_segments(workbook).empty
    assert pairs(workbook).empty


def test_buyers_fall_into_classes_by_fixed_cut_points(workbook_of):
    rows = [
        *[order(1, f"2026-10-0{day}", amount="100") for day in range(1, 6)],  # five orders, the last on the 5th, ¥500
        *[order(2, day, amount="249.99") for day in ("2026-08-02", "2026-10-01")],  # 30 days before the month's end
        order(3, "2026-09-30", amount="499.99"),  # 31 days before
        order(4, "2026-08-02", amount="600", status="refunded"),  # 90 days before; paid nothing
        order(5, "2026-08-01", amount="600"),  # 91 days before
        order(5, "2026-10-20", amount="1", currency="USD"),
        order(None, "2026-10-20", amount="9999"),
    ]
    found = buyer_segments(workbook_of({"orders": rows}))
    columns = ["currency", "recency", "frequency", "is_large", "buyers", "orders", "amount"]
    assert found[columns].values.tolist() == [
        ["CNY", "active", "frequent", True, 1, 5, Decimal(500)],
        ["CNY", "active", "repeated", False, 1, 2, Decimal("499.98")],
        ["CNY", "cooling", "once", False, 2, 2, Decimal("499.99")],
        ["CNY", "lapsed", "once", True, 1, 1, Decimal(600)],
        ["USD", "active", "once", False, 1, 1, Decimal(1)],
    ]
    assert found["amount_share"].iloc[:4].sum() == pytest.approx(1)


def test_another_buyer_moves_nobody_to_another_class(workbook_of):
    before = buyer_segments(workbook_of({"orders": [order(1)]}))
    after = buyer_segments(workbook_of({"orders": [order(1), *[order(number, amount="100000") for number in range(2, 30)]]}))
    assert (
        before[["recency", "frequency", "is_large", "buyers"]].values.tolist()
        == after[~after["is_large"]][["recency", "frequency", "is_large", "buyers"]].values.tolist()
    )


def test_a_basket_is_a_buyer_and_a_local_day(workbook_of):
    rows = [
        *[order(buyer, sku=sku) for buyer in (1, 2) for sku in ("k1", "k2", "k2")],
        order(3, sku="k1"), order(3, "2026-10-16", "k2"), order(4, sku="k3"), order(None, sku="k1"), order(None, sku="k2"),
        order(5, sku="k1") | {"ordered_at": "2026-10-15 15:59:59"}, order(5, sku="k2") | {"ordered_at": "2026-10-15 16:00:00"},
    ]  # fmt: skip
    goods = [{"sku": sku, "category": "a", "name": sku.upper()} for sku in ("k1", "k2", "k3")]
    found = pairs(workbook_of({"orders": rows, "products": goods}, standards=FEW))
    assert found[["first_name", "second", "baskets", "first_baskets", "second_baskets", "together"]].values.tolist() == [["K1", "k2", 7, 4, 4, 2]]
    assert found[["support", "lift"]].values.tolist() == [pytest.approx([2 / 7, 2 * 7 / 16])]


def test_only_pairs_with_enough_baskets_are_told(workbook_of):
    rows = [order(buyer, sku=sku) for buyer in range(30) for sku in ("k1", "k2")] + [order(99, sku="k1"), order(99, sku="k3")]
    rows += [order(number, sku="k3") for number in range(100, 160)]
    found = pairs(workbook_of({"orders": rows}))
    assert found[["level", "first", "second", "together", "is_more"]].values.tolist() == [["sku", "k1", "k2", 30, True]]


def test_of_many_pairs_one_that_is_only_a_little_more_frequent_is_not_told(workbook_of):
    # Expected 12.25 together, found 25: p = 0.0009 alone, and no longer small among the 1 225 pairs of fifty items.
    rows = [order(buyer, sku=sku) for buyer in range(25) for sku in ("k1", "k2")]
    rows += [order(buyer, sku="k1") for buyer in range(25, 140)] + [order(buyer, sku="k2") for buyer in range(140, 255)]
    others = [order(buyer, sku=f"m{buyer % 48}") for buyer in range(255, 1600)]
    few = {"market.pair_baskets": {"value": 20}}
    alone = pairs(workbook_of({"orders": rows + [row | {"sku": "m"} for row in others]}, standards=few)).iloc[0]
    among = pairs(workbook_of({"orders": rows + others}, standards=few)).iloc[0]
    assert (alone["together"], alone["items"], among["items"]) == (25, 3, 50)
    assert alone["lower"] == among["lower"] > 1
    assert among["adjusted_p"] == pytest.approx(min(alone["adjusted_p"] / 3 * 1225, 1.0))
    assert (alone["is_more"], among["is_more"]) == (True, False)


def test_no_digest_leaves_the_engine(workbook_of):
    rows = [order(buyer, sku=sku) for buyer in (1, 2, 3) for sku in ("k1", "k2")]
    workbook = workbook_of({"orders": rows}, standards=FEW)
    shown = "".join(frame(workbook).to_csv() for frame in (known_buyers, buyer_segments, pairs))
    assert "k2" in shown
    assert "kd1:" not in shown


baskets = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 9), st.sampled_from("abcd"), st.integers(1, 900)), min_size=1, max_size=70)


@settings(derandomize=True, deadline=None, max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(baskets)
def test_pairs_and_segments_agree_with_slow_loops(workbook_of, rows):
    orders = [order(buyer, f"2026-{month + 1:02d}-10", sku, amount=str(amount)) for buyer, month, sku, amount in rows]
    goods = [{"sku": sku, "category": "x" if sku in "ab" else "y"} for sku in "abcd"]
    workbook = workbook_of({"orders": orders, "products": goods}, standards=FEW)
    held, owned = defaultdict(set), defaultdict(list)
    for buyer, month, sku, amount in rows:
        if month + 1 >= 5:
            held[buyer, month].update({sku, "x" if sku in "ab" else "y"})
            owned[buyer].append((date(2026, month + 1, 10), amount))
    singles = Counter(item for basket in held.values() for item in basket)
    both = Counter(pair for basket in held.values() for pair in combinations(sorted(basket), 2))
    slow = {(one, two): (len(held), singles[one], singles[two], count) for (one, two), count in both.items() if count >= 2 and (one in "xy") == (two in "xy")}
    found = {(row["first"], row["second"]): tuple(row[["baskets", "first_baskets", "second_baskets", "together"]]) for _, row in pairs(workbook).iterrows()}
    assert found == slow
    classes = Counter()
    for bought in owned.values():
        age = (date(2026, 10, 31) - max(day for day, _ in bought)).days
        recency = "active" if age <= 30 else "cooling" if age <= 90 else "lapsed"
        frequency = "frequent" if len(bought) >= 5 else "repeated" if len(bought) > 1 else "once"
        classes[recency, frequency, sum(amount for _, amount in bought) >= 500] += 1
    segments = buyer_segments(workbook)
    assert {(row["recency"], row["frequency"], row["is_large"]): row["buyers"] for _, row in segments.iterrows()} == classes
