"""The standards: every business number as data, and an operator's own values on top of them."""

from __future__ import annotations

import itertools
import json
import math
import operator
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cache, cached_property
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from typing import Any

from kmanalysis.errors import StandardsError
from kmanalysis.files.operator_toml import read_toml
from kmanalysis.tables import DIMENSIONS, GRADES

UNITS = ("unit", "limit_unit")
OPERATORS = (">=", "<=", "=")
SIGNS = {">=": "≥", "<=": "≤", "=": "="}
"""How a reader sees an operator."""


@dataclass(frozen=True)
class Standard:
    """One number and how it is used; ``standards.toml`` says what each field means."""

    id: str
    op: str
    value: float
    unit: str
    source: str
    limit: float | None = None
    limit_unit: str = ""
    minimum_n: int = 1
    weight: float = 0.0
    veto: bool = False
    worst: float | None = None
    best: float | None = None

    @property
    def dimension(self) -> str:
        """The dimension that it judges; empty for a plain setting."""
        head = self.id.split(".")[0]
        return head if head in DIMENSIONS else ""

    @property
    def is_zero_tolerance(self) -> bool:
        """Whether a single counter-example misses it: everything or nothing is asked."""
        return (self.op == "<=" and self.value == 0) or (self.op == ">=" and self.unit == "share" and self.value == 1)


class Standards(Mapping[str, Standard]):
    """The standards in force, by id.

    ``changed`` names those that differ from the default.
    """

    def __init__(self, standards: Mapping[str, Standard], changed: tuple[str, ...] = ()) -> None:
        self._standards = dict(standards)
        self.changed = changed

    def __getitem__(self, identifier: str) -> Standard:
        return self._standards[identifier]

    def __iter__(self) -> Iterator[str]:
        return iter(self._standards)

    def __len__(self) -> int:
        return len(self._standards)

    def value(self, identifier: str) -> float:
        """The value of a standard or setting."""
        return self[identifier].value

    def limit(self, identifier: str) -> float:
        """The limit inside a measure. Raises KeyError where the standard has none."""
        limit = self[identifier].limit
        if limit is None:
            raise KeyError(f"{identifier} has no limit")
        return limit

    @property
    def measures(self) -> tuple[str, ...]:
        """Ids of the standards that judge a measure, in their order."""
        return tuple(identifier for identifier, standard in self.items() if standard.dimension)

    def as_json(self) -> str:
        """All of it as JSON, for a manifest or a page's slice."""
        return json.dumps({identifier: asdict(standard) for identifier, standard in self.items()}, ensure_ascii=False, sort_keys=True)

    @cached_property
    def digest(self) -> str:
        """Digest of all values in force."""
        return blake2b(self.as_json().encode(), digest_size=16).hexdigest()


@cache
def default_standards() -> Standards:
    """The standards that the package ships."""
    declared = tomllib.loads(files(__package__).joinpath("standards.toml").read_text(encoding="utf-8"))
    return Standards({identifier: Standard(id=identifier, **values) for identifier, values in declared.items()})


def load_standards(override: str | Path | None = None) -> Standards:
    """The default standards with an operator's own TOML on top: single fields by id.

    Raises StandardsError for a file that cannot be read, an unknown id or field, a value of the wrong kind or unit, and
    grade floors that contradict each other.
    """
    if override is None:
        return default_standards()
    path = Path(override)
    return override_standards(read_toml(path, StandardsError), file=path.name)


def override_standards(declared: Mapping[str, object], *, file: str) -> Standards:
    """The default standards with the declared changes (id → changed fields); ``file`` names their source in errors."""
    standards = dict(default_standards())
    for identifier, changes in _by_id(declared, standards):
        standards[identifier] = _changed(standards, identifier, changes, file)
    _check_floors(standards, file)
    defaults = default_standards()
    return Standards(standards, tuple(identifier for identifier in standards if standards[identifier] != defaults[identifier]))


def _by_id(declared: Mapping[str, Any], standards: Mapping[str, Standard], prefix: str = "") -> Iterator[tuple[str, object]]:
    # ["grade.S.points"] and [grade.S.points] mean the same: TOML nests the second.
    for key, value in declared.items():
        identifier = f"{prefix}{key}"
        is_branch = isinstance(value, Mapping) and identifier not in standards and any(known.startswith(f"{identifier}.") for known in standards)
        if is_branch:
            yield from _by_id(value, standards, f"{identifier}.")
        else:
            yield identifier, value


