import json
import re
from pathlib import Path

import pytest

from kmanalysis.report.choice import chosen_pages
from kmanalysis.report.making.task import NOTEBOOK_ENGINE
from kmanalysis.report.request import Options
from kmanalysis.report.site.html import outside_parts
from kmanalysis.report.site.pages import all_pages
from tests.report.small import judged_workbook, write_report

EARNING = {"S01": 99.0, "S02": 78.0}


@pytest.fixture
def report(tmp_path, notebooks_of, source):
    """Writes a report: ``report("small", "supplier", out="out", earning=…, only=([notebooks], [suppliers]))``; returns states by page and its folder."""

    def write(*names, out="out", earning=EARNING, only=((), ()), force=False, timeout=120.0, jobs=1, stop_after=0, **renamed):
        workbook = judged_workbook(earning)
        pages = all_pages(notebooks_of(*names, **renamed), workbook)
        told = []

        def tell(outcome):
            told.append(outcome)
            if len(told) == stop_after:
                raise KeyboardInterrupt

        outcomes = write_report(source(workbook), pages, chosen_pages(pages, *only), tmp_path / out, Options(jobs, force, timeout), tell)
        assert sorted(outcome.path for outcome in told) == sorted(outcome.path for outcome in outcomes)
        return {outcome.path: outcome.state for outcome in outcomes}, tmp_path / out / "2026-10"

    return write


