"""Range and compliance: the measures of the second dimension, and the frames that its charts show."""

from __future__ import annotations

from kmanalysis.measures.compliance import assortment, authorisation, papers

MEASURES = {
    "compliance.family_coverage": (assortment.family_coverage, assortment.family_coverage_rows),
    "compliance.new_category_speed": (assortment.new_category_speed, assortment.new_category_speed_rows),
    "compliance.authorised_share": (authorisation.authorised_share, authorisation.authorised_share_rows),
    "compliance.licences": (papers.licences, papers.licences_rows),
    "compliance.grey_listings": (papers.grey_listings, papers.grey_listings_rows),
}

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
