"""Price and margin: the measures of the third dimension, and the frames that its charts show."""

from __future__ import annotations

from kmanalysis.measures import price_fees, price_landed, price_market

MEASURES = {
    "price.band_share": (price_market.band_share, price_market.band_share_rows),
    "price.low_price_trap": (price_landed.low_price_trap, price_landed.low_price_trap_rows),
    "price.hidden_fee_rate": (price_fees.hidden_fee_rate, price_fees.hidden_fee_rate_rows),
    "price.tier_discount": (price_fees.tier_discount, price_fees.tier_discount_rows),
    "price.gross_margin": (price_landed.gross_margin, price_landed.gross_margin_rows),
    "price.monitored_peers": (price_market.monitored_peers, price_market.monitored_peers_rows),
}

FRAMES = (
    price_market.sku_deviations,
    price_market.daily_deviations,
    price_market.market_prices,
    price_landed.landed_prices,
    price_landed.margins,
    price_fees.fees_by_kind,
    price_fees.purchase_sums,
    price_fees.tiers,
)
