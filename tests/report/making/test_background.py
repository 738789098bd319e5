"""Pages that are made while the run does something else."""

import os

import pytest

from kmanalysis.report.making.background import BackgroundPages
from kmanalysis.report.making.task import Made


@pytest.fixture
def pages(monkeypatch):
    """Background pages whose "tasks" are functions that give a page."""

    def made_pages(tasks, jobs, preloader):
        for key, task in tasks:
            yield key, task()

    monkeypatch.setattr("kmanalysis.report.making.background.made_pages", made_pages)
    with BackgroundPages(1, None) as pages:
        yield pages


def test_a_page_is_begun_before_anybody_asks_for_it(pages, tmp_path):
    os.mkfifo(tmp_path / "begun")
    pages.add("first", lambda: Made((tmp_path / "begun").read_bytes()))
    # Opening the pipe waits until somebody reads it.
    (tmp_path / "begun").write_bytes(b"early")
    pages.add("second", lambda: Made(b"late"))
    assert dict(pages.made()) == {"first": Made(b"early"), "second": Made(b"late")}


def test_what_goes_wrong_is_told_to_who_waits(pages):
    def broken():
        raise OSError("no more processes")

    pages.add("first", lambda: Made(b"fine"))
    pages.add("second", broken)
    waiting = pages.made()
    assert next(waiting) == ("first", Made(b"fine"))
    with pytest.raises(OSError, match="no more processes"):
        next(waiting)


def test_nothing_to_make_is_no_page(pages):
    assert list(pages.made()) == []
