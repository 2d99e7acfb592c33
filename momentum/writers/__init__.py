"""What Momentum can write. A writer that needs a language model is one module with a `WRITER`, found here."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence

from momentum.writers import highlights
from momentum.writers.base import Writer


def _found() -> dict[str, Writer]:
    modules = (importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__))
    writers: list[Writer] = [m.WRITER for m in modules if hasattr(m, "WRITER")]
    return {w.name: w for w in writers}


WRITERS: dict[str, Writer] = _found()


def chosen(asked: Sequence[str], *, has_model: bool) -> tuple[str, ...]:
    """Names of the deliverables to write: what was asked for, else minutes with a language model and highlights without."""
    return tuple(asked) or (("minutes",) if has_model else (highlights.NAME,))
