"""Numbers as people say them: "fifteen thousand", "15,000", "1.5k", "twenty-third"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import pairwise, takewhile

_UNITS_TEXT = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
_SMALL = _UNITS_TEXT.split()
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
CARDINALS = {w: i for i, w in enumerate(_SMALL)} | {w: 10 * i for i, w in enumerate(_TENS, 2)}
SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000, "grand": 1_000}
_SUFFIXES = {"k": 1_000, "m": 1_000_000, "mn": 1_000_000, "bn": 1_000_000_000, "million": 1_000_000, "billion": 1_000_000_000}

_ORDINALS_TEXT = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth "
    "seventeenth eighteenth nineteenth"
)
_FIRST = _ORDINALS_TEXT.split()
ORDINALS = {w: i for i, w in enumerate(_FIRST, 1)} | {"twentieth": 20, "thirtieth": 30}
ORDINALS |= {f"{tens}{gap}{w}": CARDINALS[tens] + i for tens in ("twenty", "thirty") for gap in "- " for i, w in enumerate(_FIRST[:9], 1)}

_LONGEST = 24
"""Words of a spelt number."""
_DIGITS = re.compile(r"(\d[\d,]*(?:\.\d+)?)(k|mn|m|bn)?(st|nd|rd|th|s|%)?")
_TOKEN = re.compile(r"\d[\d,]*(?:\.\d+)?[a-z%]*|[a-z]+|[,;:.!?]", re.IGNORECASE)
_COUNTED = {"dozen": 12, "score": 20}
_CENTS = 100
_RARELY_COUNT = frozenset({"one", "first", "second"})
_THOUSAND = 1_000


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a text: its value and the characters it takes."""

    value: Decimal
    start: int
    end: int


def numbers(text: str) -> set[Decimal]:
    """The values of all numbers in English or digits; "one" alone is a pronoun more often than a number and is left out."""
    return {number.value for number in find(text)}


def find(text: str) -> list[Number]:
    """All numbers in the order in which they stand; words that only sometimes count ("one", "first", "second") are left out."""
    return [n for n in _all(text) if text[n.start : n.end].casefold() not in _RARELY_COUNT]


@lru_cache(maxsize=2_048)  # a check reads the same sentences for every claim
def _all(text: str) -> tuple[Number, ...]:
    matches = list(_TOKEN.finditer(text.replace("-", " ")))
    tokens = [m[0].casefold() for m in matches]
    found: list[Number] = []
    at = 0
    while at < len(tokens):
        value, used = _number(tokens[at : at + _LONGEST])
        if value is not None:
            found.append(Number(value, matches[at].start(), matches[at + used - 1].end()))
        at += max(1, used)
    return tuple(found)


def readings(text: str) -> set[Decimal]:
    """All values that the numbers in `text` may stand for when they are spoken, and those that other words imply: "noon" is 12."""
    words = set(_TOKEN.findall(text.casefold()))
    implied = {Decimal(value) for word, meant in _IMPLIED.items() if word in words for value in meant}
    implied |= {Decimal(30)} if _HALF_AN_HOUR.search(text) else set()
    return implied.union(composed(text), *(values for _, values in heard(text)))


def heard(text: str) -> list[tuple[Number, set[Decimal]]]:
    """Each number with all values it may stand for.

    "Sixteen fifty" is 16.50 and 1650, "two francs fifty" is 2.50; beside a "thousand", "forty-four" may be 44,000.
    """
    found = _all(text)
    scales = [Decimal(SCALES[w]) for w in set(_TOKEN.findall(text.casefold())) if SCALES.get(w, 0) >= _THOUSAND]
    values = []
    for at, n in enumerate(found):
        joined = _spelt_out(found[at : at + _LONGEST], text).union(*(_joined(n, after, text) for after in found[at + 1 : at + 2]))
        plain = {n.value} | joined
        values.append((n, plain | {v * scale for v in plain for scale in scales if v < _THOUSAND}))
    return [(n, v) for n, v in values if len(v) > 1 or text[n.start : n.end].casefold() not in _RARELY_COUNT]


def _spelt_out(found: Sequence[Number], text: str) -> set[Decimal]:
    """What digits said one by one make, from the first of `found` on: "four one nine" is 419."""
    joined = list(takewhile(lambda pair: not text[pair[0].end : pair[1].start].strip(" -"), pairwise(found)))
    digits = [str(n.value) for n in takewhile(lambda n: 0 <= n.value < 10, (*found[:1], *(after for _, after in joined)))]
    whole = "".join(digits)
    return {Decimal(whole)} if len(digits) > 1 and whole.isdigit() else set()


