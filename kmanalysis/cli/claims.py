"""`kmanalysis claims`: what suppliers owe, as claim sheets, and the record of what was claimed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kmanalysis.cli.options import Data, Lang, MonthText, OwnStandards, cli_errors, folder_of, receipts_of, warn_of_rejects, warn_of_unstamped

if TYPE_CHECKING:
    import pandas as pd

    from kmanalysis.words import Words

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, help="Claims on suppliers.")


@app.callback()
def claims() -> None:
    """Claims on suppliers."""


@app.command(help="Write a claim sheet a supplier and record its claims as made.")
def export(
    data: Data = None,
    month: MonthText = None,
    supplier: Annotated[list[str] | None, typer.Option("--supplier", metavar="ID", help="Only the claims on these suppliers.")] = None,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Where claim sheets are written.")] = "reports/claims",
    on: Annotated[
        str | None, typer.Option("--on", metavar="YYYY-MM-DD", help="Day on which the claims are made; the day after the month if not given.")
    ] = None,
    standards: OwnStandards = None,
    lang: Lang = "zh",
) -> None:
    """One Excel file a supplier with something to claim or to take back; the folder's table of claims says so ever after."""
    with cli_errors(lang, out) as words:
        from kmanalysis.decisions.claims import claim_day, claims_to_make, recorded_claims
        from kmanalysis.files.faults import check_writable
        from kmanalysis.loaders.address import local_folder
        from kmanalysis.opening import open_workbook
        from kmanalysis.report.sheets.claims import claim_sheets, drop_sheets, finish_sheets, write_sheets

        folder, written = folder_of(data), local_folder(out)
        check_writable(written)
        warn_of_unstamped(folder, words)
        workbook = open_workbook(folder, month, standards, lang)
        workbook.check_month()
        day = claim_day(workbook.month, on)
        lines = claims_to_make(workbook, tuple(supplier or ()))
        warn_of_rejects(receipts_of(workbook), words)
        if lines.empty:
            typer.echo(words.text("There is nothing to claim for {month} that was not claimed before.", month=workbook.month), err=True)
            return
        sheets = write_sheets(claim_sheets(lines, workbook.month, day, workbook.names, words), written / str(workbook.month))
        try:
            # Recorded before the sheets get their names: nobody sends a claim that the next month would make again.
            rejected = _record(recorded_claims(lines, day), folder, words)
            for sheet in finish_sheets(sheets):
                typer.echo(sheet)
        finally:
            drop_sheets(sheets)
        amounts = [words.money(sum(of_one["claim_amount"]), str(currency)) for currency, of_one in lines.groupby("currency", sort=True)]
        typer.echo(words.text("{count} lines recorded as claimed: {amounts}.", count=len(lines) - rejected, amounts=", ".join(amounts)), err=True)
        if rejected:
            typer.echo(words.text("{count} lines of the sheets were not taken into table claims. Run: kmanalysis check.", count=rejected), err=True)
            raise typer.Exit(1)


def _record(claimed: pd.DataFrame, folder: Path, words: Words) -> int:
    """Merges rows of the canonical table of claims into the folder, whole or not at all, as any load does; gives how many rows were rejected."""
    from kmanalysis.loaders.load import load
    from kmanalysis.loaders.mapping.toml import parse_mapping

    columns = {column: {"from": column} for column in claimed.columns}
    source = {"encoding": "utf-8", "delimiter": ",", "header_line": 1}
    mapping = parse_mapping({"source": source, "tables": {"claims": {"columns": columns}}}, "claims")
    with tempfile.TemporaryDirectory() as kept:
        file = Path(kept) / "claims.csv"
        claimed.to_csv(file, index=False, lineterminator="\n")
        return sum(sum(receipt.rejected.values()) for receipt in load([file], mapping, folder, table="claims", words=words).receipts)
