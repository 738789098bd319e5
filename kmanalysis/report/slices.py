"""What a page may see: all finished frames, or one supplier's rows of those that are about suppliers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
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

    def add(self, name: str, frame: pd.DataFrame) -> None:
        """Takes a frame that was awaited; pages that wait for it go on."""
        self._awaited.discard(name)
        self._frames[name] = frame
        if self._growing is not None:
            add_to_slice(self._growing, name, frame)
            if not self._awaited:
                complete_slice(self._growing)

    @cached_property
    def _rows(self) -> dict[str, _Rows]:
        """The frames that are about suppliers."""
        if self._awaited:
            raise RuntimeError("Some frames are still awaited.")
        return {name: _Rows(frame) for name, frame in sorted(self._frames.items()) if "supplier_id" in frame.columns}

    def frames(self, supplier: str) -> dict[str, pd.DataFrame]:
        """The frames of a supplier's pages by name, or all where ``supplier`` is empty. A supplier's page sees no row of another."""
        return {name: rows.frame(supplier) for name, rows in self._rows.items()} if supplier else dict(sorted(self._frames.items()))

    def digest(self, page: Page) -> str:
        """Digest of a page's slice: months, suppliers with their names, and every row that it may see."""
        if page.supplier not in self._digests:
            named = [f"{supplier}={self._workbook.names[supplier]}" for supplier in self._suppliers(page.supplier)]
            contents = self._contents(page.supplier)
            self._digests[page.supplier] = digest_of(str(self._workbook.month), str(self._workbook.first_month), "\x1f".join(named), *contents)
        return self._digests[page.supplier]

    def _contents(self, supplier: str) -> list[str]:
        if supplier:
            return [part for name, rows in self._rows.items() for part in (name, rows.digest(supplier))]
        return [part for name, frame in self.frames("").items() for part in (name, frame_digest(frame))]

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
        self._texts = row_texts(frame)

    def digest(self, supplier: str) -> str:
        """Digest of the frame's columns and types and the supplier's rows in their order."""
        return digest_of(self._head, *(self._texts[place] for place in self._of(supplier)))

    def frame(self, supplier: str) -> pd.DataFrame:
        """The supplier's rows."""
        return self._frame.iloc[self._of(supplier)].reset_index(drop=True)

    def table(self, supplier: str) -> pa.Table:
        """The supplier's rows, as a slice holds them."""
        return self._table.take(pa.array(self._of(supplier)))

    @cached_property
    def _table(self) -> pa.Table:
        return slice_table(self._frame)

    def _of(self, supplier: str) -> npt.NDArray[np.int64]:
        return self._places.get(supplier, np.empty(0, dtype=np.int64))
