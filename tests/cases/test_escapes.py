"""Attempts to leave the folder by every string that an operator or a file can supply.

Each field is given each of the attack strings, the real command is run, and afterwards nothing outside of the folder was written, changed or read into what
was written or printed, and no run ended in anything but a sentence. Fields are those that the package declares: a new one fails here until it is listed.
``python -m tests.cases.test_escapes`` prints how many strings were tried, by field.
"""

import csv
import io
import json
import os
import tempfile
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import fields
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer.main
import xlsxwriter

from kmanalysis.cli import app
from kmanalysis.errors import MappingError, UsageError
from kmanalysis.loaders.forms.layout import FORM_TABLES
from kmanalysis.loaders.mapping.model import ColumnMapping, Condition, Source, SourceMapping, Span, TableMapping
from kmanalysis.loaders.mapping.toml import load_mapping
from kmanalysis.loaders.needs_profile import LISTS, REQUIREMENTS
from kmanalysis.sources.rules import CARD_FIELDS, GOODS_FIELDS, SETTINGS, Rule
from kmanalysis.sources.watch.listed.watchlist import Alerts, Item, Pace, Upstream, Watchlist, Webhook, load_watchlist
from kmanalysis.sources.watch.protocols.defaults import Options
from kmanalysis.standards import Standard, default_standards
from kmanalysis.tables import tables
from tests.conftest import BY_COLUMN, BY_TYPE
from tests.loaders.forms.filling import FIRST, title
from tests.loaders.pricelists.lists import folder_in
from tests.sources.markers import contents
from tests.sources.servers import SQLite
from tests.sources.test_dujiao_next import DujiaoNext

CANARY = "CANARY-7f3ab2"
"""Stands in the files beside the folder, and may stand nowhere else."""

TRIED = Counter()
"""How many strings were tried, by field."""

COMMAND = typer.main.get_command(app.app)
"""Made once: to make it takes longer than most of these runs."""


def attacks(outside):
    """The strings: SQL that reads, writes, attaches and installs; ways to files outside; patterns; templates, formats, shells; signs that end texts."""
    canary = f"{outside}/canary"
    return [
        f"|', columns={{'a':'VARCHAR'}}); COPY (SELECT content FROM read_text('{canary}.csv')) TO '{outside}/pwned.csv'; --",
        f"x' UNION ALL SELECT content, content FROM read_text('{canary}.csv') --",
        f"x'; ATTACH '{outside}/pwned.db' AS p; CREATE TABLE p.t AS SELECT 1; --",
        f"x\"; COPY (SELECT 1) TO '{outside}/pwned2.csv'; --",
        "x') ; COPY (SELECT 1) TO 'pwned3.csv'; INSTALL httpfs; LOAD httpfs; SET enable_external_access = true; --",
        "../outside/canary.csv",
        "../outside/pwned4",
        f"{canary}.csv",
        f"file://{canary}.csv",
        "../outside/*",
        "canar[y].csv",
        "**/canary.{csv,parquet}",
        f"{{{{ cycler.__init__.__globals__.os.popen('cat {canary}.csv').read() }}}}{{% include '{canary}.csv' %}}",
        f"<script src='file://{canary}.csv'></script><img src=x onerror=alert(1)>",
        "{0.__class__.__mro__} {file} %s %(x)s %n ${HOME}",
        f"$(cat {canary}.csv) `touch {outside}/pwned5` ; touch {outside}/pwned6 | cat",
        f"=cmd|'/c type {canary}.csv'!A1",
        "a\0b",
        "a\nb\r\nc\x1b[2J",
        "_" * 300,
    ]


