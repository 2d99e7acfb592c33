"""Every message of the code, and the sentences that are made below the pages.

Babel's own readers see neither calls in f-strings nor methods called in templates: both are read as syntax here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, nodes

from catalogue.sentences import marked, message_of, sentences

ROOT = Path(__file__).parent.parent
CODE, TEMPLATES = ROOT / "momentum", ROOT / "momentum" / "web" / "templates"


@dataclass(frozen=True, slots=True)
class Found:
    """One message where it stands. `context` is gettext's msgctxt; `message` holds both forms where it has a plural."""

    message: str | tuple[str, ...]
    context: str | None
    path: str


def messages() -> list[Found]:
    """All of them, by file."""
    return [*_of_templates(), *_of_code()]


def _of_templates() -> Iterator[Found]:
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    for path in sorted(TEMPLATES.rglob("*.*")):
        name, tree = path.relative_to(ROOT).as_posix(), environment.parse(path.read_text("utf-8"))
        for call in tree.find_all(nodes.Call):
            called = getattr(call.node, "attr", None) or getattr(call.node, "name", "")
            texts = [argument.value if isinstance(argument, nodes.Const) else None for argument in call.args]
            if (message := message_of(called, texts)) is not None:
                yield Found(message, None, name)


def _of_code() -> Iterator[Found]:
    for path in sorted(CODE.rglob("*.py")):
        name, tree = path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8"))
        yield from (Found(message, None, name) for message in marked(tree))
        yield from (Found(text, context, name) for context, text in sentences(name, tree))
