"""`kmanalysis claims export` on real folders: what it writes, what it records, and what it never does twice."""

from __future__ import annotations

import csv
import shutil
from io import BytesIO
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from kmanalysis.cli import app
from kmanalysis.decisions.claims import claims_to_make
from kmanalysis.loaders.checking.stamp import is_stamped
from kmanalysis.opening import open_workbook
from kmanalysis.report.sheets.claims import claim_sheets
from kmanalysis.tables import tables
from kmanalysis.times import Month
from kmanalysis.words import Words

TABLES = {
    "suppliers": "supplier_id,name\nS1,=云杉\nS2,灵犀\n",
    "products": "sku,name,family,category,launched_on\nK1,点卡,,game_card,\n",
    "orders": (
        "order_id,supplier_id,sku,ordered_at,failed_at,quantity,amount,cost_amount,currency,status,failure_cause,at_fault\n"
        "O1,S1,K1,2026-09-10 01:00:00,2026-09-10 02:00:00,1,120,100.05,CNY,failed,invalid_code,supplier\n"
        "O2,S1,K1,2026-10-10 01:00:00,2026-10-10 02:00:00,1,60,50,CNY,failed,invalid_code,supplier\n"
        "O3,S2,K1,2026-10-11 01:00:00,2026-10-11 02:00:00,1,60,40,CNY,failed,invalid_code,supplier\n"
        "O4,S2,K1,2026-10-12 01:00:00,2026-10-12 02:00:00,1,60,40,CNY,failed,invalid_code,unknown\n"
    ),
    "tickets": (
        "ticket_id,supplier_id,order_id,opened_at,reshipped_at,kind,at_fault,is_staged\n"
        "T3,S2,O3,2026-10-11 02:30:00,2026-10-11 03:00:00,invalid_code,supplier,false\n"
    ),
    "compensations": "compensation_id,supplier_id,order_id,kind,amount,currency,paid_at\n",
}


@pytest.fixture
def folder(tmp_path):
    """A folder of CSV tables."""
    made = tmp_path / "data"
    made.mkdir()
    for name, text in TABLES.items():
        (made / f"{name}.csv").write_text(text, encoding="utf-8")
    return made


@pytest.fixture
def export(tmp_path):
    """Runs the command on a folder for a month; sheets go to ``out``."""

    def run(folder, month, *more):
        arguments = ["claims", "export", "--data", folder, "--month", month, "--out", tmp_path / "out", "--lang", "en", *more]
        done = CliRunner().invoke(app.app, [str(argument) for argument in arguments])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return run


def recorded(folder):
    """The recorded claims: (event, amount, clause's beginning, day), in order."""
    path = folder / "claims.parquet"
    rows = pq.read_table(path).to_pylist() if path.exists() else list(csv.DictReader((folder / "claims.csv").open(encoding="utf-8")))
    return sorted((row["event_id"], float(row["amount"]), row["clause"].partition(":")[0], str(row["claimed_on"])) for row in rows)


def change(folder, old, new, table="orders"):
    path = folder / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def sheets(tmp_path):
    return sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file())


def test_a_claim_once_exported_is_not_in_the_next_months_ledger(folder, export, tmp_path):
    done = export(folder, "2026-09")
    assert (done.exit_code, Path(done.stdout.strip()).name) == (0, "S1-2026-09.xlsx")
    assert recorded(folder) == [("O1", 30.02, "damages", "2026-10-01")]
    assert list(claims_to_make(open_workbook(folder, "2026-10"))["order_id"]) == ["O2", "O3"]
    assert export(folder, "2026-10").exit_code == 0
    assert recorded(folder)[1:] == [("O2", 15.0, "damages", "2026-11-01"), ("O3", 4.0, "compensation", "2026-11-01")]
    assert claims_to_make(open_workbook(folder, "2026-11")).empty
    assert sheets(tmp_path) == ["2026-09/S1-2026-09.xlsx", "2026-10/S1-2026-10.xlsx", "2026-10/S2-2026-10.xlsx"]


def test_exporting_twice_adds_nothing_twice_and_leaves_the_sheets(folder, export, tmp_path):
    export(folder, "2026-10")
    table, written = (folder / "claims.parquet").read_bytes(), {path: (tmp_path / "out" / path).read_bytes() for path in sheets(tmp_path)}
    for month in ("2026-10", "2026-09"):
        done = export(folder, month)
        assert (done.exit_code, done.stdout) == (0, "")
        assert "nothing to claim" in done.stderr
    assert (folder / "claims.parquet").read_bytes() == table
    assert {path: (tmp_path / "out" / path).read_bytes() for path in sheets(tmp_path)} == written


