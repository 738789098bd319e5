"""One call: bounded in time and size, at home on one host, and failing for a reason of ours."""

from __future__ import annotations

import socket
import threading
import time
from threading import Event

import httpx
import pytest

from kmanalysis.sources.watch.calls.client import Client
from kmanalysis.sources.watch.calls.failures import Failure
from kmanalysis.sources.watch.clock import MachineClock


def client_of(answer, **limits):
    transport = httpx.MockTransport(answer)
    return Client("https://shop.example", MachineClock(Event()), **({"timeout": 1.0, "most_bytes": 1000} | limits), transport=transport)


def failure_of(answer, method="GET"):
    with pytest.raises(Failure) as failed:
        client_of(answer).asked(method, "/shared/commodity/items", form={"a": "1"} if method == "POST" else None)
    return failed.value


REASONS = {
    "server_error": (lambda _: httpx.Response(503), False),
    "refused": (lambda _: httpx.Response(403), True),
    "too_many": (lambda _: httpx.Response(429, headers={"Retry-After": "77"}), True),
    "too_large": (lambda _: httpx.Response(200, content=iter([b" " * 2000])), True),
    "broken_answer": (lambda _: httpx.Response(200, content=iter([b"[1, 2"])), True),
    "other_host": (lambda _: httpx.Response(302, headers={"Location": "https://elsewhere.example/"}), False),
}


@pytest.mark.parametrize("reason", REASONS)
def test_why_a_call_failed(reason):
    answer, answered = REASONS[reason]
    failure = failure_of(answer)
    assert (failure.reason, failure.answered) == (reason, answered)


@pytest.mark.parametrize("content", [b"", b"[]", b"3", b"null", b'{"a": NaN}', b"\xff\xfe{", b"[" * 900, b'{"a": ' + b"9" * 990])
def test_what_is_no_object_is_broken(content):
    assert failure_of(lambda _: httpx.Response(200, content=iter([content]))).reason == "broken_answer"


def test_packed_answers_are_refused():
    assert failure_of(lambda _: httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"x"))).reason == "broken_answer"


@pytest.mark.parametrize(
    "target", ["http://shop.example/", "https://shop.example:8443/", "https://shop.example.evil.example/", "ftp://shop.example/", "//other.example/"]
)
def test_redirects_elsewhere_are_not_followed(target):
    assert failure_of(lambda _: httpx.Response(302, headers={"Location": target})).reason == "other_host"


def test_a_signed_form_is_not_turned_into_another_request():
    assert failure_of(lambda _: httpx.Response(302, headers={"Location": "/shared/commodity/stock"}), "POST").reason == "moved"


def test_a_redirect_to_an_order_is_not_followed():
    assert failure_of(lambda _: httpx.Response(307, headers={"Location": "/shared/commodity/trade"}), "POST").reason == "moved"


def test_redirects_without_end_end():
    assert failure_of(lambda request: httpx.Response(302, headers={"Location": str(request.url)})).reason == "moved"


@pytest.mark.parametrize("path", ["/shared/commodity/trade", "/api/v1/upstream/orders", "/plugin/open-api/trade", "/shared/commodity/draftCard"])
def test_nothing_can_be_ordered(path):
    with pytest.raises(ValueError, match="never orders"):
        client_of(lambda _: httpx.Response(200, json={})).asked("POST", path)


@pytest.mark.parametrize("problem", [httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError])
def test_an_exception_says_nothing_of_the_request(problem):
    def fail(request):
        raise problem(f"could not ask {request.url} with key s3cret", request=request)

    failure = failure_of(fail)
    assert failure.reason == "unreachable"
    assert "s3cret" not in repr(failure)
    assert failure.__suppress_context__


def test_a_server_that_drips_is_given_up():
    server = socket.create_server(("127.0.0.1", 0))

    def drip():
        connection, _ = server.accept()
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
        for _ in range(60):
            try:
                connection.sendall(b" ")
            except OSError:
                return
            time.sleep(0.1)

    threading.Thread(target=drip, daemon=True).start()
    client = Client(f"http://127.0.0.1:{server.getsockname()[1]}", MachineClock(Event()), timeout=0.5, most_bytes=1000)
    began = time.monotonic()
    with pytest.raises(Failure, match="timeout"):
        client.asked("GET", "/x")
    assert time.monotonic() - began < 2
    client.close()
    server.close()


def test_money_is_read_exactly():
    from decimal import Decimal

    assert client_of(lambda _: httpx.Response(200, content=iter([b'{"a": 0.1}']))).asked("GET", "/x") == {"a": Decimal("0.1")}


def test_a_probe_accepts_what_is_expected():
    client = client_of(lambda _: httpx.Response(204, content=iter([])))
    client.probed(frozenset())
    assert client.answered_in is not None
    with pytest.raises(Failure, match="refused"):
        client.probed(frozenset({200}))
