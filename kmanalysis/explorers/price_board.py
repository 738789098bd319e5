"""The price board: who asks what for which SKU at the month's end, of the suppliers and the category that were chosen."""

from __future__ import annotations

import ipywidgets as widgets
import pandas as pd

from kmanalysis.charts.price import price_board
from kmanalysis.explorers.display import STYLE
from kmanalysis.explorers.models.rows import skus_of
from kmanalysis.explorers.models.session import Session
from kmanalysis.explorers.pickers import looked_at
from kmanalysis.measures.price.board import board


class PriceBoard:
    """The board as page 03 has it, narrowed to what was chosen, its band that of the standards as they are set."""

    def __init__(self, session: Session) -> None:
        self._session = session
        words = session.words
        self.breaches = widgets.Checkbox(description=words.text("Only goods with a price outside of the band or a cost over the own price"), indent=False)
        self.breaches.layout = widgets.Layout(width="auto")
        self.breaches.add_class("km-board-breaches")
        self.table = widgets.HTML(layout=widgets.Layout(max_width="100%"))
        self.table.add_class("km-board-table")
        self.widget = widgets.VBox([widgets.HTML(STYLE), self.breaches, self.table])
        self._show()
        self.breaches.observe(lambda _: self._show(), "value")
        session.watch(lambda _: self._show())

    @property
    def rows(self) -> pd.DataFrame:
        """The rows that are shown, as `board` gives them; ``is_outside`` by the band as it is set."""
        session = self._session
        found = board(session.seen)
        limit = session.standards.limit("price.band_share")
        found = found.assign(is_outside=found["deviation"].abs() > limit)
        found = found[found["supplier"].isin(looked_at(session))]
        if session.choices.category:
            found = found[found["sku"].isin(skus_of(session.seen, session.choices.category))]
        if self.breaches.value:
            is_breach = found["is_outside"] | found["is_loss"].eq(True)
            of_one = [found["sku"], found["currency"]]
            found = found[is_breach.groupby(of_one).transform("any").astype("bool")]
        return found.reset_index(drop=True)

    def _show(self) -> None:
        session = self._session
        shown = price_board(self.rows, session.standards["price.band_share"], session.words, session.workbook.names)
        self.table.value = f'<div class="km-box">{shown.html}</div>'
