"""Spoken text: segments joined into turns, turns cut into sentences that still know their segments and their time."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from momentum.model import Claim, Meeting, Segment, Transcript

TURN_GAP = 2.0
"""Seconds of silence after which the same speaker is taken to begin anew."""
LONGEST = 60
"""Words after which a sentence without a full stop is cut at the next segment."""

# A mark that ends a sentence, with what closes after it; scripts without spaces need none behind it.
_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|$)|[。！？｡؟।]+[」』”）]*")  # noqa: RUF001 - full-width marks end sentences too
_ABBREVIATIONS = frozenset({"mr.", "mrs.", "ms.", "dr.", "prof.", "st.", "vs.", "e.g.", "i.e.", "approx.", "no.", "inc.", "ltd."})
_WORD = re.compile(r"\w+(?:['’]\w+)*")  # noqa: RUF001 - the typographic apostrophe
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

_FUNCTION_WORDS = """
    a about actually after again all also am an and any are aren't as at basically be because been before being but by can can't
    cause could couldn't did didn't do does doesn't doing don't down each even every few for from get gets getting go goes going
    gonna good got had has hasn't have haven't having he he's her here hey hi him his how i i'd i'll i'm i've if in into is isn't
    it it'll it's its just kind know let let's like lot made make makes many maybe me mean might mm more most much my need no not
    now of off oh ok okay on one only or other our out over people pretty probably put quite really right said same say says see
    she should so some something sort still such sure take than thank thanks that that's the their them then there there's these
    they they'll they're they've thing things think this those though thought through to too two um up us very want was wasn't
    way we we'd we'll we're we've well were weren't what what's when where which while who why will with without won't would
    wouldn't yeah yep yes yet you you'd you'll you're you've your hmm uh huh hello bye wanna anyway guess mmm kay time little
    look looking fine alright different come comes whatever bit use used new great sorry
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
_COMMONEST = "the and to of that it is you i we in for so this have be on with but not are"
_MARKERS = frozenset(_COMMONEST.split())


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, verbatim: `index` in the meeting, the segments it comes from, start and end in seconds."""

    index: int
    text: str
    segment_ids: tuple[int, ...]
    start: float
    end: float
    speaker: str | None


def words(text: str) -> list[str]:
    """Lower-case words; pairs of characters in scripts that write without spaces."""
    found: list[str] = []
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("’", "'")):  # noqa: RUF001 - as above
        if len(word) > 2 and _UNSPACED.search(word):
            found.extend(word[i : i + 2] for i in range(len(word) - 1))
        else:
            found.append(word)
    return found


def is_english(language: str | None, text: str) -> bool:
    """What the transcript says of its language, or the share of English function words where it says nothing."""
    if language:
        return language.casefold().partition("-")[0].partition("_")[0] in {"en", "eng", "english"}
    found = words(text[:20_000])
    return bool(found) and sum(w in _MARKERS for w in found) / len(found) > 0.12


def people(transcript: Transcript, meeting: Meeting) -> tuple[str, ...]:
    """Everybody known to have been there: speakers and participants, each once."""
    return tuple(dict.fromkeys(name.strip() for name in (*transcript.speakers, *meeting.participants) if name.strip()))


def speakers_of(claims: Sequence[Claim], transcript: Transcript) -> dict[str, str]:
    """Who says each cited segment, keyed by the segment's id as text (JSON-ready)."""
    cited = {i for claim in claims for i in claim.segment_ids}
    return {str(s.id): s.speaker for s in transcript.segments if s.id in cited and s.speaker}


def sentences(segments: Sequence[Segment]) -> list[Sentence]:
    """Every sentence in order. Segments that nobody said, or nobody understood, are left out."""
    found: list[Sentence] = []
    spoken = (s for s in segments if s.text.strip() and not s.unsaid)
    for turn in _turns(spoken):
        found.extend(_cut(turn, len(found)))
    return found


def _turns(segments: Iterable[Segment]) -> Iterator[list[Segment]]:
    turn: list[Segment] = []
    for segment in segments:
        if turn and (segment.speaker != turn[-1].speaker or segment.start - turn[-1].end > TURN_GAP):
            yield turn
            turn = []
        turn.append(segment)
    if turn:
        yield turn


def _cut(turn: Sequence[Segment], first_index: int) -> Iterator[Sentence]:
    texts = [" ".join(s.text.split()) for s in turn]
    starts = [0, *accumulate(len(t) + 1 for t in texts)]
    whole = " ".join(texts)
    for number, (begin, end) in enumerate(_spans(whole, starts)):
        first, last = (bisect_right(starts, at) - 1 for at in (begin, end - 1))
        yield Sentence(
            index=first_index + number,
            text=whole[begin:end],
            segment_ids=tuple(s.id for s in turn[first : last + 1]),
            start=_time(turn[first], begin - starts[first]),
            end=_time(turn[last], end - starts[last]),
            speaker=turn[0].speaker,
        )


def _spans(whole: str, starts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Character spans of the sentences of a turn whose segments begin at `starts`."""
    begin = 0
    ends = sorted({m.end() for m in _END.finditer(whole) if not _is_abbreviation(whole, m.end())} | {len(whole)})
    for end in ends:
        for at in starts:
            if begin < at < end and len(whole[begin : at - 1].split()) > LONGEST:
                yield begin, at - 1
                begin = at
        stripped = begin + len(whole[begin:end]) - len(whole[begin:end].lstrip())
        if stripped < end:
            yield stripped, end
        begin = end


def _is_abbreviation(whole: str, end: int) -> bool:
    return end < len(whole) and whole[:end].rpartition(" ")[2].casefold() in _ABBREVIATIONS


def _time(segment: Segment, offset: int) -> float:
    """When the character at `offset` is spoken: by the words' times, else in proportion."""
    text = " ".join(segment.text.split())
    if segment.words:
        said = len(text[:offset].split())
        return segment.words[said].start if said < len(segment.words) else segment.end
    share = min(1.0, offset / max(1, len(text)))
    return segment.start + share * max(0.0, segment.end - segment.start)
