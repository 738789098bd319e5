import pytest

from kmanalysis.engine.duckdb import connect
from kmanalysis.loaders.mapping.proposing.cells import Cells
from kmanalysis.loaders.mapping.proposing.describing import MARK, Describing
from kmanalysis.tables import tables
from kmanalysis.words import Words

WORDS = Words("en")


@pytest.fixture(scope="module")
def engine():
    with connect() as connection:
        yield connection


def described(engine, name, *values, unit="", shown=str, **kinds):
    """What is said of a column with these cells, and what stays doubtful."""
    table, _, column = name.partition(".")
    spec: dict[str, object] = {}
    cells = Cells(rows=len(values), filled=len(values), distinct=len(values), values=tuple(sorted(values)), **kinds)
    doubts = Describing(engine, WORDS, shown, is_typed=False).describe(tables()[table].columns[column], cells, unit, spec)
    return spec, doubts


@pytest.mark.parametrize(
    ("cell", "formats"),
    [
        ("2026-10-13 10:00:00", None),
        ("13/10/2026 10:00", ["%d/%m/%Y %H:%M"]),
        ("10/13/2026 3:05 PM", ["%m/%d/%Y %I:%M %p"]),
        ("20261013100000", ["%Y%m%d%H%M%S"]),
        ("20261013 10:00:00", ["%Y%m%d %H:%M:%S"]),
        ("Oct 13, 2026", ["%b %d, %Y"]),
    ],
)
def test_formats_of_times(engine, cell, formats):
    spec, doubts = described(engine, "orders.ordered_at", cell, times=1)
    assert (spec.get("formats"), doubts) == (formats, [])


def test_seconds_since_1970(engine):
    assert described(engine, "orders.ordered_at", "1790000000", unix=1) == ({"formats": ["unix"]}, [])
    assert described(engine, "orders.ordered_at", "1790000000123", unix=1) == ({"formats": ["unix_ms"]}, [])


def test_a_word_among_times_is_asked_for(engine):
    spec, doubts = described(engine, "orders.ordered_at", "13/10/2026", "未付款", times=1)
    assert spec == {"missing": ["未付款"], "formats": ["%d/%m/%Y"]}
    assert doubts == ["say what each of these means: —"]


def test_a_zone_in_the_heading_is_the_cells(engine):
    assert described(engine, "orders.ordered_at", "2026-10-13 10:00:00", unit="utc", times=1) == ({"timezone": "UTC"}, [])


def test_states_are_named_with_what_they_are_known_to_mean(engine):
    assert described(engine, "orders.status", "已取消", "delivered") == ({"values": {"已取消": "cancelled"}}, [])
    spec, doubts = described(engine, "orders.status", "已取消", "成功")
    assert spec == {"values": {"已取消": "cancelled", "成功": ""}}
    assert doubts == ["say what each of these means: pending, delivered, failed, cancelled, refunded"]
    assert described(engine, "orders.delivered_is_upper_bound", "是", "no") == ({}, [])
    assert described(engine, "orders.delivered_is_upper_bound", "早") == ({"values": {"早": ""}}, ["say what each of these means: true, false"])


def test_currencies_are_read_by_their_names(engine):
    assert described(engine, "orders.currency", "人民币", "usd", "EUR") == ({"values": {"人民币": "CNY", "usd": "USD"}}, [])
    assert described(engine, "orders.currency", "金币")[1] == ["say what each of these means: CNY, USD, …"]


def test_a_unit_in_the_heading_becomes_a_factor_and_a_question(engine):
    spec, doubts = described(engine, "orders.amount", "990", unit="分", numbers=1)
    assert spec == {"factor": 0.01}
    assert doubts == ["the heading states the unit 分: each cell is multiplied"]
    assert described(engine, "orders.amount", "9.90", unit="元", numbers=1) == ({}, [])
    assert described(engine, "probes.latency_ms", "0.2", unit="s", numbers=1)[0] == {"factor": 1000}
    assert described(engine, "discount_tiers.discount_share", "5%", unit="%", numbers=1, percents=1) == ({}, [])


def test_the_sign_that_keeps_a_spreadsheet_from_reading_a_cell_is_taken_out(engine):
    assert described(engine, "orders.ordered_at", "`2026-10-13 10:00:00", times=1, marked=1) == ({"remove": [MARK]}, [])
    assert described(engine, "orders.order_id", "`1", "2", marked=1) == ({}, [])


def test_no_cell_that_may_not_be_shown_is_named(engine):
    spec, doubts = described(engine, "orders.status", "AAAA-1111-BBBB-2222", "成功", shown=lambda text: "***" if "-" in text else text)
    assert spec == {"values": {"成功": ""}}
    assert doubts[-1] == "1 cells look like secrets and are not shown"
    assert described(engine, "orders.amount", "secret", shown=lambda text: "")[0] == {}


def test_a_scope_is_written_as_it_must_be(engine):
    assert described(engine, "documents.scope", "*", "brand:QQ") == ({}, [])
    assert described(engine, "documents.scope", "全部")[1][0].startswith("some of its cells are not written like this")
