"""One bit flipped, one at a time, in every file of the store and of the report, and every digest in them edited: noticed or harmless."""

import io
import re
import shutil
from contextlib import nullcontext

import pyarrow as pa
import pytest
from rich.console import Console

from kmanalysis.decisions.bundle import FRAMES
from kmanalysis.report.cache.digests import frame_digest, read_sealed
from kmanalysis.report.files import KEPT
from kmanalysis.report.making.task import Made
from kmanalysis.report.progress import Progress
from kmanalysis.report.request import Options, Request, fulfil
from kmanalysis.scoring.scorecard import scorecard
from kmanalysis.slices import open_slice
from kmanalysis.standards import default_standards
from kmanalysis.times import Month
from kmanalysis.words import Words
from kmanalysis.workbook import Workbook
from tests.report.small import finished, judged_frames

MONTH = "2026-10"
SHOWN = {frame.name: frame for frame in FRAMES}
EARNING = {"S01": 99.0, "S02": 78.0}
TABLE, ROWS = "orders.orders_by_day", pa.table({"sku": ["a", None], "orders": [1, 2]})
DIGEST = re.compile(rb"[0-9a-f]{32}")


@pytest.fixture
def report(tmp_path, notebooks_of, monkeypatch):
    """Sees to the report of a small folder, and returns what was counted and the pages made.

    Counting, running a notebook and writing the workbook are stood in for by something quick.
    """
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "orders.csv").write_text("order_id\n")
    notebooks_of("small", "supplier")
    given, counted, pages = judged_frames(EARNING, None, default_standards()), [], []
    facts = {"names": {supplier: supplier for supplier in EARNING}, "first_month": min(month for month, _ in given)}

    def open_workbook(data, month, standards, lang, *, memory, engine, master, frames, shelf):
        for key, frame in given.items():
            if key not in frames:
                frames[key] = frame
                counted.append(key)
        workbook = Workbook(Month.parse(MONTH), standards, Words(lang), frames=frames, facts=dict(facts))
        rows = shelf.taken(TABLE, Month.parse(MONTH) - 1)
        assert rows is None or rows.equals(ROWS)
        workbook.reusable_tables = lambda: [] if rows is not None else [(TABLE, Month.parse(MONTH) - 1, ROWS)]
        return workbook

    def made_pages(tasks, jobs, started):
        for page, task in tasks:
            pages.append(page.path)
            seen = open_slice(task.slice_folder, Words("en"))
            shown = [f"{name} {frame_digest(frame(seen))}" for name, frame in SHOWN.items() if seen.holds(frame)]
            yield page, Made("\n".join([str(task.provenance), *shown]).encode(), asked=tuple(SHOWN))

    monkeypatch.setattr("kmanalysis.report.report.open_workbook", open_workbook)
    monkeypatch.setattr("kmanalysis.report.report.frame_names", finished)
    monkeypatch.setattr("kmanalysis.report.report.each_finished_frame", lambda workbook: finished(workbook).items())
    monkeypatch.setattr("kmanalysis.report.report.preloader", nullcontext)
    monkeypatch.setattr("kmanalysis.report.making.background.made_pages", made_pages)
    monkeypatch.setattr("kmanalysis.report.batch.scorecard_workbook", lambda workbook: scorecard(workbook).to_csv().encode())

    def see_to():
        counted.clear()
        pages.clear()
        words = Words("en")
        request = Request(tmp_path / "data", None, default_standards(), words, tmp_path / "notebooks", tmp_path / "out")
        result = fulfil(request, Options(1), Progress(Console(file=io.StringIO()), words))
        assert (result.month, result.has_failed, len(result.pages)) == (MONTH, False, 3)
        return list(counted), list(pages)

    return see_to


def content(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def alterations(content):
    """The content with a bit flipped in its first, middle or last byte."""
    for place in sorted({0, len(content) // 2, len(content) - 1}):
        yield content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def edited(content):
    """The content with one of its digests edited."""
    for found in DIGEST.finditer(content):
        yield content[: found.start()] + bytes([*found[0][1:], found[0][0] ^ 1]) + content[found.end() :]


def put_back(folder, whole):
    shutil.rmtree(folder)
    for path, there in whole.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(there)


def test_an_altered_file_of_the_report_is_made_again(report, tmp_path):
    month = tmp_path / "out" / MONTH
    _, all_pages = report()
    assert all_pages == ["small.html", "suppliers/S01.html", "suppliers/S02.html"]
    whole = content(month)
    assert len(whole) == 8
    assert report() == ([], [])
    for path, there in whole.items():
        changes = [*alterations(there), *(edited(there) if path == "manifest.json" else [])]
        assert path != "manifest.json" or len(changes) > 15
        for altered in changes:
            (month / path).write_bytes(altered)
            _, pages = report()
            assert content(month) == whole, path
            assert pages == {"manifest.json": all_pages}.get(path, [path] if path in all_pages else []), path


def test_an_altered_file_of_the_store_is_not_used(report, tmp_path):
    out, month = tmp_path / "out", tmp_path / "out" / MONTH
    report()
    assert report() == ([], [])
    everything, whole = content(out), content(month)
    stored = {path: there for path, there in everything.items() if path.startswith(f"{KEPT}/") and there}
    assert {path.rpartition("/")[2] for path in stored} > {"index.json", "program.json", "last_month.json", f"{TABLE}.parquet", "measures.observed.parquet"}
    for path, there in stored.items():
        for altered in alterations(there):
            put_back(out, everything)
            # Without the report everything is asked of the store.
            shutil.rmtree(month)
            (out / path).write_bytes(altered)
            counted, _ = report()
            assert content(month) == whole, path
            if path.endswith(".parquet"):
                assert len(counted) <= 1, path
        for altered in edited(there) if path.endswith(".json") else ():
            (out / path).write_bytes(altered)
            assert read_sealed(out / path) == {}, path


def test_a_store_that_is_all_damaged_is_no_store(report, tmp_path):
    out, month = tmp_path / "out", tmp_path / "out" / MONTH
    first = report()
    whole = content(month)
    for path in (out / KEPT).rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-1] + b"?")
    shutil.rmtree(month)
    assert report() == first
    assert content(month) == whole
