"""Where the tables of a price list lie: their headings of one or two rows, side by side or below one another, and the prices in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from kmanalysis.loaders.pricelists.grid import Grid
from kmanalysis.loaders.pricelists.headings import base, is_our_price, role
from kmanalysis.loaders.pricelists.prices import Unit, currency_code, heading_tier, heading_unit, states_tier
from kmanalysis.loaders.pricelists.spellings import measures
from kmanalysis.loaders.reading.records import footer_pattern

_DECORATION = " -—–=_*#~·•◆■★【】[]()（）<>《》|"
_LONGEST_SECTION = 20
_TITLE_SIGNS = "价表单报:："
_REMARKS = ("备注", "注:", "注：", "说明", "联系", "以上", "温馨提示", "note", "remark")


@dataclass(frozen=True)
class Entry:
    """A price in a list: where it stands, how the good is spelled, and what is said of the price.

    ``parts`` are the name, then the face value, variant or group; ``section`` is the heading of the section that it stands in. ``values`` are the
    texts of the cells that hold the price: one, or several between which no heading decides. ``quantity`` says for how many the price holds, as it is
    written, empty where nothing does.
    """

    row: int
    column: int
    heading: str
    section: str
    parts: tuple[str, ...]
    sku: str
    values: tuple[str, ...]
    unit: Unit
    quantity: str = ""


@dataclass(frozen=True)
class Remark:
    """A cell that is no price and was passed over: a heading of a section, a line of text, a column that is not read."""

    kind: str
    row: int
    column: int
    text: str


@dataclass
class Layout:
    """What a sheet holds."""

    entries: list[Entry] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    tables: int = 0


@dataclass(frozen=True)
class _Column:
    place: int
    role: str
    heading: str
    detail: str = ""
    unit: Unit | None = None
    tier: str = ""


@dataclass(frozen=True)
class _Table:
    """A table: its columns, the row where its headings begin and the one where its rows do, and what holds for all of it."""

    columns: list[_Column]
    top: int
    first: int
    section: str
    unit: Unit

    @property
    def places(self) -> set[int]:
        return {column.place for column in self.columns}

    def of(self, role_: str) -> list[_Column]:
        return [column for column in self.columns if column.role == role_]

    @property
    def prices(self) -> dict[tuple[str, str], list[_Column]]:
        """The columns of prices by their face value or group and the quantity that they are for.

        Of those of one face value, what says that we are asked for it goes before what does not.
        """
        by_detail: dict[str, list[_Column]] = {}
        for column in self.of("price"):
            by_detail.setdefault(column.detail, []).append(column)
        found: dict[tuple[str, str], list[_Column]] = {}
        for detail, columns in by_detail.items():
            for column in [column for column in columns if is_our_price(column.heading)] or columns:
                found.setdefault((detail, column.tier), []).append(column)
        return found


def layout_of(grid: Grid) -> Layout:
    """All tables of a sheet and the prices in them, in the order of their cells."""
    found = Layout()
    tables = _tables(grid)
    found.tables = len(tables)
    for table in tables:
        below = [other.top for other in tables if other.top >= table.first and other.places & table.places]
        before = len(found.entries)
        _read_rows(grid, table, min(below, default=len(grid.rows)), found)
        goods = [(entry.section, entry.parts, entry.sku) for entry in found.entries[before:]]
        # Quantities matter only where a good has several prices.
        unread = ("other_price", "") if len(set(goods)) < len(goods) else ("other_price", "quantity", "")
        used = {column.place for columns in table.prices.values() for column in columns}
        for column in table.columns:
            if column.role in unread or (column.role == "price" and column.place not in used):
                found.remarks.append(Remark("column", table.first - 1, column.place, column.heading))
    found.entries.sort(key=lambda entry: (entry.row, entry.column))
    found.remarks.sort(key=lambda remark: (remark.row, remark.column))
    return found


def _tables(grid: Grid) -> list[_Table]:
    tables: list[_Table] = []
    done: set[tuple[int, int]] = set()
    for row in range(len(grid.rows)):
        if not any(role(cell) in ("product", "sku") for cell in grid.rows[row]):
            continue
        for left, right in _segments(grid, row):
            if any((row, place) in done for place in range(left, right)):
                continue
            table = _table(grid, row, left, right)
            if table is not None:
                tables.append(table)
                done |= {(line, place) for line in range(table.top, table.first) for place in range(left, right)}
    return tables


def _segments(grid: Grid, row: int) -> Iterator[tuple[int, int]]:
    """The columns of each table whose headings stand in the row: an empty column ends one, and so does its first heading where it comes again."""

    def is_headed(place: int) -> bool:
        # Below a gap of the headings only what belongs to a group counts: a price of the row below would be no heading.
        return bool(grid.at(row, place) or (place and grid.at(row + 1, place) and role(grid.at(row + 1, place))) or _may_be_value(grid, row, place))

    left = 0
    while left < grid.width:
        if not is_headed(left):
            left += 1
            continue
        right, first = left + 1, base(grid.at(row, left))
        while right < grid.width and is_headed(right) and not (base(grid.at(row, right)) == first and not grid.is_one_cell((row, left), (row, right))):
            right += 1
        yield left, right
        left = right


def _may_be_value(grid: Grid, row: int, place: int) -> bool:
    """Whether an empty cell lies right of a group's heading, with a face value below: ``价格`` over ``50元``, ``100元``."""
    return not grid.at(row, place) and bool(measures(grid.at(row + 1, place))) and not grid.at(row + 1, place).replace(".", "").isdigit()


