"""The report asked for again: what is told and written is the same, and nothing is counted twice."""

import pytest
from typer.testing import CliRunner

from kmanalysis.cli import app
from kmanalysis.samples import make_samples
from kmanalysis.workbook import Workbook
from tests.report.small import FIXTURES


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A small folder with a row that is rejected."""
    folder = make_samples(tmp_path_factory.mktemp("data") / "small", suppliers=2, months=2, orders=200)
    with (folder / "orders.csv").open("a", encoding="utf-8") as orders:
        orders.write((folder / "orders.csv").read_text(encoding="utf-8").splitlines()[1] + ",too wide\n")
    return folder


def only_the_frame(workbook, name, build, answer=Workbook.answer):
    """The months that the folder spans, whether there is an event, and its suppliers' names may be asked; no row."""
    assert name in ("workbook.event_times", "workbook.events_seen", "workbook.supplier_names"), "rows were asked for"
    return answer(workbook, name, build)


def content(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_same_report_again_is_not_counted_and_told_the_same(data, tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "small.ipynb").write_bytes((FIXTURES / "small.ipynb").read_bytes())
    out, month = tmp_path / "out", tmp_path / "out" / "2026-10"

    def report(*options):
        arguments = ["report", "--data", data, "--out", out, "--notebooks", tmp_path / "notebooks", "--lang", "en", "--jobs", 1, *options]
        done = CliRunner().invoke(app.app, [str(argument) for argument in arguments])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert done.exit_code == 1
        assert done.stdout == f"{month / 'index.html'}\n"
        return done.stderr

    rejected = "1 rows were rejected and are left out; `kmanalysis check` lists them.\n"
    assert report() == f"1/1 small.html: made\n{rejected}"
    first = content(month)

    with monkeypatch.context() as closed:
        closed.setattr("kmanalysis.report.report.write", lambda *_: pytest.fail("it was counted"))
        assert report() == report("--month", "2026-10") == report("--notebook", "small") == f"1/1 small.html: up to date\n{rejected}"
    assert content(month) == first

    # From the frames that are kept, without them, and without anything that is kept: the same bytes.
    (month / "index.html").write_text("altered", encoding="utf-8")
    with monkeypatch.context() as closed:
        closed.setattr(Workbook, "answer", only_the_frame)
        assert report() == f"1/1 small.html: up to date\n{rejected}"
    assert content(month) == first
    for path in sorted((out / ".kept").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert report() == f"1/1 small.html: up to date\n{rejected}"
    assert content(month) == first
    assert report("--force") == f"1/1 small.html: made\n{rejected}"
    assert content(month) == first
