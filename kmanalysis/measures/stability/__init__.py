"""Dimension 1, stability and depth of supply: stock of what sells, servers, orders kept, codes in time."""

from __future__ import annotations

from kmanalysis.measures.common.waiting import by_severity
from kmanalysis.measures.stability import orders, servers, stock

MEASURES = {
    "stability.hot_availability": (stock.hot_availability, stock.hot_availability_rows),
    "stability.hot_depth": (stock.hot_depth, stock.hot_depth_rows),
    "stability.oversold_rate": (orders.oversold_rate, orders.oversold_rate_rows),
    "stability.stock_sync_lag": (orders.stock_sync_lag, orders.stock_sync_lag_rows),
    "stability.uptime": (servers.uptime, servers.uptime_rows),
    "stability.delivery_time": (orders.delivery_time, orders.delivery_time_rows),
}

HOW_BAD = {
    "stability.stock_sync_lag": lambda workbook: by_severity(orders.sync_waits(workbook)),
    "stability.delivery_time": lambda workbook: by_severity(orders.delivery_waits(workbook)),
}
"""Of measures with a row an order or a reading: how many are how bad. It is known from counting, and so the worst need not be looked for among all."""

FRAMES = (stock.hot_skus, stock.hot_stock, stock.hot_availability_days, servers.uptime_days, servers.outages, orders.delivery_curves, orders.delivery_days)
"""What the charts draw beside the measures."""
