"""Sentences that are made below the pages, out of the code's syntax: f-strings with `{}` for what is filled in.

A sentence is a text that begins with a capital letter, or with something filled in, and ends like one. `phrase(...)` marks what is
filled into sentences. A text that is put together in one function is followed there: conditions give both texts, a local name gives
what was assigned to it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from momentum.languages.sentences import PHRASE, SENTENCE

ELSEWHERE = {
    "momentum/__main__.py": "the command line",
    "momentum/cli/": "the command line",
    "momentum/embedded/": "said at the start, in the terminal",
    "momentum/exposition.py": "figures for machines",
    "momentum/inbound.py": "said at the start, in the terminal",
    "momentum/logs.py": "the log",
    "momentum/metrics.py": "descriptions of metrics",
    "momentum/redaction/masks.py": "orders to a language model",
    "momentum/sandbox/": "a stand-in for a vendor",
    "momentum/settings.py": "said at the start, in the terminal",
    "momentum/store/dsn.py": "said at the start, in the terminal",
    "momentum/store/keys.py": "said at the start, in the terminal",
    "momentum/store/migrations/": "the schema",
    "momentum/store/prepare.py": "said at the start, in the terminal",
    "momentum/store/reach.py": "said at the start, in the terminal",
    "momentum/web/api/analysis_models.py": "the description of the API",
    "momentum/web/api/correction_models.py": "the description of the API",
    "momentum/web/api/document_models.py": "the description of the API",
    "momentum/web/api/models.py": "the description of the API",
    "momentum/web/api/privacy_models.py": "the description of the API",
    "momentum/web/api/template_models.py": "the description of the API",
    "momentum/web/monitoring.py": "answers to machines",
    "momentum/web/published_keys.py": "answers to machines",
    "momentum/web/site.py": "the description of the API",
    "momentum/web/tokens.py": "answers to machines",
    "momentum/worker/engine.py": "the log",
    "momentum/web/trust.py": "said at the start, in the terminal",
    "momentum/writers/own.py": "orders to a language model",
    "momentum/writers/sections.py": "orders to a language model",
}
"""Where sentences are for nobody who reads a page, and why."""

_ONE, _BOTH = {"_", "N_", "gettext"}, {"NN_", "counted", "ngettext"}
"""Functions whose first argument is a message, and whose first two are its forms for one and for many."""
_MARKED = _ONE | _BOTH
_BUGS = {"AssertionError", "KeyError", "LookupError", "RuntimeError", "TypeError", "ValueError"}
_DESCRIBING = {"description", "examples", "help", "json_schema_extra", "responses", "summary", "title"}
_SENTENCE = re.compile(r"[A-Z“`{][^\n]*[a-z]{2}[:,]? [^\n]*[.?!]")
_CODE = re.compile(r"\(\?|\\|\$|%\(|<")
_BORDER = re.compile(r"(?<=[.?!]) |(?<=^\{\}) (?=[A-Z])|(?<=[.?!] \{\}) (?=[A-Z])")

Texts = list[str]
_Node = ast.AST


def marked(tree: ast.Module) -> Iterator[str | tuple[str, ...]]:
    """Every message that is marked for gettext; both forms where it has a plural."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            texts = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]
            if (message := message_of(_called(node), texts)) is not None:
                yield message


def message_of(called: str, arguments: Sequence[object]) -> str | tuple[str, ...] | None:
    """The message that a call marks, by the function's name and those of its arguments that are written out; else None."""
    forms = [text for text in arguments[: 2 if called in _BOTH else 1] if isinstance(text, str)]
    if called in _ONE and len(forms) == 1:
        return forms[0]
    return tuple(forms) if called in _BOTH and len(forms) == 2 else None


