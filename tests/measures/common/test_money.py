"""Amounts of money: exact halves, and the currency in which a supplier trades most."""

import ibis
import pandas as pd
import pytest

from kmanalysis.measures.common.money import main_currencies, to_cent


@pytest.mark.parametrize(("parts", "cents"), [(49, 0), (50, 100), (149, 100), (150, 200), (12_345, 12_300), (12_350, 12_400)])
def test_half_a_cent_is_rounded_up(samples, parts, cents):
    assert samples.value_of(to_cent(ibis.literal(parts))) == cents


def test_the_main_currency_has_most_events_then_the_most_of_the_next_column_then_the_first_name():
    rows = [("s1", "USD", 3, 1), ("s1", "CNY", 3, 2), ("s2", "USD", 5, 0), ("s2", "EUR", 5, 0), ("s3", "CNY", 1, 9), ("s3", "USD", 2, 0)]
    found = main_currencies(pd.DataFrame(rows, columns=["supplier_id", "currency", "orders", "tiers"]), "orders", "tiers")
    assert found[["supplier_id", "currency"]].to_numpy().tolist() == [["s1", "CNY"], ["s2", "EUR"], ["s3", "USD"]]


def test_the_main_currency_of_all_is_one_row_and_of_nothing_none():
    rows = pd.DataFrame([("USD", 3), ("CNY", 3), ("EUR", 1)], columns=["currency", "units"])
    assert main_currencies(rows, "units", by=())["currency"].tolist() == ["CNY"]
    assert main_currencies(rows.head(0), "units", by=()).empty
