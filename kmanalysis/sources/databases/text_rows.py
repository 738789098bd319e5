"""Rows as MySQL's text protocol sends them, to Arrow columns: by whole chunks, since a Python object a cell costs ten times what the rest of a pull does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from io import BufferedIOBase
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

CHUNK = 8 << 20
"""Bytes of rows that are made into columns at once."""

_AT_ONCE = 1 << 18
_HEADER = 4
_LONGEST_PACKET = 0xFFFFFF
_NULL, _TWO_BYTES, _THREE_BYTES, _EIGHT_BYTES = 0xFB, 0xFC, 0xFD, 0xFE
_END, _ERROR = 0xFE, 0xFF

Numbers = npt.NDArray[np.int64]


SERVER_LOST = 2013
"""The drivers' error code of a lost connection."""


class ConnectionLost(OSError):
    """The server ended the connection in the middle of an answer."""


def text_columns(stream: BufferedIOBase, columns: int, fail: Callable[[bytes], Any]) -> Iterator[list[pa.Array]]:
    """The rows of an answer, until its end, as binary arrays of what the server wrote, a list of them a chunk.

    ``stream`` stands after the columns' definitions. ``fail`` is called with an error packet and raises. Raises ConnectionLost.
    """
    buffer, is_over = bytearray(), False
    while not is_over:
        starts, lengths, used = _packets(buffer)
        while used < CHUNK and not (lengths and _is_last(buffer, starts[-1], lengths[-1])):
            received = stream.read1(_AT_ONCE)
            if not received:
                raise ConnectionLost(SERVER_LOST)
            buffer += received
            starts, lengths, used = _packets(buffer, starts, lengths, used)
        if lengths and _is_last(buffer, starts[-1], lengths[-1]):
            is_over = True
            start, length = starts.pop(), lengths.pop()
            if buffer[start] == _ERROR:
                fail(bytes(buffer[start : start + length]))
        if starts:
            with memoryview(buffer) as view:
                content = bytes(view[:used])
            yield _columns(content, np.array(starts, np.int64), columns)
        del buffer[:used]


def _packets(buffer: bytearray, starts: list[int] | None = None, lengths: list[int] | None = None, used: int = 0) -> tuple[list[int], list[int], int]:
    """Where the whole packets of the buffer begin, how long they are, and where the last one ends; a packet sent in pieces is put together."""
    starts, lengths = starts if starts is not None else [], lengths if lengths is not None else []
    place, end = used, len(buffer)
    while place + _HEADER <= end:
        length = buffer[place] | buffer[place + 1] << 8 | buffer[place + 2] << 16
        after = place + _HEADER + length
        if length == _LONGEST_PACKET:
            piece = length
            while piece == _LONGEST_PACKET:
                if after + _HEADER > end:
                    return starts, lengths, place
                piece = int.from_bytes(buffer[after : after + 3], "little")
                if after + _HEADER + piece > end:
                    return starts, lengths, place
                after += _HEADER + piece
            after, end = _joined(buffer, place, after), len(buffer)
            length = after - place - _HEADER
        if after > end:
            break
        starts.append(place + _HEADER)
        lengths.append(length)
        place = after
    return starts, lengths, place


def _joined(buffer: bytearray, place: int, after: int) -> int:
    """Takes the headers of all pieces but the first out of a packet that lies whole in the buffer; where it ends then."""
    at, piece = place + _HEADER + _LONGEST_PACKET, _LONGEST_PACKET
    while piece == _LONGEST_PACKET:
        piece = int.from_bytes(buffer[at : at + 3], "little")
        del buffer[at : at + _HEADER]
        after -= _HEADER
        at += piece
    return after


def _is_last(buffer: bytearray, start: int, length: int) -> bool:
    """Whether a packet ends the answer: an error, or the end, which is shorter than a row whose first cell has a length of eight bytes."""
    return length > 0 and (buffer[start] == _ERROR or (buffer[start] == _END and length < 9))


def _columns(content: bytes, places: Numbers, columns: int) -> list[pa.Array]:
    data, shared, found = np.frombuffer(content, np.uint8), pa.py_buffer(content), []
    for _ in range(columns):
        first = data[places]
        length = first.astype(np.int64)
        places = places + 1
        empty = first == _NULL
        length[empty] = 0
        for mark, size in ((_TWO_BYTES, 2), (_THREE_BYTES, 3), (_EIGHT_BYTES, 8)):
            if (long := np.flatnonzero(first == mark)).size:
                length[long] = sum(data[places[long] + byte].astype(np.int64) << 8 * byte for byte in range(size))
                places[long] += size
        found.append(_array(shared, places, length, empty))
        places = places + length
    return found


def _array(shared: pa.Buffer, starts: Numbers, lengths: Numbers, empty: npt.NDArray[np.bool_]) -> pa.Array:
    # An array over the whole chunk, of the cells and of what lies between them, from which Arrow takes the cells alone.
    edges = np.empty(2 * starts.size, np.int32)
    edges[0::2], edges[1::2] = starts, starts + lengths
    whole = pa.Array.from_buffers(pa.binary(), edges.size - 1, [None, pa.py_buffer(edges), shared])
    return whole.take(pa.array(np.arange(0, edges.size, 2, dtype=np.int32), mask=empty if empty.any() else None))


def as_text(cells: pa.Array) -> pa.Array:
    """Binary cells as text; what is no UTF-8 in them is replaced."""
    try:
        return cells.cast(pa.string())
    except pa.ArrowInvalid:
        texts: Sequence[str | None] = [None if cell is None else cell.decode("utf-8", "replace") for cell in cells.to_pylist()]
        return pa.array(texts, pa.string())
