import csv
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kmanalysis.cli.terminal.scores import fault_lines
from kmanalysis.engine.duckdb import connect
from kmanalysis.errors import DataError
from kmanalysis.loaders.checking.stamp import stamped_schema
from kmanalysis.loaders.folder import attach, in_reading_order, table_files
from kmanalysis.loaders.load import check
from kmanalysis.tables import tables
from kmanalysis.words import Words

BAD_ROWS = Path(__file__).parents[1] / "fixtures" / "bad_rows"


def folder_of(tmp_path, **files):
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def attached(folder):
    connection = connect()
    return attach(connection, folder), connection


def test_the_bad_rows_are_rejected_and_no_others():
    found = check(BAD_ROWS)
    with (BAD_ROWS / "expected.csv").open(encoding="utf-8") as expected:
        wanted = sorted((row["file"], int(row["line"]), row["column"], row["reason"]) for row in csv.DictReader(expected))
    assert sorted(found.rejects.loc[:, ["file", "line", "column", "reason"]].itertuples(index=False, name=None)) == wanted
    assert len({(file, column, reason) for file, _, column, reason in wanted}) >= 40
    for receipt in found.receipts:
        assert sum(receipt.rejected.values()) == len({line for file, line, _, _ in wanted if file == receipt.file})


def test_what_was_found_and_what_is_accepted_is_told_but_no_secret():
    rejects = check(BAD_ROWS).rejects
    told = {(row.file, row.line): (row.value, row.accepted) for row in rejects.itertuples()}
    assert told["suppliers.csv", 11] == ("consignment", "dropship, wholesale, agency")
    assert told["suppliers.csv", 4] == ("2", "6")
    assert told["orders.csv", 18] == ("S99", "suppliers.supplier_id")
    assert told["suppliers.csv", 21] == ("-1", "12345678901234.5678, >= 0")
    assert set(rejects.loc[rejects["reason"] == "plain_secret", "value"]) == {"***"}


@pytest.mark.parametrize("heading", ["allowance_id,sku,code_digest,reason", "allowance_id,reason"])
def test_a_row_that_fills_in_none_of_the_columns_of_which_one_is_wanted_is_rejected(tmp_path, heading):
    cells = "A1,,,shared" if "sku" in heading else "A1,shared"
    found = check(folder_of(tmp_path, allowed_repeats=f"{heading}\n{cells}\n"))
    (fault,) = found.rejects.itertuples(index=False)
    assert tuple(fault) == ("allowed_repeats.csv", 2, "sku, code_digest", "", "none_of_them", "sku, code_digest")
    assert found.receipts[0].rejected == {"none_of_them": 1}
    (line,) = fault_lines(found.rejects, Words("en"))
    assert line == (
        "allowed_repeats.csv, line 2, column sku, code_digest: all of these columns are empty: fill in at least one. Found: —. Accepted: sku, code_digest."
    )


def test_doubtful_rows_are_kept_and_counted():
    found, connection = attached(BAD_ROWS)
    doubts = {receipt.table: receipt.doubts for receipt in found.receipts}
    assert doubts["orders"] == {"out_of_order": 1, "reference_unchecked": 1}
    assert doubts["suppliers"] == {"contact_replaced": 1}
    assert [row[0] for row in connection.execute("SELECT order_id FROM orders ORDER BY 1").fetchall()] == ["O1", "O2", "O26", "O27"]
    assert ("酉 ***",) in connection.execute("SELECT name FROM suppliers").fetchall()


def test_every_table_is_there_with_its_types(tmp_path):
    _, connection = attached(folder_of(tmp_path, suppliers="supplier_id,name,min_order,api_stock\nS1, 甲　,10.5,TRUE\n"))
    row = connection.execute("SELECT * FROM suppliers").df().loc[0]
    assert (row["name"], row["min_order"], row["api_stock"]) == ("甲", 10.5, True)
    for name, table in tables().items():
        types = dict(connection.execute(f'SELECT column_name, column_type FROM (DESCRIBE "{name}")').fetchall())
        assert types == {column.name: column.sql_type for column in table.stored.values()}
        assert list(connection.table(name).columns) == list(table.stored)


