"""What is told of a run while it goes on."""

from io import StringIO
from threading import Event

from rich.console import Console

from kmanalysis.engine.queries import Counting
from kmanalysis.report.progress import Outcome, Progress
from kmanalysis.times import Month
from kmanalysis.words import Words


def told(*, is_terminal: bool, share: float | None) -> str:
    out = StringIO()
    console = Console(file=out, force_terminal=is_terminal, width=100)
    with Progress(console, Words("en")).counting() as hears:
        for table in ("orders", ""):
            asked = Event()
            with hears(Counting(Month.parse("2026-10"), table, lambda asked=asked: asked.set() or share)):
                # Bars are drawn some ten times a second; the second drawing shows what the first one asked.
                for _ in range(2 * is_terminal):
                    assert asked.wait(30)
                    asked.clear()
                console.print("-")
    return out.getvalue()


def test_a_terminal_shows_which_table_of_which_month_is_counted_and_how_far():
    text = told(is_terminal=True, share=0.42)
    assert "Counting · 2026-10 · Orders" in text
    assert "42%" in text


def test_a_share_that_the_engine_does_not_know_is_nothing_yet():
    assert "0%" in told(is_terminal=True, share=None)


def test_a_log_is_not_filled_with_bars():
    assert told(is_terminal=False, share=0.5) == "-\n-\n"


def test_queries_and_pages_are_told_of_side_by_side():
    out = StringIO()
    with Progress(Console(file=out, force_terminal=True, width=100), Words("en")).making(3) as (hears, tell):
        asked = Event()
        with hears(Counting(Month.parse("2026-10"), "orders", lambda: asked.set() or 0.42)):
            tell(Outcome("a.html", "made"))
            tell(Outcome("b.html", "failed", "no data"))
            asked.clear()
            assert asked.wait(30)
    text = out.getvalue()
    assert "Pages 2/3" in text
    assert "Counting · 2026-10 · Orders" in text
    assert "2/3 b.html: failed: no data" in text


def test_a_log_has_a_line_a_page():
    out = StringIO()
    with Progress(Console(file=out), Words("en")).making(2) as (_, tell):
        tell(Outcome("a.html", "made"))
    assert out.getvalue() == "1/2 a.html: made\n"
