"""Alerts on their way: in the form that each receiver wants, once in a file, and again until they are taken."""

from __future__ import annotations

import json

import httpx
import pytest

from kmanalysis.sources.watch.alerts import Event
from kmanalysis.sources.watch.listed.keys import Secret
from kmanalysis.sources.watch.listed.watchlist import Alerts, Webhook
from kmanalysis.sources.watch.notices import Notices, message
from kmanalysis.sources.watch.state import MOST_WAITING, State, load_state, save_state

URL = Secret("https://chat.example/send?key=s3cret")


def event(number: int = 1) -> Event:
    return Event(f"20261105T040000-{number}", "2026-11-05T04:00:00Z", "stock", "fired", "S1", "k1", "5", "20", "", "Stock of k1 at S1 is 5, under 20.")


@pytest.mark.parametrize(
    ("form", "sent"),
    [
        ("json", event().as_dict()),
        ("wecom", {"msgtype": "text", "text": {"content": "kmanalysis: Stock of k1 at S1 is 5, under 20."}}),
        ("dingtalk", {"msgtype": "text", "text": {"content": "kmanalysis: Stock of k1 at S1 is 5, under 20."}}),
        ("telegram", {"chat_id": "7", "text": "kmanalysis: Stock of k1 at S1 is 5, under 20."}),
    ],
)
def test_forms_of_webhooks(form, sent):
    assert message(Webhook(URL, form, "7"), event().as_dict()) == sent


def test_a_webhook_that_refuses_is_asked_again_in_order(tmp_path):
    answers = [
        httpx.Response(500), httpx.Response(200, content=iter([b'{"errcode": 93000}'])), httpx.Response(302, headers={"Location": "/x"}),
        httpx.Response(200, content=iter([b'{"errcode": 0}'])), httpx.Response(200, content=iter([b"ok"])),
    ]  # fmt: skip
    asked = []

    def answer(request):
        asked.append(json.loads(request.content)["id"])
        return answers.pop(0)

    state = State()
    notices = Notices(Alerts(webhooks=(Webhook(URL, "json"),)), tmp_path, print, httpx.MockTransport(answer))
    notices.put([event(1), event(2)], state)
    for _ in range(3):
        assert notices.deliver(state) == ["webhook-1"]
        assert len(state.outbox) == 2
    assert notices.deliver(state) == []
    assert state.outbox == []
    assert [name[-1] for name in asked] == ["1", "1", "1", "1", "2"]


def test_a_webhook_that_fails_says_nothing_of_its_address(tmp_path, capfd):
    def fail(request):
        raise httpx.ConnectError(str(request.url), request=request)

    state = State()
    notices = Notices(Alerts(webhooks=(Webhook(URL, "json"),)), tmp_path, print, httpx.MockTransport(fail))
    notices.put([event()], state)
    assert notices.deliver(state) == ["webhook-1"]
    assert "s3cret" not in json.dumps(state.outbox) + "".join(capfd.readouterr())


def test_a_file_gets_an_event_once_even_if_nobody_remembers_that_it_did(tmp_path):
    notices = Notices(Alerts(file="told/alerts.jsonl"), tmp_path, print)
    path = tmp_path / "told" / "alerts.jsonl"
    for _ in range(2):  # killed after the line was written and before that was noted
        state = State()
        notices.put([event(1)], state)
        notices.deliver(state)
    path.write_bytes(path.read_bytes() + b'{"id": "cut sh')
    notices.put([event(2)], state)
    notices.deliver(state)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"][-1] for line in (lines[0], lines[2])] == ["1", "2"]
    assert len(lines) == 3


def test_what_waits_is_bounded_and_survives_a_restart(tmp_path):
    state = State()
    notices = Notices(Alerts(stdout=True), tmp_path, print)
    assert notices.put([event(number) for number in range(MOST_WAITING + 5)], state) == 5
    save_state(state, tmp_path)
    assert load_state(tmp_path).outbox == state.outbox
    assert len(state.outbox) == MOST_WAITING


def test_nobody_to_tell_keeps_nothing(tmp_path):
    state = State()
    Notices(Alerts(), tmp_path, print).put([event()], state)
    assert state.outbox == []


def test_a_receiver_that_left_the_list_is_not_waited_for(tmp_path):
    state = State(outbox=[{"event": event().as_dict(), "left": ["webhook-9"]}])
    assert Notices(Alerts(stdout=True), tmp_path, print).deliver(state) == []
    assert state.outbox == []
