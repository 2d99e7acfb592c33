"""What Momentum can write. A writer that needs a language model is one module with a `WRITER`, found here."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping, Sequence

from momentum.model import Deliverable, Meeting
from momentum.writers import highlights, markdown
from momentum.writers.base import Writer


def found(folders: Iterable[str], package: str = __name__) -> dict[str, Writer]:
    """The writers by name: every module in `folders`, which are the package's, that has a `WRITER`."""
    modules = (importlib.import_module(f"{package}.{m.name}") for m in pkgutil.iter_modules(folders) if not m.ispkg)
    writers: list[Writer] = [m.WRITER for m in modules if hasattr(m, "WRITER")]
    return {w.name: w for w in writers}


WRITERS: Mapping[str, Writer] = found(__path__)
LABELS: Mapping[str, str] = {highlights.NAME: highlights.LABEL} | {w.name: w.label for w in WRITERS.values()}
"""What people call the documents."""


def chosen(asked: Sequence[str], *, has_model: bool) -> tuple[str, ...]:
    """Names of the deliverables to write: what was asked for, else minutes with a language model and highlights without."""
    return tuple(asked) or (("minutes",) if has_model else (highlights.NAME,))


def render(deliverable: Deliverable, meeting: Meeting) -> str:
    """Any stored deliverable as Markdown, by its writer where that is known here."""
    writer = WRITERS.get(deliverable.kind)
    return writer.render(deliverable, meeting) if writer else markdown.render(deliverable, meeting)
