"""Families covered and new products listed, of those that the needs profile asks for."""

import pytest

from kmanalysis.measures.compliance import assortment as range_of


def needs(subject: str, *items: str) -> list[dict]:
    return [{"subject": subject, "item": item} for item in items]


def product(sku: str, family: str | None = None, **more) -> dict:
    return {"sku": sku, "name": f"Card {sku}", "family": family} | more


def listing(sku: str, **more) -> dict:
    return {"sku": sku, "listed_from": "2026-01-01"} | more


def values(frame, column: str = "value") -> dict[tuple[str, str], object]:
    return {(row["measure"].removeprefix("compliance."), row["supplier_id"]): row[column] for row in frame.to_dict("records")}


PRODUCTS = [product("k1", "Tencent"), product("k2", "Tencent"), product("k3", "Alibaba"), product("k4", "Other"), product("k5")]


def test_coverage_is_of_the_families_asked_for(workbook_of):
    listings = [listing("k1"), listing("k2"), listing("k4"), listing("k5"), listing("k3", listed_to="2026-09-30")]
    workbook = workbook_of({"products": PRODUCTS, "listings": listings, "needs": needs("family", "Tencent", "Alibaba") + needs("category", "x")})
    found = range_of.family_coverage(workbook)
    assert values(found) == {("family_coverage", "s1"): 0.5, ("family_coverage.families", "s1"): 2}
    assert values(found, "n") == {("family_coverage", "s1"): 2, ("family_coverage.families", "s1"): 3}
    rows = workbook.rows_of(range_of.family_coverage_rows(workbook).order_by("family"))
    assert rows[["supplier_id", "family", "listings", "severity"]].values.tolist() == [["s1", "Alibaba", 0, 1.0], ["s1", "Tencent", 2, 0.0]]
    assert range_of.families(workbook)[["family", "listings", "is_asked"]].values.tolist() == [["Alibaba", 0, True], ["Other", 1, False], ["Tencent", 2, True]]


def test_without_a_profile_only_the_count_is_shown(workbook_of):
    found = range_of.family_coverage(workbook_of({"products": PRODUCTS, "listings": [listing("k1")], "needs": needs("category", "x")}))
    assert values(found) == {("family_coverage.families", "s1"): 1}


def test_supplier_that_lists_nothing_any_more_covers_nothing(workbook_of):
    tables = {"products": PRODUCTS, "needs": needs("family", "Tencent")}
    gone = workbook_of(tables | {"listings": [listing("k1", listed_to="2026-09-30")]})
    assert values(range_of.family_coverage(gone)) == {("family_coverage", "s1"): 0.0}
    never = workbook_of(tables | {"suppliers": [{"supplier_id": "s1"}], "listings": [listing("k1", listed_from="2026-11-01")]})
    assert range_of.family_coverage(never).empty


# New categories: launched within 180 days before the month's end, the limit is 30 days


def launched(sku: str, day: str, category: str = "ai_tool") -> dict:
    return product(sku, category=category, launched_on=day)


def speed(workbook_of, products: list[dict], listings: list[dict]):
    return workbook_of({"products": products, "listings": listings, "needs": needs("category", "ai_tool")})


def test_listed_within_the_limit_late_and_never(workbook_of):
    products = [launched("k1", "2026-08-01"), launched("k2", "2026-08-01"), launched("k3", "2026-08-01"), launched("k4", "2026-08-01")]
    listings = [listing("k1", listed_from="2026-08-31"), listing("k2", listed_from="2026-09-01"), listing("k3", listed_from="2026-07-20")]
    workbook = speed(workbook_of, products, listings)
    found = range_of.new_category_speed(workbook)
    # 30 days, 31 days, listed before the launch, not listed for 91 days.
    assert values(found) == {("new_category_speed", "s1"): 0.5, ("new_category_speed.p50_days", "s1"): 30}
    assert values(found, "n")["new_category_speed", "s1"] == 4
    rows = workbook.rows_of(range_of.new_category_speed_rows(workbook).order_by("sku"))
    assert rows[["sku", "days", "has_ended", "severity"]].values.tolist() == [
        ["k1", 30, True, 0.0],
        ["k2", 31, True, 31.0],
        ["k3", 0, True, 0.0],
        ["k4", 91, False, 91.0],
    ]


@pytest.mark.parametrize(("launch", "share", "upper"), [("2026-10-31", 1.0, 1.0), ("2026-10-21", 0.5, 1.0)])
def test_fresh_product_is_open_not_missed(workbook_of, launch, share, upper):
    # Kaplan and Meier: one of two listed after a day halves what is left, unless the other was not watched for that day.
    products = [launched("k1", "2026-08-01"), launched("k2", launch)]
    found = range_of.new_category_speed(speed(workbook_of, products, [listing("k1", listed_from="2026-08-02")]))
    assert values(found)["new_category_speed", "s1"] == share
    assert values(found, "upper")["new_category_speed", "s1"] == upper


def test_listing_after_the_month_is_not_known_yet(workbook_of):
    rows = range_of.new_products(speed(workbook_of, [launched("k1", "2026-10-01")], [listing("k2"), listing("k1", listed_from="2026-11-02")]))
    assert rows[["sku", "days", "has_ended"]].values.tolist() == [["k1", 30, False]]


def test_only_new_products_of_asked_categories_count(workbook_of):
    products = [
        launched("k1", "2026-05-04"),  # 180 days before the month's last day: just too old
        launched("k2", "2026-05-05"),
        launched("k3", "2026-10-31"),
        launched("k4", "2026-11-01"),
        launched("k5", "2026-10-01", "membership"),
        product("k6", category="ai_tool"),
    ]
    rows = range_of.new_products(speed(workbook_of, products, [listing("k6")]))
    assert rows["sku"].tolist() == ["k2", "k3"]


@pytest.mark.parametrize("lacking", ["needs", "listings"])
def test_without_profile_or_range_there_is_no_data(workbook_of, lacking):
    tables = {"products": [launched("k1", "2026-10-01")], "listings": [listing("k1")], "needs": needs("category", "ai_tool")}
    workbook = workbook_of({"suppliers": [{"supplier_id": "s1"}]} | tables | {lacking: []})
    assert range_of.new_category_speed(workbook).empty
