"""Folders and places that cannot be used: said before the work, in a sentence, and nothing is written."""

import pytest

from tests.cli.conftest import run  # noqa: F401

PROBES = "supplier_id,probed_at,is_up\ns1,2026-10-10 00:00:00,true\ns1,2026-10-10 03:00:00,false\n"


def is_refused(done, code, *named):
    assert done.exit_code == code, done.output
    assert done.stderr.startswith("Error: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert all(name in done.stderr for name in named), done.stderr
    return True


@pytest.mark.parametrize("place", ["file", "file/reports", "name" * 80])
@pytest.mark.parametrize("command", [("report", "--out"), ("claims", "export", "--out")])
def test_a_place_that_cannot_hold_a_report_is_refused_before_the_data_is_read(run, tmp_path, place, command):  # noqa: F811
    (tmp_path / "file").write_text("kept")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "suppliers.csv").write_text("supplier_id,name\ns1,One\n", encoding="utf-8")
    (tmp_path / "data" / "probes.csv").write_text(PROBES, encoding="utf-8")
    done = run(*command, tmp_path / place, "--data", tmp_path / "data", "--month", "2026-10", "--lang", "en")
    assert is_refused(done, 2, place.partition("/")[0])
    assert (tmp_path / "file").read_text() == "kept"
