"""Digests of a column are those of its texts, one by one."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from kmanalysis.loaders.checking.digests import digests
from kmanalysis.loaders.checking.secrets import digest

KEY = bytes(range(32))
KNOWN = ["", " ", "ABC-123", " abc\n", "Foo@Bar.example", " foo@bar.example\x1c", "x@y", "13812345678", "+86 138-1234-5678", "138123456789",
         "１３８１２３４５６７８", "138.0013.8000", "(+86)138-0013-8000", "0086 138 0013 8000", "138\t0013\t8000", "138\u200b00138000",
         "86)138.0013.8000", "1234567890123456",
         "138–0013–8000", "ABC\u200b-123",
         "卡密", "kd1:" + "a" * 32, "kd1:zz", "a\xa0", "a@b.com\n", "A@B@c.com"]  # fmt: skip
TEXTS = st.text(st.sampled_from("aA138-@.+(k:d \t\n\x1c１卡\xa0\u200b"), max_size=24)


def expected(texts):
    return [None if text is None else digest(text, KEY) for text in texts]


def test_known_spellings():
    texts = [*KNOWN, None]
    assert digests(pa.array(texts, pa.string()), KEY).to_pylist() == expected(texts)
    assert digests(pa.array([], pa.string()), KEY).to_pylist() == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | TEXTS | st.sampled_from(KNOWN), max_size=30))
def test_any_texts(texts):
    assert digests(pa.array(texts, pa.string()), KEY).to_pylist() == expected(texts)
