"""Markdown as a flat list of blocks, in which everything is text: what DOCX, PDF and plain text are made of."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Raw HTML is off: what looks like markup in a meeting's words is words.
markdown = MarkdownIt("commonmark", {"html": False})


@dataclass(frozen=True, slots=True)
class Run:
    """Text of one look; a line feed breaks the line."""

    text: str
    bold: bool = False
    italic: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """`kind` is "heading" (of `level` 1 to 6), "paragraph" or "item"; `quoted`: how deep in quotes, `depth`: how deep in lists."""

    kind: str
    runs: tuple[Run, ...]
    level: int = 0
    quoted: int = 0
    depth: int = 0

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)

    @property
    def rightward(self) -> bool:
        """Whether it is read from right to left, as its first letter says (https://www.unicode.org/reports/tr9/#P2)."""
        return is_rightward(self.text)


def is_rightward(text: str) -> bool:
    """Whether the first letter that has a direction runs from right to left."""
    strong = (unicodedata.bidirectional(c) for c in text)
    return next((direction for direction in strong if direction in {"L", "R", "AL"}), "L") != "L"


def parsed(text: str) -> list[Block]:
    """The blocks of a Markdown text."""
    return list(_blocks(markdown.parse(text)))


def as_text(blocks: Iterable[Block]) -> str:
    """Plain text: headings underlined, items with a dash, quotes indented."""
    return "\n\n".join(_plain(block) for block in blocks) + "\n"


def _plain(block: Block) -> str:
    indent = "  " * (block.quoted + max(0, block.depth - (block.kind == "item")))
    if block.kind == "heading":
        return f"{block.text}\n{('=' if block.level == 1 else '-') * min(60, max(3, len(block.text)))}"
    return indent + ("- " if block.kind == "item" else "") + block.text.replace("\n", f"\n{indent}")


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    quoted = depth = 0
    kind, level, begins = "paragraph", 0, False
    for token in tokens:
        quoted += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        depth += {"list_item_open": 1, "list_item_close": -1}.get(token.type, 0)
        begins = begins or token.type == "list_item_open"
        if token.type == "heading_open":
            kind, level = "heading", int(token.tag[1:])
        elif token.type == "paragraph_open":
            kind, level = ("item" if begins else "paragraph"), 0
        elif token.type in {"inline", "code_block", "fence"}:
            begins = begins and kind != "item"
            yield Block(kind, tuple(_runs(token)), level, quoted, depth)


def _runs(token: Token) -> Iterator[Run]:
    bold = italic = 0
    for child in token.children or [token]:
        bold += {"strong_open": 1, "strong_close": -1}.get(child.type, 0)
        italic += {"em_open": 1, "em_close": -1}.get(child.type, 0)
        text = {"softbreak": " ", "hardbreak": "\n"}.get(child.type, child.content)
        if text:
            yield Run(text, bold > 0, italic > 0)
