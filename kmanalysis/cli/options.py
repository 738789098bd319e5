"""What all commands share: their common options, the words of a run and its errors, and the folder that they open."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from kmanalysis.errors import KmError
from kmanalysis.files.faults import said
from kmanalysis.files.memory import check_address_space
from kmanalysis.words import DEFAULT, Words, languages

if TYPE_CHECKING:
    from kmanalysis.loaders.address import Place
    from kmanalysis.loaders.checking.receipts import Receipt
    from kmanalysis.workbook import Workbook

WIDE = 160
"""Columns of a table that is not printed on a terminal."""

SAMPLES = Path("data", "samples")
"""Where `sample` writes and the other commands look where no folder is named."""

# Text: an address like hdfs://host/data is no path.
Data = Annotated[str | None, typer.Option("--data", metavar="DIR", help="Folder of canonical tables; the samples if not given.")]
MonthText = Annotated[str | None, typer.Option("--month", metavar="YYYY-MM", help="Month to report on (Asia/Shanghai); the last one if not given.")]
# Whether a file can be read is ours to say, in the language of the run: hence `readable=False`.
Lang = Annotated[str, typer.Option("--lang", metavar="|".join(languages()), help="Language of everything that is read.")]
OwnStandards = Annotated[Path | None, typer.Option("--standards", metavar="FILE", readable=False, help="Your own standards (TOML): single values by id.")]
EngineName = Annotated[str, typer.Option("--engine", metavar="duckdb|spark", help="What works the tables.")]
Master = Annotated[str | None, typer.Option("--master", metavar="URL", help="Where Spark runs, like local[2] or spark://host:7077.")]
Memory = Annotated[str | None, typer.Option("--memory", metavar="SIZE", help="Memory that it may take, like 4GB; by default 60 % of the machine's.")]


class Terminated(KeyboardInterrupt):
    """SIGTERM: the run ends as by Ctrl-C, with what it holds given back."""


def terminate(number: int, frame: FrameType | None) -> None:
    """A handler of SIGTERM that ends the run from within. A second signal ends the process at once."""
    signal.signal(number, signal.SIG_DFL)
    raise Terminated


@contextmanager
def cli_errors(lang: str, place: object = "") -> Iterator[Words]:
    """The words of the run. What the user can act on ends it with one sentence on stderr and its exit code: our own errors, what the system refuses
    (see `faults`; ``place`` is where the command writes), and being stopped.
    """
    words = Words(lang if lang in languages() else DEFAULT)
    try:
        check_address_space()
        with said(place):
            yield Words(lang)
    except KmError as error:
        typer.echo(words.text("Error: {sentence}", sentence=words.error(error)), err=True)
        raise typer.Exit(error.exit_code) from error
    except KeyboardInterrupt as stopped:
        typer.echo(words.text("Stopped. What was finished is there, and nothing is half written."), err=True)
        raise typer.Exit(128 + (signal.SIGTERM if isinstance(stopped, Terminated) else signal.SIGINT)) from stopped


def place_of_data(data: str | None) -> Place:
    """The place to open, be it an address: the one named, else the environment's, else the samples here, else those that come along."""
    from kmanalysis.assets import samples_folder
    from kmanalysis.loaders.address import place_of
    from kmanalysis.opening import DATA_VARIABLE

    named = data or os.environ.get(DATA_VARIABLE)
    return place_of(named) if named else SAMPLES if SAMPLES.is_dir() else samples_folder()


def folder_of(data: str | None) -> Path:
    """The same for a command that works on a folder of this machine alone. Raises UsageError for an address."""
    from kmanalysis.loaders.address import local_folder

    return local_folder(place_of_data(data))


def receipts_of(workbook: Workbook) -> list[Receipt]:
    """The receipts of the files that the workbook was opened on."""
    return workbook.attached.receipts if workbook.attached else []


def warn_of_unstamped(place: Place, words: Words) -> None:
    """Says on stderr which Parquet tables are validated at every run, and what ends it. At an address there are none."""
    from kmanalysis.loaders.stamping import unstamped_text

    for line in unstamped_text(place, words) if isinstance(place, Path) else ():
        typer.echo(line, err=True)


def warn_of_rejects(receipts: Sequence[Receipt], words: Words) -> None:
    """Says on stderr how many rows are left out, and how to see them."""
    from kmanalysis.loaders.checking.receipts import rejected_rows

    warn_of_rejected(rejected_rows(receipts), words)


def warn_of_rejected(rejected: int, words: Words) -> None:
    """`warn_of_rejects` for who knows the number alone."""
    if rejected:
        typer.echo(words.text("{rejected} rows were rejected and are left out; `kmanalysis check` lists them.", rejected=words.number(rejected)), err=True)
