"""Identifiers that look alike: found against a slow comparison of all pairs, and shown so that they can be told apart."""

import itertools
import unicodedata

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmanalysis.loaders.checking.alike import alike, collect_ids, shown


def found(ids):
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t (id VARCHAR)")
    if ids:
        connection.executemany("INSERT INTO t VALUES (?)", [[text] for text in ids])
    return alike(connection) if collect_ids(connection, "t", "id") else []


@pytest.mark.parametrize(
    "ids",
    [
        ("A1", "a1"), ("A1", "Ａ1"), ("S\u200b1", "S1"), ("S1", "\u0405" + "1"), ("AO1", "A01"), ("Al1", "AI1"), ("a-1", "a–1"), ("a 1", "a\u00a01"),
        ("ﬁ1", "fi1"),
        ("Q币\ufeff", "Q币"), ("e\u00ad1", "e1"),
    ],
)  # fmt: skip
def test_two_that_look_alike(ids):
    assert found([*ids, "other", "123", None, ids[0]]) == [tuple(sorted(ids))]


@pytest.mark.parametrize("ids", [(), ("1", "01", "10"), ("S1", "S2"), ("SL", "S1"), ("model-i", "model-1"), ("甲", "乙"), ("A1",), ("A-1", "A1")])
def test_those_that_do_not(ids):
    assert found(ids) == []


def looks(text):
    plain = "".join(sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf").translate(str.maketrans("АО", "AO"))
    return plain.casefold(), plain.translate(str.maketrans("Il|O", "1110"))


@settings(deadline=None, max_examples=60)
@given(st.sets(st.text("aAАoO0ОIl1|Ａ\u200b-", min_size=1, max_size=3), max_size=12))
def test_all_pairs_are_found_and_no_other(ids):
    expected = {
        pair for pair in itertools.combinations(sorted(ids), 2) if set(looks(pair[0])[:1]) & set(looks(pair[1])[:1]) or looks(pair[0])[1] == looks(pair[1])[1]
    }
    pairs = {tuple(sorted(pair)) for group in found(ids) for pair in itertools.combinations(group, 2)}
    assert pairs == expected


def test_signs_that_the_eye_cannot_tell_are_shown_as_numbers():
    assert shown(["A1", "А1", "A\u200b1"]) == "A1 ~ \\u04101 ~ A\\u200b1"
    assert shown(["Q币", "Ｑ币"]) == "Q币 ~ Ｑ币"
