"""Where in what was said a quote stands, to be marked there."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

_WORD = re.compile(r"\w+(?:['’]\w+)*")  # noqa: RUF001 - the typographic apostrophe
LEAST = 0.4
"""Share of the words between the first and the last one that must be the quote's, for them to be marked."""

Piece = tuple[str, bool]
"""A stretch of text, and whether it is marked."""


def marked(text: str, quote: str) -> list[Piece]:
    """`text` in pieces, with what `quote` takes from it marked as one; only for the eye: the check has its own, stricter, way."""
    words = list(_WORD.finditer(text))
    said, quoted = [w[0].casefold() for w in words], [w.casefold() for w in _WORD.findall(quote)]
    blocks = [b for b in SequenceMatcher(None, said, quoted, autojunk=False).get_matching_blocks() if b.size]
    if not blocks:
        return [(text, False)]
    first, last = blocks[0].a, blocks[-1].a + blocks[-1].size
    if sum(b.size for b in blocks) < LEAST * (last - first):
        return [(text, False)]
    begin, end = words[first].start(), words[last - 1].end()
    return [piece for piece in ((text[:begin], False), (text[begin:end], True), (text[end:], False)) if piece[0]]
