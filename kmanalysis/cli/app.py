"""The command line: data on stdout; progress, warnings and errors on stderr.

Exit codes: 0 all done, 1 something failed or was rejected (the rest is there), 2 unusable arguments; 130 and 143 stopped by Ctrl-C and SIGTERM.
"""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kmanalysis import __version__
from kmanalysis.cli import claims, forms, init, key, plan, pricelists, pull, watch
from kmanalysis.cli.options import (
    SAMPLES,
    WIDE,
    Data,
    EngineName,
    Lang,
    Master,
    Memory,
    MonthText,
    OwnStandards,
    cli_errors,
    folder_of,
    place_of_data,
    receipts_of,
    terminate,
    warn_of_rejected,
    warn_of_rejects,
    warn_of_unstamped,
)
from kmanalysis.errors import UsageError
from kmanalysis.files.faults import error_of
from kmanalysis.files.memory import be_frugal
from kmanalysis.words import DEFAULT, Words, languages

if TYPE_CHECKING:
    from kmanalysis.loaders.folder import Attached

# The engine and the notebooks' machinery are imported by the commands that need them: --help does not wait.

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(plan.app, name="plan")
app.add_typer(claims.app, name="claims")
app.add_typer(key.app, name="key")
app.command(help=init.HELP)(init.init)
app.command(help=pull.HELP)(pull.pull)
app.command(help=forms.HELP)(forms.forms)
app.command(help=watch.HELP)(watch.watch)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback(help="Grades upstream suppliers.")
def kmanalysis(
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")] = False,
) -> None:
    """What stands before every command."""


@app.command(help="Run the notebooks and write the month's report.")
def report(
    data: Data = None,
    month: MonthText = None,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Where reports are written.")] = "reports",
    supplier: Annotated[list[str] | None, typer.Option("--supplier", metavar="ID", help="Only the pages of these suppliers.")] = None,
    notebook: Annotated[list[str] | None, typer.Option("--notebook", metavar="NAME", help="Only the pages of these notebooks.")] = None,
    lang: Lang = "zh",
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", min=0, help="Notebooks that run side by side (0: one a core).")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Make pages anew that are up to date.")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="Print the pages to PDF as well, by the Chromium of this machine.")] = False,
    timeout: Annotated[float, typer.Option("--timeout", metavar="SECONDS", min=1, help="Time that a page may take.")] = 600.0,
    kernel_memory: Annotated[str, typer.Option("--kernel-memory", metavar="SIZE", help="Memory that a page may take while it is made.")] = "4GB",
    engine: EngineName = "duckdb",
    master: Master = None,
    memory: Memory = None,
    standards: OwnStandards = None,
    notebooks: Annotated[Path | None, typer.Option("--notebooks", metavar="DIR", help="Folder of the notebooks, if not the ones that come along.")] = None,
) -> None:
    """The whole report, or the pages asked for; exit code 1 where a page failed."""
    with cli_errors(lang, out) as words:
        from rich.console import Console

        from kmanalysis.assets import notebooks_folder
        from kmanalysis.engine.memory import bytes_of
        from kmanalysis.loaders.address import local_folder
        from kmanalysis.report.progress import Progress
        from kmanalysis.report.request import Options, Request, fulfil
        from kmanalysis.report.site.pdf import browser, print_pages
        from kmanalysis.standards import load_standards

        printer = browser() if pdf else ""
        progress = Progress(Console(stderr=True), words)
        reports = local_folder(out)
        asked = Request(
            data=place_of_data(data), month=month, standards=load_standards(standards), words=words, notebooks=notebooks or notebooks_folder(), out=reports,
            only_notebooks=notebook or (), only_suppliers=supplier or (), memory=memory, engine=engine, master=master,
        )  # fmt: skip
        result = fulfil(asked, Options(jobs, force, timeout, bytes_of(kernel_memory)), progress)
        folder = reports / result.month
        if result.is_new:
            warn_of_unstamped(asked.data, words)
        if printer:
            with progress.step(words.text("Printing to PDF")):
                print_pages(printer, [folder / path for path in ("index.html", *result.pages)])
        typer.echo(folder / "index.html")
        warn_of_rejected(result.rejected, words)
        if result.has_failed or result.rejected:
            raise typer.Exit(1)


