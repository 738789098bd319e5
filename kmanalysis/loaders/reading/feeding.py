"""A file's rows as regular UTF-8 text through a pipe: the engine reads them, and no secret touches the disk on the way."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

from kmanalysis.engine.sql import PIPES
from kmanalysis.loaders.reading.decoding import REPLACED, Decoding, text_chunks
from kmanalysis.loaders.reading.dialect import PLAIN, Dialect, without_empty_words
from kmanalysis.loaders.reading.records import is_regular


class Feeder:
    """Writes a file's rows as regular UTF-8 text into a pipe, without the dialect's empty words, and stops where they are not regular."""

    def __init__(self, path: Path, read: Decoding, header_end: int, delimiter: str, dialect: Dialect = PLAIN) -> None:
        self.dialect = dialect
        self.lines = 0
        self.is_irregular = self.is_dirty = False
        self.failure: Exception | None = None
        self._reader, writer = os.pipe()
        self.address = PIPES / str(self._reader)
        self._thread = threading.Thread(
            target=self._feed,
            args=(writer, _below(text_chunks(path, read, keep_returns=bool(dialect.escape)), header_end), not read.is_clean, delimiter),
            daemon=True,
        )
        self._thread.start()

    def close(self) -> None:
        """Ends the pipe; the writer, if it still writes, learns it from its next write."""
        os.close(self._reader)
        self._thread.join()

    def _feed(self, writer: int, chunks: Iterator[str], is_dirty: bool, delimiter: str) -> None:
        blank = 0
        try:
            with os.fdopen(writer, "wb") as target:
                for chunk in chunks:
                    text = chunk.rstrip("\n")
                    if text:
                        # Blank lines are fine where nothing follows them.
                        self.is_irregular |= blank > 0 or not is_regular(text + "\n", delimiter) or "\x01" in text
                        if self.is_irregular:
                            return
                        text = without_empty_words(text, delimiter, self.dialect, is_padded=False)
                        if self._is_escaped(text, delimiter):
                            self.is_irregular = True
                            return
                        blank = 0
                        self.is_dirty |= is_dirty and REPLACED in text
                        target.write(text.encode("utf-8", "replace") + b"\n")
                        self.lines += text.count("\n") + 1
                    blank += len(chunk) - len(text) - (1 if text else 0)
        except BrokenPipeError:
            self.is_irregular = True
        except Exception as problem:  # noqa: BLE001 - told to the reader: a file that breaks off must not pass for a shorter one
            self.failure = problem

    def _is_escaped(self, text: str, delimiter: str) -> bool:
        """Whether the text holds what the dialect's escape sign makes of it more than the engine's reader knows."""
        escape = self.dialect.escape
        return bool(escape) and (escape in text or "\r" in text or (delimiter == "\t" and '"' in text))


def _below(chunks: Iterator[str], lines: int) -> Iterator[str]:
    """The text below that many lines."""
    for chunk in chunks:
        position = 0
        while lines and position < len(chunk):
            end = chunk.find("\n", position) + 1
            position = end or len(chunk)
            lines -= 1
        if position < len(chunk):
            yield chunk[position:]