def test_a_corrected_event_shows_as_an_adjustment_line(folder, export, tmp_path):
    export(folder, "2026-10")
    change(
        folder,
        "O2,S1,K1,2026-10-10 01:00:00,2026-10-10 02:00:00,1,60,50,CNY,failed,invalid_code,supplier",
        "O2,S1,K1,2026-10-10 01:00:00,,1,60,50,CNY,delivered,,",
    )
    (folder / "compensations.csv").write_text(
        "compensation_id,supplier_id,order_id,kind,amount,currency,paid_at\nC1,S1,O1,damages,30.02,CNY,2026-11-05 01:00:00\n", encoding="utf-8"
    )
    lines = claims_to_make(open_workbook(folder, "2026-11")).set_index("order_id")
    assert lines["claim_amount"].astype("float64").to_dict() == {"O1": -30.02, "O2": -15.0}
    assert lines["reason"].to_dict() == {"O1": "paid", "O2": "withdrawn"}
    done = export(folder, "2026-11")
    assert done.exit_code == 0
    assert "2 lines" in done.stderr
    assert [row for row in recorded(folder) if row[2] == "adjustment"] == [
        ("O1", -30.02, "adjustment", "2026-12-01"),
        ("O2", -15.0, "adjustment", "2026-12-01"),
    ]
    assert claims_to_make(open_workbook(folder, "2026-12")).empty
    assert claims_to_make(open_workbook(folder, "2026-10")).empty


def test_a_second_sheet_of_a_month_does_not_write_over_the_first(folder, export, tmp_path):
    export(folder, "2026-10")
    change(folder, "120,100.05", "120,200")
    export(folder, "2026-10", "--on", "2026-11-09")
    assert [path for path in sheets(tmp_path) if "S1" in path] == ["2026-10/S1-2026-10-2.xlsx", "2026-10/S1-2026-10.xlsx"]


def test_one_supplier_alone_and_another_day(folder, export):
    export(folder, "2026-10", "--supplier", "S2", "--on", "2026-11-03")
    assert recorded(folder) == [("O3", 4.0, "compensation", "2026-11-03")]
    export(folder, "2026-10")
    assert [row[0] for row in recorded(folder)] == ["O1", "O2", "O3"]


def test_the_report_s_frames_record_nothing(folder):
    before = sorted(path.name for path in folder.iterdir())
    workbook = open_workbook(folder, "2026-10")
    assert len(claims_to_make(workbook)) == 3
    assert sorted(path.name for path in folder.iterdir()) == before


def test_claims_kept_as_csv_are_added_to_and_those_in_parquet_are_stamped(folder, export, tmp_path):
    other = "claim_id,supplier_id,event_id,clause,amount,currency,claimed_on\nX1,S1,old,by hand,7,CNY,2026-01-01\n"
    plain = tmp_path / "plain"
    shutil.copytree(folder, plain)
    (plain / "claims.csv").write_text(other, encoding="utf-8")
    export(plain, "2026-10")
    assert [row[0] for row in recorded(plain)] == ["O1", "O2", "O3", "old"]
    assert not (plain / "claims.parquet").exists()
    export(folder, "2026-10")
    assert is_stamped(pq.read_schema(folder / "claims.parquet"), tables()["claims"])


def test_a_table_of_claims_that_cannot_be_added_to_is_said_and_no_sheet_is_left(folder, export, tmp_path):
    pd.DataFrame(
        [{"claim_id": "X1", "supplier_id": "S1", "event_id": "old", "clause": "x", "amount": 7, "currency": "CNY", "claimed_on": "2026-01-01"}]
    ).to_excel(folder / "claims.xlsx", index=False)
    done = export(folder, "2026-10")
    assert done.exit_code == 1
    assert "claims.xlsx" in done.stderr
    assert sheets(tmp_path) == []


def test_what_cannot_be_meant_is_refused(folder, export):
    assert export(folder, "2026-10", "--on", "2026-10-31").exit_code == 2
    assert export(folder, "2026-10", "--supplier", "S9").exit_code == 2
    assert not (folder / "claims.parquet").exists()


def test_a_sheet_says_whose_it_is_what_is_claimed_and_holds_no_formula(folder):
    lines = claims_to_make(open_workbook(folder, "2026-10"))
    made = [claim_sheets(lines, Month(2026, 10), pd.Timestamp("2026-11-01").date(), {"S1": "=云杉", "S2": "灵犀"}, Words("en")) for _ in range(2)]
    assert made[0] == made[1]
    assert list(made[0]) == ["S1-2026-10", "S2-2026-10"]
    sheet = openpyxl.load_workbook(BytesIO(made[0]["S1-2026-10"])).worksheets[0]
    rows = [[cell for cell in row if cell is not None] for row in sheet.values]
    assert rows[:4] == [["Supplier", "S1 =云杉"], ["Until the end of", "2026-10"], ["Claimed on", "2026-11-01"], ["Total of the 2 lines", "CN¥45.02"]]
    assert rows[6][:4] == ["Claim", "State", "Contract", "Order"]
    assert [row[2] for row in rows[7:]] == ["O1", "O2"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s", "n"}


@pytest.mark.parametrize("table", ["compensations", "tickets"])
def test_nothing_is_claimed_where_nobody_knows_what_was_paid_or_made_good(folder, export, table):
    (folder / f"{table}.csv").unlink()
    done = export(folder, "2026-10")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"Error: Claims cannot be calculated: this folder lacks {table}, so remedies and payments are unknown.\n"
    assert not (folder / "claims.csv").exists()
    assert not (folder / "claims.parquet").exists()