def _table(grid: Grid, row: int, left: int, right: int) -> _Table | None:
    places = range(left, right)
    anchors = [place for place in places if role(grid.at(row, place)) in ("product", "sku")]
    if not anchors:
        return None
    top, first = row, row + 1
    if _has_second_row(grid, row, places, anchors[0]):
        first = row + 2
        paths = {place: [upper, grid.at(row + 1, place)] for place, upper in _filled(grid, row, places, row + 1).items()}
    elif _has_groups_above(grid, row, places, anchors[0]):
        top = row - 1
        paths = {place: [upper, grid.at(row, place)] for place, upper in _filled(grid, row - 1, places, row).items()}
    else:
        paths = {place: [grid.at(row, place)] for place in places}
    columns = [_column(place, [part for part in dict.fromkeys(path) if part]) for place, path in paths.items()]
    if not any(column.role == "price" for column in columns):
        # The headings are face values themselves: a matrix of prices.
        columns = [
            _Column(column.place, "price", column.heading, column.heading) if column.role == "" and measures(column.heading) else column for column in columns
        ]
    if not any(column.role == "price" for column in columns):
        return None
    return _Table(columns, top, first, _title(grid, top, places), _unit_above(grid, top, places))


def _has_second_row(grid: Grid, row: int, places: range, anchor: int) -> bool:
    below = grid.at(row + 1, anchor)
    if below and not grid.is_one_cell((row, anchor), (row + 1, anchor)):
        return False
    return any(
        grid.at(row + 1, place)
        and (not grid.at(row, place) or grid.is_one_cell((row, place), (row, place + 1)) or grid.is_one_cell((row, place), (row, place - 1)))
        and not grid.is_one_cell((row, place), (row + 1, place))
        for place in places
        if place != anchor
    )


def _has_groups_above(grid: Grid, row: int, places: range, anchor: int) -> bool:
    if row == 0 or grid.at(row - 1, anchor):
        return False
    prices = [place for place in places if role(grid.at(row, place)) == "price"]
    repeated = [place for place in prices if sum(base(grid.at(row, place)) == base(grid.at(row, other)) for other in prices) > 1]
    return bool(repeated) and bool(grid.at(row - 1, repeated[0]))


def _filled(grid: Grid, row: int, places: range, below: int) -> dict[int, str]:
    """The texts of a row of groups. Where nothing is merged, a group reaches to the next one, over the columns that have a heading below."""
    is_merged = any((row, place) in grid.merged for place in places)
    filled, last = {}, ""
    for place in places:
        cell = grid.at(row, place)
        last = cell or ("" if is_merged or not grid.at(below, place) else last)
        filled[place] = last
    return filled


