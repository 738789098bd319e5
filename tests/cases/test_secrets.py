"""Secrets where nobody looked for them: in every text column, mapped or not, in rows that are rejected, in headings, and in the names of sheets and files."""

import csv
import io
import json
import shutil
import subprocess
import tomllib
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from kmanalysis.cli import app
from kmanalysis.errors import DataError, MappingError
from kmanalysis.loaders.checking.secrets import KEY_FILE, digest, existing_key, key_id, stored_id
from kmanalysis.loaders.load import load
from kmanalysis.loaders.mapping.proposal import mapping_for, propose_mapping
from kmanalysis.loaders.mapping.toml import parse_mapping
from kmanalysis.tables import tables
from kmanalysis.words import Words
from tests.conftest import BY_COLUMN, BY_TYPE
from tests.sources.markers import PHONE, STEM, contents, hidden_forms

SECRETS = {
    "email": f"{STEM}1@mail.example",
    "wide": "ｚｑｍａｒｋ２＠ｍａｉｌ．example",
    "mobile": f"找张三 {PHONE}0007 处理",
    "dashed": "139-0013-0008",
    "hidden": "139\u200b0013\u200b0009",
    "abroad": "+852 9390 0131",
    "landline": "0755-88139001-13",
    "wechat": f"微信：{STEM}_88",
    "qq": "QQ: 139001388",
    "card": f"卡号：{STEM}80001234 密码：{STEM}55",
    "word": f"code {STEM.upper()}-7Q4T-ZX9K dead",
    "alone": f"{STEM.upper()}-7Q4TZX-9K2L3M",
    "account": f"{STEM}@x.cn----{STEM}Pw12",
}
PORTFOLIO = sorted(path.stem for path in (Path(__file__).parents[2] / "notebooks").glob("[0-9]*.ipynb"))
LEFT = {*hidden_forms(), "ｚｑｍａｒｋ", "139-0013", "139\u200b", "9390 0131", "88139001", "139001388"}
"""What of them may be found nowhere."""


