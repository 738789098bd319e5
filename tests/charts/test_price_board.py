import re
from decimal import Decimal

import pandas as pd
import pytest

from kmanalysis.charts import price
from kmanalysis.measures.price.board import COLUMNS
from kmanalysis.standards import default_standards

BAND = default_standards()["price.band_share"]


def row(supplier="S01", asked="9", sku="K1", **more):
    nothing = dict.fromkeys(COLUMNS) | {"deviation": float("nan"), "is_cheapest": False, "age_days": 1, "market_suppliers": 3}
    return nothing | {"sku": sku, "name": f"点卡 {sku}", "currency": "CNY", "supplier": supplier, "unit_price": Decimal(asked)} | more


def board_of(*rows):
    return pd.DataFrame(rows, columns=list(COLUMNS))


JUDGED = (
    row(
        asked="9", is_cheapest=True, market_level=Decimal(10), mean_level=Decimal("10.5"), deviation=-0.1, is_outside=True,
        own_price=Decimal("8.8"), own_price_source="listings", is_loss=True,
    ),
    row("S02", "10", is_outside=False, deviation=0.0, market_level=Decimal(10), own_price=Decimal(12), own_price_source="listings", is_loss=False),
    row("S03", "11", is_outside=True, deviation=0.1, market_level=Decimal(10)),
)  # fmt: skip


def cells(table):
    return [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", table.html, flags=re.DOTALL)]


def test_a_row_says_prices_marks_and_the_market(zh, names):
    table = price.price_board(board_of(*JUDGED), BAND, zh, names)
    told = cells(table)
    assert told[0] == "点卡 K1 K1"
    assert told[1] == "¥9.00 ✓▼⚠ S01 云杉数卡"
    assert told[2:6] == ["¥8.80 *", "¥10.50", "¥10.00", "¥9.50 – ¥10.50"]
    assert told[6:] == ["¥9.00 ✓▼⚠", "¥10.00", "¥11.00 ▲"]
    assert "S02 灵犀智享" in table.html
    assert "±5%" in table.html


def test_with_many_suppliers_the_cheapest_three_stand_one_below_the_other(en):
    rows = [row(f"S{number:02d}", str(number), is_cheapest=number == 1) for number in range(1, 16)]
    table = price.price_board(board_of(*rows), BAND, en, {})
    told = cells(table)
    assert told[1].split("\n") == ["CN¥1.00 ✓ S01", "CN¥2.00 S02", "CN¥3.00 S03"]
    assert len(told) == 6 + price.MOST_SUPPLIERS
    assert "The 12 suppliers that quote most of these goods have a column, of 15." in table.html
    assert re.search(r'<td class="[^"]*\bstack\b', table.html)


def test_losses_come_first_and_what_is_cut_is_said(en, names):
    rows = [row(sku=f"K{number:02d}", deviation=number / 100) for number in range(50)]
    rows[3] |= {"is_loss": True, "own_price": Decimal(1), "own_price_source": "orders"}
    table = price.price_board(board_of(*rows), BAND, en, names)
    told = [cell.split()[-1] for cell in cells(table)[:: 6 + 1]]
    assert told[:3] == ["K03", "K49", "K48"]
    assert len(told) == price.MOST_GOODS
    assert "Only the 40 most striking of 50 goods are shown" in table.html


def test_two_currencies_of_a_sku_have_a_row_each(en, names):
    table = price.price_board(board_of(row(), row("S02", "2", currency="USD")), BAND, en, names)
    assert [cell for cell in cells(table) if cell.startswith(("CN¥", "US$", "$"))] == ["CN¥9.00 S01 云杉数卡", "CN¥9.00", "$2.00 S02 灵犀智享", "$2.00"]


@pytest.mark.parametrize("shown", ["zh", "en"])
def test_no_quote_is_a_sentence(shown, request, names):
    assert price.price_board(board_of(), BAND, request.getfixturevalue(shown), names).html.startswith('<p class="nothing">')
