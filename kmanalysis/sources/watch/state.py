"""What the watch knows between scans and between runs: turns, standing alerts, last prices, and alerts that are still to be told."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kmanalysis.errors import DataError
from kmanalysis.files.durable import write_atomically
from kmanalysis.sources.watch.schedule import Turn

STATE_FILE = "state.json"
VERSION = 1
MOST_WAITING = 1000
"""Alerts that wait for a webhook that does not answer; the oldest are dropped beyond that."""


@dataclass
class State:
    """``active`` alerts by key, each with when it fired; ``prices`` as (amount, currency) by supplier and SKU; ``misses`` in a row by upstream;

    ``outbox``: events that some of their receivers did not get yet; ``number`` of events so far.
    """

    turns: dict[str, Turn] = field(default_factory=dict)
    active: dict[str, str] = field(default_factory=dict)
    prices: dict[str, list[str]] = field(default_factory=dict)
    misses: dict[str, int] = field(default_factory=dict)
    outbox: list[dict[str, Any]] = field(default_factory=list)
    number: int = 0


def load_state(folder: Path) -> State:
    """The state that a folder keeps, a new one where it keeps none. Raises DataError where it is not readable."""
    path = folder / STATE_FILE
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept.pop("version") != VERSION:
            raise ValueError("version")
        kept["turns"] = {key: Turn.of(turn) for key, turn in kept["turns"].items()}
        return State(**kept)
    except FileNotFoundError:
        return State()
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise DataError("Cannot read {file}. Delete it: active alerts are then sent once more.", file=path.name) from problem


def save_state(state: State, folder: Path) -> None:
    """Writes the state, whole or not at all. Raises OSError."""
    kept = {"version": VERSION, **vars(state), "turns": {key: turn.as_dict() for key, turn in state.turns.items()}}
    write_atomically(folder / STATE_FILE, json.dumps(kept, ensure_ascii=False, indent=0, sort_keys=True).encode(), mode=0o600)
