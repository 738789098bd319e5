from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from kmanalysis.charts.kit.cells import asked, cell, column_name, in_words


@pytest.mark.parametrize(
    ("value", "column", "currency", "shown"),
    [
        (pd.Timestamp("2026-10-31 16:30"), "ordered_at", "", "2026-11-01 00:30"),
        (pd.Timestamp("2026-10-31 16:30"), "deadline", "", "2026-11-01 00:30"),
        (pd.Timestamp("2026-10-31"), "valid_to", "", "2026-10-31"),
        (date(2026, 10, 31), "day", "", "2026-10-31"),
        (Decimal("1234.5000"), "amount", "CNY", "¥1,234.50"),
        (Decimal("1234.5000"), "amount", "USD", "US$1,234.50"),
        (Decimal("1234.5000"), "amount", "", "1,234.5"),
        (0.123, "deviation", "CNY", "12.3%"),
        (np.inf, "seconds", "", "从未"),
        (90.0, "seconds", "", "1.5 分钟"),
        (12, "tickets", "", "12"),
        (True, "is_trap", "", "是"),
        (np.False_, "is_night", "", "否"),
        ("stock_out", "failure_cause", "", "断货"),
        ("missing", "state", "", "缺失"),
        ("small", "client", "", "small"),
        (None, "licensor", "", "—"),
        (np.nan, "days_left", "", "—"),
        (pd.NaT, "verified_at", "", "—"),
    ],
)
def test_values_are_shown_as_a_reader_writes_them(zh, value, column, currency, shown):
    assert cell(value, column, zh, currency) == shown


def test_columns_are_called_as_the_nearest_table_calls_them(zh):
    assert column_name("kind", zh, ["supplier_id", "kind", "document_id", "licensor", "valid_to"]) == "证照类型"
    assert column_name("kind", zh, ["supplier_id", "fee_id", "kind", "amount", "charged_at"]) == "费用类型"
    assert column_name("name", zh, ["supplier_id", "sku", "name"]) == "商品名称"
    assert column_name("seconds", zh, ["seconds"]) == "时长"
    assert column_name("of_no_table", zh, ["of_no_table"]) == "of_no_table"


def test_rows_show_names_money_and_what_has_not_ended(zh):
    rows = pd.DataFrame(
        {
            "supplier_id": ["S01", "S01", "S02"],
            "order_id": ["K1", "K2", "K3"],
            "sku": ["G1", "G1", "G1"],
            "seconds": [60.0, 7200.0, np.nan],
            "has_ended": [True, False, False],
            "amount": [Decimal("5"), Decimal("6"), None],
            "currency": ["CNY", "USD", "CNY"],
            "rank": [1, 2, 1],
        }
    )
    told = in_words(rows, zh, {"S01": "云杉数卡", "S02": "灵犀智享"})
    assert list(told.columns) == ["供货商", "订单号", "商品编号", "时长", "订单金额"]
    assert told.to_numpy().tolist() == [
        ["S01 云杉数卡", "K1", "G1", "1 分钟", "¥5.00"],
        ["S01 云杉数卡", "K2", "G1", "> 2 小时", "US$6.00"],
        ["S02 灵犀智享", "K3", "G1", "从未", "—"],
    ]


def test_since_is_a_moment_beside_until_and_a_day_alone(zh):
    outage = pd.DataFrame({"since": [pd.Timestamp("2026-10-01 00:00")], "until": [pd.Timestamp("2026-10-01 01:00")]})
    assert in_words(outage, zh).to_numpy().tolist() == [["2026-10-01 08:00", "2026-10-01 09:00"]]
    client = pd.DataFrame({"client": ["甲"], "since": [pd.Timestamp("2024-03-01")]})
    assert in_words(client, zh).to_numpy().tolist() == [["甲", "2024-03-01"]]


@pytest.mark.parametrize(
    ("measure", "shown"),
    [
        ("service.first_response", "≥\u00a095%（限 10 分钟）"),
        ("price.band_share", "≥\u00a095%（±5% 以内）"),
        ("price.tier_discount", "≥\u00a05%（月采购额超 50,000）"),
        ("stability.hot_depth", "≥\u00a010,000 件"),
        ("service.dispute_rate", "≤\u00a02%"),
    ],
)
def test_standards_are_told_with_their_limit(card_of, zh, measure, shown):
    assert asked(card_of({measure: {"S01": (0.5, 1, np.nan, np.nan)}}).iloc[0], zh) == shown
