"""The exceptions that a user meets: each says where, what was found, what is accepted and what to do next.

The message is a catalogue entry with named fields, so that the command line can say it in the reader's language. What in a field looks like a secret, be it
a cell that an engine's sentence quotes or a phone number in a file's name, is masked: here, so that no error can forget it.
"""

from __future__ import annotations

from collections.abc import Callable


class KmError(Exception):
    """An error that the user can act on.

    ``message`` is the English text with ``{field}`` places; ``fields`` fill them, their secrets masked. ``str()`` gives the English sentence;
    ``Words.error`` the reader's.
    """

    exit_code = 1

    def __init__(self, message: str, **fields: object) -> None:
        self.message = message
        self.fields = {name: _without_secrets(value) for name, value in fields.items()}
        super().__init__(message.format(**self.fields))

    def __reduce__(self) -> tuple[Callable[..., KmError], tuple[object, ...]]:
        return _rebuild, (type(self), self.message, self.fields)


def _rebuild(kind: type[KmError], message: str, fields: dict[str, object]) -> KmError:
    return kind(message, **fields)


def _without_secrets(value: object) -> object:
    """The value of a field; its text, where that holds a secret."""
    from kmanalysis.detector import masked  # imported late: most commands end without an error

    if isinstance(value, int | float):
        return value
    text = str(value)
    return value if (shown := masked(text)) == text else shown


class DataError(KmError):
    """An input file or workbook folder that cannot be used as it is."""


class PathError(DataError):
    """A path that cannot be used: it is not there, not permitted, of the wrong kind, or too long."""

    exit_code = 2


class MappingError(KmError):
    """A mapping that contradicts itself, the file, or the canonical tables."""

    exit_code = 2


class StandardsError(KmError):
    """Standards that cannot be in force: unknown id, wrong unit, contradictory floors."""

    exit_code = 2


class UsageError(KmError):
    """Arguments that cannot be used: unknown month, supplier, notebook, language."""

    exit_code = 2


class LockHeld(KmError):
    """A lock that another process holds, where the caller does not wait for it."""

    exit_code = 2
