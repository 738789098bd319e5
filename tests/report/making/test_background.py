"""Pages that are made while the run does something else."""

import os
from threading import Event

import pytest

from kmanalysis.report.making.background import BackgroundPages
from kmanalysis.report.making.task import Made


@pytest.fixture
def heard():
    return []


@pytest.fixture
def pages(monkeypatch, heard):
    """Background pages whose "tasks" are functions that give a page."""

    def made_pages(tasks, jobs, preloader):
        for key, task in tasks:
            yield key, task()

    monkeypatch.setattr("kmanalysis.report.making.background.made_pages", made_pages)
    with BackgroundPages(1, None, lambda key, made: heard.append((key, made))) as pages:
        yield pages


def test_a_page_is_made_and_heard_of_before_anybody_waits_for_it(pages, heard, tmp_path):
    for pipe in ("begun", "next"):
        os.mkfifo(tmp_path / pipe)
    pages.add("first", lambda: Made((tmp_path / "begun").read_bytes()))
    pages.add("second", lambda: Made((tmp_path / "next").read_bytes()))
    # Opening a pipe waits until somebody reads it.
    (tmp_path / "begun").write_bytes(b"early")
    with (tmp_path / "next").open("wb") as pipe:
        assert heard == [("first", Made(b"early"))]
        pipe.write(b"late")
    pages.finish()
    assert heard == [("first", Made(b"early")), ("second", Made(b"late"))]


def test_what_goes_wrong_is_told_to_who_waits(pages, heard):
    def broken():
        raise OSError("no more processes")

    pages.add("first", lambda: Made(b"fine"))
    pages.add("second", broken)
    with pytest.raises(OSError, match="no more processes"):
        pages.finish()
    with pytest.raises(OSError, match="no more processes"):
        pages.check()
    assert heard == [("first", Made(b"fine"))]


def test_what_goes_wrong_where_a_page_is_heard_of_is_told_too(monkeypatch):
    def full(key, made):
        raise OSError("no space left")

    monkeypatch.setattr("kmanalysis.report.making.background.made_pages", lambda tasks, jobs, preloader: ((key, Made(b"")) for key, _ in tasks))
    with BackgroundPages(1, None, full) as pages:
        pages.check()
        pages.add("first", None)
        with pytest.raises(OSError, match="no space left"):
            pages.finish()


def test_nothing_is_heard_of_once_it_is_over(monkeypatch, heard):
    begun, is_over = Event(), Event()

    def made_pages(tasks, jobs, preloader):
        for key, _ in tasks:
            begun.set()
            assert is_over.wait(60)
            yield key, Made(b"late")

    monkeypatch.setattr("kmanalysis.report.making.background.made_pages", made_pages)
    with BackgroundPages(1, None, lambda key, made: heard.append(key)) as pages:
        pages.add("late", None)
        assert begun.wait(60)
    is_over.set()
    pages.finish()
    assert heard == []


def test_nothing_to_make_is_no_page(pages, heard):
    pages.finish()
    assert heard == []
