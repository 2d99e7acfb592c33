"""Suggested actions and decisions by rules over English speech: rather one too few than one that nobody said.

On real meetings about every second candidate of such rules is a task (measured on AMI), so what they find is
shown as a suggestion with its quote, to accept or to reject.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from momentum.languages import phrase
from momentum.writers import dates
from momentum.writers.spoken import FUNCTION_WORDS, Sentence, words

RETRACTION_WITHIN = 4
"""Sentences after a candidate in which "scratch that" still takes it back."""
RETRACTION_BACK = 20
"""Sentences over which it reaches back to a candidate that the words around it speak of."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A sentence that looks like a task or a decision: `kind` "action" or "decision", and why in words."""

    kind: str
    sentence: Sentence
    owner: str | None
    due_words: str | None
    reason: str


# Verbs of work that outlasts the meeting; "show", "start", "say" or "try" mostly happen on the spot.
_WORK = (
    "send|email|e-mail|mail|write up|write|draft|prepare|put together|call|phone|book|schedule|set up|arrange|organi[sz]e|update|review|"
    "finish|complete|finali[sz]e|fix|share|circulate|distribute|forward|submit|order|buy|check with|talk to|speak to|speak with|talk with|"
    "follow up|look into|look up|find out|get back to|reach out|contact|confirm|deliver|deploy|release|publish|upload|file|"
    "investigate|research|test|implement|document|report back|sign|renew|cancel|invite|remind|translate|print|collect|hand over|"
    "bring|own|take care of|take that on|take this on|handle|make sure|sort out|register|migrate|roll out|merge|open a ticket|chase"
)
_SOFT = r"(?:(?:just|also|definitely|then|personally|probably|please|now|go ahead and|quickly|be sure to|try to|have to|need to)\s+)*"
_I = rf"\bi(?:'ll| will| shall|'m going to| am going to| can| am gonna|'m gonna)\s+{_SOFT}(?P<verb>{_WORK})\b"
_WE = rf"\bwe(?:'ll| will| need to| have to| must|'re going to| should)\s+{_SOFT}(?P<verb>{_WORK})\b"
_YOU = rf"\b(?:can|could|will|would)\s+you\s+{_SOFT}(?P<verb>{_WORK})\b"
_PLEASE = rf"\bplease\s+(?P<verb>{_WORK})\b"
_LABEL = r"\b(?:action item|action point|to-?do|the action)\b(?:\s+(?:is|for)\b|\s*:)"
_COMMITMENT, _TOGETHER, _REQUEST, _PLEA, _LABELLED = (re.compile(p, re.IGNORECASE) for p in (_I, _WE, _YOU, _PLEASE, _LABEL))

_DECIDED = re.compile(
    r"\b(?:we|i)(?:'ve| have)?\s+(?:all\s+|already\s+|now\s+)?(?:decided|agreed)\s+(?:to|on|that|we|not to)\b"
    r"|\b(?:it's|it is|that's|that is|so that's)\s+(?:decided|agreed|settled|the decision)\b"
    r"|\b(?:the|our|final)\s+decision\s+(?:is|was)\b|\bdecision\s*:"
    r"|^(?:so\s+|okay,?\s+|ok,?\s+|alright,?\s+|right,?\s+)*(?:agreed|decided)\s*[,.:;]\s*\w+\s+\w+"
    r"|\bwe(?:'re| are)\s+going\s+(?:to\s+go\s+)?(?:with|ahead with)\b|\bwe(?:'ll| will)\s+(?:go\s+with|stick\s+with|go\s+ahead\s+with)\b"
    r"|\blet's\s+(?:go|stick)\s+with\b"
    r"|\bthe\s+(?:new|final)\s+(?:\w+\s+)?(?:date|deadline|price|name|plan|budget|target)\s+(?:is|will be)\b",
    re.IGNORECASE,
)
_UNDECIDED = re.compile(
    r"\b(?:if|unless|whether|until|before|when|once|in case|should|could|would|might|may|maybe|perhaps|haven't|hasn't|hadn't|didn't|"
    r"don't|never|yet|supposing|assuming|suppose|say that|what)\b(?:[^.?!]*?)$",
    re.IGNORECASE,
)
_HEDGED = re.compile(
    r"\b(?:if|unless|would|wouldn't|might|maybe|perhaps|hopefully|not sure|i guess|i don't|won't|never|could have|or not)\b", re.IGNORECASE
)
RETRACTED = re.compile(
    r"\b(?:scratch that|scrap that|forget (?:that|it|about that)|never ?mind|take that back|ignore that|strike that|changed my mind|"
    r"that's off|cancel that|let's not do that|on second thought)\b",
    re.IGNORECASE,
)
REVISED = re.compile(
    r"\b(?:actually,?\s+(?:no|let's|let us|we should|make (?:it|that))|no,?\s+wait|wait,?\s+no|change of plans?|"
    r"let's (?:rather|not)|instead,?\s+let's|let's .{0,40}\binstead)\b",
    re.IGNORECASE,
)
_WILL = re.compile(r"^(?:so|okay|ok|then|well|and)?,?\s*we(?:'ll| will| are going to|'re going to)\s+(?!not\b)\w+.*[^?]$", re.IGNORECASE)
_AGREED = re.compile(
    r"^\W*(?:(?:yes|okay|ok|great|good)\W+)?(?:agreed|all agreed|it's a deal|sounds good to (?:me|all))\b[^?]*$", re.IGNORECASE
)
_EARLIER = re.compile(r"\b(?:already|last time|last week|(?:previous|last|earlier) (?:meeting|session|call))\b", re.IGNORECASE)
# A turn that only fills a silence is no task: "I'll call it a day", "I'll ask you a question".
_IDLE = re.compile(
    r"\b(?:talk to you|speak to you|write about|share with you|(?:what|how|where|which|why) (?:i|we)\b|"
    r"call it|call this|call that|sign off|in a (?:second|minute|moment))\b",
    re.IGNORECASE,
)
TITLES = frozenset({"dr", "mr", "mrs", "ms", "miss", "prof", "professor", "hon", "sir", "madam"})
_FEWEST, _MOST = 4, 45
"""Words of a sentence that can be a task or a decision."""


