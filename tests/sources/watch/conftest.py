"""A folder that may be watched, lists, and shops that end with their test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sources.watch.shop import APP_ID, APP_KEY, MovedClock, Shop

ENVIRONMENT = {"SHOP_APP_ID": APP_ID, "SHOP_APP_KEY": APP_KEY}


@pytest.fixture(autouse=True)
def _straight_to_the_loopback(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    # What a kill leaves behind is there without it; a power cut cannot be tested here.
    monkeypatch.setattr("os.fsync", lambda _: None)


@pytest.fixture
def clock():
    return MovedClock()


@pytest.fixture
def shop_of(clock):
    """``shop_of({("code", "variant"): (stock, price)})``: a shop that ends with the test."""
    shops = []

    def make(goods=None):
        shops.append(Shop(clock))
        shops[-1].goods = goods or {}
        return shops[-1]

    yield make
    for shop in shops:
        shop.close()


@pytest.fixture
def folder(tmp_path):
    """A folder with suppliers S1 … S5 and SKUs k1 … k4, of which k1 is sold at 20."""
    made = tmp_path / "data"
    made.mkdir()
    (made / "suppliers.csv").write_text("supplier_id,name\n" + "".join(f"S{number},Shop {number}\n" for number in range(1, 6)), encoding="utf-8")
    (made / "products.csv").write_text("sku,name\n" + "".join(f"k{number},Card {number}\n" for number in range(1, 5)), encoding="utf-8")
    listings = [f"S{number},k1,2026-01-01,20,CNY\n" for number in range(1, 6)]
    (made / "listings.csv").write_text("supplier_id,sku,listed_from,suggested_retail_price,currency\n" + "".join(listings), encoding="utf-8")
    return made


def upstream_text(supplier: str, protocol: str, url: str, items: str = "", more: str = "") -> str:
    """A section of a list; ``items`` as ``code/variant=sku`` separated by spaces."""
    lines = [f'[[upstream]]\nsupplier_id = "{supplier}"\nprotocol = "{protocol}"\nurl = "{url}"']
    if protocol != "probe":
        lines.append('currency = "CNY"\napp_id_env = "SHOP_APP_ID"\napp_key_env = "SHOP_APP_KEY"')
    lines.append(more)
    for item in items.split():
        place, _, sku = item.partition("=")
        code, _, variant = place.partition("/")
        lines.append(f'[[upstream.items]]\nitem = "{code}"\nvariant = "{variant}"\nsku = "{sku}"')
    return "\n".join(lines) + "\n"


def write_list(folder: Path, *sections: str, top: str = "", alerts: str = "") -> Path:
    """Writes ``watch.toml`` with these sections."""
    path = folder / "watch.toml"
    path.write_text(f"{top}\n[alerts]\n{alerts}\n" + "\n".join(sections), encoding="utf-8")
    return path
