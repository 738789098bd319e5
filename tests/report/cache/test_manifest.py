import json
import shutil

import pytest

from kmanalysis.report.batch import Source
from kmanalysis.report.cache.fingerprints import Fingerprints
from kmanalysis.report.cache.manifest import made_from, standing_report
from kmanalysis.report.choice import chosen_pages
from kmanalysis.report.site.pages import all_pages
from kmanalysis.report.slices import Slices
from kmanalysis.standards import default_standards, override_standards
from tests.report.small import FINGERPRINTS, finished, judged_workbook, write_report

EARNING = {"S01": 99.0, "S02": 78.0}
NOTHING = ((), ())


@pytest.fixture
def report(tmp_path, notebooks_of):
    """Writes a report made from "this": ``report("small", only=([notebooks], [suppliers]))``; returns its folder."""

    def write(*names, only=NOTHING, made_of="this"):
        workbook = judged_workbook(EARNING)
        pages = all_pages(notebooks_of(*names), workbook)
        source = Source(workbook, Slices(workbook, finished(workbook)), [], FINGERPRINTS, made_of)
        write_report(source, pages, chosen_pages(pages, *only), tmp_path / "out")
        return tmp_path / "out"

    return write


def paths(standing):
    return standing and standing.pages


def test_a_report_stands_until_something_of_it_or_behind_it_changes(report):
    out = report("small", "supplier")
    month = out / "2026-10"
    everything = ["small.html", "suppliers/S01.html", "suppliers/S02.html"]
    assert paths(standing_report(out, "2026-10", "this", *NOTHING)) == everything
    assert paths(standing_report(out, "2026-10", "this", ["small"], ["S02"])) == ["small.html", "suppliers/S02.html"]
    assert paths(standing_report(out, "2026-10", "this", ["supplier"], [])) == everything[1:]
    assert standing_report(out, "2026-10", "that", *NOTHING) is None
    assert standing_report(out, "2026-09", "this", *NOTHING) is None
    assert standing_report(out, "2026-10", "this", ["smal"], []) is None
    assert standing_report(out, "2026-10", "this", [], ["S09"]) is None

    (month / "notes.html").write_text("mine")
    files = sorted(path for path in month.rglob("*") if path.is_file() and path.name != "notes.html")
    assert len(files) == len(everything) + 5
    for path in files:
        content = path.read_bytes()
        path.write_bytes(content + b"\n")
        assert standing_report(out, "2026-10", "this", *NOTHING) is None, path
        path.unlink()
        assert standing_report(out, "2026-10", "this", *NOTHING) is None, path
        path.write_bytes(content)
    assert paths(standing_report(out, "2026-10", "this", *NOTHING)) == everything
    shutil.copytree(month, out / "2026-09")
    assert standing_report(out, "2026-09", "this", *NOTHING) is None
    shutil.rmtree(out / ".kept")
    assert paths(standing_report(out, "2026-10", "this", *NOTHING)) == everything


def test_a_part_of_a_report_stands_alone(report):
    out = report("small", "supplier", only=([], ["S02"]))
    assert paths(standing_report(out, "2026-10", "this", [], ["S02"])) == ["suppliers/S02.html"]
    assert standing_report(out, "2026-10", "this", *NOTHING) is None
    assert standing_report(out, "2026-10", "this", [], ["S01"]) is None
    pages = json.loads((out / "2026-10" / "manifest.json").read_bytes())["pages"]
    assert {page["path"]: page["state"] for page in pages} == {"small.html": "missing", "suppliers/S01.html": "missing", "suppliers/S02.html": "ok"}


def test_a_page_that_failed_does_not_stand(report):
    out = report("small", "failing")
    assert standing_report(out, "2026-10", "this", *NOTHING) is None
    assert paths(standing_report(out, "2026-10", "this", ["small"], [])) == ["small.html"]


def test_what_a_report_is_made_from_is_everything_that_decides_it(tmp_path):
    (tmp_path / "a.ipynb").write_text("{}")
    fingerprints, standards = Fingerprints(tmp_path, {"orders.csv": "1"}, "", "p"), default_standards()
    told = [
        made_from(fingerprints, standards, tmp_path, "zh"),
        made_from(fingerprints, standards, tmp_path, "en"),
        made_from(Fingerprints(tmp_path, {"orders.csv": "2"}, "", "p"), standards, tmp_path, "zh"),
        made_from(Fingerprints(tmp_path, {"orders.csv": "1"}, "k", "p"), standards, tmp_path, "zh"),
        made_from(Fingerprints(tmp_path, {"orders.csv": "1"}, "", "q"), standards, tmp_path, "zh"),
        made_from(fingerprints, override_standards({"grade.S.points": 90}, file="test"), tmp_path, "zh"),
    ]
    (tmp_path / "explore.ipynb").write_text("{}")
    assert made_from(fingerprints, standards, tmp_path, "zh") == told[0]
    (tmp_path / "a.ipynb").write_text("{ }")
    told.append(made_from(fingerprints, standards, tmp_path, "zh"))
    (tmp_path / "b.ipynb").write_text("{}")
    told.append(made_from(fingerprints, standards, tmp_path, "zh"))
    assert len(set(told)) == len(told)
