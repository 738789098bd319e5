"""The operator's list, ``watch.toml``: which upstreams are watched, how often, and what is told of them. Data, never code; docs/watch.md describes it."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path, PurePath

import httpx

from kmanalysis.errors import UsageError
from kmanalysis.files.operator_toml import check_plain
from kmanalysis.loaders.folder import FORMS as FORMS_OF_TABLES
from kmanalysis.sources.watch.listed.fields import Fields
from kmanalysis.sources.watch.listed.keys import SHORTEST, Secret
from kmanalysis.sources.watch.protocols.defaults import DEFAULTS, PROBE, Options

LIST_NAME = "watch.toml"
LARGEST_LIST = 4 * 1024 * 1024
MOST_UPSTREAMS = 500
MOST_ITEMS = 5_000
HERE = ("localhost", "127.0.0.1", "::1")
"""Hosts that are this machine."""

FORMS = ("json", "wecom", "dingtalk", "telegram")
"""What a webhook may be sent."""

_PACES = ("pace", "timeout", "most_bytes", "jitter", "backoff", "backoff_most")
_ITEM_FIELDS = ("item", "variant", "sku", "stock")
_UPSTREAM_FIELDS = (
    "supplier_id", "protocol", "url", "insecure", "app_id_env", "app_id_file", "app_key_env", "app_key_file", "currency", "balance", "daily_spend", "items",
    "stock_from", "price_from", "send_key", "placeholders", "hidden", "fields", "expect", "page_size", *_PACES,
)  # fmt: skip
_ALERT_FIELDS = ("stock", "price_band", "balance_days", "down_after", "cost", "stdout", "file", "webhook")
_WEBHOOK_FIELDS = ("url_env", "url_file", "form", "chat")
_ID = r"\S(.{0,126}\S)?"


@dataclass(frozen=True)
class Item:
    """One thing on offer upstream: its identifier there (and the variant's, where it has some), our SKU, and the stock under which it is told."""

    item: str
    sku: str
    variant: str = ""
    stock: int | None = None


@dataclass(frozen=True)
class Pace:
    """How an upstream is asked: ``pace`` seconds between the beginnings of two scans, at most ``timeout`` seconds and ``most_bytes`` an answer.

    After each failed scan the pace is multiplied by ``backoff``, up to ``backoff_most`` seconds; up to the share ``jitter`` of it comes on top, by chance.
    """

    pace: float = 300.0
    timeout: float = 10.0
    most_bytes: int = 8 * 1024 * 1024
    jitter: float = 0.1
    backoff: float = 2.0
    backoff_most: float = 3600.0


@dataclass(frozen=True)
class Upstream:
    """One upstream that is watched, or one address that is probed."""

    supplier_id: str
    protocol: str
    url: str
    currency: str
    items: tuple[Item, ...]
    pace: Pace
    options: Options
    app_id: Secret | None = None
    app_key: Secret | None = None
    balance: bool = False
    daily_spend: Decimal | None = None
    writes_probes: bool = True

    @property
    def key(self) -> str:
        """What tells it from the others of the list."""
        return f"{self.supplier_id}|{self.protocol}"

    @property
    def is_probe(self) -> bool:
        """Whether it is asked for nothing but an answer."""
        return self.protocol == PROBE


@dataclass(frozen=True)
class Webhook:
    """Where alerts are sent: the address is a secret, for it holds one."""

    url: Secret
    form: str
    chat: str = ""


@dataclass(frozen=True)
class Alerts:
    """What is told, and where to. ``stock`` units, ``price_band`` a share, ``balance_days`` days; None tells nothing of it."""

    stock: int | None = None
    price_band: float = 0.05
    balance_days: float = 3.0
    down_after: int = 2
    cost: bool = True
    stdout: bool = False
    file: str = ""
    webhooks: tuple[Webhook, ...] = ()


@dataclass(frozen=True)
class Watchlist:
    """The whole list. ``publish`` is after how many seconds readings are at the latest in the tables."""

    upstreams: tuple[Upstream, ...]
    alerts: Alerts = field(default_factory=Alerts)
    publish: float = 600.0

    @property
    def secrets(self) -> tuple[str, ...]:
        """All secrets, for looking where they may not be."""
        held = [secret for upstream in self.upstreams for secret in (upstream.app_id, upstream.app_key) if secret]
        return tuple(secret.reveal() for secret in [*held, *(webhook.url for webhook in self.alerts.webhooks)])


def load_watchlist(path: Path, environment: Mapping[str, str]) -> Watchlist:
    """The list in a TOML file, its secrets read from where it says.

    Raises UsageError, which says which field and what is accepted there, for a list that cannot be read, has an unknown or unusable field, or holds a
    secret.
    """
    try:
        if path.stat().st_size > LARGEST_LIST:
            raise UsageError("{file}: the list is larger than {most} bytes. Remove upstreams or items.", file=path.name, most=LARGEST_LIST)
        text = path.read_text(encoding="utf-8-sig")
        declared = tomllib.loads(text)
    except FileNotFoundError as problem:
        raise UsageError("List {file} not found. Create it as shown in docs/watch.md, or pass another with --list.", file=path.name) from problem
    except (OSError, UnicodeDecodeError, RecursionError) as problem:
        raise UsageError("{file}: cannot read the list. It must be TOML in UTF-8.", file=path.name) from problem
    except ValueError as problem:
        # Its sentence may quote the line, and the line may hold a secret.
        raise UsageError("{file}: cannot read the list. It must be TOML in UTF-8.", file=path.name) from problem
    check_plain(declared, path.name, UsageError)
    watchlist = _parsed(declared, path, environment)
    if any(len(secret) >= SHORTEST and secret in text for secret in watchlist.secrets):
        raise UsageError(
            "{file}: the list contains one of the secrets. Remove it from the list and replace it: anyone who read the list knows it.", file=path.name
        )
    return watchlist


def _parsed(declared: Mapping[str, object], path: Path, environment: Mapping[str, str]) -> Watchlist:
    top = Fields(declared, (*_PACES, "publish", "alerts", "upstream"), file=path.name)
    pace = _pace(top, Pace())
    found = [_upstream(section, pace, path, environment) for section in top.sections("upstream", _UPSTREAM_FIELDS, MOST_UPSTREAMS)]
    if not found:
        raise UsageError("{file}: no upstreams. Add an [[upstream]] section.", file=path.name)
    _check_unique([(one.supplier_id, "probe" if one.is_probe else "shop") for one in found], path.name)
    probed = {one.supplier_id for one in found if one.is_probe}
    upstreams = tuple(one if one.is_probe or one.supplier_id not in probed else _without_probes(one) for one in found)
    alerts = _alerts(top.section("alerts", _ALERT_FIELDS), path, environment)
    return Watchlist(upstreams, alerts, top.number("publish", 600.0, 0, 86_400))


def _without_probes(upstream: Upstream) -> Upstream:
    return replace(upstream, writes_probes=False)


def _check_unique(keys: Sequence[tuple[str, str]], file: str) -> None:
    twice = sorted(f"{supplier} ({kind})" for (supplier, kind), times in Counter(keys).items() if times > 1)
    if twice:
        raise UsageError("{file}: listed more than once: {entries}. Keep one shop and one probe per supplier.", file=file, entries=", ".join(twice))


def _pace(section: Fields, default: Pace) -> Pace:
    most_bytes = section.whole("most_bytes", default.most_bytes, 1024, 256 * 1024 * 1024)
    return Pace(
        pace=section.number("pace", default.pace, 10, 86_400),
        timeout=section.number("timeout", default.timeout, 0.1, 120),
        most_bytes=most_bytes or default.most_bytes,
        jitter=section.number("jitter", default.jitter, 0, 1),
        backoff=section.number("backoff", default.backoff, 1, 10),
        backoff_most=section.number("backoff_most", default.backoff_most, 0, 86_400),
    )


def _upstream(section: Fields, pace: Pace, path: Path, environment: Mapping[str, str]) -> Upstream:
    supplier_id = section.text("supplier_id", longest=128, pattern=_ID)
    protocol = section.choice("protocol", tuple(DEFAULTS))
    defaults = DEFAULTS[protocol]
    options = Options(
        stock_from=section.choice("stock_from", defaults.stock_sources, defaults.options.stock_from) if defaults.stock_sources else "",
        price_from=section.choice("price_from", defaults.price_sources, defaults.options.price_from) if defaults.price_sources else "",
        send_key=section.flag("send_key", False),
        placeholders=frozenset(section.numbers("placeholders", sorted(defaults.options.placeholders), 0, 10**12)),
        hidden=frozenset(section.texts("hidden")),
        fields={**defaults.options.fields, **section.names("fields", tuple(defaults.options.fields))},
        expect=frozenset(section.numbers("expect", (), 200, 499)),
        page_size=section.whole("page_size", defaults.options.page_size, 1, 1000) or defaults.options.page_size,
    )
    # A server that is down is looked at as often as before: when it is up again matters.
    own_pace = _pace(section, Pace(pace.pace, pace.timeout, pace.most_bytes, pace.jitter, 1.0, pace.backoff_most) if protocol == PROBE else pace)
    url = _url(section, is_secret_sent=protocol != PROBE)
    if protocol == PROBE:
        return Upstream(supplier_id, protocol, url, "", (), own_pace, options)
    items = tuple(_item(one) for one in section.sections("items", _ITEM_FIELDS, MOST_ITEMS))
    twice = sorted(sku for sku, times in Counter(item.sku for item in items).items() if times > 1)
    if twice:
        raise UsageError(
            "{file}: {place}: duplicate SKUs: {entries}. Keep one item per SKU.",
            file=path.name,
            place=section.at("items"),
            entries=", ".join(twice[:5]),
        )
    for item, one in zip(items, section.sections("items", _ITEM_FIELDS, MOST_ITEMS), strict=True):
        if defaults.needs_variant and not item.variant:
            raise one.wrong("variant", "text[1..128]")
    return Upstream(
        supplier_id,
        protocol,
        url,
        section.text("currency", pattern="[A-Z]{3}", accepted='"CNY"'),
        items,
        own_pace,
        options,
        app_id=section.secret("app_id", path.parent, environment),
        app_key=section.secret("app_key", path.parent, environment),
        balance=section.flag("balance", True),
        daily_spend=section.amount("daily_spend"),
    )


def _item(section: Fields) -> Item:
    return Item(
        item=section.text("item", longest=128, pattern=_ID),
        sku=section.text("sku", longest=128, pattern=_ID),
        variant=section.text("variant", "", longest=128),
        stock=section.whole("stock", None, 0, 10**9),
    )


def _is_safe(address: str) -> bool:
    """Whether what is sent to an address cannot be read on its way."""
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        return False
    return bool(url.host) and (url.scheme == "https" or (url.scheme == "http" and url.host in HERE))


def _url(section: Fields, *, is_secret_sent: bool) -> str:
    accepted = '"https://…"'
    text = section.text("url", longest=500, accepted=accepted)
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as problem:
        raise section.wrong("url", accepted) from problem
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.fragment or (url.query and is_secret_sent):
        raise section.wrong("url", accepted)
    if is_secret_sent and not _is_safe(text) and not section.flag("insecure", False):
        raise UsageError(
            "{file}: {place}: others can read requests to http://. Use https://, or set insecure = true.", file=section.file, place=section.at("url")
        )
    return text.rstrip("/") if is_secret_sent else text


def _alerts(section: Fields, path: Path, environment: Mapping[str, str]) -> Alerts:
    webhooks = []
    for one in section.sections("webhook", _WEBHOOK_FIELDS, 10):
        form = one.choice("form", FORMS)
        url = one.secret("url", path.parent, environment)
        if not _is_safe(url.reveal()):
            raise UsageError("{file}: {place}: the address must start with https://.", file=path.name, place=one.place)
        webhooks.append(Webhook(url, form, one.text("chat", None if form == "telegram" else "", longest=100)))
    down_after = section.whole("down_after", 2, 1, 1000)
    file = section.text("file", "", longest=500)
    # The list says what is told and not where this machine's files are.
    if PurePath(file).is_absolute() or ".." in PurePath(file).parts or PurePath(file).suffix.lower() in (*FORMS_OF_TABLES, ".toml"):
        raise section.wrong("file", '"alerts.jsonl"')
    return Alerts(
        stock=section.whole("stock", None, 0, 10**9),
        price_band=section.number("price_band", 0.05, 0.0001, 10),
        balance_days=section.number("balance_days", 3.0, 0.01, 365),
        down_after=down_after or 2,
        cost=section.flag("cost", True),
        stdout=section.flag("stdout", False),
        file=file,
        webhooks=tuple(webhooks),
    )
