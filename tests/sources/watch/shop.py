"""A shop of ours on the loopback that speaks the four protocols, with faults by the minute; and time that a test moves.

Signatures are checked here by code of its own, written from the protocols and not from the program.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, urlsplit

BEGIN = datetime(2026, 11, 5, 4, 0, 0)
APP_ID, APP_KEY = "downstream-7781", "Zq8Kk3Vn0PbWm5Tj"
FAULTS = ("slow", "500", "broken", "short", "long", "huge", "moved", "refused", "429", "list", "nan")


class MovedClock:
    """Time that passes only while somebody sleeps."""

    def __init__(self, begin: datetime = BEGIN) -> None:
        self.begin, self.seconds = begin, 0.0
        self.on_sleep: Callable[[], None] = lambda: None

    def now(self) -> datetime:
        return self.begin + timedelta(seconds=self.seconds)

    def elapsed(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.on_sleep()


class Shop:
    """What the shop has by (item, variant), its balance, and what goes wrong at the moment (one of FAULTS, or nothing)."""

    def __init__(self, clock: MovedClock | None = None) -> None:
        self.clock = clock or MovedClock()
        self.goods: dict[tuple[str, str], tuple[object, object]] = {}
        self.balance: object = "1000.00"
        self.fault: Callable[[], str] = lambda: ""
        self.elsewhere = ""
        self.noise = ""  # stands in everything of an answer that is not asked for: headers, bodies of errors, addresses
        self.asked: list[tuple[datetime, str, str, dict[str, str]]] = []
        self.wrong: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # who asked had gone
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def times(self) -> list[datetime]:
        """Moments at which it was asked anything, each once."""
        return sorted({at for at, *_ in self.asked})

    def answer(self, method: str, path: str, query: dict[str, str], form: dict[str, str], headers, arrived: datetime) -> dict:
        if path.startswith("/api/v1/upstream/"):
            self._check_request_signature(method, path, headers, arrived)
            return self._dujiao(path.removeprefix("/api/v1/upstream/"), query)
        if path.startswith("/plugin/open-api/"):
            self._check(headers.get("Api-Signature"), form, headers.get("Api-Id"))
            return {"code": 200, "msg": "success", "data": self._v4(path.removeprefix("/plugin/open-api/"), form)}
        self._check(form.pop("sign", ""), form, form.get("app_id"))
        return {"code": 200, "msg": "success", "data": self._acg(path.rsplit("/", 1)[1], form)}

    def _check(self, signature: str | None, form: dict[str, str], app_id: str | None) -> None:
        text = "&".join(f"{name}={form[name]}" for name in sorted(form) if form[name] != "")
        if signature != hashlib.md5(f"{text}&key={APP_KEY}".encode()).hexdigest() or app_id != APP_ID:
            self.wrong.append(text)

    def _check_request_signature(self, method: str, path: str, headers, arrived: datetime) -> None:
        stamp = headers.get("Dujiao-Next-Timestamp")
        text = "\n".join([method, path, str(stamp), hashlib.md5(b"").hexdigest()])
        is_signed = headers.get("Dujiao-Next-Signature") == hmac.new(APP_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()
        # When it came: a slow answer is thought about after the clock has moved on.
        seconds = (arrived - datetime(1970, 1, 1)).total_seconds()
        if not is_signed or headers.get("Dujiao-Next-Api-Key") != APP_ID or abs(int(stamp) - seconds) > 60:
            self.wrong.append(text)

    def _acg(self, name: str, form: dict[str, str]) -> object:
        code, race = form.get("code") or form.get("sharedCode", ""), form.get("race", "")
        if name == "connect":
            return {"shopName": "shop", "balance": self.balance}
        if name == "items":
            return [{"id": 1, "name": "all", "children": [self._commodity(code) for code in dict.fromkeys(item for item, _ in self.goods)]}]
        if name == "item":
            return self._commodity(code)
        stock, price = self.goods[code, race]
        if name == "stock":
            return {"stock": str(stock)}
        if name == "inventory":
            return {"count": stock, "delivery_way": 0, **self._commodity(code)}
        assert name == "valuation"
        return {"price": price, "currency_code": "CNY"}

    def _commodity(self, code: str) -> dict:
        variants = {variant: price for (item, variant), (_, price) in self.goods.items() if item == code}
        if "" in variants:
            return {"code": code, "factory_price": variants[""], "config": ""}
        lines = "".join(f"{variant}={price}\n" for variant, price in variants.items())
        return {"code": code, "factory_price": 0, "config": f"[category]\n{lines}[category_factory]\n{lines}"}

    def _v4(self, name: str, form: dict[str, str]) -> object:
        if name == "connect":
            return {"username": "shop", "balance": self.balance}
        if name == "items":
            return [self._product(item) for item in dict.fromkeys(item for item, _ in self.goods)]
        if name == "item":
            return self._product(form["id"])
        (stock, price) = next(cells for (_, variant), cells in self.goods.items() if variant == form["sku_id"])
        return {"stock": stock} if name == "sku/stock" else {"amount": price}

    def _product(self, item: str) -> dict:
        skus = [
            {"id": int(variant), "name": variant, "stock_price": price, "stock": stock} for (one, variant), (stock, price) in self.goods.items() if one == item
        ]
        return {"id": int(item), "name": item, "sku": skus}

    def _dujiao(self, name: str, query: dict[str, str]) -> dict:
        if name == "ping":
            return {"ok": True, "balance": self.balance, "currency": "CNY"}
        items = list(dict.fromkeys(item for item, _ in self.goods))
        if name == "products":
            page, size = int(query["page"]), int(query["page_size"])
            shown = items[(page - 1) * size : page * size]
            return {"ok": True, "items": [self._dujiao_product(item) for item in shown], "total": len(items), "page": page, "page_size": size}
        return {"ok": True, "product": self._dujiao_product(name.removeprefix("products/"))}

    def _dujiao_product(self, item: str) -> dict:
        skus = [
            {"id": int(variant), "price_amount": price, "stock_quantity": stock, "is_active": True, "stock_synced_at": "2026-11-05T11:30:00+08:00"}
            for (one, variant), (stock, price) in self.goods.items()
            if one == item
        ]
        return {"id": int(item), "is_active": True, "skus": skus}


def _handler(shop: Shop) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve("GET")

        def do_POST(self) -> None:
            self._serve("POST")

        def _serve(self, method: str) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            form = dict(parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True))
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query))
            arrived = shop.clock.now()
            shop.asked.append((arrived, method, parts.path, form))
            fault = shop.fault()
            if fault == "slow":
                time.sleep(1.3)
            if fault == "500":
                return self._send(500, f"<html>oops {shop.noise}</html>".encode())
            if fault == "429":
                return self._send(429, json.dumps({"msg": shop.noise}).encode(), {"Retry-After": "240"})
            if fault == "moved":
                return self._send(
                    302 if method == "GET" else 307, b"", {"Location": f"{shop.elsewhere}{self.path}{'?' if shop.noise else ''}{quote(shop.noise)}"}
                )
            if fault == "huge":
                return self._send(200, b'{"code": 200, "ok": true, "data": "' + b"x" * 200_000 + b'"}')
            if fault == "broken":
                return self._send(200, b'{"code": 200, "ok": true, "data": {"stock": "0"')
            if fault == "refused":
                return self._send(200, json.dumps({"code": 0, "ok": False, "msg": f"bad key {APP_KEY} {shop.noise}"}).encode())
            if fault == "list":
                return self._send(200, b"[]")
            if fault == "nan":
                return self._send(200, b'{"code": 200, "ok": true, "data": NaN}')
            body = (
                b"fine" if parts.path == "/" else json.dumps(shop.answer(method, parts.path, query, form, self.headers, arrived), ensure_ascii=False).encode()
            )
            if fault == "short":
                self.close_connection = True
                return self._send(200, body[: len(body) // 2], length=len(body))
            if fault == "long":
                return self._send(200, body, length=len(body) // 2)
            return self._send(200, body)

        def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None, length: int | None = None) -> None:
            try:
                self.send_response(status, shop.noise or None)
                if shop.noise:
                    self.send_header("Set-Cookie", f"session={quote(shop.noise)}")
                    self.send_header("X-Note", shop.noise)
                self.send_header("Content-Length", str(len(body) if length is None else length))
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass  # who asked had waited long enough

        def log_message(self, *_: object) -> None:
            pass

    return Handler
