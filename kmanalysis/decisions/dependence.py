"""Concentration of purchases: who supplies what share of the money spent, over all, by category and by family."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd

from kmanalysis.measures.common.frames import DIGITS
from kmanalysis.measures.common.goods import purchase_amounts
from kmanalysis.statistics.concentration import hhi
from kmanalysis.workbook import Workbook, frame

SCOPES = ("all", "category", "family")
"""What concentration is looked at within."""


@frame("decisions.purchase_shares")
def purchase_shares(workbook: Workbook) -> pd.DataFrame:
    """What the month's purchases from each supplier came to: supplier, currency, scope (of `SCOPES`), subject, paid_amount (exact), share.

    A share is about the others too: ``supplier`` is no supplier_id, so that it stays on the portfolio's pages.
    ``subject`` is the category or family, empty over all; goods whose category or family is not known are in no subject of that scope.
    ``share`` is that of all purchases of the subject in the currency.
    """
    bought = purchase_amounts(workbook)
    parts = [_sums(bought, scope) for scope in SCOPES]
    found = pd.concat(parts, ignore_index=True)
    amounts = found["paid_amount"].astype("float64")
    totals = amounts.groupby([found["currency"], found["scope"], found["subject"]]).transform("sum")
    found["share"] = (amounts / totals.where(totals > 0)).round(DIGITS)
    order = {scope: place for place, scope in enumerate(SCOPES)}
    keys = ["supplier", "currency", "scope", "subject"]
    return found.sort_values(keys, key=lambda column: column.map(order) if column.name == "scope" else column, ignore_index=True)


@frame("decisions.concentration")
def concentration(workbook: Workbook) -> pd.DataFrame:
    """How concentrated the month's purchases are: currency, scope, subject, paid_amount, suppliers, hhi (0–10 000), largest, largest_share.

    ``largest`` is the supplier with the largest share; by scope, then the largest amounts first.
    """
    found = purchase_shares(workbook)
    rows = [
        {
            **dict(zip(("currency", "scope", "subject"), key, strict=True)),
            "paid_amount": sum(of_one["paid_amount"], Decimal(0)),
            "suppliers": int((of_one["paid_amount"] > 0).sum()),
            "hhi": np.round(hhi(of_one["paid_amount"].astype("float64")), 6),
            "largest": of_one["supplier"].iloc[int(of_one["share"].fillna(0).to_numpy().argmax())],
            "largest_share": of_one["share"].max(),
        }
        for key, of_one in found.groupby(["currency", "scope", "subject"], sort=True)
    ]
    columns = ["currency", "scope", "subject", "paid_amount", "suppliers", "hhi", "largest", "largest_share"]
    order = {scope: place for place, scope in enumerate(SCOPES)}
    finished = pd.DataFrame(rows, columns=columns)
    finished = finished.assign(place=finished["scope"].map(order), size=-finished["paid_amount"].astype("float64"))
    finished = finished.sort_values(["currency", "place", "size", "subject"], ignore_index=True)[columns]
    return finished.astype({"suppliers": "int64", "hhi": "float64", "largest_share": "float64"})


def _sums(bought: pd.DataFrame, scope: str) -> pd.DataFrame:
    within = bought.assign(subject="" if scope == "all" else bought[scope]).dropna(subset="subject")
    sums = within.groupby(["supplier_id", "currency", "subject"], sort=True)["paid_amount"].sum().reset_index().rename(columns={"supplier_id": "supplier"})
    sums.insert(2, "scope", scope)
    return sums


FRAMES = (purchase_shares, concentration)
"""What the pages show."""
