"""Range and compliance: the measures of the second dimension, and the frames that its charts show."""

from __future__ import annotations

from importlib.resources import files

from kmanalysis.measures.common.measure import Measure
from kmanalysis.measures.compliance import assortment, authorisation, papers

_GUIDES = files(__name__) / "guide.toml"

MEASURES = (
    Measure("compliance.family_coverage", "compliance", assortment.family_coverage, assortment.family_coverage_rows, _GUIDES),
    Measure("compliance.new_category_speed", "compliance", assortment.new_category_speed, assortment.new_category_speed_rows, _GUIDES),
    Measure("compliance.authorised_share", "compliance", authorisation.authorised_share, authorisation.authorised_share_rows, _GUIDES),
    Measure("compliance.licences", "compliance", papers.licences, papers.licences_rows, _GUIDES),
    Measure("compliance.grey_listings", "compliance", papers.grey_listings, papers.grey_listings_rows, _GUIDES),
)

FRAMES = (
    assortment.families,
    assortment.categories,
    assortment.new_products,
    authorisation.authorisation_status,
    papers.licence_days,
    papers.documents,
    papers.examined_listings,
    papers.grey_goods,
)
"""What the charts draw beside the measures."""
