"""What a word beside it gives away: card codes and passwords, names in messengers, telephone numbers of any shape."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kmanalysis.detector.shapes import is_date, looks_like_code

Span = tuple[int, int]

_CARD = ("卡号", "卡密", "兑换码", "激活码", "充值码", "提货码", "礼品码", "序列号", "注册码", "授权码", "券码", "密钥", "cdkey", "cd-key", "cdk")
_PASSWORD = ("密码", "口令", "pwd", "passwd", "password", "passcode")
_ANY_CODE = ("code", "codes", "pass", "pin", "key", "serial", "secret", "token", "voucher", "license", "licence")
_WECHAT = ("微信", "薇信", "威信", "v信", "加v", "wechat", "weixin", "wei xin", "wx", "vx")
_QQ = ("qq", "企鹅", "扣扣")
_TELEGRAM = ("telegram", "tg", "电报", "t.me/")
_CALL = ("手机", "电话", "座机", "热线", "联系方式", "tel", "phone", "mobile", "cell", "whatsapp")

WORDS = (*_CARD, *_PASSWORD, *_ANY_CODE, *_WECHAT, *_QQ, *_TELEGRAM, *_CALL)
"""All words that are listened to, in lower case."""


def _any_of(words: tuple[str, ...]) -> str:
    """A pattern of the words; those of letters stand alone."""
    longest_first = sorted(words, key=len, reverse=True)
    return "|".join(f"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])" if word[0].isascii() else re.escape(word) for word in longest_first)


_STATED = r"[\"']?(?P<stated> {0,3}(?::|=|为|是|is ){1,2}[ \"']{0,4})?(?P<space> {0,3})"
_CODE = re.compile(f"(?:(?P<card>{_any_of(_CARD)})|(?P<password>{_any_of(_PASSWORD)})|(?P<any>{_any_of(_ANY_CODE)})){_STATED}", re.IGNORECASE)
_TOKEN = re.compile(r"[!#-+\--:<-{}~]{4,}")
_SPACED_GROUPS = re.compile(r"[A-Z0-9]{3,8}(?: [A-Z0-9]{3,8}){2,7}(?![A-Za-z0-9])")
_PLAIN = re.compile(r"[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*")
_TRAILING = ".:)]}>'?!"
_WORD_AND_NUMBER = re.compile("[A-Za-z]+[0-9]{0,4}(?:-[A-Za-z0-9]{1,3})?")
_NOTHING = ("none", "null", "empty", "unknown")
_SENTENCE = re.compile(" [A-Za-z]")

_OF_NAME = r"(?:同号|号码|账号|帐号|群号|号|群|id)?[\"']?(?P<stated> {0,3}(?::|=|为|是){1,2}[ \"']{0,4})?(?P<space> {0,3})"
_NAME_WORD = re.compile(
    f"(?:(?P<wechat>{_any_of(_WECHAT)})|(?P<qq>(?<![A-Za-z])qq|企鹅|扣扣)|(?P<telegram>t\\.me/|{_any_of(_TELEGRAM[:-1])})){_OF_NAME}", re.IGNORECASE
)
_WECHAT_NAME = re.compile("[A-Za-z][A-Za-z0-9_-]{5,19}(?![A-Za-z0-9_-])")
_QQ_NUMBER = re.compile("[1-9](?:[ -]?[0-9]){4,11}(?![A-Za-z0-9])")
_WECHAT_ID = re.compile("(?<![A-Za-z0-9])wxid_[A-Za-z0-9]{6,}")
_TELEGRAM_NAME = re.compile("@?[A-Za-z][A-Za-z0-9_]{4,31}")

_CALL_WORD = re.compile(f"(?:{_any_of(_CALL)})(?:号码|号)? ?[:=]? ?", re.IGNORECASE)
_MOBILE = re.compile("(?:0|86|0086)?(1[3-9][0-9]{9})")
_CALLED = re.compile(r"[+(]{0,2}[0-9][0-9 .()-]{5,20}")

_JOINED = re.compile("[!-~]+")
_JOINT = "----"


def codes(text: str) -> Iterator[Span]:
    """Codes and passwords that a word of a folded text names, and accounts with what opens them (``name----password``)."""
    place = 0
    while word := _CODE.search(text, place):
        end = _code_end(text, word)
        if end > word.end():
            yield word.end(), end
        # What is no code may hold the next word.
        place = max(end, word.end())
    if _JOINT in text:
        for joined in _JOINED.finditer(text):
            first, _, last = joined[0].partition(_JOINT)
            if min(sum(map(str.isalnum, part)) for part in (first, last)) >= 3 and re.search("[0-9@]", joined[0]):
                yield joined.span()


def _code_end(text: str, word: re.Match[str]) -> int:
    start, is_stated = word.end(), word["stated"] is not None
    if (groups := _SPACED_GROUPS.match(text, start)) and re.search("[0-9]", groups[0]):
        is_number = word["any"] is None and groups[0].replace(" ", "").isdigit()
        if is_stated or is_number:
            return groups.end()
    token = _TOKEN.match(text, start) if word["any"] is None else _PLAIN.match(text, start, start + 256)
    if not token or (word["any"] is not None and not (is_stated or word["space"])):
        return start
    code = token[0].rstrip(_TRAILING)
    is_code = _is_any_code(code, is_stated) if word["any"] is not None else _is_card_code(code, text, token.end(), is_stated, word["password"] is not None)
    return start + len(code) if is_code else start


def _is_card_code(code: str, text: str, end: int, is_stated: bool, is_password: bool) -> bool:
    digits = sum(map(str.isdigit, code))
    if len(code) < 4 or is_date(code) or not any(map(str.isalnum, code)):
        return False
    if code.isalpha():
        # Words of a sentence are none.
        return is_stated and code.lower() not in _NOTHING and not _SENTENCE.match(text, end)
    if is_stated or is_password:
        return digits > 0 or is_stated
    return digits > 0 and len(code) >= 6 and not _WORD_AND_NUMBER.fullmatch(code)


def _is_any_code(code: str, is_stated: bool) -> bool:
    bare = re.sub("[-_]", "", code)
    if is_date(code) or not re.search("[0-9]", bare):
        return False
    if is_stated:
        return len(bare) >= (8 if bare.isdigit() else 6)
    return looks_like_code(code) and not bare.isdigit() and not _WORD_AND_NUMBER.fullmatch(code)


def names(text: str) -> Iterator[Span]:
    """Names and numbers in messengers that a word of a folded text names, and WeChat's own ids."""
    yield from (found.span() for found in _WECHAT_ID.finditer(text))
    for word in _NAME_WORD.finditer(text):
        start, is_stated = word.end(), word["stated"] is not None
        if word["telegram"] is not None:
            name = _TELEGRAM_NAME.match(text, start)
            if name and (is_stated or name[0].startswith("@") or word["telegram"] == "t.me/") and not _SENTENCE.match(text, name.end()):
                yield name.span()
            continue
        number = _QQ_NUMBER.match(text, start)
        if number and not is_date(number[0]) and (is_stated or sum(map(str.isdigit, number[0])) >= 6):
            yield number.span()
        elif word["wechat"] is not None and (name := _WECHAT_NAME.match(text, start)):
            # Without a colon it has to look like a name; with one it may not be a sentence's first word. wx and vx begin other words as well.
            is_apart = word["wechat"].lower() not in ("wx", "vx") or is_stated or bool(word["space"])
            if (re.search("[0-9_-]", name[0]) and is_apart) or (is_stated and not _SENTENCE.match(text, name.end())):
                yield name.span()


def called(text: str) -> Iterator[tuple[int, int, str]]:
    """Telephone numbers of any shape that a word of a folded text names; the number is its digits."""
    for word in _CALL_WORD.finditer(text):
        if number := _CALLED.match(text, word.end()):
            shown = number[0].rstrip(" .()-")
            digits = re.sub("[^0-9]", "", shown)
            if 7 <= len(digits) <= 15 and not is_date(shown) and not re.match("[A-Za-z]", text[number.start() + len(shown) :][:1]):
                mobile = _MOBILE.fullmatch(digits)
                yield number.start(), number.start() + len(shown), mobile[1] if mobile else digits
