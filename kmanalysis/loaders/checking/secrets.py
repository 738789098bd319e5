"""Secrets to keyed digests: card codes and buyers' contacts are kept as those, and nothing else of them.

The key lies in the workbook folder, readable by its owner alone. Without it a digest cannot be tried out against guessed values. Beside it lies its id, which
gives nothing away: so a key that is lost, or another folder's, is noticed before digests are made that match none of the old ones.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Collection
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

import pyarrow.parquet as pq

from kmanalysis.detector import KINDS, MASK, folded, replaced, visible
from kmanalysis.engine.sql import arrow_path
from kmanalysis.errors import DataError
from kmanalysis.files.durable import sync_folder, write_atomically
from kmanalysis.loaders.checking.stamp import was_stamped
from kmanalysis.tables import tables

KEY_FILE = ".kmanalysis-key"
KEY_BYTES = 32
ID_FILE = ".kmanalysis-key-id"
"""Names the key that the folder's digests were made under."""
NO_KEY = "none"
"""Stands in it where the digests are of no key that anybody has: those of the samples."""
IGNORED = ".gitignore"
PREFIX = "kd1:"

EMAIL = r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9](?:[A-Za-z0-9\-]*\.)+[A-Za-z]{2,}"
_ONLY_EMAIL = re.compile(EMAIL)
_ONLY_PHONE = re.compile(r"(?:\(?(?:\+|00)?86\)?[\s.\-]?)?1[3-9]\d[\s.\-]?\d{4}[\s.\-]?\d{4}")
LONGEST_PHONE = len("(+86)-138-0000-0000")
_DIGEST = re.compile(PREFIX + "[0-9a-f]{32}")
_ID = re.compile(rb"[0-9a-f]{8}")
_ID_OF = b"kmanalysis: the key of this folder"


def key_of(folder: Path) -> bytes:
    """The folder's key, made where there is none, to make digests under.

    Raises DataError where others can read it, where it is no key, where it is not the one that the folder's digests were made under, and where there are
    such digests and no key: a new one would match none of them.
    """
    path = folder / KEY_FILE
    # The id first: whoever writes it has written the key before.
    known = stored_id(folder)
    if not path.exists():
        if known not in ("", NO_KEY) or (not known and _holds_digests(folder)):
            raise DataError(
                "{folder}: digests under key {id} are here, but the key is missing: {file}. Put it back; or, if it is lost for good, make a new one, under "
                "which the old digests match nothing any more: kmanalysis key rotate --forget --yes",
                folder=folder.name,
                id=known or "?",
                file=KEY_FILE,
            )
        _make_key(path)
    key = _read_key(path)
    if known not in ("", NO_KEY, key_id(key)):
        raise DataError(
            "{folder}: {file} is key {found}, but the digests here were made under key {id}. Put that one back; or, if it is lost for good, make a new one, "
            "under which the old digests match nothing any more: kmanalysis key rotate --forget --yes",
            folder=folder.name,
            file=KEY_FILE,
            found=key_id(key),
            id=known,
        )
    if known != key_id(key):
        _write_id(folder, key)
    return key


def existing_key(folder: Path) -> bytes | None:
    """The folder's key where there is one. Raises DataError where others can read it, or where it is no key."""
    path = folder / KEY_FILE
    return _read_key(path) if path.exists() else None


def key_id(key: bytes) -> str:
    """A key's id, 8 hex digits: it tells keys apart and says nothing of them."""
    return blake2b(_ID_OF, key=key, digest_size=4).hexdigest()


def stored_id(folder: Path) -> str:
    """The id of the key that the folder's digests were made under; empty where it is not known. Raises DataError for a file that holds no id."""
    try:
        known = (folder / ID_FILE).read_bytes().strip()
    except FileNotFoundError:
        return ""
    if known not in (b"", NO_KEY.encode()) and not _ID.fullmatch(known):
        raise DataError(
            "{folder}: {file} holds no id of a key. If {key} is the key that the digests here were made under, remove {file}: the next load writes it again.",
            folder=folder.name,
            file=ID_FILE,
            key=KEY_FILE,
        )
    return known.decode("ascii")


def replace_key(folder: Path) -> bytes:
    """Gives the folder a new key. What was digested under another matches nothing any more.

    Stopped at any step, it leaves a folder that has the old key or the new one, and knows of no other. Of an old key that is lost, or wrong, the id stays
    until the new key is there.
    """
    key = os.urandom(KEY_BYTES)
    before = _right_key(folder)
    if before is not None:
        # A key without an id beside it is taken for the right one: so is the old one until the new one stands in its place.
        (folder / ID_FILE).unlink(missing_ok=True)
        sync_folder(folder)
    write_atomically(folder / KEY_FILE, _written(key), mode=0o600)
    _write_id(folder, key)
    return key


