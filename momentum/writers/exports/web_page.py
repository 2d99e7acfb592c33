"""HTML: one file that asks nobody for anything, with a policy that would forbid it."""

from __future__ import annotations

import base64
import hashlib
import html

from momentum.writers.exports.blocks import Block, is_rightward, markdown, parsed

_STYLE = """
body { font: 16px/1.55 system-ui, "Noto Sans", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans CJK SC", sans-serif;
  max-width: 46rem; margin: 2rem auto; padding: 0 1.2rem; color: #1d1d1f; background: #fff }
h1 { font-size: 1.7rem; line-height: 1.25 } h2 { font-size: 1.2rem; margin-top: 2rem }
blockquote { margin: .3rem 0; padding-inline-start: .8rem; border-inline-start: 3px solid #c9c9cf; color: #55555c }
ul { padding: 0 1.6rem } li { margin: .5rem 0 } p { overflow-wrap: anywhere }
@media print { body { margin: 0; max-width: none } h2 { break-after: avoid } li { break-inside: avoid } }
@media (prefers-color-scheme: dark) { body { color: #ececf0; background: #17171a } blockquote { color: #a9a9b2 } }
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_BLOCKS = frozenset({"heading_open", "paragraph_open", "blockquote_open", "bullet_list_open", "ordered_list_open", "list_item_open"})


def as_html(text: str, language: str | None) -> bytes:
    """A page of a Markdown text."""
    return _page(parsed(text), rendered(text), language).encode()


def rendered(text: str) -> str:
    """A Markdown text as what stands between the tags of a page; each block is read in the direction of its first letter."""
    tokens = markdown.parse(text)
    rightward = False
    for token in reversed(tokens):  # what is around a text comes before it
        if token.type == "inline":
            rightward = is_rightward("".join(child.content for child in token.children or ()))
        elif token.type in _BLOCKS:
            token.attrSet("dir", "rtl" if rightward else "ltr")
    body: str = markdown.renderer.render(tokens, markdown.options, {})
    return body


def _page(blocks: list[Block], body: str, language: str | None) -> str:
    title = next((block.text for block in blocks if block.kind == "heading"), "Meeting")
    direction = "rtl" if is_rightward(title) else "ltr"
    lang = f' lang="{html.escape(language)}"' if language else ""
    policy = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
    return (
        f'<!doctype html>\n<html{lang} dir="{direction}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )
