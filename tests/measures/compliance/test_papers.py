"""Licences day by day, and grey goods on offer."""

import pytest

from kmanalysis.measures.compliance import papers as papers_of

CHECKED = "2026-09-01 02:00:00"


def paper(number: str, kind: str, **more) -> dict:
    return {"document_id": number, "kind": kind, "licensor": "Office", "valid_from": "2026-01-01", "verified_at": CHECKED} | more


def all_kinds(**more) -> list[dict]:
    return [paper("d1", "business_licence", **more), paper("d2", "industry_permit"), paper("d3", "ip_authorisation")]


def filed(workbook_of, documents: list[dict]):
    return workbook_of({"suppliers": [{"supplier_id": "s1"}], "documents": documents})


def licences(workbook_of, documents: list[dict]) -> dict[str, tuple]:
    found = papers_of.licences(filed(workbook_of, documents))
    assert set(found["basis"]) <= {"bounded"}
    rows = found.to_dict("records")
    return {row["measure"].removeprefix("compliance.licences"): (row["value"], row["lower"], row["upper"], row["n"]) for row in rows}


def test_all_kinds_in_force_and_verified(workbook_of):
    found = licences(workbook_of, all_kinds())
    assert found == {
        "": (1.0, 1.0, 1.0, 93),
        ".business_licence": (1.0, 1.0, 1.0, 31),
        ".industry_permit": (1.0, 1.0, 1.0, 31),
        ".ip_authorisation": (1.0, 1.0, 1.0, 31),
    }


def test_licence_that_ran_out_is_refuted_from_the_next_day_on(workbook_of):
    found = licences(workbook_of, all_kinds(valid_to="2026-10-10"))
    assert found[".business_licence"] == (round(10 / 31, 12), round(10 / 31, 12), round(10 / 31, 12), 31)
    assert found[""] == (round(72 / 93, 12), round(72 / 93, 12), round(72 / 93, 12), 93)


def test_renewed_licence_is_proven_throughout(workbook_of):
    documents = [*all_kinds(valid_to="2026-10-10"), paper("d4", "business_licence", valid_from="2026-10-11")]
    assert licences(workbook_of, documents)[""] == (1.0, 1.0, 1.0, 93)


def test_gap_before_the_renewal_is_refuted(workbook_of):
    documents = [*all_kinds(valid_to="2026-10-10"), paper("d4", "business_licence", valid_from="2026-10-12")]
    assert licences(workbook_of, documents)[".business_licence"][2] == round(30 / 31, 12)


@pytest.mark.parametrize("more", [{"verified_at": None}, {"verified_at": "2026-10-31 16:00:00"}])
def test_licence_that_nobody_verified_is_unknown(workbook_of, more):
    assert licences(workbook_of, all_kinds(**more))[".business_licence"] == (0.0, 0.0, 1.0, 31)


def test_verified_in_the_last_second_counts(workbook_of):
    assert licences(workbook_of, all_kinds(verified_at="2026-10-31 15:59:59"))[""][0] == 1.0


def test_kind_without_a_document_is_unknown(workbook_of):
    found = licences(workbook_of, all_kinds()[:2])
    assert found[".ip_authorisation"] == (0.0, 0.0, 1.0, 31)
    assert found[""] == (round(62 / 93, 12), round(62 / 93, 12), 1.0, 93)


def test_days_before_the_first_licence_are_unknown(workbook_of):
    assert licences(workbook_of, all_kinds(valid_from="2026-10-11"))[".business_licence"] == (round(21 / 31, 12), round(21 / 31, 12), 1.0, 31)


@pytest.mark.parametrize("documents", [[], [paper("d1", "business_licence", valid_from="2026-11-01")], [paper("d1", "business_licence", licensee="Agent")]])
def test_supplier_without_any_document_has_no_data(workbook_of, documents):
    workbook = filed(workbook_of, documents)
    assert papers_of.licences(workbook).empty
    assert papers_of.documents(workbook).empty


