"""A page speaks one language and shows no raw key.

All that is Latin on a Chinese page comes from the data, or is a name that Chinese uses too; all that is Chinese on an English one comes from the data.
"""

import re
from html import unescape
from html.parser import HTMLParser
from io import BytesIO

import openpyxl
import pytest

from kmanalysis.assets import notebooks_folder
from kmanalysis.decisions.bundle import finished_frames
from kmanalysis.report.notebooks import report_notebooks
from kmanalysis.report.sheets.excel import scorecard_workbook
from kmanalysis.report.site.index import FILES, State, index_page
from kmanalysis.report.site.pages import all_pages
from kmanalysis.slices import SLICE_VARIABLE, save_slice
from kmanalysis.standards import default_standards, override_standards
from kmanalysis.words import catalogue
from kmanalysis.workbook import Workbook
from tests.notebooks.test_nothing_observed import NOTEBOOKS, shown_by

CHINESE = re.compile(r"[\u3001-\u303f\u4e00-\u9fff\uff01-\uff65]+")
WORD = re.compile(r"[A-Za-z][A-Za-z_]*(?:[.'’-][A-Za-z_]+)*")
SPOKEN = ("alt", "title", "aria-label", "placeholder")

ALLOWED = {
    # symbols and names of the statistics, as Chinese texts write them
    *("n", "p", "P", "HHI", "EWMA", "SPRT", "AQL", "LTPD", "N", "Kaplan", "Meier", "Wald", "Benjamini", "Hochberg", "Mann", "Kendall", "Theil", "Sen"),
    # what things are called in Chinese as well
    *("SKU", "API", "A", "B", "S", "AI", "IP", "CNY", "Excel"),
    # the time zone's name
    *("Asia", "Shanghai"),
}


class Told(HTMLParser):
    """The text of a page that a reader meets: what is shown and what is read out, styles apart."""

    def __init__(self):
        super().__init__()
        self.parts, self._hidden = [], 0

    def handle_starttag(self, tag, attributes):
        self._hidden += tag in ("style", "script", "code")
        self.parts += [value for name, value in attributes if name in SPOKEN and value]

    def handle_endtag(self, tag):
        self._hidden -= tag in ("style", "script", "code")

    def handle_data(self, data):
        if not self._hidden:
            self.parts.append(data)


def told(shown):
    """What a reader reads of HTML or Markdown: targets of links, code and commands are for machines."""
    parser = Told()
    parser.feed(re.sub(r"\]\([^)]*\)|`[^`]*`|\bkmanalysis( [a-z]+)+", " ", shown))
    return " ".join(unescape(part) for part in parser.parts)


def latin(text):
    return {word for word in WORD.findall(text) if word not in ALLOWED}


def foreign(text):
    """What an English page may not say: Chinese, and codes with an underscore or inside a family of measures."""
    codes = {word for word in WORD.findall(text) if "_" in word or re.search(r"[a-z]\.[a-z]", word)}
    return codes | set(CHINESE.findall(text))


@pytest.fixture(scope="module")
def frames(samples):
    return finished_frames(samples)


@pytest.fixture(scope="module")
def values(samples, frames):
    """Latin words of the data: ids, names and free texts; codes that the catalogue names are not among them, for a page must name them."""
    texts = {str(cell) for found in frames.values() for column in found.select_dtypes(["object", "str"]) for cell in found[column].dropna().unique()}
    named = {key.removeprefix("name:") for key in catalogue("zh").texts if key.startswith("name:")}
    codes = named | {key.removeprefix("value.") for key in named} | {key.rpartition(".")[2] for key in named}
    return latin(" ".join(text for text in texts if text not in codes)) | latin(" ".join(samples.names.values()))


@pytest.fixture(scope="module")
def names(samples, frames):
    """Chinese of the data, and what looks like a code in it."""
    texts = {str(cell) for found in frames.values() for column in found.select_dtypes(["object", "str"]) for cell in found[column].dropna().unique()}
    declared = {key.removeprefix("name:") for key in catalogue("en").texts if key.startswith("name:")}
    codes = declared | {key.removeprefix("value.") for key in declared} | {key.rpartition(".")[2] for key in declared}
    return foreign(" ".join([*samples.names.values(), *texts])) - codes


@pytest.fixture(scope="module")
def page_slice(samples, frames, tmp_path_factory):
    folder = tmp_path_factory.mktemp("spoken")
    save_slice(folder, samples, frames, samples.suppliers)
    return folder


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_chinese_page_says_chinese_words(notebook, page_slice, values, monkeypatch):
    monkeypatch.setenv(SLICE_VARIABLE, str(page_slice))
    shown = told(" ".join(shown_by(notebook, lang="zh")))
    assert len(shown) > 500
    assert sorted(latin(shown) - values) == []


def index_told(workbook, receipts):
    """What the index says, with a page that is broken, pages that are outdated, and a changed standard."""
    changed = override_standards({"service.first_response": {"limit": 300}}, file="own.toml")
    counted = {(str(workbook.month), name): frame for name, frame in finished_frames(workbook).items()}
    facts = {"names": workbook.names, "first_month": str(workbook.first_month)}
    other = Workbook(workbook.month, changed, workbook.words, frames=counted, facts=facts)
    pages = all_pages(report_notebooks(notebooks_folder()), other)
    states = {made: State("", "error" if made.notebook.name == "03_price" else "ok", is_outdated=not made.supplier) for made in pages}
    page = index_page(other, states, receipts, [("data", "0")]).decode()
    return told(re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL))


def spreadsheet_told(workbook):
    """The texts of all cells of the spreadsheet but the ids."""
    book = openpyxl.load_workbook(BytesIO(scorecard_workbook(workbook)))
    for sheet in book:
        heads = [cell.value for cell in sheet[1]]
        for row in sheet.iter_rows():
            for head, cell in zip(heads, row, strict=True):
                if isinstance(cell.value, str) and str(head).lower() not in ("id", "编号"):
                    yield told(cell.value)


def test_the_chinese_index_says_chinese_words(samples, frames, values):
    receipts = samples.attached.receipts
    shown = index_told(samples, receipts)
    assert "首次响应及时率" in shown
    files = latin(" ".join([*FILES, *(receipt.file for receipt in receipts)]))
    assert sorted(latin(shown) - values - files - latin(" ".join([*default_standards(), "data"]))) == []


def test_the_chinese_spreadsheet_says_chinese_words(samples, frames, values):
    found = latin(" ".join(spreadsheet_told(samples)))
    assert sorted(found - values - latin(" ".join(default_standards()))) == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_an_english_page_says_english_words(notebook, page_slice, names, monkeypatch):
    monkeypatch.setenv(SLICE_VARIABLE, str(page_slice))
    shown = told(" ".join(shown_by(notebook, lang="en")))
    assert len(shown) > 500
    assert sorted(foreign(shown) - names) == []


def test_the_english_index_says_english_words(english_samples, names):
    receipts = english_samples.attached.receipts
    shown = index_told(english_samples, receipts)
    assert "First response in time" in shown
    files = foreign(" ".join([*FILES, *(receipt.file for receipt in receipts)]))
    assert sorted(foreign(shown) - names - files - foreign(" ".join(default_standards()))) == []


def test_the_english_spreadsheet_says_english_words(english_samples, names):
    found = foreign(" ".join(spreadsheet_told(english_samples)))
    assert sorted(found - names - foreign(" ".join(default_standards()))) == []


def test_what_is_foreign_to_an_english_page_is_seen(names):
    assert foreign("The 未译 verdict no_data of price.band_share, in zh-CN.") - names == {"未译", "no_data", "price.band_share"}
