"""Building blocks of generated inputs: characters and words that readers trip over, and random changes to bytes."""

from __future__ import annotations

import zipfile
from io import BytesIO
from random import Random

CHINESE = "订单商品金额状态已发货失败会员充值卡密腾讯视频爱奇艺游戏点券网易云音乐年月日时分秒号店铺客户备注数量单价合作"
_WILD = (
    *(" ", "  ", "\t", "\u3000", "\u00a0", "\ufeff", "\u200b", "\x0b", "\x0c", "\x1c", "\x7f", "\x85", "\u2028", "\u202e", "\x01"),
    *('"', '""', "'", ",", ";", "|", "\n", "\r\n", "\n\n", "\\", "\\n", "\\N", "NULL", "null", "%", "_", "$1", "{}", "{x}", "--", "/*", "=1+1", "@", "#"),
    *("é", "ß", "ſ", "İ", "\u0301", "🔥", "👨‍👩‍👧", "𠮷", "\ufffd", "\uffff", "\ue000", "\ue007", "１２", "０", "٣", "²"),
    *("0", "-0", "00", "1e5", "1E+18", "9007199254740993", "1e400", "0x1F", "1_000", "1,234.50", "¥25", "$10.00", "50%", "nan", "inf", "true", "无", "N/A"),
)
_LARGE = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b"\r", b"\n", b"\0", b"<", b"]]>")


def wild_text(draw: Random, wild: bool = True) -> str:
    """A text of a few random words; only Chinese and ASCII letters if not ``wild``."""
    words = []
    for _ in range(draw.choice((0, 1, 1, 1, 2, 3, 6))):
        match draw.randrange(4 if wild else 2):
            case 0:
                words.append("".join(draw.choices(CHINESE, k=draw.randrange(1, 6))))
            case 1:
                words.append("".join(draw.choices("abcXYZ0189.-:", k=draw.randrange(1, 8))))
            case 2:
                words.append(draw.choice(_WILD))
            case _:
                words.append(draw.choice(_WILD) * draw.choice((1, 1, 2, 50)))
    return "".join(words)


def mutated(content: bytes, draw: Random) -> bytes:
    """The content with some bytes changed, inserted, repeated or removed."""
    changed = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 3, 5, 12))):
        place = draw.randrange(len(changed) + 1)
        match draw.randrange(7):
            case 0 if place < len(changed):
                changed[place] ^= 1 << draw.randrange(8)
            case 1:
                del changed[place : place + draw.randrange(1, 40)]
            case 2:
                changed[place:place] = draw.randbytes(draw.randrange(1, 40))
            case 3:
                value = draw.choice(_LARGE)
                changed[place : place + len(value)] = value
            case 4:
                start = draw.randrange(len(changed) + 1)
                changed[place:place] = changed[start : start + draw.randrange(1, 200)]
            case 5:
                changed[place:place] = draw.choice(_LARGE)
            case _ if draw.random() < 0.2:
                del changed[place:]
    return bytes(changed)


_TOML = (
    '"',
    "'",
    "[",
    "]",
    "{",
    "}",
    "=",
    ".",
    ",",
    "#",
    "\n",
    "-",
    "1",
    "e9",
    "nan",
    "inf",
    "true",
    "2026-01-01",
    '"""',
    "\\",
    "\\u0000",
    "\x00",
    "[[a]]",
    "[" * 60,
    "9" * 5000,
)


def mutated_text(text: str, draw: Random) -> bytes:
    """A text file with some characters changed, inserted or removed; sometimes with its bytes mutated instead."""
    if draw.random() < 0.1:
        return mutated(text.encode(), draw)
    for _ in range(draw.choice((1, 1, 2, 3))):
        place, length = draw.randrange(len(text) + 1), draw.choice((0, 0, 1, 1, 5, 30))
        text = text[:place] + draw.choice((*_TOML, *_WILD, "")) + text[place + length :]
    return text.encode()


def mutated_zip(content: bytes, draw: Random) -> bytes:
    """A zip file with one of its members changed and repacked, so that its checksums hold, or with its own bytes mutated."""
    if draw.random() < 0.3:
        return mutated(content, draw)
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        chosen = {draw.choice(names) for _ in range(draw.choice((1, 1, 2)))}
        for name in names:
            part = old.read(name)
            if name not in chosen:
                new.writestr(name, part)
            elif draw.random() > 0.05:
                new.writestr(name, mutated_markup(part, draw) if draw.random() < 0.6 else mutated(part, draw))
    return target.getvalue()


_MARKUP = (
    b"0",
    b"-1",
    b"1",
    b"16384",
    b"1048577",
    b"4294967296",
    b"99999999999999999999",
    b"1e999",
    b"XFD1048576",
    b"A0",
    b"ZZZZ1",
    b"",
    b"e",
    b"s",
    b"&#0;",
    b"&x;",
)


def mutated_markup(content: bytes, draw: Random) -> bytes:
    """Markup with attribute values and whole elements changed; most of it stays well-formed."""
    for _ in range(draw.choice((1, 1, 2, 4))):
        if draw.random() < 0.7 and content.count(b'"') > 1:
            pieces = content.split(b'"')
            place = draw.randrange(1, len(pieces) - 1) | 1
            if place < len(pieces):
                pieces[place] = draw.choice(_MARKUP)
            content = b'"'.join(pieces)
        else:
            pieces = content.split(b"<")
            place = draw.randrange(len(pieces))
            match draw.randrange(4):
                case 0:
                    del pieces[place]
                case 1:
                    pieces[place:place] = [pieces[place]] * draw.choice((1, 3, 40))
                case 2:
                    other = draw.randrange(len(pieces))
                    pieces[place], pieces[other] = pieces[other], pieces[place]
                case _:
                    head, end, _ = pieces[place].partition(b">")
                    pieces[place] = head + end + draw.choice(_MARKUP)
            content = b"<".join(pieces)
    return content
