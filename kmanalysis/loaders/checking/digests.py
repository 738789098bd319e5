"""Digests of whole columns of secrets: those of `secrets.digest`, without looking at each text in turn where a glance at the column will do."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kmanalysis.loaders.checking.secrets import EMAIL, LONGEST_PHONE, PREFIX, digest, keyed

SPACE = " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f"
"""What `str.strip` takes off an ASCII text."""

_HEX_DIGITS = 32
_LIKE_A_MOBILE = r"^[(+0]*(?:86)?[\x01-\x20).\-]*1[3-9][\x01-\x20.\-0-9]*[0-9]$"


def digests(texts: pa.Array, key: bytes) -> pa.Array:
    """The digest of each text, empty where there is none: an array of texts to one of as many."""
    if not len(texts):
        return texts
    bare = pc.ascii_trim(texts, SPACE)
    has_at = pc.match_substring(bare, "@")
    is_mail = pc.match_substring_regex(bare, f"^(?:{EMAIL})$") if pc.any(has_at).as_py() else has_at
    # What is no ASCII has other spellings.
    may_be_phone = pc.and_(pc.less_equal(pc.binary_length(bare), LONGEST_PHONE), pc.match_substring_regex(bare, _LIKE_A_MOBILE))
    is_plain = pc.and_(pc.string_is_ascii(bare), pc.and_not(pc.invert(may_be_phone), pc.starts_with(bare, PREFIX)))
    normal = pc.if_else(is_mail, pc.ascii_lower(bare), bare)
    found = _of_bytes(normal.cast(pa.binary()), key)
    others = np.flatnonzero(pc.invert(pc.or_(is_plain, is_mail)).fill_null(False).to_numpy(zero_copy_only=False))
    if others.size:
        one_by_one = pa.array([digest(text, key) for text in texts.take(pa.array(others)).to_pylist()], pa.string())
        places = np.arange(len(texts))
        places[others] = len(texts) + np.arange(others.size)
        found = pa.concat_arrays([found, one_by_one]).take(pa.array(places))
    return found if texts.null_count == 0 else pc.if_else(pc.is_valid(texts), found, None)


def _of_bytes(cells: pa.Array, key: bytes) -> pa.Array:
    begun = keyed(key).copy
    found = []
    for cell in cells.to_pylist():
        hashing = begun()
        hashing.update(cell or b"")
        found.append(hashing.digest())
    rows, before = len(found), len(PREFIX)
    letters = np.empty((rows, before + _HEX_DIGITS), np.uint8)
    letters[:, :before] = np.frombuffer(PREFIX.encode(), np.uint8)
    letters[:, before:] = np.frombuffer(b"".join(found).hex().encode(), np.uint8).reshape(rows, _HEX_DIGITS)
    offsets = np.arange(rows + 1, dtype=np.int32) * np.int32(letters.shape[1])
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(letters))