def _joined(a: Number, b: Number, text: str) -> set[Decimal]:
    """Two neighbours read as one: hundreds, or a price with its cents."""
    if len(text[a.end : b.start].split()) > 1 or not (_is_whole(a.value, 1, _CENTS) and _is_whole(b.value, 1, _CENTS)):
        return set()
    tenths = {a.value + b.value / 10} if b.value < 10 else set()  # "two four" is 2.4 percent
    return {a.value * _CENTS + b.value, a.value + b.value / _CENTS} | tenths


_HALF_AN_HOUR = re.compile(r"\bhalf (?:past|an hour)\b", re.IGNORECASE)
# Words that stand for a number; which one depends on what they are said of.
_IMPLIED: dict[str, tuple[str, ...]] = {
    "noon": ("12",),
    "midday": ("12",),
    "midnight": ("12", "0", "24"),
    "dozen": ("12",),
    "half": ("50", "0.5"),
    "quarter": ("15", "45", "25", "0.25"),
    "third": ("3", "33"),
    "couple": ("2",),
    "pair": ("2",),
    "both": ("2",),
    "twice": ("2",),
    "double": ("2",),
    "fortnight": ("2", "14"),
    "one": ("1",),
    "first": ("1",),
    "second": ("2",),
    "single": ("1",),
    "once": ("1",),
    "a": ("1",),
    "an": ("1",),
}


def composed(text: str) -> set[Decimal]:
    """What several words mean together: "three quarters", "a quarter to six" (5:45), "an hour and a half", "half a dozen"."""
    found = {Decimal(value) for pattern, meant in _MEANT for value in meant if pattern.search(text)}
    for pattern, compute in _COMPUTED:
        for match in pattern.finditer(text):
            found.update(compute(*(_small(word) for word in match.groups())))
    return found


def _small(word: str) -> Decimal:
    folded = word.casefold()
    return Decimal(folded) if folded.isdecimal() else Decimal({"a": 1, "an": 1}.get(folded, CARDINALS.get(folded, 0)))


def _phrase(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b{words}\b".replace(" ", r"[\s-]+"), re.IGNORECASE)


_MEANT: list[tuple[re.Pattern[str], tuple[str, ...]]] = [
    (_phrase("three quarters"), ("75", "0.75")),
    (_phrase("two thirds"), ("67", "66", "0.67")),
    (_phrase("half a dozen"), ("6",)),
    (_phrase("couple (?:of )?hundred"), ("200",)),
    (_phrase("couple (?:of )?(?:thousand|grand)"), ("2000",)),
    (_phrase("hour and a half"), ("1.5", "90")),
    (_phrase("(?:nought|nil|none|nobody|nothing)"), ("0",)),
    (_phrase("(?:triple|treble|trio|thrice)"), ("3",)),
    *((_phrase(f"{tens[:-1]}ies"), (str(CARDINALS[tens]),)) for tens in _TENS),
]
_FEW = rf"({'|'.join(sorted(_SMALL, key=len, reverse=True))}|\d{{1,2}})"
_COUNT = rf"(an?|{_FEW[1:]}"
_HUNDRED = Decimal(100)
_COMPUTED: list[tuple[re.Pattern[str], Callable[..., set[Decimal]]]] = [
    (_phrase(f"quarter to {_FEW}"), lambda hour: {hour - 1, Decimal(45)}),
    (_phrase(rf"(?:at|by|before|around|about|until|since) (five|ten|twenty) to {_FEW}"), lambda less, hour: {hour - 1, 60 - less}),
    (_phrase(f"half {_FEW}"), lambda hour: {hour, Decimal(30)}),
    (_phrase(rf"{_COUNT} \w+ and a half"), lambda whole: {whole + Decimal("0.5")}),
    (_phrase(f"{_FEW} and a quarter"), lambda whole: {whole + Decimal("0.25")}),
    (_phrase(f"{_FEW} and three quarters"), lambda whole: {whole + Decimal("0.75")}),
    (_phrase(f"one (?:in|out of) {_FEW}"), lambda whole: {_HUNDRED / whole} if whole else set()),
    (_phrase(f"(?:nought|oh)? ?point {_FEW}"), lambda tenths: {tenths / 10} if tenths < 10 else set()),
]


def _is_whole(value: Decimal, least: int, below: int) -> bool:
    return value == value.to_integral_value() and least <= value < below


def _number(tokens: Sequence[str]) -> tuple[Decimal | None, int]:
    if match := _DIGITS.fullmatch(tokens[0]):
        return _scaled(_decimal(match[1]) * _SUFFIXES.get(match[2] or "", 1), tokens, 1)
    if tokens[0] in CARDINALS:
        return _spelt(tokens)
    if tokens[0] in ORDINALS:
        return Decimal(ORDINALS[tokens[0]]), 1
    if tokens[0] == "point" and len(tokens) > 1 and tokens[1] in {"zero", "oh"}:  # "at this point two" is no number
        return _with_fraction(Decimal(0), tokens, 0)
    if tokens[0] in {"a", "half"}:
        return _of_one(tokens)
    return None, 1


def _of_one(tokens: Sequence[str]) -> tuple[Decimal | None, int]:
    """What begins with "a" or "half": "a hundred and ten", "a dozen", "half a million"."""
    if tokens[:2] == ["half", "a"] and len(tokens) > 2 and tokens[2] in SCALES:
        return Decimal(SCALES[tokens[2]]) / 2, 3
    if tokens[0] == "a" and len(tokens) > 1 and tokens[1] in _COUNTED:
        return Decimal(_COUNTED[tokens[1]]), 2
    if tokens[0] == "a" and len(tokens) > 1 and tokens[1] in SCALES:
        return _spelt(["one", *tokens[1:]])
    return None, 1


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits.replace(",", ""))
    except InvalidOperation:  # pragma: no cover - the pattern admits none
        return Decimal(0)


