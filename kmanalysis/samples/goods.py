"""The goods of the samples: products, their market prices and how demand for their category moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from kmanalysis.times import Month

GROUPS = {"video": range(0, 6), "game": range(6, 12), "ai": range(12, 17), "tools": range(17, 23)}
"""Places in the list of goods that a supplier of a group sells."""

SOLE = 23
"""A good that one supplier alone sells: it has no backup."""

NEW = 16
"""A good that came to the market two months before the last."""

SHELF = 26
"""Goods that every sample has; the last two of them nobody sells."""

HOLDERS = {"Tencent": "腾讯", "Alibaba": "阿里巴巴", "ByteDance": "字节跳动", "NetEase": "网易", "Baidu": "百度"}

GROWTH = {"ai_tool": 1.10, "virtual_streamer": 1.2, "software": 0.9}
"""Monthly factor of demand in categories that move: two emerge, one fades."""

_SHELF = (
    ("腾讯视频月卡", "membership", "Tencent", 180, 10),
    ("腾讯视频季卡", "membership", "Tencent", 480, 5),
    ("优酷会员月卡", "membership", "Alibaba", 130, 6),
    ("爱奇艺会员月卡", "membership", "Baidu", 170, 8),
    ("剪映会员月卡", "membership", "ByteDance", 200, 7),
    ("网易云音乐月卡", "membership", "NetEase", 110, 6),
    ("Q币 50 元卡", "game_card", "Tencent", 340, 10),
    ("王者点券 30 元卡", "game_card", "Tencent", 210, 9),
    ("网易一卡通 30 元", "game_card", "NetEase", 205, 7),
    ("阿里游戏礼包卡", "game_card", "Alibaba", 260, 5),
    ("抖音钻石 40 元卡", "game_card", "ByteDance", 275, 7),
    ("百度游戏点卡 20 元", "game_card", "Baidu", 140, 5),
    ("AI 写作周卡", "ai_tool", "Baidu", 100, 8),
    ("AI 绘画月卡", "ai_tool", "Alibaba", 350, 6),
    ("AI 对话月卡", "ai_tool", "ByteDance", 400, 7),
    ("AI 办公月卡", "ai_tool", "Tencent", 280, 6),
    ("AI 视频月卡", "ai_tool", "ByteDance", 450, 5),
    ("百度网盘月卡", "membership", "Baidu", 160, 8),
    ("办公套件年卡", "software", "Alibaba", 600, 4),
    ("输入法专业版季卡", "software", "Tencent", 80, 5),
    ("安全软件年卡", "software", "NetEase", 300, 4),
    ("QQ音乐月卡", "membership", "Tencent", 120, 8),
    ("云笔记季卡", "software", "NetEase", 220, 5),
    ("虚拟主播应援卡", "virtual_streamer", "ByteDance", 300, 4),
    ("虚拟主播语音包", "virtual_streamer", "Tencent", 150, 0),
    ("虚拟主播皮肤卡", "virtual_streamer", "NetEase", 240, 0),
)


@dataclass(frozen=True)
class Good:
    """A product: ``cost`` is the market's cost price in 角 (0.1 ¥), ``popularity`` its weight in demand."""

    sku: str
    name: str
    category: str
    family: str
    cost: int
    popularity: float
    is_core: bool
    launched_on: date

    @property
    def retail(self) -> int:
        """Suggested retail price in 角: it leaves 28 % on the market's cost price."""
        return round(self.cost / 0.72)

    def demand(self, months_before_last: int) -> float:
        """Demand in a month, relative to the last one."""
        return GROWTH.get(self.category, 1.0) ** -min(months_before_last, 11)


def goods(count: int, last: Month) -> tuple[Good, ...]:
    """The goods on the market, the most popular of the long tail first after the common shelf."""
    shelf = [_good(place, *entry, last) for place, entry in enumerate(_SHELF)]
    families, categories = tuple(HOLDERS), ("membership", "game_card", "software", "ai_tool")
    for place in range(SHELF, count):
        category, family = categories[place % 4], families[place % 5]
        shelf.append(_good(place, f"{HOLDERS[family]}数字商品 {place + 1} 号", category, family, 60 + place * 37 % 540, 100 / (place + 1), last))
    return tuple(shelf)


def _good(place: int, name: str, category: str, family: str, cost: int, popularity: float, last: Month) -> Good:
    launched = (last - 2).first_day + timedelta(days=2) if place == NEW else date(2024, 1 + place % 12, 5)
    return Good(f"G{place + 1:02d}", name, category, family, cost, popularity, is_core=place not in (SOLE, SOLE + 1, SOLE + 2), launched_on=launched)
