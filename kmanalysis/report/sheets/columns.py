"""What the decisions' sheets of scorecard.xlsx hold: the frame behind each sheet, the columns that it shows, and how their cells are named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from kmanalysis.decisions import actions, backups, claims, corrective, dependence, drift, exceptions
from kmanalysis.decisions.allocation import frames
from kmanalysis.decisions.trials import verdicts
from kmanalysis.measures.price import board
from kmanalysis.steps.contract import restock, terms
from kmanalysis.steps.market import assortment, trends
from kmanalysis.steps.needs import matching, outreach, qualification
from kmanalysis.units import unit_of
from kmanalysis.workbook import Frame

SUPPLIERS = {"supplier_id": "name", "only_supplier_id": "only_supplier_name", "largest_supplier_id": "largest_supplier_name"}
"""Columns of suppliers' ids, and the columns of their names that stand beside them."""


@dataclass(frozen=True)
class Sheet:
    """A sheet made of a finished frame: its columns by the sheet's names for them, and those whose cells are named in the catalogue, by prefix.

    Cells may hold several codes, by ``;``; prefixes are tried in their order, by ``|``. ``shaped`` adds columns to the frame that the sheet shows.
    """

    frame: Frame
    columns: Mapping[str, str]
    named: Mapping[str, str] = field(default_factory=dict)
    shaped: Callable[[pd.DataFrame], pd.DataFrame] = lambda found: found

    @property
    def units(self) -> dict[str, str]:
        """The unit of each of its columns, as it is declared for the frame's."""
        return {shown: unit_of(column, self.frame.name) for column, shown in self.columns.items()}


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def _levels(drifts: pd.DataFrame) -> pd.DataFrame:
    """The charts' levels in columns of one unit each: delivery is charted by the logarithm of seconds, all else as a share."""
    is_time = drifts["measure"] == "stability.delivery_time"
    parts = {}
    for name in ("centre", "latest"):
        parts[f"{name}_seconds"] = np.exp(drifts[name].where(is_time)).round(6)
        parts[f"{name}_share"] = drifts[name].where(~is_time)
    return drifts.assign(**parts)


