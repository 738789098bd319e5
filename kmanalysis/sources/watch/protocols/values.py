"""Cells of an answer to stock, prices and times: what is not clearly one of them makes the reading fail."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from kmanalysis.sources.watch.calls.failures import Failure
from kmanalysis.sources.watch.protocols.defaults import Options

MOST_STOCK = 10**12
MOST_PRICE = Decimal(10) ** 12
UNLIMITED = -1
_EARLIEST, _LATEST = datetime(1990, 1, 1), datetime(2100, 1, 1)


@dataclass(frozen=True)
class Stock:
    """A stock as the upstream told it: ``quantity`` is None where it told none, be it that there is no limit or that it hides the count."""

    quantity: int | None
    is_placeholder: bool = False
    is_unlimited: bool = False
    synced_at: datetime | None = None


@dataclass(frozen=True)
class Price:
    """A price, and the currency where the answer names one."""

    amount: Decimal
    currency: str = ""


def stock_of(cell: Any, options: Options, synced_at: datetime | None = None) -> Stock:
    """The stock that a cell tells. Raises Failure for what is no whole number from −1 (no limit) to 10¹² and no text that is said to hide it."""
    if isinstance(cell, str) and cell.strip() in options.hidden:
        return Stock(None, is_placeholder=True, synced_at=synced_at)
    number = _whole(cell)
    if number == UNLIMITED:
        return Stock(None, is_placeholder=True, is_unlimited=True, synced_at=synced_at)
    if not 0 <= number <= MOST_STOCK:
        raise Failure("broken_value", answered=True)
    return Stock(number, is_placeholder=number in options.placeholders, synced_at=synced_at)


def _whole(cell: Any) -> int:
    if isinstance(cell, int) and not isinstance(cell, bool):
        return cell
    if isinstance(cell, Decimal) and cell.is_finite() and abs(cell) <= MOST_STOCK and cell == cell.to_integral_value():
        return int(cell)
    if isinstance(cell, str) and re.fullmatch(r"-?[0-9]{1,13}", cell.strip()):
        return int(cell)
    raise Failure("broken_value", answered=True)


def amount_of(cell: Any, *, signed: bool = False) -> Decimal:
    """The amount that a cell tells, to four decimals. Raises Failure for what is no number, below 0 (unless ``signed``), or too large."""
    if isinstance(cell, str) and re.fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", cell.strip()):
        amount = Decimal(cell.strip())
    elif isinstance(cell, (int, Decimal)) and not isinstance(cell, bool):
        amount = Decimal(cell)
    else:
        raise Failure("broken_value", answered=True)
    if not amount.is_finite() or abs(amount) >= MOST_PRICE or (amount < 0 and not signed):
        raise Failure("broken_value", answered=True)
    return amount.quantize(Decimal("0.0001"), ROUND_HALF_EVEN)


def currency_of(cell: Any) -> str:
    """The currency that a cell names; empty where it names none."""
    return cell.strip().upper() if isinstance(cell, str) and re.fullmatch(r"\s*[A-Za-z]{3}\s*", cell) else ""


def time_of(cell: Any) -> datetime | None:
    """Naive UTC of a time with its zone (ISO 8601); None where there is none, or the zone is not said."""
    if not isinstance(cell, str) or len(cell) > 40:
        return None
    try:
        moment = datetime.fromisoformat(cell)
        utc = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
    return utc if utc and _EARLIEST <= utc < _LATEST else None


def dict_of(cell: Any) -> dict[str, Any]:
    """The cell as an object. Raises Failure."""
    if not isinstance(cell, dict):
        raise Failure("broken_answer", answered=True)
    return cell


def list_of(cell: Any) -> list[Any]:
    """The cell as a list. Raises Failure."""
    if not isinstance(cell, list):
        raise Failure("broken_answer", answered=True)
    return cell


def field_of(holder: dict[str, Any], name: str) -> Any:
    """A field of an object. Raises Failure where it is not there."""
    if name not in holder or holder[name] is None:
        raise Failure("broken_answer", answered=True)
    return holder[name]
