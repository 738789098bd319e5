"""What was not given is no data: a table or a column that is not there is no evidence that something did not happen."""

from pathlib import Path

import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.measures.observation import not_given, observed, worst_rows
from kmanalysis.measures.registry import measures
from kmanalysis.opening import open_workbook
from kmanalysis.samples import make_samples
from kmanalysis.tables import tables
from tests.engines.here import write_parquet

MONTH = "2026-10"
TABLES = list(tables())
COLUMNS = [
    f"{table.name}.{column.name}" for table in tables().values() for column in table.columns.values() if not column.required and column.name not in table.key
]


def small_samples(place: Path) -> Path:
    """A small folder of samples, every table as stamped Parquet with all its columns."""
    folder = place / "samples"
    folder.mkdir()
    write_parquet(make_samples(place / "made", suppliers=5, months=2, orders=1_500), folder)
    return folder


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    return small_samples(tmp_path_factory.mktemp("given"))


@pytest.fixture(scope="module")
def whole(samples):
    """What is observed where everything is given."""
    return observed(open_workbook(samples, MONTH))


def without(samples: Path, folder: Path, removed: set[str]) -> Path:
    """The samples without these tables (``fees``) and columns (``orders.failed_at``)."""
    folder.mkdir()
    for source in samples.glob("*.parquet"):
        if source.stem in removed:
            continue
        gone = [name.partition(".")[2] for name in removed if name.startswith(f"{source.stem}.")]
        if gone:
            pq.write_table(pq.read_table(source).drop_columns(gone), folder / source.name)
        else:
            (folder / source.name).symlink_to(source)
    return folder


def readers(removed: set[str]) -> set[str]:
    """The measures that say in their guide that they read any of these."""
    return {
        measure.id
        for measure in measures().values()
        if any(name.partition(".")[0] in measure.guide.reads for name in removed if "." not in name)
        or any(name.partition(".")[2] in measure.guide.reads.get(name.partition(".")[0], ()) for name in removed if "." in name)
    }


def check(samples, whole, folder, removed):
    workbook = open_workbook(without(samples, folder, removed), MONTH)
    closed = readers(removed)
    assert set(not_given(workbook)["measure"]) == closed
    if not closed:
        return
    found = observed(workbook)
    of_closed = found["measure"].map(lambda measure: ".".join(measure.split(".")[:2])).isin(closed)
    assert set(found.loc[of_closed, "measure"]) == closed
    assert (found.loc[of_closed, "n"] == 0).all()
    assert found.loc[of_closed, ["value", "lower", "upper"]].isna().all(axis=None)
    # What it does not read is as it was.
    others = found[~of_closed].reset_index(drop=True)
    kept = whole[whole["measure"].isin(others["measure"])].reset_index(drop=True)
    assert others.equals(kept)


@pytest.mark.parametrize("removed", [*TABLES, *COLUMNS])
def test_a_measure_without_what_it_reads_has_no_data(samples, whole, tmp_path, removed):
    check(samples, whole, tmp_path / "folder", {removed})


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(removed=st.sets(st.sampled_from([*TABLES, *COLUMNS]), min_size=2, max_size=12))
def test_whatever_is_removed(samples, whole, tmp_path_factory, removed):
    check(samples, whole, tmp_path_factory.mktemp("removed") / "folder", removed)


def test_an_empty_table_says_that_there_was_nothing(samples, tmp_path):
    folder = without(samples, tmp_path / "folder", {"tickets"})
    (folder / "tickets.csv").write_text(",".join(tables()["tickets"].columns) + "\n", encoding="utf-8")
    workbook = open_workbook(folder, MONTH)
    found = observed(workbook).query("measure == 'service.dispute_rate'")
    assert not_given(workbook).empty
    assert (found["n"] > 0).any()
    assert set(found.loc[found["n"] > 0, "value"]) == {0.0}


def test_there_are_no_worst_rows_of_what_was_not_given(samples, tmp_path):
    folder = without(samples, tmp_path / "folder", {"tickets.first_response_at"})
    assert worst_rows(open_workbook(folder, MONTH), "service.first_response").empty


def test_a_text_file_gives_the_columns_of_its_header(samples, tmp_path):
    folder = without(samples, tmp_path / "folder", {"tickets"})
    rows = pq.read_table(samples / "tickets.parquet").drop_columns(["first_response_at"])
    pyarrow.csv.write_csv(rows.select([name for name in rows.column_names if name in tables()["tickets"].columns]), folder / "tickets.csv")
    lacks = not_given(open_workbook(folder, MONTH))
    assert set(lacks["measure"]) == {"service.first_response", "service.round_the_clock"}
    assert set(lacks["lacks"]) == {"tickets.first_response_at"}


def test_a_column_that_one_part_lacks_was_not_given(samples, tmp_path):
    folder = without(samples, tmp_path / "folder", {"tickets"})
    (folder / "tickets").mkdir()
    rows = pq.read_table(samples / "tickets.parquet")
    pq.write_table(rows.slice(0, 100), folder / "tickets" / "a.parquet")
    pq.write_table(rows.slice(100).drop_columns(["resolved_at"]), folder / "tickets" / "b.parquet")
    assert set(not_given(open_workbook(folder, MONTH))["lacks"]) == {"tickets.resolved_at"}
