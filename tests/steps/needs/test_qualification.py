"""The qualification list and the margins that the suppliers' own price lists leave."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.steps.needs.qualification import margins, qualification


def listing(cost, retail, sku="k1", supplier="s1", **more):
    return {"supplier_id": supplier, "sku": sku, "cost_price": cost, "suggested_retail_price": retail, "currency": "CNY", **more}


@pytest.mark.parametrize(
    ("cost", "retail", "margin", "state"),
    [
        ("80", "100", 0.2, "met"),
        ("0.08", "0.1", 0.2, "met"),  # in floats 0.02 would be less than a fifth of 0.1
        ("80.01", "100", 0.1999, "missed"),
        ("120", "100", -0.2, "missed"),
        ("0", "5", np.nan, "unknown"),  # a cost of 0 was not given
        (None, "5", np.nan, "unknown"),
        ("5", None, np.nan, "unknown"),
        ("0", "0", np.nan, "unknown"),
    ],
)
def test_margins_are_decided_on_exact_amounts(workbook_of, cost, retail, margin, state):
    found = margins(workbook_of({"listings": [listing(cost, retail)]}))
    assert found["margin"].tolist() == pytest.approx([margin], nan_ok=True)
    assert found["state"].tolist() == [state]


def test_the_latest_listing_of_the_month_counts(workbook_of):
    listings = [
        listing("50", "100", listed_from="2026-01-01", listed_to="2026-10-14"),
        listing("90", "100", listed_from="2026-10-15"),
        listing("1", "100", sku="k2", listed_from="2026-01-01", listed_to="2026-09-30"),
        listing("1", "100", sku="k3", listed_from="2026-11-01"),
    ]
    found = margins(workbook_of({"listings": listings}))
    assert found[["sku", "cost_price"]].to_numpy().tolist() == [["k1", Decimal(90)]]


def test_the_list_says_what_each_supplier_brings(workbook_of):
    suppliers = [
        {"supplier_id": "s1", "supply_mode": "dropship", "upstream_id": "u1", "api_stock": True, "data_tools": "推荐"},
        {"supplier_id": "s2", "upstream_id": "u1", "api_stock": None},
        {"supplier_id": "s3"},
    ]
    listings = [listing("90", "100"), listing("70", "100", sku="k2"), listing(None, "100", sku="k3")]
    found = qualification(workbook_of({"suppliers": suppliers, "listings": listings})).set_index("supplier_id")
    assert found["same_upstream"].tolist() == [1, 1, 0]
    assert found.loc["s1", ["supply_mode", "data_tools", "listings", "priced", "thin", "lowest_margin", "median_margin"]].tolist() == [
        *("dropship", "推荐", 3, 2, 1, 0.1, 0.2),
    ]
    assert pd.isna(found.loc["s2", "api_stock"])
    assert found.loc["s3", ["listings", "priced", "thin"]].tolist() == [0, 0, 0]
    assert pd.isna(found.loc["s3", "lowest_margin"])


PRICE = st.one_of(st.none(), st.decimals("0", "50", places=2))


@settings(derandomize=True, deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(PRICE, PRICE), min_size=1, max_size=12))
def test_the_margins_are_those_of_a_slow_count(workbook_of, prices):
    listings = [listing(cost, retail, sku=f"k{number:02}") for number, (cost, retail) in enumerate(prices)]
    found = margins(workbook_of({"listings": listings}))
    expected = ["unknown" if not cost or not retail else "met" if 5 * (retail - cost) >= retail else "missed" for cost, retail in prices]
    assert found["state"].tolist() == expected
