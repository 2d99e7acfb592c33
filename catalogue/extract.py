"""Every message of the code: those of templates by Babel's own extraction, those of Python, and sentences made below the pages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.extract import extract

from catalogue.sentences import marked, sentences

ROOT = Path(__file__).parent.parent
CODE, TEMPLATES = ROOT / "momentum", ROOT / "momentum" / "web" / "templates"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
"""As Babel names them: which arguments of which functions of the templates are messages."""


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
    options = {"extensions": "jinja2.ext.i18n", "newstyle_gettext": "true", "silent": "false"}
    for path in sorted(TEMPLATES.rglob("*.*")):
        with path.open("rb") as file:
            for _line, message, _comments, _context in extract("jinja2.ext:babel_extract", file, KEYWORDS, options=options):
                yield Found(message, None, path.relative_to(ROOT).as_posix())


def _of_code() -> Iterator[Found]:
    """Babel's reader of Python does not look into f-strings."""
    for path in sorted(CODE.rglob("*.py")):
        name, tree = path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8"))
        yield from (Found(message, None, name) for message in marked(tree))
        yield from (Found(text, context, name) for context, text in sentences(name, tree))
