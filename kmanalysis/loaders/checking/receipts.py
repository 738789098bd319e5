"""What became of the rows of a file: read, kept, rejected by reason, and what is doubtful among the kept."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from kmanalysis.words import Words

REJECT_COLUMNS = ("file", "line", "column", "value", "reason", "accepted")
"""Columns of a rejects frame: one row a fault. ``line`` is the physical line (or sheet row) where the row starts; ``value`` is
what stood there, secrets as digests; ``reason`` is an id that the catalogue names; ``accepted`` is what would have passed."""


@dataclass(frozen=True)
class Receipt:
    """The rows of one file for one table.

    ``new``, ``updated`` and ``same`` say what the kept rows did to the table. ``rejected`` and ``doubts`` count rows by reason;
    doubtful rows are kept. ``filtered`` rows belong to another table by the mapping; ``skipped`` lines lie before, after or between the rows.
    ``removed`` rows stood in the table and no more in the form that was loaded; ``left`` ones stayed, since rows of the form were rejected.
    ``named`` says by doubt what it is about, where its rows would not tell. ``open`` rows of a price list wait for somebody to say which product is meant.
    ``unheaded`` are the filled columns that have no heading and were not read, by their letters; ``unread_sheets`` and ``hidden_sheets`` of a workbook
    were not read either.
    """

    table: str
    file: str
    read: int
    kept: int
    new: int = 0
    updated: int = 0
    same: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    doubts: Mapping[str, int] = field(default_factory=dict)
    filtered: int = 0
    skipped: int = 0
    removed: int = 0
    left: int = 0
    open: int = 0
    named: Mapping[str, str] = field(default_factory=dict)
    unheaded: Sequence[str] = ()
    unread_sheets: Sequence[str] = ()
    hidden_sheets: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not self.add_up:
            raise AssertionError(f"receipt does not add up: {self}")

    @property
    def add_up(self) -> bool:
        """Whether rows in equal rows kept, rejected and open, and the kept ones what they did to the table."""
        return self.read == self.kept + sum(self.rejected.values()) + self.open and self.kept == self.new + self.updated + self.same

    def text(self, words: Words) -> str:
        """The receipt for a reader: a line for the counts, then one for each reason."""
        lines = [
            words.text(
                "{file} → {table}: {read} rows read, {kept} kept ({new} new, {updated} updated, {same} already there), {rejected} rejected",
                file=self.file,
                table=words.name(self.table),
                read=words.number(self.read),
                kept=words.number(self.kept),
                new=words.number(self.new),
                updated=words.number(self.updated),
                same=words.number(self.same),
                rejected=words.number(sum(self.rejected.values())),
            )
        ]
        lines += [
            words.text("  rejected: {reason}: {rows}", reason=words.name(f"reason.{reason}"), rows=words.number(rows))
            for reason, rows in _largest_first(self.rejected)
        ]
        for reason, rows in _largest_first(self.doubts):
            told = {"reason": words.name(f"reason.{reason}"), "rows": words.number(rows)}
            if reason in self.named:
                lines.append(words.text("  kept, but doubtful: {reason}: {rows} ({named})", **told, named=self.named[reason]))
            else:
                lines.append(words.text("  kept, but doubtful: {reason}: {rows}", **told))
        if self.open:
            lines.append(words.text("  open, not loaded until you confirm which product is meant: {rows}", rows=words.number(self.open)))
        if self.filtered:
            lines.append(words.text("  left to other tables by the mapping: {rows}", rows=words.number(self.filtered)))
        if self.removed:
            lines.append(words.text("  removed from the table, since the form does not have them any more: {rows}", rows=words.number(self.removed)))
        if self.left:
            lines.append(words.text("  left in the table as they were, since rows of the form were rejected: {rows}", rows=words.number(self.left)))
        if self.unheaded:
            lines.append(words.text("  columns without a heading, not read: {columns}", columns=words.join(self.unheaded)))
        if self.unread_sheets:
            lines.append(words.text("  sheets not read, since their headings are others: {sheets}", sheets=words.join(self.unread_sheets)))
        if self.hidden_sheets:
            lines.append(words.text("  hidden sheets, not read: {sheets}", sheets=words.join(self.hidden_sheets)))
        return "\n".join(lines)


def receipts_text(receipts: Iterable[Receipt], words: Words) -> str:
    """Several receipts for a reader."""
    return "\n".join(receipt.text(words) for receipt in receipts)


def receipts_json(receipts: Iterable[Receipt]) -> str:
    """Receipts as JSON: a list of objects with the fields of `Receipt`."""
    return json.dumps([asdict(receipt) for receipt in receipts], ensure_ascii=False, indent=2, sort_keys=True)


def files_without_rows(receipts: Iterable[Receipt]) -> list[str]:
    """The files of which no row was kept for any table."""
    kept: dict[str, int] = {}
    for receipt in receipts:
        kept[receipt.file] = kept.get(receipt.file, 0) + receipt.kept
    return [file for file, rows in kept.items() if not rows]


def _largest_first(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))


def rejected_rows(receipts: Sequence[Receipt]) -> int:
    """How many rows were rejected."""
    return sum(sum(receipt.rejected.values()) for receipt in receipts)


def summed(counts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Rows by reason over all places of a file."""
    total: Counter[str] = Counter()
    for by_reason in counts.values():
        total.update(by_reason)
    return dict(total)