@app.command(help="Print the month's scorecard alone.")
def score(
    data: Data = None,
    month: MonthText = None,
    format: Annotated[str, typer.Option("--format", metavar="table|csv|json", help="How it is printed.")] = "table",
    grades: Annotated[bool, typer.Option("--grades", help="Print the grades of every month instead.")] = False,
    engine: EngineName = "duckdb",
    master: Master = None,
    memory: Memory = None,
    standards: OwnStandards = None,
    lang: Lang = "zh",
) -> None:
    """The scorecard and the grades; as csv the scorecard, or with --grades the grades by month."""
    with cli_errors(lang, data or "") as words:
        if format not in ("table", "csv", "json"):
            raise UsageError("Format {found!r} cannot be printed. Choose one of: {accepted}.", found=format, accepted="table, csv, json")
        from rich.console import Console

        from kmanalysis.loaders.checking.receipts import rejected_rows
        from kmanalysis.opening import open_workbook
        from kmanalysis.report.progress import Progress

        place = place_of_data(data)
        warn_of_unstamped(place, words)
        # While the engine reads the folder, Python has time to import what counts.
        Thread(target=_import_ahead, args=("kmanalysis.cli.terminal.scores",)).start()
        workbook = open_workbook(place, month, standards, lang, memory=memory, engine=engine, master=master)
        workbook.check_month()
        from kmanalysis.cli.terminal import scores

        with Progress(Console(stderr=True), words).counting() as hears:
            workbook.listen(hears)
            if format == "table":
                answer: Any = scores.grades_table(workbook) if grades else scores.score_table(workbook)
            else:
                answer = {"csv": scores.score_csv, "json": scores.score_json}[format](workbook, grades)
        if format == "table":
            Console(width=None if sys.stdout.isatty() else WIDE).print(answer)
        else:
            sys.stdout.write(answer)
        warn_of_rejects(receipts_of(workbook), words)
        if rejected_rows(receipts_of(workbook)):
            raise typer.Exit(1)


@app.command(help="Print the month's exceptions: orders, codes and goods to review, with the amount at stake.")
def exceptions(
    data: Data = None,
    month: MonthText = None,
    format: Annotated[str, typer.Option("--format", metavar="csv|json", help="How it is printed.")] = "csv",
    engine: EngineName = "duckdb",
    master: Master = None,
    memory: Memory = None,
    standards: OwnStandards = None,
    lang: Lang = "zh",
) -> None:
    """Every exception of the month; on stderr the kinds that could not be looked for."""
    with cli_errors(lang, data or "") as words:
        if format not in ("csv", "json"):
            raise UsageError("Format {found!r} cannot be printed. Choose one of: {accepted}.", found=format, accepted="csv, json")
        from kmanalysis.cli.terminal.exceptions import checks_told, exceptions_csv, exceptions_json
        from kmanalysis.decisions.exceptions import all_exceptions, exception_checks
        from kmanalysis.opening import open_workbook

        place = place_of_data(data)
        warn_of_unstamped(place, words)
        workbook = open_workbook(place, month, standards, lang, memory=memory, engine=engine, master=master)
        workbook.check_month()
        found = all_exceptions(workbook)
        sys.stdout.write(exceptions_csv(found) if format == "csv" else exceptions_json(found, exception_checks(workbook)))
        for told in checks_told(exception_checks(workbook), words):
            typer.echo(told, err=True)
        warn_of_rejects(receipts_of(workbook), words)


