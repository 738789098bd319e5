"""Authorisation chains: found link by link in the engine as a slow search finds them, day by day."""

from datetime import date, timedelta
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.measures.compliance import chain
from kmanalysis.measures.compliance.authorisation import authorisation_status, authorised_share, authorised_share_rows

CHECKED = "2026-09-01 02:00:00"
OWNER = "Owner"


def paper(number: str, licensee: str, licensor: str, **more) -> dict:
    row = {"document_id": number, "kind": "ip_authorisation", "licensee": licensee, "licensor": licensor}
    return row | {"scope": "*", "valid_from": "2026-01-01", "verified_at": CHECKED} | more


def product(sku: str = "k1", **more) -> dict:
    return {"sku": sku, "name": f"Card {sku}", "rights_holder": OWNER, "brand": "B", "family": "F", "category": "C"} | more


def listing(**more) -> dict:
    return {"listed_from": "2026-01-01"} | more


def values(frame, column: str = "value") -> dict[str, object]:
    return {row["measure"].removeprefix("compliance.authorised_share"): row[column] for row in frame.to_dict("records")}


def share(workbook_of, *papers: dict, products=None, listings=None, orders=(), standards=None):
    tables = {"documents": list(papers), "products": products or [product()], "listings": [listing()] if listings is None else listings, "orders": list(orders)}
    # Three links are enough to show how chains are joined, and are planned faster than the default's six.
    workbook = workbook_of(tables, standards=standards or {"counting.authorisation_links": 3})
    return authorised_share(workbook), workbook


def judged(workbook_of, *papers: dict, **more) -> tuple[float, float, float, int, str]:
    row = share(workbook_of, *papers, **more)[0].set_index("measure").loc["compliance.authorised_share"]
    return row["value"], row["lower"], row["upper"], row["n"], row["basis"]


# One link, several links


def test_document_of_the_rights_holder_covers_every_day(workbook_of):
    assert judged(workbook_of, paper("d1", "s1", OWNER)) == (1.0, 1.0, 1.0, 31, "census")


def test_chain_of_three_reaches_the_rights_holder(workbook_of):
    papers = [paper("d1", "s1", "Agent"), paper("d2", "Agent", "Distributor"), paper("d3", "Distributor", OWNER)]
    found, workbook = share(workbook_of, *papers)
    assert values(found) == {"": 1.0, ".listings": 1.0}
    chains = workbook.rows_of(chain.authorisation_chains(workbook).order_by("links"))
    assert chains[["supplier_id", "party", "links", "path"]].values.tolist() == [
        ["s1", "Agent", 1, "d1"],
        ["s1", "Distributor", 2, "d1 > d2"],
        ["s1", OWNER, 3, "d1 > d2 > d3"],
    ]


def test_broken_chain_is_refuted_and_its_end_is_named(workbook_of):
    papers = [paper("d1", "s1", "Agent"), paper("d3", "Distributor", OWNER)]
    assert judged(workbook_of, *papers) == (0.0, 0.0, 0.0, 31, "census")
    workbook = share(workbook_of, *papers)[1]
    row = workbook.rows_of(authorised_share_rows(workbook)).iloc[0]
    assert (row["state"], row["days"], row["chain_ends_at"], row["chain_documents"], row["severity"]) == ("missing", 31, "Agent", "d1", 31.0)
    assert pd.isna(row["outdated_document_id"])


def test_chain_longer_than_the_standard_does_not_count(workbook_of):
    papers = [paper("d1", "s1", "A"), paper("d2", "A", "B"), paper("d3", "B", OWNER)]
    assert judged(workbook_of, *papers, standards={"counting.authorisation_links": 3})[0] == 1.0
    assert judged(workbook_of, *papers, standards={"counting.authorisation_links": 2})[0] == 0.0
    assert judged(workbook_of, paper("d1", "s1", OWNER), standards={"counting.authorisation_links": 1})[0] == 1.0


def test_parties_that_authorise_each_other_reach_nobody(workbook_of):
    papers = [paper("d1", "s1", "A"), paper("d2", "A", "B"), paper("d3", "B", "A"), paper("d4", "A", "s1"), paper("d5", "A", "A")]
    assert judged(workbook_of, *papers)[:3] == (0.0, 0.0, 0.0)


def test_rights_holder_needs_no_document(workbook_of):
    assert judged(workbook_of, products=[product(rights_holder="s1")]) == (1.0, 1.0, 1.0, 31, "census")


def test_other_kinds_of_documents_authorise_nothing(workbook_of):
    assert judged(workbook_of, paper("d1", "s1", "Agent"), paper("d2", "s1", OWNER, kind="business_licence"))[0] == 0.0


# Days