def _changed(standards: Mapping[str, Standard], identifier: str, changes: object, file: str) -> Standard:
    if identifier not in standards:
        raise StandardsError(
            "{file}: no standard has the id {found!r}. Did you mean {nearest}? All ids are listed in docs/standards.md.",
            file=file,
            found=identifier,
            nearest=_nearest(identifier, standards),
        )
    old = standards[identifier]
    if not isinstance(changes, Mapping):
        changes = {"value": changes}
    # Units first: a value in another unit is better told so than that it is out of range.
    for field, value in sorted(changes.items(), key=lambda change: change[0] not in UNITS):
        _check_field(old, field, value, file)
    plain: dict[str, Any] = {field: value for field, value in changes.items() if field not in UNITS}
    return replace(old, **({"source": "operator"} | plain)) if plain else old


_NUMBERS = ("value", "limit", "minimum_n", "weight", "worst", "best")


def _check_field(old: Standard, field: str, value: object, file: str) -> None:
    accepted = [known.name for known in fields(Standard) if known.name not in ("id", "source")]
    if field not in accepted:
        raise StandardsError("{file}: {id} has no field {found!r}. Accepted: {accepted}.", file=file, id=old.id, found=field, accepted=", ".join(accepted))
    if field in UNITS and value != getattr(old, field):
        raise StandardsError(
            "{file}: {id} is counted in {accepted}, not in {found}. Convert the value.", file=file, id=old.id, accepted=getattr(old, field) or "—", found=value
        )
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if field in _NUMBERS and not is_number:
        raise StandardsError("{file}: {id}: {field} must be a number, found {found!r}.", file=file, id=old.id, field=field, found=value)
    if field == "veto" and not isinstance(value, bool):
        raise StandardsError("{file}: {id}: veto must be true or false, found {found!r}.", file=file, id=old.id, found=value)
    if field == "op" and value not in OPERATORS:
        raise StandardsError("{file}: {id}: op must be one of {accepted}, found {found!r}.", file=file, id=old.id, accepted=", ".join(OPERATORS), found=value)
    if field in ("weight", "minimum_n") and value < 0:  # type: ignore[operator]
        raise StandardsError("{file}: {id}: {field} may not be negative, found {found}.", file=file, id=old.id, field=field, found=value)
    of_share = (field in ("value", "worst", "best") and old.unit == "share") or (field == "limit" and old.limit_unit == "share")
    if of_share and not 0 <= value <= 1:  # type: ignore[operator]
        raise StandardsError("{file}: {id}: {field} is a share from 0 to 1, found {found}. Write 95 % as 0.95.", file=file, id=old.id, field=field, found=value)
    if field == "limit" and old.limit is None:
        raise StandardsError("{file}: {id} has no limit inside the measure. Change its value.", file=file, id=old.id)


def _check_floors(standards: Mapping[str, Standard], file: str) -> None:
    for higher, lower in itertools.pairwise(GRADES):
        for what, is_contradiction in (("points", operator.le), ("coverage", operator.lt)):
            above, below = standards[f"grade.{higher}.{what}"].value, standards[f"grade.{lower}.{what}"].value
            if is_contradiction(above, below):
                raise StandardsError(
                    "{file}: grade {higher} asks for {what} {above}, no more than grade {lower} with {below}. Floors must fall from S to B.",
                    file=file,
                    higher=higher,
                    lower=lower,
                    what=what,
                    above=above,
                    below=below,
                )
    for standard in standards.values():
        _check_scale(standard, file)


def _check_scale(standard: Standard, file: str) -> None:
    if standard.worst is None or standard.best is None:
        return
    rising = (standard.worst, standard.value, standard.best)
    is_ordered = rising[0] < rising[1] <= rising[2] if standard.op == ">=" else rising[0] > rising[1] >= rising[2]
    if not is_ordered:
        raise StandardsError(
            "{file}: {id}: worst {worst}, value {value} and best {best} are out of order for {op}. Points need worst, value, best one after the other.",
            file=file,
            id=standard.id,
            worst=standard.worst,
            value=standard.value,
            best=standard.best,
            op=standard.op,
        )


def _nearest(identifier: str, standards: Mapping[str, Standard]) -> str:
    from rapidfuzz.process import extractOne

    return str(extractOne(identifier, list(standards))[0])
