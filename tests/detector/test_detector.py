import re
import string
from importlib import import_module
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmanalysis import detector
from kmanalysis.detector import CONTACTS, GLANCE, KINDS, MASK, found, holds_secret, looks_like_code, masked, masked_name, names_code, replaced

MODULES = [import_module(f"kmanalysis.detector.{path.stem}") for path in sorted(Path(detector.__file__).parent.glob("[a-z]*.py"))]


def values(text, **options):
    return [secret.value for secret in found(text, **options)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mail a.b+c@qq.com now", "mail *** now"),
        ("写信到ｂｏｓｓ＠ｓｈｏｐ．ｃｎ。", "写信到***。"),
        ("mysql://user:word@host.example/x", "mysql://user:***/x"),
        ("a@b, x@y, 5@3.2", "a@b, x@y, 5@3.2"),
        ("two a@b.com;c@d.org", "two ***;***"),
        ("a@b@c.com", "a@***"),
    ],
)
def test_addresses(text, shown):
    assert masked(text) == shown


MOBILES = [
    "13800138000", "138 0013 8000", "138-0013-8000", "138.0013.8000", "1380-013-8000", "138 00138000", "+8613800138000", "+86 138 0013 8000",
    "0086-13800138000",
    "(+86)138-0013-8000", "86 138 00138000", "8613800138000", "１３８００１３８０００", "138\u200b0013\u200b8000", "138\u00a00013\u00a08000",
    "1 3 8 0 0 1 3 8 0 0 0",
    "138\u20130013\u20138000", "138－0013－8000", "138·0013·8000", "1\u200d3\u200d8\u200d00138000", "１３８ ００１３ ８０００",
]  # fmt: skip
OTHER_PHONES = [
    ("010-12345678", "01012345678"), ("0755-1234567", "07551234567"), ("(021)58886888", "02158886888"), ("021 5888 6888", "02158886888"),
    ("0755-12345678-123", "075512345678"), ("+852 9123 4567", "+85291234567"), ("+852-91234567", "+85291234567"), ("00852 91234567", "+85291234567"),
    ("852-9123-4567", "+85291234567"), ("+853 6612 3456", "+85366123456"), ("+886 912 345 678", "+886912345678"), ("+886-2-12345678", "+886212345678"),
    ("+1 415 555 2671", "+14155552671"), ("+44 20 7946 0958", "+442079460958"),
]  # fmt: skip


@pytest.mark.parametrize("around", ["{}", "找张三 {} 处理", "电话{}。", "tel:{}", "<{}>", "a {} b", "张三_{}_北京"])
@pytest.mark.parametrize(("number", "value"), [*((number, "13800138000") for number in MOBILES), *OTHER_PHONES])
def test_numbers(number, value, around):
    # A word beside it may find more of it, such as its extension.
    assert [found.lstrip("+").removeprefix("86")[:11] for found in values(around.format(number))] == [value.lstrip("+")[:11]]
    assert not re.search(r"\d{3}", detector.folded(masked(around.format(number))))


