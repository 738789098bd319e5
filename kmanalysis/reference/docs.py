"""The reference pages below docs/, written from what the engine reads: tables, standards, and a page a measure.

`make docs` writes them; a test fails when they are stale.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from kmanalysis.measures.registry import measures
from kmanalysis.reference.measures import measure_page, measures_index
from kmanalysis.reference.text import FOREWORD, as_grid, as_number, format_standard, in_both_languages
from kmanalysis.standards import Standard, default_standards
from kmanalysis.tables import Column, Table, tables
from kmanalysis.words import Words

_TABLES_INTRO = """\
# Canonical tables

A workbook folder holds any of these tables, each as `name.csv`, `name.xlsx`, `name.parquet` or `name/*.parquet`. A table or a column that is not
needed may be missing: what it would show then reads *no data*. An empty table or column says that there was nothing.

| type | in a CSV file |
|---|---|
| id, text | as it is, UTF-8; an empty cell is no value |
| enum | one of the values listed |
| integer, float, decimal | plain digits with a point; decimals keep four places |
| boolean | `true` or `false` |
| date | `2026-10-01`, Asia/Shanghai |
| timestamp | `2026-10-01 03:04:05`, UTC; with an offset it is converted |
| digest | `kd1:` and 32 hex digits, as `kmanalysis load` makes them; nothing else is let in |

A **key** column is never empty, and no two rows have the same key. *required* columns are never empty either.
*derived* columns are worked out when rows are taken in, and never read from a file that somebody else wrote."""

_STANDARDS_INTRO = """\
# Standards

Every business number in force, by id. An operator's own TOML, given as `--standards FILE`, changes single fields:

```toml
["service.first_response"]
value = 0.9
```

*standard* is what is asked of the measured value; where it names a limit, the value is the share of cases within that limit. Fewer events than
*min. n* prove nothing. *weight* counts within the dimension; a missed **veto** excludes the supplier from any grade. *worst / best* earn 0 and 100
points, the standard itself 80 (100 where nothing better exists).

Sources: *essay*, a figure of the essay that the rules come from; *example*, what one leading platform asks; *house*, our default;
*operator*, changed by an operator's own TOML."""

_HEADINGS = {
    "dimension": "Weights of the dimensions",
    "grade": "Grades",
    "counting": "How things are counted",
    "needs": "Step 1: needs profile",
    "outreach": "Step 2: outreach",
    "qualification": "Step 3: qualification",
    "trial": "Step 4: trial",
    "contract": "Step 5: contract",
    "review": "Step 6: monthly review",
    "action": "Step 6: actions",
    "exceptions": "Exceptions: single orders, codes and goods to look at",
    "pull": "Pull: what is read of a platform's database",
    "market": "Market",
    "planning": "Planning",
}


def tables_page() -> str:
    """Markdown of docs/tables.md: every canonical table, its key and its columns."""
    parts = [FOREWORD.format(source="kmanalysis/tables.toml"), _TABLES_INTRO, *map(_table_section, tables().values())]
    return "\n\n".join(parts) + "\n"


def standards_page() -> str:
    """Markdown of docs/standards.md: every standard and setting, grouped by the first part of its id."""
    groups = groupby(default_standards().values(), key=lambda standard: standard.id.split(".")[0])
    parts = [FOREWORD.format(source="kmanalysis/standards.toml"), _STANDARDS_INTRO, *(_standards_section(group, list(members)) for group, members in groups)]
    return "\n\n".join(parts) + "\n"


def reference_pages() -> dict[str, str]:
    """All pages by their paths below docs/."""
    return {
        "tables.md": tables_page(),
        "standards.md": standards_page(),
        "measures.md": measures_index(),
        **{f"measures/{measure}.md": measure_page(measure) for measure in measures()},
    }


def write_reference(folder: Path) -> None:
    """Writes all pages into the folder, and takes away pages of measures that are no more."""
    pages = reference_pages()
    for name, page in pages.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(page, encoding="utf-8", newline="\n")
    for left in (folder / "measures").glob("*.md"):
        if f"measures/{left.name}" not in pages:
            left.unlink()


def _table_section(table: Table) -> str:
    header = ("column", "中文", "name", "type", "unit", "", "meaning")
    rows = [
        (f"`{column.name}`", *in_both_languages(f"{table.name}.{column.name}"), column.type, column.unit, _demands(table, column), _meaning(column))
        for column in table.stored.values()
    ]
    lines = [
        f"## {table.name}",
        "",
        f"{' · '.join(in_both_languages(table.name))}. {table.meaning}",
        "",
        f"Key: {', '.join(f'`{name}`' for name in table.key)}.",
    ]
    if table.event_time:
        lines[-1] += f" A row belongs to the month of its `{table.event_time}`."
    if table.one_of:
        lines[-1] += f" Every row fills in at least one of {', '.join(f'`{name}`' for name in table.one_of)}."
    return "\n".join([*lines, "", *as_grid(header, rows)])


def _demands(table: Table, column: Column) -> str:
    if column.name in table.derived:
        return "derived"
    return "**key**" if column.name in table.key else "required" if column.required else ""


def _meaning(column: Column) -> str:
    zh, en = Words("zh"), Words("en")
    sentences = [column.meaning]
    if column.values:
        sentences.append("; ".join(f"`{value}` {zh.name(f'value.{value}')} ({en.name(f'value.{value}')})" for value in column.values) + ".")
    if column.minimum is not None or column.maximum is not None:
        sentences.append(f"Accepted: {_bounds(column)}.")
    if column.pattern:
        sentences.append(f"Written as `{column.pattern}`.")
    if column.refers_to:
        stands = "Stands in" if column.orphan == "reject" else "Should stand in"
        sentences.append(f"{stands} `{column.refers_to}`.")
    if column.not_before:
        sentences.append(f"Not before `{column.not_before}`.")
    if column.zero:
        sentences.append("0 is doubtful, and taken for not given.")
    return " ".join(sentences)


def _bounds(column: Column) -> str:
    ends = [f"{sign} {end:g}" for sign, end in (("≥", column.minimum), ("≤", column.maximum)) if end is not None]
    return " and ".join(ends)


def _standards_section(group: str, members: Sequence[Standard]) -> str:
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    if members[0].dimension:
        header = ("id", "中文", "name", "standard", "min. n", "weight", "worst / best", "source")
        rows = [_measure_row(standard) for standard in members]
        title = " · ".join(in_both_languages(group))
    else:
        header = ("id", "中文", "name", "value", "source")
        rows = [(f"`{standard.id}`", *in_both_languages(standard.id), format_standard(standard), standard.source) for standard in members]
        title = _HEADINGS[group]
    return "\n".join([f"## {title}", "", *as_grid(header, rows)])


def _measure_row(standard: Standard) -> tuple[str, ...]:
    weight = f"{standard.weight:g}" + (" **veto**" if standard.veto else "")
    scale = " / ".join(as_number(end, standard.unit) for end in (standard.worst, standard.best))
    return f"`{standard.id}`", *in_both_languages(standard.id), format_standard(standard), str(standard.minimum_n), weight, scale, standard.source