def run(*arguments, expected=None):
    done = CliRunner().invoke(app.app, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert expected is None or done.exit_code == expected, done.output
    return done.output


def assert_nowhere(*told, folder=None):
    texts = [("told", text) for text in told] + ([(str(path), text) for path, text in contents(folder)] if folder else [])
    assert texts
    assert [(place, form) for place, text in texts for form in sorted(LEFT) if form.lower() in text.lower()] == []


def cell(table, column, row, secret, *, is_rejected=False):
    """A cell of the wide file: the secret where a text may stand, or, in a row that is shifted, wherever something else should."""
    if column.type == "id" or (column.name in table.key and column.type == "text"):
        return f"{column.refers_to.partition('.')[2] or column.name}{row}"
    if column.is_secret or table.may_hold_contacts(column) or (is_rejected and not column.refers_to):
        return secret
    if column.type == "enum":
        return column.values[0]
    return str(BY_COLUMN.get(f"{table.name}.{column.name}", BY_COLUMN.get(column.name, BY_TYPE[column.type])))


def wide_file(path, *, is_rejected=False, names):
    """One file with all columns of these tables, a row a secret, and the mapping that makes the tables of it."""
    columns = {f"{table}.{column}": (tables()[table], declared) for table in names for column, declared in tables()[table].columns.items()}
    rows = [
        {heading: cell(table, column, row, secret, is_rejected=is_rejected) for heading, (table, column) in columns.items()} | {"备注": secret}
        for row, secret in enumerate(SECRETS.values())
    ]
    pd.DataFrame(rows).to_csv(path, index=False)
    mapped = {name: {"columns": {column: {"from": f"{name}.{column}"} for column in tables()[name].columns}} for name in names}
    return parse_mapping({"source": {"timezone": "UTC"}, "tables": mapped}, "m.toml")


TEXT_COLUMNS = [(name, column) for name, table in tables().items() for column in table.columns if table.may_hold_contacts(table.columns[column])]
WITH_TEXTS = list(dict.fromkeys(name for name, _ in TEXT_COLUMNS))
"""Their tables; contracts come with them, which terms and claims refer to."""


def test_in_every_text_column_that_is_mapped(tmp_path, capfd):
    mapping = wide_file(tmp_path / "all.csv", names=[*WITH_TEXTS, "contracts"])
    found = load([tmp_path / "all.csv"], mapping, tmp_path / "into", words=Words("en"))
    told = "".join(receipt.text(Words(lang)) for receipt in found.receipts for lang in ("zh", "en")) + found.rejects.to_csv()
    assert_nowhere(told, *capfd.readouterr(), run("check", "--data", tmp_path / "into", "--format", "csv"), folder=tmp_path / "into")
    assert len(TEXT_COLUMNS) > 15
    for receipt in found.receipts:
        assert (receipt.read, receipt.kept + sum(receipt.rejected.values())) == (len(SECRETS), len(SECRETS)), receipt
    for name, column in TEXT_COLUMNS:
        cells = pq.read_table(tmp_path / "into" / f"{name}.parquet").column(column).to_pylist()
        assert len(cells) == len(SECRETS), (name, found.rejects[["column", "value", "reason"]])
        assert all("kd1:" in text for text in cells), (name, cells)


def test_in_the_report_and_in_all_else_that_is_made_of_the_tables(tmp_path, capfd):
    into, out = tmp_path / "into", tmp_path / "reports"
    found = load([tmp_path / "all.csv"], wide_file(tmp_path / "all.csv", names=list(tables())), into, words=Words("en"))
    assert {receipt.table for receipt in found.receipts if receipt.kept} == set(tables())
    of_month = ("--data", into, "--month", "2026-10", "--lang", "en")
    # One supplier's page stands for those of all.
    chosen = [option for name in (*PORTFOLIO, "supplier") for option in ("--notebook", name)] + ["--supplier", "supplier_id0"]
    told = [run("score", *of_month, "--format", form, expected=0) for form in ("table", "csv", "json")]
    told += [run("exceptions", *of_month, "--format", form, expected=0) for form in ("csv", "json")]
    told += [run("forms", "--data", into, "--out", tmp_path / "forms.xlsx", expected=0), run("report", *of_month, "--out", out, *chosen, expected=0)]
    (tmp_path / "all.csv").unlink()
    assert_nowhere(*told, *capfd.readouterr(), folder=tmp_path)
    # Digests of what was planted are there: so these files have been read.
    assert {place for path, text in contents(out) if "kd1:" in text for place in (path.name,)} >= {"index.html", "scorecard.xlsx"}


@pytest.mark.parametrize("has_codes", [True, False])
def test_in_every_column_of_rows_that_are_rejected(tmp_path, capfd, has_codes):
    names = ["suppliers", "products", "codes", "allowed_repeats", "signals"] if has_codes else [*(set(WITH_TEXTS) - {"allowed_repeats"}), "orders"]
    mapping = wide_file(tmp_path / "all.csv", is_rejected=True, names=names)
    found = load([tmp_path / "all.csv"], mapping, tmp_path / "into", words=Words("en"))
    # Of these, one table has nothing but texts and a secret.
    assert {receipt.table for receipt in found.receipts if receipt.rejected} >= set(names) - {"suppliers", "products", "allowed_repeats"}
    for receipt in found.receipts:
        assert receipt.read == receipt.kept + sum(receipt.rejected.values()) == len(SECRETS)
    assert_nowhere(found.rejects.to_csv(), *capfd.readouterr(), folder=tmp_path / "into")


def test_in_columns_that_nobody_maps(tmp_path):
    wide_file(tmp_path / "all.csv", names=WITH_TEXTS)
    texts = pd.read_csv(tmp_path / "all.csv", dtype=str)
    rows = pd.DataFrame({"供货商编号": [f"s{row}" for row in range(len(SECRETS))], "供货商名称": "甲"}).join(texts)
    rows.to_csv(tmp_path / "suppliers.csv", index=False)
    rows.to_excel(tmp_path / "suppliers.xlsx", index=False)
    for name in ("suppliers.csv", "suppliers.xlsx"):
        into = tmp_path / name.replace(".", "-")
        told = [run("load", tmp_path / name, "--as", "suppliers", "--into", into, "--lang", lang) for lang in ("zh", "en")]
        assert_nowhere(*told, folder=into)
        assert (into / "mappings" / "suppliers.toml").is_file()


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_in_headings_sheets_and_names_of_files(tmp_path, secret):
    file = f"货源_{secret}".replace("/", "_")
    rows = [["编号", "名称", secret], ["s1", "甲", "x"]]
    (tmp_path / f"{file}.csv").write_text("\n".join(map(",".join, rows)), encoding="utf-8")
    pd.DataFrame(rows[1:], columns=rows[0]).to_excel(tmp_path / f"{file}.xlsx", sheet_name="张" + secret.replace(":", "")[:30].replace("：", ""), index=False)
    (tmp_path / "bare.csv").write_text(f"{secret},甲,ok\n{secret},乙,ok\n", encoding="utf-8")
    (tmp_path / "m.toml").write_text('[tables.suppliers.columns]\nsupplier_id = { from = "编号" }\nname = { from = "名称" }\n', encoding="utf-8")
    (tmp_path / "wrong.toml").write_text('[tables.suppliers.columns]\nsupplier_id = { from = "编" }\nname = { from = "微信" }\n', encoding="utf-8")
    (tmp_path / "sheet.toml").write_text((tmp_path / "m.toml").read_text(encoding="utf-8") + '[source]\nsheet = "no"\n', encoding="utf-8")
    into, told = tmp_path / "into", []
    for suffix in ("csv", "xlsx"):
        source = tmp_path / f"{file}.{suffix}"
        told.append(run("load", source, "--mapping", tmp_path / "m.toml", "--into", into, expected=0))
        told += [run("load", source, "--mapping", tmp_path / mapping, "--into", into) for mapping in ("wrong.toml", "sheet.toml")]
        told += [run("load", source, "--as", "products", "--into", into, "--lang", "en"), run("load", source, "--into", into)]
    told += [
        run("load", tmp_path / "bare.csv", "--into", into),
        run("load", tmp_path / f"{file}.txt", "--into", into),
        run("load", tmp_path / "bare.csv", "--as", "codes", "--into", into),
    ]
    assert_nowhere(*told, folder=into)


BASE = """
[source]
timezone = "Asia/Shanghai"
[tables.suppliers]
repeats = "first"
columns = { supplier_id = { from = "s" }, name = { from = "s" } }
[tables.products]
repeats = "first"
columns = { sku = { from = "k" }, name = { from = "k" } }
"""
NAMED = BASE.replace('name = { from = "k" }', 'name = { from = "name" }')
CODES = (
    BASE
    + """
[tables.codes.columns]
code_id = { from = "id" }
supplier_id = { from = "s" }
sku = { from = "k" }
issued_at = { from = "t" }
code_digest = { from = "code" }
"""
)


def codes(tmp_path, *rows, name="codes.csv", mapping=CODES):
    path = tmp_path / name
    path.write_text("\n".join(["id,s,k,t,code", *rows]) + "\n", encoding="utf-8")
    return load([path], parse_mapping(tomllib.loads(mapping), "m.toml"), tmp_path / "into", words=Words("en"))


def rejected(folder, name):
    return list(csv.DictReader(io.StringIO((folder / "rejected" / name).read_text(encoding="utf-8-sig"))))


def test_a_code_in_a_shifted_cell(tmp_path):
    found = codes(tmp_path, "C1,S1,K1,2026-10-01 12:00:00,AAAA-BBBB-CCCC", "C2,S1,K1,卡号：80001234 密码：556677,x", "C3,S1,K1,AB12CD34EF56GH,x")
    (receipt,) = [receipt for receipt in found.receipts if receipt.table == "codes"]
    assert (receipt.read, receipt.kept, receipt.rejected) == (3, 1, {"not_time": 2})
    key = existing_key(tmp_path / "into")
    assert [row["value"] for row in rejected(tmp_path / "into", "codes-codes.csv.csv")] == [
        f"卡号：{digest('80001234', key)} 密码：{digest('556677', key)}",
        digest("AB12CD34EF56GH", key),
    ]


def test_a_code_that_is_an_id(tmp_path):
    rows = ["AB12-CD34-EF56,S1,K1,2026-10-01 12:00:00,AB12-CD34-EF56", "C2026-0001,S1,K1,2026-10-01 12:00:00,QQQQ1111WWWW2222"]
    found = codes(tmp_path, *rows)
    key = existing_key(tmp_path / "into")
    table = pq.read_table(tmp_path / "into" / "codes.parquet").to_pylist()
    assert sorted(row["code_id"] for row in table) == sorted(["C2026-0001", digest("AB12-CD34-EF56", key)])
    assert [receipt.doubts for receipt in found.receipts if receipt.table == "codes"] == [{"contact_replaced": 1}]
    # Where both are read from one column, whatever the code looks like.
    codes(tmp_path, "x,S1,K1,2026-10-01 12:00:00,plaincode", name="both.csv", mapping=CODES.replace('code_id = { from = "id" }', 'code_id = { from = "code" }'))
    table = pq.read_table(tmp_path / "into" / "codes.parquet").to_pylist()
    assert digest("plaincode", key) in {row["code_id"] for row in table}
    assert "plaincode" not in str(table)


def test_ids_of_rejected_rows_are_shown(tmp_path):
    mapping = (
        BASE
        + """
[tables.orders.columns]
order_id = { from = "id" }
supplier_id = { from = "s" }
sku = { from = "k" }
ordered_at = { from = "t" }
quantity = { constant = "1" }
amount = { from = "amount" }
currency = { constant = "CNY" }
status = { constant = "delivered" }
buyer_digest = { from = "buyer" }
"""
    )
    path = tmp_path / "orders.csv"
    ids = ["2026100112345671", "123456789012345678", "ORD-2026-AB12CD34"]
    rows = [f"{order},S1,K1,2026-10-01 12:00:00,{amount},a@b.com" for order in ids for amount in (1, 2)]
    path.write_text("\n".join(["id,s,k,t,amount,buyer", *rows]) + "\n", encoding="utf-8")
    found = load([path], parse_mapping(tomllib.loads(mapping), "m.toml"), tmp_path / "into", words=Words("en"))
    assert [row["value"] for row in rejected(tmp_path / "into", "orders-orders.csv.csv")] == ids
    assert [(receipt.read, receipt.kept) for receipt in found.receipts if receipt.table == "orders"] == [(6, 3)]


def test_names_of_hexadecimal_digits_are_names(tmp_path):
    names = ["13291111693b4983ba9cf660ff411e23", "0f16598591744ef8aaf7dad025da65f7", "d13800138000"]
    (tmp_path / "p.csv").write_text("\n".join(["s,k,name", *(f"S1,p{place},{name}" for place, name in enumerate(names))]) + "\n", encoding="utf-8")
    load([tmp_path / "p.csv"], parse_mapping(tomllib.loads(NAMED), "m.toml"), tmp_path / "into")
    assert pq.read_table(tmp_path / "into" / "products.parquet").column("name").to_pylist() == names


def test_a_cell_of_letters_and_an_at_sign(tmp_path):
    text = "a" * 120_000 + "@"
    (tmp_path / "p.csv").write_text(f"s,k,name\nS1,K1,{text}\n", encoding="utf-8")
    load([tmp_path / "p.csv"], parse_mapping(tomllib.loads(NAMED), "m.toml"), tmp_path / "into")
    assert pq.read_table(tmp_path / "into" / "products.parquet").column("name").to_pylist() == [text]


def test_a_source_says_what_is_looked_for(tmp_path):
    (tmp_path / "p.csv").write_text("s,k,name\nS1,K1,13800138000 号段\nS1,K2,a@b.com\n", encoding="utf-8")
    mapping = NAMED.replace("[source]", '[source]\nsecrets = ["email"]')
    load([tmp_path / "p.csv"], parse_mapping(tomllib.loads(mapping), "m.toml"), tmp_path / "into")
    key = existing_key(tmp_path / "into")
    assert pq.read_table(tmp_path / "into" / "products.parquet").column("name").to_pylist() == ["13800138000 号段", digest("a@b.com", key)]
    with pytest.raises(MappingError, match=r"source.secrets: 'mail' is not known. Accepted: email, phone, messenger, code"):
        parse_mapping(tomllib.loads(NAMED.replace("[source]", '[source]\nsecrets = ["mail"]')), "m.toml")


EXPORT = """订单号,供货商,商品编号,下单时间,数量,订单金额,状态,币种,卡密
A1,S1,K1,2026-10-01 12:00:00,1,QZXK MRKR,QZXK-0003-MRKR-7003,CNY,x
A2,S1,K1,2026-10-01 12:00:00,1,zqmark@mailqz.example.com,buyer3@mailqz.example.com,CNY,y
A3,S1,K1,2026-10-01 12:00:00,1,13,13900130003,CNY,z
A4,S1,K1,2026-10-01 12:00:00,1,免费,已发货,CNY,z
""" + "".join(f"B{number},S1,K1,2026-10-01 12:00:00,1,12.5{number},delivered,CNY,z\n" for number in range(8))


def test_a_proposal_holds_no_cell_that_looks_like_a_secret(tmp_path):
    (tmp_path / "o.csv").write_text(EXPORT, encoding="utf-8")
    with pytest.raises(MappingError):
        mapping_for(tmp_path / "o.csv", "orders", tmp_path / "into")
    written = tmp_path / "into" / "mappings" / "o.toml"
    assert written.stat().st_mode & 0o777 == 0o600
    text = written.read_text(encoding="utf-8")
    assert [secret for secret in ("QZXK", "MRKR", "@", "1390013") if secret in text] == []
    assert '"已发货"' in text
    assert '"免费"' in text


def test_an_error_masks_headings_that_are_cells(tmp_path):
    rows = ["C1,S1,Steam100,QZXK-0001-MRKR-7001,zqmark@mailqz.example.com,A1B2C3D4E5F6", "C2,S1,Steam100,QZXK-0002-MRKR-7002,x@mailqz.example.com,B1B2C3D4E5F6"]
    (tmp_path / "codes.csv").write_text("\n".join(rows).replace("zqmark@mailqz.example.com", "甲") + "\n", encoding="utf-8")
    with pytest.raises(MappingError, match=r"no table fits these headings: C1, S1, Steam100, \*\*\*, 甲, \*\*\*"):
        propose_mapping(tmp_path / "codes.csv")
    told = run("load", tmp_path / "codes.csv", "--into", tmp_path / "into")
    assert "QZXK" not in told
    assert "A1B2" not in told


def test_an_error_masks_what_an_engine_quotes():
    problem = ValueError("Conversion Error: Could not convert string 'QZXK-0003-MRKR-7003' to INT64, nor 'boss@shop.cn'")
    error = DataError("{file}: {problem}", file="张三13800138000.csv", problem=problem, line=13800138000)
    assert str(error) == "张三***.csv: Conversion Error: Could not convert string '***' to INT64, nor '***'"
    assert error.fields["line"] == 13800138000


def test_a_lost_key_is_missed(tmp_path):
    codes(tmp_path, "C1,S1,K1,2026-10-01 12:00:00,AAAA-BBBB-CCCC", name="k1.csv")
    into = tmp_path / "into"
    kept = (into / KEY_FILE).read_bytes()
    known = key_id(existing_key(into))
    assert stored_id(into) == known
    before = pq.read_table(into / "codes.parquet").to_pylist()
    (into / KEY_FILE).unlink()
    for mark in (True, False):
        if not mark:
            (into / ".kmanalysis-key-id").unlink()
        named = known if mark else r"\?"
        with pytest.raises(DataError, match=rf"digests under key {named} are here, but the key is missing: .*kmanalysis key rotate --forget"):
            codes(tmp_path, "C2,S1,K1,2026-10-02 12:00:00,AAAA-BBBB-CCCC", name="k2.csv")
        assert not (into / KEY_FILE).exists()
        assert pq.read_table(into / "codes.parquet").to_pylist() == before
    (into / KEY_FILE).write_bytes(kept)
    (into / KEY_FILE).chmod(0o600)
    codes(tmp_path, "C2,S1,K1,2026-10-02 12:00:00,AAAA-BBBB-CCCC", name="k2.csv")
    assert stored_id(into) == known
    assert len({row["code_digest"] for row in pq.read_table(into / "codes.parquet").to_pylist()}) == 1
    (into / KEY_FILE).write_text("ab" * 32)
    with pytest.raises(DataError, match=rf"is key {key_id(bytes.fromhex('ab' * 32))}, but the digests here were made under key {known}"):
        codes(tmp_path, "C3,S1,K1,2026-10-02 12:00:00,x", name="k3.csv")


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_git_does_not_take_the_key(tmp_path):
    def git(*arguments, cwd):
        return subprocess.run(["git", "-c", "init.defaultBranch=main", *arguments], cwd=cwd, check=True, capture_output=True, text=True).stdout

    mine = tmp_path / "mine"
    run("init", mine, expected=0)
    git("init", cwd=mine)
    run("load", mine / "exports" / "orders_example.csv", "--mapping", mine / "mappings" / "orders.toml", "--into", mine / "data", expected=0)
    codes(tmp_path, "C1,S1,K1,2026-10-01 12:00:00,AAAA-BBBB-CCCC")
    git("init", cwd=tmp_path / "into")
    for folder, key in ((mine, mine / "data" / KEY_FILE), (tmp_path / "into", tmp_path / "into" / KEY_FILE)):
        assert key.is_file()
        git("add", "-A", cwd=folder)
        added = git("ls-files", cwd=folder).split()
        assert not [path for path in added if path.endswith(KEY_FILE)]
        assert [path for path in added if path.endswith(".parquet")]
    page = (mine / "README.md").read_text(encoding="utf-8")
    assert f"data/{KEY_FILE}" in page
    assert KEY_FILE in (mine / ".gitignore").read_text(encoding="utf-8").split()


def test_receipts_are_plain_json(tmp_path):
    """What is printed for programs hides the same."""
    (tmp_path / f"{PHONE}0007.csv").write_text("s,k,name\nS1,K1,x\n", encoding="utf-8")
    load([tmp_path / f"{PHONE}0007.csv"], parse_mapping(tomllib.loads(NAMED), "m.toml"), tmp_path / "into")
    assert_nowhere(json.dumps(json.loads(run("check", "--data", tmp_path / "into", "--format", "json", expected=0))), folder=tmp_path / "into")
