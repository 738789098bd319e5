"""A pull: reads a platform's database into a workbook folder, whole or not at all; the next one reads what may have changed since."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from kmanalysis.engine.duckdb import connect
from kmanalysis.errors import DataError, UsageError
from kmanalysis.files.durable import write_safely
from kmanalysis.loaders.checking.receipts import Receipt
from kmanalysis.loaders.checking.secrets import key_of
from kmanalysis.loaders.store import TEMPORARY, locked, put_in_place
from kmanalysis.sources.address import Address
from kmanalysis.sources.canonical import Canonical, Pair, proposed
from kmanalysis.sources.databases.opening import opened
from kmanalysis.sources.databases.reading import Database
from kmanalysis.sources.description import Found, Platform, found_in, names_to_look_for, platform
from kmanalysis.sources.mirror import FOLDER, Mirror
from kmanalysis.sources.rules import RULES_FILE, Rules, draft, load_rules
from kmanalysis.standards import Standards, default_standards
from kmanalysis.words import Words

STATE_FILE = "state.json"
STATE_FORM = 1
STOCK_MINUTES = 60
UNCERTAIN_STOCK = "pull.uncertain_stock"
MEMORY = "1GB"
"""What a pull may take, however large the shop is: it runs beside the shop, often on the same small machine. What is more goes to disk."""


@dataclass(frozen=True)
class State:
    """What a pull leaves for the next one. ``columns`` are those that were read, by table; ``notes`` is `Rules.digest` of its rules,
    ``flags`` is `canonical.flags_of` of them.

    ``zone_hours`` is what the clock of the address was ahead of UTC, None where no database was read whose clock the address tells.
    """

    platform: str
    seen_at: datetime | None = None
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    notes: str = ""
    pairs: Sequence[Pair] = ()
    suppliers: Sequence[str] = ()
    zone_hours: int | None = None
    flags: Sequence[str] = ()


@dataclass(frozen=True)
class Pulled:
    """What a pull did.

    ``read`` are the rows that came from the database, by table; ``missing`` what it has not; ``unassigned`` rows without a supplier, by table,
    and ``unassigned_goods`` orders, by SKU; ``checks`` counts by the description's ids; ``is_drafted``: the rules are a draft that this pull wrote.
    """

    receipts: Sequence[Receipt]
    read: Mapping[str, int]
    missing: Sequence[str]
    unassigned: Mapping[str, int]
    unassigned_goods: Mapping[str, int]
    checks: Mapping[str, int]
    is_drafted: bool


def pull(
    name: str,
    address: Address,
    into: Path,
    *,
    words: Words | None = None,
    prefix: str | None = None,
    stock_minutes: int = STOCK_MINUTES,
    memory: str = MEMORY,
    standards: Standards | None = None,
    tell: Callable[[str], None] = lambda table: None,
) -> Pulled:
    """Pulls a platform into a folder. ``prefix``: that of its tables' names, if not the usual one; ``memory``: what it may
    take, as in `engine.memory`; ``tell`` hears of each table before it is read.

    A pull that fails or is killed leaves the folder's tables as they were. Raises LockHeld where another process writes to the folder, UsageError for a
    platform, kind of database or clock that does not fit, DataError where the database or the folder cannot be read.
    """
    description = platform(name)
    check_kind(description, address)
    with locked(into, wait=False, holder=f"kmanalysis pull {name}"), opened(address) as database:
        found = look(description, database, address, prefix)
        zone_hours = found.platform.zone_hours if address.kind in description.clock_kinds else None
        return _Pull(found, database, into, words or Words(), memory, zone_hours).run(
            stock_minutes, (standards or default_standards()).value(UNCERTAIN_STOCK), tell
        )


def check_kind(description: Platform, address: Address) -> None:
    """Raises UsageError where the platform does not run on this kind of database."""
    if address.kind not in description.kinds:
        raise UsageError(
            "{platform} can be read from {accepted}, not from {found}.", platform=description.name, accepted=", ".join(description.kinds), found=address.kind
        )


def look(description: Platform, database: Database, address: Address, prefix: str | None) -> Found:
    """What of the platform is there. Raises DataError where it is not that platform's database, UsageError like `Platform.on`."""
    names = names_to_look_for(description, prefix)
    return found_in(description.on(address.kind, address.options.get("loc", "")), database.layout(names.values()), names, address.kind)


def rules_of(into: Path) -> Rules | None:
    """The folder's rules, None where there is no file of them."""
    path = into / RULES_FILE
    return load_rules(path) if path.is_file() else None


