"""`kmanalysis load --supplier … --date …`: suppliers' price lists, with everything in them that was not loaded as a price."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from kmanalysis.errors import UsageError

if TYPE_CHECKING:
    from kmanalysis.loaders.checking.receipts import Receipt
    from kmanalysis.loaders.pricelists.load import Seen
    from kmanalysis.words import Words


def is_price_list(supplier: str, date: str, mapping: Path | None, table: str) -> bool:
    """Whether the files to load are price lists: a supplier and a day are named. Raises UsageError for one without the other, and for a mapping beside them."""
    if not supplier and not date:
        return False
    if not supplier or not date:
        raise UsageError("A price list needs both: {options}.", options="--supplier, --date")
    if mapping or table not in ("", "quotes"):
        raise UsageError("{option} does not go with a price list, which is read by its own headings.", option="--mapping" if mapping else "--as")
    return True


def load_price_lists(files: Sequence[Path], folder: Path, supplier: str, date: str, words: Words) -> None:
    """Loads the files; what was rejected, is open or was passed over is said on stderr. Exits with 1 where a price waits or is at fault."""
    from kmanalysis.cli.terminal.scores import fault_lines
    from kmanalysis.loaders.pricelists.load import DECIDED, load_price_list
    from kmanalysis.loaders.pricelists.review import FILE

    receipts: list[Receipt] = []
    for file in files:
        loaded = load_price_list(file, folder, supplier=supplier, date=date, words=words)
        for line in [*fault_lines(loaded.attached.rejects, words), *(seen_text(seen, words) for seen in loaded.seen)]:
            typer.echo(line, err=True)
        # At once: the next file may end the command, and this one is loaded.
        typer.echo("\n".join(receipt.text(words) for receipt in loaded.attached.receipts))
        if any(receipt.open for receipt in loaded.attached.receipts) and not any(receipt.open for receipt in receipts):
            hint = words.text("Say in {file}, in the folder, what each open spelling is: write accepted or rejected as its state, and load again.", file=FILE)
            typer.echo(hint, err=True)
        receipts += loaded.attached.receipts
    if any(receipt.open or receipt.rejected.keys() - DECIDED or not receipt.kept for receipt in receipts):
        raise typer.Exit(1)


def seen_text(seen: Seen, words: Words) -> str:
    """A line for a cell that is no price or has a note beside it."""
    place = {"file": seen.file, "cell": seen.cell, "text": seen.text}
    match seen.kind:
        case "open" if seen.proposed:
            return words.text("{file}, cell {cell}: {text} is open. It may be: {proposed}.", **place, proposed=seen.proposed)
        case "open":
            return words.text("{file}, cell {cell}: {text} is open. No product of the catalogue resembles it and has the same numbers.", **place)
        case "note":
            return words.text("{file}, cell {cell}: loaded, with a note beside the price: {text}", **place)
        case "section":
            return words.text("{file}, cell {cell}: taken for the heading of a section: {text}", **place)
        case "column":
            return words.text("{file}, cell {cell}: column not read: {text}", **place)
        case "sheet":
            return words.text("{file}: no table of prices was found in this sheet.", **place)
    return words.text("{file}, cell {cell}: a line of text, not read: {text}", **place)
