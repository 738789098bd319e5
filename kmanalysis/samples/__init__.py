"""Synthetic workbook folders with planted truth, of any size; the same arguments give the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from kmanalysis.errors import UsageError
from kmanalysis.samples import buying, plan, trade, watch
from kmanalysis.samples.catalogue import Rows, catalogue
from kmanalysis.samples.draws import NULL, generator, keyed_digests
from kmanalysis.samples.frames import Events, code_of, table_of_events, table_of_rows
from kmanalysis.samples.goods import SHELF, goods
from kmanalysis.samples.plan import CAST, Supplier, is_active
from kmanalysis.samples.regimes import drawn_suppliers
from kmanalysis.samples.setting import MANY, Setting
from kmanalysis.samples.truth import rate_rows, truth_rows, write_truth
from kmanalysis.samples.write import CsvFolder, ParquetFolder
from kmanalysis.times import Month

FORMATS = ("csv", "parquet")

AT_ONCE = 10_000_000
"""Events of a month that are held in memory before they are written."""


def make_samples(
    into: str | Path,
    suppliers: int = 20,
    months: int = 6,
    orders: int = 20_000,
    seed: int = 1,
    last_month: str = "2026-10",
    format: str = "csv",
    progress: Callable[[str], None] | None = None,
    snapshots: int = 0,
    probes: int = 0,
    random: bool = False,
) -> Path:
    """Writes a workbook folder with ``truth.csv`` and returns it.

    ``orders`` is about how many there are in all; ``snapshots`` and ``probes`` likewise (0: as closely as suppliers of that size are watched).
    The first twenty suppliers are the planted cast, in a fixed order; a further one moves none of them while orders a supplier stay the same.
    ``random``: no cast; suppliers of each of `REGIMES` in turns, whose true rates are in ``truth.csv`` and by whom things happen by chance.
    ``csv`` is one file a table, ``parquet`` one a month for the tables of events. ``progress`` is called with each month once it is written.
    Raises UsageError for sizes or a format that cannot be made, and for a folder that holds files already.
    """
    folder = Path(into)
    _check(folder, suppliers, months, orders, format)
    last = Month.parse(last_month)
    shelf = goods(min(2000, SHELF + 10 * max(0, suppliers - len(CAST))), last)
    cast = (drawn_suppliers if random else plan.suppliers)(suppliers, seed, len(shelf))
    base = orders / (suppliers * months)
    hours = 24 * sum(month.days for month in (last - (months - 1)).until(last))
    snapshot_hours = hours * sum(len(supplier.places) for supplier in cast) / snapshots if snapshots else 22 if base < MANY else 1
    probe_hours = hours * suppliers / probes if probes else 5 if base < MANY else 1
    setting = Setting(seed, last - (months - 1), last, base, shelf, snapshot_hours, probe_hours, random)
    vocabularies = _vocabularies(setting, cast)
    owed: dict[tuple[int, str], int] = {}
    with (CsvFolder if format == "csv" else ParquetFolder)(folder) as target:
        for table, rows in (catalogue(setting, cast) | _trials(setting, cast)).items():
            target.write(table, table_of_rows(table, rows))
        for month in setting.first.until(last):
            for events_of in month_events(setting, cast, month, owed):
                for table, events in events_of.items():
                    target.write(table, table_of_events(table, events, vocabularies, str(month)), str(month))
            if progress:
                progress(str(month))
    write_truth(list(rate_rows(setting, cast) if random else truth_rows(setting, cast, owed)), folder / "truth.csv")
    return folder


def _check(folder: Path, suppliers: int, months: int, orders: int, format: str) -> None:
    for name, found, least in (("suppliers", suppliers, 1), ("months", months, 1), ("orders", orders, 1)):
        if found < least:
            raise UsageError("{name} is {found}. Give at least {least}.", name=name, found=found, least=least)
    if format not in FORMATS:
        raise UsageError("Format {found!r} cannot be written. Choose one of: {accepted}.", found=format, accepted=", ".join(FORMATS))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError("{folder} holds files already. Name a new or empty folder.", folder=folder.name)


def _vocabularies(setting: Setting, cast: list[Supplier]) -> dict[str, pa.Array]:
    return {
        "supplier_id": pa.array([supplier.id for supplier in cast]),
        "sku": pa.array([good.sku for good in setting.shelf]),
        "trial_id": pa.array([f"X{supplier.id[1:]}" for supplier in cast]),
        "buyer_digest": pa.array(keyed_digests(setting.seed, "buyers", setting.buyers)),
        "code_digest": pa.array(keyed_digests(setting.seed, "codes", len(CAST) * buying.CODES)),
    }


def month_events(setting: Setting, cast: list[Supplier], month: Month, owed: dict[tuple[int, str], int]) -> Iterator[dict[str, Events]]:
    """The events of a month by table, all at once unless they are more than `AT_ONCE`: then some suppliers after the others.

    Adds to ``owed`` the damages (分) that were due and not paid, by supplier number and month.
    """
    parts: dict[str, list[Events]] = {}
    rows = 0
    for supplier in cast:
        if not is_active(supplier, month, setting.last):
            continue
        sold = trade.orders(setting, supplier, month)
        bought = buying.purchases(setting, supplier, month, sold)
        paid = trade.compensations(setting, supplier, month, sold)
        for table, events in {
            "orders": sold,
            "purchases": bought,
            "compensations": paid,
            "fees": buying.fees(setting, supplier, month, bought),
            "codes": buying.codes(setting, supplier, month, sold, bought),
            "tickets": trade.tickets(setting, supplier, month, sold),
            "stock_snapshots": watch.stock_snapshots(setting, supplier, month),
            "probes": watch.probes(setting, supplier, month),
            "quotes": watch.quotes(setting, supplier, month),
        }.items():
            parts.setdefault(table, []).append(events)
            rows += len(events["supplier_id"])
        failed = (sold["at_fault"] == code_of("orders", "at_fault", "supplier")) & (sold["failed_at"] != NULL)
        if not len(paid["number"]) and failed.any():
            owed[supplier.number, str(month)] = int((sold["cost_amount"][failed] * 30 // 100).sum())
        if rows > AT_ONCE:
            yield _joined(parts)
            parts, rows = {}, 0
    if parts:
        yield _joined(parts)


def _joined(parts: dict[str, list[Events]]) -> dict[str, Events]:
    return {table: {column: np.concatenate([part[column] for part in group]) for column in group[0]} for table, group in parts.items()}


def _trials(setting: Setting, cast: list[Supplier]) -> dict[str, Rows]:
    begun = datetime.fromtimestamp(buying.trial_start(setting), UTC).replace(tzinfo=None)
    trials: Rows = []
    checks: Rows = []
    for supplier in cast:
        if supplier.slug not in buying.TRIALS:
            continue
        trial, (dead, checked) = f"X{supplier.id[1:]}", buying.TRIALS[supplier.slug]
        trials.append(
            {
                "trial_id": trial,
                "supplier_id": supplier.id,
                "started_at": begun,
                "ended_at": begun + timedelta(days=2),
                "budget_amount": f"{buying.TRIAL_BUDGET / 100:.2f}",
                "currency": "CNY",
            }
        )
        codes = min(checked, buying.TRIAL_BUDGET // int(setting.costs(supplier, setting.last.first_day)[supplier.places[0]]))
        rng = generator(setting.seed, supplier.number, "trial")
        is_dead = set(rng.permutation(codes)[:dead].tolist())
        live = 20 if supplier.slug == "bad_trial" else 0
        for place in range(codes):
            number = live + place + 1
            checks.append(
                {
                    "check_id": f"{trial}-{place + 1}",
                    "trial_id": trial,
                    "code_id": f"D{supplier.id[1:]}-{str(setting.last)[2:4]}{str(setting.last)[5:]}-{number}",
                    "checked_at": begun + timedelta(hours=1, minutes=place),
                    "outcome": "invalid" if place in is_dead else "valid",
                }
            )
    return {"trials": trials, "trial_checks": checks}