class People:
    """Who may be named: the full name, and the first name where nobody else has it, each with the wordings that assign a task."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = [(person, n) for person in names for n in _names(person, names)]
        self._patterns = [(person, name.casefold(), _assigning(name)) for person, name in self._names]

    def assigned(self, text: str) -> tuple[str | None, str]:
        """The person told to do something, and the words that do: "Sam, can you send", "Dana will draft", "Ben to review"."""
        folded = text.casefold()
        for person, name, pattern in self._patterns:
            if name in folded and (match := pattern.search(text)):
                return person, match[0]
        return None, ""

    def named(self, text: str) -> str | None:
        """The one person named in `text`; None where nobody or more than one is."""
        named = {p for p, n in self._names if n.casefold() in text.casefold() and re.search(rf"\b{re.escape(n)}\b", text, re.IGNORECASE)}
        return named.pop() if len(named) == 1 else None


def _names(person: str, people: Sequence[str]) -> list[str]:
    first = first_name(person)
    alone = sum(first_name(p) == first for p in people) == 1
    return list(dict.fromkeys(n for n in (person.strip(), first if alone and len(first) > 1 else "") if n))


def first_name(person: str) -> str:
    """The first word of a name that is no title: "Paul" of "Dr. Paul Grant"."""
    return next((w for w in person.split() if w.casefold().rstrip(".") not in TITLES), "")


def _assigning(name: str) -> re.Pattern[str]:
    name = re.escape(name)
    return re.compile(
        rf"\b{name}(?:,?\s+(?:can|could|will|would)\s+you|,\s+please|\s+(?:will|is going to|is gonna|has to|needs to|'ll)|'ll)"
        rf"\s+{_SOFT}(?:{_WORK})\b"
        # "help Ben to test" gives Ben no task
        rf"|(?:^|[,:;]\s*|\b(?:so|and|ask|asked)\s+(?:the\s+)?){name}\s+to\s+{_SOFT}(?:{_WORK})\b"
        rf"|\b(?:can|could|will|would)\s+you\s+{_SOFT}(?:{_WORK})\b[^?]*,\s*{name}\s*\?",
        re.IGNORECASE,
    )


def suggest(found: Sequence[Sentence], names: Sequence[str]) -> list[Suggestion]:
    """Candidates in the order said. "Scratch that" takes back what the words around it speak of, else the last before it."""
    people = People(names)
    suggestions: list[Suggestion] = []
    for at, sentence in enumerate(found):
        if suggestions and _is_revised(suggestions[-1], sentence):
            suggestions.pop()
        candidate = _settled(found, at) or _suggestion(sentence, people)
        if candidate and not _repeats(candidate, suggestions):
            suggestions.append(candidate)
        if RETRACTED.search(_plain(sentence.text)):
            _take_back(suggestions, found, at)
    return suggestions


def _is_revised(last: Suggestion, sentence: Sentence) -> bool:
    return last.kind == "decision" and _is_near(last.sentence, sentence) and bool(REVISED.search(_plain(sentence.text)))


def _is_near(candidate: Sentence, retraction: Sentence) -> bool:
    return retraction.index - candidate.index <= RETRACTION_WITHIN


def _take_back(suggestions: list[Suggestion], found: Sequence[Sentence], at: int) -> None:
    """Remove the one suggestion that the retraction at `at` means."""
    meant = [s for s in suggestions if at - s.sentence.index <= RETRACTION_BACK and _speaks_of(s.sentence, found, at)]
    if not meant and suggestions and _is_near(suggestions[-1].sentence, found[at]):
        meant = suggestions[-1:]
    if meant:
        suggestions.remove(meant[-1])


def _speaks_of(candidate: Sentence, found: Sequence[Sentence], at: int) -> bool:
    around = [s.text for s in found[max(0, at - 2) : at + 2] if s.index != candidate.index]
    return speaks_of(candidate.text, " ".join(around))


def speaks_of(statement: str, talk: str) -> bool:
    """Whether `talk` is about `statement`: they share two words that mean something."""
    return len((set(words(statement)) & set(words(talk))) - FUNCTION_WORDS) >= 2


def takes_back(text: str) -> bool:
    """Whether somebody takes back or changes what was said before."""
    plain = _plain(text)
    return bool(RETRACTED.search(plain) or REVISED.search(plain))


def _settled(found: Sequence[Sentence], at: int) -> Suggestion | None:
    """A plan that the next sentence agrees to: "We will release in March." - "Agreed"."""
    sentence = found[at]
    answer = found[at + 1].text if at + 1 < len(found) else ""
    text = _plain(sentence.text)
    if not (_WILL.search(text) and _AGREED.search(_plain(answer))) or _HEDGED.search(text) or not _FEWEST <= len(text.split()) <= _MOST:
        return None
    return Suggestion("decision", sentence, None, None, f"Suggested as a decision because the answer was “{answer.strip()}”.")


def _suggestion(sentence: Sentence, people: People) -> Suggestion | None:
    if not _FEWEST <= len(sentence.text.split()) <= _MOST:
        return None
    return _decision(sentence) or _action(sentence, people)


def _decision(sentence: Sentence) -> Suggestion | None:
    text = _plain(sentence.text)
    match = _DECIDED.search(text)
    if match is None or text.rstrip().endswith("?") or _EARLIER.search(text):
        return None
    before, after = text[: match.start()], text[match.end() :]
    if _UNDECIDED.search(before) or _HEDGED.search(after) or len(set(words(after)) - FUNCTION_WORDS) < 2:
        return None
    return Suggestion("decision", sentence, None, None, f"Suggested as a decision because of the words “{match[0].strip()}”.")


def _action(sentence: Sentence, people: People) -> Suggestion | None:
    text = _plain(sentence.text)
    due = dates.find(sentence.text)
    if _HEDGED.search(text) or _IDLE.search(text):
        return None
    question = text.rstrip().endswith("?")
    name, words = people.assigned(text)
    if name:
        return _made(sentence, name, due, phrase(f"{name} is asked by name (“{words}”)"))
    if _LABELLED.search(text) and not question:
        return _made(sentence, people.named(text), due, phrase("it is called an action"))
    if (match := _COMMITMENT.search(text)) and not question:
        return _made(sentence, sentence.speaker, due, phrase(f"{sentence.speaker or 'the speaker'} says “{match[0]}”"))
    return _weak(sentence, text, due, question=question)


def _weak(sentence: Sentence, text: str, due: str | None, *, question: bool) -> Suggestion | None:
    """Wordings that are tasks only together with a day."""
    if due is None:
        return None
    if match := _REQUEST.search(text) or _PLEA.search(text):
        return _made(sentence, None, due, phrase(f"somebody is asked (“{match[0]}”)"))
    if not question and (match := _TOGETHER.search(text)):
        return _made(sentence, None, due, phrase(f"a task is named (“{match[0]}”)"))
    return None


def _made(sentence: Sentence, owner: str | None, due: str | None, because: str) -> Suggestion:
    day = f" and says when (“{due}”)" if due else ""
    return Suggestion("action", sentence, owner, due, f"Suggested as an action because {because}{day}.")


def _repeats(candidate: Suggestion, earlier: Sequence[Suggestion]) -> bool:
    return any(candidate.sentence.text.casefold() == s.sentence.text.casefold() for s in earlier)


def _plain(text: str) -> str:
    return text.replace("’", "'")  # noqa: RUF001 - the typographic apostrophe
