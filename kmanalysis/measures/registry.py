"""The measures that there are, by id. All who need them ask here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from kmanalysis.measures import compliance, price, reputation, service, stability
from kmanalysis.measures.common.measure import Measure


@cache
def measures() -> Mapping[str, Measure]:
    """The package's measures, by id, in the order of the standards."""
    return registry((*stability.MEASURES, *compliance.MEASURES, *price.MEASURES, *service.MEASURES, *reputation.MEASURES))


def registry(records: Iterable[Measure]) -> Mapping[str, Measure]:
    """The records by their ids, in their order. Raises ValueError where two have one id."""
    found: dict[str, Measure] = {}
    for record in records:
        other = found.setdefault(record.id, record)
        if other is not record:
            raise ValueError(f"Two measures have the id {record.id!r}: {_home(other)} and {_home(record)}. Give one of them another id.")
    return found


def _home(record: Measure) -> str:
    return f"{record.compute.__module__}.{record.compute.__qualname__}"
