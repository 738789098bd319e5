"""A Chinese page says no English word of ours and shows no raw key: all that is Latin on it comes from the data, or is a name that Chinese uses too."""

import re
from html import unescape
from html.parser import HTMLParser
from io import BytesIO

import openpyxl
import pytest

from kmanalysis.assets import notebooks_folder, samples_folder
from kmanalysis.reporting.excel import scorecard_workbook
from kmanalysis.reporting.index import FILES, State, index_page
from kmanalysis.reporting.notebooks import report_notebooks
from kmanalysis.reporting.pages import all_pages
from kmanalysis.scoring.bundle import finished_frames
from kmanalysis.standards import default_standards, override_standards
from kmanalysis.words import catalogue
from kmanalysis.workbook import SLICE_VARIABLE, Workbook, open_workbook, save_slice
from tests.notebooks.test_nothing_observed import NOTEBOOKS, shown_by

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


@pytest.fixture(scope="module")
def samples():
    return open_workbook(samples_folder(), "2026-10", lang="zh")


@pytest.fixture(scope="module")
def frames(samples):
    return finished_frames(samples)


@pytest.fixture(scope="module")
def values(samples, frames):
    """Latin words of the data: ids, names and free texts; codes that the catalogue names are not among them, for a page must name them."""
    texts = {str(cell) for found in frames.values() for column in found.select_dtypes(["object", "str"]) for cell in found[column].dropna().unique()}
    named = {key.removeprefix("name:") for key in catalogue("zh")._catalog if isinstance(key, str) and key.startswith("name:")}
    codes = named | {key.removeprefix("value.") for key in named} | {key.rpartition(".")[2] for key in named}
    return latin(" ".join(text for text in texts if text not in codes)) | latin(" ".join(samples.names.values()))


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


def test_the_chinese_index_says_chinese_words(samples, frames, values):
    changed = override_standards({"service.first_response": {"limit": 300}}, file="own.toml")
    workbook = Workbook(samples.month, changed, samples.words, connection=samples._connection, frames=samples._frames, facts=samples._facts)
    pages = all_pages(report_notebooks(notebooks_folder()), samples)
    states = {made: State("", "error" if made.notebook.name == "03_price" else "ok", is_outdated=not made.supplier) for made in pages}
    page = index_page(workbook, states, samples.attached.receipts, [("数据", "0")]).decode()
    shown = told(re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL))
    assert "首次响应及时率" in shown
    files = latin(" ".join([*FILES, *(receipt.file for receipt in samples.attached.receipts)]))
    assert sorted(latin(shown) - values - files - latin(" ".join(default_standards()))) == []


def test_the_chinese_spreadsheet_says_chinese_words(samples, frames, values):
    book = openpyxl.load_workbook(BytesIO(scorecard_workbook(samples)))
    ids = {"id", "编号"}
    found = set()
    for sheet in book:
        heads = [cell.value for cell in sheet[1]]
        for row in sheet.iter_rows():
            for head, cell in zip(heads, row, strict=True):
                if isinstance(cell.value, str) and head not in ids:
                    found |= latin(told(cell.value))
    assert sorted(found - values - latin(" ".join(default_standards()))) == []
