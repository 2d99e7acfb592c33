"""Who may own a task: somebody known to have been there, who takes it on or is given it in the evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from momentum.languages import phrase
from momentum.model import Segment
from momentum.pipeline.verify import language
from momentum.pipeline.verify.evidence import Evidence
from momentum.writers import rules
from momentum.writers.spoken import words

_OWN_WORD = language.phrases(
    r"""
    i'll|i will|i can|i'm|i am|i shall|let me|i could|(?:i'd|i would)(?! like to (?:see|know|hear|have))|i've got
    i (?:have to|need to|want to|take|get|write|bring|send|print|do|call|tell|check|book|look|make|prepare|ask|own|handle)
    on me|from me|mine|my (?:task|job|action)|leave it (?:to|with) me|will do|on it|you'll (?:have|get)|you (?:can|will) (?:have|get|see)
    """
)
_YOU = language.phrases("you|your|please")
_REQUEST = language.phrases("please|can you|could you|will you|would you")
_YES = language.phrases(
    r"""
    yes|yeah|yep|yup|sure|okay|ok|fine|right|certainly|absolutely|of course|gladly|happy to|no problem|alright|all right|great|good
    will do|will be|on it|done|got it|perfect|noted|i can|i will|i'll|i'd|i am|i'm
    """,
    before=r"^\W*(?:(?:oh|well|um|uh|hm|hmm|mm|okay|ok)\W+)*",
)
# Behind a name, and before one, that is given a task.
_BEHIND = (
    r"(?:,?\s+(?:can|could|will|would)\s+you|,\s+please|,?\s+you(?:'ll)?\b|'ll\b|,\s+\w+"
    r"|\s+(?:will|is going to|is gonna|has to|needs to|to|takes?|does|'ll)\b)"
)
_NAMES = 4096
"""Names that are remembered: all of a long meeting."""
_BEFORE = r"(?:\byou\b[^.?!]*,\s+|\bplease\b[^.?!]*,?\s+|\b(?:can|could|will|would)\s+)"


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
    return any(w in said for w in _own_parts(person, tuple(roster)))


@lru_cache(maxsize=_NAMES)
def _own_parts(person: str, roster: tuple[str, ...]) -> list[str]:
    """The parts of a name that nobody else on the roster has."""
    others = {w for other in roster if other != person for w in words(other)}
    return [w for w in parts(person) if w not in others]


def named(text: str, roster: Sequence[str]) -> list[str]:
    """Everybody whom `text` names."""
    there = set(words(text))
    return [p for p in roster if not there.isdisjoint(words(p)) and is_named(p, text, roster)]


def parts(person: str) -> list[str]:
    """The words of a name that can stand for it: no title, no initial, no company in brackets."""
    return [w for w in words(re.sub(r"[(\[].*?[)\]]", " ", person)) if len(w) > 1 and w not in rules.TITLES]


def _holds(said: Sequence[str], name: Sequence[str]) -> bool:
    return bool(name) and any(list(said[i : i + len(name)]) == list(name) for i in range(len(said) - len(name) + 1))


def doubt(owner: str, text: str, evidence: Evidence, roster: Sequence[str]) -> str | None:
    """Why `owner`, a person of the roster, cannot be the owner by this evidence; None when they can.

    Who says "I will" in the quote owns it, or who is asked there by name; else who does so, or answers yes, beside it.
    """
    if (other := leading(text, roster)) and other != owner:
        return phrase(f"the text speaks of {other}")
    speaks = any(s.speaker == owner for s in evidence.segments)
    is_there = any(is_named(owner, s.text, roster) for s in evidence.segments)
    if not speaks and not is_there:
        return phrase(f"{owner} neither speaks nor is named there")
    if _answers(owner, evidence):
        return None
    takers = list(dict.fromkeys([*_takers(evidence.quotes, roster)] or _takers(evidence.segments, roster)))
    if takers:
        return None if owner in takers else phrase(f"it is {' or '.join(takers)} who takes it on")
    return _doubt_untaken(owner, evidence, roster, is_there=is_there)


def _answers(owner: str, evidence: Evidence) -> bool:
    """Whether they accept what others say in the quote: offered it themselves just before, or say little right behind it, and no "no"."""
    quoted = [s.id for s in evidence.quotes]
    if owner in {s.speaker for s in evidence.quotes}:
        return False
    before = [s for s in evidence.segments if s.speaker == owner and quoted[0] - _AT_ONCE <= s.id < quoted[0]]
    behind = [s for s in evidence.segments if s.speaker == owner and quoted[-1] < s.id <= quoted[-1] + _AT_ONCE]
    agreed = any(_YES.search(s.text) for s in evidence.quotes)
    return (agreed and any(_OFFERS.search(s.text) for s in before)) or any(_accepts(s.text) for s in behind)


def _accepts(text: str) -> bool:
    short = len(words(text)) <= _SHORT and not text.rstrip().endswith("?")
    return bool((short or _YES.search(text) or _OWN_WORD.search(text)) and not _DECLINES.search(text))


_AT_ONCE = 3
"""Segments from a request to its answer."""
_SHORT = 6
_OFFERS = language.phrases("should i|shall i|can i|could i|do you want me to|would you like me to|want me to|may i")
_DECLINES = language.phrases(r"no|not|never|nope|\w+n't|rather|but")


def _doubt_untaken(owner: str, evidence: Evidence, roster: Sequence[str], *, is_there: bool) -> str | None:
    """Why `owner` does not own what nobody takes on in so many words: who speaks only beside the quote does not."""
    quoted = " ".join(s.text for s in evidence.quotes)
    if owner not in {s.speaker for s in evidence.quotes}:
        return None if is_there or _YOU.search(quoted) else phrase(f"{owner} does not say it")
    if all(s.speaker == owner for s in evidence.quotes) and _REQUEST.search(quoted):
        return phrase(f"{owner} asks somebody else for it")
    others = [p for p in named(quoted, roster) if p != owner]
    return phrase(f"{owner} speaks there, but names {others[0]}") if others and not is_there else None


def leading(text: str, roster: Sequence[str]) -> str | None:
    """The person of the roster whose name the text begins with, as the one who acts: "Ben sends the offer"; None for "Ben's offer"."""
    start = re.match(r"(?:(?:Dr|Prof|Mr|Mrs|Ms|Hr)\.? )?([^\W\d_][\w-]*)(?: ([A-Z][\w-]*))?(?!['’])\b", text)  # noqa: RUF001
    if start is None:
        return None
    both = [n for n in (f"{start[1]} {start[2]}" if start[2] else "", start[1]) if n]
    return next((p for n in both if (p := on_roster(n, roster))), None)


def _takers(segments: Sequence[Segment], roster: Sequence[str]) -> Iterator[str]:
    """Everybody to whom these segments give a task: by their own word, by name, or by a yes to a request."""
    asked_by: str | None = None
    for segment in segments:
        text = segment.text.replace("’", "'")  # noqa: RUF001 - the typographic apostrophe
        says_yes = asked_by and segment.speaker != asked_by and _YES.search(text)
        if segment.speaker and (says_yes or _OWN_WORD.search(text)):
            yield segment.speaker
        yield from (p for p in roster if p != segment.speaker and _is_assigned(p, text, roster))
        if _YOU.search(text) or text.rstrip().endswith("?"):
            asked_by = segment.speaker


def _is_assigned(person: str, text: str, roster: Sequence[str]) -> bool:
    """Whether the words are like "Ben, can you call", "Ben will call" or "Could you call them, Ben?"."""
    there = text.casefold()
    names = (n for n in (person, *_own_parts(person, tuple(roster))) if n.casefold() in there)
    return any(_assigning(re.escape(n)).search(text) for n in names)


@lru_cache(maxsize=_NAMES)
def _assigning(name: str) -> re.Pattern[str]:
    return re.compile(rf"\b{name}{_BEHIND}|{_BEFORE}{name}\b|,\s+{name}\W*$", re.IGNORECASE)
