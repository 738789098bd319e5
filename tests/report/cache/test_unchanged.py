import json

import pytest

from kmanalysis.report.batch import Options, Source, write_report
from kmanalysis.report.cache.inputs import Inputs
from kmanalysis.report.cache.unchanged import last_month, made_from, remember_last_month, standing_report
from kmanalysis.report.site.pages import all_pages, chosen_pages
from kmanalysis.report.slices import Slices
from kmanalysis.standards import default_standards, override_standards
from tests.report.small import finished, judged_workbook

EARNING = {"S01": 99.0, "S02": 78.0}
NOTHING = ((), ())


@pytest.fixture
def report(tmp_path, notebooks_of):
    """Writes a report made from "this": ``report("small", only=([notebooks], [suppliers]))``; returns its folder."""

    def write(*names, only=NOTHING, made_of="this"):
        workbook = judged_workbook(EARNING)
        pages = all_pages(notebooks_of(*names), workbook)
        source = Source(workbook, Slices(workbook, finished(workbook)), [], {"orders.csv": "0" * 32}, made_of)
        write_report(source, pages, chosen_pages(pages, *only), tmp_path / "out", Options(1), lambda outcome: None)
        return tmp_path / "out"

    return write


def paths(standing):
    return standing and [page.path for page in standing.pages]


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
    (out / ".kept" / "manifests.json").write_text("{")
    assert standing_report(out, "2026-10", "this", *NOTHING) is None


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
    inputs, standards = Inputs(tmp_path, {"orders.csv": "1"}, ""), default_standards()
    told = [
        made_from(inputs, standards, tmp_path, "zh"),
        made_from(inputs, standards, tmp_path, "en"),
        made_from(Inputs(tmp_path, {"orders.csv": "2"}, ""), standards, tmp_path, "zh"),
        made_from(Inputs(tmp_path, {"orders.csv": "1"}, "k"), standards, tmp_path, "zh"),
        made_from(inputs, override_standards({"grade.S.points": 90}, file="test"), tmp_path, "zh"),
    ]
    (tmp_path / "explore.ipynb").write_text("{}")
    assert made_from(inputs, standards, tmp_path, "zh") == told[0]
    (tmp_path / "a.ipynb").write_text("{ }")
    told.append(made_from(inputs, standards, tmp_path, "zh"))
    (tmp_path / "b.ipynb").write_text("{}")
    told.append(made_from(inputs, standards, tmp_path, "zh"))
    assert len(set(told)) == len(told)


def test_the_last_month_is_known_for_the_same_files_alone(tmp_path):
    inputs = Inputs(tmp_path, {"orders.csv": "1"}, "")
    assert last_month(tmp_path, inputs) is None
    remember_last_month(tmp_path, inputs, "2026-10")
    assert last_month(tmp_path, inputs) == "2026-10"
    assert last_month(tmp_path, Inputs(tmp_path, {"orders.csv": "2"}, "")) is None
