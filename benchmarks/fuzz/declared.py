"""Mappings, standards and needs profiles: TOML generated from a grammar, with unknown keys and invalid values, and the same files with bytes mutated."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import duckdb

from benchmarks.fuzz.drawing import mutated_text, wild_text
from benchmarks.fuzz.orders import Different, load_whole
from kmanalysis.loaders.load import stage
from kmanalysis.loaders.mapping.toml import load_mapping
from kmanalysis.loaders.needs_profile import REQUIREMENTS, needs_rows
from kmanalysis.loaders.reading.text import drop_staged
from kmanalysis.standards import default_standards, load_standards
from kmanalysis.tables import tables

_MAPPING: Mapping[str, Any] = {
    "source": {
        "encoding": "utf-8",
        "delimiter": ",",
        "timezone": "Asia/Shanghai",
        "footer": ["合计"],
        "empty": ["NULL"],
        "nothing": ["无"],
        "secrets": ["email"],
    },
    "lookups": {"shops": {"1001": "S1", "Q币": "S2"}},
    "tables": {
        "orders": {
            "repeats": "first",
            "where": [{"column": "类型", "equals": ["卡密", "直充"]}, {"column": "金额", "positive": True}, {"column": "备注", "matches": "^a|b$"}],
            "columns": {
                "order_id": {"from": "订单号"},
                "sku": {"key": ["商品", "类型"], "remove": ["（.*）$"]},
                "supplier_id": {"from": "商品", "lookup": "shops", "default": "S0"},
                "currency": {"constant": "CNY"},
                "quantity": {"from": ["数量", "件数"]},
                "status": {"case": "状态", "when": {"4": "delivered", "5": {"from": "备注"}}, "else": "pending"},
                "ordered_at": {"from": "下单时间", "formats": ["%Y/%m/%d %H:%M"], "timezone": "Asia/Shanghai", "missing": ["未付款"]},
                "delivered_at": {"join": ["日期", "时间"], "year": 2026},
                "amount": {"from": "金额", "factor": 0.01, "round": 4},
            },
        },
        "tickets": {
            "columns": {
                "ticket_id": {"from": "订单号"},
                "kind": {"constant": "question"},
                "is_staged": {"constant": False},
                "supplier_id": {"constant": "S1"},
                "opened_at": {"from": "下单时间"},
                "resolved_at": {"from": "下单时间", "plus": {"from": "数量", "unit": "hours"}},
            }
        },
    },
}
_FILE = (
    "订单号,商品,类型,数量,下单时间,状态,备注,金额,日期,时间\n1,Q币,卡密,1,2026/10/01 12:00,4,a,100,10月1日,12:00\n"
    "2,1001,直充,2,2026-10-01 12:00:00,5,b,¥5,2026-10-01,下午 3:05\n3,x（y）,卡密,x,未付款,6,ab,-1,13月1日,25:00\n"
)
_VALUES = (
    *(0, 1, -1, 2**31, 2**63 - 1, 2**63, 10**30, 0.0, -0.0, 1e308, 1e-320, float("inf"), float("nan"), True, False, "", " ", [], {}, [[]], [{}], [1, "a"]),
    *(
        "a",
        "'",
        '"; DROP TABLE orders; --',
        "{x}",
        "%",
        "%Q",
        "%Y-%",
        "(",
        "(a+)+$",
        "[",
        "\\",
        "(?i)x",
        "(?=a)",
        "a{1000}",
        "a{99999}",
        "\\p{Han}",
        "x" * 3000,
    ),
    *(
        "utf-16",
        "rot13",
        "base64",
        "utf-7",
        "idna",
        "cp037",
        "no-such",
        "../etc",
        "/etc/passwd",
        "America",
        "UTC",
        "Asia/Nowhere",
        "+08:00",
        "\n",
        "\t",
        "||",
        "，",
    ),
    *(
        "#A",
        "#ZZZ",
        "#0",
        "delivered",
        "CNY",
        "USD",
        "hours",
        "1e400",
        "0.1",
        "²",
        "\u0000",
        "🔥",
        "无",
        ["a", "a"],
        {"from": "订单号"},
        {"constant": 1},
        ["订单号", "商品"],
    ),
)


def read_mapping(draw: Random, folder: Path, connection: duckdb.DuckDBPyConnection, whole: bool) -> None:
    """Reads a generated mapping, and sometimes a file through it. Raises Different if its source section does not match the file."""
    declared, path = deepcopy(dict(_MAPPING)), folder / "drawn.toml"
    for _ in range(draw.choice((0, 0, 1, 1, 2))):
        _change(declared, draw)
    content = _toml(declared)
    is_mutated = draw.random() < 0.3
    path.write_bytes(mutated_text(content, draw) if is_mutated else content.encode())
    found = load_mapping(path)
    if not is_mutated:
        for key, value in declared.get("source", {}).items():
            if getattr(found.source, key) != (tuple(value) if isinstance(value, list) else value):
                raise Different(f"source.{key}: {getattr(found.source, key)!r}, written {value!r}")
    file = folder / "drawn.csv"
    file.write_text(_FILE, encoding="utf-8")
    drop_staged(connection, stage(connection, file, found))
    if whole and "orders" in found.tables:
        load_whole(file, replace(found, tables={"orders": found.tables["orders"]}), folder)


def read_standards(draw: Random, folder: Path, connection: duckdb.DuckDBPyConnection, whole: bool) -> None:
    """Reads generated standards. Raises Different if one in force is neither the default nor the value in the file."""
    declared: dict[str, Any] = {}
    for _ in range(draw.choice((0, 1, 1, 2, 4))):
        known = default_standards()[draw.choice(list(default_standards()))]
        near = known.value * draw.choice((1, 0.9, 1.1, 0, -1, 100)) if draw.random() < 0.6 else draw.choice(_VALUES)
        fields = ("value", "value", "limit", "minimum_n", "weight", "veto", "worst", "best", "op", "unit", "limit_unit", "source", "id", "x")
        identifier = known.id if draw.random() < 0.95 else known.id[: draw.randrange(len(known.id))]
        if draw.random() < 0.3:
            declared[identifier] = near
        else:
            declared[identifier] = {draw.choice(fields): draw.choice((near, near, 1, 0.5, True)) for _ in range(draw.choice((1, 1, 2)))}
    path, content = folder / "drawn.toml", _toml(declared)
    path.write_bytes(mutated_text(content, draw) if draw.random() < 0.3 else content.encode())
    found = load_standards(path)
    written = dict(_flat(tomllib.loads(path.read_bytes().decode("utf-8-sig"))))
    for identifier, default in default_standards().items():
        for name in ("op", "value", "unit", "limit", "minimum_n", "weight", "veto", "worst", "best"):
            expected = written.pop(f"{identifier}.{name}", written.pop(identifier, None) if name == "value" else None)
            expected = getattr(default, name) if expected is None else expected
            if getattr(found[identifier], name) != expected:
                raise Different(f"{identifier}.{name} is {getattr(found[identifier], name)!r}, written {expected!r}")
    written = {key: value for key, value in written.items() if key.rpartition(".")[2] not in ("limit_unit", "source")}
    if written:
        raise Different(f"ignored: {written}")


def _flat(declared: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    found = []
    for key, value in declared.items():
        found += _flat(value, f"{before}{key}.") if isinstance(value, dict) else [(f"{before}{key}", value)]
    return found


def read_needs(draw: Random, folder: Path, connection: duckdb.DuckDBPyConnection, whole: bool) -> None:
    """Reads a generated needs profile. Raises Different if its rows do not match the file."""
    declared: dict[str, Any] = {key: _texts(draw) for key in ("positioning", "audience") if draw.random() < 0.5}
    if draw.random() < 0.5:
        declared["daily_orders"] = draw.choice((1, 100, 3, 20, 10**17, 0, 1.5, True))
    for part in ("must", "wish"):
        if draw.random() < 0.8:
            declared[part] = {key: _asked(draw, key) for key in draw.sample(_KEYS, draw.randrange(5))}
    if draw.random() < 0.3:
        _change(declared, draw)
    path, content = folder / "drawn.toml", _toml(declared)
    path.write_bytes(mutated_text(content, draw) if draw.random() < 0.3 else content.encode())
    found = [(row["subject"], row["item"], row["value"], row["is_must"]) for row in needs_rows(path)]
    expected = _needs(tomllib.loads(path.read_bytes().decode("utf-8-sig"), parse_float=Decimal))
    if found != expected:
        raise Different(f"found {found}, written {expected}")


_MODES = sorted(tables()["suppliers"].columns["supply_mode"].values)
_KEYS = ("daily_orders", "families", "categories", "other", *REQUIREMENTS)


def _texts(draw: Random) -> list[str]:
    return [draw.choice(("game_card", "腾讯", " a ", f"x{draw.randrange(99)}", wild_text(draw) or "b")) for _ in range(draw.choice((0, 1, 2, 3)))]


def _asked(draw: Random, key: str) -> object:
    if draw.random() < 0.05:
        return draw.choice(_VALUES)
    match REQUIREMENTS.get(key, key):
        case "flag":
            return True
        case "modes":
            return draw.sample(_MODES, draw.choice((1, 1, 2)))
        case "texts":
            return draw.choice((True, _texts(draw)))
        case "families" | "categories" | "other":
            return _texts(draw)
        case _:
            return draw.choice((1, 10, 7, 1800, 12345678.25)) if key != "daily_orders" else 5


def _needs(declared: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    rows = [(key, item.strip(), "", "false") for key in ("positioning", "audience") for item in declared.get(key, [])]
    if "daily_orders" in declared:
        rows.append(("daily_orders", "daily_orders", str(declared["daily_orders"]), "false"))
    for part in ("must", "wish"):
        is_must = "true" if part == "must" else "false"
        for key, value in declared.get(part, {}).items():
            subject = {"families": "family", "categories": "category", "other": "requirement"}.get(key)
            if subject:
                rows += [(subject, item.strip(), "", is_must) for item in value]
            elif value is True:
                rows.append(("requirement", key, "", is_must))
            elif isinstance(value, list):
                rows.append(("requirement", key, ";".join(item.strip() for item in value), is_must))
            else:
                rows.append(("daily_orders" if key == "daily_orders" else "requirement", key, format(Decimal(value), "f"), is_must))
    return rows


def _change(declared: dict[str, Any], draw: Random) -> None:
    """Changes a random value, key or section of a nested document."""
    places = _places(declared)
    if not places:
        return
    holder, key = draw.choice(places)
    match draw.randrange(6):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[wild_text(draw) or "x"] = holder.pop(key)
        case 2:
            holder[key] = draw.choice(({"a": holder[key]}, [holder[key]], [holder[key]] * 2))
        case 3:
            other, name = draw.choice(places)
            holder[key] = deepcopy(other[name]) if _is_in(other, name) else draw.choice(_VALUES)
        case _:
            holder[key] = draw.choice(_VALUES) if draw.random() < 0.8 else wild_text(draw)


def _is_in(holder: Any, key: Any) -> bool:
    return key in holder if isinstance(holder, dict) else key < len(holder)


def _places(value: Any) -> list[tuple[Any, Any]]:
    found = []
    for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []):
        found += [(value, key), *_places(inner)]
    return found


def _toml(declared: Mapping[str, Any]) -> str:
    return "".join(f"{_text(key)} = {_value(value)}\n" for key, value in declared.items())


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return _text(value)
        case list():
            return f"[{', '.join(map(_value, value))}]"
        case _:
            return "{ " + ", ".join(f"{_text(key)} = {_value(inner)}" for key, inner in value.items()) + " }"


@cache
def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
