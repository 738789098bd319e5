"""How often the detector misses a secret, and how often it takes something else for one: on texts drawn from how people write both."""

import random
import string

import pytest

from kmanalysis.detector import folded, masked

DRAWN = 4000
MOST = {0.0: 0.002, 0.1: 0.04}
"""The share of misses, and of false hits, that may be: by how many of the texts are written as hardly anybody writes them."""
BEFORE = ["", "联系 ", "请找张三，", "退款：", "note ", "客户说 ", "发到", "（", "2026-10-01 ", "订单A1024 ", "缺货 "]
AFTER = ["", " 处理", "，谢谢", "。", " now", "）", " 无效", "\n", "；已退", " x2"]
SEPARATORS = ["", " ", "-", ".", "\u00a0", "\u200b", "–"]


def digits(rng, count, first="0123456789"):
    return rng.choice(first) + "".join(rng.choices(string.digits, k=count - 1))


def wide(rng, text):
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text) if rng.random() < 0.15 else text


def mobile(rng, hard=0.0):
    number, between = "1" + rng.choice("3456789") + digits(rng, 9), rng.choice(SEPARATORS)
    if rng.random() < hard:
        size, between = rng.choice([1, 2, 4, 5]), rng.choice([" ", "-", "/", "  ", "_", "\u200d", " · ", "——"])
        return between.join(number[place : place + size] for place in range(0, 11, size))
    written = between.join((number[:3], number[3:7], number[7:]))
    return rng.choice(["", "", "+86", "+86 ", "0086-", "(+86)", "86-"]) + wide(rng, written)


def landline(rng, hard=0.0):
    area = rng.choice(["010", "021", "0755", "0571", "028"])
    return rng.choice(["{}-{}", "({}){}", "{} {}"]).format(area, digits(rng, 8, "2345678")) + rng.choice(["", "-" + digits(rng, 3)])


def abroad(rng, hard=0.0):
    code, count = rng.choice([("852", 8), ("853", 8), ("886", 9)])
    number = digits(rng, count, "2569" if code != "886" else "9")
    return f"+{code}{rng.choice(['', ' ', '-'])}{number[:4]}{rng.choice(['', ' '])}{number[4:]}"


def email(rng, hard=0.0):
    sign = rng.choice([" @ ", "#", "(at)", "＠", "\u200b@"]) if rng.random() < hard else "@"
    local = "".join(rng.choices(string.ascii_lowercase, k=5)) + rng.choice([".x", "_9", "+a", "77", ""])
    return wide(rng, f"{local}{sign}{rng.choice(['qq.com', '163.com', 'gmail.com', 'mail.shop.example', 'foxmail.com'])}")


def messenger(rng, hard=0.0):
    name = "".join(rng.choices(string.ascii_lowercase, k=4)) + rng.choice(["_", "-", ""]) + digits(rng, 4)
    if rng.random() < hard:
        return rng.choice(["薇 {}", "V {}", "微信 {}", "wei xin: {}", "微信同号 {}", "QQ {}"]).format(
            rng.choice([name, name[:4] + "shop", digits(rng, 5, "123456789")])
        )
    stated = rng.choice(["微信：{}", "微信号:{}", "vx: {}", "VX：{}", "wx:{}", "WeChat: {}", "加微信 {}", "微信{}"]).format(name)
    return rng.choice([stated, rng.choice(["QQ: {}", "QQ{}", "qq号：{}", "企鹅 {}", "QQ群:{}"]).format(digits(rng, rng.randint(6, 10), "123456789"))])


def code(rng, hard=0.0):
    groups = "-".join("".join(rng.choices(string.ascii_uppercase + string.digits, k=4)) for _ in range(3))
    plain = "".join(rng.choices(string.ascii_uppercase, k=3)) + digits(rng, 6) + "".join(rng.choices(string.ascii_uppercase, k=3))
    number = digits(rng, 8, "456789")
    if rng.random() < hard:
        return rng.choice(
            [
                plain,
                groups,
                f"密钥 {plain}",
                f"码 {groups}",
                f"卡 {number}",
                f"密码 {digits(rng, 4, '456789')}",
                f"code {number}",
                f"{number}/{plain}",
                f"key: {groups.lower()}",
            ]
        )
    return rng.choice([
        f"卡号：{number} 密码：{digits(rng, 6, '456789')}", f"卡密: {plain}", f"兑换码：{groups}", f"激活码 {plain}", f"code: {plain}",
        f"code {plain} dead", f"pwd {plain}",
        f"password={plain}", f"卡号{number}密码{digits(rng, 6, '456789')}", f"cdkey:{groups}", f"{email(rng, hard)}----{plain}",
    ])  # fmt: skip


KINDS = [mobile, landline, abroad, email, messenger, code]


