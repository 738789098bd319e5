"""Digests of contents, files and frames, and JSON documents that carry their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pandas as pd

_FORMAT = "2"
"""Part of every document's digest: one that another version of these modules wrote is not read."""

_END = "\x1e\n"
# Times written by a format of ours: pandas leaves the clock out where all of a column is midnight.
_EXACT: dict[str, Any] = {"index": False, "na_rep": "\x00", "lineterminator": _END, "date_format": "%Y-%m-%dT%H:%M:%S.%f"}


def digest_of(*parts: bytes | str) -> str:
    """Digest of these parts in this order."""
    digest = blake2b(digest_size=16)
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()


def mapping_digest(digests: Mapping[str, str]) -> str:
    """Digest of names and their digests, in whatever order they come."""
    return digest_of(*(part for entry in sorted(digests.items()) for part in entry))


def content_digest(content: bytes) -> str:
    """Digest of a file's content, as `file_digest` gives it."""
    return blake2b(content, digest_size=16).hexdigest()


def file_digest(path: Path) -> str:
    """Digest of a file's content. Raises OSError where it cannot be read."""
    digest = blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def frame_digest(frame: pd.DataFrame) -> str:
    """Digest of a frame's columns, types and rows in their order."""
    return digest_of(str(list(frame.dtypes.items())), frame.to_csv(**_EXACT))


def row_texts(frame: pd.DataFrame) -> list[str]:
    """Each row of a frame as text: rows that differ in a value or in what is missing differ in their text, whatever the other rows are."""
    text: str = frame.to_csv(**_EXACT)
    lines = text.split(_END)
    if len(lines) != len(frame) + 2:  # a cell holds what ends a line
        return [frame.iloc[[place]].to_csv(**_EXACT) for place in range(len(frame))]
    return lines[1:-1]


def sealed(facts: Mapping[str, object]) -> bytes:
    """The facts as a JSON document with their digest in it, under ``digest``."""
    digest = digest_of(_FORMAT, json.dumps(facts, ensure_ascii=False, sort_keys=True))
    return (json.dumps({**facts, "digest": digest}, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def read_sealed(path: Path) -> dict[str, Any]:
    """The facts of a document that `sealed` made; empty if it is not there or differs from what was written by as much as a bit."""
    try:
        content = path.read_bytes()
        found = json.loads(content)
        facts = {name: value for name, value in found.items() if name != "digest"} if isinstance(found, dict) else {}
        return facts if content == sealed(facts) else {}
    except (OSError, ValueError, RecursionError):
        return {}
