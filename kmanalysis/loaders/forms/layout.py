"""What a form looks like: its tables, the rows at the head of each sheet, an example a table, and what values are called.

A sheet says for itself what it holds, so that it may be renamed and its columns moved: the hidden first row has ``#`` and the table's name, then the
canonical names of the columns. A row whose first cell begins with ``#`` is not loaded: headings, meanings and the example are such rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType

from kmanalysis.tables import Column, Table, tables
from kmanalysis.words import Words, languages

FORM_TABLES = ("documents", "references", "contracts", "contract_terms", "fees", "signals", "outreach", "needs", "discount_tiers", "allowed_repeats")
"""The tables that are kept by hand, in the order of their sheets."""

INDEX = "_kmanalysis"
"""The hidden sheet by which a form is known. It holds the example rows as they were written, and the lists of the drop-downs."""

FORM_MARK = "kmanalysis.form"
"""First cell of the `INDEX`."""

ABOUT_MARK = "#about"
"""First cell of the sheet that says how the form is filled in."""

NOT_LOADED = "#"
"""Begins the first cell of a row that is not loaded."""

EXAMPLES: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "documents": {
            "document_id": "EXAMPLE-1",
            "kind": "business_licence",
            "licensor": "The authority that grants it",
            "licensee": "S01",
            "scope": "*",
            "valid_from": date(2026, 1, 1),
            "valid_to": date(2028, 12, 31),
            "verified_at": datetime(2026, 3, 1, 2, 30),
        },
        "references": {
            "reference_id": "EXAMPLE-1",
            "supplier_id": "S01",
            "client": "The client's platform",
            "client_size": "small",
            "since": date(2024, 5, 1),
            "contacted_at": datetime(2026, 3, 1, 2, 30),
            "outcome": "confirmed",
        },
        "contracts": {
            "contract_id": "EXAMPLE-1",
            "supplier_id": "S01",
            "signed_on": date(2025, 12, 20),
            "valid_from": date(2026, 1, 1),
            "valid_to": date(2026, 12, 31),
            "legal_review_on": date(2025, 12, 15),
        },
        "contract_terms": {"contract_id": "EXAMPLE-1", "term": "damages_share", "value": "0.3"},
        "fees": {
            "fee_id": "EXAMPLE-1",
            "supplier_id": "S01",
            "purchase_id": None,
            "charged_at": datetime(2026, 3, 1, 2, 30),
            "kind": "technical_service",
            "amount": Decimal("88.5"),
            "currency": "CNY",
            "is_disclosed": False,
        },
        "signals": {
            "signal_id": "EXAMPLE-1",
            "supplier_id": "S01",
            "found_on": date(2026, 3, 1),
            "source_kind": "community",
            "source_url": "https://example.com/1",
            "polarity": "bad",
            "summary": "What was found, in a sentence",
        },
        "outreach": {
            "contact_id": "EXAMPLE-1",
            "supplier_id": None,
            "name": "The supplier's name",
            "channel": "b2b_marketplace",
            "contacted_on": date(2026, 3, 1),
            "stage": "replied",
            "marketplace_certified": True,
            "marketplace_years": 3.5,
            "asked_min_order": Decimal(500),
            "asked_prepayment": Decimal(2000),
        },
        "needs": {"subject": "requirement", "item": "response_seconds", "value": "1800", "is_must": True},
        "discount_tiers": {
            "supplier_id": "S01",
            "threshold_amount": Decimal(50_000),
            "discount_share": 0.05,
            "applies_to": "all_units",
            "currency": "CNY",
            "valid_from": date(2026, 1, 1),
            "valid_to": None,
        },
        "allowed_repeats": {"allowance_id": "EXAMPLE-1", "sku": "K1", "code_digest": None, "reason": "One activation link that all buyers share"},
    }
)
"""A row a table that shows how one is filled in; times are naive UTC. Sentences are said in the reader's language."""


def form_tables() -> dict[str, Table]:
    """The declarations of the form's tables by name."""
    return {name: tables()[name] for name in FORM_TABLES}


def table_mark(table: Table) -> str:
    """First cell of a table's sheet."""
    return NOT_LOADED + table.name


def value_names(column: Column, words: Words) -> dict[str, str]:
    """What the values of an enum or a boolean are called, by the value as text; empty for a column of another type."""
    if column.type == "boolean":
        return {"true": words.text("yes"), "false": words.text("no")}
    return {value: words.name(f"value.{value}") for value in column.values}


def column_names(table: Table, columns: str, words: Words) -> str:
    """What the columns that a fault names are called (several are separated by commas); a text that names anything else stays as it is."""
    named = columns.split(", ")
    return words.join([words.name(f"{table.name}.{name}") for name in named]) if set(named) <= set(table.columns) else columns


def meant_by(column: Column) -> dict[str, str]:
    """The value that each word for it means, in every language; the values themselves among the words."""
    named = {name: value for lang in reversed(languages()) for value, name in value_names(column, Words(lang)).items()}
    return named | {value: value for value in column.values}
