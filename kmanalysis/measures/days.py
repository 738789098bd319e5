"""Days in the engine: the month's calendar, and what is on offer during it."""

from __future__ import annotations

from datetime import timedelta

import ibis
import pandas as pd
from ibis.expr import types as ir

from kmanalysis.times import Month
from kmanalysis.workbook import Workbook


def calendar(month: Month) -> ir.Table:
    """The month's days (Asia/Shanghai), a row each: ``day``."""
    days = pd.DataFrame({"day": [month.first_day + timedelta(days=number) for number in range(month.days)]})
    return ibis.memtable(days, schema={"day": "date"})


def each_day(spans: ir.Table, month: Month, first: str, last: str) -> ir.Table:
    """A row for each of the month's days that a span covers, from its column ``first`` to its column ``last``, both included; adds ``day``."""
    days = calendar(month)
    return spans.join(days, [days.day >= spans[first], days.day <= spans[last]])


def on_offer(workbook: Workbook) -> ir.Table:
    """The listings that overlap the month."""
    listings = workbook.table("listings")
    still_listed = listings.listed_to.isnull() | (listings.listed_to >= workbook.month.first_day)
    return listings.filter(listings.listed_from <= workbook.month.last_day, still_listed)
