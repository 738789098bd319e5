"""One section of the operator's list, read field by field: of the right type, within its bounds, and nothing unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from kmanalysis.errors import UsageError
from kmanalysis.sources.watch.listed.keys import Secret, file_secret, variable_secret

SECRET_NAMES = ("app_id", "app_key", "key", "secret", "token", "password", "passwd", "api_key", "api_secret", "webhook", "access_token")
"""Fields that somebody might put a secret into."""


class Fields:
    """A section of the list. ``place`` says in errors where it is; values are shown in none, for one may be a secret.

    Raises UsageError for a section that is none, for unknown fields and for those that would hold a secret.
    """

    def __init__(self, section: object, accepted: Sequence[str], *, file: str, place: str = "") -> None:
        if not isinstance(section, dict):
            raise UsageError("{file}: {place} must be {accepted}.", file=file, place=place, accepted="[section]")
        self.file, self.place = file, place
        self._section: dict[str, Any] = section
        for name in section:
            if name in accepted:
                continue
            if name.lower() in SECRET_NAMES:
                raise UsageError(
                    "{file}: {place}: the list must not contain secrets. Put the secret into an environment variable or a file with mode 600, and name it with "
                    "{name}_env or {name}_file.",
                    file=file,
                    place=self.at(name),
                    name=name,
                )
            from rapidfuzz.process import extractOne

            nearest = extractOne(name, list(accepted))[0]
            raise UsageError("{file}: unknown field {place}. Did you mean {nearest}?", file=file, place=self.at(name), nearest=nearest)

    def at(self, name: str) -> str:
        """Where a field is, for errors."""
        return f"{self.place}.{name}" if self.place else name

    def has(self, name: str) -> bool:
        """Whether the section has the field."""
        return name in self._section

    def text(self, name: str, default: str | None = None, *, longest: int = 200, pattern: str = "", accepted: str = "") -> str:
        """A text, stripped, of one line. Without ``default`` it must be there."""
        found = self._section.get(name, default)
        if not isinstance(found, str):
            raise self.wrong(name, accepted or "text")
        text = found.strip()
        if (not text and default is None) or len(text) > longest or not (text.isprintable() or not text):
            raise self.wrong(name, accepted or f"text[1..{longest}]")
        if pattern and text and not re.fullmatch(pattern, text):
            raise self.wrong(name, accepted or pattern)
        return text

    def choice(self, name: str, accepted: Sequence[str], default: str | None = None) -> str:
        """One of the accepted texts."""
        found = self._section.get(name, default)
        if not isinstance(found, str) or found not in accepted:
            raise self.wrong(name, ", ".join(accepted))
        return found

    def number(self, name: str, default: float, least: float, most: float) -> float:
        """A number within its bounds."""
        found = self._section.get(name, default)
        if isinstance(found, bool) or not isinstance(found, (int, float)) or not least <= found <= most:
            raise self.wrong(name, f"{least:g} .. {most:g}")
        return float(found)

    def whole(self, name: str, default: int | None, least: int, most: int) -> int | None:
        """A whole number within its bounds; ``default`` where it is not there."""
        if name not in self._section:
            return default
        found = self._section[name]
        if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= most:
            raise self.wrong(name, f"{least} .. {most}")
        return found

    def amount(self, name: str) -> Decimal | None:
        """An amount of money above 0, as text or a number."""
        if name not in self._section:
            return None
        found = self._section[name]
        if (
            isinstance(found, bool)
            or not isinstance(found, (int, float, str))
            or not re.fullmatch(r"\d{1,12}(\.\d{1,4})?", str(found))
            or not Decimal(str(found))
        ):
            raise self.wrong(name, '"9.90"')
        return Decimal(str(found))

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        found = self._section.get(name, default)
        if not isinstance(found, bool):
            raise self.wrong(name, "true, false")
        return found

    def numbers(self, name: str, default: Sequence[int], least: int, most: int) -> tuple[int, ...]:
        """A list of at most fifty whole numbers."""
        found = self._section.get(name, list(default))
        if (
            not isinstance(found, list)
            or len(found) > 50
            or not all(isinstance(one, int) and not isinstance(one, bool) and least <= one <= most for one in found)
        ):
            raise self.wrong(name, f"[{least} .. {most}]")
        return tuple(found)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of at most fifty short texts."""
        found = self._section.get(name, [])
        if not isinstance(found, list) or len(found) > 50 or not all(isinstance(one, str) and 0 < len(one.strip()) <= 50 for one in found):
            raise self.wrong(name, '["…"]')
        return tuple(one.strip() for one in found)

    def names(self, name: str, accepted: Sequence[str]) -> Mapping[str, str]:
        """A table of texts by the accepted names, each a plain word."""
        inner = Fields(self._section.get(name, {}), accepted, file=self.file, place=self.at(name))
        return {one: inner.text(one, pattern=r"\w{1,50}") for one in accepted if inner.has(one)}

    def section(self, name: str, accepted: Sequence[str]) -> Fields:
        """A section within this one, empty where it is not there."""
        return Fields(self._section.get(name, {}), accepted, file=self.file, place=self.at(name))

    def sections(self, name: str, accepted: Sequence[str], most: int) -> list[Fields]:
        """The sections of a list of sections."""
        found = self._section.get(name, [])
        if not isinstance(found, list) or len(found) > most:
            raise self.wrong(name, f"[[{self.at(name)}]], 0 .. {most}")
        return [Fields(one, accepted, file=self.file, place=f"{self.at(name)}[{number}]") for number, one in enumerate(found, 1)]

    def secret(self, name: str, folder: Path, environment: Mapping[str, str]) -> Secret:
        """The secret that ``<name>_env`` or ``<name>_file`` points to."""
        by_variable, by_file = f"{name}_env", f"{name}_file"
        if self.has(by_variable) == self.has(by_file):
            raise UsageError("{file}: {place}: name either {first} or {second}.", file=self.file, place=self.place, first=by_variable, second=by_file)
        if self.has(by_variable):
            return variable_secret(self.text(by_variable), environment, file=self.file, place=self.at(by_variable))
        return file_secret(self.text(by_file, longest=500), folder, file=self.file, place=self.at(by_file))

    def wrong(self, name: str, accepted: str) -> UsageError:
        """The error for a field that is missing or holds what it may not hold."""
        if name not in self._section:
            return UsageError("{file}: {place} is missing. It must be {accepted}.", file=self.file, place=self.at(name), accepted=accepted)
        kind = type(self._section[name]).__name__
        return UsageError("{file}: {place} must be {accepted}, not {found}.", file=self.file, place=self.at(name), accepted=accepted, found=kind)
