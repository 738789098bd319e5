"""Markers that stand for secrets, and the search for them in all that was written and printed, however it is packed or encoded."""

import base64
import gzip
import html
import zipfile
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from tests.sources import servers

STEM, PHONE = "zqmark", "1390013"
"""Every marker has one of these in it."""


def hidden_forms():
    """What the stems look like where somebody wrote them otherwise: encoded for an address, or in base64 at any place of it."""
    forms = {STEM, PHONE, quote(f"{STEM}@"), servers.PASSWORD, quote(servers.PASSWORD)}
    for stem in (STEM, PHONE, servers.PASSWORD):
        for before in range(3):
            text = base64.b64encode(b"\0" * before + stem.encode()).decode().rstrip("=")
            # The characters at both ends depend on what stands beside them.
            forms.add(text[(0, 2, 3)[before] : len(text) - (0 if (before + len(stem)) % 3 == 0 else 1)])
    return {form for form in forms if len(form) > 5}


def contents(folder):
    """Everything that a folder's files say, unpacked and decoded: (file, text)."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".kmanalysis-key"):
        raw = path.read_bytes()
        yield path, path.name
        yield path, raw.decode("utf-8", "replace")
        yield path, raw.decode("utf-16-le", "replace")
        if raw[:4] == b"PAR1":
            # From its bytes: a name may be one that an engine takes for more than a name.
            packed = pq.ParquetFile(pa.BufferReader(raw))
            yield path, "\n".join(str(row) for row in packed.read().to_pylist())
            yield path, str(packed.metadata.metadata)
        elif raw[:2] == b"PK":
            with zipfile.ZipFile(path) as packed:
                yield path, "\n".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())
        elif raw[:2] == b"\x1f\x8b":
            yield path, gzip.decompress(raw).decode("utf-8", "replace")
        elif raw[:4] == b"\xff" * 4:
            yield path, "\n".join(str(table.to_pylist()) for table in streamed(raw))
        elif path.suffix == ".html":
            yield path, html.unescape(raw.decode("utf-8"))


def streamed(raw):
    """The tables of Arrow's streams, one behind the other, as a slice holds them."""
    source = pa.BufferReader(raw)
    while source.tell() < source.size():
        with pa.ipc.open_stream(source) as stream:
            yield stream.read_all()


def assert_nowhere(texts):
    forms = hidden_forms()
    assert [(str(place), form) for place, text in texts for form in sorted(forms) if form.lower() in text.lower()] == []
