"""Dimension 1, stability and depth of supply: stock of what sells, servers, orders kept, codes in time."""

from __future__ import annotations

from importlib.resources import files

from kmanalysis.measures.common.measure import Measure
from kmanalysis.measures.stability import orders, servers, stock

_GUIDES = files(__name__) / "guide.toml"

MEASURES = (
    Measure("stability.hot_availability", "stability", stock.hot_availability, stock.hot_availability_rows, _GUIDES),
    Measure("stability.hot_depth", "stability", stock.hot_depth, stock.hot_depth_rows, _GUIDES),
    Measure("stability.oversold_rate", "stability", orders.oversold_rate, orders.oversold_rate_rows, _GUIDES),
    Measure("stability.stock_sync_lag", "stability", orders.stock_sync_lag, orders.stock_sync_lag_rows, _GUIDES, how_bad=orders.sync_wait_severities),
    Measure("stability.uptime", "stability", servers.uptime, servers.uptime_rows, _GUIDES),
    Measure("stability.delivery_time", "stability", orders.delivery_time, orders.delivery_time_rows, _GUIDES, how_bad=orders.delivery_wait_severities),
)

FRAMES = (stock.hot_skus, stock.hot_stock, stock.hot_availability_days, servers.uptime_days, servers.outages, orders.delivery_curves, orders.delivery_days)
"""What the charts draw beside the measures."""
