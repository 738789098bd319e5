"""Standards that were moved by hand: laid over those in force, and written as the TOML that the batch takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from kmanalysis.errors import UsageError
from kmanalysis.files.durable import write_atomically
from kmanalysis.standards import UNITS, Standard, Standards, default_standards, override_standards

Changes = Mapping[str, Mapping[str, object]]
"""Changed fields by a standard's id."""

HEAD = "# Standards that differ from the defaults; written by the explorer of kmanalysis."

_FIELDS = tuple(field.name for field in fields(Standard) if field.name not in ("id", "source", *UNITS))


def differences(standards: Standards) -> dict[str, dict[str, object]]:
    """The fields in which standards differ from the defaults, by id."""
    defaults = default_standards()
    found = {
        identifier: {name: getattr(standard, name) for name in _FIELDS if getattr(standard, name) != getattr(defaults[identifier], name)}
        for identifier, standard in standards.items()
    }
    return {identifier: changed for identifier, changed in found.items() if changed}


def moved(standards: Standards, changes: Changes) -> Standards:
    """The standards with these changes on top. Raises StandardsError for what cannot be in force, UsageError where nothing would weigh anything."""
    merged = differences(standards)
    for identifier, changed in changes.items():
        merged[identifier] = merged.get(identifier, {}) | dict(changed)
    found = override_standards(merged, file="explore")
    if not any(standard.weight > 0 and found.value(f"dimension.{standard.dimension}") > 0 for standard in found.values() if standard.dimension):
        raise UsageError("At least one measure must weigh something.")
    return found


def standards_toml(standards: Standards) -> str:
    """The differences from the defaults as TOML that ``--standards`` takes; the same standards give the same text."""
    lines = [
        f'"{identifier}" = {{ {", ".join(f"{name} = {_toml(value)}" for name, value in changed.items())} }}'
        for identifier, changed in differences(standards).items()
    ]
    return "\n".join([HEAD, *lines, ""])


def write_standards(standards: Standards, path: Path) -> Path:
    """Writes `standards_toml`, whole or not at all, and gives the full path.

    Raises UsageError where the folder is missing or a file of that name is not one that this wrote.
    """
    target = path.expanduser().resolve()
    if not target.parent.is_dir():
        raise UsageError("Folder {folder} was not found.", folder=target.parent.name)
    if target.is_dir() or (target.exists() and not target.read_bytes().startswith(HEAD.encode())):
        raise UsageError("{file} is there already and was not written by the explorer. Choose another name.", file=target.name)
    try:
        write_atomically(target, standards_toml(standards).encode())
    except OSError as problem:
        raise UsageError("{file} cannot be written ({problem}).", file=target.name, problem=problem.strerror) from problem
    return target


def _toml(value: object) -> str:
    # What JSON writes for numbers, texts and truths is TOML as well.
    return json.dumps(value)
