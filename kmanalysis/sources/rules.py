"""Whose goods they are: the operator's `suppliers.toml`, whose first rule that matches decides; and a draft of it where there is none."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from pathlib import Path
from typing import Any

from kmanalysis.detector import CONTACTS
from kmanalysis.engine.sql import quoted
from kmanalysis.errors import DataError
from kmanalysis.files.operator_toml import check_plain
from kmanalysis.loaders.checking.secrets import without_secrets

RULES_FILE = "suppliers.toml"
UNASSIGNED = "unassigned"

GOODS_FIELDS = ("group", "sku", "product", "upstream")
"""Conditions on goods."""

CARD_FIELDS = ("user", "note", "batch")
"""Conditions that a card may meet and its goods not: who put it in, what is noted on it, when it was imported."""

SETTINGS = {"currency": str, "tickets_measure_suppliers": bool, "watched_deliveries": bool}
FLAGS = ("tickets_measure_suppliers", "watched_deliveries")


@dataclass(frozen=True)
class Rule:
    """A rule: all its conditions must hold, of each one of its values. ``cost`` is what a unit costs there, where the operator says so."""

    supplier: str
    name: str = ""
    conditions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cost: Decimal | None = None


@dataclass(frozen=True)
class Rules:
    """The rules in their order, and the settings that stand beside them. ``text`` is what the file holds."""

    rules: tuple[Rule, ...]
    currency: str = ""
    flags: frozenset[str] = frozenset()
    text: str = ""

    @property
    def has_cost(self) -> bool:
        """Whether a rule says what a unit costs."""
        return any(rule.cost is not None for rule in self.rules)

    @property
    def digest(self) -> str:
        """Of what is matched while rows are read, since it is kept nowhere: where it changed, such rows are read anew."""
        return blake2b(repr([rule.conditions.get("note") for rule in self.rules]).encode(), digest_size=16).hexdigest()

    def fitting(self, note: str) -> list[int]:
        """The numbers of the rules whose pattern for notes a card's note fits."""
        return [number for number, rule in enumerate(self.rules) if any(_fits(pattern, note) for pattern in rule.conditions.get("note", ()))]

    def supplier_sql(self) -> str:
        """SQL of the supplier over the columns of `FACTS`."""
        cases = [f"WHEN {_condition(number, rule)} THEN {quoted(rule.supplier)}" for number, rule in enumerate(self.rules)]
        return f"CASE {' '.join(cases)} ELSE {quoted(UNASSIGNED)} END" if cases else quoted(UNASSIGNED)

    def cost_sql(self) -> str:
        """SQL of a unit's cost by the first rule that matches, empty where it says none."""
        cases = [
            f"WHEN {_condition(number, rule)} THEN {'NULL' if rule.cost is None else f'{rule.cost}::DECIMAL(24,6)'}" for number, rule in enumerate(self.rules)
        ]
        return f"CASE {' '.join(cases)} END" if cases else "NULL::DECIMAL(24,6)"


FACTS = ("sku", "product", "group_id", "group_name", "upstream_id", "upstream_name", "owner", "note_rules", "batch_at")
"""What rules are asked about, of goods, an order or a card: texts, numbers of fitting note rules, the time of import in UTC; empty where not known."""


def load_rules(path: Path) -> Rules:
    """The rules of a file. Raises DataError where it cannot be read, a field is not known, or a value is of the wrong kind."""
    try:
        text = path.read_text(encoding="utf-8")
        return parse_rules(text, path.name)
    except (OSError, UnicodeDecodeError) as problem:
        raise DataError("{file} cannot be read: it must be TOML in UTF-8.", file=path.name) from problem


def parse_rules(text: str, file: str = RULES_FILE) -> Rules:
    """The rules of a text; see `load_rules`."""
    try:
        written = tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        raise DataError("{file} cannot be read: it must be TOML in UTF-8.", file=file) from problem
    check_plain(written, file, DataError)
    unknown = [name for name in written if name not in SETTINGS and name != "rule"]
    wrong = [name for name, kind in SETTINGS.items() if name in written and not isinstance(written[name], kind)]
    for name in (*unknown, *wrong):
        raise DataError("{file}: {found!r} is not valid. Accepted: {accepted}.", file=file, found=name, accepted=", ".join((*SETTINGS, "[[rule]]")))
    rules = tuple(_rule(spec, number, file) for number, spec in enumerate(written.get("rule", []), 1))
    flags = frozenset(f"@{name}" for name in FLAGS if written.get(name))
    currency = written.get("currency", "")
    if currency and not re.fullmatch("[A-Z]{3}", currency):
        raise DataError("{file}: {found!r} is not valid. Accepted: {accepted}.", file=file, found=f"currency = {currency}", accepted="CNY, USD …")
    return Rules(rules, currency, flags, text)


