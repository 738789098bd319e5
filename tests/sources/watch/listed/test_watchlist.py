"""The operator's list: what it accepts, and what it refuses with a sentence that helps."""

from __future__ import annotations

import pytest

from kmanalysis.errors import UsageError
from kmanalysis.sources.watch.listed.watchlist import load_watchlist
from tests.sources.watch.conftest import ENVIRONMENT, upstream_text, write_list
from tests.sources.watch.shop import APP_ID, APP_KEY

SHOP = upstream_text("S1", "acg", "https://shop.example", "CODE/monthly=k1")


def loaded(folder, *sections, **named):
    return load_watchlist(write_list(folder, *sections, **named), ENVIRONMENT)


def test_a_list_is_read(tmp_path):
    probe = upstream_text("S1", "probe", "https://shop.example/health?x=1")
    found = loaded(tmp_path, SHOP, probe, top="pace = 120\npublish = 60", alerts="stock = 10")
    shop, server = found.upstreams
    assert (shop.supplier_id, shop.protocol, shop.currency, shop.pace.pace, shop.pace.timeout, found.publish) == ("S1", "acg", "CNY", 120, 10, 60)
    assert [(item.item, item.variant, item.sku, item.stock) for item in shop.items] == [("CODE", "monthly", "k1", None)]
    assert (shop.app_id.reveal(), shop.app_key.reveal()) == (APP_ID, APP_KEY)
    assert APP_KEY not in repr(found)
    # Who is probed writes probes; the shop's own calls do not say a second thing of the same server.
    assert (shop.writes_probes, server.writes_probes, server.pace.backoff) == (False, True, 1.0)


def test_the_default_pace_is_five_minutes(tmp_path):
    assert loaded(tmp_path, SHOP).upstreams[0].pace.pace == 300


REFUSED = {
    "unknown field": ("pase = 1", "", SHOP, "Did you mean pace"),
    "wrong type": ('pace = "soon"', "", SHOP, "pace must be 10 .. 86400"),
    "too fast": ("pace = 1", "", SHOP, "pace must be 10 .. 86400"),
    "flag for a number": ("pace = true", "", SHOP, "pace must be"),
    "no upstream": ("", "", "", "no upstream"),
    "unknown protocol": ("", "", SHOP.replace('"acg"', '"soap"'), "protocol must be acg, shared-stock"),
    "no address": ("", "", SHOP.replace("https://shop.example", "shop.example"), "url must be"),
    "key in the address": ("", "", SHOP.replace("https://shop", "https://user:word@shop"), "url must be"),
    "query in the address": ("", "", SHOP.replace("shop.example", "shop.example?key=1"), "url must be"),
    "clear text": ("", "", SHOP.replace("https://", "http://"), "insecure = true"),
    "currency": ("", "", SHOP.replace('"CNY"', '"yuan"'), "currency must be"),
    "no SKU": ("", "", SHOP.replace('sku = "k1"', ""), "items\\[1\\].sku is missing"),
    "long SKU": ("", "", SHOP.replace('"k1"', f'"{"k" * 200}"'), "sku must be"),
    "control characters": ("", "", SHOP.replace('"k1"', '"k\\u0007"'), "sku must be"),
    "SKU twice": ("", "", SHOP + SHOP.split("\n", 7)[7], "duplicate SKUs: k1"),
    "supplier twice": ("", "", SHOP + SHOP, "more than once: S1"),
    "source of another protocol": ("", "", SHOP.replace("currency", 'stock_from = "products"\ncurrency'), "stock_from must be stock, inventory"),
    "field of another protocol": ("", "", SHOP.replace("currency", "fields = {amount = 'a'}\ncurrency"), "unknown field .*fields.amount"),
    "alert level": ("", "stock = -1", SHOP, "alerts.stock must be"),
    "webhook form": ("", '[[alerts.webhook]]\nform = "slack"', SHOP, "form must be json"),
    "items are no list": ("", "", SHOP.split("[[upstream.items]]")[0] + "items = 3\n", "items must be"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_unusable_list_is_refused(tmp_path, name):
    top, alerts, sections, sentence = REFUSED[name]
    with pytest.raises(UsageError, match=sentence) as refused:
        loaded(tmp_path, sections, top=top, alerts=alerts)
    assert "watch.toml" in str(refused.value)


SECRETS = {
    "as a field": SHOP.replace('app_key_env = "SHOP_APP_KEY"', f'app_key = "{APP_KEY}"'),
    "as the name of a variable": SHOP.replace('app_key_env = "SHOP_APP_KEY"', f'app_key_env = "{APP_KEY}"'),
    "in capitals": SHOP.replace('app_key_env = "SHOP_APP_KEY"', f'app_key_env = "{APP_KEY.upper()}"'),
    "as the name of a file": SHOP.replace('app_key_env = "SHOP_APP_KEY"', f'app_key_file = "{APP_KEY}"'),
    "in a remark": SHOP + f"# {APP_KEY}\n",
    "in the address": SHOP.replace("shop.example", f"shop.example/{APP_KEY}"),
    "in broken text": SHOP + f"app_key = {APP_KEY}\n",
}


@pytest.mark.parametrize("name", SECRETS)
def test_a_list_that_holds_a_key_is_refused_and_does_not_show_it(tmp_path, name):
    with pytest.raises(UsageError) as refused:
        loaded(tmp_path, SECRETS[name])
    assert APP_KEY.lower() not in str(refused.value).lower()


def test_a_list_that_is_not_there_says_what_to_do(tmp_path):
    with pytest.raises(UsageError, match="--list"):
        load_watchlist(tmp_path / "watch.toml", {})


def test_a_list_that_is_too_large_is_not_read(tmp_path):
    (tmp_path / "watch.toml").write_bytes(b"#" * (5 * 1024 * 1024))
    with pytest.raises(UsageError, match="larger"):
        load_watchlist(tmp_path / "watch.toml", {})


def test_a_variant_is_asked_for_where_the_protocol_has_them(tmp_path):
    with pytest.raises(UsageError, match="variant"):
        loaded(tmp_path, upstream_text("S1", "acg-v4", "https://shop.example", "1=k1"))