def test_times_come_out_in_utc(tmp_path):
    rows = "S1,2026-10-01 08:00:00,true\nS1,2026-10-01T08:00:01Z,true\nS1,2026-10-01T08:00:02.25+08:00,true\nS1,2026-10-01 08:03,false\n"
    _, connection = attached(folder_of(tmp_path, suppliers="supplier_id,name\nS1,甲\n", probes="supplier_id,probed_at,is_up\n" + rows))
    assert [row[0] for row in connection.execute("SELECT probed_at FROM probes ORDER BY 1").fetchall()] == [
        datetime(2026, 10, 1, 0, 0, 2, 250000),
        datetime(2026, 10, 1, 8),
        datetime(2026, 10, 1, 8, 0, 1),
        datetime(2026, 10, 1, 8, 3),
    ]


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1.5", Decimal("1.5")), ("1e2", Decimal(100)), ("1.50000", Decimal("1.5")), ("+7", Decimal(7)), ("12345678901234.5678", Decimal("12345678901234.5678"))],
)
def test_decimals_are_exact(tmp_path, cell, value):
    _, connection = attached(folder_of(tmp_path, suppliers=f"supplier_id,name,min_order\nS1,甲,{cell}\n"))
    assert connection.execute("SELECT min_order FROM suppliers").fetchone() == (value,)


def test_integers_may_carry_an_empty_fraction_but_are_never_rounded(tmp_path):
    text = "supplier_id,sku,observed_at,quantity,scan_ok,is_placeholder\n" + "".join(
        f"S1,K1,2026-10-01 00:0{n}:00,{cell},true,false\n" for n, cell in enumerate(["3.0", "3.5", "1e2"])
    )
    found, connection = attached(folder_of(tmp_path, stock_snapshots=text))
    assert connection.execute("SELECT quantity FROM stock_snapshots ORDER BY 1").fetchall() == [(3,), (100,)]
    assert found.receipts[0].rejected == {"not_whole": 1}
    assert found.receipts[0].doubts == {"reference_unchecked": 4}


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({}, "No tables found in"),
        ({"suppliers": "supplier_id,nmae\nS1,x\n"}, "suppliers.csv, line 1: suppliers has no column 'nmae'. Did you mean name?"),
        ({"suppliers": "supplier_id,name,name\nS1,x,y\n"}, "duplicate column name"),
        ({"suppliers": "supplier_id\nS1\n"}, "suppliers.csv, line 1: missing required columns: name"),
    ],
)
def test_folders_that_cannot_be_used(tmp_path, files, problem):
    with pytest.raises(DataError) as caught:
        attached(folder_of(tmp_path, **files))
    assert problem in str(caught.value)


def test_a_folder_that_is_not_there():
    with pytest.raises(DataError, match="Folder nowhere was not found"):
        attached(Path("nowhere"))


def test_a_table_in_two_forms_is_refused(tmp_path):
    folder_of(tmp_path, suppliers="supplier_id,name\nS1,x\n")
    (tmp_path / "suppliers").mkdir()
    pd.DataFrame({"supplier_id": ["S1"], "name": ["x"]}).to_parquet(tmp_path / "suppliers" / "1.parquet")
    with pytest.raises(DataError, match=r"Table suppliers is stored more than once: suppliers\.csv, suppliers/"):
        attached(tmp_path)


def test_parquet_without_stamp_is_validated_part_by_part(tmp_path):
    (tmp_path / "suppliers").mkdir()
    pd.DataFrame({"supplier_id": ["S1", None], "name": ["x", "y"], "min_order": [1.25, float("nan")]}).to_parquet(tmp_path / "suppliers" / "1.parquet")
    pq.write_table(
        pa.table({"supplier_id": ["S2", "S3"], "name": ["z", "w"], "min_order": pa.array([2.0, float("nan")])}), tmp_path / "suppliers" / "2.parquet"
    )
    found, connection = attached(tmp_path)
    assert [(receipt.file, receipt.read, receipt.rejected) for receipt in found.receipts] == [
        ("suppliers/1.parquet", 2, {"empty": 1}),
        ("suppliers/2.parquet", 2, {"not_finite": 1}),
    ]
    assert found.rejects.loc[:, ["file", "line", "column"]].to_numpy().tolist() == [
        ["suppliers/1.parquet", 2, "supplier_id"],
        ["suppliers/2.parquet", 2, "min_order"],
    ]
    assert connection.execute("SELECT supplier_id, min_order FROM suppliers ORDER BY 1").fetchall() == [("S1", Decimal("1.25")), ("S2", Decimal(2))]