def test_expired_link_breaks_the_chain_from_the_next_day_on(workbook_of):
    papers = [paper("d1", "s1", "Agent"), paper("d2", "Agent", OWNER, valid_to="2026-10-10")]
    found, workbook = share(workbook_of, *papers)
    assert values(found) == values(found, "lower") == values(found, "upper") == {"": round(10 / 31, 12), ".listings": 0.0}
    assert values(found, "n") == {"": 31, ".listings": 1}
    assert set(found["basis"]) == {"census"}
    rows = workbook.rows_of(authorised_share_rows(workbook).order_by("first_day"))
    assert rows[["state", "days", "chain_ends_at", "outdated_document_id", "severity"]].astype(object).where(rows.notna(), None).values.tolist() == [
        ["authorised", 10, OWNER, None, 0.0],
        ["missing", 21, "Agent", "d2", 21.0],
    ]
    assert [row.day for row in rows["first_day"]] == [1, 11]
    assert pd.Timestamp(rows["outdated_on"].iloc[1]) == pd.Timestamp("2026-10-10")


def test_links_must_be_valid_on_the_same_day(workbook_of):
    papers = [paper("d1", "s1", "Agent", valid_to="2026-10-10"), paper("d2", "Agent", OWNER, valid_from="2026-10-11")]
    assert judged(workbook_of, *papers)[0] == 0.0


def test_documents_that_follow_each_other_cover_together(workbook_of):
    papers = [paper("d1", "s1", OWNER, valid_to="2026-10-10"), paper("d2", "s1", OWNER, valid_from="2026-10-11")]
    found, _ = share(workbook_of, *papers)
    assert values(found) == {"": 1.0, ".listings": 1.0}


def test_only_days_on_offer_or_sold_count_and_sold_days_are_local(workbook_of):
    listings = [listing(listed_from="2026-10-30", listed_to="2026-10-30"), listing(listed_from="2026-11-01")]
    # 16:00 UTC on the 30th is the 31st in Shanghai.
    orders = [{"ordered_at": "2026-10-30 16:00:00"}, {"ordered_at": "2026-10-31 03:00:00"}, {"ordered_at": "2026-10-01 03:00:00"}]
    papers = [paper("d1", "s1", OWNER, valid_from="2026-10-30")]
    found, _ = share(workbook_of, *papers, listings=listings, orders=orders)
    assert values(found) == {"": round(2 / 3, 12), ".listings": 1.0, ".sales": round(2 / 3, 12)}
    assert values(found, "n") == {"": 3, ".listings": 1, ".sales": 3}


def test_listings_that_overlap_count_a_day_once(workbook_of):
    found, _ = share(workbook_of, paper("d1", "s1", OWNER), listings=[listing(), listing(listed_from="2026-10-10", listed_to="2026-10-20")])
    assert values(found, "n")[""] == 31


# Scopes


@pytest.mark.parametrize("scope", ["*", "sku:k1", "brand:B", "family:F", "category:C"])
def test_scope_covers_the_sku(workbook_of, scope):
    assert judged(workbook_of, paper("d1", "s1", OWNER, scope=scope))[0] == 1.0


@pytest.mark.parametrize("scope", ["sku:k", "sku:k11", "brand:b", "family:B", "category:F"])
def test_scope_covers_another_sku(workbook_of, scope):
    assert judged(workbook_of, paper("d1", "s1", OWNER, scope=scope))[2] == 0.0


def test_every_link_must_cover_the_sku(workbook_of):
    products = [product("k1"), product("k2", brand="B2")]
    listings = [listing(sku="k1"), listing(sku="k2")]
    papers = [paper("d1", "s1", "Agent", scope="family:F"), paper("d2", "Agent", OWNER, scope="brand:B")]
    found, workbook = share(workbook_of, *papers, products=products, listings=listings)
    assert values(found) == {"": 0.5, ".listings": 0.5}
    status = authorisation_status(workbook)
    assert status[["sku", "name", "state", "days", "days_offered"]].values.tolist() == [
        ["k1", "Card k1", "authorised", 31, 31],
        ["k2", "Card k2", "missing", 31, 31],
    ]


def test_scopes_that_exclude_each_other_make_no_chain(workbook_of):
    papers = [paper("d1", "s1", "Agent", scope="brand:B"), paper("d2", "Agent", OWNER, scope="brand:B2")]
    _, workbook = share(workbook_of, *papers)
    assert workbook.rows_of(chain.authorisation_chains(workbook))["path"].tolist() == ["d1"]


# What is not known


@pytest.mark.parametrize("doubt", [{"verified_at": None}, {"verified_at": "2026-10-31 16:00:00"}, {"scope": None}])
def test_unverified_link_only_lifts_the_upper_bound(workbook_of, doubt):
    papers = [paper("d1", "s1", "Agent"), paper("d2", "Agent", OWNER, **doubt)]
    assert judged(workbook_of, *papers) == (0.0, 0.0, 1.0, 31, "bounded")
    workbook = share(workbook_of, *papers)[1]
    row = workbook.rows_of(authorised_share_rows(workbook)).iloc[0]
    assert (row["state"], row["severity"], row["chain_documents"]) == ("unverified", 0.31, "d1 > d2")


