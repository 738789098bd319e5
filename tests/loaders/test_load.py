"""Loads into a folder: merging, idempotence, secrets, and what a kill or a second load at the same time does."""

import csv
import io
import multiprocessing
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from kmanalysis.engine.duckdb import connect
from kmanalysis.errors import DataError, MappingError
from kmanalysis.loaders.checking.secrets import KEY_FILE, digest, existing_key
from kmanalysis.loaders.checking.stamp import STAMP_KEY
from kmanalysis.loaders.folder import attach
from kmanalysis.loaders.load import check, load
from kmanalysis.loaders.mapping.toml import parse_mapping
from kmanalysis.loaders.stamping import stamp_tables
from kmanalysis.loaders.store import JOURNAL, TEMPORARY, locked
from kmanalysis.words import Words

MAPPING = """
[source]
timezone = "Asia/Shanghai"
[tables.suppliers]
repeats = "first"
[tables.suppliers.columns]
supplier_id = { key = ["供应商"] }
name = { from = "供应商" }
[tables.products]
repeats = "first"
[tables.products.columns]
sku = { key = ["商品"] }
name = { from = "商品" }
[tables.orders.columns]
order_id = { from = "订单号" }
supplier_id = { key = ["供应商"] }
sku = { key = ["商品"] }
ordered_at = { from = "下单时间" }
quantity = { from = "数量" }
amount = { from = "金额" }
currency = { constant = "CNY" }
status = { from = "状态", values = { "已完成" = "delivered", "失败" = "failed" } }
buyer_digest = { from = "手机号" }
"""
HEAD = "订单号,供应商,商品,下单时间,数量,金额,状态,手机号\n"
ROWS = "1,甲店,点卡,2026-10-01 08:00:00,1,¥10.5,已完成,13800138000\n2,乙店,会员,2026-10-01 09:00:00,2,20,失败,a@b.com\n"


def mapping():
    return parse_mapping(tomllib.loads(MAPPING), "m.toml")


