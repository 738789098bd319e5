import pytest

from kmanalysis.errors import UsageError
from kmanalysis.report.choice import chosen_pages
from kmanalysis.report.site.pages import all_pages


@pytest.mark.parametrize(
    ("notebooks", "suppliers", "expected"),
    [
        ([], [], ["fine.html", "small.html", "suppliers/S01.html", "suppliers/S02.html", "suppliers/S03.html"]),
        (["small"], [], ["small.html"]),
        ([], ["S02"], ["suppliers/S02.html"]),
        (["fine"], ["S03"], ["fine.html", "suppliers/S03.html"]),
        (["supplier"], [], ["suppliers/S01.html", "suppliers/S02.html", "suppliers/S03.html"]),
        (["supplier"], ["S01"], ["suppliers/S01.html"]),
    ],
)
def test_pages_are_chosen_by_notebook_and_supplier(workbook, notebooks_of, notebooks, suppliers, expected):
    chosen = chosen_pages(all_pages(notebooks_of("fine", "small", "supplier"), workbook), notebooks, suppliers)
    assert [page.path for page in chosen] == expected


def test_a_name_that_there_is_not_is_told_with_its_nearest(workbook, notebooks_of):
    pages = all_pages(notebooks_of("fine", "small", "supplier"), workbook)
    with pytest.raises(UsageError, match=r"No notebook has the name 'smal'\. Known: small\."):
        chosen_pages(pages, ["smal"], [])
    with pytest.raises(UsageError, match=r"No supplier has the id 'X9'\. Known: S01, S02, S03\."):
        chosen_pages(pages, [], ["X9"])
