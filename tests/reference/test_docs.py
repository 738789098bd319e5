"""The reference pages say what the engine reads: no more, no less, and today's."""

import re
from pathlib import Path

import pytest

from kmanalysis.reference.docs import reference_pages, standards_page, tables_page, write_reference
from kmanalysis.standards import default_standards
from kmanalysis.tables import tables
from kmanalysis.words import Words, languages

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", reference_pages())
def test_committed_page_is_current(name):
    assert (DOCS / name).read_text(encoding="utf-8") == reference_pages()[name], f"docs/{name} is stale: run `make docs`"


def test_every_measure_has_a_page_and_nothing_else_has():
    assert sorted(path.stem for path in (DOCS / "measures").iterdir()) == sorted(default_standards().measures)


def test_standards_page_lists_every_id_and_no_other():
    listed = re.findall(r"^\| `([a-z_]+\.[A-Za-z_.]+)` \|", (DOCS / "standards.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert listed == list(default_standards())


def test_tables_page_lists_every_column_and_no_other():
    text = (DOCS / "tables.md").read_text(encoding="utf-8")
    listed = {
        section.split("\n", 1)[0]: re.findall(r"^\| `([a-z_]+)` \|", section, flags=re.MULTILINE) for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    }
    assert listed == {table.name: list(table.stored) for table in tables().values()}


def test_rows_read_as_the_declarations_say():
    assert "| `stability.delivery_time` | 发卡及时率 | Delivered in time | ≥ 95 %; limit 5 minutes | 30 | 20 | 70 % / 100 % | essay |" in standards_page()
    assert "| `compliance.licences` | 资质齐全有效 | Licences in force | ≥ 100 % | 1 | 25 **veto** | 50 % / 100 % | essay |" in standards_page()
    assert "| `needs.api_required` | 必须有接口 | API required | yes | essay |" in standards_page()
    assert "| `listed_from` | 上架日期 | Listed from | date |  | **key** | First day on offer (Asia/Shanghai). |" in tables_page()
    assert "`*`, " not in tables_page()
    assert r"Written as `\*\|(sku\|brand\|family\|category):.+`." in tables_page()


def test_pages_are_written_into_a_new_folder_and_old_ones_go(tmp_path):
    (tmp_path / "docs" / "measures").mkdir(parents=True)
    (tmp_path / "docs" / "measures" / "stability.gone.md").write_text("old", encoding="utf-8")
    write_reference(tmp_path / "docs")
    written = {path.relative_to(tmp_path / "docs").as_posix(): path.read_text(encoding="utf-8") for path in (tmp_path / "docs").rglob("*.md")}
    assert written == reference_pages()


@pytest.mark.parametrize("lang", languages())
def test_everything_declared_has_a_name(lang):
    words = Words(lang)
    identifiers = {*default_standards(), *(standard.dimension for standard in default_standards().values())} - {""}
    for table in tables().values():
        identifiers |= {table.name, *(f"{table.name}.{column}" for column in table.columns)}
        identifiers |= {f"value.{value}" for column in table.columns.values() for value in column.values}
        identifiers |= {f"unit.{column.unit}" for column in table.columns.values() if column.unit}
    for standard in default_standards().values():
        identifiers |= {f"unit.{unit}" for unit in (standard.unit, standard.limit_unit) if unit} | {f"source.{standard.source}"}
    assert sorted(identifier for identifier in identifiers if not words.has_name(identifier)) == []
