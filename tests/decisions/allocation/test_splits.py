"""The cheapest split: against every split there is, against worked examples, at the edges of tiers, and where there is none."""

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmanalysis.decisions.allocation.model import Offer, Problem, Source, Tier, available, bills, brackets, broken, cost, discount
from kmanalysis.decisions.allocation.programme import solve
from kmanalysis.decisions.allocation.splits import allocate, with_cap

FIVE = (Tier(5_000_000, Decimal("0.05")),)


def splits(units, sellers):
    """Every way to share units among so many sellers."""
    if sellers == 1:
        return [(units,)]
    return [(first, *rest) for first in range(units + 1) for rest in splits(units - first, sellers - 1)]


def every_split(problem):
    """Every split of the problem's demand over those that offer it, bought from anybody and any number."""
    sellers = {sku: [offer.supplier_id for offer in problem.offers if offer.sku == sku] for sku, _ in problem.demand}
    parts = [[dict(zip([(who, sku) for who in sellers[sku]], part, strict=True)) for part in splits(units, len(sellers[sku]))] for sku, units in problem.demand]
    return [{key: units for part in chosen for key, units in part.items()} for chosen in product(*parts)]


def plain_cost(problem, split):
    """Another reading of what a split costs: tier by tier, part by part."""
    total = Decimal(0)
    for source in problem.sources:
        amount = sum(offer.unit_price * split.get((offer.supplier_id, offer.sku), 0) for offer in problem.offers if offer.supplier_id == source.supplier_id)
        off = Decimal(0)
        for tier in sorted(source.tiers, key=lambda tier: tier.threshold):
            if amount > tier.threshold:
                following = [other.threshold for other in source.tiers if other.threshold > tier.threshold and other.threshold < amount]
                end = min(following, default=amount)
                off = end * tier.share if tier.applies_to == "all_units" else off + (end - tier.threshold) * tier.share
        total += (amount - off) * (1 + source.fee_share)
    return total


@st.composite
def problems(draw):
    sellers, skus = draw(st.integers(2, 3)), draw(st.integers(1, 2))
    demand = tuple((f"k{number}", draw(st.integers(1, 6 if skus == 1 or sellers == 2 else 4))) for number in range(skus))
    sources = []
    for number in range(sellers):
        thresholds = draw(st.lists(st.integers(50, 900), max_size=2, unique=True).map(sorted))
        shares = sorted(draw(st.lists(st.integers(1, 40), min_size=len(thresholds), max_size=len(thresholds))))
        kinds = draw(st.lists(st.sampled_from(["all_units", "part_above"]), min_size=len(thresholds), max_size=len(thresholds)))
        tiers = tuple(Tier(threshold, Decimal(share) / 100, kind) for threshold, share, kind in zip(thresholds, shares, kinds, strict=True))
        fee, minimum = draw(st.sampled_from(["0", "0.03", "0.115"])), draw(st.sampled_from([0, 0, 120, 300]))
        sources.append(Source(f"s{number}", minimum, Decimal(fee), tiers, draw(st.sampled_from(["", "", "", "", "veto", "grade_floor"]))))
    offers = tuple(
        Offer(source.supplier_id, sku, draw(st.integers(40, 130)), draw(st.sampled_from([None, None, 2, 5])))
        for source in sources
        for sku, _ in demand
        if draw(st.integers(0, 9))
    )
    return Problem(demand, tuple(sources), offers, draw(st.sampled_from([None, Decimal("0.6"), Decimal("0.75")])))


@settings(derandomize=True, deadline=None, max_examples=120)
@given(problems())
def test_no_split_is_cheaper(problem):
    sold = {offer.sku for offer in problem.offers}
    allowed = [split for split in every_split(problem) if not broken(problem, split)] if all(sku in sold for sku, _ in problem.demand) else []
    found = allocate(problem, ())
    if not allowed:
        assert found.is_infeasible
        assert found.quantities is None
        return
    assert found.quantities in [{key: units for key, units in split.items() if units} for split in allowed]
    assert found.cost == plain_cost(problem, found.quantities) == min(plain_cost(problem, split) for split in allowed)
    assert found.gap == 0


