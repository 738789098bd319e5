"""Price and margin: the measures of the third dimension, and the frames that its charts show."""

from __future__ import annotations

from kmanalysis.measures.price import fees, landed, market

MEASURES = {
    "price.band_share": (market.band_share, market.band_share_rows),
    "price.low_price_trap": (landed.low_price_trap, landed.low_price_trap_rows),
    "price.hidden_fee_rate": (fees.hidden_fee_rate, fees.hidden_fee_rate_rows),
    "price.tier_discount": (fees.tier_discount, fees.tier_discount_rows),
    "price.gross_margin": (landed.gross_margin, landed.gross_margin_rows),
    "price.monitored_peers": (market.monitored_peers, market.monitored_peers_rows),
}

FRAMES = (
    market.sku_deviations,
    market.daily_deviations,
    market.market_prices,
    landed.landed_prices,
    landed.margins,
    fees.fees_by_kind,
    fees.purchase_sums,
    fees.tiers,
)
