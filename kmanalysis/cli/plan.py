"""`kmanalysis plan`: how many codes a trial has to check, and how to split purchases."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from kmanalysis.cli.options import WIDE, Data, Lang, MonthText, OwnStandards, cli_errors, folder_of, receipts_of, warn_of_rejects, warn_of_unstamped
from kmanalysis.errors import UsageError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, help="Plan trials and purchases.")


@app.command(help="How many codes a trial has to check, and what a small sample can and cannot show.")
def trial(
    claim: Annotated[float | None, typer.Option("--claim", metavar="SHARE", help="Share of valid codes that is to be shown, like 0.99.")] = None,
    confidence: Annotated[float | None, typer.Option("--confidence", metavar="SHARE", help="Confidence at which it is to be shown, like 0.95.")] = None,
    failures: Annotated[int, typer.Option("--failures", metavar="N", help="Dead codes that are allowed among those checked.")] = 0,
    lot: Annotated[int | None, typer.Option("--lot", metavar="N", help="Codes of a lot, where the claim is about these alone.")] = None,
    price: Annotated[str | None, typer.Option("--price", metavar="AMOUNT", help="Price of a code.")] = None,
    budget: Annotated[str | None, typer.Option("--budget", metavar="AMOUNT", help="What the trial's purchase may cost.")] = None,
    sample: Annotated[float | None, typer.Option("--sample", metavar="SHARE", help="Share of the purchase that is checked, like 0.1.")] = None,
    good: Annotated[float | None, typer.Option("--good", metavar="SHARE", help="Share of valid codes of a good supplier, like 0.999.")] = None,
    alpha: Annotated[float | None, typer.Option("--alpha", metavar="SHARE", help="Risk of rejecting a good supplier.")] = None,
    beta: Annotated[float | None, typer.Option("--beta", metavar="SHARE", help="Risk of accepting a supplier at the claim.")] = None,
    format: Annotated[str, typer.Option("--format", metavar="table|json", help="How it is printed.")] = "table",
    standards: OwnStandards = None,
    lang: Lang = "zh",
) -> None:
    """The plan in sentences and tables, or as JSON; what is not said is as the standards say."""
    with cli_errors(lang) as words:
        if format not in ("table", "json"):
            raise UsageError("Format {found!r} cannot be printed. Choose one of: {accepted}.", found=format, accepted="table, json")
        from rich.console import Console

        from kmanalysis.cli.terminal.plans import trial_json, trial_text
        from kmanalysis.decisions.trials.plans import trial_request
        from kmanalysis.standards import load_standards

        amounts = {name: _amount(name, value) for name, value in (("price", price), ("budget", budget))}
        shares = {"claim": claim, "confidence": confidence, "sample_share": sample, "good": good, "alpha": alpha, "beta": beta}
        asked = trial_request(load_standards(standards), failures=failures, lot=lot, **amounts, **shares)
        if format == "json":
            sys.stdout.write(trial_json(asked))
            return
        console = Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, soft_wrap=True, markup=False)
        for part in trial_text(asked, words):
            console.print(part)


@app.command(help="Split next month's purchases over suppliers at least cost.")
def allocation(
    data: Data = None,
    month: MonthText = None,
    cap: Annotated[str | None, typer.Option("--cap", metavar="SHARE", help="Largest share that one supplier may have, like 0.4.")] = None,
    floor: Annotated[str, typer.Option("--floor", metavar="S|A|B", help="Lowest grade that may be bought from.")] = "B",
    demand: Annotated[
        Path | None, typer.Option("--demand", metavar="FILE", help="Units by SKU (CSV with sku and quantity); what was sold in the month if not given.")
    ] = None,
    format: Annotated[str, typer.Option("--format", metavar="table|csv|json", help="How it is printed.")] = "table",
    standards: OwnStandards = None,
    lang: Lang = "zh",
) -> None:
    """The plan, what it saves and what each constraint costs; exit code 1 where there is no split, with the constraints that conflict."""
    with cli_errors(lang) as words:
        if format not in ("table", "csv", "json"):
            raise UsageError("Format {found!r} cannot be printed. Choose one of: {accepted}.", found=format, accepted="table, csv, json")
        from rich.console import Console

        from kmanalysis.cli.terminal.allocation import plan_csv, plan_json, plan_text
        from kmanalysis.decisions.allocation.frames import plan_frames
        from kmanalysis.decisions.allocation.inputs import asked_cap, asked_floor, read_demand
        from kmanalysis.opening import open_workbook

        share_cap, lowest, asked = asked_cap(cap), asked_floor(floor), None if demand is None else read_demand(demand)
        folder = folder_of(data)
        warn_of_unstamped(folder, words)
        workbook = open_workbook(folder, month, standards, lang)
        workbook.check_month()
        with only_ours_on_stdout():
            plan = plan_frames(workbook, share_cap, lowest, asked)
        if format == "table":
            console = Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, soft_wrap=True)
            for part in plan_text(plan, words, workbook.names):
                console.print(part)
        else:
            sys.stdout.write(plan_csv(plan) if format == "csv" else plan_json(plan))
        warn_of_rejects(receipts_of(workbook), words)
        if len(plan.scenarios) and plan.scenarios["state"].iloc[0] != "planned":
            raise typer.Exit(1)


@contextmanager
def only_ours_on_stdout() -> Iterator[None]:
    """Sends what a library writes to the process's own stdout to stderr: on hard problems HiGHS prints a line that no option turns off."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        # The line may still wait in the C library's buffer.
        ctypes.CDLL(None if os.name == "posix" else "msvcrt").fflush(None)
        os.dup2(kept, 1)
        os.close(kept)


def _amount(name: str, text: str | None) -> Decimal | None:
    try:
        amount = None if text is None else Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if amount is not None and not amount.is_finite():
        raise UsageError("{name} must be an amount, found {found!r}. Write it like 9.90.", name=name, found=text)
    return amount
