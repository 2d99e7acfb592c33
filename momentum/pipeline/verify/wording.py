"""What a claim says beyond its quote: numbers, names, a "not" or a "maybe" that the one has and the other has not."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from decimal import Decimal

from momentum.writers.numbers import numbers
from momentum.writers.spoken import FUNCTION_WORDS, words

# "No, we agreed" agrees: a "no" that stands alone answers somebody and negates nothing.
_ANSWER = re.compile(r"(?:^|[.!?,;]\s*)(?:no[,.!;]?\s+)+(?=\w)|\bno[,.!;]|\bwhy (?:don't|not)\b|\bnot only\b", re.IGNORECASE)
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|can't|won't|don't|doesn't|didn't|isn't|aren't|wasn't|weren't|"
    r"shouldn't|wouldn't|couldn't|haven't|hasn't|hadn't|mustn't|needn't|ain't)\b",
    re.IGNORECASE,
)
_HEDGE = re.compile(
    r"\b(?:maybe|perhaps|might|possibly|probably|hopefully|i guess|i suppose|not sure|likely|unless|if|tentatively|in principle|ideally|"
    r"presumably|unsure|provisionally|should we|may)\b",
    re.IGNORECASE,
)
_CAPITAL = re.compile(r"[^\W\d_][\w'’.-]*")  # noqa: RUF001 - the typographic apostrophe
_SENTENCE_START = re.compile(r"(?:^|[.!?:;]\s+|[\"“(]\s*)$")
# Capitals that are no names, or that stand for words people say in full.
_NO_NAMES = frozenset({"i", "i'll", "i'm", "i've", "i'd", "ok", "q", "a"})

_STEM = 4
"""Letters by which "decided" and "decision" are the same word."""


def unproven_numbers(text: str, quote: str) -> list[str]:
    """Numbers of `text` that the quote does not hold, as text; "fifteen thousand" and 15,000 are the same."""
    missing = numbers(text) - numbers(quote)
    return [_shown(n) for n in sorted(missing)]


def _shown(number: Decimal) -> str:
    return f"{number:,f}".rstrip("0").rstrip(".") if "." in f"{number:f}" else f"{number:,f}"


def unproven_names(text: str, quote: str, known: Collection[str], roster: Sequence[str], *, english: bool) -> list[str]:
    """Names in `text` that neither the quote holds nor `known` (who speaks there, the proven owner).

    In English every capital inside a sentence is a name; in other languages only people of the roster are looked for.
    """
    said = set(words(quote)) | {w for name in known for w in words(name)}
    people = {w for person in roster for w in words(person) if len(w) > 1}
    found: dict[str, None] = {}
    for match in _CAPITAL.finditer(text):
        name = match[0].rstrip(".'’-").removesuffix("'s").removesuffix("’s")  # noqa: RUF001 - the typographic apostrophe
        inside = english and not _SENTENCE_START.search(text[: match.start()]) and name.casefold() not in _NO_NAMES
        is_name = name[:1].isupper() and (inside or name.casefold() in people or name[1:2].isupper())
        if is_name and not set(words(name)) <= said:
            found[name] = None
    return list(found)


def is_about(text: str, evidence: str, people: Sequence[str]) -> bool:
    """Whether the two share a word that means something, names of people aside (English). A text without such words is about anything."""
    names = {w for person in people for w in words(person)}
    stems = {w[:_STEM] for w in words(text) if w.isalpha() and w not in names and w not in FUNCTION_WORDS}
    return not stems or bool(stems & {w[:_STEM] for w in words(evidence)})


def differs_in_negation(text: str, quote: str) -> bool:
    """Whether one of the two is negated and the other is not (English)."""
    return bool(_NEGATION.search(_without_answers(text))) != bool(_NEGATION.search(_without_answers(quote)))


def differs_in_hedging(text: str, quote: str) -> bool:
    """Whether one of the two is certain and the other is not (English)."""
    return bool(_HEDGE.search(_without_may(text))) != bool(_HEDGE.search(_without_may(quote)))


def _without_answers(text: str) -> str:
    return _ANSWER.sub(" ", text.replace("’", "'"))  # noqa: RUF001 - the typographic apostrophe


def _without_may(text: str) -> str:
    """The month is no doubt: "May 2nd", "in May"."""
    return re.sub(r"\bMay\b|\bmay (?=\d|the \d)", " ", text)
