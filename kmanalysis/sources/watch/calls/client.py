"""HTTP to one upstream: bounded in time and size, at home on one host, and without a word of it in an error."""

from __future__ import annotations

import json
import logging
import re
import ssl
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import httpx

from kmanalysis.sources.watch.calls.failures import Failure
from kmanalysis.sources.watch.clock import Clock

MOST_REDIRECTS = 3
MOST_RETRY_AFTER = 86_400.0
_ORDERING = re.compile(r"trade|order|draft|pay|cancel|callback", re.IGNORECASE)
_REPEATED_AS_IS = (307, 308)

# httpx logs each address that it asks, and a webhook's address is a secret.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)


@cache
def trusted() -> ssl.SSLContext:
    """Whose certificates are trusted: read once, for reading them takes longer than most calls."""
    return httpx.create_ssl_context()


class Client:
    """Calls to one base address. ``answered_in`` is how many seconds its first answer took, None before that.

    ``transport`` stands in for the network in tests.
    """

    def __init__(self, base: str, clock: Clock, *, timeout: float, most_bytes: int, transport: httpx.BaseTransport | None = None) -> None:
        self._base, self._clock, self._timeout, self._most_bytes = base, clock, timeout, most_bytes
        # Unpacking would let a small answer become a large one before its size is seen.
        headers = {"User-Agent": "kmanalysis-watch", "Accept": "application/json", "Accept-Encoding": "identity"}
        self._http = httpx.Client(timeout=timeout, headers=headers, follow_redirects=False, verify=trusted(), transport=transport)
        self.answered_in: float | None = None

    def close(self) -> None:
        """Ends its connections."""
        self._http.close()

    def path_of(self, path: str) -> str:
        """The path of a call as the server sees it, the base address's own before it."""
        return httpx.URL(self._base + path).path

    def asked(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The JSON object that a call answers with. Raises Failure; ValueError for a path that could order something."""
        if _ORDERING.search(path):
            raise ValueError("the watch reads and never orders")
        body = self._body(method, self._base + path, query=query, form=form, headers=headers, statuses=())
        try:
            answer = json.loads(body, parse_float=Decimal, parse_constant=_refused_constant)
        except (ValueError, RecursionError):
            raise Failure("broken_answer", answered=True) from None
        if not isinstance(answer, dict):
            raise Failure("broken_answer", answered=True)
        return answer

    def probed(self, expect: frozenset[int]) -> None:
        """Whether the base address answers with one of these statuses; without any, with one under 400. Raises Failure."""
        self._body("GET", self._base, query=None, form=None, headers={"Accept": "*/*"}, statuses=tuple(expect) or tuple(range(200, 400)))

    def _body(
        self,
        method: str,
        address: str,
        *,
        query: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        statuses: tuple[int, ...],
    ) -> bytes:
        try:
            request = self._http.build_request(method, address, params=query, data=form, headers=headers)
            for _ in range(MOST_REDIRECTS + 1):
                found = self._sent(request, statuses)
                if isinstance(found, bytes):
                    return found
                request = self._http.build_request(method, found, data=form, headers=headers)
        except httpx.InvalidURL:
            raise Failure("moved", answered=True) from None
        raise Failure("moved", answered=True)

    def _sent(self, request: httpx.Request, statuses: tuple[int, ...]) -> bytes | httpx.URL:
        """The body of the answer, or where on the same host it lies."""
        began = self._clock.elapsed()
        response = None
        try:
            response = self._http.send(request, stream=True)
            self._check_time(began)
            if response.is_redirect:
                return self._moved_to(request, response)
            self._check_status(response, statuses)
            body = self._read(response, began)
            if self.answered_in is None:
                self.answered_in = self._clock.elapsed() - began
            return body
        except httpx.TimeoutException:
            raise Failure("timeout", answered=False) from None
        except httpx.RemoteProtocolError:
            raise Failure("truncated" if response is not None else "unreachable", answered=response is not None) from None
        except (httpx.HTTPError, httpx.StreamError, OSError, UnicodeError):
            raise Failure("unreachable", answered=False) from None
        finally:
            if response is not None:
                response.close()

    def _moved_to(self, request: httpx.Request, response: httpx.Response) -> httpx.URL:
        target = request.url.join(response.headers.get("location", ""))
        if target.host != request.url.host or (request.url.scheme, target.scheme) == ("https", "http") or target.scheme not in ("http", "https"):
            raise Failure("other_host", answered=False)
        if target.scheme == request.url.scheme and target.port != request.url.port:
            raise Failure("other_host", answered=False)
        # Another method would drop the signed body.
        if (request.method != "GET" and response.status_code not in _REPEATED_AS_IS) or _ORDERING.search(target.path):
            raise Failure("moved", answered=True)
        return target

    def _check_status(self, response: httpx.Response, statuses: tuple[int, ...]) -> None:
        status = response.status_code
        if status in (statuses or (200,)):
            return
        if status == 429:
            raise Failure("too_many", answered=True, status=status, retry_after=_retry_after(response))
        if status >= 500:
            raise Failure("server_error", answered=False, status=status, retry_after=_retry_after(response))
        raise Failure("refused", answered=not statuses, status=status)

    def _read(self, response: httpx.Response, began: float) -> bytes:
        if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
            raise Failure("broken_answer", answered=True)
        declared = response.headers.get("content-length", "0")
        if not declared.isascii() or not declared.isdigit() or len(declared) > 12 or int(declared) > self._most_bytes:
            raise Failure("too_large", answered=True)
        chunks = bytearray()
        for chunk in response.iter_raw():
            chunks += chunk
            if len(chunks) > self._most_bytes:
                raise Failure("too_large", answered=True)
            self._check_time(began)
        return bytes(chunks)

    def _check_time(self, began: float) -> None:
        # httpx bounds each piece; a server that sends a byte now and then would never be done.
        if self._clock.elapsed() - began > self._timeout:
            raise Failure("timeout", answered=False)


def _retry_after(response: httpx.Response) -> float:
    text = response.headers.get("retry-after", "")
    return min(float(text), MOST_RETRY_AFTER) if re.fullmatch(r"[0-9]{1,9}", text) else 0.0


def _refused_constant(name: str) -> Any:
    raise ValueError(name)