def nothing(rng, hard=0.0):
    """A text without a secret."""
    month, day = rng.randint(1, 12), rng.randint(1, 28)
    name = rng.choice(
        [
            "Steam",
            "网易云",
            "QQ会员",
            "腾讯视频VIP",
            "Netflix Premium",
            "Windows 11 Pro",
            "微信支付",
            "激活码 Office2021",
            "PS5",
            "礼品卡",
            "卡密自动发货",
            "企鹅电竞",
            "WX小程序",
        ]
    )
    if rng.random() < hard:
        return rng.choice(
            [
                f"激活码 Office2021-{rng.randint(1, 12)}M",
                "面值 150 2000 3000",
                f"code: E{digits(rng, 5)}",
                f"1{digits(rng, 10)}",
                f"QQ {rng.randint(100000, 999999)} 点",
                "密码: none",
                f"SN-{digits(rng, 4)}-AB{digits(rng, 2)}-{digits(rng, 4)}",
                f"http://shop.example/{digits(rng, 12)}",
                f"{digits(rng, 3)}-{digits(rng, 4)}-{digits(rng, 4)}",
                f"0{digits(rng, 10)}",
                f"key: {digits(rng, 6)}",
                f"联系方式 {digits(rng, 4)}",
                f"微信: refund{rng.randint(1, 9)}",
                f"金额 +{digits(rng, 9)}",
                "user@localhost",
                f"P{digits(rng, 11)}",
            ]
        )
    return rng.choice([
        f"{name} {rng.choice([10, 30, 50, 100, 648])}元", f"{name} {rng.randint(1, 24)}个月",
        f"2026-{month:02}-{day:02} {rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{day:02}",
        f"订单 2026{month:02}{day:02}{digits(rng, rng.randint(8, 16))}", "".join(rng.choices("0123456789abcdef",
        k=32)), f"{rng.randint(1, 999)}.{rng.randint(0, 99):02}",
        f"金额 {rng.randint(1, 10**6):,}.{rng.randint(0, 99):02} CNY",
        f"{rng.randint(1, 255)}.{rng.randint(0, 255)}.{rng.randint(0, 255)}.{rng.randint(0, 255)}",
        f"面值 {rng.choice([10, 50])} {rng.choice([100, 200])} {rng.choice([500, 1000])}",
        f"v{rng.randint(1, 9)}.{rng.randint(0, 99)}.{rng.randint(0, 999)}", "密码错误，请重试",
        f"SKU-{rng.randint(1, 9999):04}-{rng.choice(['CN', 'US', 'HK'])}", f"{name}-{rng.randint(1, 12)}M", "买家催单，已转供货商",
        f"error code {rng.randint(400, 599)}", "pending payment",
        f"第{rng.randint(1, 99)}批 {rng.randint(1, 999)}/{rng.randint(1000, 9999)}", "发货慢 @客服",
        f"{digits(rng, 8)}-{digits(rng, 4)}-4{digits(rng, 3)}-a{digits(rng, 3)}-{digits(rng, 12)}",
        f"+{rng.randint(1, 9999)} 库存", f"{rng.randint(10**18, 10**19)}", f"GIFT-CARD-{rng.randint(10, 2000)}", f"QQ币 {rng.choice([10, 100, 1000])}",
        f"电话 2026-{month:02}-{day:02} 回访",
    ])  # fmt: skip


@pytest.mark.parametrize("hard", MOST)
def test_misses(hard):
    rng = random.Random(20261001)
    missed = {kind.__name__: [] for kind in KINDS}
    for number in range(DRAWN):
        kind = KINDS[number % len(KINDS)]
        secret = kind(rng, hard)
        text = rng.choice(BEFORE) + secret + rng.choice(AFTER)
        left = folded(masked(text))
        # What it is made of: digits of a number, a name, a code.
        parts = [
            part
            for part in folded(secret).replace("----", " ").replace("：", ":").replace(":", " ").replace("=", " ").split(" ")
            if any(map(str.isdigit, part)) or "@" in part
        ]
        if any(part in left for part in parts if len(part) > 3):
            missed[kind.__name__].append(text)
    rates = {kind: len(texts) * len(KINDS) / DRAWN for kind, texts in missed.items()}
    print(f"misses with {hard:.0%} odd texts: {sum(map(len, missed.values())) / DRAWN:.4f}", rates, [texts[:3] for texts in missed.values()])
    assert sum(map(len, missed.values())) / DRAWN < MOST[hard]
    assert max(rates.values()) < 3 * MOST[hard]


@pytest.mark.parametrize("hard", MOST)
@pytest.mark.parametrize("around", [False, True])
def test_false_hits(around, hard):
    rng = random.Random(20261002)
    texts = [nothing(rng, hard) for _ in range(DRAWN)]
    if around:
        texts = [rng.choice(BEFORE) + text + rng.choice(AFTER) for text in texts]
    wrong = [text for text in texts if masked(text) != text]
    print(f"false hits with {hard:.0%} odd texts:", len(wrong) / DRAWN, wrong[:10])
    assert len(wrong) / DRAWN < MOST[hard]