def test_verified_chain_beats_an_unverified_one(workbook_of):
    assert judged(workbook_of, paper("d1", "s1", OWNER, verified_at=None), paper("d2", "s1", OWNER))[:2] == (1.0, 1.0)


def test_unknown_rights_holder_is_unknown(workbook_of):
    products, listings = [product("k1"), product("k2", rights_holder=None)], [listing(sku="k1"), listing(sku="k2")]
    assert judged(workbook_of, paper("d1", "s1", OWNER), products=products, listings=listings) == (0.5, 0.5, 1.0, 62, "bounded")


@pytest.mark.parametrize("papers", [[], [paper("d1", "s2", OWNER)], [paper("d1", "s1", OWNER, valid_from="2026-11-01")]])
def test_supplier_without_documents_has_no_data(workbook_of, papers):
    found, _ = share(workbook_of, *papers)
    assert found[found["supplier_id"] == "s1"].empty


def test_documents_that_all_ran_out_are_data(workbook_of):
    assert judged(workbook_of, paper("d1", "s1", OWNER, valid_to="2026-09-30")) == (0.0, 0.0, 0.0, 31, "census")


def test_owner_of_some_goods_without_any_document_is_unknown_for_the_others(workbook_of):
    products, listings = [product("k1", rights_holder="s1"), product("k2")], [listing(sku="k1"), listing(sku="k2")]
    assert judged(workbook_of, products=products, listings=listings) == (0.5, 0.5, 1.0, 62, "bounded")


# The search against a slow one

PARTIES = ["s1", "s2", "A", "B", "C", OWNER]
papers_filed = st.lists(
    st.builds(
        lambda licensee, licensor, scope, first, length, checked: (licensee, licensor, scope, date(2026, 9, 20) + timedelta(days=first), length, checked),
        st.sampled_from(PARTIES[:5]),
        st.sampled_from(PARTIES[2:]),
        st.sampled_from(["*", "*", "sku:k1", "sku:k2", "brand:B", "family:F", "category:C", None]),
        st.integers(min_value=0, max_value=40),
        st.sampled_from([None, 5, 20, 60]),
        st.booleans(),
    ),
    max_size=12,
)
PRODUCTS = [product("k1"), product("k2", brand="B2"), product("k3", brand=None, family="F2")]


def slow_state(filed, supplier: str, sku: dict, day: date, most: int) -> str:
    """Breadth first: the parties that can be reached on that day for that SKU, with checked links alone and with any."""

    def covers(scope):
        return scope in (None, "*") or sku[scope.split(":")[0]] == scope.split(":")[1]

    def reaches(only_checked: bool) -> bool:
        reached = {supplier}
        for _ in range(most):
            further = set()
            for licensee, licensor, scope, first, length, checked in filed:
                is_valid = first <= day and (length is None or day <= first + timedelta(days=length))
                if licensee in reached and is_valid and covers(scope) and (not only_checked or (checked and scope is not None)):
                    further.add(licensor)
            reached |= further
        return OWNER in reached

    if reaches(only_checked=True):
        return chain.AUTHORISED
    if reaches(only_checked=False):
        return chain.UNVERIFIED
    on_file = any(licensee == supplier and first <= date(2026, 10, 31) for licensee, _, _, first, _, _ in filed)
    return chain.MISSING if on_file else chain.NO_DOCUMENTS


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(papers_filed, st.integers(min_value=1, max_value=4))
def test_chains_equal_a_slow_search(workbook_of, filed, most):
    papers = [
        paper(
            f"d{number}",
            licensee,
            licensor,
            scope=scope,
            valid_from=first.isoformat(),
            valid_to=None if length is None else (first + timedelta(days=length)).isoformat(),
            verified_at=CHECKED if checked else None,
        )
        for number, (licensee, licensor, scope, first, length, checked) in enumerate(filed)
    ]
    listings = [listing(supplier_id=supplier, sku=sku["sku"]) for supplier in ("s1", "s2") for sku in PRODUCTS]
    workbook = workbook_of({"documents": papers, "products": PRODUCTS, "listings": listings}, standards={"counting.authorisation_links": most})
    found = workbook.rows_of(chain.authorised_days(workbook))
    assert len(found) == 2 * 3 * 31
    by_sku = {sku["sku"]: sku for sku in PRODUCTS}
    states = {(row.supplier_id, row.sku, pd.Timestamp(row.day)): row.state for row in found.itertuples()}
    expected = {
        (supplier, sku, pd.Timestamp(2026, 10, number)): slow_state(filed, supplier, by_sku[sku], date(2026, 10, number), most)
        for supplier in ("s1", "s2")
        for sku in by_sku
        for number in range(1, 32)
    }
    assert states == expected


def test_chain_of_six_is_joined_to_its_end(workbook_of):
    parties = ["s1", "A", "B", "C", "D", "E", OWNER]
    papers = [paper(f"d{number}", licensee, licensor) for number, (licensee, licensor) in enumerate(pairwise(parties))]
    assert judged(workbook_of, *papers, standards={"counting.authorisation_links": 6})[0] == 1.0