def raw_file(tmp_path, text, name="导出.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix in (".parquet", ".csv")}


def test_one_export_feeds_three_tables_and_the_receipts_add_up(tmp_path):
    found = load([raw_file(tmp_path, HEAD + ROWS + "3,丙店,点卡,昨天,1,1,已完成,\n")], mapping(), tmp_path / "into")
    assert [(receipt.table, receipt.read, receipt.new, receipt.same, receipt.rejected) for receipt in found.receipts] == [
        ("suppliers", 3, 3, 0, {}),
        ("products", 3, 2, 1, {}),
        ("orders", 3, 2, 0, {"not_time": 1}),
    ]
    connection = connect()
    assert [receipt.read for receipt in attach(connection, tmp_path / "into").receipts] == [3, 2, 2]
    key = existing_key(tmp_path / "into")
    assert connection.execute("SELECT order_id, amount::VARCHAR, status, buyer_digest FROM orders ORDER BY 1").fetchall() == [
        ("1", "10.5000", "delivered", digest("13800138000", key)),
        ("2", "20.0000", "failed", digest("a@b.com", key)),
    ]


def test_the_same_file_again_changes_nothing(tmp_path):
    raw = raw_file(tmp_path, HEAD + ROWS)
    load([raw], mapping(), tmp_path / "into")
    before = contents(tmp_path / "into")
    again = load([raw, raw], mapping(), tmp_path / "into")
    assert {(receipt.new, receipt.updated) for receipt in again.receipts} == {(0, 0)}
    assert contents(tmp_path / "into") == before


def test_two_files_give_the_same_bytes_in_one_load_and_in_two(tmp_path):
    first, second = raw_file(tmp_path, HEAD + ROWS, "a.csv"), raw_file(tmp_path, HEAD + ROWS.replace("¥10.5", "11").replace("2,乙", "3,乙"), "b.csv")
    found = load([first, second], mapping(), tmp_path / "one")
    assert [(receipt.new, receipt.updated, receipt.same) for receipt in found.receipts if receipt.table == "orders"] == [(2, 0, 0), (1, 1, 0)]
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / KEY_FILE).write_bytes((tmp_path / "one" / KEY_FILE).read_bytes())
    (tmp_path / "two" / KEY_FILE).chmod(0o600)
    for path in (first, second):
        load([path], mapping(), tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_columns_that_are_not_mapped_keep_what_they_hold(tmp_path):
    into = tmp_path / "into"
    into.mkdir()
    (into / "suppliers.csv").write_text("supplier_id,name,supply_mode,min_order\n甲店,旧名,dropship,10.50\n戊店,戊,agency,\n", encoding="utf-8")
    found = load([raw_file(tmp_path, HEAD + ROWS)], mapping(), into, table="suppliers")
    assert [(receipt.new, receipt.updated, receipt.same) for receipt in found.receipts] == [(1, 1, 0)]
    assert (into / "suppliers.csv").read_text(
        encoding="utf-8"
    ) == "supplier_id,name,supply_mode,min_order\n乙店,乙店,,\n戊店,戊,agency,\n甲店,甲店,dropship,10.5\n"
    assert not check(into).receipts[0].rejected


def test_times_and_quantities_survive_a_table_that_is_kept_as_csv(tmp_path):
    into = tmp_path / "into"
    into.mkdir()
    (into / "probes.csv").write_text("supplier_id,probed_at,is_up,latency_ms\n甲店,2026-10-01T08:00:00.25+08:00,true,12.5\n", encoding="utf-8")
    declared = '[tables.probes.columns]\nsupplier_id = { from = "a" }\nprobed_at = { from = "b" }\nis_up = { from = "c" }'
    load([raw_file(tmp_path, "a,b,c\n乙店,2026-10-01T00:00:00Z,false\n")], parse_mapping(tomllib.loads(declared), "m.toml"), into)
    assert (into / "probes.csv").read_text(encoding="utf-8").splitlines()[1:] == [
        "乙店,2026-10-01 00:00:00,false,",
        "甲店,2026-10-01 00:00:00.25,true,12.5",
    ]


def test_a_folder_with_faulty_rows_is_not_written_to(tmp_path):
    into = tmp_path / "into"
    into.mkdir()
    (into / "suppliers.csv").write_text("supplier_id,name\n甲店,甲\n,乙\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"suppliers\.csv holds 1 faulty rows, which this load would drop"):
        load([raw_file(tmp_path, HEAD + ROWS)], mapping(), into)


@pytest.mark.parametrize("form", ["suppliers.xlsx", "suppliers/1.parquet"])
def test_a_form_that_cannot_be_written_is_refused(tmp_path, form):
    target = tmp_path / "into" / form
    target.parent.mkdir(parents=True)
    target.write_bytes(b"x")
    with pytest.raises(DataError, match="which a load cannot add to"):
        load([raw_file(tmp_path, HEAD + ROWS)], mapping(), tmp_path / "into")


def test_a_table_that_the_mapping_lacks_and_a_file_that_is_not_there(tmp_path):
    with pytest.raises(MappingError, match=r"m\.toml does not map codes\. It maps: suppliers, products, orders"):
        load([raw_file(tmp_path, HEAD + ROWS)], mapping(), tmp_path / "into", table="codes")
    with pytest.raises(DataError, match=r"File nope\.csv was not found"):
        load([tmp_path / "nope.csv"], mapping(), tmp_path / "into")


CODES = """
[tables.codes.columns]
code_id = { from = "编号" }
supplier_id = { from = "店" }
sku = { from = "商品" }
issued_at = { from = "时间" }
code_digest = { from = "卡密" }
[tables.tickets.columns]
ticket_id = { from = "编号" }
supplier_id = { from = "店" }
opened_at = { from = "时间" }
kind = { constant = "question" }
is_staged = { constant = false }
[tables.signals.columns]
signal_id = { from = "编号" }
supplier_id = { from = "店" }
found_on = { from = "时间" }
source_kind = { constant = "community" }
polarity = { constant = "bad" }
summary = { from = "备注" }
"""


GIVEN = """
[source]
timezone = "Asia/Shanghai"
[tables.suppliers.columns]
supplier_id = { from = "编号" }
name = { from = "名称" }
min_order = { from = "起批", optional = true }
prepayment = { from = "押金", optional = true }
"""


def given_in(folder):
    return attach(connect(), folder).given["suppliers"]


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_what_no_source_had_is_not_given_until_one_has_it(tmp_path, form):
    mapped, into = parse_mapping(tomllib.loads(GIVEN), "m.toml"), tmp_path / "into"
    into.mkdir()
    if form == "csv":
        (into / "suppliers.csv").write_text("supplier_id,name\nS0,零\n", encoding="utf-8")
    load([raw_file(tmp_path, "编号,名称,起批\nS1,甲,\n")], mapped, into)
    # An empty column was given: it says that there was nothing.
    assert given_in(into) == {"supplier_id", "name", "min_order"}
    load([raw_file(tmp_path, "编号,名称\nS2,乙\n")], mapped, into)
    assert given_in(into) == {"supplier_id", "name", "min_order"}
    load([raw_file(tmp_path, "编号,名称,押金\nS2,乙,500\n")], mapped, into)
    assert given_in(into) == {"supplier_id", "name", "min_order", "prepayment"}
    assert (into / f"suppliers.{form}").is_file()


def test_a_column_that_came_later_is_added_though_no_row_changes(tmp_path):
    mapped, into = parse_mapping(tomllib.loads(GIVEN), "m.toml"), tmp_path / "into"
    load([raw_file(tmp_path, "编号,名称\nS1,甲\n")], mapped, into)
    assert given_in(into) == {"supplier_id", "name"}
    found = load([raw_file(tmp_path, "编号,名称,押金\nS1,甲,\n")], mapped, into)
    assert (found.receipts[0].updated, found.receipts[0].same) == (0, 1)
    assert given_in(into) == {"supplier_id", "name", "prepayment"}


def test_stamping_keeps_what_was_given(tmp_path):
    into = tmp_path / "into"
    load([raw_file(tmp_path, "编号,名称,起批\nS1,甲,\n")], parse_mapping(tomllib.loads(GIVEN), "m.toml"), into)
    path = into / "suppliers.parquet"
    rows = pq.read_table(path)
    pq.write_table(rows.replace_schema_metadata({**rows.schema.metadata, STAMP_KEY.encode(): b"of other rules"}), path)
    assert stamp_tables(into, Words("en")).stamped == ["suppliers"]
    assert given_in(into) == {"supplier_id", "name", "min_order"}
    load([raw_file(tmp_path, "编号,名称,押金\nS1,甲,1\n")], parse_mapping(tomllib.loads(GIVEN), "m.toml"), into)
    assert given_in(into) == {"supplier_id", "name", "min_order", "prepayment"}


def test_secrets_appear_in_no_file_and_no_word(tmp_path, capfd):
    text = (
        "编号,店,商品,时间,卡密,备注\n"
        "1,S1,K1,2026-10-01T00:00:00Z,SECR-ET00-CODE-0001,联系 13911112222 或 boss@shop.cn\n"
        "2,S1,K1,2026-10-01T00:00:00Z,SECRETCODE0002,无\n"
        "3,S1,K1,13933334444,SECR-ET00-CODE-0003,无\n"
        "4,S1,K1,SECR-ET00-CODE-0004,2026-10-01T00:00:00Z,移位\n"
        ",S1,K1,2026-10-01T00:00:00Z,SECR-ET00-CODE-0005,无\n"
        "6,S1,SECR-ET00-CODE-0006\n"
        '7,"S1,K1,2026-10-01T00:00:00Z,SECR-ET00-CODE-0007\n'
    )
    found = load([raw_file(tmp_path, text)], parse_mapping(tomllib.loads(CODES), "m.toml"), tmp_path / "into")
    told = found.rejects.to_csv() + "".join(receipt.text(Words(lang)) for receipt in found.receipts for lang in ("zh", "en"))
    written = b"".join(path.read_bytes() for path in (tmp_path / "into").rglob("*") if path.is_file())
    written += "".join(str(pq.read_table(path).to_pylist()) for path in (tmp_path / "into").glob("*.parquet")).encode()
    for secret in ("SECR", "ET00", "1391111", "1393333", "boss@", "CODE0002"):
        assert secret not in told
        assert secret.encode() not in written
    out, err = capfd.readouterr()
    assert out == err == ""
    (signal_row,) = [row for row in pq.read_table(tmp_path / "into" / "signals.parquet").to_pylist() if row["signal_id"] == "1"]
    key = existing_key(tmp_path / "into")
    assert signal_row["summary"] == f"联系 {digest('13911112222', key)} 或 {digest('boss@shop.cn', key)}"
    assert {row["code_digest"] for row in pq.read_table(tmp_path / "into" / "codes.parquet").to_pylist()} == {
        digest("SECR-ET00-CODE-0001", key),
        digest("SECRETCODE0002", key),
    }


def test_rejected_rows_are_written_with_formulas_defused_and_removed_when_mended(tmp_path):
    bad = raw_file(tmp_path, HEAD + ROWS + "3,甲店,点卡,2026-10-01 08:00:00,1,=1+1,已完成,\n")
    load([bad], mapping(), tmp_path / "into", words=Words("en"))
    told = tmp_path / "into" / "rejected" / "orders-导出.csv.csv"
    assert list(csv.reader(io.StringIO(told.read_text(encoding="utf-8-sig")))) == [
        ["file", "line", "column", "value", "reason", "accepted"],
        ["导出.csv", "4", "金额", "'=1+1", "not a number", "'12345678901234.5678, >= 0".removeprefix("'")],
    ]
    raw_file(tmp_path, HEAD + ROWS)
    load([bad], mapping(), tmp_path / "into")
    assert not told.exists()


@pytest.mark.parametrize("together", [True, False])
def test_files_of_one_stem_have_a_list_of_rejected_rows_each(tmp_path, together):
    faulty = HEAD + "3,甲店,点卡,2026-10-01 08:00:00,1,dear,已完成,\n"
    text = raw_file(tmp_path, faulty, "a.csv")
    book = tmp_path / "a.xlsx"
    pd.DataFrame([line.split(",") for line in faulty.splitlines()]).to_excel(book, index=False, header=False)
    for files in ([text, book],) if together else ([text], [book]):
        load(files, mapping(), tmp_path / "into")
    lists = sorted((tmp_path / "into" / "rejected").iterdir())
    assert [path.name for path in lists] == ["orders-a.csv.csv", "orders-a.xlsx.csv"]
    assert [pd.read_csv(path)["file"].tolist() for path in lists] == [["a.csv"], ["a.xlsx"]]


def test_files_of_one_name_in_several_folders_share_a_list_of_rejected_rows(tmp_path):
    files = []
    for place, amount in (("x", "dear"), ("y", "cheap"), ("z", "10")):
        (tmp_path / place).mkdir()
        files.append(raw_file(tmp_path / place, f"{HEAD}{place},甲店,点卡,2026-10-01 08:00:00,1,{amount},已完成,\n"))
    load(files, mapping(), tmp_path / "into")
    (told,) = (tmp_path / "into" / "rejected").iterdir()
    assert pd.read_csv(told)["value"].tolist() == ["dear", "cheap"]


def test_a_half_finished_change_is_finished_by_the_next_load(tmp_path):
    into = tmp_path / "into"
    (into / "rejected").mkdir(parents=True)
    (into / "a.parquet").write_text("new a")
    (into / "b.parquet").write_text("old b")
    (into / f"b.parquet{TEMPORARY}").write_text("new b")
    (into / f"c.parquet{TEMPORARY}").write_text("never finished")
    (into / "rejected" / f"x.csv{TEMPORARY}").write_text("never finished")
    (into / JOURNAL).write_text("a.parquet\nb.parquet\n")
    with locked(into):
        pass
    assert contents(into) == {"a.parquet": b"new a", "b.parquet": b"new b"}
    assert not list(into.rglob(f"*{TEMPORARY}"))
    assert not (into / JOURNAL).exists()


def many_rows(count):
    return HEAD + "".join(
        f"{n},店{n % 7},商品{n % 50},2026-10-{n % 28 + 1:02d} 08:{n % 60:02d}:00,{n % 3 + 1},{n % 90}.5,{'已完成' if n % 9 else '失败'},138{n % 10**8:08d}\n"
        for n in range(count)
    )


KILLS = """
import os, random, signal, sys, time, tomllib
from pathlib import Path
from kmanalysis.loaders.load import load
from kmanalysis.loaders.mapping.toml import parse_mapping

raw, declared, calm, rough = map(Path, sys.argv[1:])
mapping = parse_mapping(tomllib.loads(declared.read_text(encoding="utf-8")), "m.toml")

def start(into):
    child = os.fork()
    if not child:
        load([raw], mapping, into)
        os._exit(0)
    return child

def state(folder):
    return hash(tuple(sorted((path.name, path.read_bytes()) for path in folder.glob("*.parquet"))))

print(state(rough))
started = time.monotonic()
assert os.waitpid(start(calm), 0)[1] == 0
length = time.monotonic() - started
moments = random.Random(8)
for _ in range(10):
    child = start(rough)
    time.sleep(length * moments.uniform(0.05, 1.0))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print("journal" if (rough / ".kmanalysis-journal").exists() else state(rough))
print(state(calm))
"""


def test_killed_at_ten_random_moments_the_next_load_gives_the_undisturbed_result(tmp_path):
    first, second = raw_file(tmp_path, many_rows(2_000), "a.csv"), raw_file(tmp_path, many_rows(6_000).replace(".5,", ".25,"), "b.csv")
    calm, rough = tmp_path / "calm", tmp_path / "rough"
    load([first], mapping(), calm)
    rough.mkdir()
    for path in calm.iterdir():
        if path.is_file():
            (rough / path.name).write_bytes(path.read_bytes())
            (rough / path.name).chmod(path.stat().st_mode)
    raw_file(tmp_path, MAPPING, "m.toml")
    told = subprocess.run(
        [sys.executable, "-c", KILLS, second, tmp_path / "m.toml", calm, rough],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONHASHSEED": "0"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    before, *found, after = told
    assert before != after
    assert len(found) == 10
    assert set(found) <= {before, after, "journal"}, "a killed load left the tables neither as they were nor as they should become"
    load([second], mapping(), rough)
    assert contents(rough) == contents(calm)
    assert not list(rough.rglob(f"*{TEMPORARY}"))


def load_one(arguments):
    raw, into = arguments
    load([raw], mapping(), into)


def test_two_loads_at_once_both_count(tmp_path):
    lines = many_rows(4_000).splitlines(keepends=True)[1:]
    halves = [raw_file(tmp_path, HEAD + "".join(lines[part::2]), f"{part}.csv") for part in range(2)]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(load_one, [(half, tmp_path / "into") for half in halves], chunksize=1)
    assert pq.read_metadata(tmp_path / "into" / "orders.parquet").num_rows == 4_000
    orders = pq.read_table(tmp_path / "into" / "orders.parquet").select(["ordered_at", "order_id"]).to_pylist()
    assert orders == sorted(orders, key=lambda row: (row["ordered_at"], row["order_id"]))