def _right_key(folder: Path) -> bytes | None:
    """The folder's key where its digests were made under it."""
    try:
        key = existing_key(folder)
        return key if key is not None and stored_id(folder) in ("", NO_KEY, key_id(key)) else None
    except DataError:
        return None


def export_key(folder: Path, target: Path) -> bytes:
    """Writes the folder's key to a file that its owner alone can read. Raises DataError where there is no key, FileExistsError for a file that exists."""
    key = existing_key(folder)
    if key is None:
        raise DataError("{folder} has no key.", folder=folder.name)
    write_atomically(target, _written(key), mode=0o600, replace=False)
    return key


def write_no_key(folder: Path) -> None:
    """Says of a folder that its digests are of no key that anybody has: a new one takes nothing from it."""
    write_atomically(folder / ID_FILE, f"{NO_KEY}\n".encode())


def digest(value: str, key: bytes) -> str:
    """Keyed digest of a secret: ``kd1:`` and 32 hex digits. Spellings of the same code, address or number give the same digest; a digest stays as it is."""
    # Millions of codes pass here: what a glance rules out is not searched for, and the key is worked in once.
    normal = (value if value.isascii() else visible(unicodedata.normalize("NFKC", value))).strip()
    if normal.startswith(PREFIX) and _DIGEST.fullmatch(normal):
        return normal
    # A contact has spellings of which a code has none: dashes and points of any kind.
    contact = normal if normal.isascii() else folded(normal).strip()
    if "@" in contact:
        normal = contact.casefold() if _ONLY_EMAIL.fullmatch(contact) else normal
    elif contact[-1:].isdigit() and len(contact) <= LONGEST_PHONE and _ONLY_PHONE.fullmatch(contact):
        normal = re.sub(r"\D", "", contact)[-11:]
    hashing = keyed(key).copy()
    hashing.update(normal.encode())
    return PREFIX + hashing.hexdigest()


@lru_cache(maxsize=1)
def keyed(key: bytes) -> blake2b:
    """The hash of a digest with the key worked in, of which copies are made."""
    return blake2b(key=key, digest_size=16)


def without_secrets(text: str, key: bytes | None, kinds: Collection[str] = KINDS, *, holds_codes: bool = False) -> str:
    """The text with the secrets that `detector.found` finds in it as digests, or masked where there is no key."""
    return replaced(text, lambda value: digest(value, key) if key else MASK, kinds, holds_codes=holds_codes)


def file_name(name: str, key: bytes | None) -> str:
    """A file's name as it is shown and as files of ours are named after it: secrets in it as a few digits of their digests."""
    return replaced(name, lambda value: f"kd1-{digest(value, key)[len(PREFIX) :][:8]}" if key else "___")


def _holds_digests(folder: Path) -> bool:
    """Whether tables that a load wrote hold digests of secrets."""
    for name, table in tables().items():
        secrets = {column.name for column in table.columns.values() if column.is_secret}
        if secrets and any(_has_values(path, secrets) for path in (folder / f"{name}.parquet", *(folder / name).glob("*.parquet")) if path.is_file()):
            return True
    return False


def _has_values(path: Path, columns: Collection[str]) -> bool:
    try:
        with pq.ParquetFile(arrow_path(path)) as file:
            if not was_stamped(file.schema_arrow):
                return False
            groups = (file.metadata.row_group(number) for number in range(file.metadata.num_row_groups))
            cells = [group.column(place) for group in groups for place in range(group.num_columns)]
    except (OSError, ValueError):
        # A file that cannot be read is for those to speak of who read it.
        return False
    return any(
        cell.path_in_schema in columns
        and cell.num_values
        and (cell.statistics is None or not cell.statistics.has_null_count or cell.statistics.null_count < cell.num_values)
        for cell in cells
    )


def _make_key(path: Path) -> None:
    # Two processes may race: each makes a key of its own, the first wins, both read that one.
    with suppress(FileExistsError):
        write_atomically(path, _written(os.urandom(KEY_BYTES)), mode=0o600, replace=False)


def _written(key: bytes) -> bytes:
    return key.hex().encode() + b"\n"


def _write_id(folder: Path, key: bytes) -> None:
    """Writes down which key it is, and keeps the key itself out of a git repository that the folder may come to lie in."""
    ignored = folder / IGNORED
    # Bytes: whoever wrote it may have written names in any encoding.
    lines, name = ignored.read_bytes() if ignored.exists() else b"", KEY_FILE.encode()
    if name not in lines.split():
        write_atomically(ignored, lines + (b"\n" if lines and not lines.endswith(b"\n") else b"") + name + b"\n")
    write_atomically(folder / ID_FILE, f"{key_id(key)}\n".encode())


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