@settings(derandomize=True, deadline=None, max_examples=40)
@given(problems())
def test_conflicts_and_prices_are_those_of_brute_force(problem):
    sold = {offer.sku for offer in problem.offers}
    if not all(sku in sold for sku, _ in problem.demand):
        return
    every = [(split, set(broken(problem, split))) for split in every_split(problem)]
    best = min((plain_cost(problem, split) for split, breaks in every if not breaks), default=None)
    without = {
        name: min((plain_cost(problem, split) for split, breaks in every if breaks <= {name}), default=None)
        for name in ("stock", "minimum_order", "share_cap", "grade_floor", "veto")
    }
    found = allocate(problem)
    if best is None:
        assert set(found.conflicts) == {name for name, least in without.items() if least is not None}
    else:
        assert found.prices == {name: best - without[name] for name in found.prices}
        assert {name for name, least in without.items() if least != best} <= set(found.prices)


def one_sku(units, *sources, prices, stocks=None, share_cap=None):
    """One SKU that these sources offer at these prices (分)."""
    stocks = stocks or [None] * len(sources)
    offers = tuple(Offer(source.supplier_id, "k", price, stock) for source, price, stock in zip(sources, prices, stocks, strict=True))
    return Problem((("k", units),), sources, offers, share_cap)


def test_textbook_all_units_discount():
    # Nahmias, Production and Operations Analysis, chapter 4: trash bags at 30 cents each below 500, 29 from 500, 28 from 1000, on all units.
    # As tiers over the amount at 30 cents: 1/30 off over 14 999 cents, 2/30 over 29 999.
    tiers = (Tier(14_999, Decimal(1) / 30), Tier(29_999, Decimal(2) / 30))
    expected = {499: 14_970, 500: 14_500, 999: 28_971, 1000: 28_000}
    source = Source("s", tiers=tiers)
    found = {units: allocate(one_sku(units, source, prices=[30])).cost for units in expected}
    assert {units: round(paid, 12) for units, paid in found.items()} == expected


def test_textbook_incremental_discount():
    # The same book's incremental schedule of these bags: 30 cents each for the first 500, 29 for the next 500, 28 beyond: C(Q) = 5 + 0.29 Q, 15 + 0.28 Q in $.
    tiers = (Tier(15_000, Decimal(1) / 30, "part_above"), Tier(30_000, Decimal(2) / 30, "part_above"))
    source = Source("s", tiers=tiers)
    expected = {400: 12_000, 500: 15_000, 700: 500 + 29 * 700, 1500: 1500 + 28 * 1500}
    assert {units: round(allocate(one_sku(units, source, prices=[30])).cost, 12) for units in expected} == expected


def test_a_tier_is_reached_a_cent_over_its_threshold():
    assert [discount(FIVE, amount) for amount in (0, 5_000_000, 5_000_001)] == [0, 0, Decimal("250000.05")]
    source = Source("s", tiers=FIVE)
    assert [allocate(one_sku(units, source, prices=[1])).cost for units in (5_000_000, 5_000_001)] == [5_000_000, Decimal("4750000.95")]


def test_the_edge_decides_between_suppliers():
    # 500 units of ¥100: exactly 50 000.00 earns nothing, and the other supplier is 2 % cheaper. With a unit more of a cent's good the tier is reached.
    sources = (Source("s", tiers=FIVE), Source("t"))
    offers = (Offer("s", "a", 10_000), Offer("t", "a", 9_800), Offer("s", "b", 1), Offer("t", "b", 1))
    at_edge = allocate(Problem((("a", 500), ("b", 0)), sources, offers))
    over = allocate(Problem((("a", 500), ("b", 1)), sources, offers))
    assert (at_edge.quantities, at_edge.cost) == ({("t", "a"): 500}, 4_900_000)
    assert (over.quantities, over.cost) == ({("s", "a"): 500, ("s", "b"): 1}, Decimal("4750000.95"))


def test_part_above_earns_less_than_all_units():
    tiers = (Tier(5_000_000, Decimal("0.05"), "part_above"),)
    assert discount(tiers, 6_000_000) == 50_000
    assert discount(FIVE, 6_000_000) == 300_000
    mixed = (Tier(1_000, Decimal("0.1"), "part_above"), Tier(2_000, Decimal("0.2"), "all_units"), Tier(3_000, Decimal("0.3"), "part_above"))
    assert [discount(mixed, amount) for amount in (1_000, 2_000, 2_001, 3_000, 4_000)] == [0, 100, Decimal("400.2"), 600, 900]
    assert [(span.lower, span.upper) for span in brackets(mixed)] == [(0, 1_000), (1_001, 2_000), (2_001, 3_000), (3_001, None)]


