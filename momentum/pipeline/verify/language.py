"""English as it is compared: stems, clauses, sentences, and what a speaker corrects in the same breath."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from momentum.writers import dates, numbers
from momentum.writers.spoken import FUNCTION_WORDS, words

_ENDINGS = ("ations", "ation", "ings", "ing", "ments", "ment", "ies", "ied", "ed", "es", "s", "ly", "e")
_SHORTEST = 3
_IRREGULAR = {
    "kept": "keep", "rose": "rise", "risen": "rise", "fell": "fall", "fallen": "fall", "went": "go", "gone": "go", "goes": "go",
    "bought": "buy", "sold": "sell", "chose": "choose", "chosen": "choose", "began": "begin", "begun": "begin", "grew": "grow",
    "grown": "grow", "lost": "lose", "won": "win", "paid": "pay", "took": "take", "taken": "take", "held": "hold", "wrote": "write",
    "written": "write", "sent": "send", "spent": "spend", "built": "build", "made": "make", "met": "meet", "said": "say", "told": "tell",
    "gave": "give", "given": "give", "got": "get", "found": "find", "broke": "break", "broken": "break", "spoke": "speak",
    "spoken": "speak", "rang": "ring", "drew": "draw", "drawn": "draw", "brought": "bring", "thought": "think", "taught": "teach",
    "left": "leave", "came": "come", "ran": "run", "saw": "see", "seen": "see", "shot": "shoot", "shown": "show", "led": "lead",
    "meant": "mean", "heard": "hear", "hired": "hire", "withdrew": "withdraw", "withdrawn": "withdraw", "threw": "throw",
    "thrown": "throw", "extension": "extend", "expansion": "expand", "suspension": "suspend", "decision": "decide", "permission": "permit",
    "admission": "admit", "closure": "close", "approval": "approve", "removal": "remove", "renewal": "renew", "refusal": "refuse",
    "replacement": "replace", "choice": "choose", "growth": "grow", "loss": "lose", "sale": "sell", "sales": "sell",
    "stood": "stand", "drove": "drive", "people": "person", "children": "child",
}  # fmt: skip
_CLAUSE = re.compile(
    r"[,;:.!?()\u2013\u2014]+\s|[.!?]+$|\s+(?:but|because|so|then|while|although|though|and|which|who|that|if|when|unless)\s+",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])[\"\u201d\u2019)]*\s+")
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|Hr|St|No|approx|vs)\.(?=\s)")


def stem(word: str) -> str:
    """One form of a word for all its endings: "dropped", "drops" and "dropping" are "drop"."""
    word = word.removesuffix("'s")
    word = _IRREGULAR.get(word, word)
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
            word = word.removesuffix(ending) + ("y" if ending in {"ies", "ied"} else "")
            break
    return word[:-1] if len(word) > _SHORTEST and word[-1] == word[-2] and word[-1] not in "aeiou" else word


def phrases(lines: str, before: str = r"\b") -> re.Pattern[str]:
    """A pattern of whole words, one or more alternatives a line."""
    return re.compile(before + "(?:" + "|".join(line.strip() for line in lines.strip().splitlines()) + r")\b", re.IGNORECASE)


@lru_cache(maxsize=4096)
def stems(text: str) -> frozenset[str]:
    """The stems of the words that mean something."""
    return frozenset(stem(w) for w in words(text) if w not in FUNCTION_WORDS)


def stems_without(text: str, names: Iterable[str]) -> frozenset[str]:
    """The stems of the words that mean something, without those of these names."""
    return stems(text) - _stems_of_names(tuple(names))


@lru_cache(maxsize=64)
def _stems_of_names(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(stem(w) for name in names for w in words(name))


def clauses(text: str) -> list[str]:
    """The text cut where one statement ends and the next begins."""
    return [c for c in _CLAUSE.split(_TITLE.sub(lambda m: m[0][:-1], text)) if c and c.strip()]


def sentences(text: str) -> list[str]:
    """The sentences of a text; a title's full stop ends none."""
    return [s for s in _SENTENCE.split(_TITLE.sub(lambda m: m[0][:-1], text)) if s.strip()]


_CORRECTION = re.compile(
    r"\b(?:no,? sorry|sorry,? no|sorry,? (?:i mean|yes)|no,? wait|wait,? no|i mean(?:t)?|or rather|correction|make that|scratch that|"
    r"no,? (?:it's|it was|i think)|sorry)\b",
    re.IGNORECASE,
)
_BREATH = 60
"""Characters on either side of "sorry, no" within which a value is corrected."""


def settled(text: str) -> str:
    """`text` without the values that the speaker corrects at once: "a hundred and ten - no, sorry, a hundred and twelve"."""
    for marker in reversed(list(_CORRECTION.finditer(text))):
        before = text[max(0, marker.start() - _BREATH) : marker.start()]
        after = text[marker.end() : marker.end() + _BREATH]
        span = _corrected(before, after)
        if span:
            offset = marker.start() - len(before)
            text = text[: offset + span[0]] + " " + text[offset + span[1] :]
    return text


_ANY_DAY = date(2000, 1, 1)


def _corrected(before: str, after: str) -> tuple[int, int] | None:
    """The characters of `before` that hold a value for which `after` gives another of the same kind."""
    times = dates.mentions(before, _ANY_DAY), dates.mentions(after, _ANY_DAY)
    if times[0] and times[1]:
        old = times[0][-1]
        return (old.start, old.end) if old.words.casefold() != times[1][0].words.casefold() else None
    values = numbers.find(before), numbers.find(after)
    if values[0] and values[1] and values[0][-1].value != values[1][0].value:
        return values[0][-1].start, values[0][-1].end
    return None
