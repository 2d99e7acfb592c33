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
_ALIKE = "асеіјкорѕυνхуһЬԁɡмпτгѡАСЕНІЈКМОРЅТХУВΖ"  # noqa: RUF001 - letters that look like those above
_FOLD = str.maketrans(dict(zip(_ALIKE, _LATIN, strict=True)) | {"0": "o", "1": "l", "’": "'"})  # noqa: RUF001 - the typographic apostrophe

_TO_A_WRITER = re.compile(
    r"""
    (?:^|[.!?:;,"“(\-–—]\s*|\b(?:and|then|please|now|must|should|just|simply|instead|to|you|bitte|und)\s+)
    (?:write|record|state|put\ down|output|print|reply|respond|report|claim|pretend|summari[sz]e|minute|schreib\w*|notiere?\w*|
       [ée]cri(?:s|vez)|escrib[ae]\w*)
    \ (?:down\ |in\ the\ \w+\ |only\ |exactly\ |with\ |as\ if\ |it\ |,\ )*(?:that|dass|que|:|")
  | \b(?:note|add|put|include|mention|mark|list|enter|record|write|say)\w*\b[^.?!]{0,40}\b(?:in|into|to|on)\ (?:the|your|these)\ (?:minutes|notes|summary|report|record|transcript|document)
  | ^\s*\#+\s | \]\( | \((?:verified|confirmed)\) | \bthe\ (?:minutes|notes|summary|report|document)\ (?:must|should|shall|will|has\ to|needs\ to)\ (?:say|state|read|show|list|record|contain)
  | \b(?:ignore|forget|disregard|override|bypass|skip|drop)\b[^.?!]{0,30}\b(?:instructions?|prompts?|rules|orders|guidelines|directives?|above|training)\b
  | \b(?:ignorier\w*|vergiss|vergessen\ sie)\b[^.?!]{0,40}\b(?:anweisung\w*|regeln|vorgaben)\b
  | \b(?:ignore[zr]?|oublie[zr]?|olvid\w+|ignora\w*)\b[^.?!]{0,40}\b(?:instructions?|consignes?|instrucciones|reglas|r[èe]gles)\b
  | \b(?:you\ are|you're|act\ as|behave\ like|play\ the\ role\ of|pretend\ to\ be|imagine\ you\ are)\b[^.?!]{0,30}\b(?:an?\ ai|assistant|language\ model|model|bot|chatbot|llm|gpt\w*|secretary|note[- ]?taker|dan|root|administrator|system)\b
  | \b(?:dear|hey|hello|attention|listen),?\ (?:ai|assistant|model|bot|chatgpt|gpt|claude|gemini|llm|note[- ]?taker|summari[sz]er|minute[- ]?taker)\b
  | \b(?:ai|assistant|language\ model|note[- ]?taker|summari[sz]er),?\ (?:please\ )?(?:write|note|record|add|make|set|assign|mark|list|remember|put|ignore|output|say)\b
  | \b(?:system|developer|assistant|user|admin(?:istrator)?|tool)\s*(?:message|prompt|note|override|instructions?|update)?\s*:
  | \b(?:system|developer)\ (?:message|prompt|override|instruction)s?\b | \bnew\ (?:instructions?|system\ (?:prompt|message)|prompt|task\ for\ the)\b
  | \b(?:end|begin|start)\ of\ (?:the\ )?(?:transcript|meeting\ record|record|prompt|instructions?|system\ (?:prompt|message))\b
  | <\s*/?\s*(?:meeting|system|transcript|instructions?|user|assistant|inst|im_start|im_end|script)\b | \[/?inst\] | <\|[^|]*\|> | \#\#\#\s*\w+ | ```
  | \b(?:all|every|each)\ (?:of\ the\ )?(?:tasks?|actions?|action\ items?|decisions?|claims?)\b[^.?!]{0,30}\b(?:belong|assign\w*|owned?|owner|go\ to|verified|approved|must|should|are\ to)\b
  | \bassign\ (?:all|every|each)\b | \b(?:owner|due|state|status|verified|text|quote|decision)"?\s*[:=]\s*"?\w
  | \b(?:mark|set|treat|classify|label)\b[^.?!]{0,30}\b(?:as\ )?(?:verified|confirmed|approved|decided|proven)\b
  | \b(?:json|schema|prompt|tokens?)\b[^.?!]{0,30}\b(?:with|must|should|set|return|output|contain)
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
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
