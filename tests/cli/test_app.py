import json
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest

import kmanalysis
from kmanalysis.cli.terminal.exceptions import checks_told
from kmanalysis.decisions.exceptions import COLUMNS
from kmanalysis.samples import make_samples
from kmanalysis.standards import default_standards
from kmanalysis.words import Words
from tests.report.small import FIXTURES

ROOT = Path(__file__).parents[2]
MAPPING = """
[source]
encoding = "utf-8"

[tables.suppliers.columns]
supplier_id = { from = "编号" }
name = { from = "名称" }
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_samples(tmp_path_factory.mktemp("data") / "small", suppliers=3, months=2, orders=300)


@pytest.fixture
def unstamped(data, tmp_path):
    """The data with its suppliers in a Parquet file that nobody stamped."""
    folder = shutil.copytree(data, tmp_path / "unstamped")
    pd.read_csv(folder / "suppliers.csv", dtype="str").to_parquet(folder / "suppliers.parquet")
    (folder / "suppliers.csv").unlink()
    return folder


@pytest.mark.parametrize("command", ["score", "report"])
def test_an_address_needs_spark(run, command, tmp_path):
    out = ["--out", tmp_path] if command == "report" else []
    done = run(command, "--data", "hdfs://host/a//b c", *out, "--lang", "en")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "Error: hdfs://host/a//b c: an address like hdfs:// or s3a:// needs --engine spark.\n"


@pytest.mark.parametrize("engine", [["--engine", "pandas"], ["--master", "local[2]"]])
def test_an_engine_that_cannot_be_used_is_said_before_anything_is_read(run, engine, tmp_path):
    done = run("report", "--data", tmp_path / "nowhere", "--out", tmp_path, *engine, "--lang", "en")
    assert done.exit_code == 2
    assert "ngine" in done.stderr


ON_THIS_MACHINE = (
    ["check", "--data"], ["claims", "export", "--data"], ["claims", "export", "--out"], ["plan", "allocation", "--data"], ["lab", "--data"],
    ["report", "--out"], ["load", "orders.csv", "--into"], ["sample", "--into"],
)  # fmt: skip


@pytest.mark.parametrize("command", ON_THIS_MACHINE, ids=" ".join)
def test_who_works_on_this_machine_alone_refuses_an_address(run, command):
    done = run(*command, "s3a://bucket/data", "--lang", "en")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "s3a://bucket/data is an address." in done.stderr


def test_a_file_address_is_a_folder_of_this_machine(run, data):
    assert run("check", "--data", f"file://{data}").stdout == run("check", "--data", data).stdout != ""


def test_score_lists_every_measure_of_every_supplier(run, data):
    done = run("score", "--data", data, "--month", "2026-10", "--format", "csv")
    read = pd.read_csv(StringIO(done.stdout))
    assert done.exit_code == 0
    assert read.groupby("supplier_id")["measure"].nunique().to_dict() == dict.fromkeys(["S01", "S02", "S03"], len(default_standards().measures))
    assert {"value", "n", "lower", "upper", "target", "verdict", "points"} <= set(read.columns)


def test_score_prints_json_and_grades_by_month(run, data):
    facts = json.loads(run("score", "--data", data, "--month", "2026-10", "--format", "json").stdout)
    assert {row["supplier_id"] for row in facts["grades"]} == {"S01", "S02", "S03"}
    assert len(facts["scorecard"]) == 3 * len(default_standards().measures)
    months = pd.read_csv(StringIO(run("score", "--data", data, "--month", "2026-10", "--format", "csv", "--grades").stdout))
    assert sorted(set(months["month"])) == ["2026-09", "2026-10"]


def test_score_prints_a_table_in_the_reader_s_language(run, data):
    done = run("score", "--data", data, "--month", "2026-10", "--lang", "en")
    assert "Scorecard of 2026-10" in done.stdout
    assert "Grade" in done.stdout
    assert "评分卡" in run("score", "--data", data, "--month", "2026-10").stdout
    assert "逐月等级" in run("score", "--data", data, "--month", "2026-10", "--grades").stdout


def test_check_prints_receipts(run, data):
    done = run("check", "--data", data, "--lang", "en")
    assert done.exit_code == 0
    assert "orders.csv → " in done.stdout


def test_check_names_each_bad_row_and_ends_with_1(run, data, tmp_path):
    for file in data.glob("*.csv"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    lines = (tmp_path / "orders.csv").read_text(encoding="utf-8").splitlines()
    place = lines[0].split(",").index("quantity")
    cells = lines[4].split(",")
    cells[place] = "many"
    lines[4] = ",".join(cells)
    (tmp_path / "orders.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = run("check", "--data", tmp_path, "--lang", "en")
    assert done.exit_code == 1
    assert "orders.csv, line 5, column quantity" in done.stdout
    rejects = pd.read_csv(StringIO(run("check", "--data", tmp_path, "--format", "csv").stdout))
    assert rejects[["file", "line", "column", "value"]].values.tolist() == [["orders.csv", 5, "quantity", "many"]]
    assert json.loads(run("check", "--data", tmp_path, "--format", "json").stdout)["rejects"][0]["line"] == 5
    scored = run("score", "--data", tmp_path, "--month", "2026-10", "--format", "csv", "--lang", "en")
    assert scored.exit_code == 1
    assert len(pd.read_csv(StringIO(scored.stdout))) == 3 * len(default_standards().measures)
    assert "1 rows were rejected" in scored.stderr


def test_sample_writes_the_same_data_for_the_same_seed(run, tmp_path):
    for name in ("one", "two"):
        done = run("sample", "--into", tmp_path / name, "--suppliers", 2, "--months", 1, "--orders", 40, "--seed", 7)
        assert done.exit_code == 0
        assert done.stdout.strip() == str(tmp_path / name)
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two
    assert "truth.csv" in one


def test_report_ends_with_1_where_a_page_failed_and_prints_where_it_is(run, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    for name in ("fine", "failing"):
        (notebooks / f"{name}.ipynb").write_bytes((FIXTURES / f"{name}.ipynb").read_bytes())
    arguments = ("report", "--data", data, "--month", "2026-10", "--out", "out", "--notebooks", "notebooks", "--lang", "en", "--jobs", 1)
    done = run(*arguments)
    assert done.exit_code == 1
    assert Path(done.stdout.strip()) == Path("out") / "2026-10" / "index.html"
    assert "fine.html: made" in done.stderr
    assert "failing.html: failed: an error in the notebook: ValueError: nothing to show for 2026-10" in done.stderr
    index = (tmp_path / "out" / "2026-10" / "index.html").read_text(encoding="utf-8")
    assert "1 pages could not be completed." in index
    kept = run(*arguments, "--notebook", "fine")
    assert kept.exit_code == 0
    assert "1/1 fine.html: up to date" in kept.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("score", "--data", "DATA", "--month", "October"), "错误：无法识别月份 'October'"),
        (("score", "--data", "DATA", "--month", "2026-10", "--lang", "fr"), "错误：不支持语言 'fr'"),
        (
            ("score", "--data", "DATA", "--month", "2026-10", "--format", "xml", "--lang", "en"),
            "Error: Format 'xml' cannot be printed. Choose one of: table, csv, json.",
        ),
        (("report", "--data", "DATA", "--month", "2026-10", "--supplier", "S99", "--lang", "en"), "Error: No supplier has the id 'S99'. Known: S01, S02, S03."),
        (
            ("report", "--data", "DATA", "--month", "2026-10", "--notebook", "01_stabilty", "--lang", "en"),
            "Error: No notebook has the name '01_stabilty'. Known: 01_stability",
        ),
        (("report", "--data", "DATA", "--month", "2026-10", "--notebooks", "missing"), "错误：没有找到可生成报告的笔记本"),
        (("score", "--data", "DATA", "--memory", "much", "--lang", "en"), "Error: Memory 'much' cannot be read. Write it like 4GB."),
        (("report", "--data", "DATA", "--memory", "512MB", "--lang", "en"), "Error: Memory 512MB is too little to work in. Give at least 1GB."),
        (("lab", "--data", "missing", "--lang", "en"), "Error: Folder missing was not found."),
    ],
)
def test_what_cannot_be_used_ends_with_2_and_a_sentence_on_stderr(run, data, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    done = run(*(data if argument == "DATA" else argument for argument in arguments))
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_load_proposes_a_mapping_where_none_is_given_and_says_what_is_open(run, tmp_path):
    raw = tmp_path / "quotes.csv"
    raw.write_text("供货商,商品编号,报价时间,报价\nS01,k1,2026-10-01 10:00:00,9.90\n", encoding="utf-8")
    done = run("load", raw, "--into", tmp_path / "data", "--as", "quotes", "--lang", "en")
    assert done.exit_code == 2
    assert "Error: quotes.csv: a mapping was proposed in mappings/quotes.toml. Finish it (" in done.stderr
    assert "quotes.csv: what becomes of its 4 headings in quotes\n  供货商 → supplier_id\n" in done.stderr
    assert (tmp_path / "data" / "mappings" / "quotes.toml").is_file()


def test_load_prints_a_receipt_and_ends_with_1_where_rows_were_rejected(run, tmp_path):
    (tmp_path / "suppliers.csv").write_text("编号,名称\nS01,甲\n,乙\n", encoding="utf-8")
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    done = run("load", tmp_path / "suppliers.csv", "--mapping", mapping, "--into", tmp_path / "data", "--lang", "en")
    assert done.exit_code == 1, done.stderr
    assert "2 rows read, 1 kept (1 new, 0 updated, 0 already there), 1 rejected" in done.stdout
    assert run("check", "--data", tmp_path / "data").exit_code == 0


@pytest.mark.parametrize("rows", ["", "NULL,NULL\n", ",乙\n"])
def test_load_says_that_nothing_of_a_file_was_kept_and_ends_with_1(run, tmp_path, rows):
    (tmp_path / "suppliers.csv").write_text(f"编号,名称\n{rows}", encoding="utf-8")
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    done = run("load", tmp_path / "suppliers.csv", "--mapping", mapping, "--into", tmp_path / "data", "--lang", "en")
    assert done.exit_code == 1
    assert "suppliers.csv: not one row was kept." in done.stderr


def test_load_answers_a_dump_in_sql_with_what_to_do(run, tmp_path):
    (tmp_path / "backup.sql").write_text("-- MySQL dump\nCREATE TABLE `orders` (id int);\n", encoding="utf-8")
    done = run("load", tmp_path / "backup.sql", "--into", tmp_path / "data", "--as", "orders", "--lang", "zh")
    assert done.exit_code == 1
    assert "backup.sql 是 SQL 备份，不是表格" in done.stderr
    assert "kmanalysis pull" in done.stderr


def test_a_folder_that_is_not_there_ends_with_1(run):
    done = run("check", "--data", "missing", "--lang", "en")
    assert (done.exit_code, done.stderr.strip()) == (1, "Error: Folder missing was not found.")


@pytest.mark.parametrize(("lang", "sentence"), [("zh", "运行全部笔记本，生成当月报告。"), ("en", "Run the notebooks and write the month's report.")])
def test_help_is_in_the_language_asked_for(lang, sentence):
    done = subprocess.run([sys.executable, "-m", "kmanalysis", "report", "--lang", lang, "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert sentence in done.stdout


def test_h_is_help_for_every_command_and_the_version_is_printed_alone(run):
    for arguments in (["-h"], ["score", "-h"], ["plan", "trial", "-h"]):
        outcome = run(*arguments)
        assert outcome.exit_code == 0
        assert outcome.stdout.startswith("Usage: ")
    outcome = run("--version")
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (0, f"{kmanalysis.__version__}\n", "")


def test_help_waits_for_neither_the_engine_nor_pandas():
    asked = "import sys; from kmanalysis.cli.app import main; sys.argv = ['kmanalysis', '--help']\ntry: main()\nexcept SystemExit: pass\n"
    told = subprocess.run([sys.executable, "-c", asked + "print(*sys.modules)"], check=True, capture_output=True, text=True).stdout
    assert set(told.splitlines()[-1].split()) & {"duckdb", "ibis", "pandas", "numpy", "pyarrow", "matplotlib", "papermill", "filelock", "rich.console"} == set()


@pytest.mark.parametrize("command", ["check", "score --format csv", "report"])
def test_a_table_that_is_validated_at_each_run_is_named_on_stderr(run, unstamped, tmp_path, command):
    places = []
    if command == "report":
        (tmp_path / "notebooks").mkdir()
        shutil.copy(FIXTURES / "fine.ipynb", tmp_path / "notebooks")
        places = ["--out", tmp_path / "out", "--notebooks", tmp_path / "notebooks"]
    outcome = run(*command.split(), "--data", unstamped, "--lang", "en", *places)
    assert outcome.exit_code == 0
    assert "suppliers: validated at each run" in outcome.stderr
    assert f"kmanalysis check --data {unstamped} --stamp" in outcome.stderr


def test_check_stamps_what_it_is_asked_to(run, unstamped):
    outcome = run("check", "--data", str(unstamped), "--stamp", "--lang", "en")
    assert outcome.exit_code == 0
    assert outcome.stderr.splitlines() == ["Stamped: suppliers"]
    assert "rows read" in outcome.stdout
    again = run("check", "--data", str(unstamped), "--lang", "en")
    assert (again.exit_code, again.stderr) == (0, "")


def test_check_stamps_no_table_with_rejected_rows_unless_they_are_set_aside(run, unstamped):
    path = unstamped / "suppliers.parquet"
    rows = pd.read_parquet(path)
    rows.assign(supply_mode=["unheard of", *rows["supply_mode"].iloc[1:]]).to_parquet(path)
    before = path.read_bytes()
    outcome = run("check", "--data", str(unstamped), "--stamp", "--lang", "en")
    assert outcome.exit_code == 1
    assert "suppliers is left as it is: 1 of its rows are rejected." in outcome.stderr
    assert path.read_bytes() == before
    outcome = run("check", "--data", str(unstamped), "--stamp", "--set-aside", "--lang", "en")
    assert outcome.exit_code == 1
    aside = unstamped / "rejected" / "suppliers-suppliers.parquet"
    assert outcome.stderr.splitlines() == [f"Rejected rows were set aside: {aside}", "Stamped: suppliers"]
    assert pd.read_parquet(aside)["supplier_id"].tolist() == rows["supplier_id"].head(1).tolist()


def test_set_aside_goes_with_stamp(run, data):
    outcome = run("check", "--data", str(data), "--set-aside", "--lang", "en")
    assert (outcome.exit_code, outcome.stderr) == (2, "Error: --set-aside goes with --stamp.\n")


def test_in_an_empty_folder_samples_are_made_and_scored_without_arguments(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KMANALYSIS_DATA", raising=False)
    made = run("sample", "--suppliers", 3, "--months", 1, "--orders", 300)
    assert made.stdout.strip() == str(Path("data", "samples"))
    read = pd.read_csv(StringIO(run("score", "--format", "csv").stdout))
    assert set(read["month"]) == {"2026-10"}
    assert set(read["supplier_id"]) == {"S01", "S02", "S03"}


@pytest.mark.parametrize("command", ["score", "report"])
def test_a_month_without_any_event_is_refused(run, data, command, tmp_path):
    out = ["--out", tmp_path] if command == "report" else []
    done = run(command, "--data", data, "--month", "2031-01", *out, "--lang", "en")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "There are no events in 2031-01. This folder's events run from 2026-0" in done.stderr


def test_exceptions_are_printed_with_what_was_not_looked_at(run, data, tmp_path):
    folder = shutil.copytree(data, tmp_path / "data")
    (folder / "codes.csv").unlink()
    done = run("exceptions", "--data", folder, "--month", "2026-10", "--lang", "en")
    assert done.exit_code == 0, done.stderr
    assert list(pd.read_csv(StringIO(done.stdout)).columns) == list(COLUMNS)
    lacking = {"code handed out twice": "codes", "differs from upstream": "upstream_orders", "the platform's own race": "codes"}
    assert done.stderr == "".join(f"{kind}: not checked, {lacks} missing.\n" for kind, lacks in lacking.items())
    told = json.loads(run("exceptions", "--data", folder, "--month", "2026-10", "--format", "json").stdout)
    assert [check["lacks"] for check in told["looked_at"] if check["lacks"]] == list(lacking.values())
    assert len(told["exceptions"]) == len(pd.read_csv(StringIO(done.stdout)))


def test_the_command_says_what_of_the_repeats_is_meant_or_may_be():
    check = {"kind": "repeated_code", "lacks": "", "allowed": 15, "unsure": ""}
    checks = pd.DataFrame([check, check | {"allowed": 0, "unsure": "codes.is_shared_use;allowed_repeats"}])
    assert checks_told(checks, Words("en")) == [
        "code handed out twice: 15 repeats on purpose left out",
        "code handed out twice: Repeats may include codes that are meant for many: codes.is_shared_use, allowed_repeats would tell which.",
    ]
