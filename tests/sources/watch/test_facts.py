"""What the folder knows: prices, spend, and whether the list names what is there."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from kmanalysis.errors import DataError
from kmanalysis.sources.watch.facts import facts_of
from kmanalysis.sources.watch.listed.watchlist import load_watchlist
from tests.sources.watch.conftest import ENVIRONMENT, upstream_text, write_list

NOW = datetime(2026, 11, 5)


def facts(folder, items="11/1=k1 12/1=k2", supplier="S1"):
    path = write_list(folder, upstream_text(supplier, "acg-v4", "https://shop.example", items))
    return facts_of(folder, load_watchlist(path, ENVIRONMENT), NOW)


def test_prices_and_spend(folder):
    (folder / "quotes").mkdir()
    (folder / "orders.csv").write_text(
        "order_id,supplier_id,sku,ordered_at,quantity,amount,cost_amount,currency,status\n"
        "1,S1,k2,2026-11-01 00:00:00,2,30,24,CNY,delivered\n"
        "2,S1,k2,2026-11-02 00:00:00,1,15,6,CNY,failed\n"
        "3,S1,k2,2026-08-02 00:00:00,1,99,99,CNY,delivered\n",
        encoding="utf-8",
    )
    found = facts(folder)
    assert found.sale_prices == {("S1", "k1"): (Decimal(20), "CNY"), ("S1", "k2"): (Decimal(15), "CNY")}
    assert found.daily_spend == {"S1": (Decimal(1), "CNY")}
    assert found.last_quotes == {}


def test_a_folder_that_only_knows_names_is_enough(folder):
    (folder / "listings.csv").unlink()
    assert facts(folder).sale_prices == {}


def test_who_is_not_in_the_folder_is_an_error(folder):
    with pytest.raises(DataError, match=r"suppliers.*S9"):
        facts(folder, supplier="S9")
    with pytest.raises(DataError, match=r"products.*k9"):
        facts(folder, items="11/1=k9")


def test_a_table_in_another_form_is_an_error(folder):
    (folder / "probes.csv").write_text("supplier_id,probed_at,is_up\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"probes\.csv.*probes/"):
        facts(folder)
