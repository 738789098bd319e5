"""The pages docs/measures/<id>.md and their index docs/measures.md: what a measure says, how it comes about, an example, and what it does not say.

Title, standard, neighbours and settings come from the standards and the catalogue; the rest is written in each dimension's ``guide.toml``, and only there.
"""

from __future__ import annotations

import re

from kmanalysis.measures.common.measure import Example, Guide
from kmanalysis.measures.registry import measures
from kmanalysis.reference.text import FOREWORD, as_grid, as_number, as_quantity, format_standard, in_both_languages
from kmanalysis.standards import default_standards
from kmanalysis.tables import tables
from kmanalysis.words import MISSING, Words, catalogue

_INTRO = """\
# Measures

One page a measure: what it says, how it is computed, an example, and what it does not say. [standards.md](standards.md) has all numbers in one table.

A **census** (every event was seen) is judged by its value once it has the minimum n. A **sample** (some were drawn), and a **bounded** measure (every
event, but some known only up to bounds), are judged by their bounds. The verdict is *met*, *missed*, *unproven* (too little is known) or *no_data*.
Where everything or nothing is asked, one confirmed counter-example is a miss at any n.

The examples are canonical rows ([tables.md](tables.md)) of October 2026, about supplier `s1`. Columns that are not shown are filled in with what is
ordinary (`currency` CNY, `is_staged` false, …). A test runs every example through the measure."""


def measures_index() -> str:
    """Markdown of docs/measures.md: every measure with its standard and a link to its page, by dimension."""
    parts = [FOREWORD.format(source="the guide.toml of each dimension in kmanalysis/measures"), _INTRO]
    standards = default_standards()
    for dimension in dict.fromkeys(standards[measure].dimension for measure in standards.measures):
        members = [standards[measure] for measure in standards.measures if standards[measure].dimension == dimension]
        rows = [
            (f"[{en}](measures/{one.id}.md)", zh, format_standard(one), _with_values(one.id, measures()[one.id].guide.says))
            for one in members
            for zh, en in [in_both_languages(one.id)]
        ]
        parts.append("\n".join([f"## {' · '.join(in_both_languages(dimension))}", "", *as_grid(("measure", "中文", "standard", "what it says"), rows)]))
    return "\n\n".join(parts) + "\n"


def measure_page(measure: str) -> str:
    """Markdown of docs/measures/<id>.md."""
    guide, standard = measures()[measure].guide, default_standards()[measure]
    weight = f"{standard.weight:g}" + (" **veto**" if standard.veto else "")
    scale = f"{as_number(standard.worst, standard.unit)} / {as_number(standard.best, standard.unit)}"
    asked = as_grid(
        ("standard", "unit", "min. n", "weight", "worst / best", "source"),
        [(format_standard(standard), standard.unit, str(standard.minimum_n), weight, scale, standard.source)],
    )
    parts = [
        FOREWORD.format(source=f"kmanalysis/measures/{standard.dimension}/guide.toml and kmanalysis/standards.toml"),
        f"# {' · '.join(in_both_languages(measure))}",
        f"`{measure}`, of {' · '.join(in_both_languages(standard.dimension))}. {_with_values(measure, guide.says)}",
        "\n".join(asked),
        "## How it is computed",
        *(_with_values(measure, step) for step in guide.computed),
        "\n".join(_facts(measure, guide)),
        "## Example",
        *_example(guide.example, standard.unit),
        "## What it does not say",
        _with_values(measure, guide.not_said),
        "[All measures](../measures.md)",
    ]
    return "\n\n".join(parts) + "\n"


def _with_values(measure: str, text: str) -> str:
    """The text with the values in force by default in its ``{}`` places."""
    standards = default_standards()

    def value(place: re.Match[str]) -> str:
        if place[1] == "limit":
            return as_quantity(standards.limit(measure), standards[measure].limit_unit)
        return as_quantity(standards.value(place[1]), standards[place[1]].unit)

    return re.sub(r"\{([a-z_.]+)\}", value, text)


def _facts(measure: str, guide: Guide) -> list[str]:
    facts = [f"- Basis: {', '.join(guide.basis)}."]
    if beside := _beside(measure):
        facts.append("- Beside it: " + "; ".join(f"`{name}` {' · '.join(in_both_languages(f'{measure}.{name}'))}" for name in beside) + ".")
    if guide.settings:
        standards = default_standards()
        facts.append("- Settings: " + "; ".join(f"`{setting}` {format_standard(standards[setting])}" for setting in guide.settings) + ".")
    facts.append("- Reads: " + "; ".join(f"`{table}` ({', '.join(columns)})" for table, columns in guide.reads.items()) + ".")
    return facts


def _beside(measure: str) -> list[str]:
    prefix = f"name:{measure}."
    return sorted(key.removeprefix(prefix) for key in catalogue("en").texts if key.startswith(prefix))


def _example(example: Example, unit: str) -> list[str]:
    blocks = [f"`{name}`\n\n```csv\n{example.tables[name].strip()}\n```" for name in tables() if name in example.tables]
    words = Words("en")
    ends = [MISSING if end is None else words.quantity(end, unit) for end in (example.lower, example.upper)]
    outcome = (words.quantity(example.value, unit), f"{example.n:,}", *ends, example.basis, example.verdict)
    return [example.story, *blocks, "\n".join(as_grid(("value", "n", "lower bound", "upper bound", "basis", "verdict"), [outcome]))]
