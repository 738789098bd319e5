import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmanalysis.errors import DataError
from kmanalysis.report.site.pages import all_pages, file_stems
from tests.report.small import judged_workbook


def paths(pages):
    return [page.path for page in pages]


def test_a_page_a_notebook_and_a_page_a_supplier(workbook, notebooks_of):
    pages = all_pages(notebooks_of("fine", "small", "supplier"), workbook)
    assert paths(pages) == ["fine.html", "small.html", "suppliers/S01.html", "suppliers/S02.html", "suppliers/S03.html"]
    assert [page.title for page in pages] == ["月度概览", "小页", "供货商 S01", "供货商 S02", "供货商 S03"]
    assert pages[2].parameters("2026-10", "en") == {"month": "2026-10", "lang": "en", "supplier": "S01"}
    assert (pages[0].root, pages[2].root) == ("", "../")


def test_suppliers_with_one_name_have_titles_of_their_own(notebooks_of):
    workbook = judged_workbook(dict.fromkeys(("S01", "S02", "S03"), 99.0), names={"S01": "_甲盟", "S02": "_甲盟", "S03": "乙盟"})
    assert [page.title for page in all_pages(notebooks_of("supplier"), workbook)] == ["_甲盟 (S01)", "_甲盟 (S02)", "乙盟"]


def test_a_notebook_that_does_not_take_its_parameters_stops_the_plan(workbook, notebooks_of):
    with pytest.raises(DataError, match="does not set lang, month, supplier"):
        all_pages(notebooks_of(supplier="doubled"), workbook)


def test_ids_become_file_names_on_every_system():
    stems = file_stems(["S01", "供货商甲", "a/b", "../up", "CON", "s1", "S1", ".hidden", "=HYPERLINK(1)", "x" * 300, "space here"])
    assert stems["S01"] == "S01"
    assert stems["供货商甲"] == "供货商甲"
    assert stems["a/b"].startswith("a-b-")
    assert stems["CON"].startswith("CON-")
    assert stems["s1"] != "s1"
    assert len({stem.casefold() for stem in stems.values()}) == len(stems)
    assert not [stem for stem in stems.values() if "/" in stem or stem.startswith(".") or len(stem.encode()) > 120]


@given(st.sets(st.text(min_size=1), min_size=1, max_size=8))
def test_no_two_suppliers_share_a_file(suppliers):
    stems = file_stems(suppliers)
    assert len({stem.casefold() for stem in stems.values()}) == len(suppliers)
    assert all(stem and not set(stem) & set('/\\:*?"<>|\0\n') for stem in stems.values())