@app.command(help="Validate a folder: receipts, and every rejected row with its reason.")
def check(
    data: Data = None,
    format: Annotated[str, typer.Option("--format", metavar="text|json|csv", help="How it is printed; csv prints the rejected rows alone.")] = "text",
    stamp: Annotated[bool, typer.Option("--stamp", help="Write Parquet tables that bear no stamp of today's rules again, with it.")] = False,
    set_aside: Annotated[bool, typer.Option("--set-aside", help="With --stamp: move rows that are rejected to rejected/, whole.")] = False,
    lang: Lang = "zh",
) -> None:
    """What each table's rows became; exit code 1 where rows were rejected."""
    with cli_errors(lang, data or "") as words:
        if format not in ("text", "json", "csv"):
            raise UsageError("Format {found!r} cannot be printed. Choose one of: {accepted}.", found=format, accepted="text, json, csv")
        from kmanalysis.cli.terminal import scores
        from kmanalysis.loaders import load as loading

        if set_aside and not stamp:
            raise UsageError("{option} goes with {other}.", option="--set-aside", other="--stamp")
        folder = folder_of(data)
        attached = _stamp(folder, set_aside, words) if stamp else loading.check(folder)
        sys.stdout.write({"text": scores.check_text, "json": scores.check_json, "csv": scores.check_csv}[format](attached, words))
        if not stamp:
            warn_of_unstamped(folder, words)
        if len(attached.rejects):
            raise typer.Exit(1)


def _stamp(folder: Path, set_aside: bool, words: Words) -> Attached:
    """Stamps the folder's tables, says on stderr which, and returns what validation found."""
    from kmanalysis.loaders.stamping import stamp_tables

    outcome = stamp_tables(folder, words, set_aside=set_aside)
    for name, rows in outcome.refused.items():
        left = words.text(
            "{table} is left as it is: {rows} of its rows are rejected. Mend them, or stamp it with --set-aside, which keeps them in rejected/.",
            table=name,
            rows=words.number(rows),
        )
        typer.echo(left, err=True)
    for path in outcome.aside:
        typer.echo(words.text("Rejected rows were set aside: {path}", path=path), err=True)
    if outcome.stamped:
        typer.echo(words.text("Stamped: {tables}", tables=", ".join(outcome.stamped)), err=True)
    return outcome.attached


@app.command(help="Load raw exports, suppliers' price lists, or a filled-in form, into a folder of canonical tables.")
def load(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", readable=False, help="Raw exports: CSV, Excel or Parquet; or price lists; or a form.")],
    into: Annotated[str, typer.Option("--into", metavar="DIR", help="Folder of canonical tables; made where it is not there.")],
    mapping: Annotated[
        Path | None,
        typer.Option("--mapping", metavar="FILE", readable=False, help="What the exports' columns mean (TOML); without one it is proposed, to be finished."),
    ] = None,
    table: Annotated[str, typer.Option("--as", metavar="TABLE", help="Load this table alone of those that are mapped.")] = "",
    supplier: Annotated[str, typer.Option("--supplier", metavar="ID", help="The files are price lists of this supplier: quotes. Needs --date.")] = "",
    date: Annotated[str, typer.Option("--date", metavar="YYYY-MM-DD", help="The day of the price lists (Asia/Shanghai).")] = "",
    lang: Lang = "zh",
) -> None:
    """A receipt a file and table; exit code 1 where rows were rejected, or none of a file was kept."""
    with cli_errors(lang, into) as words:
        from kmanalysis.loaders import load as loading
        from kmanalysis.loaders.address import local_folder
        from kmanalysis.loaders.checking.receipts import files_without_rows, receipts_text

        folder = local_folder(into)
        if pricelists.is_price_list(supplier, date, mapping, table):
            pricelists.load_price_lists(files, folder, supplier, date, words)
            return
        filled_in = forms.forms_among(files, mapping, table)
        exports = [file for file in files if file not in filled_in]
        if mapping is None:
            from kmanalysis.loaders.mapping.proposal import mapping_for

            # Each file by its own mapping: the one that lies in the folder, or a proposal.
            mappings = [(file, mapping_for(file, table, folder, words=words, tell=lambda text: typer.echo(text, err=True))) for file in exports]
            receipts = [receipt for file, own in mappings for receipt in loading.load([file], own, folder, table=table, words=words).receipts]
        else:
            receipts = loading.load(exports, mapping, folder, table=table, words=words).receipts
        empty = files_without_rows(receipts)
        of_forms = [receipt for file in filled_in for receipt in forms.load_form(file, folder, words)]
        receipts = [*receipts, *of_forms]
        typer.echo("\n".join([receipts_text(receipts, words), *forms.empty_text(of_forms, words)]))
        for name in empty:
            typer.echo(
                words.text("{file}: not one row was kept. Look at the file, at the mapping's [source] and where, and at rejected/ in the folder.", file=name),
                err=True,
            )
        if empty or any(receipt.rejected for receipt in receipts):
            raise typer.Exit(1)


