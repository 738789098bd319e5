"""A supplier's price list into the folder's quotes: laid out, matched to the catalogue, validated and merged, and nothing passed over in silence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
from rapidfuzz.process import extractOne

from kmanalysis.engine.duckdb import connect
from kmanalysis.engine.sql import quoted
from kmanalysis.errors import DataError, UsageError
from kmanalysis.loaders.checking.receipts import REJECT_COLUMNS, Receipt
from kmanalysis.loaders.checking.rules import Outcome, no_rejects, validate
from kmanalysis.loaders.checking.secrets import file_name, key_of, without_secrets
from kmanalysis.loaders.folder import Attached
from kmanalysis.loaders.merging import Merging
from kmanalysis.loaders.pricelists.grid import Grid, grids
from kmanalysis.loaders.pricelists.headings import LOOKED_FOR
from kmanalysis.loaders.pricelists.layout import Entry, Layout, layout_of
from kmanalysis.loaders.pricelists.prices import ACCEPTED, UNITS, Price, is_not_offered, least_quantity, price_of
from kmanalysis.loaders.pricelists.review import Reviewed, read_review
from kmanalysis.loaders.pricelists.spellings import Catalogue
from kmanalysis.loaders.store import locked, put_in_place, rejected_list, write_rejected
from kmanalysis.tables import tables
from kmanalysis.times import to_utc
from kmanalysis.words import Words

TABLE = "quotes"

DECIDED = frozenset({"not_offered", "spelling_rejected"})
"""Reasons why a cell is left out that are no fault: the supplier has nothing to sell, or the operator has said that the product is none of ours."""

_DATE = re.compile(r"[0-9]{4}(?:-[0-9]{2}){2}(?:[T ][0-9]{2}(?::[0-9]{2}){1,2})?")


@dataclass(frozen=True)
class Seen:
    """A cell that was not loaded as a price, or was with a note: what kind, where it stands, and its text.

    ``kind`` is open, note, section, text, column or sheet. For an open spelling ``proposed`` are the products that it may be.
    """

    kind: str
    file: str
    cell: str
    text: str
    proposed: str = ""


@dataclass(frozen=True)
class PriceListLoad:
    """What came of a price list: receipts and rejects (``column`` names the cell), and what else was seen in it."""

    attached: Attached
    seen: list[Seen]


def quote_time(date: str) -> datetime:
    """The naive UTC time that a day or a time of Asia/Shanghai means; a day is its beginning. Raises UsageError for text that is neither."""
    try:
        # The one spelling that is asked for: fromisoformat takes weeks for days as well.
        if not _DATE.fullmatch(date):
            raise ValueError(date)
        return to_utc(datetime.fromisoformat(date))
    except (ValueError, OverflowError) as problem:
        raise UsageError("{found!r} is not a date. Write one like 2026-11-01, or a time like 2026-11-01T09:30.", found=date) from problem


def load_price_list(path: Path, into: Path, *, supplier: str, date: str, words: Words | None = None) -> PriceListLoad:
    """Loads a supplier's price list of a day into the folder's quotes.

    Goods are matched to the folder's products by name, by SKU where a column is headed as one, or by what was accepted in the review (`review.FILE`, in
    the folder); what merely resembles a product is asked there and not loaded. Prices replace those of the same supplier, SKU and time; the same list
    again changes nothing.
    Raises DataError for a file without a table of prices, a folder without products, an unknown supplier and a faulty review; UsageError for a date.
    """
    moment = quote_time(date)
    if not path.is_file():
        raise DataError("File {file} was not found.", file=path.name)
    with locked(into):
        return _Load(path, into, supplier, moment, words or Words()).run()


@dataclass(frozen=True)
class _Offer:
    """A price of a product, and where it stands."""

    sku: str
    price: Price
    grid: Grid
    entry: Entry
    file: str

    @property
    def least(self) -> int | None:
        """From how many on the price holds: 1 where the list does not say, None where what it says cannot be read."""
        return least_quantity(self.entry.quantity) if self.entry.quantity else 1

    @property
    def asked(self) -> tuple[Decimal, str]:
        """What is asked for one."""
        return self.price.amount, self.price.currency


class _Tiers:
    """A product's prices by quantity: quotes have a place for one of them."""

    def __init__(self, offers: Sequence[_Offer]) -> None:
        known = sorted(((offer.least, offer.asked) for offer in offers if offer.least is not None), key=lambda tier: tier[0])
        self.smallest = known[0] if known else None
        self.differ = len({offer.asked for offer in offers}) > 1
        # Numbers with which the price rises, or changes its currency, are no tiers, but perhaps what is in stock.
        self.fall = all(after[0] <= before[0] and after[1] == before[1] for (less, before), (more, after) in pairwise(known) if more > less)
        self.first_is_unknown = len(known) < len(offers) and (self.smallest is None or self.smallest[0] > 1)

    def fault(self, offer: _Offer) -> str:
        """Why the offer is not the product's quote: its reason; empty where it may be."""
        if not self.differ:
            return ""
        if offer.least is None or self.first_is_unknown:
            return "unclear_quantity"
        return "price_tier" if self.fall and self.smallest and offer.least > self.smallest[0] and offer.asked != self.smallest[1] else ""


