"""What a page may see: all finished frames, or one supplier's rows of those that are about suppliers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from itertools import accumulate
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from kmanalysis.report.cache.digests import digest_of, frame_digest, row_texts
from kmanalysis.report.site.pages import Page
from kmanalysis.slices import add_to_slice, complete_slice, save_slice, slice_table
from kmanalysis.workbook import Workbook


class Slices:
    """The slices of a workbook's pages, cut from its finished frames (by name), of which some may be ``awaited``: they come by `add`."""

    def __init__(self, workbook: Workbook, frames: Mapping[str, pd.DataFrame], awaited: Collection[str] = ()) -> None:
        self._workbook = workbook
        self._frames = dict(frames)
        self._awaited = set(awaited) - set(frames)
        self._growing: Path | None = None
        self._digests: dict[str, str] = {}
        self._rows_by_name: dict[str, _Rows] = {}

    def add(self, name: str, frame: pd.DataFrame) -> None:
        """Takes a frame that was awaited; pages that wait for it go on."""
        self._awaited.discard(name)
        self._frames[name] = frame
        if self._growing is not None:
            add_to_slice(self._growing, name, frame)
            if not self._awaited:
                complete_slice(self._growing)

    @property
    def _rows(self) -> dict[str, _Rows]:
        """The frames that are about suppliers."""
        if self._awaited:
            raise RuntimeError("Some frames are still awaited.")
        return {name: self._rows_of(name) for name, frame in sorted(self._frames.items()) if "supplier_id" in frame.columns}

    def _rows_of(self, name: str) -> _Rows:
        if name not in self._rows_by_name:
            self._rows_by_name[name] = _Rows(self._frames[name])
        return self._rows_by_name[name]

    def frames(self, supplier: str) -> dict[str, pd.DataFrame]:
        """The frames of a supplier's pages by name, or all where ``supplier`` is empty. A supplier's page sees no row of another."""
        return {name: rows.frame(supplier) for name, rows in self._rows.items()} if supplier else dict(sorted(self._frames.items()))

    def digest(self, page: Page, asked: Collection[str]) -> str:
        """Digest of what a page shows that asked for these frames: months, suppliers with their names, and every row that it may see of the frames.

        Names of frames that no longer exist are allowed. Raises RuntimeError for one that is still awaited.
        """
        named = [f"{supplier}={self._workbook.names[supplier]}" for supplier in self._suppliers(page.supplier)]
        contents = [part for name in sorted(asked) for part in (name, self._content(name, page.supplier))]
        return digest_of(str(self._workbook.month), str(self._workbook.first_month), "\x1f".join(named), *contents)

    def _content(self, name: str, supplier: str) -> str:
        if name in self._awaited:
            raise RuntimeError(f"Frame {name} is still awaited.")
        if name not in self._frames or (supplier and "supplier_id" not in self._frames[name].columns):
            return ""
        if supplier:
            return self._rows_of(name).digest(supplier)
        if name not in self._digests:
            self._digests[name] = frame_digest(self._frames[name])
        return self._digests[name]

    def save(self, page: Page, folder: Path) -> None:
        """Writes a page's slice, unless it is there already. One of all suppliers may be written before all frames are there: it grows with them."""
        if folder.exists():
            return
        if page.supplier:
            save_slice(folder, self._workbook, {name: rows.table(page.supplier) for name, rows in self._rows.items()}, [page.supplier])
            return
        if self._awaited:
            self._growing = folder
        save_slice(folder, self._workbook, self._frames, self._workbook.suppliers, self._awaited)

    def _suppliers(self, supplier: str) -> list[str]:
        return [supplier] if supplier else self._workbook.suppliers


class _Rows:
    """A frame's rows by supplier, as text and as a table: made once, where a frame a supplier would be made hundreds of times."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame
        self._head = str(list(frame.dtypes.items()))
        self._places = {supplier: np.asarray(places, dtype=np.int64) for supplier, places in frame.groupby("supplier_id", sort=False).indices.items()}

    def digest(self, supplier: str) -> str:
        """Digest of the frame's columns and types and the supplier's rows in their order."""
        return digest_of(self._head, *(self._texts[place] for place in self._of(supplier)))

    def frame(self, supplier: str) -> pd.DataFrame:
        """The supplier's rows."""
        return self._frame.iloc[self._of(supplier)].reset_index(drop=True)

    def table(self, supplier: str) -> pa.Table:
        """The supplier's rows, as a slice holds them."""
        start, rows = self._spans.get(supplier, (0, 0))
        return self._sorted.slice(start, rows)

    @cached_property
    def _texts(self) -> list[str]:
        return row_texts(self._frame)

    @cached_property
    def _sorted(self) -> pa.Table:
        """The rows of one supplier behind those of another: a supplier's are then cut out without being copied."""
        order = np.concatenate([*self._places.values(), np.empty(0, dtype=np.int64)])
        return slice_table(self._frame).take(pa.array(order))

    @cached_property
    def _spans(self) -> dict[str, tuple[int, int]]:
        """The first row and the number of rows of each supplier in the sorted table."""
        counts = [len(places) for places in self._places.values()]
        return dict(zip(map(str, self._places), zip(accumulate(counts, initial=0), counts, strict=False), strict=True))

    def _of(self, supplier: str) -> npt.NDArray[np.int64]:
        return self._places.get(supplier, np.empty(0, dtype=np.int64))
