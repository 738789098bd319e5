"""Raw bytes to text: which encoding a file is in, and its text in chunks of whole lines with LF ends.

What is tried, in this order: byte order mark; UTF-16 without one (by where its zero bytes lie); strict UTF-8; GB18030, which holds GBK and GB 2312.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kmanalysis.errors import DataError

CHUNK = 1 << 20
HEAD = 1 << 18
LONGEST_LINE = 1 << 25
REPLACED = "\ufffd"
"""Stands for bytes that are no text; where a file decodes strictly, the character is the source's own."""

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True)
class Decoding:
    """How a file's bytes are read. ``is_clean``: all of them are text in this encoding."""

    encoding: str
    is_clean: bool

    @property
    def errors(self) -> str:
        """Error handling for the decoder."""
        return "strict" if self.is_clean else "replace"


def decoding(path: Path, encoding: str = "") -> Decoding:
    """The file's encoding, or whether it really is in the stated one. Raises MappingError's caller a LookupError for an unknown name."""
    if encoding:
        name = codecs.lookup(encoding).name
        return Decoding(name, _is_clean(path, name))
    with path.open("rb") as source:
        head = source.read(HEAD)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Decoding(name, _is_clean(path, name))
    if (wide := _wide_encoding(head)) and _is_clean(path, wide):
        return Decoding(wide, True)
    if _is_clean(path, "utf-8"):
        return Decoding("utf-8", True)
    bad, good = _bad_and_good(path, "utf-8")
    # GB18030 text hits valid UTF-8 sequences by chance only, among many that are not.
    if good >= 10 * bad:
        return Decoding("utf-8", False)
    if _is_clean(path, "gb18030"):
        return Decoding("gb18030", True)
    return Decoding("utf-8" if bad <= _bad_and_good(path, "gb18030")[0] else "gb18030", False)


def text_chunks(path: Path, read: Decoding, *, keep_returns: bool = False) -> Iterator[str]:
    """The file's text, whole lines at a time: line ends as LF, no byte order mark, zero bytes as `REPLACED`.

    ``keep_returns``: CR alone is a sign of the text and ends no line. Raises DataError where a line is longer than 32 MB: that is no table.
    """
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(read.encoding)(read.errors), translate=not keep_returns)
    tail, is_first = "", True
    with path.open("rb") as source:
        while True:
            raw = source.read(CHUNK)
            text = decoder.decode(raw, final=not raw)
            if is_first and text:
                text, is_first = text.removeprefix("\ufeff"), False
            if "\0" in text:
                text = text.replace("\0", REPLACED)
            cut = text.rfind("\n") + 1
            if cut:
                yield _with_plain_ends(tail + text[:cut], keep_returns)
                tail = text[cut:]
            else:
                tail += text
            if not raw:
                break
            if len(tail) > LONGEST_LINE:
                raise DataError(
                    "{file}: a line has more than {limit} characters. Is it a text table? CSV, Excel and Parquet are read.", file=path.name, limit=LONGEST_LINE
                )
    if tail:
        yield _with_plain_ends(tail, keep_returns)


def _with_plain_ends(text: str, keep_returns: bool) -> str:
    return text.replace("\r\n", "\n") if keep_returns else text


def _is_clean(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with path.open("rb") as source:
            while raw := source.read(CHUNK):
                if b"\0" in raw and not encoding.startswith("utf-16"):
                    return False
                decoder.decode(raw)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _wide_encoding(head: bytes) -> str:
    low, high = head[::2].count(0), head[1::2].count(0)
    if max(low, high) * 40 < len(head):
        return ""
    # U+4E00 and its like put a zero on the other side now and then.
    if high > 2 * low:
        return "utf-16-le"
    return "utf-16-be" if low > 2 * high else ""


def _bad_and_good(path: Path, encoding: str) -> tuple[int, int]:
    bad = good = 0
    for chunk in text_chunks(path, Decoding(encoding, False)):
        wrong = chunk.count(REPLACED)
        bad += wrong
        good += sum(1 for character in chunk if character > "\x7f") - wrong
    return bad, good
