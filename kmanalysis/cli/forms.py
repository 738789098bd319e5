"""`kmanalysis forms`: an Excel file in which the hand-kept tables are filled in; `load` reads it back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kmanalysis.cli.options import Lang, cli_errors
from kmanalysis.errors import UsageError

if TYPE_CHECKING:
    from kmanalysis.loaders.checking.receipts import Receipt
    from kmanalysis.words import Words

HELP = "Write one Excel file for the tables that are kept by hand, to fill in; `kmanalysis load` reads it back."


def forms(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The Excel file to write (.xlsx).")],
    data: Annotated[str | None, typer.Option("--data", metavar="DIR", help="Folder whose rows it is filled in with; without one it is empty.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    lang: Lang = "zh",
) -> None:
    """The form's path on stdout."""
    with cli_errors(lang, out) as words:
        from kmanalysis.files.durable import write_atomically
        from kmanalysis.files.faults import check_writable
        from kmanalysis.loaders.address import local_folder
        from kmanalysis.loaders.forms.filled import Filled, filled_rows
        from kmanalysis.report.sheets.forms import form_workbook

        if out.suffix.lower() != ".xlsx":
            raise UsageError("{file}: a form is an Excel file. Name it like forms.xlsx.", file=out.name)
        if out.exists() and not force:
            raise UsageError("{file} is there already and may hold what you filled in. Load it, name another file, or add --force.", file=out.name)
        if not out.absolute().parent.is_dir():
            raise UsageError("Folder {folder} was not found.", folder=out.absolute().parent.name)
        check_writable(out.absolute().parent)
        filled = filled_rows(local_folder(data)) if data else Filled()
        write_atomically(out, form_workbook(filled, words))
        typer.echo(out)


def forms_among(files: Sequence[Path], mapping: Path | None, table: str) -> list[Path]:
    """The forms among the files to load. Raises UsageError where a mapping or a table is named for one: a form says for itself what it holds."""
    from kmanalysis.loaders.forms.sheets import is_form

    found = [file for file in files if is_form(file)]
    if found and (mapping or table):
        raise UsageError(
            "{file} is a form, which needs no {option}: its sheets say which tables they are. Load it alone.",
            file=found[0].name,
            option="--mapping" if mapping else "--as",
        )
    return found


def load_form(file: Path, folder: Path, words: Words) -> Sequence[Receipt]:
    """Loads a filled-in form; each rejected cell is said on stderr. Gives a receipt a sheet."""
    from kmanalysis.cli.terminal.scores import fault_lines
    from kmanalysis.loaders.forms.load import load_form as load

    attached = load(file, folder, words=words)
    for line in fault_lines(attached.rejects, words):
        typer.echo(line, err=True)
    return attached.receipts


def empty_text(receipts: Sequence[Receipt], words: Words) -> list[str]:
    """A line for each sheet of a form that had no row."""
    return [words.text("{file}: no row: the table says that there was none.", file=receipt.file) for receipt in receipts if not receipt.read]
