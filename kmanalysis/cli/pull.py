"""`kmanalysis pull`: a platform's own database into a folder, read without writing; or what that would fill."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kmanalysis.cli.options import Lang, OwnStandards, cli_errors

if TYPE_CHECKING:
    from kmanalysis.sources.address import Address
    from kmanalysis.sources.description import Found, Platform
    from kmanalysis.sources.pull import Pulled
    from kmanalysis.words import Words

HELP = "Read a platform's database into a folder, without writing to the database."


def pull(
    platform: Annotated[str, typer.Argument(metavar="PLATFORM", help="dujiaoka, acg-faka or dujiao-next.")],
    into: Annotated[str, typer.Option("--into", metavar="DIR", help="Folder of canonical tables; made where it is not there.")],
    url_file: Annotated[
        Path | None,
        typer.Option("--url-file", metavar="FILE", help="File with the database address, readable only by you; default: $KMANALYSIS_DATABASE."),
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Only print what would be filled, what would not, and the read access that the account needs.")] = False,
    prefix: Annotated[str | None, typer.Option("--prefix", metavar="TEXT", help="Table prefix, if it is not the default.")] = None,
    stock_every: Annotated[int, typer.Option("--stock-every", metavar="MINUTES", min=1, help="Minutes between rebuilt stock readings.")] = 60,
    standards: OwnStandards = None,
    memory: Annotated[str, typer.Option("--memory", metavar="SIZE", help="Memory that it may take, like 2GB; what is more goes to disk.")] = "1GB",
    lang: Lang = "zh",
) -> None:
    """A receipt a table; exit code 1 where rows were rejected."""
    with cli_errors(lang, into) as words:
        from kmanalysis.loaders.address import local_folder
        from kmanalysis.sources.address import find_address
        from kmanalysis.sources.databases.reading import Denied
        from kmanalysis.sources.description import grants, names_to_look_for
        from kmanalysis.sources.description import platform as described
        from kmanalysis.sources.pull import pull as pull_platform
        from kmanalysis.standards import load_standards

        description = described(platform)
        address, folder = find_address(url_file), local_folder(into)
        try:
            if plan:
                typer.echo(_plan(description, address, folder, prefix, words))
                return
            pulled = pull_platform(
                platform, address, folder, words=words, prefix=prefix, stock_minutes=stock_every, memory=memory,
                standards=load_standards(standards), tell=_teller(words),
            )  # fmt: skip
        except Denied as problem:
            typer.echo(words.text("Error: {sentence}", sentence=words.error(problem)), err=True)
            typer.echo(words.text("Read access that the account needs, as statements for the database administrator:"), err=True)
            typer.echo(grants(description, names_to_look_for(description, prefix), address.kind), err=True)
            raise typer.Exit(problem.exit_code) from None
        _report(pulled, words)
        if any(receipt.rejected for receipt in pulled.receipts):
            raise typer.Exit(1)


def _teller(words: Words) -> Callable[[str], None]:
    return lambda table: typer.echo(words.text("Reading {table} …", table=table), err=True)


def _report(pulled: Pulled, words: Words) -> None:
    from kmanalysis.loaders.checking.receipts import receipts_text
    from kmanalysis.sources.rules import RULES_FILE

    typer.echo(receipts_text(pulled.receipts, words))
    for table, rows in pulled.read.items():
        typer.echo(words.text("Read from {table}: {rows} rows", table=table, rows=words.number(rows)), err=True)
    if pulled.missing:
        typer.echo(words.text("Missing in this database, so left out: {missing}", missing=words.join(pulled.missing)), err=True)
    for check, count in pulled.checks.items():
        typer.echo(words.entry(words.name(f"pull.{check}"), words.number(count)), err=True)
    for table, rows in pulled.unassigned.items():
        told = words.text("{rows} rows of {table} match no rule and went to the supplier unassigned.", rows=words.number(rows), table=table)
        typer.echo(told, err=True)
    if pulled.unassigned_goods:
        goods = words.join([words.entry(sku, words.number(orders)) for sku, orders in pulled.unassigned_goods.items()], "; ")
        typer.echo(words.text("Orders without a supplier, by SKU: {goods}", goods=goods), err=True)
    if pulled.is_drafted:
        typer.echo(words.text("{file} was drafted from the database. Correct it and pull again.", file=RULES_FILE), err=True)


def _plan(description: Platform, address: Address, folder: Path, prefix: str | None, words: Words) -> str:
    from kmanalysis.sources.databases.opening import opened
    from kmanalysis.sources.description import grants
    from kmanalysis.sources.pull import check_kind, look

    check_kind(description, address)
    with opened(address) as database:
        found = look(description, database, address, prefix)
    lines = [*_tables_planned(found, folder, words), "", *_measures_planned(found, folder, words), ""]
    if missing := found.missing():
        lines += [words.text("Missing in this database, so left out: {missing}", missing=words.join(missing)), ""]
    lines.append(words.text("Read access that the account needs, as statements for the database administrator:"))
    lines.append(grants(description, found.names, address.kind))
    return "\n".join(lines)


def _tables_planned(found: Found, folder: Path, words: Words) -> list[str]:
    given = _given(found, folder)
    lines = [words.text("Tables that will be filled:")]
    lines += [f"  {words.entry(table, words.join(columns))}" for table, columns in given.items()]
    absent = [table for table in found.platform.fills if table not in given]
    return lines + ([words.text("Tables that cannot be filled, because their data is missing: {tables}", tables=words.join(absent))] if absent else [])


def _given(found: Found, folder: Path) -> dict[str, list[str]]:
    from kmanalysis.sources.canonical import flags_of
    from kmanalysis.sources.pull import rules_of

    rules = rules_of(folder)
    return found.given(flags_of(rules) if rules else frozenset())


def _measures_planned(found: Found, folder: Path, words: Words) -> list[str]:
    from kmanalysis.measures.registry import measures
    from kmanalysis.sources.inventory import given_in_folder

    given = {table: set(columns) for table, columns in given_in_folder(folder).items()}
    for table, columns in _given(found, folder).items():
        given.setdefault(table, set()).update(columns)
    filled, empty = [], []
    for measure in measures().values():
        reads = measure.guide.reads
        lacks = [table for table in reads if table not in given]
        lacks += [f"{table}.{column}" for table, columns in reads.items() if table in given for column in columns if column not in given[table]]
        if lacks:
            empty.append(f"  {words.entry(words.name(measure.id), words.text('missing: {what}', what=words.join(lacks)))}")
        else:
            filled.append(f"  {words.name(measure.id)}")
    return [
        words.text("Measures that will have data ({count}):", count=len(filled)), *filled,
        words.text("Measures without data ({count}). What they lack is kept by hand or comes from elsewhere:", count=len(empty)), *empty,
    ]  # fmt: skip