def test_rows_show_the_papers_and_what_they_leave_open(workbook_of):
    documents = [paper("d1", "business_licence", valid_to="2026-10-10"), paper("d2", "industry_permit", verified_at=None), paper("d5", "industry_permit")]
    workbook = filed(workbook_of, documents)
    rows = workbook.rows_of(papers_of.licences_rows(workbook).order_by("kind", "document_id"))
    shown = rows[["kind", "document_id", "days_left", "outdated_days", "absent_days", "severity"]].astype(object)
    assert shown.where(shown.notna(), None).values.tolist() == [
        ["business_licence", "d1", -21, 21, 0, 21.0],
        ["industry_permit", "d2", None, 0, 0, 0.0],  # its kind is proven by the other one
        ["industry_permit", "d5", None, 0, 0, 0.0],
        ["ip_authorisation", None, None, 0, 31, 0.31],
    ]


def test_documents_frame_tells_the_state_at_the_months_end(workbook_of):
    documents = [
        paper("d1", "business_licence", valid_to="2026-10-30"),
        paper("d2", "industry_permit", valid_to="2026-10-31"),
        paper("d3", "industry_permit", valid_to="2026-11-30", verified_at=None),
    ]
    found = papers_of.documents(filed(workbook_of, documents))[["kind", "document_id", "days_left", "state"]].astype(object)
    assert found.where(found.notna(), None).values.tolist() == [
        ["business_licence", "d1", -1, "outdated"],
        ["industry_permit", "d2", 0, "valid"],
        ["industry_permit", "d3", 30, "unverified"],
        ["ip_authorisation", None, None, "absent"],
    ]


# Grey goods


def listing(sku: str, grey_kind: str | None, **more) -> dict:
    return {"sku": sku, "grey_kind": grey_kind, "listed_from": "2026-01-01"} | more


def grey(workbook_of, *listings: dict) -> list[tuple]:
    found = papers_of.grey_listings(workbook_of({"suppliers": [{"supplier_id": "s1"}], "listings": list(listings)}))
    return [(row["value"], row["lower"], row["upper"], row["n"], row["basis"]) for row in found.to_dict("records")]


def test_grey_goods_are_counted_among_the_examined(workbook_of):
    assert grey(workbook_of, listing("k1", "none"), listing("k2", "pirated_software"), listing("k3", "shared_account")) == [(2, 2, 2, 3, "census")]


def test_unexamined_listings_only_lift_the_upper_bound(workbook_of):
    assert grey(workbook_of, listing("k1", "none"), listing("k2", None)) == [(0, 0, 1, 1, "bounded")]


def test_without_examination_nothing_is_said(workbook_of):
    ((value, _, _, n, _),) = grey(workbook_of, listing("k1", None))
    assert (value != value, n) == (True, 0)
    assert grey(workbook_of) == []


def test_only_what_is_on_offer_in_the_month_counts(workbook_of):
    gone = listing("k1", "other", listed_to="2026-09-30")
    last_day = listing("k2", "other", listed_to="2026-10-01")
    first_day = listing("k3", "other", listed_from="2026-10-31")
    coming = listing("k4", "other", listed_from="2026-11-01")
    assert grey(workbook_of, gone, last_day, first_day, coming) == [(2, 2, 2, 2, "census")]


def test_grey_rows_and_frames(workbook_of):
    workbook = workbook_of({"listings": [listing("k1", "none"), listing("k2", "other"), listing("k3", None)]})
    rows = workbook.rows_of(papers_of.grey_listings_rows(workbook).order_by("sku"))
    assert rows["severity"].tolist() == [0.0, 1.0, 0.1]
    assert papers_of.examined_listings(workbook)[["grey_kind", "listings"]].values.tolist() == [["none", 1], ["other", 1], ["unexamined", 1]]
    assert papers_of.grey_goods(workbook)[["sku", "grey_kind"]].values.tolist() == [["k2", "other"]]