class _Pull:
    def __init__(self, found: Found, database: Database, into: Path, words: Words, memory: str, zone_hours: int | None) -> None:
        self.found, self.database, self.into, self.words = found, database, into, words
        self.key = key_of(into)
        self.state = read_state(into)
        if self.state.platform not in ("", found.platform.name):
            raise UsageError(
                "{folder} was pulled from {found}. Pull {platform} into a folder of its own.",
                folder=into.name, found=self.state.platform, platform=found.platform.name,
            )  # fmt: skip
        kept = self.state.zone_hours
        if None not in (kept, zone_hours) and kept != zone_hours:
            # Reading all anew would not do: what is remembered, what vanished and rows known by their time keep the former clock.
            raise UsageError(
                "{folder} was pulled with a clock {kept} hours ahead of UTC, and loc in the address says {found}. Use the same loc, or pull into a new folder.",
                folder=into.name, kept=kept, found=zone_hours,
            )  # fmt: skip
        self.zone_hours = kept if zone_hours is None else zone_hours
        # What spills holds digests and no secrets, as the folder does, and lies where nobody else may read.
        self.connection = connect(memory, reads=[into])

    def run(self, stock_minutes: int, uncertain_share: float, tell: Callable[[str], None]) -> Pulled:
        now = self.database.now()
        rules = rules_of(self.into)
        is_drafted = rules is None
        mirror = Mirror(self.connection, self.into, self.found, rules or Rules(()), self.key, now)
        for table in self.found.platform.tables.values():
            tell(table.name)
            columns = self.found.columns.get(table.name, frozenset())
            has_notes = any(column.kind == "note" for column in table.columns.values())
            anew = set(self.state.columns.get(table.name, ())) != columns or (has_notes and rules is not None and rules.digest != self.state.notes)
            mirror.take(self.database, table, anew=anew, seen_at=self.state.seen_at)
        rules = rules or self._draft()
        canonical = Canonical(self.connection, self.found, rules, self.key, self.into, self.state.flags)
        canonical.make(stock_minutes, uncertain_share)
        canonical.take()
        canonical.drop_former(self.state.pairs, self.state.suppliers)
        state = State(
            self.found.platform.name, now, {name: sorted(columns) for name, columns in self.found.columns.items()}, rules.digest,
            canonical.pairs(), canonical.suppliers(), self.zone_hours, sorted(canonical.flags),
        )  # fmt: skip
        finished = [*canonical.written(self.words), *mirror.written(), _written(self.into / FOLDER / STATE_FILE, _state_text(state))]
        # Counted before the files move: the engine reads them where they are now.
        pulled = Pulled(
            canonical.receipts, mirror.read, self.found.missing(), canonical.unassigned(), canonical.unassigned_goods(), canonical.checks(), is_drafted,
        )  # fmt: skip
        # Who wrote rules by hand during a long first pull keeps them: the next pull goes by them.
        if is_drafted and (self.into / RULES_FILE).exists():
            pulled = replace(pulled, is_drafted=False)
        elif is_drafted:
            finished.append(_written(self.into / RULES_FILE, rules.text))
        put_in_place(finished, self.into)
        return pulled

    def _draft(self) -> Rules:
        remark = (
            self.words.text("A draft of who supplies what, made from the database. Correct it and pull again: all rows are reassigned."),
            self.words.text("The first matching rule wins. Rows that match no rule go to the supplier unassigned."),
        )
        return draft(proposed(self.connection, self.found), self.found.platform.currency, remark, self.key)


def read_state(into: Path) -> State:
    """What the last pull left; an empty state where there was none. Raises DataError where the file cannot be read."""
    path = into / FOLDER / STATE_FILE
    if not path.exists():
        return State("")
    try:
        written: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        seen_at = datetime.fromisoformat(written["seen_at"])
        pairs = [(supplier, sku) for supplier, sku in written["pairs"]]
        if written["form"] != STATE_FORM:
            raise ValueError("another form")
        return State(
            written["platform"], seen_at, written["columns"], written["notes"], pairs, written["suppliers"], written.get("zone_hours"),
            written.get("flags", ()),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError) as problem:
        raise DataError("Cannot read {file} in {folder}. Restore it from a backup, or pull into a new folder.", file=path.name, folder=FOLDER) from problem


def _state_text(state: State) -> str:
    written = {
        "form": STATE_FORM,
        "platform": state.platform,
        "seen_at": str(state.seen_at),
        "columns": state.columns,
        "notes": state.notes,
        "pairs": state.pairs,
        "suppliers": state.suppliers,
        "zone_hours": state.zone_hours,
        "flags": state.flags,
    }
    return json.dumps(written, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _written(target: Path, text: str) -> tuple[Path, Path]:
    """Writes a text beside its file: (temporary, target)."""
    target.parent.mkdir(exist_ok=True)
    temporary = target.with_name(target.name + TEMPORARY)
    write_safely(temporary, text.encode())
    return temporary, target
