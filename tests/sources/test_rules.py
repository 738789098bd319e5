"""The operator's rules of who supplies what, and the address of a database."""

import duckdb
import pytest

from kmanalysis.errors import DataError, UsageError
from kmanalysis.sources.address import VARIABLE, find_address, parse_address
from kmanalysis.sources.rules import FACTS, Rules, draft, parse_rules

GOODS = {"sku": "12", "product": "Steam 100% card", "group_id": "3", "group_name": "Steam", "upstream_id": "7", "upstream_name": "North", "owner": "9"}


def supplier(text, **facts):
    """Whom the rules give a row of these facts."""
    rules = parse_rules(text)
    row = dict.fromkeys(FACTS) | GOODS | facts
    types = {"note_rules": "INTEGER[]", "batch_at": "TIMESTAMP"}
    cells = ", ".join(f"?::{types.get(name, 'VARCHAR')} AS {name}" for name in FACTS)
    # All of the answer: one that is not read to its end keeps the connection from the tests that follow.
    ((found,),) = duckdb.execute(f"SELECT {rules.supplier_sql()} FROM (SELECT {cells})", [row[name] for name in FACTS]).fetchall()
    return found


@pytest.mark.parametrize(
    "condition",
    ['group = "3"', 'group = "Steam"', 'product = "*100%*"', 'product = ["nothing", "STEAM*card"]', 'sku = ["11", "12"]', 'upstream = "North"',
     'upstream = "7"', 'user = 9', 'batch = "2026-10-02 08"', 'group = "Steam"\nuser = "9"', ""],
)  # fmt: skip
def test_conditions_hold(condition):
    assert supplier(f'[[rule]]\nsupplier = "a"\n{condition}', batch_at="2026-10-02 00:30:00") == "a"


@pytest.mark.parametrize("condition", ['group = "4"', 'product = "Steam 100_ card"', 'product = "steam"', 'user = "1"', 'batch = "2026-10-01"', 'note = "x"'])
def test_conditions_fail(condition):
    assert supplier(f'[[rule]]\nsupplier = "a"\n{condition}', batch_at="2026-10-02 00:30:00") == "unassigned"


def test_the_first_rule_that_matches_decides():
    text = '[[rule]]\nsupplier = "no"\ngroup = "x"\n[[rule]]\nsupplier = "first"\ngroup = "3"\n[[rule]]\nsupplier = "second"\ngroup = "3"'
    assert supplier(text) == "first"


def test_notes_are_matched_while_read():
    rules = parse_rules('[[rule]]\nsupplier = "a"\ngroup = "1"\n[[rule]]\nsupplier = "b"\nnote = ["*wang*", "li?"]')
    assert [rules.fitting(note) for note in ("old Wang's", "LI2", "zhang")] == [[1], [1], []]
    assert supplier('[[rule]]\nsupplier = "b"\nnote = "x"', note_rules=[0]) == "b"
    assert rules.digest != Rules(()).digest


@pytest.mark.parametrize(
    ("text", "told"),
    [("[[rule]", "TOML"), ("[[rule]]\ngroup = '1'", "supplier is missing"), ("[[rule]]\nsupplier = 'a'\ncolour = 'x'", "colour"), ("currency = 5", "currency"),
     ("currency = 'yuan'", "yuan"), ("[[rule]]\nsupplier = 'a'\ncost = '0'", "cost"), ("[[rule]]\nsupplier = 'a'\ncost = 'dear'", "cost"),
     ("tickets = 1", "tickets")],
)  # fmt: skip
def test_what_cannot_be_used_is_said(text, told):
    with pytest.raises(DataError, match=told):
        parse_rules(text)


def test_a_draft_can_be_read_whatever_names_hold():
    rows = [("group", "1", "group-1", 'A "quoted"\n[[rule]]\\ name'), ("user", "9", "user-9", None), ("upstream", "2", "shop-2", "call 13800138000")]
    drafted = draft(rows, "CNY", ["First.", "Second."], b"k" * 32)
    assert [(rule.supplier, dict(rule.conditions)) for rule in drafted.rules] == [
        ("group-1", {"group": ("1",)}),
        ("user-9", {"user": ("9",)}),
        ("shop-2", {"upstream": ("2",)}),
    ]
    assert "13800138000" not in drafted.text
    assert drafted.currency == "CNY"


def test_an_address_is_read_and_not_shown():
    found = parse_address("mysql://us%40er:p%2Fw@host:3307/shop?ssl_ca=a")
    assert (found.kind, found.user, found.password, found.host, found.port, found.database) == ("mysql", "us@er", "p/w", "host", 3307, "shop")
    assert repr(found) == "Address(kind='mysql')"
    assert parse_address("sqlite:////data/shop.db").database == "/data/shop.db"


@pytest.mark.parametrize("text", ["oracle://a:secret@h/d", "mysql://a:secret@h", "mysql://a:secret@h:port/d", "secret", "mysql://a:secret@[h/d"])
def test_an_address_that_cannot_be_read_is_not_repeated(text):
    with pytest.raises(UsageError) as problem:
        parse_address(text)
    assert "secret" not in str(problem.value)


def test_the_environment_is_asked_where_no_file_is_named(tmp_path):
    assert find_address(environment={VARIABLE: " sqlite:///a "}).database == "a"
    with pytest.raises(UsageError, match=VARIABLE):
        find_address(environment={})
    with pytest.raises(UsageError, match="absent"):
        find_address(tmp_path / "absent")
