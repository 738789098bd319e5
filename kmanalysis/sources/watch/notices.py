"""Alerts on their way: a file, stdout, webhooks. What a receiver did not take is kept and offered again, in order.

A file gets each event once, even if a run is killed in between; a webhook gets it at least once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from kmanalysis.files.durable import sync
from kmanalysis.sources.watch.alerts import Event
from kmanalysis.sources.watch.calls.client import trusted
from kmanalysis.sources.watch.listed.watchlist import Alerts, Webhook
from kmanalysis.sources.watch.state import MOST_WAITING, State

WEBHOOK_SECONDS = 10.0
MOST_BYTES = 64 * 1024
TITLE = "kmanalysis"
"""Begins each message: chat robots may be set to take only messages with a certain word."""

_TAIL_BYTES = 256 * 1024


class Notices:
    """The receivers of a list. ``transport`` stands in for the network in tests."""

    def __init__(self, alerts: Alerts, folder: Path, write_line: Callable[[str], None], transport: httpx.BaseTransport | None = None) -> None:
        self._receivers: dict[str, Callable[[Mapping[str, Any]], bool]] = {}
        self._http: httpx.Client | None = None
        if alerts.file:
            path = folder / alerts.file
            self._receivers["file"] = lambda event: _in_file(path, event)
        if alerts.stdout:
            self._receivers["stdout"] = lambda event: _on_stdout(write_line, event)
        if alerts.webhooks:
            self._http = httpx.Client(timeout=WEBHOOK_SECONDS, follow_redirects=False, verify=trusted(), transport=transport)
        for number, webhook in enumerate(alerts.webhooks, 1):
            self._receivers[f"webhook-{number}"] = self._sender(webhook)

    def close(self) -> None:
        """Ends its connections."""
        if self._http:
            self._http.close()

    def put(self, events: Sequence[Event], state: State) -> int:
        """Takes events over into the outbox; how many older ones were dropped for them."""
        if self._receivers:
            state.outbox += [{"event": event.as_dict(), "left": list(self._receivers)} for event in events]
        dropped = max(len(state.outbox) - MOST_WAITING, 0)
        del state.outbox[:dropped]
        return dropped

    def deliver(self, state: State) -> list[str]:
        """Offers the outbox to its receivers and takes out what they took; the names of those that took not all."""
        refused: list[str] = []
        for entry in state.outbox:
            for name in list(entry["left"]):
                receiver = self._receivers.get(name)
                if name in refused:
                    continue
                # A receiver that is no longer in the list waits for nothing.
                if receiver is None or receiver(entry["event"]):
                    entry["left"].remove(name)
                else:
                    refused.append(name)
        state.outbox = [entry for entry in state.outbox if entry["left"]]
        return refused

    def _sender(self, webhook: Webhook) -> Callable[[Mapping[str, Any]], bool]:
        return lambda event: self._is_sent(webhook, event)

    def _is_sent(self, webhook: Webhook, event: Mapping[str, Any]) -> bool:
        assert self._http is not None
        try:
            with self._http.stream("POST", webhook.url.reveal(), json=message(webhook, event)) as response:
                body = bytearray()
                for chunk in response.iter_raw():
                    body += chunk
                    if len(body) > MOST_BYTES:
                        return False
        # The exception names the address, and the address is a secret.
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, UnicodeError):
            return False
        return response.is_success and _is_taken(bytes(body))


def message(webhook: Webhook, event: Mapping[str, Any]) -> dict[str, Any]:
    """What a webhook is sent: the event itself, or its sentence as the chat service wants it."""
    text = f"{TITLE}: {event['text']}"
    if webhook.form in ("wecom", "dingtalk"):
        return {"msgtype": "text", "text": {"content": text}}
    if webhook.form == "telegram":
        return {"chat_id": webhook.chat, "text": text}
    return dict(event)


def _is_taken(body: bytes) -> bool:
    """Chat services answer 200 to what they refuse, and say so in the answer."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return True
    return not isinstance(answer, dict) or (answer.get("errcode", 0) == 0 and answer.get("ok", True) is not False)


def _on_stdout(write_line: Callable[[str], None], event: Mapping[str, Any]) -> bool:
    try:
        write_line(_line(event))
    except OSError:
        return False
    return True


def _in_file(path: Path, event: Mapping[str, Any]) -> bool:
    line = _line(event)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A link is not followed: it may lead out of the folder.
        with os.fdopen(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666), "r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - _TAIL_BYTES, 0))
            tail = file.read()
            if json.dumps(event["id"]).encode() in tail:
                return True
            # A line that a kill cut short ends here.
            file.write((b"" if not tail or tail.endswith(b"\n") else b"\n") + line.encode() + b"\n")
            sync(file)
    except OSError:
        return False
    return True


def _line(event: Mapping[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=False, sort_keys=True)
