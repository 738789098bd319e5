"""The market: trends, demand and assortment."""

from kmanalysis.steps.market import assortment, demand, trends

FRAMES = (
    trends.category_months,
    trends.category_trends,
    trends.sku_trends,
    assortment.gaps,
    assortment.focus,
    assortment.fading,
    demand.known_buyers,
    demand.buyer_segments,
    demand.pairs,
)
"""What the charts of this step show."""
