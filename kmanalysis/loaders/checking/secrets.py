"""Secrets to keyed digests: card codes and buyers' contacts are kept as those, and nothing else of them.

The key lies in the workbook folder, readable by its owner alone. Without it a digest cannot be tried out against guessed values.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from kmanalysis.durable import write_atomically
from kmanalysis.errors import DataError

KEY_FILE = ".kmanalysis-key"
KEY_BYTES = 32
PREFIX = "kd1:"
MASK = "***"
"""Stands for a secret where no key is at hand."""

EMAIL = r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9](?:[A-Za-z0-9\-]*\.)+[A-Za-z]{2,}"
_PHONE = r"(?<!\d)(?:\+?86[\s\-]?)?1[3-9]\d[\s\-]?\d{4}[\s\-]?\d{4}(?!\d)"
_CONTACT = re.compile(f"{EMAIL}|{_PHONE}")
_ONLY_EMAIL, _ONLY_PHONE = re.compile(EMAIL), re.compile(_PHONE)
LONGEST_PHONE = len("+86-138-0000-0000")
_DIGEST = re.compile(PREFIX + "[0-9a-f]{32}")
MAY_HOLD_CONTACT = "@|＠|[1１][3-9３-９][0-9０-９]"
"""What the engine looks for before a text is searched for contacts."""


def key_of(folder: Path) -> bytes:
    """The folder's key, made where there is none. Raises DataError where others can read it, or where it is no key."""
    path = folder / KEY_FILE
    if not path.exists():
        _make_key(path)
    return _read_key(path)


def existing_key(folder: Path) -> bytes | None:
    """The folder's key where there is one. Raises like `key_of`."""
    path = folder / KEY_FILE
    return _read_key(path) if path.exists() else None


def digest(value: str, key: bytes) -> str:
    """Keyed digest of a secret: ``kd1:`` and 32 hex digits. Spellings of the same code, address or number give the same digest; a digest stays as it is."""
    # Millions of codes pass here: what a glance rules out is not searched for, and the key is worked in once.
    normal = (value if value.isascii() else unicodedata.normalize("NFKC", value)).strip()
    if normal.startswith(PREFIX) and _DIGEST.fullmatch(normal):
        return normal
    if "@" in normal:
        normal = normal.casefold() if _ONLY_EMAIL.fullmatch(normal) else normal
    elif normal[-1:].isdigit() and len(normal) <= LONGEST_PHONE and _ONLY_PHONE.fullmatch(normal):
        normal = re.sub(r"\D", "", normal)[-11:]
    hashing = keyed(key).copy()
    hashing.update(normal.encode())
    return PREFIX + hashing.hexdigest()


@lru_cache(maxsize=1)
def keyed(key: bytes) -> blake2b:
    """The hash of a digest with the key worked in, of which copies are made."""
    return blake2b(key=key, digest_size=16)


def without_contacts(text: str, key: bytes | None) -> str:
    """The text with email addresses and Chinese mobile numbers as digests, or masked where there is no key."""

    def reduced(found: re.Match[str]) -> str:
        return digest(found[0], key) if key else MASK

    cleaned = _CONTACT.sub(reduced, text)
    if cleaned != text:
        return cleaned
    normal = unicodedata.normalize("NFKC", text)
    return _CONTACT.sub(reduced, normal) if _CONTACT.search(normal) else text


def looks_like_code(text: str) -> bool:
    """Whether a text could be a card code: long, without words, letters and digits mixed, or groups of them."""
    normal = unicodedata.normalize("NFKC", text).strip()
    bare = re.sub(r"[\s\-_]", "", normal)
    if len(bare) < 10 or not bare.isascii() or not bare.isalnum() or re.match(r"(19|20)\d\d-\d\d-\d\d", normal):
        return False
    has_both = any(character.isdigit() for character in bare) and any(character.isalpha() for character in bare)
    return (
        has_both or bool(re.fullmatch(r"[A-Za-z0-9]{3,8}([\s\-][A-Za-z0-9]{3,8}){2,}", normal) and bare.upper() == bare) or (bare.isdigit() and len(bare) >= 12)
    )


def _make_key(path: Path) -> None:
    # Two processes may race: each makes a key of its own, the first wins, both read that one.
    with suppress(FileExistsError):
        write_atomically(path, os.urandom(KEY_BYTES).hex().encode() + b"\n", mode=0o600, replace=False)


def _read_key(path: Path) -> bytes:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise DataError("{file}: others than its owner can read the key. Run: chmod 600 {file}", file=path.name)
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError as problem:
        raise DataError(
            "{file}: this is no key of {bytes} bytes. Put the right one back: digests made under it would no longer match.", file=path.name, bytes=KEY_BYTES
        ) from problem
    if len(key) != KEY_BYTES:
        raise DataError(
            "{file}: this is no key of {bytes} bytes. Put the right one back: digests made under it would no longer match.", file=path.name, bytes=KEY_BYTES
        )
    return key
