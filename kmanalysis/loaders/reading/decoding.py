"""Raw bytes to text: which encoding a file is in, and its text in chunks of whole lines with LF ends.

What is tried, in this order: byte order mark; UTF-16 without one (by where its zero bytes lie); strict UTF-8; GB18030, which holds GBK and GB 2312.
GB18030 takes nearly any bytes for text: what it makes of Big5, Shift-JIS or EUC-KR betrays itself by characters that hardly anybody writes.
"""

from __future__ import annotations

import codecs
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kmanalysis.errors import DataError, MappingError

CHUNK = 1 << 20
HEAD = 1 << 18
LONGEST_LINE = 1 << 25
REPLACED = "\ufffd"
"""Stands for bytes that are no text; where a file decodes strictly, the character is the source's own."""

_GUESSED = ("big5", "big5hkscs", "cp932", "shift_jis", "cp949", "euc_kr")
"""Encodings whose text GB18030 takes for its own."""

_KOREAN = ("cp949", "euc_kr")

_MOST_PRIVATE, _MOST_RARE, _ENOUGH = 0.002, 1 / 3, 20
"""Shares of the characters that are no ASCII from which on a text is taken to be in another encoding; how many a text must have to be told."""

_SHIFTED = re.compile(rb"\+([A-Za-z0-9+/]{3,})-?")

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
    """The file's encoding, or whether it really is in the stated one.

    Raises LookupError for a stated one that is unknown, MappingError where it does not say in which order the bytes stand, DataError where nobody can tell
    which one it is.
    """
    with path.open("rb") as source:
        head = source.read(HEAD)
    if encoding:
        name = _stated(encoding, head, path.name)
        return Decoding(name, _is_clean(path, name))
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Decoding(name, _is_clean(path, name))
    if (wide := _wide_encoding(head)) and _is_clean(path, wide):
        return Decoding(wide, True)
    if _is_clean(path, "utf-8"):
        if _is_shifted(head):
            raise _untold(path.name, "utf-7")
        return Decoding("utf-8", True)
    bad, good = _bad_and_good(path, "utf-8")
    # GB18030 text hits valid UTF-8 sequences by chance only, among many that are not.
    if good >= 10 * bad:
        return Decoding("utf-8", False)
    if _is_clean(path, "gb18030"):
        return Decoding(_like_gb18030(path, head), True)
    return Decoding("utf-8" if bad <= _bad_and_good(path, "gb18030")[0] else "gb18030", False)


def _stated(encoding: str, head: bytes, file: str) -> str:
    """The stated encoding's name; of UTF-16 without a mark that of the order in which its bytes stand."""
    name = codecs.lookup(encoding).name
    if name != "utf-16" or head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return name
    if found := _wide_encoding(head):
        return found
    raise MappingError(
        "{file} does not begin with the mark by which {found} says the order of its bytes. State the order: {accepted}.",
        file=file,
        found=name,
        accepted=f'encoding = "{name}-le", encoding = "{name}-be"',
    )


def _like_gb18030(path: Path, head: bytes) -> str:
    """The encoding of a text that may be GB18030. Raises DataError where it is not, and which one it is cannot be told."""
    from charset_normalizer import from_bytes

    signs = Counter(sign for sign in head.decode("gb18030", "ignore") if sign > "\x7f")
    # Four bytes that begin like two are GB18030's own.
    leads = {sign: code[0] if len(code := sign.encode("gb18030", "replace")) == 2 else 0xFF for sign in signs}
    private = sum(count for sign, count in signs.items() if "\ue000" <= sign <= "\uf8ff") / max(signs.total(), 1)
    rare = sum(count for sign, count in signs.items() if leads[sign] <= 0xA0) / max(signs.total(), 1)
    # Half of what Chinese texts consist of lies above C8, where EUC-KR has no Korean.
    words = [lead for lead in leads.values() if lead > 0xA9]
    is_korean = len(words) >= _ENOUGH and all(0xB0 <= lead <= 0xC8 for lead in words)
    if private <= _MOST_PRIVATE and rare <= _MOST_RARE and not is_korean:
        return "gb18030"
    if signs.total() < _ENOUGH:
        raise _untold(path.name)
    best = from_bytes(head[: 1 << 16].rpartition(b"\n")[0] or head, cp_isolation=[*_GUESSED, "gb18030"]).best()
    if best and best.encoding in _GUESSED and is_korean == (best.encoding in _KOREAN) and _is_clean(path, best.encoding):
        return str(best.encoding)
    if private > _MOST_PRIVATE:
        raise _untold(path.name)
    return "gb18030"


def _is_shifted(head: bytes) -> bool:
    """Whether the first line is Chinese, Japanese or Korean in UTF-7, which is ASCII to whoever does not know."""
    found = _SHIFTED.findall(head.partition(b"\n")[0]) if head.isascii() else []
    try:
        return bool(found) and all("\u3000" <= sign <= "\ud7ff" for shifted in found for sign in (b"+" + shifted + b"-").decode("utf-7"))
    except UnicodeDecodeError:
        return False


def _untold(file: str, *likely: str) -> DataError:
    return DataError(
        '{file}: which encoding it is in cannot be told. State the one that it was exported in, in a mapping: encoding = "…" under [source]. '
        "Often met are {accepted}.",
        file=file,
        accepted=", ".join(dict.fromkeys((*likely, "gb18030", "big5", "shift_jis", "euc_kr", "utf-7"))),
    )


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
    try:
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        with path.open("rb") as source:
            while raw := source.read(CHUNK):
                if b"\0" in raw and not encoding.startswith("utf-16"):
                    return False
                decoder.decode(raw)
            decoder.decode(b"", final=True)
    except UnicodeError:
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
