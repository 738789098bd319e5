import shutil

import pytest

from kmanalysis.errors import KmError, UsageError
from kmanalysis.report.site import pdf

CHROMIUM = next(filter(None, map(shutil.which, pdf.BROWSERS)), None)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not on this machine")
def test_a_page_is_printed_beside_itself(tmp_path):
    page = tmp_path / "08_合同.html"
    page.write_text("<!doctype html><meta charset=utf-8><h1>卡盟货源</h1>", encoding="utf-8")
    (printed,) = pdf.print_pages(pdf.browser(), [page])
    assert printed == tmp_path / "08_合同.pdf"
    assert printed.read_bytes().startswith(b"%PDF-")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["08_合同.html", "08_合同.pdf"]


def test_no_browser_is_said_clearly(monkeypatch):
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    with pytest.raises(UsageError, match="PDF needs Chromium"):
        pdf.browser()


def test_a_page_that_cannot_be_printed_is_named_and_leaves_nothing(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<p>x", encoding="utf-8")
    with pytest.raises(KmError) as raised:
        pdf.print_pages(shutil.which("false"), [page])
    assert raised.value.fields["file"] == "page.html"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
