"""`kmanalysis init`: an operator's own folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kmanalysis.cli.options import Lang, cli_errors

HELP = "Make a folder of your own: data, standards, mappings, notebooks and the monthly run."


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New or empty folder.")],
    lang: Lang = "zh",
) -> None:
    """The folder's path on stdout, what to do first on stderr."""
    with cli_errors(lang, folder) as words:
        from kmanalysis.cli.operator_folder import make_operator_folder

        typer.echo(make_operator_folder(folder, lang))
        typer.echo(words.text("Read README.md in it: it goes once through with an example."), err=True)
