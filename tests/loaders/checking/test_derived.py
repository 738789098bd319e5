"""What follows a reading: worked out whenever rows are taken in, whatever a file says of it."""

from datetime import datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kmanalysis.engine.duckdb import connect
from kmanalysis.loaders.checking.derived import months_of, months_overlap
from kmanalysis.loaders.checking.stamp import stamped_schema
from kmanalysis.loaders.folder import attach
from kmanalysis.loaders.load import load
from kmanalysis.loaders.mapping.toml import load_mapping
from kmanalysis.tables import tables
from kmanalysis.times import Month

PROBES = tables()["probes"]
MOMENTS = [f"2026-{moment}" for moment in ("09-30 15:00", "09-30 15:30", "10-01 00:00", "10-20 00:00")]
"""The first two lie in September (Asia/Shanghai), the others in October."""


def told(folder: Path) -> list[tuple[str, str | None]]:
    """When each probe was taken and, as the engine knows it, what followed it; of s1 alone."""
    connection = connect()
    attach(connection, folder)
    rows = connection.execute("SELECT probed_at, next_at FROM probes WHERE supplier_id = 's1' ORDER BY 1").fetchall()
    return [tuple(None if moment is None else f"{moment:%m-%d %H:%M}" for moment in row) for row in rows]


def with_suppliers(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "suppliers.csv").write_text("supplier_id,name\ns1,a\ns2,b\n", encoding="utf-8")
    return folder


def part(path: Path, moments: list[str], following: list[str | None], *, is_stamped: bool = True) -> None:
    """Probes of s1 (and one of s2 between them) as Parquet."""
    schema = stamped_schema(PROBES) if is_stamped else stamped_schema(PROBES).remove_metadata()
    times = [datetime.fromisoformat(moment) for moment in moments]
    later = [None if moment is None else datetime.fromisoformat(moment) for moment in following]
    columns = [["s1"] * len(times), times, [True] * len(times), [None] * len(times), later]
    path.parent.mkdir(exist_ok=True)
    pq.write_table(pa.Table.from_arrays([pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)], schema=schema), path)


def test_a_csv_is_given_what_follows_each_reading_of_the_same_thing(tmp_path):
    rows = [f"s1,{MOMENTS[1]},true", f"s2,{MOMENTS[1]},true", f"s1,{MOMENTS[0]},true", f"s1,{MOMENTS[3]},false"]
    with_suppliers(tmp_path).joinpath("probes.csv").write_text("supplier_id,probed_at,is_up\n" + "\n".join(rows), encoding="utf-8")
    assert told(tmp_path) == [("09-30 15:00", "09-30 15:30"), ("09-30 15:30", "10-20 00:00"), ("10-20 00:00", None)]


def test_nobody_supplies_it(tmp_path):
    with_suppliers(tmp_path).joinpath("probes.csv").write_text(f"supplier_id,probed_at,is_up,next_at\ns1,{MOMENTS[0]},true,{MOMENTS[1]}\n", encoding="utf-8")
    with pytest.raises(Exception, match="no column 'next_at'"):
        attach(connect(), tmp_path)


def test_what_an_unstamped_file_says_of_it_is_not_believed(tmp_path):
    part(with_suppliers(tmp_path) / "probes.parquet", MOMENTS[:2], [None, MOMENTS[0]], is_stamped=False)
    assert told(tmp_path) == [("09-30 15:00", "09-30 15:30"), ("09-30 15:30", None)]


def test_a_stamped_file_a_month_is_read_as_it_is(tmp_path):
    folder = with_suppliers(tmp_path)
    part(folder / "probes" / "2026-09.parquet", MOMENTS[:2], [MOMENTS[1], None])
    part(folder / "probes" / "2026-10.parquet", MOMENTS[2:], [MOMENTS[3], None])
    assert told(folder) == [("09-30 15:00", "09-30 15:30"), ("09-30 15:30", None), ("10-01 00:00", "10-20 00:00"), ("10-20 00:00", None)]


def test_files_that_share_a_month_are_looked_at_together(tmp_path):
    folder = with_suppliers(tmp_path)
    part(folder / "probes" / "a.parquet", MOMENTS[:3], [MOMENTS[1], MOMENTS[2], None])
    part(folder / "probes" / "b.parquet", MOMENTS[3:], [None])
    assert told(folder) == [("09-30 15:00", "09-30 15:30"), ("09-30 15:30", "10-01 00:00"), ("10-01 00:00", "10-20 00:00"), ("10-20 00:00", None)]


def test_a_file_without_statistics_may_hold_any_month(tmp_path):
    frame = pd.DataFrame({"supplier_id": ["s1"], "probed_at": [pd.Timestamp("2026-10-02")]})
    other = frame.assign(probed_at=pd.Timestamp("2026-08-02"))
    for name, rows, statistics in (("a", frame, True), ("b", other, True), ("c", other, False)):
        pq.write_table(pa.Table.from_pandas(rows), tmp_path / f"{name}.parquet", write_statistics=statistics)
    first, second, without = (pq.ParquetFile(tmp_path / f"{name}.parquet") for name in "abc")
    assert not months_overlap(PROBES, [first, second])
    assert months_overlap(PROBES, [first, without])


def test_a_row_without_a_time_may_belong_to_any_month(tmp_path):
    # Nobody knows which month's readings it stands among: the file can neither be passed over for a month nor be read by itself.
    frame = pd.DataFrame({"supplier_id": ["s1", "s1"], "probed_at": [pd.Timestamp("2026-10-02"), pd.Timestamp("2026-11-02")]})
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "known.parquet")
    pq.write_table(pa.Table.from_pandas(frame.assign(probed_at=[pd.Timestamp("2026-08-02"), None])), tmp_path / "unknown.parquet")
    known, unknown = (pq.ParquetFile(tmp_path / f"{name}.parquet") for name in ("known", "unknown"))
    assert months_of(PROBES, known) == (Month(2026, 10), Month(2026, 11))
    assert months_of(PROBES, unknown) is None
    assert months_overlap(PROBES, [known, unknown])


def test_a_load_writes_it_anew_where_readings_come_between(tmp_path):
    folder = with_suppliers(tmp_path / "into")
    mapping = tmp_path / "probes.toml"
    columns = "\n".join(f'{name} = {{ from = "{name}" }}' for name in ("supplier_id", "probed_at", "is_up"))
    mapping.write_text(f'[source]\ntimezone = "UTC"\n[tables.probes.columns]\n{columns}\n', encoding="utf-8")
    for name, moments in (("first", MOMENTS[::3]), ("second", MOMENTS[1:3])):
        raw = tmp_path / f"{name}.csv"
        raw.write_text("supplier_id,probed_at,is_up\n" + "".join(f"s1,{moment},true\n" for moment in moments), encoding="utf-8")
        load([raw], load_mapping(mapping), folder)
    stored = pq.read_table(folder / "probes.parquet").sort_by("probed_at").to_pydict()
    moments = [datetime.fromisoformat(moment) for moment in MOMENTS]
    assert stored["next_at"] == [*moments[1:], None]
    assert told(folder)[0] == ("09-30 15:00", "09-30 15:30")
