"""Who may own a task: somebody known to have been there, who speaks or is named in the evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from momentum.model import Segment
from momentum.writers import rules
from momentum.writers.spoken import words

_OWN_WORD = re.compile(
    r"\b(?:i'll|i will|i can|i'm going|i am going|i shall|i'm gonna|let me|i could|i'd|i would|i've got|on me|my (?:task|job|action)|"
    r"i have to|i need to|i'm on|i take|i'm happy)\b",
    re.IGNORECASE,
)


def on_roster(name: str, roster: Sequence[str]) -> str | None:
    """The one person of the roster whom `name` means: in full, or by a part of the name that nobody else has."""
    wanted = words(name)
    if not wanted:
        return None
    full = [p for p in roster if words(p) == wanted]
    part = [p for p in roster if set(wanted) <= set(words(p))]
    found = full or part
    return found[0] if len(found) == 1 else None


def is_named(person: str, text: str, roster: Sequence[str]) -> bool:
    """Whether `text` holds the full name, or a part of it that nobody else on the roster has."""
    said = words(text)
    if _holds(said, words(person)):
        return True
    others = {w for other in roster if other != person for w in words(other)}
    return any(w in said for w in _parts(person) if w not in others)


def _parts(person: str) -> list[str]:
    """The words of a name that can stand for it: no title, no initial, no company in brackets."""
    return [w for w in words(re.sub(r"[(\[].*?[)\]]", " ", person)) if len(w) > 1 and w not in rules.TITLES]


def _holds(said: Sequence[str], name: Sequence[str]) -> bool:
    return bool(name) and any(list(said[i : i + len(name)]) == list(name) for i in range(len(said) - len(name) + 1))


def doubt(owner: str, quote: str, evidence: Sequence[Segment], roster: Sequence[str]) -> str | None:
    """Why `owner`, a person of the roster, cannot be the owner by this evidence; None when they can."""
    if any(is_named(owner, s.text, roster) for s in evidence):
        return None
    if not any(s.speaker == owner for s in evidence):
        return f"{owner} neither speaks nor is named there"
    named = [p for p in roster if p != owner and is_named(p, quote, roster)]
    if named and not _OWN_WORD.search(quote.replace("’", "'")):  # noqa: RUF001 - the typographic apostrophe
        return f"{owner} speaks there, but names {named[0]}"
    return None