SHEETS: Mapping[str, Sheet] = {
    "actions": Sheet(
        actions.actions,
        {
            **_same("supplier_id", "action"),
            "reason": "why",
            "months": "months_so",
            **_same("measures", "check_on", "right_since", "grade", "previous_action"),
        },
        {"action": "action", "previous_action": "action", "why": "cause", "measures": ""},
    ),
    "money": Sheet(actions.action_money, {"supplier": "supplier_id", **_same("owed_amount", "purchased_amount", "switching_cost", "currency")}),
    "exceptions": Sheet(
        exceptions.exceptions,
        {
            **_same("supplier_id"),
            "kind": "exception",
            **_same("order_id", "sku", "happened_at"),
            "amount": "amount_at_stake",
            "currency": "currency",
            **_same("earlier_order_id", "earlier_supplier_id"),
            "since_at": "earlier_at",
            **_same("cost_before", "cost_now"),
            "stock": "stock_units",
            "units": "units_sold",
            **_same("mismatch"),
        },
        {"exception": "exception", "mismatch": "mismatch"},
    ),
    "price_board": Sheet(
        board.board,
        {
            "sku": "sku",
            "name": "sku_name",
            "supplier": "supplier_id",
            "unit_price": "quoted_price",
            "currency": "currency",
            "quoted_at": "quoted_at",
            "age_days": "quote_age",
            "is_cheapest": "is_cheapest",
            "landed_unit_cost": "landed_unit_cost",
            "discount_share": "tier_discount",
            "applies_to": "tier_applies_to",
            "market_suppliers": "quoting_suppliers",
            "market_level": "others_median",
            "mean_level": "others_mean",
            "deviation": "market_deviation",
            "is_outside": "outside_band",
            **_same("own_price", "own_price_source", "is_loss"),
        },
        {"tier_applies_to": "value", "own_price_source": "price_source"},
    ),
    "corrective": Sheet(
        corrective.corrective,
        {
            **_same("supplier_id", "measure"),
            "state": "corrective_state",
            "since": "open_since",
            "months": "months_open",
            **_same("check_on", "verdict", "value", "unit", "n", "op", "target"),
            "lost": "lost_points",
            "began_on": "drift_began_on",
        },
        {"corrective_state": "corrective_state"},
    ),
    "drift": Sheet(
        drift.drifts,
        {
            "supplier_id": "supplier_id",
            "measure": "drifted",
            "began_on": "drift_began_on",
            "signalled_on": "signalled_on",
            "kind": "drift_kind",
            "centre_share": "baseline_share",
            "latest_share": "latest_share",
            "centre_seconds": "baseline_seconds",
            "latest_seconds": "latest_seconds",
            "is_standing": "is_standing",
        },
        {"drifted": "drift", "drift_kind": "drift"},
        _levels,
    ),
    "claims": Sheet(
        claims.claim_lines,
        {
            **_same("supplier_id", "claim_id"),
            "state": "claim_state",
            **_same("clause", "contract_id", "order_id", "failed_at", "deadline", "base_amount", "remedy_share"),
            **_same("due_amount", "paid_amount", "outstanding_amount", "claim_amount", "currency", "ticket_ids"),
        },
        {"claim_state": "claim_state", "clause": "clause"},
    ),
    "terms": Sheet(
        terms.terms,
        {
            "supplier_id": "supplier_id",
            "state": "contract_state",
            "gaps": "contract_gaps",
            "contract_id": "latest_contract_id",
            "valid_to": "ends_on",
            "days_left": "days_to_end",
            "legal_review_on": "legal_review_on",
            "data_security": "data_security",
            **_same("restock_seconds", "reship_seconds", "compensation_share", "damages_share", "failures_in_a_row", "remedy_base"),
            "differs": "differing_terms",
        },
        {
            "contract_state": "contract_state",
            "contract_gaps": "contract_gap",
            "data_security": "contract_security",
            "remedy_base": "remedy_base",
            "differing_terms": "contract_term",
        },
    ),
    "restock": Sheet(
        restock.restock_counts,
        {
            **_same("supplier_id", "stockouts"),
            "in_time": "restocked_in_time",
            "late": "restocked_late",
            "undecided": "restock_undecided",
            "still_open": "still_out",
            "older": "older_stockouts",
            "longest_seconds": "longest_out_seconds",
            "limit_seconds": "restock_limit_seconds",
        },
    ),
    "trials": Sheet(
        verdicts.criteria,
        _same("supplier_id", "trial_id", "criterion", "value", "unit", "n", "lower", "upper", "op", "target", "verdict"),
        {"criterion": ""},
    ),
    "needs": Sheet(
        matching.match,
        {**_same("supplier_id", "subject", "item"), "value": "asked_for", "is_must": "is_must", "state": "need_state", "found": "found", "n": "n"},
        {"subject": "value", "item": "need|value", "need_state": ""},
    ),
    "qualification": Sheet(
        qualification.qualification,
        {
            "supplier_id": "supplier_id",
            "channel": "contact_channel",
            **_same("supply_mode", "api_stock", "api_order_status", "bulk_custom", "data_tools"),
            **_same("min_order", "prepayment", "currency"),
            "listings": "goods_on_offer",
            "thin": "thin_goods",
            **_same("lowest_margin", "median_margin", "upstream_id", "same_upstream"),
        },
        {"contact_channel": "value", "supply_mode": "value"},
    ),
    "funnel": Sheet(
        outreach.funnel,
        {
            "channel": "contact_channel",
            "stage": "stage",
            "contacts": "contacts_reached",
            "before": "contacts_before",
            "share": "passed_share",
            "lower": "passed_lower",
            "upper": "passed_upper",
            "share_of_all": "contacted_share",
        },
        {"contact_channel": "value", "stage": "value"},
    ),
    "backups": Sheet(
        backups.backup_skus,
        {
            "supplier": "supplier_id",
            "sku": "sku",
            "name": "sku_name",
            **_same("orders", "needed", "backups", "carried", "carried_share"),
            "reason": "hurdle",
            **_same("extra_cost", "currency"),
        },
        {"hurdle": "hurdle"},
    ),
    "concentration": Sheet(
        dependence.concentration,
        {
            "scope": "purchases_within",
            "subject": "purchases_of",
            "paid_amount": "bought_amount",
            "currency": "currency",
            "suppliers": "suppliers_paid",
            "hhi": "hhi",
            "largest": "largest_supplier_id",
            "largest_share": "largest_share",
        },
        {"purchases_within": "scope", "purchases_of": "value"},
    ),
    "plan": Sheet(
        frames.purchase_lines,
        {
            "supplier": "supplier_id",
            "sku": "sku",
            "unit_price": "list_unit_price",
            "currency": "currency",
            "stock": "stock_units",
            "units": "planned_units",
            "last_units": "last_units",
        },
    ),
    "trends": Sheet(
        trends.category_trends,
        {
            "category": "category",
            "status": "trend",
            "growth": "growth",
            "lower": "growth_lower",
            "upper": "growth_upper",
            "adjusted_p": "adjusted_p",
            "months": "months_counted",
            "orders": "orders_counted",
            "last_orders": "orders",
        },
        {"category": "value", "trend": "trend"},
    ),
    "gaps": Sheet(
        assortment.gaps,
        {
            "sku": "sku",
            "name": "sku_name",
            "category": "category",
            "suppliers": "sellers",
            "only_supplier": "only_supplier_id",
            "is_gap": "is_gap",
            "growth": "larger_growth",
            "category_status": "category_trend",
            "sku_status": "sku_trend",
            "launched_on": "launched_on",
        },
        {"category": "value", "category_trend": "trend", "sku_trend": "trend"},
    ),
}
"""The sheets by their ids, in the order in which the file has them."""