@pytest.mark.parametrize(
    "text",
    [
        "13291111693b4983ba9cf660ff411e23", "0f16598591744ef8aaf7dad025da65f7", "a13800138000", "13800138000x", "202610011234567890",
        "138001380001380013", "12800138000",
        "2026-10-01 13:45:10", "20261001134510", "价格 13.80 元", "13800.13800138", "0.13800138000", "192.168.10.101", "193.168.101.12",
        "1500 200 3000", "100-200-300",
        "面值 50 100 200 500", "v1.13.800.1380", "6222 0212 3456 7890 123", "978-7-111-12345-6", "2026/10/01-2026/10/31", "+08:00", "+1200", "-13800138",
    ],
)  # fmt: skip
def test_other_numbers_stay(text):
    assert values(text) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("微信：zhangwei_88", "微信：***"), ("微信号zhangwei88 备注", "微信号*** 备注"), ("VX: abc12345", "VX: ***"), ("wx：abc-1234", "wx：***"),
        ("加v abc12345", "加v ***"),
        ("WeChat: zhangweishop", "WeChat: ***"), ("wxid_a1b2c3d4e5", "***"), ("QQ: 12345678", "QQ: ***"), ("QQ12345678联系", "QQ***联系"),
        ("企鹅 123 456 789", "企鹅 ***"),
        ("qq群：987654321", "qq群：***"), ("tg: @seller_one", "tg: ***"), ("https://t.me/seller_one", "https://t.me/***"), ("微信 123456789", "微信 ***"),
        ("手机：138 00 13 80 00", "手机：***"), ("电话 8888 6666", "电话 ***"), ("tel: 5888-6888", "tel: ***"),
        ("微信支付 100 元", "微信支付 100 元"), ("WeChat: payment refused", "WeChat: payment refused"), ("QQ会员 12个月", "QQ会员 12个月"),
        ("QQ币 100", "QQ币 100"),
        ("WX20261001123456", "WX20261001123456"), ("电话 2026-10-01 回访", "电话 2026-10-01 回访"), ("微信 20261001", "微信 20261001"),
    ],
)  # fmt: skip
def test_what_a_word_says(text, shown):
    assert masked(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("卡号：80001234 密码：556677", "卡号：*** 密码：***"), ("卡号80001234密码556677", "卡号***密码***"), ("code ABCD-1234-EFGH dead",
        "code *** dead"), ("CODE：abcd1234", "CODE：***"),
        ("卡密: A1B2C3D4", "卡密: ***"), ("兑换码 XK29-PQ81 无效", "兑换码 *** 无效"), ("激活码为QWER1234TYUI", "激活码为***"), ("pwd abc123",
        "pwd ***"), ("password=hunter2!", "password=***!"),
        ("密码是 a1b2", "密码是 ***"), ("cdkey: 1234-5678-9012", "cdkey: ***"), ("卡号 6222 0212 3456 7890", "卡号 ***"), ("卡号：6222 0212 3456 7890",
        "卡号：***"),
        ('{"code":"ABCD-12345","pwd":"x1y2z3"}', '{"code":"***","pwd":"***"}'), ("user@x.com----Pass1234", "***"), ("QZXK-0003-MRKR-7003 失效", "*** 失效"),
        ("密码错误", "密码错误"), ("password: reset required", "password: reset required"), ("error code: 404", "error code: 404"), ("code 20261001",
        "code 20261001"),
        ("激活码 Office2021", "激活码 Office2021"), ("STEAM-CARD-1000", "STEAM-CARD-1000"), ("GIFT-CARD-2026", "GIFT-CARD-2026"), ("PS5-PLUS-12M0",
        "PS5-PLUS-12M0"),
        ("8f14e45f-ceea-467f-a83b-6f0e1c2d3b4a", "8f14e45f-ceea-467f-a83b-6f0e1c2d3b4a"),
    ],
)  # fmt: skip
def test_codes(text, shown):
    assert masked(text) == shown


def test_a_file_of_codes_hides_what_is_like_one():
    text = "移位 A1B2C3D4E5F6 2026-10-01 20261001123456789 Steam"
    assert values(text) == []
    assert values(text, holds_codes=True) == ["A1B2C3D4E5F6"]


@pytest.mark.parametrize(
    ("text", "is_code"),
    [
        ("ABCD-1234-EFGH", True), ("A1B2C3D4E5", True), ("123456789012345", True), ("2026-10-01T25:00:00Z", False), ("delivered", False), ("12.5", False),
        ("2026100112345671", False),
    ],
)  # fmt: skip
def test_what_may_be_a_code(text, is_code):
    assert looks_like_code(text) == is_code


def test_kinds_are_chosen():
    text = "a@b.com 13800138000 QQ: 12345678 密码：x1y2"
    assert [secret.kind for secret in found(text)] == list(KINDS)
    assert [secret.kind for secret in found(text, CONTACTS)] == list(CONTACTS)
    assert found(text, ()) == []


def test_headings_and_names():
    assert [masked_name(name) for name in ("订单号", "ORDER DATE TIME", "A1B2C3D4E5F6", "13800138000", "b@c.com")] == [
        "订单号",
        "ORDER DATE TIME",
        MASK,
        MASK,
        MASK,
    ]
    assert [names_code(name) for name in ("卡密", "Code", "兑换码（新）", "邮编", "zip code", "商品")] == [True, True, True, False, False, False]
    assert holds_secret("A1B2C3D4E5F6")
    assert not holds_secret("已发货")


