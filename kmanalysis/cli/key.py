"""`kmanalysis key`: the key under which a folder's secrets are digested; where it is, how it is moved, and how it is replaced."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kmanalysis.cli.options import Lang, cli_errors
from kmanalysis.errors import UsageError

app = typer.Typer(no_args_is_help=True, help="The key that secrets are digested under: show its id, export it, or make a new one.")

Folder = Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder of canonical tables.")]


@app.command(help="Say which key the folder has, and whether its digests were made under it. The key itself is not shown.")
def show(data: Folder, lang: Lang = "zh") -> None:
    """The key's id on stdout; exit code 1 where there is none, or the folder's digests are another's."""
    with cli_errors(lang, data) as words:
        from kmanalysis.loaders.checking.secrets import KEY_FILE, NO_KEY, existing_key, key_id, stored_id

        _check_folder(data)
        key, known = existing_key(data), stored_id(data)
        if key is not None:
            typer.echo(words.text("Key {id}: {file}", id=key_id(key), file=data / KEY_FILE))
        if known not in ("", NO_KEY, key and key_id(key)):
            typer.echo(
                words.text("The digests here were made under key {id}, which is missing. Put it back as {file}.", id=known, file=data / KEY_FILE), err=True
            )
            raise typer.Exit(1)
        if key is None:
            typer.echo(words.text("There is no key yet. The first load makes one."), err=True)
            raise typer.Exit(1)
        typer.echo(
            words.text(
                "Who has the key can try guesses against the digests; without it, the same code or buyer is not recognised again. "
                "Keep a copy apart from the data."
            ),
            err=True,
        )


@app.command(help="Write the key to a file of yours alone (mode 0600), to keep apart from the data or to move the folder.")
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
    data: Folder,
    lang: Lang = "zh",
) -> None:
    """The file's path on stdout, what to do with it on stderr."""
    with cli_errors(lang, file) as words:
        from kmanalysis.loaders.checking.secrets import KEY_FILE, export_key

        _check_folder(data)
        _check_folder(file.absolute().parent)
        try:
            export_key(data, file)
        except FileExistsError as problem:
            raise UsageError("{file} is there already. Name a new file.", file=file.name) from problem
        typer.echo(file)
        told = words.text("To use it, copy it into the folder as {file}, with mode 0600. Who has it can try guesses against the digests.", file=KEY_FILE)
        typer.echo(told, err=True)


@app.command(help="Give the folder a new key. Digests that are there match nothing any more.")
def rotate(
    data: Folder,
    yes: Annotated[bool, typer.Option("--yes", help="Yes, I know what it means.")] = False,
    forget: Annotated[bool, typer.Option("--forget", help="The key of the digests here is lost for good: do without it.")] = False,
    lang: Lang = "zh",
) -> None:
    """The new key's id on stdout. Without ``--yes`` it only says what it would mean."""
    with cli_errors(lang, data) as words:
        from kmanalysis.loaders.checking.secrets import existing_key, key_id, key_of, replace_key
        from kmanalysis.loaders.store import locked

        _check_folder(data)
        with locked(data, holder="kmanalysis key rotate"):
            if not forget and existing_key(data) is None:
                raise UsageError("{folder} has no key. If it was lost and is not coming back, add --forget.", folder=data.name)
            if not forget:
                # The wrong key is refused: the right one may still be found.
                key_of(data)
            if not yes:
                raise UsageError(
                    "With a new key, the codes and buyers that are already in {folder} are not recognised when they come again: repeats across the change go "
                    "unseen, until the old exports are loaded anew. Export the old key first, and add --yes.",
                    folder=data.name,
                )
            key = replace_key(data)
        typer.echo(words.text("New key: {id}", id=key_id(key)))


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise UsageError("Folder {folder} was not found.", folder=folder.name)
