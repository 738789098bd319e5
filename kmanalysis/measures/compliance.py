"""Range and compliance: the measures of the second dimension, and the frames that its charts show."""

from __future__ import annotations

from kmanalysis.measures import compliance_authorisation, compliance_papers, compliance_range

MEASURES = {
    "compliance.family_coverage": (compliance_range.family_coverage, compliance_range.family_coverage_rows),
    "compliance.new_category_speed": (compliance_range.new_category_speed, compliance_range.new_category_speed_rows),
    "compliance.authorised_share": (compliance_authorisation.authorised_share, compliance_authorisation.authorised_share_rows),
    "compliance.licences": (compliance_papers.licences, compliance_papers.licences_rows),
    "compliance.grey_listings": (compliance_papers.grey_listings, compliance_papers.grey_listings_rows),
}

FRAMES = (
    compliance_range.families,
    compliance_range.categories,
    compliance_range.new_products,
    compliance_authorisation.authorisation_status,
    compliance_papers.licence_days,
    compliance_papers.documents,
    compliance_papers.examined_listings,
    compliance_papers.grey_goods,
)