class Place:
    """A folder to work in, and beside it files that nobody named."""

    def __init__(self, root):
        self.outside, self.work = root / "outside", root / "work"
        for made in (self.outside, self.work):
            made.mkdir(parents=True)
        (self.outside / "canary.csv").write_text(f"supplier_id,name\n{CANARY},{CANARY}\n", encoding="utf-8")
        (self.outside / "canary").write_text(CANARY, encoding="utf-8")
        pq.write_table(pa.table({"supplier_id": [CANARY], "name": [CANARY]}), self.outside / "canary.parquet")
        self.strings = attacks(self.outside)
        self.before, self.said = self.state(), []

    def state(self):
        return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(self.outside.rglob("*"))}

    def run(self, *arguments):
        """Runs a command: it ends with an exit code of its own, whatever it was given, and a sentence where it is refused."""
        said, code = io.StringIO(), 0
        with redirect_stdout(said), redirect_stderr(said):
            try:
                COMMAND.main([str(argument) for argument in arguments], "kmanalysis")
            except SystemExit as end:
                code = end.code
        assert code in (0, 1, 2), (arguments, said.getvalue())
        assert code == 0 or said.getvalue().strip(), arguments
        self.said.append(said.getvalue())
        return code

    def check(self, made=()):
        """Nothing came out and nothing went in. ``made`` are files of the test's own whose names hold an attack."""
        assert self.state() == self.before
        found = [path for path in self.work.rglob("*") if path.name.startswith("pwned") and path not in made]
        assert found == []
        assert [said for said in self.said if CANARY in said or "Traceback" in said] == []
        assert [str(place) for place, text in contents(self.work) if CANARY in text] == []


@pytest.fixture
def place(tmp_path, monkeypatch):
    made = Place(tmp_path)
    monkeypatch.chdir(made.work)
    yield made
    made.check()


def tried(field, strings):
    TRIED[field] += len(strings)
    return strings


