"""Whether a claim says yes where its quote says no, in a "not" or in an opposite (English)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from momentum.pipeline.verify import amounts, certainty, language
from momentum.pipeline.verify.opposites import PAIRS, Pair

# "No, we agreed" agrees: a "no" that stands alone answers somebody and negates nothing. A "not sure" doubts, and negates nothing.
_ANSWER = language.phrases(
    r"""
    (?:oh )?no(?=[,.!;:])|no$
    no(?=\s+(?:we|i|i'm|i'll|it|it's|he|she|they|the|let's|you|that|that's|this|there|wait|sorry|problem|doubt|wonder|idea)\b)
    why (?:don't|not)|not only|or not|whether or not|for nothing|nothing but
    not sure|i don't know|don't worry|isn't it|didn't (?:he|she|they|we)|don't (?:they|we|you)
    if (?:no one|nobody) minds|if you don't mind|no bother|no rush|no hurry
    no later than|(?:no|not) more than|no less than
    """,
    before=r"(?:\b|^)",
)
# What says "not" in other words.
_REWRITTEN = (
    (re.compile(r"\bwithout ((?:the |a |an |any )?[\w'-]+)", re.IGNORECASE), r", not \1 ,"),
    (re.compile(r"\b(?:stop|stops|stopped|quit|cease[sd]?) (?=\w+ing\b)", re.IGNORECASE), "not "),
    (re.compile(r"\b(?:no|not)((?: \w+){0,2}?) more than\b", re.IGNORECASE), r"\1 at most"),
    (re.compile(r"\b(?:no|not)((?: \w+)?) less than\b", re.IGNORECASE), r"\1 at least"),
    (re.compile(r"(\w)[.,]? not more(?= *(?:[.,;!?]|$))", re.IGNORECASE), r"\1 at most"),
    (re.compile(r"\b(?:yet|still|remains?) to (?=(?:be )?\w+)", re.IGNORECASE), "not "),
    (re.compile(r"\bno [\w'-]+, no [\w'-]+"), " "),  # "no ambulance, no stunts": what follows from what
    (re.compile(r"\ball the same\b", re.IGNORECASE), "anyway"),
    (re.compile(r"\btoo \w+ (?:for|to)\b", re.IGNORECASE), "not"),
    (
        language.phrases(
            r"""
            no longer|hardly|barely|scarcely|far from|anything but|need not|avoids?|skips?
            fails? to|failed to|rul(?:e|es|ed|ing) out|refus(?:es?|ed) to|declin(?:es?|ed) to
            """
        ),
        "not",
    ),
)
_NEGATION = language.phrases(
    r"""
    not|no|nope|never|none|nobody|nothing|neither|nor|without|cannot|can't|won't|don't|doesn't|didn't|isn't|aren't|wasn't|weren't
    shouldn't|wouldn't|couldn't|haven't|hasn't|hadn't|mustn't|needn't|ain't
    """
)
_OBJECT = re.compile(r"\W+(?:no|nothing|none|nobody)\s(?!more\b|less\b|later\b)")
_BOUND = re.compile(r"\b(?:before|after|until|once|that|without)\b")
"""Words over which a "not" does not reach."""
_REACH = 6
"""Words before an opposite in which a "not" turns it round."""
_TWO = 2
"""Words that a sentence must share to deny another."""


def differs_in_negation(text: str, quoted: str, said: str, names: Collection[str]) -> bool:
    """Whether the claim is negated where the quote is not, or the other way round, after opposites are taken into account.

    What the quote does not speak of is looked for in all that was `said` in the evidence. `names` mean nothing here.
    """
    text = _said_alike(text, quoted)
    text, quoted, said = _plain(text), _plain(quoted), _plain(said)
    if "before" in text:
        quoted = quoted.replace("at the earliest", "not before")
    theirs = _statements(quoted, names)
    if any(_is_a_no(sentence, names) for sentence in language.sentences(quoted) if not sentence.endswith("?")):
        return not _is_negated(text)  # "Do you know Rust?" - "Not much."
    if _is_negated(text) and _NAY.search(quoted) and not _says(theirs, language.stems_without(text, names)):
        return False
    if _is_only_denied(text, quoted) or _is_only_affirmed(_TAIL.sub("", text), said):
        return True
    main = _IF.sub(" ", _TAIL.sub("", text))
    told = _IF.sub(" ", quoted) if _IF.search(text) else quoted
    if (by_opposites := _by_opposites(main, told)) is not None:
        return by_opposites
    if _TAIL.search(text) and _is_negated(quoted):
        return False  # both say what is, and what is not
    wider = _statements(said, names)
    yes = certainty.agrees(quoted)
    return any(_is_turned(clause, theirs, wider, names, yes=yes) for clause in _whole(language.clauses(main)))


def _said_alike(text: str, quoted: str) -> str:
    """`text` with what its quote says in other words: "has not finished" of who is "still reading", "may not" of what is not sure."""
    if _THEN_STOPS.search(quoted):
        text = _STOPS.sub("ends", text)
    if _STILL.search(quoted):
        text = _NOT_DONE.sub("still", text)
    return _MAY_NOT.sub("may", text) if _UNSURE.search(quoted) else text


_STOPS = re.compile(r"\bstop(?:s|ped)?\b", re.IGNORECASE)
_THEN_STOPS = re.compile(r"\bstop(?:s|ped)?\W*(?:[.,;!]|$)", re.IGNORECASE)
_UNSURE = re.compile(r"\b(?:not sure|unsure|not convinced)\b", re.IGNORECASE)
_STILL = re.compile(r"\bstill\b", re.IGNORECASE)
_NOT_DONE = re.compile(r"\b(?:(?:has|have|is|are) not|hasn't|haven't|isn't|aren't) (?:yet )?(?:\w+ed|done|ready|through)\b", re.IGNORECASE)
_MAY_NOT = re.compile(r"\b(?:may|might) not\b", re.IGNORECASE)


def _is_only_denied(text: str, quoted: str) -> bool:
    """Whether all that the quote says is negated, and nothing in the claim: "We can't blast on Thursday"."""
    stated = [c for c in language.clauses(quoted) if language.stems(c) or _is_negated(c)]
    denied = bool(stated) and all(map(_is_negated, stated)) and not quoted.rstrip().endswith("?")
    return denied and not (_is_negated(text) or _LIMITS.search(text))


def _is_only_affirmed(text: str, said: str) -> bool:
    """Whether the claim is negated, and nothing in all of the evidence says no in any words."""
    return _is_negated(text) and not (_NEGATION.search(said) or _LIMITS.search(said) or _SAYS_NO.search(said))


_SAYS_NO = language.phrases(
    r"""
    out|off|away|down|under|below|too|gone|gave up|giv\w+ up|given up|still|suspects?|guess|until|till|before|rather|wrong|broken?|dead
    stuck|fail\w*|free|safe|spare\w*|clear|unchanged|un\w+ed|maybe|doubts?|doubtful|unsure|forget|over|avoid\w*|short|first|became
    open|ignore\w*|never mind|pass|passed|all right as it is|as (?:it is|they are|usual|always|before|now)|already|else|own|anyway
    """
)


def _whole(clauses: Sequence[str]) -> list[str]:
    """Clauses with what is too short to state anything joined to the next: "animals" "and open flames are not allowed"."""
    whole: list[str] = []
    rest = ""
    for clause in clauses:
        if rest and _is_negated(rest) and not _is_negated(clause):
            whole.append(rest)
            rest = ""
        rest = f"{rest} {clause}".strip()
        if len(language.stems(rest)) > 1:
            whole.append(rest)
            rest = ""
    return [*whole, rest] if rest else whole


def _by_opposites(text: str, quoted: str) -> bool | None:
    """Whether opposite words turn the one round, or say the same in other words (False); None where they tell nothing."""
    signs = [(ours, _signs(quoted, pair)) for pair in PAIRS if (ours := _signs(text, pair))]
    if any(_opposed(ours, theirs) for ours, theirs in signs):
        return True
    return False if any(_is_same_in_other_words(ours, theirs) for ours, theirs in signs if ours and theirs) else None


def _is_a_no(sentence: str, names: Collection[str]) -> bool:
    """Whether a sentence begins with a "not" and little else: "Not much, honestly"."""
    first = [_statement(clause, names) for clause in language.clauses(sentence)[:1] if _DENIES.match(clause)]
    return any(s.negated and not s.stems - amounts.COUNTS - {language.stem("nope")} for s in first)


_TAIL = re.compile(r"(?:,| and| but|, and|, but) (?:not|no|nor)\b[^,;.!?]*")
"""What a claim adds to say what is not: "... and not replaced"."""
_IF = re.compile(r"\b(?:if|unless|when)\b[^,;.!?]*(?:[,.!?]|$)")
"""On what it depends, which may be negated without negating anything."""


def _says(statements: Sequence[_Statement], ours: frozenset[str]) -> bool:
    """Whether one of these says half of the same words without a "not"."""
    return any(2 * len(s.stems & ours) > len(ours) for s in statements if not s.negated)


_NAY = re.compile(r"(?:^|[.!?,]\s*)(?:oh |well )?no(?:[,.!]|$)")
"""Somebody answers no."""


@dataclass(frozen=True, slots=True)
class _Statement:
    """A clause: its stems, and whether it is negated. A question is what its answer makes of it.

    `limits` is true where words hold something as it is or keep it away without any "not": "it stays at two", "we hold it back".
    """

    stems: frozenset[str]
    negated: bool
    limits: bool


def _statements(text: str, names: Collection[str]) -> list[_Statement]:
    found = []
    sentences = language.sentences(text)
    for sentence, answer in zip_longest(sentences, sentences[1:], fillvalue=""):
        denied = sentence.endswith("?") and bool(_DENIES.match(answer))
        found += [_statement(clause, names, denied=denied) for clause in language.clauses(sentence)]
    return found


def _statement(clause: str, names: Collection[str], *, denied: bool = False) -> _Statement:
    stems = language.stems_without(clause, names)
    return _Statement(stems - amounts.COUNTS or stems, _is_negated(clause) or denied, bool(_LIMITS.search(clause)))


_LIMITS = language.phrases(
    r"""
    only|just|at most|up to|same|unchanged|stays?|stayed|remains?|kept|keep|keeps|last|alone|enough|instead|except|less|fewer
    hold|holds|held|stop\w*|cancel\w*|drop\w*|ban|bans|banned|forbid\w*|forbade|prohibit\w*|reject\w*|exclud\w*|abolish\w*|clos\w+
    lack\w*|refus\w*|declin\w*|miss\w*|ground(?:s|ed|ing)|against|leave\w*|left|lost|lose\w*|put off|postpon\w*|wait|waits|later
    """
)
_DENIES = re.compile(r"\W*(?:oh |well |um |uh )?(?:no|nope|not)\b")


def _turned(text: str, quoted: str) -> bool:
    return _is_negated(text) != _is_negated(quoted)


_OPENING = re.compile(r"(^|[.!?,]\s+)(?:(?:good|right|fine|okay|ok|great|well|sure|perfect|yes|yeah|so|then|and|oh|um|uh)[,.!]\s+)+")
"""Words with which somebody only begins to speak."""


def _plain(text: str) -> str:
    text = _OPENING.sub(r"\1", text.replace("’", "'").casefold())  # noqa: RUF001 - the typographic apostrophe
    for pattern, words in _REWRITTEN:
        text = pattern.sub(words, text)
    return _INSTEAD.sub(" ", text)


_INSTEAD = re.compile(r"\b(?:instead of|rather than) [^,;.!?]*")
"""What somebody chose not to do, which negates nothing else."""


_Sign = tuple[int, int]
"""What is said of a pair, 1 or -1, and the side by whose words it is said: "not included" is -1 by the words of 1."""


def _signs(text: str, pair: Pair) -> set[_Sign]:
    found = set()
    for side, words in ((1, pair.one), (-1, pair.other)):
        for match in words.finditer(text):
            turned = pair.turns and (_is_negated(_before(text, match.start()), whole=False) or _OBJECT.match(text[match.end() :]))
            found.add((-side if turned else side, side))
    return found


def _before(text: str, at: int) -> str:
    """The last words before a place in a text, within its clause."""
    head = text[:at]
    if not head or re.search(r"[,;:.!?]\s*$", head):
        return ""
    return " ".join(_BOUND.split(language.clauses(f"{head}x")[-1].removesuffix("x"))[-1].split()[-_REACH:])


def _opposed(ours: set[_Sign], theirs: set[_Sign]) -> bool:
    """The opposite by words of different sides. The same words with a "not" are another matter."""
    sides = any(ours_side != side for _, ours_side in ours for _, side in theirs)
    return sides and {sign for sign, _ in ours}.isdisjoint(sign for sign, _ in theirs)


def _is_same_in_other_words(ours: set[_Sign], theirs: set[_Sign]) -> bool:
    """The same by the words of different sides: "is out" and "is not included"."""
    return len(ours) == len(theirs) == 1 and ours != theirs and {s for s, _ in ours} == {s for s, _ in theirs}


def _is_negated(text: str, *, whole: bool = True) -> bool:
    """`whole` is False for the words that stand before another: their last "no" answers nobody."""
    return bool(_NEGATION.search(_ANSWER.sub(" ", text if whole else f"{text} x")))


def _is_turned(clause: str, theirs: Sequence[_Statement], wider: Sequence[_Statement], names: Collection[str], *, yes: bool) -> bool:
    """Whether the quote says the same as this clause with a "not" more or less; `yes` where it agrees to something in so many words.

    The rest of the evidence can only speak for a "not" that the quote does not hold: what else was said there says too many things.
    A quote that neither agrees nor shares a word with the clause says nothing against its "not".
    """
    ours = _statement(clause, names)
    if not ours.stems:
        return False
    if ours.negated and any(s.negated and s.stems and s.stems <= ours.stems for s in theirs):
        return False  # "so no sync then": all of it is denied here as well
    if _is_contradicted(ours, theirs) or _all_turned(ours, theirs, least=len(ours.stems) / 2):
        return True
    denied = any(s.negated for s in theirs) or any(s.negated for s in wider if s.stems & ours.stems)
    affirmed = yes or any(s.stems & ours.stems for s in theirs)
    return ours.negated and affirmed and not denied and not any(s.limits for s in theirs)


def _is_contradicted(ours: _Statement, theirs: Sequence[_Statement]) -> bool:
    """Whether a statement all of whose words stand in this one is negated differently, and nothing said agrees with this one."""
    if ours.limits or (ours.negated and any(s.negated and s.stems & ours.stems for s in theirs)):
        return False
    turned = [s for s in theirs if s.stems - _TELLS and s.stems <= ours.stems and s.negated is not ours.negated]
    return any(not any(other.stems & s.stems for other in theirs if other.negated is ours.negated) for s in turned)


_TELLS = language.stems("tell say ask let give send")
"""What somebody does with the words of a statement, which may be negated themselves: "Tell him not to pay"."""


def _all_turned(ours: _Statement, theirs: Sequence[_Statement], *, least: float) -> bool:
    """Whether all statements that share the most words are negated differently, and none of them limits where the other negates.

    Fewer than `least` words in common are about something else.
    """
    most = max((len(s.stems & ours.stems) for s in theirs), default=0)
    nearest = [s for s in theirs if len(s.stems & ours.stems) == most]
    turned = all(s.negated is not ours.negated and s.limits == ours.limits for s in nearest)
    if not turned or most < max(1, least):
        return False
    return most >= _TWO or _TWO * most > len(ours.stems)


def opposes(text: str, other: str) -> bool:
    """Whether the one says the opposite of the other: by opposites, or by a "not" on the same words."""
    text, other = _plain(text), _plain(other)
    if any(_opposed(ours, _signs(other, pair)) for pair in PAIRS if (ours := _signs(text, pair))):
        return True
    theirs = _statements(other, ())
    return any(_all_turned(_statement(clause, ()), theirs, least=_TWO) for clause in language.clauses(text))
