"""Charts and tables of needs, outreach and qualification on a few literal rows, and what they say where there are none."""

import warnings
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from kmanalysis.charts.kit.style import picture
from kmanalysis.charts.needs import matching, qualification
from kmanalysis.standards import default_standards

STANDARDS = default_standards()
MATCH = "supplier_id subject item value unit is_must state found n"
FITS = "supplier_id state musts wishes_met daily_orders largest_day_orders stock_units min_order prepayment currency min_order_days prepayment_days"
FUNNEL = "channel step stage contacts before share lower upper share_of_all lower_of_all upper_of_all ended lost"
PROFILE = "subject item value unit is_must"
LIST = (
    "supplier_id supply_mode channel api_stock api_order_status bulk_custom data_tools min_order prepayment currency upstream_id same_upstream "
    "listings priced thin lowest_margin median_margin"
)
MARGINS = "supplier_id sku name cost_price suggested_retail_price currency margin state"
PAPERS = "supplier_id kind document_id valid_to days_left state"


def frame(columns, *rows):
    return pd.DataFrame(list(rows), columns=columns.split())


ASKED = [
    ("S01", "requirement", "api_stock", None, "flag", True, "met", "true", 1),
    ("S02", "requirement", "api_stock", None, "flag", True, "missed", "false", 1),
    ("S01", "requirement", "response_seconds", "1800", "seconds", True, "met", "0.975", 40),
    ("S02", "requirement", "response_seconds", "1800", "seconds", True, "unknown", None, 0),
    ("S01", "requirement", "wholesale_minimum", "10", "amount", False, "missed", "100", 1),
    ("S02", "requirement", "wholesale_minimum", "10", "amount", False, "unknown", None, 0),
    ("S01", "requirement", "<b>invoice</b>", None, "", False, "unknown", None, 0),
    ("S02", "requirement", "<b>invoice</b>", None, "", False, "unknown", None, 0),
    ("S01", "requirement", "supply_mode", "wholesale;dropship", "modes", False, "met", "wholesale", 1),
    ("S02", "requirement", "supply_mode", "wholesale;dropship", "modes", False, "missed", "agency", 1),
    ("S01", "family", "Tencent", None, "listings", False, "met", "6", 6),
    ("S02", "family", "Tencent", None, "listings", False, "missed", "0", 0),
    ("S01", "daily_orders", "daily_orders", "100", "orders", False, "unknown", "14", 60),
    ("S02", "daily_orders", "daily_orders", "100", "orders", False, "missed", None, 0),
]
FITTING = [
    ("S01", "fits", 2, 2, 100.0, 14.0, 5000.0, Decimal(100), Decimal(0), "CNY", 0.01, 0.0),
    ("S02", "fails", 2, 0, 100.0, np.nan, np.nan, None, None, None, np.nan, np.nan),
]


def text_of(shown):
    return shown.data if hasattr(shown, "data") else shown.html


EMPTY = {
    "opening": lambda words, names: matching.opening(frame(FITS), frame(MATCH), frame(PROFILE), words, names),
    "matrix": lambda words, names: matching.matrix(frame(MATCH), frame(FITS), STANDARDS, words, names),
    "volume": lambda words, names: matching.volume(frame(FITS), words, names),
    "conversions": lambda words, names: matching.conversions(frame(FUNNEL), STANDARDS, words),
    "entry conditions": lambda words, names: matching.entry_conditions(
        frame("channel currency condition asked contacts lowest_amount median_amount highest_amount"), words
    ),
    "marketplace": lambda words, names: matching.marketplace(
        frame("contact_id supplier_id name stage marketplace_certified marketplace_years state"), STANDARDS, words
    ),
    "qualification": lambda words, names: qualification.qualification(frame(LIST), STANDARDS, words, names),
    "price lists": lambda words, names: qualification.price_lists(frame(MARGINS), STANDARDS, words, names),
    "documents": lambda words, names: qualification.documents(frame(PAPERS), words, names),
}


@pytest.mark.parametrize("show", EMPTY.values(), ids=EMPTY.keys())
def test_nothing_to_show_is_a_sentence(show, words, names):
    told = text_of(show(words, names))
    assert "<table" not in told
    assert len(told) > 30


def test_no_contact_is_a_sentence_and_no_need_an_empty_count(words):
    ax = matching.outreach(frame(FUNNEL), words)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture(ax)
    assert not ax.axison
    assert matching.need_counts(frame(MATCH), words).empty


def test_the_opening_says_who_fits_and_why_not(en, names):
    profile = frame(PROFILE, ("audience", "<i>students</i>", None, "", False), ("daily_orders", "daily_orders", "100", "orders", False))
    told = text_of(matching.opening(frame(FITS, *FITTING), frame(MATCH, *ASKED), profile, en, names))
    assert "1 of 2 suppliers meet every must-have; 1 miss at least one; of 0 it is not known." in told
    assert "Stock API: missed by S02 灵犀智享" in told
    assert "After-sales response ≤\u00a030 minutes: not known of S02 灵犀智享" in told
    assert "fits: S01 云杉数卡" in told
    assert "&lt;i&gt;students&lt;/i&gt;" in told
    assert "Minimum order" not in told  # wishes keep nobody out


def test_a_profile_without_must_haves_says_so(en, names):
    wishes = frame(MATCH, *((*row[:5], False, *row[6:]) for row in ASKED))
    told = text_of(matching.opening(frame(FITS, *FITTING), wishes, frame(PROFILE, ("requirement", "api_stock", None, "flag", False)), en, names))
    assert "no must-have" in told
    assert "missed by" not in told