@app.command(help="Write synthetic data with planted truth.")
def sample(
    into: Annotated[str, typer.Option("--into", metavar="DIR", help="New or empty folder.")] = SAMPLES.as_posix(),
    suppliers: Annotated[int, typer.Option("--suppliers", metavar="N", help="How many suppliers.")] = 20,
    months: Annotated[int, typer.Option("--months", metavar="M", help="How many months.")] = 6,
    orders: Annotated[int, typer.Option("--orders", metavar="N", help="About how many orders in all.")] = 20_000,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Another seed, other data.")] = 1,
    last_month: Annotated[str, typer.Option("--last-month", metavar="YYYY-MM", help="The month that it ends with.")] = "2026-10",
    format: Annotated[str, typer.Option("--format", metavar="csv|parquet", help="Form of the tables.")] = "csv",
    random: Annotated[bool, typer.Option("--random", help="Nothing is planted: events are chance, by true rates that stand in truth.csv.")] = False,
    lang: Lang = "zh",
) -> None:
    """A workbook folder whose truth.csv says what was planted in whom."""
    with cli_errors(lang, into) as words:
        from rich.console import Console

        from kmanalysis.files.faults import check_writable
        from kmanalysis.loaders.address import local_folder
        from kmanalysis.report.progress import Progress
        from kmanalysis.samples import make_samples

        check_writable(local_folder(into))
        with Progress(Console(stderr=True), words).months(months) as tell:
            folder = make_samples(local_folder(into), suppliers, months, orders, seed, last_month, format, tell, random=random)
        typer.echo(folder)


@app.command(help="Open JupyterLab on the notebooks.")
def lab(
    data: Annotated[str | None, typer.Option("--data", metavar="DIR", help="Folder that the notebooks open; the samples if not given.")] = None,
    notebooks: Annotated[Path | None, typer.Option("--notebooks", metavar="DIR", help="Folder of the notebooks, if not the ones that come along.")] = None,
    lang: Lang = "zh",
    options: Annotated[list[str] | None, typer.Argument(metavar="OPTION", help="Handed on to JupyterLab, like -- --port=8890.")] = None,
) -> None:
    """JupyterLab until it is closed."""
    with cli_errors(lang):
        from kmanalysis.assets import notebooks_folder
        from kmanalysis.explorers.lab import run_lab
        from kmanalysis.loaders.address import local_folder

        folder, opened = notebooks or notebooks_folder(), local_folder(data) if data else None
        for place in (folder, opened):
            if place is not None and not place.is_dir():
                raise UsageError("Folder {folder} was not found.", folder=place.name)
        raise typer.Exit(run_lab(folder, opened, lang, options or ()))


def _import_ahead(module: str) -> None:
    with suppress(Exception):  # whoever needs it imports it again, and says what is wrong
        import_module(module)


def main() -> None:
    """Runs the command line, its help in the language that ``--lang`` asks for."""
    be_frugal()
    signal.signal(signal.SIGTERM, terminate)
    # A file's name need not be text: what cannot be printed is shown by its codes.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    command = typer.main.get_command(app)
    try:
        words = Words(_asked_language(sys.argv[1:]))
    except OSError as problem:  # not even the words can be read
        sys.exit(f"Error: {error_of(problem)}")
    _put_in_words(command, words)
    command()


def _asked_language(arguments: list[str]) -> str:
    given = [value for name, value in pairwise(arguments) if name == "--lang"]
    given += [argument.partition("=")[2] for argument in arguments if argument.startswith("--lang=")]
    return next((lang for lang in given if lang in languages()), DEFAULT)


def _put_in_words(command: Any, words: Words) -> None:
    for part in (command, *getattr(command, "params", ())):
        if getattr(part, "help", None):
            part.help = words.text(part.help)
    for name in getattr(command, "commands", {}):
        _put_in_words(command.commands[name], words)
