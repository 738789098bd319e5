"""Cells of a database to columns of the mirror: secrets become digests here, before anything is kept; the engine reads what a server sent as text."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kmanalysis.detector import CONTACTS
from kmanalysis.engine.sql import identifier
from kmanalysis.loaders.checking.digests import SPACE, digests
from kmanalysis.loaders.checking.secrets import digest, without_secrets
from kmanalysis.sources.databases.reading import Cells
from kmanalysis.sources.description import KINDS, SourceColumn
from kmanalysis.sources.rules import Rules

TITLE_LANGUAGES = ("zh-CN", "zh", "zh-TW", "en-US", "en")

_ARROW = {
    "integer": pa.int64(),
    "decimal": pa.decimal128(24, 6),
    "text": pa.string(),
    "name": pa.string(),
    "title": pa.string(),
    "flag": pa.bool_(),
    "time": pa.timestamp("us"),
    "secret": pa.string(),
    "secrets": pa.list_(pa.string()),
    "note": pa.list_(pa.int32()),
}
_REPEATED = ("name", "title", "note")
"""Kinds whose cells say the same over and over."""

_LINE_ENDS = "[\n\r\x0b\x0c\x1c-\x1e]"
"""Where `str.splitlines` parts an ASCII text."""

_SIXTH = Decimal("0.000001")
_EARLIEST = 1990


class Conversion:
    """How a platform's cells are read: with the folder's key, the operator's rules, and a clock that many hours ahead of UTC."""

    def __init__(self, rules: Rules, key: bytes, hours_ahead: int) -> None:
        self.rules, self.key, self.hours_ahead = rules, key, hours_ahead

    def array(self, column: SourceColumn, cells: Cells) -> pa.Array:
        """The cells as an array: of the column's kind, or of the text that was sent where `cell` makes the kind of it."""
        if not isinstance(cells, pa.Array):
            return pa.array(self._converted(column, cells), _ARROW[column.kind])
        if column.kind in _REPEATED:
            once = cells.dictionary_encode()
            return pa.array(self._converted(column, once.dictionary.to_pylist()), _ARROW[column.kind]).take(once.indices)
        return self._digested(column, cells) if column.kind in ("secret", "secrets") else cells

    def cell(self, column: SourceColumn, kind: pa.DataType) -> str:
        """SQL of the column's value over the array of that type which `array` made."""
        name, kept = identifier(column.name), KINDS[column.kind]
        if kind != pa.string() or column.kind in ("name", "title", "secret"):
            return f"{name}::{kept}"
        if column.kind == "time":
            moment = f"(TRY_CAST({name} AS TIMESTAMP) - INTERVAL {self.hours_ahead} HOUR)"
            # A date that there is not, such as 0000-00-00, is none.
            return f"CASE WHEN {moment} >= TIMESTAMP '{_EARLIEST}-01-01' THEN {moment} END"
        return f"nullif({name}, ''){'::BIGINT' if column.kind == 'flag' else ''}::{kept}"

    def _digested(self, column: SourceColumn, cells: pa.Array) -> pa.Array:
        """Secrets, or lists of the lines of each: most are of one line, whose digests are made all at once."""
        kind, is_list = _ARROW[column.kind], column.kind == "secrets"
        bare = pc.ascii_trim(cells, SPACE)
        is_other = pc.or_(pc.equal(pc.binary_length(bare), 0), pc.invert(pc.string_is_ascii(bare)))
        if is_list:
            is_other = pc.or_(is_other, pc.match_substring_regex(bare, _LINE_ENDS))
        if column.phrases:
            is_other = pc.or_(is_other, pc.is_in(bare, pa.array(column.phrases)))
        others, plain = (np.flatnonzero(mask.fill_null(False).to_numpy(zero_copy_only=False)) for mask in (is_other, pc.invert(is_other)))
        found = digests(bare.take(pa.array(plain)), self.key)
        if is_list:
            found = pa.ListArray.from_arrays(pa.array(np.arange(plain.size + 1, dtype=np.int32)), found)
        if plain.size == len(cells):
            return found
        one_by_one = pa.array(self._converted(column, cells.take(pa.array(others)).to_pylist()), kind)
        places = np.full(len(cells), plain.size + others.size)
        places[plain], places[others] = np.arange(plain.size), plain.size + np.arange(others.size)
        return pa.concat_arrays([found.cast(kind), one_by_one, pa.nulls(1, kind)]).take(pa.array(places))

    def _converted(self, column: SourceColumn, cells: Sequence[Any]) -> list[Any]:
        if column.kind == "time":
            ahead = timedelta(hours=self.hours_ahead)
            return [_moment(cell, ahead) for cell in cells]
        if column.kind == "secret":
            return [None if cell is None else self._secret(column, _text(cell)) for cell in cells]
        if column.kind == "secrets":
            return [None if cell is None else self._secrets(column, _text(cell)) for cell in cells]
        if column.kind == "note":
            return [None if cell is None else self.rules.fitting(_text(cell)) for cell in cells]
        if column.kind in ("name", "title"):
            name = _text if column.kind == "name" else _title
            return [None if cell is None else without_secrets(name(cell) or "", self.key, CONTACTS) for cell in cells]
        convert = _CONVERTERS[column.kind]
        return [None if cell is None or cell == "" else convert(cell) for cell in cells]

    def _secret(self, column: SourceColumn, text: str) -> str | None:
        phrase = column.phrases.get(text.strip()) if column.phrases else None
        return phrase or (digest(text, self.key) if text and not text.isspace() else None)

    def _secrets(self, column: SourceColumn, text: str) -> list[str]:
        phrase = column.phrases.get(text.strip()) if column.phrases else None
        if phrase:
            return [phrase]
        lines = [line for line in text.splitlines() if line and not line.isspace()]
        # A code may have lines of its own.
        return [digest(line, self.key) for line in [*lines, *([text] if len(lines) > 1 else [])]]


def _text(cell: Any) -> str:
    return cell if isinstance(cell, str) else cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)


def _moment(cell: Any, ahead: timedelta) -> datetime | None:
    """Naive UTC of a cell: a time or its text; one without a zone is ``ahead`` of UTC. None for a date that there is not, such as 0000-00-00."""
    if cell is None:
        return None
    if not isinstance(cell, datetime):
        try:
            cell = datetime.fromisoformat(_text(cell).strip())
        except ValueError:
            return None
    if cell.tzinfo is not None:
        naive: datetime = (cell - cell.utcoffset()).replace(tzinfo=None)
    else:
        naive = cell - ahead
    return naive if naive.year >= _EARLIEST else None


def _decimal(cell: Any) -> Decimal:
    return (cell if isinstance(cell, Decimal) else Decimal(str(cell))).quantize(_SIXTH)


def _title(cell: Any) -> str | None:
    """The Chinese text of a title in several languages, else another; a text that is no JSON as it is."""
    try:
        written = json.loads(_text(cell)) if isinstance(cell, str | bytes) else cell
    except ValueError:
        return _text(cell)
    if not isinstance(written, dict):
        return str(written)
    texts = {str(language): str(text) for language, text in written.items() if text}
    return next((texts[language] for language in TITLE_LANGUAGES if language in texts), next(iter(texts.values()), None))


_CONVERTERS: dict[str, Callable[[Any], Any]] = {"integer": int, "decimal": _decimal, "text": _text, "flag": bool}
