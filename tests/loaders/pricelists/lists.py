"""Price lists as suppliers send them, and folders that they are loaded into."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import xlsxwriter
from hypothesis import strategies as st

from kmanalysis.engine.duckdb import connect
from kmanalysis.loaders.folder import attach

PRODUCTS = {
    "G01": "腾讯视频月卡",
    "G02": "腾讯视频年卡",
    "G03": "Q币 50 元卡",
    "G04": "Q币 100 元卡",
    "G05": "Steam 钱包 50 元",
    "G06": "Steam 钱包 100 元",
    "G07": "AI 写作周卡",
}


def folder_in(place: Path, products: dict[str, str] | None = None) -> Path:
    """A folder of two suppliers and the products."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "suppliers.csv").write_text("supplier_id,name\nS01,甲\nS02,乙\n", encoding="utf-8")
    with (place / "products.csv").open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows([("sku", "name"), *(products or PRODUCTS).items()])
    return place


def csv_list(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def xlsx_list(path: Path, sheets: dict[str, Sequence[Sequence[object]]], merged: Iterable[str] = ()) -> Path:
    """A workbook; ``merged`` are ranges of the first sheet, each with the text of its first cell."""
    with xlsxwriter.Workbook(path) as book:
        for number, (name, rows) in enumerate(sheets.items()):
            sheet = book.add_worksheet(name)
            for line, row in enumerate(rows):
                for place, cell in enumerate(row):
                    if cell is not None:
                        sheet.write(line, place, cell)
            for span in merged if not number else ():
                line, place = line_and_place(span)
                sheet.merge_range(span, rows[line][place])
    return path


def line_and_place(span: str) -> tuple[int, int]:
    return int(span.partition(":")[0][1:]) - 1, ord(span[0]) - ord("A")


def quotes(folder: Path) -> dict[tuple[str, str], str]:
    """Price and currency by supplier and SKU, as the folder holds them."""
    connection = connect()
    attach(connection, folder)
    rows = connection.execute("SELECT supplier_id, sku, unit_price, currency FROM quotes ORDER BY ALL").fetchall()
    return {(supplier, sku): f"{price.normalize():f} {currency}" for supplier, sku, price, currency in rows}


SPELLINGS = st.sampled_from(["{}", " {} ", "{} "])
UNITS = st.sampled_from(["元", "分", "角", "cell"])


@st.composite
def price_lists(draw):
    """A list of known truth: its rows (name, price, what must become of it), the cells of its sheet, and the prices that it gives ({SKU: fen})."""
    skus = draw(st.lists(st.sampled_from(sorted(PRODUCTS)), unique=True, min_size=1))
    unit = draw(UNITS)
    truth, rows = {}, []
    for sku in skus:
        fen = draw(st.integers(1, 5_000_000))
        name = draw(SPELLINGS).format(PRODUCTS[sku])
        name = name.upper() if draw(st.booleans()) else name
        is_odd = draw(st.sampled_from(["", "", "", "缺货", "面议", "unknown", "misspelt"]))
        own = draw(st.sampled_from([f"¥{fen / 100:,.2f}", f"{fen}分", f"{fen / 1e6:.6f}万元"]))
        written = {"元": f"{fen / 100:.2f}", "分": f"{fen}", "角": f"{fen / 10:.1f}", "cell": own}
        if is_odd == "unknown":
            rows.append([f"不在目录的{len(rows)}号", written[unit], "open"])
        elif is_odd == "misspelt":
            rows.append([f"{name.strip()}（官方）", written[unit], "open"])
        else:
            rows.append([name, is_odd or written[unit] + draw(st.sampled_from(["", " (满100)"])), "rejected" if is_odd else "kept"])
            if not is_odd:
                truth[sku] = fen
    heading = {"cell": "价格"}.get(unit, f"单价({unit})")
    cut, layout = draw(st.integers(0, len(rows))), draw(st.sampled_from(["beside", "below", "sections"]))
    head = ["商品名称", heading]
    first, second = [head, *(row[:2] for row in rows[:cut])], [head, *(row[:2] for row in rows[cut:])]
    if layout == "beside":
        lines = max(len(first), len(second))
        sheet = [(first[line] if line < len(first) else [None, None]) + [None] + (second[line] if line < len(second) else []) for line in range(lines)]
    elif layout == "below":
        sheet = [["甲的报价单", None], [], *first, [], [], *second]
    else:
        sheet = [*first, ["—— 其他 ——"], *second[1:]]
    return rows, sheet, truth


@st.composite
def grids_of_face_values(draw):
    """A list of goods by face value in one of its layouts: the cells of its sheet, its merged ranges, and the price of each (good, face value)."""
    goods = draw(st.lists(st.sampled_from(["Q币", "Steam 钱包", "王者点券", "抖音钻石"]), unique=True, min_size=1))
    faces = draw(st.lists(st.sampled_from(["10元", "50元", "100元", "500元"]), unique=True, min_size=2))
    truth = {(good, face): draw(st.integers(1, 99_999)) for good in goods for face in faces if draw(st.booleans())}
    last = chr(ord("A") + len(faces))

    def cells(good):
        return [truth.get((good, face)) for face in faces]

    matrix, wide = ["商品", *faces], [cell for face in faces for cell in (f"{face}面值", None)]
    below = ["单价(分)", "库存"] * len(faces)
    body = [[good, *(cell for price in cells(good) for cell in (price, 7 if price else None))] for good in goods]
    spans = [f"{chr(ord('B') + 2 * place)}1:{chr(ord('C') + 2 * place)}1" for place in range(len(faces))]
    by_row = [(good, face, truth[good, face]) for good in goods for face in faces if (good, face) in truth]
    layouts = {
        "matrix": ([["单位：分"], matrix, *([good, *cells(good)] for good in goods)], []),
        "merged": ([["商品", *wide], [None, *below], *body], ["A1:A2", *spans]),
        "not merged": ([["商品", *wide], [None, *below], *body], []),
        "groups above": ([[None, *wide], ["商品", *below], *body], spans),
        "one heading": (
            [["名称", "价格(分)", *[None] * (len(faces) - 1)], [None, *faces], *([good, *cells(good)] for good in goods)],
            ["A1:A2", f"B1:{last}1"],
        ),
        "rows": (
            [["商品", "面值", "供货价/分"], *([None if place and by_row[place - 1][0] == row[0] else row[0], *row[1:]] for place, row in enumerate(by_row))],
            [],
        ),
    }
    name = draw(st.sampled_from(sorted(layouts)))
    sheet, merged = layouts[name]
    return sheet, merged, truth