def toml(value):
    """A value as TOML writes it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(inner)}" for key, inner in value.items()) + " }"
    return f"[{', '.join(map(toml, value))}]" if isinstance(value, list) else json.dumps(value)


def document(value):
    return "\n".join(f"{json.dumps(key)} = {toml(inner)}" for key, inner in value.items()) + "\n"


def merged(base, more):
    """``more`` laid over ``base``, section by section; a column is one thing."""
    together = {key: merged(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value for key, value in more.items()}
    return {**base, **together, **({"columns": {**base.get("columns", {}), **more["columns"]}} if "columns" in more else {})}


MAPPED = {
    "source": {"timezone": "UTC"},
    "tables": {"suppliers": {"repeats": "first", "columns": {"supplier_id": {"from": "id"}, "name": {"from": "name"}}}},
}
PRODUCTS = {"sku": {"from": "id"}, "name": {"from": "name"}}
TICKETS = {
    "ticket_id": {"from": "id"}, "supplier_id": {"from": "id"}, "opened_at": {"from": "t"}, "kind": {"constant": "other"}, "is_staged": {"constant": False},
}  # fmt: skip
READINGS = {"supplier_id": {"from": "id"}, "sku": {"from": "id"}, "observed_at": {"from": "t"}, "quantity": {"from": "n"}}


def column(spec, name="name", table="suppliers", beside=None):
    """A mapping whose one column is what ``spec`` makes of the attack."""
    return lambda text: {"tables": {table: {"columns": {**(beside or {}), name: spec(text)}}}}


def time_of(spec):
    return column(spec, "resolved_at", "tickets", TICKETS)


def where(condition):
    return lambda text: {"tables": {"suppliers": {"where": [condition(text)]}}}


def lookups(listed):
    return lambda text: {"lookups": listed(text), "tables": {"suppliers": {"columns": {"name": {"from": "name", "lookup": "l"}}}}}


LISTED = {one.name for one in fields(Source) if one.type.startswith("tuple")}
MAPPING = {
    **{f"source.{one.name}": lambda text, key=one.name: {"source": {key: text}} for one in fields(Source) if one.name not in LISTED},
    "source.headings": lambda text: {"source": {"headings": [text]}},
    "source.secrets": lambda text: {"source": {"secrets": [text]}},
    "column.headings": column(lambda text: {"from": text}),
    "column.constant": column(lambda text: {"constant": text}),
    "column.formats": time_of(lambda text: {"from": "t", "formats": [text]}),
    "column.timezone": time_of(lambda text: {"from": "t", "timezone": text}),
    "column.key": column(lambda text: {"key": ["id", text]}, "supplier_id"),
    "column.join": column(lambda text: {"join": ["id", text]}),
    "column.plus": time_of(lambda text: {"from": "t", "plus": text}),
    "span.headings": time_of(lambda text: {"from": "t", "plus": {"from": text, "unit": "hours"}}),
    "span.seconds": time_of(lambda text: {"from": "t", "plus": {"from": "n", "unit": text}}),
    "column.remove": column(lambda text: {"from": "name", "remove": [text]}),
    "column.symbol_of": column(lambda text: {"symbol_of": text}),
    "column.case": column(lambda text: {"case": text, "when": {"x": "y"}}),
    "column.otherwise": column(lambda text: {"case": "name", "when": {"x": "y"}, "else": {"from": text}}),
    "column.lookup": lambda text: {"lookups": {text: {"S1": "x"}}, "tables": {"suppliers": {"columns": {"name": {"from": "id", "lookup": text}}}}},
    "column.default": lambda text: {"lookups": {"l": {"a": "b"}}} | column(lambda text: {"from": "id", "lookup": "l", "default": text})(text),
    **{f"column.{key}": column(lambda text, key=key: {"from": "n", key: text}, "min_order") for key in ("factor", "rate", "round", "optional")},
    "column.year": time_of(lambda text: {"from": "t", "year": text}),
    "column.placeholders": column(lambda text: {"from": "n", "placeholders": [text]}, "quantity", "stock_snapshots", READINGS),
    "condition.column": where(lambda text: {"column": text, "empty": False}),
    "condition.empty": where(lambda text: {"column": "name", "empty": text}),
    "condition.positive": where(lambda text: {"column": "n", "positive": text}),
    "condition.matches": where(lambda text: {"column": "name", "matches": text}),
    "table.table": lambda text: {"tables": {text: {"columns": PRODUCTS}}},
    "table.columns": lambda text: {"tables": {"suppliers": {"columns": {text: {"from": "name"}}}}},
    "table.where": lambda text: {"tables": {"suppliers": {"where": text}}},
    "table.repeats": lambda text: {"tables": {"suppliers": {"repeats": text}}},
    "lookups, their file": lookups(lambda text: {"l": {"file": text, "key": "supplier_id", "value": "name"}}),
    "lookups, their file's key": lookups(lambda text: {"l": {"file": "l.csv", "key": text, "value": "v"}}),
    "lookups, their file's value": lookups(lambda text: {"l": {"file": "l.csv", "key": "k", "value": text}}),
    "sections": lambda text: {text: {"a": text}},
}
TAKEN = {
    **{f"source.{name}": lambda texts, key=name: {"source": {key: texts}} for name in LISTED - {"headings", "secrets"}},
    "column.headings, several": column(lambda texts: {"from": [*texts, "name"]}),
    "column.values": column(lambda texts: {"from": "name", "values": {text: text for text in texts}}),
    "column.missing": column(lambda texts: {"from": "name", "missing": texts}),
    "column.remove, escaped": column(lambda texts: {"from": "name", "remove": [quoted_pattern(text) for text in texts]}),
    "column.when": column(lambda texts: {"case": "name", "when": {text: text for text in texts}, "else": "x"}),
    "condition.equals": where(lambda texts: {"column": "name", "equals": texts}),
    "condition.not_equals": where(lambda texts: {"column": "name", "not_equals": texts}),
    "condition.matches, escaped": where(lambda texts: {"column": "name", "matches": "|".join(map(quoted_pattern, texts))}),
    "lookups, their keys": lookups(lambda texts: {"l": dict.fromkeys(texts, "x")}),
    "lookups, their values": lookups(lambda texts: {"l": {f"k{number}": text for number, text in enumerate(texts)}}),
}
"""Fields that hold many texts: they are tried all at once, and taken. A zero byte is none that any text may hold."""


def quoted_pattern(text):
    """A pattern of RE2 that finds the text."""
    return "".join(f"\\{sign}" if sign in r"\.+*?()|[]{}^$" else sign for sign in text)


def test_every_field_of_a_mapping_is_tried():
    known = {name.partition(",")[0] for name in (*MAPPING, *TAKEN)}
    for prefix, declared in (("source", Source), ("column", ColumnMapping), ("condition", Condition), ("table", TableMapping), ("span", Span)):
        assert {name for name in known if name.startswith(f"{prefix}.")} == {f"{prefix}.{one.name}" for one in fields(declared)}, prefix
    assert {one.name for one in fields(SourceMapping)} == {"name", "source", "tables", "lookups"}


def written(name, rows):
    with Path(name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def refusal(mapping):
    """What is said of a mapping that is refused when it is read, as the command does first; None of one that is taken."""
    Path("m.toml").write_text(document(merged(MAPPED, mapping)), encoding="utf-8")
    try:
        load_mapping("m.toml")
    except MappingError as refused:
        return str(refused)
    return None


def loaded_by(place, mapping, into):
    Path("m.toml").write_text(document(merged(MAPPED, mapping)), encoding="utf-8")
    return place.run("load", "in.csv", "--mapping", "m.toml", "--into", into, "--lang", "en")


SLOTS = {
    "name": [("suppliers", "name"), ("suppliers", "data_tools")],
    "resolved_at": [("tickets", "resolved_at"), ("tickets", "first_response_at")],
}
"""Columns that take what a mapping says of the first of them."""


def together(mappings):
    """Several mappings as one: what they say of one column goes to several that are alike."""
    into = {"suppliers": {"columns": {}, "where": []}, "products": {"columns": PRODUCTS}, "tickets": {"columns": TICKETS}}
    found = {"lookups": {}, "source": {}, "tables": into}
    slots = {name: iter(places) for name, places in SLOTS.items()}
    for mapping in mappings:
        for section in ("lookups", "source"):
            found[section] |= mapping.get(section, {})
        for table in mapping.get("tables", {}).values():
            found["tables"]["suppliers"]["where"] += table.get("where", [])
            for name, spec in table.get("columns", {}).items():
                if name in slots:
                    place, own = next(slots[name])
                    found["tables"][place]["columns"] = found["tables"][place]["columns"] | {own: spec}
    return found


def test_mappings(place):
    # The attacks stand among the headings and cells too, so that what is taken is looked for and found.
    texts = [text for text in place.strings if "\0" not in text]
    row = ["S1", "a", "5", "2026-10-01 10:00:00"]
    rows = [[f"S{number}", text, "6", "2026-10-02", *texts] for number, text in enumerate(texts, 2)]
    written("in.csv", [["id", "name", "n", "t", *texts], [*row, *texts], *rows])
    written("l.csv", [["k", "v", *texts], ["S1", "x", *texts]])
    for field, made in TAKEN.items():
        assert loaded_by(place, made(texts), "taken") in (0, 1), (field, place.said[-1])
        assert refusal(made(["a\0b"])), field
        tried(f"mapping: {field}", place.strings)
    for field, made in MAPPING.items():
        said = [(text, refusal(made(text))) for text in place.strings]
        tried(f"mapping: {field}", [text for text, refused in said if refused or text in texts[::3]])
        place.said += [refused for _, refused in said if refused]
    # What is taken of one attack, two fields a run; of every third attack, since these runs take a while.
    for text in texts[::3]:
        taken = [mapping for made in MAPPING.values() if refusal(mapping := made(text)) is None]
        for start in range(0, len(taken), 2):
            assert loaded_by(place, together(taken[start : start + 2]), "d") in (0, 1, 2), place.said[-1]


def test_standards_and_needs(place):
    identifier = next(name for name, standard in default_standards().items() if standard.dimension)
    changed = {"id": lambda text: {text: {"value": 1}}, **{one.name: lambda text, key=one.name: {identifier: {key: text}} for one in fields(Standard)[1:]}}
    assert set(changed) == {one.name for one in fields(Standard)}
    needs = {key: lambda text, key=key: {key: [text]} for key in ("positioning", "audience")} | {"daily_orders": lambda text: {"daily_orders": text}}
    needs |= {f"must.{key}": lambda text, key=key: {"must": {key: [text]}} for key in (*LISTS, *REQUIREMENTS)}
    needs |= {"wish": lambda text: {"wish": {text: text}}, "sections": lambda text: {text: text}}
    Path("data").mkdir()
    for text in place.strings:
        for field, made in changed.items():
            Path("s.toml").write_text(document(made(text)), encoding="utf-8")
            assert place.run("score", "--data", "nowhere", "--standards", "s.toml", "--lang", "en") != 0
            tried(f"standards: {field}", [text])
        for field, made in needs.items():
            Path("data/needs.toml").write_text(document(made(text)), encoding="utf-8")
            place.run("check", "--data", "data", "--lang", "en")
            tried(f"needs: {field}", [text])


def test_cells_of_every_table(place):
    """Every attack in every column of every table, as canonical text; then a score of what was kept."""
    Path("data").mkdir()
    for name, table in tables().items():
        rows = []
        for attacked in table.columns.values():
            for number, text in enumerate(tried(f"cells: {name}.{attacked.name}", place.strings)):
                cells = {one: cell_of(table, declared, len(rows)) for one, declared in table.columns.items()}
                rows.append([*({**cells, attacked.name: text}).values(), number][:-1])
        with Path(f"data/{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([list(table.columns), *rows])
    for command in (("check", "--format", "csv"), ("score", "--month", "2026-10")):
        place.run(*command, "--data", "data", "--lang", "en")
    assert "../outside/canary.csv" in place.said[0]


def cell_of(table, declared, row):
    if declared.type == "id" or (declared.name in table.key and declared.type == "text"):
        return f"{declared.refers_to.partition('.')[2] or declared.name}{row}"
    if declared.type == "enum":
        return declared.values[0]
    return BY_COLUMN.get(f"{table.name}.{declared.name}", BY_COLUMN.get(declared.name, BY_TYPE[declared.type]))


def test_headings_sheets_and_names_of_files_and_folders(place):
    made = []
    Path("m.toml").write_text(document(MAPPED), encoding="utf-8")
    for text in place.strings:
        printable = "".join(sign for sign in text if sign.isprintable())
        with Path("in.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([["id", "name", text], ["S1", "a", text]])
        with xlsxwriter.Workbook("in.xlsx", {"strings_to_formulas": False, "strings_to_urls": False}) as book:
            sheet = book.add_worksheet("".join(sign for sign in printable if sign not in "[]:*?/\\'")[:31] or "x")
            for line, row in enumerate([["id", "name", printable], ["S1", "a", printable]]):
                sheet.write_row(line, 0, row)
        pq.write_table(pa.table({"id": ["S1"], "name": ["a"], text or "x": ["b"]}), "in.parquet")
        for name in ("in.csv", "in.xlsx", "in.parquet"):
            place.run("load", name, "--mapping", "m.toml", "--into", "d", "--lang", "en")
            place.run("load", name, "--as", "suppliers", "--into", "e", "--lang", "en")
        Path("c").mkdir(exist_ok=True)
        for form in ("csv", "xlsx", "parquet"):
            for old in Path("c").iterdir():
                old.unlink()
            Path(f"in.{form}").rename(f"c/suppliers.{form}")
            place.run("check", "--data", "c", "--lang", "en")
        tried("headings: csv, xlsx, parquet", place.strings[:1] * 3)
        tried("names of sheets", [text])
        own = text.replace("/", "\u2215").replace("\0", "").encode()[:200].decode(errors="ignore")
        folder, file = Path(f"{own}.d"), Path(f"{own}.csv")
        file.write_text("id,name\nS1,a\n", encoding="utf-8")
        made += [file.absolute(), folder.absolute()]
        # "--": a name may begin with a stroke.
        place.run("load", "--mapping", "m.toml", "--into", folder, "--lang", "en", "--", file)
        assert place.run("check", f"--data={folder}", "--lang", "en") == (0 if folder.is_dir() else 1)
        if folder.is_dir():
            kept = pq.read_table((folder / "suppliers.parquet").absolute(), partitioning=None)
            assert kept.column("supplier_id").to_pylist() == ["S1"]
        place.run("load", "--as", "suppliers", "--into", folder, "--lang", "en", "--", file)
        tried("names of files and folders", [text] * 2)
    place.check(made)
    for path in made:
        if path.is_file():
            path.unlink()


def test_forms_and_price_lists(place):
    folder_in(Path("data"))
    place.run("forms", "--out", "empty.xlsx", "--lang", "en")
    printable = ["".join(sign for sign in text if sign.isprintable()) for text in place.strings]
    book = openpyxl.load_workbook("empty.xlsx")
    for name in FORM_TABLES:
        sheet = book[title(name, "en")]
        places = {cell.value: cell.column for cell in sheet[1]}
        line = FIRST
        for column_name in tables()[name].columns:
            for text in tried(f"forms: {name}.{column_name}", printable):
                for other, declared in tables()[name].columns.items():
                    cell = sheet.cell(line, places[other])
                    cell.value, cell.data_type = (text if other == column_name else str(cell_of(tables()[name], declared, line))), "s"
                line += 1
    book.save("filled.xlsx")
    place.run("load", "filled.xlsx", "--into", "data", "--lang", "en")
    place.run("forms", "--out", "again.xlsx", "--data", "data", "--lang", "en")
    for number, text in enumerate(printable):
        name = "".join(sign for sign in text if sign not in "[]:*?/\\'")[:31] or "x"
        with xlsxwriter.Workbook(f"list{number}.xlsx", {"strings_to_formulas": False, "strings_to_urls": False}) as written:
            sheet = written.add_worksheet(name)
            rows = [["商品", "价格", "备注", text], ["腾讯视频月卡", 15, text, text], [text, 15, "", ""], ["Q币 50 元卡", text, "", ""], [text] * 4]
            for line, row in enumerate(rows):
                sheet.write_row(line, 0, row)
        place.run("load", f"list{number}.xlsx", "--supplier", "S01", "--date", "2026-11-01", "--into", "data", "--lang", "en")
        tried("price lists: goods, prices, remarks, headings, sheets", [text] * 5)


def test_rules_of_a_pull(place):
    """All of them in one list: a rule a field and attack."""
    assert {one.name for one in fields(Rule)} == {"supplier", "name", "conditions", "cost"}
    shop = DujiaoNext(SQLite(place.work), place.work)
    shop.order("delivered", "2026-10-10 12:00:00+08:00", delivered="2026-10-10 12:00:20+08:00")
    shop.into.mkdir()
    Path("address").write_text(shop.address, encoding="utf-8")
    Path("address").chmod(0o600)

    def pull(rules, *more):
        (shop.into / "suppliers.toml").write_text(rules, encoding="utf-8")
        return place.run("pull", "dujiao-next", "--into", shop.into, "--url-file", "address", *more, "--lang", "en")

    single = [text for text in place.strings if "\0" not in text]
    named = [{"supplier": text, "name": text, "sku": "x"} for text in tried("rules: supplier", tried("rules: name", single))]
    asked = [{"supplier": "S1", key: text} for key in (*GOODS_FIELDS, *CARD_FIELDS) for text in tried(f"rules: {key}", single)]
    assert pull(f"rule = {toml([*asked, *named])}\n") == 0
    for text in place.strings:
        for key in (*SETTINGS, "rule"):
            assert pull(document({key: text})) == 1
            tried(f"rules: {key}", [text])
        assert pull(document({"rule": [{"supplier": "S1", "cost": text, text: text}]})) == 1
        tried("rules: cost", [text])
        pull("", f"--prefix={text}")
        tried("options: pull --prefix", [text])


WATCHED = {"supplier_id": "S01", "protocol": "acg", "url": "http://127.0.0.1:9/", "currency": "CNY", "app_id_env": "SHOP_ID", "app_key_env": "SHOP_KEY"}
ITEM = {"item": "11", "variant": "1", "sku": "G01"}
OF_UPSTREAM = {"app_id": "app_id_file", "app_key": "app_key_file"}
"""What the list calls a secret's field that names a file."""

