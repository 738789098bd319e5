"""What the headings of a price list mean: goods, prices, face values, and what is beside them."""

from __future__ import annotations

import re
import unicodedata

_ROLES = {
    "product": [
        *("商品", "商品名称", "商品名", "产品", "产品名称", "产品名", "品名", "名称", "货品", "货品名称", "品种", "项目", "卡种", "卡类"),
        *("游戏", "游戏名称", "product", "productname", "item", "itemname", "name", "title", "goods"),
    ],
    "sku": ["sku", "商品编号", "商品编码", "商品id", "产品编号", "产品编码", "货号", "编号", "编码", "itemno", "code"],
    "spec": ["面值", "面额", "规格", "型号", "版本", "时长", "类型", "有效期", "周期", "套餐", "denomination", "spec", "facevalue", "variant", "duration"],
    "section": ["平台", "品牌", "分类", "类别", "品类", "类目", "大类", "category", "brand", "platform"],
    "currency": ["币种", "货币", "currency"],
    "quantity": [
        *("数量", "数量区间", "起订量", "最小起订量", "起批量", "起购量", "起拿量", "采购量", "采购数量", "购买数量", "订购数量", "拿货量", "阶梯", "档位"),
        *("qty", "quantity", "moq", "minqty", "minquantity", "tier"),
    ],
}
_BY_TEXT = {word: role for role, words in _ROLES.items() for word in words}
_NOT_OURS = ("零售", "市场", "官方", "官网", "原价", "建议", "划线", "门市", "总价", "合计", "整箱", "整盒", "整包", "retail", "msrp", "list", "rrp")
_OURS = ("供货", "批发", "成本", "进", "拿货", "代理", "结算", "采购", "wholesale", "cost")
_PRICE_ENDS = ("价", "价格", "报价", "成本", "price", "cost")

LOOKED_FOR = "商品 + 单价, product + price"
"""The headings that a table of prices must have, for who is told that none was found."""


def base(text: str) -> str:
    """A heading without its unit, its notes and its spaces: ``单价 / 分`` and ``单价（元）`` → ``单价``."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text).casefold())
    bare = re.sub(r"[(\[【].*?[)\]】]", "", plain)
    return bare.partition("/")[0] or bare


def role(text: str) -> str:
    """What a heading's column holds: product, sku, spec, section, currency, quantity, price, other_price, stock, note; empty where it is none of these."""
    word = base(text)
    if word in _BY_TEXT:
        return _BY_TEXT[word]
    if word.endswith(_PRICE_ENDS) and len(word) <= 16 and not any(sign.isdigit() for sign in word):
        return "other_price" if any(sign in word for sign in _NOT_OURS) else "price"
    if any(sign in word for sign in ("库存", "现货", "stock")):
        return "stock"
    return "note" if word in ("备注", "说明", "状态", "remark", "remarks", "note", "notes", "status") else ""


def is_our_price(text: str) -> bool:
    """Whether a heading says by its word that this is what we are asked for: ``批发价`` does, ``价格`` leaves it open."""
    return any(sign in base(text) for sign in _OURS)