def test_of_a_part_with_generations_the_newest_is_read(tmp_path):
    (tmp_path / "orders").mkdir()
    for name in ("2026-10", "2026-11", "2026-11@2", "2026-11@10", "2026-11@9", "a@b", "@3", "2026-12@1"):
        (tmp_path / "orders" / f"{name}.parquet").touch()
    names = [path.stem for path in table_files(tmp_path)["orders"]]
    assert names == ["2026-10", "2026-11@10", "2026-12@1", "@3", "a@b"]


def test_a_folder_that_is_called_like_a_part_is_none(tmp_path):
    folder_of(tmp_path, suppliers="supplier_id,name\nS1,x\n")
    for name in ("orders/2026-10@2.parquet", "quotes/2026-10.parquet"):
        (tmp_path / name).mkdir(parents=True)
    pq.write_table(stamped_schema(tables()["orders"]).empty_table(), tmp_path / "orders" / "2026-10@1.parquet")
    assert {name: [path.name for path in files] for name, files in table_files(tmp_path).items()} == {
        "suppliers": ["suppliers.csv"],
        "orders": ["2026-10@1.parquet"],
    }
    assert [receipt.file for receipt in attached(tmp_path)[0].receipts] == ["suppliers.csv", "orders/2026-10@1.parquet"]


def test_times_in_parquet_keep_their_instant(tmp_path):
    folder_of(tmp_path, suppliers="supplier_id,name\nS1,x\n")
    moment = pd.Timestamp("2026-10-01 08:00:00.5", tz="Asia/Shanghai")
    pd.DataFrame({"supplier_id": ["S1"], "probed_at": [moment], "is_up": [True]}).to_parquet(tmp_path / "probes.parquet")
    _, connection = attached(tmp_path)
    assert connection.execute("SELECT probed_at, is_up FROM probes").fetchall() == [(datetime(2026, 10, 1, 0, 0, 0, 500000), True)]


def test_stamped_parquet_is_a_view_and_is_looked_at_by_check_alone(tmp_path):
    table = tables()["suppliers"]
    rows = pa.table({name: pa.nulls(2, stamped_schema(table).field(name).type) for name in table.columns})
    pq.write_table(rows.cast(stamped_schema(table)), tmp_path / "suppliers.parquet")
    found, connection = attached(tmp_path)
    assert [(receipt.read, receipt.rejected) for receipt in found.receipts] == [(2, {})]
    assert connection.execute("SELECT table_type FROM information_schema.tables WHERE table_name = 'suppliers'").fetchone() == ("VIEW",)
    assert check(tmp_path).receipts[0].rejected == {"empty": 2}


def test_a_sheet_is_a_table_too(tmp_path):
    book = openpyxl.Workbook()
    for row in (["sku", "name", "is_core", "launched_on"], ["K1", "点卡", True, datetime(2026, 1, 2)], [1002, "会员", None, None], ["K3", "x", "maybe", None]):
        book.active.append(row)
    book.save(tmp_path / "products.xlsx")
    found, connection = attached(tmp_path)
    assert connection.execute("SELECT sku, is_core, launched_on::VARCHAR FROM products ORDER BY 1").fetchall() == [
        ("1002", None, None),
        ("K1", True, "2026-01-02"),
    ]
    assert found.rejects.loc[:, ["file", "line", "column", "reason"]].to_numpy().tolist() == [["products.xlsx", 4, "is_core", "not_boolean"]]


def test_tables_are_read_after_those_that_they_refer_to():
    order = [table.name for table in in_reading_order()]
    assert sorted(order) == sorted(tables())
    for table in tables().values():
        for column in table.columns.values():
            if column.refers_to:
                assert order.index(column.refers_to.partition(".")[0]) < order.index(table.name)


def test_many_rows_go_through_the_engine(tmp_path):
    rows = "".join(f"S1,K{n},2026-10-01 00:00:00,{n},CNY\n" for n in range(30_000))
    products = "sku,name\n" + "".join(f"K{n},x\n" for n in range(0, 30_000, 2))
    found, connection = attached(
        folder_of(tmp_path, suppliers="supplier_id,name\nS1,x\n", products=products, quotes="supplier_id,sku,quoted_at,unit_price,currency\n" + rows)
    )
    assert connection.execute("SELECT count(*), sum(unit_price) FROM quotes").fetchone() == (15_000, Decimal(sum(range(0, 30_000, 2))))
    assert found.rejects["line"].tolist() == list(range(3, 30_002, 2))