def test_cap_is_of_the_list_amount_and_has_a_price():
    problem = one_sku(10, Source("s"), Source("t"), Source("u"), prices=[100, 110, 130], share_cap=Decimal("0.5"))
    found = allocate(problem)
    # Five at 100 leave too little room for five at 110: 550 is more than half of 1050.
    assert found.quantities == {("s", "k"): 5, ("t", "k"): 4, ("u", "k"): 1}
    assert found.cost == 1_070
    assert not broken(problem, found.quantities)
    assert found.prices == {"share_cap": found.cost - 1_000}
    assert allocate(with_cap(problem, None)).prices == {}


def test_fees_count_with_the_price():
    found = allocate(one_sku(10, Source("s", fee_share=Decimal("0.23")), Source("t"), prices=[100, 120]))
    assert found.quantities == {("t", "k"): 10}
    assert bills(one_sku(1, Source("s", fee_share=Decimal("0.23")), prices=[100]), {("s", "k"): 1})["s"].cost == 123


def test_stock_bars_and_says_what_lacks():
    problem = one_sku(10, Source("s"), Source("t", barred_by="veto"), prices=[100, 90], stocks=[6, 9])
    found = allocate(problem)
    assert (found.quantities, found.is_infeasible) == (None, True)
    assert found.conflicts == ("stock", "veto")
    assert found.short == {"k": 6}
    assert available(problem, frozenset({"veto"})) == {"k": 10}


def test_a_cap_that_too_few_suppliers_can_keep_is_a_conflict():
    problem = one_sku(10, Source("s"), Source("t", barred_by="grade_floor"), prices=[100, 100], share_cap=Decimal("0.5"))
    assert allocate(problem).conflicts == ("share_cap", "grade_floor")
    assert allocate(one_sku(10, Source("s"), Source("t"), prices=[100, 100], share_cap=Decimal("0.5"))).cost == 1_000


def test_minimum_orders_shut_out_small_months():
    problem = one_sku(10, Source("s", minimum_order=2_000), Source("t", minimum_order=1_100), prices=[100, 110])
    assert allocate(problem).quantities == {("t", "k"): 10}
    assert allocate(problem).prices == {"minimum_order": 100}
    assert allocate(one_sku(10, Source("s", minimum_order=2_000), prices=[100])).conflicts == ("minimum_order",)


def test_two_constraints_that_conflict_only_together_are_both_named():
    problem = one_sku(10, Source("s", minimum_order=2_000), Source("t", barred_by="veto"), prices=[100, 100])
    assert allocate(problem).conflicts == ("minimum_order", "veto")


def test_nothing_asked_for_costs_nothing():
    assert allocate(Problem((), (), ())).cost == 0
    assert allocate(Problem((("k", 0),), (Source("s"),), (Offer("s", "k", 5),))).quantities == {}


def test_what_nobody_offers_is_infeasible_whatever_is_left_out():
    found = allocate(Problem((("k", 1),), (Source("s"),), ()))
    assert (found.is_infeasible, found.conflicts, found.short) == (True, (), {"k": 0})


def test_an_early_end_says_its_gap():
    problem = one_sku(10, Source("s"), Source("t"), prices=[100, 110])
    solution = solve(problem, node_limit=1)
    assert solution.bound <= 1_000 + 1e-6
    assert cost(problem, solution.quantities) == pytest.approx(1_000)


def test_a_larger_market_is_proven_to_the_cent():
    # 20 SKUs × 5 suppliers; the whole one of 200 × 30 is benchmarks/allocation.py.
    names = [f"s{number}" for number in range(5)]
    sources = tuple(Source(name, 10_000 * (number % 3), Decimal("0.01") * (number % 2), FIVE if number % 4 else ()) for number, name in enumerate(names))
    demand = tuple((f"k{sku:02d}", 100 + 37 * sku % 211) for sku in range(20))
    offers = tuple(
        Offer(name, sku, 900 + 517 * place % 6000 + (31 * place + 17 * number) % 90, units * (1 + (place + number) % 3) // 2)
        for place, (sku, units) in enumerate(demand)
        for number, name in enumerate(names)
        if (place + number) % 3
    )
    free, tight = (allocate(Problem(demand, sources, offers, cap), ()) for cap in (None, Decimal("0.4")))
    assert (free.gap, tight.gap) == (0, 0)
    assert free.cost < tight.cost
    assert not broken(Problem(demand, sources, offers, Decimal("0.4")), tight.quantities)
