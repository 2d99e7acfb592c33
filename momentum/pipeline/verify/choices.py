"""Which of two things a claim and its quote choose: "A instead of B", "red for the beaches, orange for the rest" (English)."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from itertools import combinations, product

from momentum.pipeline.verify import amounts, certainty, language, times
from momentum.writers import dates, numbers
from momentum.writers.spoken import words

_ANY_DAY = date(2000, 1, 1)
_FEW = 3
"""Words that mean something, beside days and numbers, of a sentence that only settles a value."""

_CONTRASTS = (
    re.compile(
        r"(?P<chosen>(?:\S+\s+){1,4}?)(?:instead of|rather than|(?:and |but )?not)\s+(?P<refused>(?:(?!but\b)[^\s,;.!?]+\s*){1,4})",
        re.IGNORECASE,
    ),
    re.compile(r"\bfrom (?P<refused>(?:\S+\s+){1,3}?)to (?P<chosen>(?:\S+\s*){1,3})", re.IGNORECASE),
)


_NOT_WITHOUT = re.compile(r"\b(?:no|not|never|none|nobody|\w+n't)\b((?: [\w'-]+){1,6}?) without\b", re.IGNORECASE)
_WITH, _WITHOUT = (re.compile(rf"\b{word} (?:the |a |an |any )?([\w'-]+)") for word in ("with", "without"))


_NOT_BUT = re.compile(r"(?:\bnot|n't) (?P<refused>(?:[\w'-]+ ?){1,5})[,.;!]+ (?:but )?(?P<chosen>(?:[\w'-]+ ?){1,5})", re.IGNORECASE)


def _exchanged(text: str, quoted: str) -> bool:
    """Whether the one has "A instead of B" or "from A to B", and the other the two exchanged."""
    text, quoted = (_NOT_WITHOUT.sub(r"\1 with", t.replace("’", "'")) for t in (text, quoted))  # noqa: RUF001 - the typographic apostrophe
    with_it, without_it = ({language.stem(w) for w in p.findall(text.casefold())} for p in (_WITH, _WITHOUT))
    if with_it & {language.stem(w) for w in _WITHOUT.findall(quoted.casefold())}:
        return True
    if without_it & {language.stem(w) for w in _WITH.findall(quoted.casefold())}:
        return True
    for pattern in _CONTRASTS:
        for ours, theirs in product(pattern.finditer(text), [*pattern.finditer(quoted), *_NOT_BUT.finditer(quoted)]):
            chosen, refused = (_items(ours[name]) & _items(theirs[other]) for name, other in (("chosen", "refused"), ("refused", "chosen")))
            if chosen - refused and refused - chosen:
                return True
    return False


def _items(words: str) -> frozenset[str]:
    """What can be chosen: the stems, and the numbers whatever way they are written."""
    return language.stems(words) | {f"{n.value.normalize():f}" for n in numbers.find(words)}


def differs(text: str, quoted: str) -> bool:
    """Whether the claim chooses what the quote does not: the two exchanged, another value settled, or the two sides of a "than"."""
    return _exchanged(text, quoted) or _reassigned(text, quoted) or _compared_the_other_way(text, quoted) or _settles_another(text, quoted)


_SETTLES = language.phrases(
    r"""
    then|it is|it's|settled|agreed|okay|ok|fine|stays?|stop at|leave it at|we(?:'ll)? take|is enough|let's|make it|we say|exactly
    """
)


def _settles_another(text: str, quoted: str) -> bool:
    """Whether the quote is little but a day or a number that it settles, and the claim names others and not this one."""
    if not _SETTLES.search(quoted) or _NOT.search(text) or certainty.is_hedged(quoted):
        return False
    if len(language.stems(times.without(quoted)) - amounts.COUNTS) > _FEW:
        return False
    weekdays = _weekdays(quoted), _weekdays(text)
    if all(weekdays):
        return not weekdays[0] & weekdays[1]
    if dates.mentions(quoted, _ANY_DAY) and not dates.mentions(text, _ANY_DAY):
        return False  # a day is no other number
    theirs, ours = _counted(quoted) - _RARELY, numbers.numbers(text) | _rarely_counted(text)
    if theirs == {Decimal(1)} and not _ONE_OF_THEM.search(quoted):
        return False
    return bool(theirs and ours) and not any(_is_same(a, b) for a, b in product(theirs, ours))


def _counted(text: str) -> set[Decimal]:
    """All that the numbers of a text may stand for, and "one"; "triple" and "both" settle no number."""
    return {v for _, values in numbers.heard(text) for v in values} | ({Decimal(1)} if "one" in words(text) else set())


_NOT = re.compile(r"\b(?:not?|never|none|nobody|nor|both|second|\w+n't)\b", re.IGNORECASE)
_ONE_OF_THEM = re.compile(r"^\W*(?:\w+[,.]\W+)?one \w+", re.IGNORECASE)
_RARELY = frozenset({Decimal(0)})
_SHORT = frozenset(Decimal(10) ** n for n in (3, 6))
"""What people leave out of a number: "It stays at eleven" of eleven million."""


def _is_same(said: Decimal, claimed: Decimal) -> bool:
    return said == claimed or (said != 0 and claimed / said in _SHORT)


def _rarely_counted(text: str) -> set[Decimal]:
    """Those of days and ranks, and "one", which is a pronoun more often than a number."""
    one = {Decimal(1)} if "one" in words(text) else set()
    return one | {Decimal(m[1]) for m in re.finditer(r"\b(\d+)(?:st|nd|rd|th)\b", text)}


def _weekdays(text: str) -> set[str]:
    return {w for w in words(text) if w in dates.WEEKDAYS}


def _reassigned(text: str, quoted: str) -> bool:
    """Whether two clauses of the claim hold what belongs to two clauses of the quote crosswise."""
    ours, theirs = _places(text), _places(quoted)
    shared = {item: (ours[item], theirs[item]) for item in ours.keys() & theirs.keys()}
    for (first, second), (third, fourth) in combinations(_divided(shared), 2):
        if first[0] != third[0] and {first[1], second[1]} == {third[1], fourth[1]}:
            return True
    return False


def _divided(shared: dict[str, tuple[int, int]]) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Pairs of items that stand in one clause of the claim and in two of the quote."""
    return [(a, b) for a, b in combinations(shared.values(), 2) if a[0] == b[0] and a[1] != b[1]]