def _scaled(value: Decimal, tokens: Sequence[str], used: int) -> tuple[Decimal, int]:
    while used < len(tokens) and tokens[used] in SCALES:
        value *= SCALES[tokens[used]]
        used += 1
    if used < len(tokens) and tokens[used] in _COUNTED:
        return value * _COUNTED[tokens[used]], used + 1
    return value, used


def _spelt(tokens: Sequence[str]) -> tuple[Decimal, int]:
    """A run of number words: hundreds multiply what stands before them, larger scales close a group.

    Scales only get smaller within a number: "nine thousand and six thousand" are two.
    """
    total = group = used = 0
    previous = ""
    closed = (0, 0, max(SCALES.values()) * _THOUSAND)
    for token in tokens:
        if token in CARDINALS and _continues(previous, CARDINALS[token]):
            group += CARDINALS[token]
        elif token == "hundred" and group:
            group *= 100
        elif token in SCALES and group:
            if SCALES[token] >= closed[2]:
                return Decimal(closed[0]), closed[1]
            total, group = total + group * SCALES[token], 0
            closed = (total, used + 1, SCALES[token])
        elif token == "and" and previous in SCALES and len(tokens) > used + 1 and tokens[used + 1] in CARDINALS:
            pass
        elif token in ORDINALS and previous in _TENS and ORDINALS[token] < 10:
            return Decimal(total + group + ORDINALS[token]), used + 1
        else:
            break
        used, previous = used + 1, token
    return _with_fraction(Decimal(total + group), tokens, used)


def _with_fraction(value: Decimal, tokens: Sequence[str], used: int) -> tuple[Decimal, int]:
    """A spelt number with what follows its whole part: "twelve point four million", "two and a half thousand"."""
    if tokens[used : used + 3] == ["and", "a", "half"]:
        return _scaled(value + Decimal("0.5"), tokens, used + 3)
    digits = _decimals(tokens[used + 1 :]) if tokens[used : used + 1] == ["point"] else []
    if not digits:
        return _scaled(value, tokens, used)
    shown = "".join(str(CARDINALS[d]) for d in digits)
    return _scaled(value + Decimal(f"0.{shown}"), tokens, used + 1 + len(digits))


def _decimals(tokens: Sequence[str]) -> list[str]:
    return list(takewhile(lambda t: CARDINALS.get(t, 10) < 10, ("zero" if t == "oh" else t for t in tokens)))


def _continues(previous: str, value: int) -> bool:
    """Whether a number word belongs to the same number: "twenty five", "two hundred five", never "five six"."""
    return not previous or previous in SCALES or previous == "and" or (previous in _TENS and 0 < value < 10)


def shown(number: Decimal) -> str:
    """As people write it: 15,000 and 2.5."""
    return f"{number:,f}".rstrip("0").rstrip(".") if "." in f"{number:f}" else f"{number:,f}"
