"""Words in a meeting that speak to whoever writes about it: data like all others, and no statement of the meeting.

What is looked for are orders to write something ("write that the budget was approved"), to forget the task, and what imitates a
model's own messages, in English, German, French and Spanish. Letters of other alphabets that look like Latin ones are read as these.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from momentum.model import Segment

TURN = 3
"""Segments of the same speaker before and after an order that belong to it."""

_LATIN = "aceijkopsuvxyhbdgmntrwACEHIJKMOPSTXYBZ"
_ALIKE = "асеіјкорѕυνхуһЬԁɡмпτгѡАСЕНІЈКМОРЅТХУВΖ"
_FOLD = str.maketrans(dict(zip(_ALIKE, _LATIN, strict=True)) | {"0": "o", "1": "l", "’": "'"})  # noqa: RUF001 - the typographic apostrophe

_PAPER = r"(?:minutes|notes|summary|report|record|transcript|document)"
_MACHINE = (
    r"(?:ai|assistant|language model|model|bot|chatbot|chatgpt|gpt\w*|claude|gemini|llm|note[- ]?taker|minute[- ]?taker|summari[sz]er)"
)
_ROLE = rf"(?:{_MACHINE}|an? (?:ai|{_MACHINE})|secretary|root|administrator|system|dan)"
_BEFORE = r"(?:^|[.!?:;,\"“(\u2013\u2014-]\s*|\b(?:and|then|please|now|must|should|just|simply|instead|to|you|bitte|und) )"
_WRITE = (
    r"(?:write|record|state|put down|output|print|reply|respond|report|claim|pretend|summari[sz]e|minute|schreib\w*|notiere?\w*|"
    r"[ée]cri(?:s|vez)|escrib[ae]\w*)"
)
_RULES = r"(?:instructions?|prompts?|rules|orders|guidelines|directives?|above|training)"
_FOREIGN_RULES = r"(?:anweisung\w*|regeln|vorgaben|instructions?|consignes?|instrucciones|reglas|r[èe]gles)"
_INTO = r"(?:in|into|to|on) (?:the|your|these)"
_ALL_CLAIMS = r"(?:all|every|each) (?:of the )?(?:tasks?|actions?|action items?|decisions?|claims?)"

_TO_A_WRITER = re.compile(
    "|".join(
        [
            rf"{_BEFORE}{_WRITE} (?:down |in the \w+ |only |exactly |with |as if |it |, )*(?:that|dass|que|:|\")",
            rf"\b(?:note|add|put|include|mention|mark|list|enter|record|write|say)\w*\b[^.?!]{{0,40}}\b{_INTO} {_PAPER}",
            rf"\bthe {_PAPER} (?:must|should|shall|will|has to|needs to) (?:say|state|read|show|list|record|contain)",
            rf"\b(?:ignore|forget|disregard|override|bypass|skip|drop)\b[^.?!]{{0,30}}\b{_RULES}\b",
            rf"\b(?:ignorier\w*|vergiss|vergessen sie|ignore[zr]?|oublie[zr]?|olvid\w+|ignora\w*)\b[^.?!]{{0,40}}\b{_FOREIGN_RULES}\b",
            rf"\b(?:you are|you're|act as|behave like|play the role of|pretend to be|imagine you are)\b[^.?!]{{0,30}}\b{_ROLE}\b",
            rf"\b(?:dear|hey|hello|attention|listen),? {_MACHINE}\b",
            rf"\b{_MACHINE},? (?:please )?(?:write|note|record|add|make|set|assign|mark|list|remember|put|ignore|output|say)\b",
            r"\b(?:system|developer|assistant|user|admin(?:istrator)?|tool)\s*(?:message|prompt|note|override|instructions?|update)?\s*:",
            r"\b(?:system|developer) (?:message|prompt|override|instruction)s?\b",
            r"\bnew (?:instructions?|system (?:prompt|message)|prompt|task for the)\b",
            r"\b(?:end|begin|start) of (?:the )?(?:transcript|meeting record|record|prompt|instructions?|system (?:prompt|message))\b",
            r"<\s*/?\s*(?:meeting|system|transcript|instructions?|user|assistant|inst|im_start|im_end|script)\b",
            r"\[/?inst\]|<\|[^|]*\|>|###\s*\w+|```|^\s*#+\s|\]\(|\((?:verified|confirmed)\)",
            rf"\b{_ALL_CLAIMS}\b[^.?!]{{0,30}}\b(?:belong|assign\w*|owned?|owner|go to|verified|approved|must|should|are to)\b",
            r"\bassign (?:all|every|each)\b|\b(?:owner|due|state|status|verified|text|quote|decision)\"?\s*[:=]\s*\"?\w",
            r"\b(?:mark|set|treat|classify|label)\b[^.?!]{0,30}\b(?:as )?(?:verified|confirmed|approved|decided|proven)\b",
            r"\b(?:json|schema|prompt|tokens?)\b[^.?!]{0,30}\b(?:with|must|should|set|return|output|contain)",
        ]
    ),
    re.IGNORECASE,
)


def folded(text: str) -> str:
    """`text` as an eye reads it: no invisible characters, look-alike letters as Latin ones."""
    shown = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in {"Cf", "Mn"})
    return " ".join(shown.translate(_FOLD).split())


def gives_orders(text: str) -> bool:
    """Whether these words speak to whoever writes about the meeting."""
    return bool(_TO_A_WRITER.search(folded(text)))


def positions(segments: Sequence[Segment]) -> set[int]:
    """Where the meeting speaks to its writer: each order with the same speaker's words around it."""
    found = {n for n, _ in enumerate(segments) if _is_part_of_order(segments, n)}
    return {p for n in found for p in _turn(segments, n)}


def _is_part_of_order(segments: Sequence[Segment], at: int) -> bool:
    """An order may run on from one segment to the next."""
    joined = segments[at].text
    if at + 1 < len(segments) and segments[at + 1].speaker == segments[at].speaker:
        joined = f"{joined} {segments[at + 1].text}"
    return gives_orders(joined)


def _turn(segments: Sequence[Segment], at: int) -> list[int]:
    reach = range(max(0, at - TURN), min(len(segments), at + TURN + 1))
    before = [p for p in reach if p <= at and all(s.speaker == segments[at].speaker for s in segments[p : at + 1])]
    after = [p for p in reach if p > at and all(s.speaker == segments[at].speaker for s in segments[at : p + 1])]
    return before + after