def sentences(name: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(context, pattern) of every sentence and phrase of a file; `name` is its path from the root."""
    if not name.startswith(tuple(ELSEWHERE)) and not _is_writer(tree):
        for context, text in _Reader().read(tree):
            yield from ((context, text),) if context == PHRASE else ((context, whole) for whole in _whole(text))


def _is_writer(tree: ast.Module) -> bool:
    """Whether its sentences are orders to a language model."""
    targets = (node.target for node in tree.body if isinstance(node, ast.AnnAssign))
    return any(isinstance(target, ast.Name) and target.id == "WRITER" for target in targets)


def _whole(text: str) -> Iterator[str]:
    """The pattern, without sentences that are filled in as a whole: those are made elsewhere."""
    runs, run = [], ""
    for part in _BORDER.split(text):
        filled = not re.search(r"\w", part)
        runs += [run] if filled else []
        run = "" if filled else f"{run} {part}".strip()
    yield from (run for run in [*runs, run] if _is_sentence(run))


def _is_sentence(text: str) -> bool:
    return bool(_SENTENCE.fullmatch(text)) and not _CODE.search(text)


class _Reader:
    """Walks through a file, and knows what the local names of the function around hold."""

    def __init__(self) -> None:
        self._names: Mapping[str, Texts] = {}

    def read(self, node: _Node) -> Iterator[tuple[str, str]]:
        """Every text in and below `node`."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            outer, self._names = self._names, self._assigned(node)
            yield from self._below(node)
            self._names = outer
        elif isinstance(node, ast.Call) and (name := _called(node)) in _MARKED | _BUGS | {"phrase"}:
            if name == "phrase":
                yield from ((PHRASE, text) for argument in node.args for text in self._texts(argument) or ())
            elif name in _MARKED:
                for argument in [*node.args, *(k.value for k in node.keywords)]:
                    yield from self.read(argument) if not isinstance(argument, ast.Constant) else ()
        elif (texts := self._texts(node)) is not None:
            yield from ((SENTENCE, text) for text in texts)
            yield from (found for field in _fields(node) for found in self.read(field))
        else:
            yield from self._below(node)

    def _below(self, node: _Node) -> Iterator[tuple[str, str]]:
        for child in ast.iter_child_nodes(node):
            if not _is_description(child) and not _is_docstring(child):
                yield from self.read(child)

    def _assigned(self, function: _Node) -> dict[str, Texts]:
        """Names to which one text is assigned."""
        given: dict[str, list[ast.expr]] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                given.setdefault(node.targets[0].id, []).append(node.value)
        found = {name: [self._texts(value) for value in values] for name, values in given.items()}
        return {name: [t for texts in all_texts for t in texts or ()] for name, all_texts in found.items() if None not in all_texts}

    def _texts(self, node: _Node) -> Texts | None:
        """What a string may be, `{}` where something is filled in; None for what is no string that stands here."""
        match node:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.JoinedStr(values=values):
                return ["".join(parts) for parts in product(*(self._part(value) for value in values))]
            case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, op=ast.Add(), right=other):
                texts = self._texts(one), self._texts(other)
                if texts == (None, None):
                    return None
                known = [t if t is not None else ["{}"] for t in texts]
                return [*known[0], *known[1]] if isinstance(node, ast.IfExp) else ["".join(both) for both in product(*known)]
        return None

    def _part(self, node: _Node) -> Texts:
        """What stands at one place of an f-string."""
        if isinstance(node, ast.Constant):
            return [str(node.value)]
        value = getattr(node, "value", None)
        if isinstance(value, ast.Name):
            return self._names.get(value.id, ["{}"])
        if isinstance(value, ast.BoolOp) and isinstance(value.op, ast.Or):
            return list(dict.fromkeys(text for one in value.values for text in self._texts(one) or ["{}"]))
        return (self._texts(value) if isinstance(value, ast.IfExp) else None) or ["{}"]


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _fields(node: _Node) -> Iterator[ast.expr]:
    """What is filled into the f-strings of a text: it may hold texts of its own."""
    for part in ast.walk(node):
        if isinstance(part, ast.FormattedValue) and not isinstance(part.value, ast.IfExp | ast.Name):
            yield part.value


def _is_docstring(node: _Node) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_description(node: _Node) -> bool:
    """What describes the API or an option: an argument of that name, examples."""
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Name) and target.id == "EXAMPLES" for target in node.targets)
    if isinstance(node, ast.Dict):
        return any(isinstance(key, ast.Constant) and key.value in _DESCRIBING for key in node.keys)
    return isinstance(node, ast.keyword) and node.arg in _DESCRIBING