NOT_LISTED = {"writes_probes", "fields", "options", "pace", "upstreams", "webhooks"}
"""Fields of the list's records that no field of the file of that name fills, or whose own fields are tried."""


def test_the_list_of_a_watch(place, monkeypatch):
    for name in ("SHOP_ID", "SHOP_KEY"):
        monkeypatch.setenv(name, "k3y-of-the-shop")
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "")
    monkeypatch.setattr("os.fsync", lambda _: None)
    folder_in(Path("data"))
    named = {one.name: OF_UPSTREAM.get(one.name, one.name) for one in fields(Upstream)}
    lists = {f"upstream.{name}": lambda text, key=key: upstream({key: text}) for name, key in named.items()}
    lists |= {f"upstream.{one.name}": lambda text, key=one.name: upstream({key: [text] if key == "hidden" else text}) for one in fields(Options)}
    lists |= {f"item.{one.name}": lambda text, key=one.name: upstream({"items": [ITEM | {key: text}]}) for one in fields(Item)}
    lists |= {f"pace.{one.name}": lambda text, key=one.name: {key: text} | upstream({}) for one in fields(Pace)}
    lists |= {f"alerts.{one.name}": lambda text, key=one.name: {"alerts": {"stock": 9, key: text}} | upstream({}) for one in fields(Alerts)}
    hook = {"form": "json", "url_env": "SHOP_ID"}
    lists |= {f"webhook.{one.name}": lambda text, key=one.name: {"alerts": {"webhook": [hook | {key: text}]}} | upstream({}) for one in fields(Webhook)}
    lists |= {f"list.{one.name}": lambda text, key=one.name: {key: text} | upstream({}) for one in fields(Watchlist)}
    lists["upstream.fields"] = lambda text: upstream({"fields": {text: text, "stock": text}})
    for field, made in lists.items():
        for text in place.strings:
            Path("data/watch.toml").write_text(document(made(text)), encoding="utf-8")
            try:
                load_watchlist(Path("data/watch.toml"), os.environ)
            except UsageError as refused:
                place.said.append(str(refused))
                continue
            place.run("watch", "--into", "data", "--once", "--lang", "en")
        if field.partition(".")[2] not in NOT_LISTED or field == "upstream.fields":
            tried(f"watch: {field}", place.strings)


