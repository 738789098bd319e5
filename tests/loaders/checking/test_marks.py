import duckdb

from kmanalysis.loaders.checking.marks import MARKS, is_marked, reason_of, unmarked


def test_marks_are_told_from_texts_and_name_their_reason():
    for reason, mark in MARKS.items():
        assert unmarked(f"{mark}x") == "x"
        assert duckdb.execute(f"SELECT {is_marked('c')}, {reason_of('c')} FROM (SELECT ? AS c)", [f"{mark}x"]).fetchall() == [(True, reason)]
    for text in ("", "x", "\ue000x", "\ue006x", "\ue00ax", "数", "x\ue007", None):
        assert duckdb.execute(f"SELECT {is_marked('c')}, {reason_of('c')} FROM (SELECT ?::VARCHAR AS c)", [text]).fetchall() == [(False, None)]
        assert text is None or unmarked(text) == text
