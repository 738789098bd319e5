"""The digest of the program: of all in this package that a result depends on, and of nothing else.

Whatever changes it has every page made and every month counted again, so comments, docstrings, the command line and the words of errors are no part of it.
"""

from __future__ import annotations

import ast
import json
import platform
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path

import kmanalysis
from kmanalysis.files.durable import write_atomically
from kmanalysis.report.cache.digests import content_digest, digest_of, read_sealed, sealed

PACKAGE = Path(kmanalysis.__file__).parent
REMEMBERED = "program.json"

LEFT_OUT = ("__main__.py", "_assets", "cli", "explorers", "reference", "report/progress.py", "samples", "sources")
"""Modules and packages that no result depends on; the notebooks in ``_assets`` have digests of their own."""

LEFT_OUT_WORDS = ("cli", "explorers", "init", "samples", "sources", "spark", "watch")
"""Catalogues whose words stand on no page."""

MESSAGES = "loaders"
"""The package, and the catalogue, whose sentences are errors alone."""

_VERSIONS = ("pandas", "numpy", "scipy", "pyarrow", "ibis-framework", "duckdb", "chinesecalendar", "matplotlib", "nbconvert")


@cache
def versions() -> dict[str, str]:
    """Versions of what decides the bytes of a report."""
    return {"kmanalysis": kmanalysis.__version__, "python": platform.python_version()} | {name: version(name) for name in _VERSIONS}


def program_digest(kept: Path | None = None, package: Path = PACKAGE) -> str:
    """Digest of what a result depends on in this package's code, words, declarations and templates.

    Reading code for what it does takes most of a second, so the folder ``kept`` remembers what each file's content came to.
    """
    contents = {path: file.read_bytes() for path, file in sorted(_files(package).items())}
    before = read_sealed(kept / REMEMBERED) if kept else {}
    # How a file is read is part of what is remembered of it: this module, and the parser.
    reader = content_digest(Path(__file__).read_bytes()) + platform.python_version()
    now = {}
    for path, content in contents.items():
        name = digest_of(reader, path, content)
        now[name] = before.get(name) or _meaning(path, content)
    if kept is not None and now != before:
        write_atomically(kept / REMEMBERED, sealed(now))
    return digest_of(*now.values())


def _files(package: Path) -> Mapping[str, Path]:
    named = {file.relative_to(package).as_posix(): file for file in package.rglob("*") if file.suffix in _MEANINGS}
    return {path: file for path, file in named.items() if not _is_left_out(path)}


def _is_left_out(path: str) -> bool:
    is_word = path.startswith("locale/") and Path(path).stem in LEFT_OUT_WORDS
    return is_word or any(path == name or path.startswith(f"{name}/") for name in LEFT_OUT)


@cache
def _meaning(path: str, content: bytes) -> str:
    """Digest of what a file says."""
    return digest_of(path, _MEANINGS[Path(path).suffix](path, content))


def _code(path: str, content: bytes) -> bytes:
    """The code without comments, layout and docstrings."""
    parts: list[str] = []
    _spell(ast.parse(content), parts, with_errors=not path.startswith(f"{MESSAGES}/"))
    return "\x1f".join(parts).encode()


def _spell(node: ast.AST, parts: list[str], *, with_errors: bool) -> None:
    """Spells a part of a program out; `ast.dump`, which shows docstrings, takes three times as long."""
    parts.append(type(node).__name__)
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and not with_errors:
        node = node.exc.func
    for field in node._fields:
        value = getattr(node, field, None)
        if isinstance(value, list):
            parts.append("[")
            for item in value:
                if not isinstance(item, ast.AST):
                    parts.append(repr(item))
                elif not _is_text(item):
                    _spell(item, parts, with_errors=with_errors)
            parts.append("]")
        elif isinstance(value, ast.AST):
            _spell(value, parts, with_errors=with_errors)
        else:
            parts.append(repr(value))


def _is_text(line: ast.AST) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)


def _words(path: str, content: bytes) -> bytes:
    """A catalogue's entries without comments; of sentences that are errors nothing."""
    entries = ("\n".join(line for line in entry.splitlines() if line.strip() and not line.startswith("#")) for entry in content.decode().split("\n\n"))
    is_messages = Path(path).stem == MESSAGES
    return "\n\n".join(entry for entry in entries if entry and (not is_messages or entry.startswith('msgid "name:'))).encode()


def _declarations(path: str, content: bytes) -> bytes:
    return json.dumps(tomllib.loads(content.decode()), default=str).encode()


def _as_it_is(path: str, content: bytes) -> bytes:
    return content


_MEANINGS: Mapping[str, Callable[[str, bytes], bytes]] = {
    ".py": _code,
    ".po": _words,
    ".toml": _declarations,
    ".j2": _as_it_is,
    ".css": _as_it_is,
    ".json": _as_it_is,
}