def test_the_matrix_tells_by_symbols_and_marks_must_haves(en, names):
    told = matching.matrix(frame(MATCH, *ASKED), frame(FITS, *FITTING), STANDARDS, en, names).html
    for cell in (
        "✓ 97.5% n=40",
        "✗ CN¥100.00",
        "? 14",
        "✓ wholesale",
        "✗ 0",
        "✓ 6",
        "★ Stock API",
        "★ After-sales response ≤\u00a030 minutes",
        "daily orders ≥\u00a0100",
    ):
        assert cell in told
    assert told.index("S01") < told.index("S02")  # who fits stands first
    assert "<b>invoice" not in told
    assert "Supply mode wholesale, dropship" in told


def test_counts_of_each_need(en):
    counts = matching.need_counts(frame(MATCH, *ASKED), en)
    assert counts.index.tolist()[:2] == ["★ Stock API", "★ After-sales response ≤\u00a030 minutes"]
    assert counts.loc["<b>invoice</b>"].tolist() == [0, 0, 2]
    assert counts.loc["★ Stock API"].tolist() == [1, 1, 0]


def test_volume_says_how_long_the_entry_conditions_last(en, names):
    told = matching.volume(frame(FITS, *FITTING), en, names).html
    for cell in ("CN¥100.00", "&lt; 0.1", "CN¥0.00", "5,000", "—"):
        assert cell in told
    assert "nan" not in told.lower()


def test_the_funnel_in_numbers_and_as_a_picture(en):
    rows = [
        ("all", 0, "contacted", 8, 8, np.nan, np.nan, np.nan, 1.0, 0.7, 1.0, 2, 1),
        ("all", 1, "replied", 5, 8, 0.625, 0.289, 0.889, 0.625, 0.289, 0.889, 5, 1),
        ("referral", 0, "contacted", 8, 8, np.nan, np.nan, np.nan, 1.0, 0.7, 1.0, 2, 1),
        ("referral", 1, "replied", 5, 8, 0.625, 0.289, 0.889, 0.625, 0.289, 0.889, 5, 1),
    ]
    told = matching.conversions(frame(FUNNEL, *rows), STANDARDS, en).html
    assert told.count("5 · 62% (29%–89%)") == 4
    assert told.index("referral") < told.index("all channels")
    assert "95%" in told
    ax = matching.outreach(frame(FUNNEL, *rows), en)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["referral"]
    assert [round(patch.get_width()) for patch in ax.patches] == [5, 2, 1]


def test_the_marketplace_table_puts_misses_first(en):
    rows = frame(
        "contact_id supplier_id name stage marketplace_certified marketplace_years state",
        ("h1", "S01", "<a>", "contract", True, 4.0, "met"),
        ("h2", None, "x", "lost", None, np.nan, "unknown"),
        ("h3", "S02", "y", "trial", False, 1.0, "missed"),
    )
    told = matching.marketplace(rows, STANDARDS, en).html
    assert told.index("✗ Missed") < told.index("? Unknown") < told.index("✓ Met")
    assert "at least 3 years" in told
    assert "<a>" not in told


def test_the_qualification_list_puts_thin_margins_first(en, names):
    rows = [
        ("S01", "wholesale", "referral", True, False, None, "推荐", Decimal(100), Decimal(0), "CNY", None, 0, 3, 3, 0, 0.3, 0.31),
        ("S02", None, None, None, None, None, None, None, None, None, "U1", 1, 2, 2, 1, 0.1, 0.15),
    ]
    told = qualification.qualification(frame(LIST, *rows), STANDARDS, en, names).html
    assert told.index("S02") < told.index("S01")
    for cell in ("✓ yes", "✗ no", "U1 (others that share it: 1)", "1 / 2", "≥ 20%", "推荐"):
        assert cell in told


def test_price_lists_put_thin_margins_first(en, names):
    rows = [
        ("S01", "k1", "x", Decimal(7), Decimal(10), "CNY", 0.3, "met"),
        ("S02", "k2", "y", Decimal(9), Decimal(10), "CNY", 0.1, "missed"),
        ("S02", "k3", "z", None, Decimal(10), "CNY", np.nan, "unknown"),
    ]
    told = qualification.price_lists(frame(MARGINS, *rows), STANDARDS, en, names).html
    assert told.index("✗ Missed") < told.index("? Unknown") < told.index("✓ Met")
    assert "1 of 3 goods on offer are under 20%; of 1 a price is missing." in told


def test_documents_tell_their_last_day_and_the_days_left(en, names):
    rows = [
        ("S01", "business_licence", "d1", None, np.nan, "valid"),
        ("S01", "ip_authorisation", "d2", date(2027, 12, 5), 400.0, "valid"),
        ("S01", "ip_authorisation", "d3", date(2027, 12, 5), 400.0, "valid"),
        ("S01", "ip_authorisation", "d4", date(2026, 9, 30), -31.0, "outdated"),
        ("S02", "industry_permit", None, None, np.nan, "absent"),
    ]
    told = qualification.documents(frame(PAPERS, *rows), en, names).html
    assert "✗ 2026-09-30 (-31); ✓ 2027-12-05 (400) ×2" in told
    assert "✓ without an end" in told
    assert "✗ absent" in told
