from datetime import datetime
from decimal import Decimal

import pytest

from kmanalysis.errors import UsageError
from kmanalysis.words import Words

ZH, EN = Words("zh"), Words("en")


def test_a_sentence_is_said_in_the_reader_s_language():
    assert EN.text("never") == "never"
    assert ZH.text("never") == "从未"
    assert ZH.name("met") != "met"
    assert ZH.name("no-such-thing") == "no-such-thing"


def test_an_error_is_said_in_the_reader_s_language():
    with pytest.raises(UsageError) as caught:
        Words("fr")
    assert str(caught.value) == "Language 'fr' is not spoken here. Choose one of: zh, en."
    assert ZH.error(caught.value) == "不支持语言 'fr'。可选：zh, en。"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.9512, "95.1%"), (1.0, "100%"), (0.0, "0%"), (0.9999, "99.99%"), (0.00004, "0.004%"), (float("nan"), "—"), (0.5, "50%")],
)
def test_what_is_not_whole_does_not_read_as_whole(share, text):
    assert EN.share(share) == text


def test_money_keeps_its_currency():
    assert ZH.money(Decimal("1234.5"), "CNY") == "¥1,234.50"
    assert "¥" not in ZH.money(Decimal("3"), "USD").replace("US$", "$")
    assert EN.money(Decimal("3"), "USD") == "$3.00"
    assert EN.money(None, "USD") == "—"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (4.25, "4.2 s"), (59, "59 s"), (60, "1 min"), (300, "5 min"), (7200, "2 h"), (86400, "24 h"), (172800, "2 d"), (float("inf"), "never")],
)
def test_a_duration_is_told_in_the_unit_that_reads_best(seconds, text):
    names = {"s": EN.name("unit.seconds"), "min": EN.name("unit.minutes"), "h": EN.name("unit.hours"), "d": EN.name("unit.days")}
    number, _, unit = text.partition(" ")
    assert EN.duration(seconds) == (f"{number} {names[unit]}" if unit else text)


def test_a_time_is_shown_in_shanghai():
    assert ZH.moment(datetime(2026, 9, 30, 16, 5)) == "2026-10-01 00:05"
    assert ZH.day(datetime(2026, 10, 1).date()) == "2026-10-01"


def test_values_are_shown_in_their_unit():
    assert EN.quantity(0.25, "share") == "25%"
    assert EN.quantity(12000, "count") == "12,000"
    assert EN.quantity(float("nan"), "share") == "—"
    assert EN.quantity(300, "seconds") == EN.duration(300)
    assert [EN.quantity(value, "flag") for value in (1, 0)] == ["yes", "no"]


def test_lists_and_sentences_are_joined_as_the_language_does():
    assert (ZH.join(["a", "b"]), EN.join(["a", "b"]), EN.join(["a", "b"], "; ")) == ("a、b", "a, b", "a; b")
    assert (ZH.sentences("一。", "", "二。"), EN.sentences("One.", "", "Two."), EN.sentences()) == ("一。二。", "One. Two.", "")
    assert (ZH.entry("a", "b"), EN.entry("a", "b")) == ("a：b", "a: b")
    assert (ZH.text("{a} {b}.", a="一", b="二"), ZH.text("{a}; {b}", a="一", b="二")) == ("一 二。", "一；二")


def test_a_language_has_its_tag():
    assert (ZH.tag, EN.tag) == ("zh-CN", "en")
