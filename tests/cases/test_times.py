"""Times as exports write them: read as a person would, or refused; hours that clocks showed twice are doubts."""

from datetime import UTC, datetime

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cases.loading import orders, read


def test_halves_of_the_day_wide_signs_and_words(tmp_path):
    cells = ["2026/10/1 上午 9:05", "2026/10/1 下午 3:05:07", "2026/10/1 3:05:00 PM", "2026-10-01 12：00：00", "2026年10月1日 12时30分", "2026.10.01 12:00:00"]
    cells += ["2026-10-01\u00a012:00:00", "2026/10/01 12:00:00+08:00"]
    text = "订单号,下单时间,金额\n" + "".join(f"A{number},{cell},1\n" for number, cell in enumerate(cells))
    receipt, rows, rejects = read(tmp_path, text, orders(), "orders")
    assert (receipt.read, receipt.kept, rejects) == (8, 8, [])
    hours = {row["order_id"]: row["ordered_at"].strftime("%H:%M:%S") for row in rows}
    assert list(dict(sorted(hours.items())).values()) == ["01:05:00", "07:05:07", "07:05:00", "04:00:00", "04:30:00", "04:00:00", "04:00:00", "04:00:00"]


@pytest.mark.parametrize("ordered_at", ['from = "下单时间", formats = ["%Y/%m/%d %H:%M"]', 'from = "下单时间", remove = ["下午 "]'])
def test_an_afternoon_is_not_read_as_a_morning(tmp_path, ordered_at):
    text = "订单号,下单时间,金额\nA1,2026/10/1 下午 3:05,1\nA2,2026/10/1 3:05,1\n"
    _, rows, rejects = read(tmp_path, text, orders(ordered_at=ordered_at), "orders")
    assert [row["order_id"] for row in rows] == ["A2"]
    assert rejects == [[2, "下单时间", "2026/10/1 下午 3:05", "other_half", "15:05 / 3:05"]]


def test_offsets_as_shops_write_them(tmp_path):
    formats = 'from = "下单时间", formats = ["%Y-%m-%d %H:%M:%S %z"]'
    text = "订单号,下单时间,金额\nA1,2026-04-05 21:06:21 +0400,1\nA2,2026-04-05T21:37Z,1\nA3,2026-04-05T10:00+08:00,1\n"
    for number, ordered_at in enumerate(('from = "下单时间"', formats)):
        (tmp_path / str(number)).mkdir()
        _, rows, rejects = read(tmp_path / str(number), text, orders(ordered_at=ordered_at), "orders")
        assert rejects == []
        assert {row["order_id"]: row["ordered_at"] for row in rows} == {
            "A1": datetime(2026, 4, 5, 17, 6, 21),
            "A2": datetime(2026, 4, 5, 21, 37),
            "A3": datetime(2026, 4, 5, 2),
        }


def test_offsets_beyond_fourteen_hours_are_refused(tmp_path):
    _, rows, rejects = read(tmp_path, "订单号,下单时间,金额\nA1,2026-04-05 21:06:21+15:00,1\n", orders(), "orders")
    assert (rows, rejects[0][:4]) == ([], [2, "下单时间", "2026-04-05 21:06:21+15:00", "not_time"])


def test_nine_decimals_of_a_second_in_parquet(tmp_path):
    stamps = pa.array([pd.Timestamp("2026-10-05 11:00:00.123456789").value], pa.timestamp("ns"))
    zoned = pa.array([pd.Timestamp("2026-10-05 11:00:00.123456789", tz="UTC").value], pa.timestamp("ns", "UTC"))
    for number, column in enumerate((stamps, zoned)):
        (tmp_path / str(number)).mkdir()
        pq.write_table(pa.table({"订单号": ["A1"], "下单时间": column, "金额": ["1"]}), tmp_path / str(number) / "raw.parquet")
        _, rows, rejects = read(tmp_path / str(number), None, orders(zone="UTC"), "orders", "raw.parquet")
        assert rejects == []
        assert rows[0]["ordered_at"].replace(tzinfo=UTC) == datetime(2026, 10, 5, 11, 0, 0, 123456, tzinfo=UTC)


def test_hours_that_the_clocks_showed_twice_or_never_are_doubts(tmp_path):
    cells = {"twice": "2026-11-01 01:30:00", "never": "2026-03-08 02:30:00", "once": "2026-11-01 00:59:00", "told": "2026-11-01 01:30:00-04:00"}
    text = "订单号,下单时间,金额\n" + "".join(f"{name},{cell},1\n" for name, cell in cells.items())
    receipt, rows, _ = read(tmp_path, text, orders(zone="America/New_York"), "orders")
    assert len(rows) == 4
    assert {reason: count for reason, count in receipt.doubts.items() if reason.startswith("time")} == {"time_twice": 1, "time_skipped": 1}


def test_a_doubt_is_of_rows_that_were_kept(tmp_path):
    text = "订单号,下单时间,金额\nA1,2026-11-01 01:30:00,x\n"
    receipt, rows, _ = read(tmp_path, text, orders(zone="America/New_York"), "orders")
    assert (rows, receipt.doubts) == ([], {})


def test_a_missing_year_is_stated(tmp_path):
    text = "订单号,下单时间,金额\nA1,10-01 12:30,1\nA2,10月2日 下午 1:00,1\nA3,2025-10-01 12:30,1\n"
    _, rows, _ = read(tmp_path, text, orders(ordered_at='from = "下单时间", year = 2026'), "orders")
    assert {row["order_id"]: str(row["ordered_at"]) for row in rows} == {"A1": "2026-10-01 04:30:00", "A2": "2026-10-02 05:00:00", "A3": "2025-10-01 04:30:00"}


def test_a_date_and_a_time_in_two_columns(tmp_path):
    text = "订单号,日期,时间,金额\nA1,2026-10-01,12:30:15,1\nA2,2026/10/1,下午 3:05,1\nA3,2026-10-01,,1\n"
    _, rows, rejects = read(tmp_path, text, orders(ordered_at='join = ["日期", "时间"]'), "orders")
    assert {row["order_id"]: str(row["ordered_at"]) for row in rows} == {"A1": "2026-10-01 04:30:15", "A2": "2026-10-01 07:05:00"}
    assert [entry[:4] for entry in rejects] == [[4, "日期 + 时间", "2026-10-01", "not_time"]]


def test_opened_and_hours_make_a_moment(tmp_path):
    mapping = """
[source]
timezone = "Asia/Shanghai"
[tables.tickets.columns]
ticket_id = { from = "工单" }
supplier_id = { constant = "S1" }
opened_at = { from = "提交时间" }
resolved_at = { from = "提交时间", plus = { from = ["处理时长(小时)", "时长"], unit = "hours" } }
kind = { constant = "question" }
is_staged = { constant = false }
"""
    text = "工单,提交时间,处理时长(小时)\n1,2026-10-01 08:00,1.5\n2,2026-10-01 08:00,\n3,2026-10-01 08:00,半天\n"
    _, rows, rejects = read(tmp_path, text, mapping, "tickets")
    assert {row["ticket_id"]: row["resolved_at"] for row in rows} == {"1": datetime(2026, 10, 1, 1, 30), "2": None}
    assert [entry[:2] + entry[3:4] for entry in rejects] == [[4, "提交时间 + 处理时长(小时)", "not_time"]]