def content(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def pages_of(folder):
    return {path: text.decode() for path, text in content(folder).items() if path.endswith(".html")}


def test_two_runs_into_two_folders_are_the_same_bytes(report):
    states, first = report("fine", "failing", "supplier", out="one")
    assert states == {"failing.html": "failed", "fine.html": "made", "suppliers/S01.html": "made", "suppliers/S02.html": "made"}
    _, second = report("fine", "failing", "supplier", out="elsewhere/two", jobs=2)
    assert content(first) == content(second)
    assert list(content(first)) == [
        "failed/failing.ipynb",
        "failing.html",
        "fine.html",
        "index.html",
        "manifest.json",
        "measures.parquet",
        "scorecard.csv",
        "scorecard.xlsx",
        "suppliers/S01.html",
        "suppliers/S02.html",
    ]
    for path, text in pages_of(first).items():
        assert outside_parts(text) == [], path
        assert "<script" not in text
        assert "<svg" not in text.replace("data:image/svg+xml", "")
        assert not re.search(r"https?://", text), path
    fine, failing, dossier = (pages_of(first)[path] for path in ("fine.html", "failing.html", "suppliers/S01.html"))
    assert 'src="data:image/svg+xml,%3C' in fine
    assert "2 suppliers" in fine
    assert 'href="#section-1"' in fine
    assert "ValueError: nothing to show for 2026-10" in failing
    assert "before" in failing
    assert 'href="../index.html"' in dossier
    assert 'href="../fine.html"' in dossier
    assert "S01" in dossier
    assert "S02" not in dossier
    index = pages_of(first)["index.html"]
    assert all((first / target).is_file() for target in re.findall(r'href="([^"#]+)"', index))
    manifest = json.loads((first / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["failed"] == ["failing.html"]
    assert manifest["notebook_engine"] == NOTEBOOK_ENGINE
    assert {page["path"]: page["state"] for page in manifest["pages"]}["fine.html"] == "ok"
    text = (first / "manifest.json").read_text(encoding="utf-8")
    assert str(Path.home()) not in text
    assert str(first.parent) not in text


def test_what_is_up_to_date_is_kept_and_what_changed_is_made_anew(report):
    report("small", "supplier")
    assert set(report("small", "supplier")[0].values()) == {"kept"}
    changed = EARNING | {"S02": 60.0}
    assert report("small", "supplier", earning=changed)[0] == {"small.html": "made", "suppliers/S01.html": "kept", "suppliers/S02.html": "made"}
    states, folder = report("small", "supplier", earning=changed, force=True)
    assert set(states.values()) == {"made"}
    assert content(folder) == content(report("small", "supplier", earning=changed, out="fresh")[1])


def test_a_page_is_kept_where_only_frames_changed_that_it_does_not_ask_for(report):
    report("small", "told")
    states, folder = report("small", "told", earning=EARNING | {"S02": 60.0})
    assert states == {"small.html": "made", "told.html": "kept"}
    assert content(folder) == content(report("small", "told", earning=EARNING | {"S02": 60.0}, out="fresh")[1])


def test_a_pdf_goes_with_the_page_that_it_was_printed_from(report):
    _, folder = report("small", "supplier")
    for name in ("suppliers/S01.pdf", "suppliers/S02.pdf", "index.pdf"):
        (folder / name).write_bytes(b"%PDF-")
    report("small", "supplier", earning=EARNING | {"S02": 60.0})
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.pdf")) == ["suppliers/S01.pdf"]


def test_a_part_of_the_report_keeps_what_is_there(report):
    _, folder = report("small", "supplier")
    changed = EARNING | {"S02": 60.0}
    states, _ = report("small", "supplier", earning=changed, only=([], ["S02"]))
    assert states == {"suppliers/S02.html": "made"}
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert {page["path"]: page["state"] for page in manifest["pages"]} == {"small.html": "outdated", "suppliers/S01.html": "ok", "suppliers/S02.html": "ok"}


def test_a_page_that_was_altered_or_removed_by_hand_is_made_anew(report):
    _, folder = report("small", "supplier")
    whole = content(folder)
    altered = folder / "suppliers" / "S01.html"
    altered.write_bytes(altered.read_bytes() + b"<p>mine</p>")
    (folder / "small.html").unlink()
    assert report("small", "supplier")[0] == {"small.html": "made", "suppliers/S01.html": "made", "suppliers/S02.html": "kept"}
    assert content(folder) == whole


def test_an_interrupted_run_is_taken_up_where_it_was(report, tmp_path):
    _, folder = report("small", "supplier")
    whole = content(folder)
    changed = EARNING | {"S01": 61.0, "S02": 60.0}
    with pytest.raises(KeyboardInterrupt):
        report("small", "supplier", earning=changed, stop_after=2)
    # Nothing says that the report is whole: the old manifest is of other pages.
    assert sorted(path for path, there in content(folder).items() if there != whole[path]) == ["small.html", "suppliers/S01.html"]
    expected = {"small.html": "kept", "suppliers/S01.html": "kept", "suppliers/S02.html": "made"}
    assert report("small", "supplier", earning=changed)[0] == expected
    assert content(folder) == content(report("small", "supplier", earning=changed, out="fresh")[1])
    assert not list((tmp_path / "out" / ".kept").rglob("unfinished.json"))


def test_an_interrupted_first_run_is_taken_up_where_it_was(report):
    with pytest.raises(KeyboardInterrupt):
        report("small", "supplier", stop_after=2)
    states, folder = report("small", "supplier")
    assert sorted(states.values()) == ["kept", "kept", "made"]
    assert content(folder) == content(report("small", "supplier", out="fresh")[1])


@pytest.mark.parametrize("damage", ["", '{"pages": 1}', "gone"])
def test_pages_that_no_manifest_tells_of_are_made_again(report, damage):
    _, folder = report("small", "supplier")
    whole = content(folder)
    (folder / "manifest.json").write_text(damage, encoding="utf-8")
    if damage == "gone":
        (folder / "manifest.json").unlink()
    assert set(report("small", "supplier")[0].values()) == {"made"}
    assert content(folder) == whole


def test_a_page_that_was_altered_and_is_not_asked_for_does_not_pass_as_current(report):
    _, folder = report("small", "supplier")
    altered = folder / "suppliers" / "S01.html"
    altered.write_bytes(altered.read_bytes() + b"<p>mine</p>")
    report("small", "supplier", only=([], ["S02"]))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert {page["path"]: page["state"] for page in manifest["pages"]} == {"small.html": "ok", "suppliers/S01.html": "outdated", "suppliers/S02.html": "ok"}
    assert report("small", "supplier")[0] == {"small.html": "kept", "suppliers/S01.html": "made", "suppliers/S02.html": "kept"}


def test_a_page_is_current_again_when_its_data_are(report):
    report("small", "supplier")
    report("small", "supplier", earning=EARNING | {"S01": 61.0}, only=([], ["S02"]))
    states, folder = report("small", "supplier")
    assert states == {"small.html": "kept", "suppliers/S01.html": "kept", "suppliers/S02.html": "kept"}
    assert content(folder) == content(report("small", "supplier", out="fresh")[1])


def test_a_mended_notebook_leaves_no_failure_behind(report):
    states, folder = report(small="failing")
    assert states == {"small.html": "failed"}
    assert (folder / "failed" / "small.ipynb").is_file()
    assert report("small")[0] == {"small.html": "made"}
    assert list(content(folder)) == ["index.html", "manifest.json", "measures.parquet", "scorecard.csv", "scorecard.xlsx", "small.html"]


def test_a_supplier_that_is_gone_takes_its_page_along(report):
    _, folder = report("supplier")
    (folder / "notes.html").write_text("mine", encoding="utf-8")
    (folder / "suppliers" / "S01.pdf").write_bytes(b"%PDF-")
    report("supplier", earning={"S02": 78.0})
    assert not list(folder.rglob("*.pdf"))
    assert [path for path in content(folder) if path.endswith(".html")] == ["index.html", "notes.html", "suppliers/S02.html"]


def test_a_page_that_would_run_a_script_is_not_published(report):
    states, folder = report("scripted")
    assert states == {"scripted.html": "failed"}
    page = pages_of(folder)["scripted.html"]
    assert outside_parts(page) == []
    assert "内容无法作为离线页面发布" in page
    assert "alert(1)" in (folder / "failed" / "scripted.ipynb").read_text(encoding="utf-8")


def test_one_that_never_ends_and_one_that_dies_do_not_stop_the_others(report):
    states, folder = report("endless", "killer", "small", timeout=8.0)
    assert states == {"endless.html": "failed", "killer.html": "failed", "small.html": "made"}
    assert "超过允许时长" in pages_of(folder)["endless.html"]
    assert "内核意外退出" in pages_of(folder)["killer.html"]


def test_a_page_process_that_is_killed_takes_no_other_page_along(report):
    states, folder = report("assassin", "small", jobs=2)
    assert states == {"assassin.html": "failed", "small.html": "made"}
    assert "工作进程意外退出" in pages_of(folder)["assassin.html"]
