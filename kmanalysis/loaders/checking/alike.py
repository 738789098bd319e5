"""Identifiers that look alike and are not the same: by letter case, width, signs that are not seen, and letters of other scripts."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from kmanalysis.engine.sql import identifier, quoted

_LETTERS = (
    ("АВЕКМНОРСТУХаеорсухіјѕԁԛԝІЈЅ", "ABEKMHOPCTYXaeopcyxijsdqwIJS"),
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧνορ", "ABEZHIKMNOPTYXvop"),
    ("‐‑‒–—―−×", "-------x"),
)
_OTHERS, _LATIN = ("".join(part) for part in zip(*_LETTERS, strict=True))
_SCRIPTS = str.maketrans(_OTHERS, _LATIN)
_SHAPES = str.maketrans("Il|O", "1110")
_UNSEEN = r"[\x{00AD}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2064}\x{FEFF}\x{FE00}-\x{FE0F}]"
_MOST_GROUPS = 1000


IDS = "_ids"
"""The table of a column's distinct identifiers, in its column ``id``."""


def collect_ids(connection: duckdb.DuckDBPyConnection, relation: str, column: str) -> bool:
    """Makes `IDS` of a column; False, and no table, where all are of digits alone: such are the same, or look different, and all mean something."""
    cell = identifier(column)
    if connection.execute(f"SELECT 1 FROM {relation} WHERE NOT regexp_full_match({cell}, '[0-9]+') LIMIT 1").fetchone() is None:
        return False
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {IDS} AS SELECT DISTINCT {cell} AS id FROM {relation} WHERE {cell} IS NOT NULL")
    return True


def alike(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, ...]]:
    """Groups of two or more identifiers of `IDS` that look alike, each in its order; at most a thousand groups."""
    # The engine has no NFKC, and few identifiers need it.
    wide = connection.sql(f"SELECT id FROM {IDS} WHERE strlen(id) <> length(id)").to_arrow_table().column("id").cast(pa.string())
    plain = pc.replace_substring_regex(pc.utf8_normalize(wide, form="NFKC"), pattern=_UNSEEN, replacement="")
    connection.register("_wide", pa.table({"id": wide, "plain": plain}))
    # A key that brings all together that may look alike; which of them do is seen below. Plain ones are many: what they cannot hold is not looked for.
    latin = f"regexp_replace(translate(plain, {quoted(_OTHERS)}, {quoted(_LATIN)}), ' +', ' ', 'g')"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE _shapes AS WITH plain AS ("
        f"SELECT id, CASE WHEN contains(id, '  ') THEN regexp_replace(id, ' +', ' ', 'g') ELSE id END AS plain FROM {IDS} WHERE strlen(id) = length(id) "
        f"UNION ALL SELECT id, {latin} FROM _wide) SELECT id, translate(lower(plain), 'il|o', '1110') AS shape FROM plain"
    )
    groups = connection.execute(
        "SELECT list(id ORDER BY id) FROM _shapes SEMI JOIN (SELECT shape FROM _shapes GROUP BY shape HAVING count(*) > 1) USING (shape) "
        f"GROUP BY shape ORDER BY 1 LIMIT {_MOST_GROUPS}"
    ).fetchall()
    connection.unregister("_wide")
    connection.execute("DROP TABLE _shapes")
    return [group for (ids,) in groups for group in _seen_alike(ids)]


def shown(identifiers: Sequence[str]) -> str:
    """Identifiers beside each other, with the signs of them that the eye would not tell apart as their numbers."""
    return " ~ ".join("".join(f"\\u{ord(sign):04x}" if _is_unclear(sign) else sign for sign in text) for text in identifiers)


def _is_unclear(sign: str) -> bool:
    return sign in _OTHERS or (not sign.isascii() and unicodedata.category(sign) in ("Cf", "Cc", "Zs", "Mn", "Me"))


def _seen_alike(ids: Sequence[str]) -> list[tuple[str, ...]]:
    """Those of a group that differ in letter case alone, and those that differ in signs of one shape alone."""
    found: dict[tuple[str, str], list[str]] = {}
    for text in ids:
        seen = "".join(sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) not in ("Cf", "Mn"))
        plain = " ".join(seen.translate(_SCRIPTS).split())
        for key in (("case", plain.casefold()), ("shape", plain.translate(_SHAPES))):
            found.setdefault(key, []).append(text)
    groups = {tuple(group) for group in found.values() if len(group) > 1}
    return sorted(group for group in groups if not any(set(group) < set(other) for other in groups))
