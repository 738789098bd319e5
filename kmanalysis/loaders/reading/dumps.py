"""Files that are no tables: a database's dump in SQL is recognised, and answered with what to do instead."""

from __future__ import annotations

import re
from pathlib import Path

from kmanalysis.errors import DataError

_HEAD = 1 << 16
_BEGINNING = re.compile(r"\s*(?:--|/\*|#|PGDMP|(?:PRAGMA|SET|BEGIN|START|CREATE|INSERT|REPLACE|DROP|LOCK|USE|COPY|ALTER)\b)", re.IGNORECASE)
_STATEMENT = re.compile(
    r"^[ \t]*(?:INSERT\s+INTO|REPLACE\s+INTO|CREATE\s+TABLE(?:\s+IF\s+NOT\s+EXISTS)?|DROP\s+TABLE\s+IF\s+EXISTS|LOCK\s+TABLES)\s+"
    r"(?:[`\"\[]?\w+[`\"\]]?\.)?[`\"\[]?(?P<table>\w+)",
    re.IGNORECASE | re.MULTILINE,
)
_COPY = re.compile(r"^COPY\s+(?:\"?\w+\"?\.)?\"?(?P<table>\w+)\"?\s.*FROM stdin;", re.MULTILINE)


def refuse_dump(path: Path) -> None:
    """Raises DataError for a dump in SQL: its rows are statements, and loading them would mean running them."""
    with path.open("rb") as source:
        head = source.read(_HEAD).decode("utf-8", "replace").removeprefix("\ufeff")
    statement = _STATEMENT.search(head) or _COPY.search(head)
    is_dump = path.suffix.lower() == ".sql" or head.startswith("PGDMP") or (statement and _BEGINNING.match(head))
    if is_dump:
        raise DataError(
            "{file} is a dump in SQL, not a table. Export the table as text instead, from MySQL: "
            'mysql --batch -e "SELECT * FROM {table}" DATABASE > {table}.tsv (and escape = "\\\\" under [source] of the mapping); from PostgreSQL: '
            "psql -c \"\\copy {table} TO '{table}.csv' CSV HEADER\" DATABASE. Or have the database itself read: kmanalysis pull.",
            file=path.name,
            table=statement["table"] if statement else "orders",
        )