class _Load:
    def __init__(self, path: Path, into: Path, supplier: str, moment: datetime, words: Words) -> None:
        self.path, self.into, self.supplier, self.moment, self.words = path, into, supplier, moment, words
        self.connection = connect(reads=[into])
        # Beside what a watch reads of the shops.
        self.merging = Merging(self.connection, into, [TABLE], parts={TABLE: "pricelists"})
        self.key = key_of(into)
        self.name = file_name(path.name, self.key)
        self.seen: list[Seen] = []
        self.rejects: list[dict[str, object]] = []
        self.own_faults: Counter[str] = Counter()
        self.offers: list[_Offer] = []
        self.rows: list[tuple[str, str, str]] = []
        """SKU, price and currency of each price that goes to validation."""
        self.places: list[tuple[str, int, str]] = []
        """Sheet, row and cell of each of them."""

    def run(self) -> PriceListLoad:
        self.merging.open()
        self.catalogue = self._products()
        self.review = read_review(self.into, self.catalogue.names)
        sheets = grids(self.path)
        # What a supplier hides is not what it asks for: last month's prices, or its own costs.
        found = [(grid, layout_of(grid)) for grid in sheets if not grid.is_hidden]
        if not any(layout.tables for _, layout in found):
            raise DataError(
                "{file}: no table of prices was found. It needs a row of headings with the good and its price, such as: {accepted}.",
                file=self.path.name,
                accepted=LOOKED_FOR,
            )
        for grid, layout in found:
            self._read(grid, layout)
        self._choose()
        receipt = self._receipt([layout for _, layout in found], *self._take())
        receipt = replace(receipt, hidden_sheets=[grid.name for grid in sheets if grid.is_hidden and any(map(any, grid.rows))])
        for grid, layout in found:
            if not layout.tables and any(map(any, grid.rows)):
                self.seen.append(Seen("sheet", self._file(grid), "", ""))
        rejects = pd.concat([no_rejects(), pd.DataFrame(self.rejects, columns=list(REJECT_COLUMNS))], ignore_index=True)
        # Lists of two suppliers may have one name.
        target = rejected_list(self.into, TABLE, f"{self.name}@{_safe(self.supplier)}")
        written = write_rejected(rejects, target, self.words)
        put_in_place([*([written] if written else []), *self.review.written(self.into), *self.merging.written()], self.into)
        return PriceListLoad(Attached([receipt], rejects), self.seen)

    def _products(self) -> Catalogue:
        known = self.merging.known
        if "products" not in known:
            raise DataError("The folder has no table of products yet, which the goods of a price list are matched to. Load it first.")
        suppliers = [supplier for (supplier,) in self._rows(f"SELECT supplier_id FROM {known['suppliers']}")] if "suppliers" in known else [self.supplier]
        if self.supplier not in suppliers:
            nearest = extractOne(self.supplier, suppliers)
            raise DataError("Supplier {found!r} is not in the folder. Did you mean {nearest}?", found=self.supplier, nearest=nearest[0] if nearest else "—")
        return Catalogue(self._rows(f"SELECT sku, name FROM {known['products']} ORDER BY sku"))

    def _rows(self, query: str) -> list[Any]:
        return self.connection.execute(query).fetchall()

    def _file(self, grid: Grid) -> str:
        return f"{self.name} · {self._clean(grid.name)}" if grid.name else self.name

    def _read(self, grid: Grid, layout: Layout) -> None:
        """Gathers the prices of a sheet that may be kept, and says what is left out."""
        file = self._file(grid)
        for remark in layout.remarks:
            self.seen.append(Seen(remark.kind, file, grid.address(remark.row, remark.column), self._clean(remark.text)))
        for entry in layout.entries:
            price = self._price(grid, entry, file)
            sku = self._sku(grid, entry, file) if price else None
            if price and sku:
                self.offers.append(_Offer(sku, price, grid, entry, file))

    def _choose(self) -> None:
        """Of a product's prices by quantity takes that of the smallest for its quote; the others are rejected."""
        by_product: dict[str, list[_Offer]] = {}
        for offer in self.offers:
            by_product.setdefault(offer.sku, []).append(offer)
        tiers = {sku: _Tiers(offers) for sku, offers in by_product.items()}
        for offer in self.offers:
            grid, entry, price = offer.grid, offer.entry, offer.price
            if reason := tiers[offer.sku].fault(offer):
                self._reject(grid, entry, offer.file, reason, "", f"{entry.quantity}: {entry.values[0]}" if entry.quantity else entry.values[0])
                continue
            self.rows.append((offer.sku, format(price.amount, "f"), price.currency))
            self.places.append((offer.file, grid.lines[entry.row], self._cell(grid, entry)))
            if price.note:
                self.seen.append(Seen("note", offer.file, grid.address(entry.row, entry.column), self._clean(entry.values[0])))

    def _take(self) -> tuple[Outcome, Counter[str]]:
        """Validates and merges the prices of all sheets together, so that none of them silently replaces another's; faults get the place of their cell."""
        table = tables()[TABLE]
        frame = pd.DataFrame(self.rows, columns=["sku", "unit_price", "currency"], dtype="str").assign(_line=range(len(self.rows)))
        self.connection.register("_prices", frame)
        text = (
            "(SELECT 0 AS _file, _line, NULL::VARCHAR AS _fault, NULL::BIGINT AS _found, 5 AS _width, "
            f"{quoted(self.supplier)} AS supplier_id, sku, {quoted(self.moment.isoformat(sep=' '))} AS quoted_at, unit_price, currency FROM _prices)"
        )
        outcome = validate(self.connection, text, table, "_incoming", {0: self.name}, known=self.merging.known, key=self.key)
        counts = self.merging.take(table, "_incoming", list(table.columns)) if self.rows else Counter[str]()
        for fault in outcome.rejects.to_dict("records"):
            file, line, cell = self.places[fault["line"]]
            self.rejects.append({str(name): value for name, value in fault.items()} | {"file": file, "line": line, "column": cell})
        return outcome, counts

    def _receipt(self, layouts: list[Layout], outcome: Outcome, counts: Counter[str]) -> Receipt:
        file = self.name
        same = outcome.same.get(file, 0)
        return Receipt(
            TABLE,
            file,
            sum(len(layout.entries) for layout in layouts),
            counts.total() + same,
            new=counts["new"],
            updated=counts["updated"],
            same=counts["same"] + same,
            rejected=dict(self.own_faults + Counter(outcome.rejected.get(file, {}))),
            doubts=outcome.doubts.get(file, {}),
            skipped=sum(remark.kind != "column" for layout in layouts for remark in layout.remarks),
            open=sum(one.kind == "open" for one in self.seen),
        )

    def _price(self, grid: Grid, entry: Entry, file: str) -> Price | None:
        """The entry's price; None where it states none, which is said."""
        faults = {
            "empty": not any(entry.values) and (ACCEPTED, ""),
            "several_prices": len(entry.values) > 1 and ("", " | ".join(entry.values)),
            "no_name": not (entry.parts or entry.sku) and (LOOKED_FOR, " | ".join(entry.values)),
        }
        price = price_of(entry.values[0], entry.unit) if entry.values else None
        stated = entry.values[0] if entry.values else ""
        faults["not_offered"] = price is None and is_not_offered(stated) and ("", f"{' '.join(entry.parts) or entry.sku}: {stated}")
        faults["unclear_unit"] = price is None and not entry.unit.factor and (UNITS, entry.heading)
        faults["not_price"] = price is None and (ACCEPTED, stated)
        faults["zero_price"] = price is not None and not price.amount and ("> 0", stated)
        for reason, fault in faults.items():
            if fault:
                self._reject(grid, entry, file, reason, *fault)
                return None
        return price

    def _sku(self, grid: Grid, entry: Entry, file: str) -> str | None:
        """The product that the entry means; empty where that is open, None where it was rejected. Both are said."""
        name = " ".join(entry.parts) or entry.sku
        # The name as it is looked for and shown: contacts in it are nobody's business.
        spelling = self._clean(f"{entry.section} {name}" if entry.section else name)
        decided = self.review.of(self.supplier, spelling)
        if decided and decided.state == "rejected":
            self._reject(grid, entry, file, "spelling_rejected", "", spelling)
            return None
        if decided and decided.state == "accepted":
            return decided.sku
        by_number = self.catalogue.numbered(entry.sku) if entry.sku else ""
        if by_number and (not entry.parts or self.catalogue.resembles(name, by_number)):
            return by_number
        if exact := self.catalogue.exact(name) or self.catalogue.exact(f"{entry.section} {name}"):
            return exact
        match = self.catalogue.proposal(name, [name, spelling])
        proposed = decided.sku if decided and decided.sku else match.sku
        if decided is None:
            score = f"{match.score:g}" if match.score else ""
            self.review.ask(
                Reviewed(self.supplier, spelling, sku=match.sku, name=self.catalogue.names.get(match.sku, ""), score=score, others=" ".join(match.others))
            )
        others = " / ".join(f"{sku} {self.catalogue.names[sku]}" for sku in ((proposed,) if proposed else match.others) if sku in self.catalogue.names)
        self.seen.append(Seen("open", file, grid.address(entry.row, entry.column), spelling, others))
        return ""

    def _cell(self, grid: Grid, entry: Entry) -> str:
        return f"{grid.address(entry.row, entry.column)} {self._clean(entry.heading)}"

    def _reject(self, grid: Grid, entry: Entry, file: str, reason: str, accepted: str, value: str) -> None:
        line = grid.lines[entry.row]
        row = {"file": file, "line": line, "column": self._cell(grid, entry), "value": self._clean(value), "reason": reason, "accepted": accepted}
        self.rejects.append(row)
        self.own_faults[reason] += 1

    def _clean(self, text: str) -> str:
        return without_secrets(text, self.key)


def _safe(text: str) -> str:
    """A text as part of a file's name, other than that of any other text: what is no letter, digit or hyphen becomes its number, as in ``%2F``."""
    return re.sub(r"[^\w-]", lambda found: f"%{ord(found[0]):02X}", text)
