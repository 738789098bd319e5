"""Rows as MySQL's text protocol sends them: every length of a cell, packets in pieces, answers that break off."""

import io

import pytest

from kmanalysis.sources.databases import text_rows
from kmanalysis.sources.databases.text_rows import ConnectionLost, as_text, text_columns

END = b"\xfe\x00\x00\x02\x00"
LENGTHS = (0, 1, 250, 251, 65_535, 65_536)


def cell(content):
    if content is None:
        return b"\xfb"
    size = len(content)
    if size < 251:
        return bytes([size]) + content
    mark, width = next((mark, width) for mark, width in ((b"\xfc", 2), (b"\xfd", 3), (b"\xfe", 8)) if size < 1 << 8 * width)
    return mark + size.to_bytes(width, "little") + content


def packets(payload):
    """A payload in pieces of at most the longest packet."""
    sent, longest = b"", 0xFFFFFF
    while True:
        piece, payload = payload[:longest], payload[longest:]
        sent += len(piece).to_bytes(3, "little") + b"\x00" + piece
        if len(piece) < longest:
            return sent


def answer(*rows, end=END):
    return b"".join(packets(b"".join(map(cell, row))) for row in rows) + packets(end)


class Dribble(io.BytesIO):
    """Gives a few bytes at a time, as a network does."""

    def __init__(self, content, step):
        super().__init__(content)
        self.step = step

    def read1(self, size=-1):
        return super().read(min(size, self.step))


def fail(packet):
    raise ValueError(packet)


def read(sent, columns, step=1 << 20):
    stream = Dribble(sent, step)
    rows = [row for chunk in text_columns(stream, columns, fail) for row in zip(*(array.to_pylist() for array in chunk), strict=True)]
    assert not stream.read()
    return rows


@pytest.mark.parametrize("step", [1, 3, 100_000])
def test_rows_come_as_they_were_sent(step):
    rows = [(b"1", None, b""), (None, None, None), (b"\xe5\x8d\xa1", b"\xfe\xff", b"3")]
    assert read(answer(*rows), 3, step) == rows
    assert read(answer(), 3, step) == []


def test_cells_of_every_length():
    rows = [(b"a" * size, b"b" * other, None) for size in LENGTHS for other in LENGTHS]
    assert read(answer(*rows), 3) == rows


def test_chunks_are_bounded_and_lose_nothing(monkeypatch):
    monkeypatch.setattr(text_rows, "CHUNK", 1000)
    rows = [(str(number).encode(), b"x" * (number % 300)) for number in range(500)]
    chunks = list(text_columns(Dribble(answer(*rows), 700), 2, fail))
    assert max(len(chunk[0]) for chunk in chunks) < 400
    assert [row for chunk in chunks for row in zip(*(array.to_pylist() for array in chunk), strict=True)] == rows


@pytest.mark.parametrize("size", [0xFFFFFF - 4, 0xFFFFFF - 4 + 1, 0xFFFFFF + 10])
def test_a_row_longer_than_a_packet_is_put_together(size):
    rows = [(b"before", b"1"), (b"c" * size, b"2"), (b"after", b"3")]
    assert read(answer(*rows), 2) == rows


def test_an_error_in_the_middle_is_told():
    with pytest.raises(ValueError, match="interrupted"):
        read(answer((b"1",), end=b"\xff\x25\x05#70100interrupted"), 1)


def test_a_connection_that_breaks_off_is_no_end():
    sent = answer((b"1",), (b"2",))
    for length in range(len(sent)):
        with pytest.raises(ConnectionLost):
            read(sent[:length], 1)


def test_what_is_no_text_is_replaced():
    (chunk,) = text_columns(Dribble(answer((b"\xff",), (b"a",), (None,)), 100), 1, fail)
    assert as_text(chunk[0]).to_pylist() == ["\ufffd", "a", None]
