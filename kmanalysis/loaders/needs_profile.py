"""The needs profile as TOML: the platform's own wishes, read into rows of the canonical table ``needs``.

positioning = ["membership"]     # what the platform is about, as categories of its goods
audience = ["students"]          # whom it serves; no supplier is asked for it
daily_orders = 100               # orders a day that a supplier should carry

[must]                           # a supplier that lacks one of these does not fit
families = ["Tencent"]
categories = ["game_card"]
api_stock = true
response_seconds = 1800

[wish]                           # the same keys, as wishes
wholesale_minimum = 10
other = ["invoice within a day"] # what no table can show: judged by hand
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import duckdb

from kmanalysis.errors import DataError
from kmanalysis.files.operator_toml import read_toml
from kmanalysis.loaders.reading.records import Record
from kmanalysis.loaders.reading.text import Staged, add_rows, make_raw_table, staged_rows
from kmanalysis.tables import tables

REQUIREMENTS: Mapping[str, str] = MappingProxyType(
    {
        "api_stock": "flag",
        "api_order_status": "flag",
        "bulk_custom": "flag",
        "data_tools": "texts",
        "supply_mode": "modes",
        "wholesale_minimum": "amount",
        "prepayment": "amount",
        "response_seconds": "seconds",
    }
)
"""What a line of subject ``requirement`` may ask for (its item), and what its value is.

flag: must be there, no value. texts: names separated by semicolons; without a value any will do. modes: supply modes, separated likewise, one of which
is asked. amount: the most that is accepted, in CNY. seconds: the time within which tickets must be answered.
Any other item is kept and shown as unknown.
"""

LISTS: Mapping[str, str] = MappingProxyType({"families": "family", "categories": "category", "other": "requirement"})
"""Keys of a list of items in [must] and [wish], and their subjects."""

SEPARATOR = ";"
_PROFILE = ("positioning", "audience", "daily_orders", "must", "wish")
_ASKED = ("daily_orders", *LISTS, *REQUIREMENTS)
_COLUMNS = ("subject", "item", "value", "is_must")
_TEXTS = '["…", …]'


def needs_rows(path: Path) -> list[dict[str, str]]:
    """The profile's lines as rows of the table ``needs``: subject, item, value (empty where there is none) and is_must as texts.

    Raises DataError for a file that is no TOML, an unknown key, a value that is not accepted, or a thing that stands there twice.
    """
    file = path.name
    declared = read_toml(path, DataError, parse_float=Decimal)
    _check_keys(declared, _PROFILE, "", file)
    rows = [row for key in ("positioning", "audience") for row in _listed(key, declared.get(key, []), key, False, file)]
    if "daily_orders" in declared:
        rows.append(_amount("daily_orders", "daily_orders", declared["daily_orders"], "daily_orders", False, file))
    for part in ("must", "wish"):
        asked = declared.get(part, {})
        if not isinstance(asked, Mapping):
            raise _unusable(file, part, asked, f"[{part}]")
        _check_keys(asked, _ASKED, f"{part}.", file)
        rows += [row for key, value in asked.items() for row in _asked(key, value, f"{part}.{key}", part == "must", file)]
    seen: set[tuple[str, str]] = set()
    for row in rows:
        name = (row["subject"], row["item"])
        if name in seen:
            raise DataError("{file}: {item} is asked for more than once. Keep one of the lines.", file=file, item=row["item"])
        seen.add(name)
    return rows


def stage_profile(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> Staged:
    """Reads a needs profile into the engine under ``name``, as `stage_text` does a text file. Raises DataError as `needs_rows` does."""
    rows = [Record(number, number, [row[column] for column in _COLUMNS]) for number, row in enumerate(needs_rows(path), start=2)]
    make_raw_table(connection, name, len(_COLUMNS))
    if rows:
        add_rows(connection, name, rows, len(_COLUMNS))
    top = Record(1, 1, list(_COLUMNS))
    return staged_rows(connection, name, list(_COLUMNS), top, encoding="utf-8", delimiter="", is_dirty=False, footer=None)


def _asked(key: str, value: object, where: str, is_must: bool, file: str) -> Iterator[dict[str, str]]:
    if key in LISTS:
        yield from _listed(LISTS[key], value, where, is_must, file)
        return
    match REQUIREMENTS.get(key, key):
        case "flag":
            if value is not True:
                raise _unusable(file, where, value, "true")
            yield _row("requirement", key, "", is_must)
        case "texts" if value is True:
            yield _row("requirement", key, "", is_must)
        case "texts":
            yield _row("requirement", key, SEPARATOR.join(_texts(value, where, file, f"true, {_TEXTS}")), is_must)
        case "modes":
            modes = tables()["suppliers"].columns["supply_mode"].values
            chosen = _texts(value, where, file, _TEXTS)
            if not chosen or set(chosen) - set(modes):
                raise _unusable(file, where, value, ", ".join(modes))
            yield _row("requirement", key, SEPARATOR.join(chosen), is_must)
        case "daily_orders":
            yield _amount("daily_orders", key, value, where, is_must, file)
        case _:
            yield _amount("requirement", key, value, where, is_must, file)


def _listed(subject: str, value: object, where: str, is_must: bool, file: str) -> Iterator[dict[str, str]]:
    yield from (_row(subject, item, "", is_must) for item in _texts(value, where, file, _TEXTS))


def _texts(value: object, where: str, file: str, accepted: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() and SEPARATOR not in item for item in value):
        raise _unusable(file, where, value, accepted)
    return [item.strip() for item in value]


def _amount(subject: str, item: str, value: object, where: str, is_must: bool, file: str) -> dict[str, str]:
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    number = Decimal(value) if is_number else Decimal(-1)  # type: ignore[arg-type]
    match item:
        case "daily_orders":
            is_accepted, accepted = isinstance(value, int) and number >= 1, "1, 2, 3, …"
        case "prepayment":
            is_accepted, accepted = number.is_finite() and number >= 0, ">= 0"
        case _:
            is_accepted, accepted = number.is_finite() and number > 0, "> 0"
    if not is_accepted:
        raise _unusable(file, where, value, accepted)
    return _row(subject, item, format(number, "f"), is_must)


def _row(subject: str, item: str, value: str, is_must: bool) -> dict[str, str]:
    return dict(zip(_COLUMNS, (subject, item, value, "true" if is_must else "false"), strict=True))


def _check_keys(declared: Mapping[str, object], accepted: tuple[str, ...], before: str, file: str) -> None:
    for key in declared:
        if key not in accepted:
            raise DataError("{file}: a needs profile has no key {key}. Accepted: {accepted}.", file=file, key=f"{before}{key}", accepted=", ".join(accepted))


def _unusable(file: str, key: str, found: object, accepted: str) -> DataError:
    shown = str(found).lower() if isinstance(found, bool) else found
    return DataError("{file}: {key} cannot be {found}. Accepted: {accepted}.", file=file, key=key, found=shown, accepted=accepted)