def _places(text: str) -> dict[str, int]:
    """Each item that stands in one clause alone, with the number of this clause."""
    found: dict[str, set[int]] = {}
    for at, clause in enumerate(p for c in language.clauses(text) for p in re.split(r"\band\b", c)):
        for item in _items(clause):
            found.setdefault(item, set()).add(at)
    return {item: at.pop() for item, at in found.items() if len(at) == 1}


_THAN = re.compile(
    r"(?P<left>[^.;!?]*?)\b(?P<how>(?:more|less) \w+|\w+er|more|less) (?:\w+ ){0,2}?than (?P<right>(?:[\w'-]+\s*){1,4})", re.IGNORECASE
)


def _compared_the_other_way(text: str, quoted: str) -> bool:
    """Whether both compare the same two by the same word, with the sides exchanged."""
    for ours, theirs in product(_THAN.finditer(text), _THAN.finditer(quoted)):
        same = ours["how"].casefold().split()[-1] == theirs["how"].casefold().split()[-1]
        crossed = _items(ours["left"]) & _items(theirs["right"]), _items(ours["right"]) & _items(theirs["left"])
        straight = _items(ours["left"]) & _items(theirs["left"]), _items(ours["right"]) & _items(theirs["right"])
        if same and crossed[0] - straight[0] and crossed[1] - straight[1]:
            return True
    return False
