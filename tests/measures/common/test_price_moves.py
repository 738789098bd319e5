"""Prices against the market's move, worked out by hand."""

import pandas as pd
import pytest

from kmanalysis.measures.common.price_moves import price_levels, sku_moves
from kmanalysis.times import Month


def quote(supplier, price, month, sku="k1", currency="CNY"):
    # One quote on the first day speaks for seven days.
    return {"supplier_id": supplier, "sku": sku, "quoted_at": f"2026-{month:02d}-01 02:00:00", "unit_price": price, "currency": currency}


def test_the_own_move_minus_the_peers(workbook_of):
    september = [quote(supplier, price, 9) for supplier, price in (("s1", "10"), ("s2", "10"), ("s3", "20"))]
    october = [quote(supplier, price, 10) for supplier, price in (("s1", "11"), ("s2", "10.5"), ("s3", "21"))]
    workbook = workbook_of({"quotes": [*september, *october]})
    now, before = price_levels(workbook), price_levels(workbook.at(Month(2026, 9)))
    assert now["days"].tolist() == [7, 7, 7]
    assert now.set_index("supplier_id").loc["s1", ["own_level", "market_level"]].tolist() == [11.0, 15.75]
    moves = sku_moves(now, before).set_index("supplier_id")
    assert moves.loc["s1", ["own_change", "peers_change", "relative_change"]].tolist() == pytest.approx([0.1, 0.05, 0.05])
    # s2's market is the middle of 10 and 20, then of 11 and 21.
    assert moves.loc["s2", ["own_change", "peers_change", "relative_change"]].tolist() == pytest.approx([0.05, 1 / 15, 0.05 - 1 / 15])


def test_only_what_was_priced_in_both_months_in_one_currency_moves():
    columns = ["supplier_id", "sku", "currency", "days", "own_level", "market_level"]
    now = pd.DataFrame([("s1", "k1", "CNY", 3, 10.0, 10.0), ("s1", "k2", "USD", 3, 2.0, 2.0), ("s1", "k3", "CNY", 3, 5.0, 5.0)], columns=columns)
    before = pd.DataFrame([("s1", "k2", "CNY", 3, 14.0, 14.0), ("s1", "k3", "CNY", 3, 4.0, 5.0)], columns=columns)
    moves = sku_moves(now, before)
    assert moves[["sku", "relative_change"]].to_numpy().tolist() == [["k3", 0.25]]
