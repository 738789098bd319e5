"""Ibis, imported when a query is written: most runs read texts that are written already, and its import takes longer than they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis as ibis
    from ibis.expr import types as ir
else:
    from importlib import import_module

    class _Later:
        def __init__(self, module: str) -> None:
            self._module = module

        def __getattr__(self, name: str) -> object:
            return getattr(import_module(self._module), name)

    ibis, ir = _Later("ibis"), _Later("ibis.expr.types")

__all__ = ["ibis", "ir"]
