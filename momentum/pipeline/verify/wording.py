"""What a claim says beyond its evidence: names nobody said, and a subject of which nobody spoke."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from momentum.pipeline.verify import language
from momentum.writers import numbers, rules
from momentum.writers.spoken import FUNCTION_WORDS, words

_CAPITAL = re.compile(r"[^\W\d_][\w'’.-]*")  # noqa: RUF001 - the typographic apostrophe
_SENTENCE_START = re.compile(r"(?:^|(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bProf)[.!?:]\s+|[\"“(]\s*)$")
# Capitals that are no names, or that stand for words people say in full.
_NO_NAMES = frozenset({"i", "i'll", "i'm", "i've", "i'd", "ok", "q", "a", "mister", "missis", "doctor", *rules.TITLES})

_STEM = 4
"""Letters by which "decided" and "decision" are the same word."""
_PLACE = 5
"""Letters by which "Austria" and "Austrian" are the same name."""
# Who acts in minutes without being called so in the meeting.
_ROLES = frozenset(
    [
        "team",
        "group",
        "everyone",
        "everybody",
        "nobody",
        "participants",
        "attendees",
        "members",
        "management",
        "staff",
        "committee",
        "board",
        "council",
        "company",
        "client",
        "customer",
        "customers",
        "supplier",
        "vendor",
        "landlord",
        "parents",
        "teachers",
        "speakers",
        "people",
        "work",
        "discussion",
        "decision",
        "meeting",
        "next",
        "all",
        "both",
        "some",
        "most",
        "each",
        "every",
        "neither",
        "either",
        "others",
    ]
)
_ACTS = re.compile(
    r"^(?:\s+[A-Z]\w+)?\s+(?:(?:is|are|was|were|will|has|have|had|can|must|may|might|should|could|would|does|did|to|and|agreed|asked|said|wants?|needs?|gave|took|made|got|went|told|sent|said|wrote|found|bought|sold|left|kept|met|paid|ran|saw|[a-z]+ed)\b|"
    r"[a-z]{2,}(?<![su])s\s+(?!(?:would|will|can|are|were|have|had|do|did|may|might|should|must|could|of|and|or)\b)\w)"
)
_NO_SUBJECT = re.compile(r"(?:ly|ing|ed|al|ous|ive|ful|less|ic|er|est|tion|ment|ness|ity)$")


def unproven_names(
    text: str,
    said: str,
    meeting: Collection[str],
    *,
    known: Collection[str],
    present: Collection[str],
    roster: Sequence[str],
    english: bool,
) -> list[str]:
    """Names in `text` that nobody said.

    A person of the roster must be named in `said`, the evidence, be among `known` (who speaks there, the proven owner), or at least
    be `present` around it, but then not as the first word, who acts; whose thing it is ("Ben's offer") does not act. Other names may
    have been said anywhere in the `meeting`, whose words are given. In English every capital inside a sentence is a name; in other
    languages only people of the roster are looked for.
    """
    evidence = {form for w in words(said) for form in (w, w.removesuffix("'s"))} | _words_of(known)
    around = evidence.union(meeting)
    people = _words_of(roster)
    beside = evidence | _words_of(present)
    found: dict[str, None] = {}
    for match in _CAPITAL.finditer(text):
        name = match[0].rstrip(".'’-").removesuffix("'s").removesuffix("’s")  # noqa: RUF001 - the typographic apostrophe
        if not _is_name(name, text[: match.start()], people, english=english):
            continue
        acts = not match.start() and not _OWNS.match(text[len(name) :])
        proof = around if not set(words(name)) & people else evidence if acts else beside
        if not all(_is_among(w, proof) for w in words(name)):
            found[name] = None
    return list(found)


_OWNS = re.compile(r"(?: [A-Z][\w-]*)?['’]s?\b")  # noqa: RUF001 - the typographic apostrophe


def _words_of(people: Collection[str]) -> set[str]:
    return {w for person in people for w in words(person) if len(w) > 1}


def _is_name(name: str, before: str, people: Collection[str], *, english: bool) -> bool:
    if not name[:1].isupper() or name.casefold() in _NO_NAMES:
        return False
    inside = english and not _SENTENCE_START.search(before)
    return inside or name.casefold() in people or name[1:2].isupper()


def _is_among(word: str, proof: Collection[str]) -> bool:
    return word in proof or (len(word) > _PLACE and any(w[:_PLACE] == word[:_PLACE] for w in proof))


def unknown_subject(text: str, vocabulary: frozenset[str], *, is_order: bool) -> str | None:
    """The first word of `text` where somebody acts of whom nobody spoke in the whole meeting (English): "Marcus sends the offer".

    `vocabulary` are the stems of all that was said. The text of a task that has its owner may be an order: "Accompany guests to".
    """
    first = _CAPITAL.match(text)
    if first is None:
        return None
    word = first[0].rstrip(".'’-").casefold()  # noqa: RUF001 - the typographic apostrophe
    owns = bool(re.search(r"['’]s$", word))  # noqa: RUF001 - the typographic apostrophe
    word = re.sub(r"['’]s$", "", word)  # noqa: RUF001 - as above
    if word in FUNCTION_WORDS or word in _ROLES or word in _NO_NAMES or _NO_SUBJECT.search(word):
        return None
    behind = text[first.end() :]
    if not owns and (not _ACTS.search(behind) or (is_order and _is_object(behind, vocabulary)) or _is_group(word, behind)):
        return None
    return None if language.stems(word) & vocabulary else first[0]


def _is_object(behind: str, vocabulary: frozenset[str]) -> bool:
    """Whether an order has its object here: things in the plural, "guided tours", or somebody of whom was spoken."""
    name = re.match(r"\s+([A-Z]\w+)", behind)
    return bool(_OBJECT.match(behind)) or bool(name and language.stems(name[1]) & vocabulary)


# Where "sends" would have an object, a noun in the plural has what follows it: "Accompany guests to the hall".
_OBJECT = re.compile(
    r"\s+(?:[a-z]+ed\s+[a-z]+"
    r"|[a-z]+s\s+(?:to|through|from|at|in|into|on|onto|with|for|by|about|of|over|and|or|until|before|after|who|that))\b"
)


def _is_group(word: str, behind: str) -> bool:
    """Whether the word calls people by what they do, in the plural: "Borrowers", "volunteers", not "Anders Holm"."""
    return bool(_GROUP.search(word)) and not _SINGLE.match(behind)


_SINGLE = re.compile(r"\s+(?:[A-Z]|(?:is|was|has|does)\b)")
_GROUP = re.compile(r"(?:[^d][eo]rs|ees|ians|ists|ants|ents|ies|men)$")


# Words for one thing, of which minutes take another than the meeting did.
_SAME = [
    {language.stem(w) for w in line.split()}
    for line in ("talk call meet meeting speak phone", "cost price pay spend charge money fee", "start begin launch", "send mail write")
]


def is_about(text: str, evidence: str, people: Sequence[str]) -> bool:
    """Whether the two share a word that means something, names of people aside (English).

    A text without such words is about anything; one with a single one may share a number instead.
    """
    names = {w for person in people for w in words(person)}
    meant = [w for w in words(text) if w.isalpha() and w not in names and w not in FUNCTION_WORDS]
    said = {part for w in words(evidence) for part in (w[:_STEM], language.stem(w))}
    if len(meant) <= 1 and numbers.numbers(text) & numbers.readings(evidence):
        return True
    return (
        not meant or any(w[:_STEM] in said or language.stem(w) in said for w in meant) or bool(_widened(meant) & _widened(words(evidence)))
    )


def _widened(found: Collection[str]) -> set[int]:
    """Which of the groups of words for one thing are spoken of."""
    stems = {language.stem(w) for w in found}
    return {n for n, same in enumerate(_SAME) if same & stems}