def _column(place: int, path: list[str]) -> _Column:
    roles = [role(part) for part in path]
    known = [found for found in roles if found]
    own = known[-1] if known else ""
    if own != "price":
        return _Column(place, own, " / ".join(path))
    priced = [part for part, found in zip(path, roles, strict=True) if found in ("price", "other_price")]
    tier = next((tier for part in reversed(path) if (tier := heading_tier(part))), "")
    detail = " ".join(part for part in path if part not in priced and not (tier and states_tier(part)))
    unit = next((unit for part in reversed(priced) if (unit := heading_unit(part)) is not None), None)
    return _Column(place, own, " / ".join(path), detail, unit, tier)


def _title(grid: Grid, top: int, places: range) -> str:
    """The title right above a table, where it reads like the heading of a section and not like that of the whole list."""
    texts = {grid.at(top - 1, place) for place in places} - {""}
    title = texts.pop().strip(_DECORATION) if len(texts) == 1 else ""
    is_section = title and len(title) <= _LONGEST_SECTION and not any(sign.isdigit() or sign in _TITLE_SIGNS for sign in title)
    return title if is_section else ""


def _unit_above(grid: Grid, top: int, places: range) -> Unit:
    """The unit that a line above the table states for all below it (``单位：分``); the nearest line counts."""
    for row in range(top - 1, -1, -1):
        for place in places:
            cell = grid.at(row, place)
            if "单位" in cell and (unit := heading_unit(cell)) is not None:
                return unit
    return Unit()


def _read_rows(grid: Grid, table: _Table, end: int, found: Layout) -> None:
    footer = footer_pattern()
    section, name, category = table.section, "", ""
    names, skus, categories = table.of("product"), table.of("sku"), table.of("section")
    for row in range(table.first, end):
        cells = {place: grid.at(row, place) for place in sorted(table.places) if grid.at(row, place)}
        if not cells:
            continue
        place, text = next(iter(cells.items()))
        is_alone = len(set(cells.values())) == 1
        if footer.fullmatch(text) or (is_alone and _is_remark(table, place, text)):
            found.remarks.append(Remark("text", row, place, text))
            continue
        if is_alone and _is_section(grid, table, row, place, text):
            section, name = text.strip(_DECORATION), ""
            found.remarks.append(Remark("section", row, place, text))
            continue
        specs = tuple(cells[column.place] for column in table.of("spec") if column.place in cells)
        sku = next((cells[column.place] for column in skus if column.place in cells), "")
        own = next((cells[column.place] for column in names if column.place in cells), "")
        quantity = next((cells[column.place] for column in table.of("quantity") if column.place in cells), "")
        # A name that stands once for several face values or quantities is not repeated below it.
        name = own or (name if specs or states_tier(quantity) else "")
        category = next((cells[column.place] for column in categories if column.place in cells), category if categories else "")
        currency = next((cells[column.place] for column in table.of("currency") if column.place in cells), "")
        prices = table.prices
        for (detail, tier), columns in prices.items():
            stated = {column: cells[column.place] for column in columns if column.place in cells}
            if not stated and len(prices) > 1:
                continue  # this face value is not offered
            column = next(iter(stated), columns[0])
            unit = column.unit or table.unit
            unit = Unit(unit.factor, currency_code(currency)) if currency else unit
            parts = tuple(part for part in dict.fromkeys((name, *specs, detail)) if part) if name else ()
            values = tuple(dict.fromkeys(stated.values()))
            within = category or section
            found.entries.append(Entry(row, column.place, column.heading, within, parts, sku, values, unit, tier or quantity))


def _is_remark(table: _Table, place: int, text: str) -> bool:
    beside = {column.place for role_ in ("note", "stock", "other_price", "quantity", "") for column in table.of(role_)}
    return place in beside or len(text) > _LONGEST_SECTION or text.casefold().startswith(_REMARKS)


def _is_section(grid: Grid, table: _Table, row: int, place: int, text: str) -> bool:
    """Whether the only text of a row is a section's heading: decorated, merged over the columns of prices, or a name without a number."""
    priced = {column.place for column in table.of("price")}
    if place in priced and (row, place) not in grid.merged:
        return False
    is_wide = any(grid.is_one_cell((row, place), (row, other)) for other in priced)
    return is_wide or text[0] in _DECORATION or not measures(text)
