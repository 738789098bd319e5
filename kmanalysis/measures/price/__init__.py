"""Price and margin: the measures of the third dimension, and the frames that its charts show."""

from __future__ import annotations

from importlib.resources import files

from kmanalysis.measures.common.measure import Measure
from kmanalysis.measures.price import board, fees, landed, market

_GUIDES = files(__name__) / "guide.toml"

MEASURES = (
    Measure("price.band_share", "price", market.band_share, market.band_share_rows, _GUIDES),
    Measure("price.low_price_trap", "price", landed.low_price_trap, landed.low_price_trap_rows, _GUIDES),
    Measure("price.hidden_fee_rate", "price", fees.hidden_fee_rate, fees.hidden_fee_rate_rows, _GUIDES),
    Measure("price.tier_discount", "price", fees.tier_discount, fees.tier_discount_rows, _GUIDES),
    Measure("price.gross_margin", "price", landed.gross_margin, landed.gross_margin_rows, _GUIDES),
    Measure("price.monitored_peers", "price", market.monitored_peers, market.monitored_peers_rows, _GUIDES),
)

FRAMES = (
    market.sku_deviations,
    market.daily_deviations,
    market.market_prices,
    landed.landed_prices,
    landed.margins,
    fees.fees_by_kind,
    fees.purchase_sums,
    fees.tiers,
    board.board,
)
"""What the charts draw beside the measures."""
