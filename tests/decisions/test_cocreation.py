"""Who is asked to make a product of one's own, from made-up grades and literal listings."""

import pandas as pd
import pytest

from kmanalysis.decisions import cocreation
from kmanalysis.decisions.cocreation import candidates
from tests.steps.market.test_trends import SMALL, orders, products, steady

RISING = [20, 24, 29, 35, 42, 50]


def listing(supplier, sku, cost):
    return {"supplier_id": supplier, "sku": sku, "listed_from": "2026-01-01", "cost_price": cost, "suggested_retail_price": "10"}


@pytest.fixture
def graded(monkeypatch):
    """Sets the grades of suppliers."""

    def grade(**grades):
        frame = pd.DataFrame({"supplier_id": pd.Series(list(grades), dtype="str"), "grade": list(grades.values()), "probability": 0.9})
        monkeypatch.setattr(cocreation, "grades", lambda workbook: frame)

    return grade


@pytest.fixture
def workbook(workbook_of):
    """k1 and k2 are of a category that grows; k2 is a gap. s1 and s2 sell k1, s4 at a poor margin."""
    listings = [
        listing("s1", "k1", "7"), listing("s2", "k1", "6"), listing("s2", "other", "1"), listing("s3", "other", "2"), listing("s4", "k1", "9"),
        listing("s5", "other", "5"), listing("s5", "third", "3"), listing("s5", "fourth", "3"),
    ]  # fmt: skip
    goods = products(k1="new", k2="new", other="old", third="old2", fourth="old2")
    rows = orders(RISING) + steady()
    return workbook_of({"orders": rows, "listings": listings, "products": goods}, standards=SMALL)


def test_who_knows_the_category_stands_before_who_has_the_larger_margin(workbook, graded):
    graded(s1="S", s2="S", s3="S", s4="A")
    found = candidates(workbook)
    assert found[["sku", "supplier_id", "is_category", "category_skus"]].values.tolist() == [
        ["k2", "s2", True, 1],
        ["k2", "s1", True, 1],
        ["k2", "s3", False, 0],
    ]
    assert found["margin"].tolist() == pytest.approx([0.4, 0.3, 0.8])
    assert found["is_candidate"].all()
    assert found["is_gap"].all()


def test_a_poor_margin_is_no_candidate_and_stands_last(workbook, graded):
    graded(s3="S", s4="S")
    found = candidates(workbook)
    assert found[["supplier_id", "is_candidate"]].values.tolist() == [["s3", True], ["s4", False]]


def test_other_categories_are_weighed_by_their_skus(workbook, graded):
    graded(s5="S")
    assert candidates(workbook)["margin"].tolist() == pytest.approx([(0.5 + 2 * 0.7) / 3])


def test_without_a_supplier_of_the_first_grade_there_is_nobody(workbook, graded):
    graded(s1="A", s2="B", s3="")
    assert candidates(workbook).empty