def _rule(spec: Mapping[str, Any], number: int, file: str) -> Rule:
    fields = ("supplier", "name", "cost", *GOODS_FIELDS, *CARD_FIELDS)
    for name in spec:
        if name not in fields:
            raise DataError(
                "{file}, rule {number}: unknown field {found!r}. Accepted: {accepted}.", file=file, number=number, found=name, accepted=", ".join(fields)
            )
    supplier = str(spec.get("supplier", "")).strip()
    if not supplier:
        raise DataError("{file}, rule {number}: the supplier is missing.", file=file, number=number)
    conditions = {name: _texts(spec[name]) for name in (*GOODS_FIELDS, *CARD_FIELDS) if name in spec}
    try:
        cost = Decimal(str(spec["cost"])) if "cost" in spec else None
    except InvalidOperation:
        cost = Decimal("NaN")
    if cost is not None and not (cost.is_finite() and cost > 0):
        raise DataError("{file}, rule {number}: cost must be above 0; leave it out if you do not know it.", file=file, number=number)
    return Rule(supplier, str(spec.get("name", "")).strip(), conditions, cost)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(entry) for entry in value) if isinstance(value, list) else (str(value),)


def _condition(number: int, rule: Rule) -> str:
    parts = []
    for name, values in rule.conditions.items():
        if name == "note":
            parts.append(f"coalesce(list_contains(note_rules, {number}), false)")
        else:
            parts.append("(" + " OR ".join(_SQL[name](value) for value in values) + ")")
    return " AND ".join(parts) or "true"


def _same(column: str, value: str) -> str:
    return f"coalesce({column} = {quoted(value)}, false)"


def _like(column: str, pattern: str) -> str:
    escaped = re.sub(r"([\\%_])", r"\\\1", pattern).replace("*", "%").replace("?", "_")
    return f"coalesce({column} ILIKE {quoted(escaped)} ESCAPE '\\', false)"


def _batch(value: str) -> str:
    # A day, or a moment of it, in Asia/Shanghai.
    return f"coalesce(starts_with(strftime(batch_at + INTERVAL 8 HOUR, '%Y-%m-%d %H:%M:%S'), {quoted(value.replace('T', ' '))}), false)"


_SQL: dict[str, Callable[[str], str]] = {
    "group": lambda value: f"{_same('group_id', value)} OR {_same('group_name', value)}",
    "upstream": lambda value: f"{_same('upstream_id', value)} OR {_same('upstream_name', value)}",
    "sku": lambda value: _same("sku", value),
    "product": lambda value: _like("product", value),
    "user": lambda value: _same("owner", value),
    "batch": _batch,
}


def _fits(pattern: str, note: str) -> bool:
    regex = "".join(".*" if character == "*" else "." if character == "?" else re.escape(character) for character in pattern)
    return re.fullmatch(regex, note.strip(), re.IGNORECASE | re.DOTALL) is not None


def draft(proposals: Iterable[Sequence[str | None]], currency: str, remark: Sequence[str], key: bytes) -> Rules:
    """A first file, from what the database holds: rows of field, value, supplier and name. ``remark`` are sentences that open it."""
    lines = [f"# {sentence}" for sentence in remark]
    lines += ["", f"currency = {_toml(currency)}", ""]
    for field_name, value, supplier, name in proposals:
        shown = without_secrets(" ".join((name or "").split()), key, CONTACTS)
        lines += ["[[rule]]", f"supplier = {_toml(supplier or '')}", f"name = {_toml(shown or supplier or '')}", f"{field_name} = {_toml(value or '')}", ""]
    return parse_rules("\n".join(lines))


def _toml(text: str) -> str:
    """The text as a TOML string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", " ", escaped) + '"'