PIECES = [*MOBILES, *(number for number, _ in OTHER_PHONES), "a.b@c.example", "ａ＠ｂ．com", "微信：zhang_88", "QQ 12345678", "vx:abc123456",
"卡号：8000-1234", "密码 ab12", "code: AB12-CD34",
          "QZXK-0003-MRKR-7003", "x@y.cn----pw12", "kd1:" + "0a" * 16, MASK, "普通", "Steam 100", "2026-10-01", "13291111693b4983ba9cf660ff411e23",
          " ", "，", "-", ".", "\u200b", "\n"]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(st.sampled_from("aZ19 -.@:：卡密码微信１\u200b\u00a0(+)_\n"), max_size=6), max_size=8).map("".join)


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_what_was_reduced_stays(text):
    once = masked(text)
    assert masked(once) == once
    digested = replaced(text, lambda _: "kd1:" + "0" * 32)
    assert replaced(digested, lambda _: "kd1:" + "1" * 32) == digested


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_the_rest_is_as_it_was(text):
    secrets = found(text)
    kept, place = [], 0
    for secret in secrets:
        assert place <= secret.start < secret.end <= len(text)
        kept.append(text[place : secret.start])
        place = secret.end
    assert masked(text) == MASK.join([*kept, text[place:]])


def test_the_engine_sees_at_a_glance_what_may_hold_one():
    connection = duckdb.connect()
    connection.create_function("found", lambda text: bool(found(text)), ["VARCHAR"], "BOOLEAN")

    @settings(max_examples=60, deadline=None)
    @given(st.lists(TEXTS, max_size=20))
    def check(texts):
        missed = connection.execute(
            f"SELECT x FROM (SELECT unnest(?::VARCHAR[]) AS x) WHERE found(x) AND NOT regexp_matches(x, '{GLANCE}')", [texts]
        ).fetchall()
        assert missed == []

    check()
    plain = ["普通商品", "Steam 100", "Netflix Premium", "", "缺货", "10086", "12.50 元"]
    assert connection.execute(f"SELECT count(*) FROM (SELECT unnest(?) AS x) WHERE regexp_matches(x, '{GLANCE}')", [plain]).fetchone() == (0,)


LONG = ["a", "a@", "@", "a.", "a.b@", "a@b.", "1", "1 ", "13 ", "138 ", "138-", "138.", "+86", "(", "0086 ", "010-", "code", "code:", "code=a1-",
"A1B2-", "QQ", "QQ1", "微信:", "wxid_", "电话1",
        "-", "a----", "密码：", "密码：a", "卡号 AB12 ", "\u200b", "１", "＠", ".", "kd1:", "tel 1 "]  # fmt: skip


@pytest.mark.parametrize("unit", LONG)
@pytest.mark.parametrize("end", ["", "@b.c"])
def test_a_cell_of_any_length_is_read_once(unit, end):
    """A pattern that went back over what it had read would take long here, and the suite's limit would end it."""
    text = unit * (60_000 // len(unit)) + end
    assert len(masked(text)) <= len(text) * 2


SINGLE = r"\[[^\]]+\]"
CHAIN = rf"(?:\(\?<!\[A-Za-z0-9-\]\))?{SINGLE}\+(?:\(\?:(?:\[-_\]|-){SINGLE}\+\)\*)+"
"""Words with hyphens between, which are no letters of theirs: there is one way to read them."""


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_no_pattern_repeats_a_repetition(module):
    for name, pattern in vars(module).items():
        if isinstance(pattern, re.Pattern):
            nested = re.search(r"[+*]\)[+*]", pattern.pattern)
            assert not nested or re.fullmatch(CHAIN, pattern.pattern), name


def test_letters_of_codes_are_ascii():
    assert {sign for sign in string.printable if masked(f"密码:{sign}aa1") == "密码:***"} >= set(string.ascii_letters + string.digits)
