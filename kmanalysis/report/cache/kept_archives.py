"""What outlives a run, month by month: a month that is over is counted once, and not again for the trends of the months after it.

What is counted of a month depends on the program, the standards, and the rows whose event happened before the month's end. The digest of these
names the file that keeps it: an archive of Parquet files beside the reports. A file that is damaged or gone costs a recount and nothing else.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from threading import Lock

from kmanalysis.report.cache.inputs import Inputs
from kmanalysis.report.cache.provenance import digest_of, program_digest, versions
from kmanalysis.report.files import write_beside_and_rename
from kmanalysis.standards import Standards
from kmanalysis.times import Month

FOLDER = "months"
KEPT_OF_A_MONTH = 2
"""How many a month are kept, the newest: two sets of standards side by side do not wipe each other out."""

_INDEX = "index.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_DAMAGES = (OSError, ValueError, KeyError, TypeError, NotImplementedError, EOFError, zipfile.BadZipFile)


class Archives:
    """The months' archives in a folder, for one state of the data, the standards and the program. Months may be asked for side by side.

    With ``force`` nothing that was kept is believed.
    """

    def __init__(self, folder: Path, inputs: Inputs, standards: Standards, *, force: bool = False) -> None:
        self._folder = folder / FOLDER
        self._force = force
        self._inputs = inputs
        self._made_by = digest_of(standards.digest, inputs.key, program_digest(), json.dumps(versions(), sort_keys=True))
        self._archives: dict[str, _Archive] = {}
        self._lock = Lock()

    def content(self, month: str, name: str) -> bytes | None:
        """What was kept of a month under a name; None where nothing was, or not as it was written."""
        return self._archive(month).content(name)

    def add(self, month: str, contents: Mapping[str, bytes]) -> None:
        """Keeps more of a month, and drops what nobody will ask for again."""
        archive = self._archive(month)
        archive.add(contents)
        _drop_all_but_newest(self._folder, month, archive.path)

    def _archive(self, month: str) -> _Archive:
        with self._lock:
            if month not in self._archives:
                files = self._inputs.mattering(Month.parse(month))
                key = digest_of(self._made_by, month, *(part for entry in sorted(files.items()) for part in entry))
                self._archives[month] = _Archive(self._folder / f"{month}-{key}.zip", self._force)
            return self._archives[month]


class _Archive:
    """What is kept of one month, in one file."""

    def __init__(self, path: Path, is_empty: bool) -> None:
        self.path = path
        self._digests = {} if is_empty else self._read_index()

    def content(self, name: str) -> bytes | None:
        if name not in self._digests:
            return None
        try:
            with zipfile.ZipFile(self.path) as archive:
                content = archive.read(name)
        except _DAMAGES:
            return None
        return content if _digest(content) == self._digests[name] else None

    def add(self, added: Mapping[str, bytes]) -> None:
        """Writes the contents beside those that are there."""
        contents = {name: content for name in self._digests if name not in added and (content := self.content(name)) is not None} | dict(added)
        self._digests = {name: _digest(content) for name, content in sorted(contents.items())}
        target = BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            for name, content in sorted(contents.items()):
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
            archive.writestr(zipfile.ZipInfo(_INDEX, _EPOCH), json.dumps(self._digests, sort_keys=True))
        write_beside_and_rename(self.path, target.getvalue())

    def _read_index(self) -> dict[str, str]:
        try:
            with zipfile.ZipFile(self.path) as archive:
                found = json.loads(archive.read(_INDEX))
        except _DAMAGES:
            return {}
        return found if isinstance(found, dict) else {}


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()


def _drop_all_but_newest(folder: Path, month: str, used: Path) -> None:
    others = sorted((path for path in folder.glob(f"{month}-*") if path != used), key=_last_change)
    for path in others[: max(len(others) - (KEPT_OF_A_MONTH - 1), 0)]:
        path.unlink(missing_ok=True)


def _last_change(path: Path) -> tuple[int, str]:
    try:
        return path.stat().st_mtime_ns, path.name
    except FileNotFoundError:  # another run was quicker
        return 0, path.name
