"""The tables without a clock: who the suppliers are, what they list, what papers and references they have, what was agreed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from kmanalysis.samples.draws import generator
from kmanalysis.samples.goods import HOLDERS, NEW
from kmanalysis.samples.plan import PRICE_RISE, Supplier
from kmanalysis.samples.setting import Setting
from kmanalysis.samples.trade import compensation_share

Rows = list[dict[str, object]]

AGENT = "华枢版权代理"
"""Stands between rights holders and some suppliers."""

STRONG = ("excellent", "excellent_niche", "falling", "recovering")
"""Roles with many clients of long standing and nothing said against them."""

AMOUNT = "{:.2f}"


def supplier_rows(supplier: Supplier) -> Rows:
    """Its row among the suppliers."""
    number = supplier.number
    return [
        {
            "supplier_id": supplier.id,
            "name": supplier.name,
            "supply_mode": supplier.mode,
            "min_order": ("10", "100", "500", "1000")[number % 4],
            "prepayment": ("0", "2000", "5000")[number % 3],
            "currency": "CNY",
            "api_stock": number % 5 != 0,
            "api_order_status": number % 4 != 3,
            "bulk_custom": number % 3 == 1,
            "data_tools": ("行为分析;推荐" if number % 4 == 1 else "行为分析") if number % 2 else None,
            "channel": ("b2b_marketplace", "trade_fair", "referral")[number % 3],
            "upstream_id": "U1" if supplier.part in (18, 6) else None,
        }
    ]


def product_rows(setting: Setting) -> Rows:
    """The shelf."""
    return [
        {
            "sku": good.sku,
            "name": good.name,
            "category": good.category,
            "family": good.family,
            "brand": f"{good.family}-{good.category}",
            "rights_holder": HOLDERS[good.family],
            "is_core": good.is_core,
            "launched_on": good.launched_on,
        }
        for good in setting.shelf
    ]


def listing_rows(setting: Setting, supplier: Supplier) -> Rows:
    """What it lists: one row a good, or one a month where its price drifts."""
    rows: Rows = []
    newest = (setting.last - 2).first_day + timedelta(days=2)
    for place in supplier.places:
        begins = newest + timedelta(days=5 + supplier.number % 4 * 6) if place == NEW else setting.since + timedelta(days=59 + supplier.number % 25)
        if supplier.months:
            begins = (setting.last - (supplier.months - 1)).first_day
        for listed_from, listed_to in _price_periods(setting, supplier, begins):
            cost = setting.costs(supplier, max(listed_from, setting.first.first_day))[place]
            rows.append(
                {
                    "supplier_id": supplier.id,
                    "sku": setting.shelf[place].sku,
                    "listed_from": listed_from,
                    "listed_to": listed_to,
                    "cost_price": AMOUNT.format(cost / 100),
                    "suggested_retail_price": AMOUNT.format(setting.shelf[place].retail / 10),
                    "currency": "CNY",
                    "grey_kind": _grey_kind(supplier, place),
                }
            )
    return rows


def _price_periods(setting: Setting, supplier: Supplier, begins: date) -> list[tuple[date, date | None]]:
    if supplier.slug not in PRICE_RISE:
        return [(begins, None)]
    starts = [begins] + [month.first_day for month in (setting.last - 1, setting.last) if month.first_day > begins]
    return [(start, end - timedelta(days=1) if end else None) for start, end in zip(starts, [*starts[1:], None], strict=True)]


def _grey_kind(supplier: Supplier, place: int) -> str | None:
    if supplier.slug == "thin":
        return None
    if supplier.slug == "broken_chain" and place in supplier.places[1:3]:
        return ("pirated_software", "shared_account")[place % 2]
    return "none"


def document_rows(setting: Setting, supplier: Supplier) -> Rows:
    """Its licences, and a chain of authorisations to the holder of the rights for each family that it sells."""
    before = setting.first.first_day - timedelta(days=40)
    verified = None if supplier.slug == "thin" else datetime(before.year, before.month, before.day, 3)
    ends = setting.last.last_day + timedelta(days=400)
    permit_ends = (setting.last - 1).last_day if supplier.slug == "expired_licence" else ends
    papers: list[tuple[str, str, str, str | None, date | None]] = [
        ("business_licence", "市场监督管理局", supplier.id, None, None),
        ("industry_permit", "文化和旅游局", supplier.id, "*", permit_ends),
    ]
    families = sorted({setting.shelf[place].family for place in supplier.places})
    by_agent = supplier.number % 3 == 0
    for family in families:
        granted = ends
        if supplier.slug == "broken_chain" and family == families[0]:
            granted = (setting.last - 1).last_day
        licensor = HOLDERS[family]
        if supplier.slug == "broken_chain" and family == families[-1]:
            licensor = "无名中间商"
        elif by_agent:
            papers.append(("ip_authorisation", licensor, f"{AGENT}{supplier.number}部", f"family:{family}", ends))
            licensor = f"{AGENT}{supplier.number}部"
        papers.append(("ip_authorisation", licensor, supplier.id, f"family:{family}", granted))
    return [
        {
            "document_id": f"{supplier.id}-{place}",
            "kind": kind,
            "licensor": licensor,
            "licensee": licensee,
            "scope": scope,
            "valid_from": setting.since,
            "valid_to": valid_to,
            "verified_at": verified,
        }
        for place, (kind, licensor, licensee, scope, valid_to) in enumerate(papers, start=1)
    ]


def reference_rows(setting: Setting, supplier: Supplier) -> Rows:
    """Clients that it names, and what they said: for most suppliers all confirm."""
    rng = generator(setting.seed, supplier.number, "references")
    asked = setting.first.first_day - timedelta(days=30)
    outcomes: list[str | None] = ["confirmed"] * 24 if supplier.slug in STRONG else [*["confirmed"] * 13, "unreachable"]
    if supplier.slug == "forged_references":
        outcomes = [*["denied"] * 12, *["confirmed"] * 5, "unreachable"]
    elif supplier.slug == "thin":
        outcomes = [None, None]
    years = 5 if supplier.slug in STRONG else 2
    rows: Rows = []
    for place, outcome in enumerate(outcomes, start=1):
        contacted = datetime(asked.year, asked.month, asked.day, 2) + timedelta(hours=place) if outcome else None
        rows.append(
            {
                "reference_id": f"R{supplier.id[1:]}-{place}",
                "supplier_id": supplier.id,
                "client": f"{'甲乙丙丁戊己庚辛'[place % 8]}字点卡网{int(rng.integers(10, 99))}",
                "client_size": "small" if place % 3 else "medium",
                "since": asked - timedelta(days=365 * years + 30 + int(rng.integers(0, 200))),
                "contacted_at": contacted,
                "outcome": outcome,
            }
        )
    return rows


def signal_rows(setting: Setting, supplier: Supplier) -> Rows:
    """Public findings, one a month over a year and a half; a few speak against it."""
    months = (setting.first - 11).until(setting.last)
    if supplier.slug == "thin":
        months = months[-1:]
    rows: Rows = []
    for place, month in enumerate(months, start=1):
        is_bad = place % 5 == 4 and supplier.slug not in STRONG
        rows.append(
            {
                "signal_id": f"N{supplier.id[1:]}-{place}",
                "supplier_id": supplier.id,
                "found_on": month.first_day + timedelta(days=(supplier.number * 5 + place * 3) % 27),
                "source_kind": ("community", "third_party_site", "community", "news")[place % 4],
                "source_url": f"https://example.com/{supplier.id}/{place}",
                "polarity": "bad" if is_bad else "good",
                "summary": "买家反映售后推诿" if is_bad else "站长反馈发卡稳定",
            }
        )
    return rows


def tier_rows(setting: Setting, supplier: Supplier) -> Rows:
    """Discounts on offer."""
    return [
        {
            "supplier_id": supplier.id,
            "threshold_amount": str(threshold),
            "discount_share": share,
            "applies_to": "all_units",
            "currency": "CNY",
            "valid_from": setting.since,
        }
        for threshold, share in supplier.tiers
    ]


def contract_rows(setting: Setting, supplier: Supplier) -> tuple[Rows, Rows]:
    """Its contract and the terms that differ from the standards; a newcomer has none."""
    if supplier.months:
        return [], []
    contract = f"T{supplier.id[1:]}"
    ends = setting.last.last_day + timedelta(days=20 + supplier.number % 7 * 45)
    terms: dict[str, str] = {"data_security": "false" if supplier.slug == "hidden_fees" else "true"}
    if compensation_share(supplier) != 10:
        terms["compensation_share"] = str(compensation_share(supplier) / 100)
    if supplier.slug == "runs_dry":
        terms["restock_hours"] = "2"
    contracts: Rows = [
        {
            "contract_id": contract,
            "supplier_id": supplier.id,
            "signed_on": setting.since - timedelta(days=10),
            "valid_from": setting.since,
            "valid_to": ends,
            "legal_review_on": None if supplier.slug == "bad_trial" else setting.since - timedelta(days=15),
        }
    ]
    return contracts, [{"contract_id": contract, "term": term, "value": value} for term, value in sorted(terms.items())]


def outreach_rows(setting: Setting, supplier: Supplier) -> Rows:
    """How the contact with it went, and one lost contact for every third."""
    number, channel = supplier.number, ("b2b_marketplace", "trade_fair", "referral")[supplier.number % 3]
    begun = (setting.last - 1).first_day if supplier.months else setting.since - timedelta(days=60 + number)
    won: dict[str, object] = {
        "contact_id": f"H{number}",
        "supplier_id": supplier.id,
        "name": supplier.name,
        "channel": channel,
        "contacted_on": begun,
        "stage": "trial" if supplier.months else "contract",
        "marketplace_certified": number % 4 != 2 if channel == "b2b_marketplace" else None,
        "marketplace_years": float(number % 6 + 1) if channel == "b2b_marketplace" else None,
        "asked_min_order": ("10", "100", "500", "1000")[number % 4],
        "asked_prepayment": ("0", "2000", "5000")[number % 3],
    }
    if number % 3:
        return [won]
    stage = ("contacted", "replied", "lost", "qualified")[number // 3 % 4]
    return [won, {"contact_id": f"H{number}x", "name": f"待联系供货商 {number}", "channel": channel, "contacted_on": begun, "stage": stage}]


def need_rows() -> Rows:
    """The platform's own wishes. No families and no categories: the range is not judged."""
    wishes = (
        ("positioning", "membership", None, False),
        ("audience", "students", None, False),
        ("daily_orders", "daily_orders", "100", False),
        ("requirement", "api_stock", None, True),
        ("requirement", "response_seconds", "1800", True),
        ("requirement", "wholesale_minimum", "10", False),
        ("requirement", "bulk_custom", None, False),
    )
    return [{"subject": subject, "item": item, "value": value, "is_must": must} for subject, item, value, must in wishes]


def catalogue(setting: Setting, cast: list[Supplier]) -> dict[str, Rows]:
    """Rows of all tables without a clock, but for those of trials."""
    contracts, terms = zip(*(contract_rows(setting, supplier) for supplier in cast), strict=True)
    return {
        "suppliers": _all(supplier_rows(supplier) for supplier in cast),
        "products": product_rows(setting),
        "listings": _all(listing_rows(setting, supplier) for supplier in cast),
        "discount_tiers": _all(tier_rows(setting, supplier) for supplier in cast),
        "documents": _all(document_rows(setting, supplier) for supplier in cast),
        "references": _all(reference_rows(setting, supplier) for supplier in cast),
        "signals": _all(signal_rows(setting, supplier) for supplier in cast),
        "contracts": _all(contracts),
        "contract_terms": _all(terms),
        "outreach": _all(outreach_rows(setting, supplier) for supplier in cast),
        "needs": need_rows(),
    }


def _all(groups: Iterable[Rows]) -> Rows:
    return [row for group in groups for row in group]
