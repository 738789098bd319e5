"""A language is a folder: a catalogue of a few words makes a third one, and every page is whole in it."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from typer.testing import CliRunner

from kmanalysis.charts.kit.tables import grade_table
from kmanalysis.cli.app import app
from kmanalysis.cli.operator_folder import make_operator_folder
from kmanalysis.report.notebooks import report_notebooks
from kmanalysis.report.site.html import outside_parts
from kmanalysis.report.site.notebook_html import notebook_body
from kmanalysis.report.site.pages import all_pages
from kmanalysis.scoring.grades import grades
from kmanalysis.scoring.scorecard import dimension_scores
from kmanalysis.words import LOCALE_VARIABLE, Words, languages
from tests.report.small import judged_workbook, write_report

CATALOGUE = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Language: de_CH\\n"

msgid "Supplier report"
msgstr "Lieferantenbericht"

msgid "Supplier"
msgstr "Lieferant"

msgid ": "
msgstr " : "

msgid "name:service"
msgstr "Kundendienst"

msgid "name:not_graded"
msgstr "ohne Note"
"""


@pytest.fixture
def german(tmp_path, monkeypatch):
    """A third language of five words, in a folder that is not the package's."""
    folder = tmp_path / "locale" / "de"
    folder.mkdir(parents=True)
    (folder / "few.po").write_text(CATALOGUE, encoding="utf-8")
    monkeypatch.setenv(LOCALE_VARIABLE, str(folder.parent))
    return Words("de")


def test_a_folder_of_words_is_a_language(german):
    assert languages() == ("zh", "en", "de")
    assert (german.tag, german.text("Supplier"), german.text("Score"), german.name("service"), german.name("met")) == (
        "de-CH", "Lieferant", "Score", "Kundendienst", Words("en").name("met"),
    )  # fmt: skip
    assert (german.number(1234567.5, 1), german.share(0.123)) == ("1’234’567.5", "12.3%")
    assert german.entry("Note", "A") == "Note : A"
    assert german.has_name("met")


def test_a_table_takes_the_words_that_there_are(german):
    workbook = judged_workbook({"S01": 99.0, "S02": 20.0}, lang="de")
    html = grade_table(grades(workbook), dimension_scores(workbook), german).html
    assert ">Lieferant</th>" in html
    assert ">Probability</th>" in html
    assert "ohne Note : under the floor of grade B" in html


def test_a_report_in_a_third_language_is_whole(german, tmp_path, source):
    code = [
        "month = '2026-10'\nlang = 'zh'",
        "import kmanalysis as km\nfrom kmanalysis.charts.kit.style import picture\nfrom kmanalysis.charts.kit.tables import grade_table\n"
        "from kmanalysis.charts.review.grades import chances",
        "workbook = km.open_workbook(month=month, lang=lang)\ngrade_table(km.grades(workbook), km.dimension_scores(workbook), workbook.words)",
        "picture(chances(km.grades(workbook), workbook.words, workbook.names))",
    ]
    cells = [new_code_cell(source, metadata={"tags": ["parameters"]} if place == 0 else {}) for place, source in enumerate(code)]
    (tmp_path / "notebooks").mkdir()
    kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    nbformat.write(new_notebook(cells=cells, metadata=kernel), tmp_path / "notebooks" / "own.ipynb")
    workbook = judged_workbook({"S01": 99.0, "S02": 20.0}, names={"S01": "One", "S02": "Two"}, lang="de")
    pages = all_pages(report_notebooks(tmp_path / "notebooks"), workbook)
    outcomes = write_report(source(workbook), pages, pages, tmp_path / "out")
    assert {outcome.state for outcome in outcomes} == {"made"}
    folder = tmp_path / "out" / "2026-10"
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.rglob("*.html")}
    assert set(texts) == {"index.html", "own.html"}
    for text in texts.values():
        assert '<html lang="de-CH">' in text
        assert outside_parts(text) == []
        assert re.findall("[\u3400-\u9fff]+", text) == []
        assert "Oktober 2026" in text
    assert "Lieferantenbericht" in texts["index.html"]
    assert "Rose" in texts["index.html"]
    assert ">Lieferant</th>" in texts["own.html"]
    assert "How sure each grade is" in texts["own.html"]


def test_markdown_is_shown_in_the_language_it_has_else_in_english(german):
    told = [("zh", "中文"), ("en", "English"), (None, "All")]
    cells = [new_markdown_cell(text, metadata={"tags": [lang] if lang else []}) for lang, text in told]
    body = notebook_body(new_notebook(cells=[*cells, new_code_cell("")]), german)
    assert "English" in body
    assert "All" in body
    assert "中文" not in body
    own = new_markdown_cell("Deutsch", metadata={"tags": ["de"]})
    body = notebook_body(new_notebook(cells=[*cells, own]), german)
    assert "Deutsch" in body
    assert "English" not in body


def test_the_command_line_says_which_languages_there_are(german):
    refused = CliRunner().invoke(app, ["check", "--lang", "fr"])
    assert refused.exit_code == 2
    assert "zh, en, de" in refused.output


def test_a_folder_in_a_third_language_has_english_files(german, tmp_path):
    made = make_operator_folder(tmp_path / "mine", "de")
    english = make_operator_folder(tmp_path / "english", "en")
    assert (made / "standards.toml").read_bytes() == (english / "standards.toml").read_bytes()