def upstream(changed):
    return {"upstream": [WATCHED | {"items": [ITEM]} | changed]}


TAKES_ANY_PLACE = {"--into", "--out", "--data", "FILE…", "FILE", "DIR", "--notebooks", "--url-file", "--list", "--demand", "--mapping", "--standards"}
"""Options that name a place: wherever it lies, the operator means it, so that ways out of the folder are none there; strings that are no ways are tried."""

NOT_TRIED = {"OPTION"}
"""Handed on to JupyterLab as they are."""

NEEDED = {
    "load": ["in.csv", "--into=into", "--mapping=m.toml"], "forms": ["--out=forms.xlsx"], "watch": ["--into=data", "--once"], "init": ["made"],
    "pull": ["dujiao-next", "--into=into"], "key export": ["exported"],
    "plan trial": ["--claim=0.99"], "lab": ["--data=nowhere"], "sample": ["--into=sampled", "--suppliers=2", "--months=1", "--orders=10"],
}  # fmt: skip
"""What a command cannot do without."""


def commands(group, name=""):
    for called, command in group.commands.items():
        whole = f"{name} {called}".strip()
        if hasattr(command, "commands"):
            yield from commands(command, whole)
        else:
            yield whole, command


def test_options(place):
    folder_in(Path("data"))
    Path("data/probes.csv").write_text("supplier_id,probed_at,is_up\nS01,2026-10-03 00:00:00,true\n", encoding="utf-8")
    Path("in.csv").write_text("id,name\nS1,a\n", encoding="utf-8")
    Path("m.toml").write_text(document(MAPPED), encoding="utf-8")
    known = {parameter for command in NEEDED for parameter in command.split()[:1]}
    assert known <= {name.split()[0] for name, _ in commands(typer.main.get_command(app.app))}
    for name, command in commands(typer.main.get_command(app.app)):
        for parameter in command.params:
            option = parameter.opts[0] if parameter.opts[0].startswith("-") else parameter.name.upper()
            takes_text = any(kind in str(parameter.type_descriptor) for kind in ("class 'str'", "list[str]"))
            if not takes_text or option in NOT_TRIED or option in TAKES_ANY_PLACE:
                continue
            if (name, option) in (("pull", "--prefix"), ("report", "--engine")):
                continue
            needed = [one for one in NEEDED.get(name, []) if not one.startswith(f"{option}=")]
            data = ["--data=data"] if any("--data" in other.opts for other in command.params) and name != "lab" else []
            # A few of them: each run takes a while. No argument of a process holds a zero byte.
            for text in tried(f"options: {name} {option}", place.strings[:16:3]):
                given = [f"{option}={text}"] if option.startswith("-") else [text]
                place.run(*name.split(), *[one for one in needed if option.startswith("-") or one.startswith("-")], *data, *given)


if __name__ == "__main__":
    for test in (
        test_mappings, test_standards_and_needs, test_cells_of_every_table, test_headings_sheets_and_names_of_files_and_folders, test_forms_and_price_lists,
        test_rules_of_a_pull, test_options,
    ):  # fmt: skip
        with tempfile.TemporaryDirectory() as root:
            held = Place(Path(root))
            os.chdir(held.work)
            test(held)
            held.check()
    with tempfile.TemporaryDirectory() as root, pytest.MonkeyPatch.context() as patch:
        held = Place(Path(root))
        patch.chdir(held.work)
        test_the_list_of_a_watch(held, patch)
        held.check()
    for field, count in sorted(TRIED.items()):
        print(f"{count:6} {field}")
    print(f"{sum(TRIED.values()):6} in all, {len(TRIED)} fields")
