"""The whole report of the samples, worked by Spark's executors in processes of their own: the same frames and the same pages as DuckDB's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest

from kmanalysis.assets import samples_folder
from kmanalysis.decisions.bundle import FRAMES
from kmanalysis.report.cache.months import frame_of
from tests.engines.here import NEEDS_SPARK, QUICK, QUICK_JAVA, write_parquet

MASTER = "local-cluster[2,1,2048]"
MONTH = "2026-10"

pytestmark = NEEDS_SPARK


def report(data: Path, out: Path, home: Path | None = None) -> None:
    """Makes the report by DuckDB, or where Spark has a home by Spark, in a process of its own: a process has one driver."""
    standards = data.with_name("standards.toml")
    # As few months as show what looks back: a month of the samples takes Spark half a minute here.
    standards.write_text('["counting.history_months"]\nvalue = 2\n', encoding="utf-8")
    arguments = [sys.executable, "-m", "kmanalysis", "report", "--data", f"file://{data}", "--month", MONTH, "--out", out, "--standards", standards]
    settings = {}
    if home is not None:
        arguments += ["--engine", "spark", "--master", MASTER, "--memory", "3GB"]
        settings = {"SPARK_HOME": str(home), "PYSPARK_SUBMIT_ARGS": f"{QUICK} pyspark-shell", "JDK_JAVA_OPTIONS": QUICK_JAVA}
    done = subprocess.run(list(map(str, arguments)), env=os.environ | settings, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{out / MONTH / 'index.html'}\n"


@pytest.fixture(scope="module")
def reports(tmp_path_factory) -> tuple[Path, Path, Path]:
    """Where the report of the samples lies by DuckDB and by Spark, and Spark's home. The folder holds Parquet and is named by its address."""
    folder = tmp_path_factory.mktemp("reports")
    data, home = folder / "样例 [1]", folder / "home"
    data.mkdir()
    write_parquet(samples_folder(), data)
    home.mkdir()
    # A cluster of this machine keeps its executors' logs in Spark's home: here in one of the test's own.
    for part in ("bin", "jars"):
        (home / part).symlink_to(Path(find_spec("pyspark").origin).with_name(part))
    report(data, folder / "duckdb")
    report(data, folder / "spark", home)
    return folder / "duckdb", folder / "spark", home


def content(folder: Path, pattern: str = "*") -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob(pattern)) if path.is_file()}


def test_every_finished_frame_is_the_same(reports):
    wanted, found = (content(out / ".kept" / MONTH, "frames/*.parquet") for out in reports[:2])
    assert list(found) == list(wanted)
    assert len(wanted) >= len(FRAMES) - 3, "too little is kept to compare"
    for name in wanted:
        pd.testing.assert_frame_equal(frame_of(found[name]), frame_of(wanted[name]), check_exact=True, obj=name)


def test_every_file_is_the_same_to_the_byte(reports):
    wanted, found = (content(out / MONTH) for out in reports[:2])
    told, tells = (json.loads(files.pop("manifest.json")) for files in (wanted, found))
    assert len([name for name in wanted if name.endswith(".html")]) > 20
    assert list(found) == list(wanted)
    assert [name for name in wanted if found[name] != wanted[name]] == []
    # Pages are listed with the digests of the frames that they show, so this holds of what Parquet cannot keep as well.
    assert (told.pop("engine"), tells.pop("engine")) == ("duckdb", "spark")
    del told["digest"], tells["digest"]
    assert tells == told


def test_the_work_was_done_by_executors(reports):
    # At its end such a cluster starts more of them for a moment.
    assert {folder.name for folder in (reports[2] / "work").glob("app-*/*")} >= {"0", "1"}
