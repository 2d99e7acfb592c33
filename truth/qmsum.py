"""Claims over real meetings: QMSum's transcripts (AMI, ICSI, committees) with the answers that its annotators wrote.

An annotator's answer sums up a stretch of the meeting in a few sentences and names the turns it rests on. Each of its sentences is
a claim. Its quote is the one turn among these, or the sixty words of a longer turn, that shares most of the sentence's words that
mean something. Where that is less than half of them, the sentence sums up many turns, no single quote carries it, and it is left out:
`Found` counts how many. The evidence is the quote with the annotators' turns, where they name no more than twelve.
QMSum: Zhong and others, NAACL 2021, https://github.com/Yale-LILY/QMSum, MIT licence. Nothing of it is part of this project.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from momentum.model import Claim, Meeting, Segment, Transcript
from momentum.writers.spoken import FUNCTION_WORDS, words
from truth.meetings import WORDS_A_SECOND, Case, Correct

LONGEST = 60
"""Words of a quote."""
SHARE = 0.5
"""Of the words of a sentence that mean something, those that its quote must hold."""
MOST = 12
"""Turns that annotators name as evidence of one answer; of more, only the quote is named."""
_SOUND = re.compile(r"\{\w+\}")
_SPELT = re.compile(r"\b(?:[A-Z]_)+[a-z]?")
_SPACE = re.compile(r"\s+([.,?!;:'])")
_SENTENCE = re.compile(r"(?<!Mr)(?<!Dr)(?<!Ms)(?<!Mrs)(?<!Hon)(?<=[.?!])\s+(?=[A-Z])")
_VERB = re.compile(r"\b(was|were|is|are|would|should|could|can|will|did|had to|has|have)\b(?! not)")
_HEDGED = re.compile(r"\b(?:might|may)\b|\b(?:perhaps|maybe|possibly|probably) ")


@dataclass(frozen=True, slots=True)
class Found:
    """The cases, and how many sentences annotators wrote and how many of these became claims."""

    cases: list[Case]
    sentences: int
    claims: int


def read_all(samples: Path, part: str) -> Found:
    """Half of the meetings of the folder `qmsum` in `samples`: every second one by name is for tuning ("dev"), the others are held out."""
    paths = sorted((samples / "qmsum").glob("*.json"))
    made = [_case(path) for path in paths[("dev", "heldout").index(part) :: 2]]
    return Found([case for case, _ in made if case.correct], sum(n for _, n in made), sum(len(case.correct) for case, _ in made))


def _case(path: Path) -> tuple[Case, int]:
    data = json.loads(path.read_text(encoding="utf-8"))
    segments = _segments(data["meeting_transcripts"])
    people = tuple(dict.fromkeys(s.speaker for s in segments if s.speaker))
    sentences = list(_sentences(data["specific_query_list"]))
    correct = tuple(made for text, turns in sentences if (made := _correct(text, turns, segments)))
    transcript = Transcript(tuple(segments), "en", segments[-1].end, "own", "qmsum")
    return Case(path.stem, Meeting(path.stem, participants=people), transcript, correct), len(sentences)


def _segments(turns: Sequence[dict[str, str]]) -> list[Segment]:
    """One segment a turn: annotators point at turns."""
    segments: list[Segment] = []
    for number, turn in enumerate(turns):
        text = _SPACE.sub(r"\1", " ".join(_SOUND.sub(" ", turn["content"]).split()))
        text = _SPELT.sub(lambda m: m[0].replace("_", ""), text)
        start = segments[-1].end if segments else 0.0
        segments.append(Segment(number, start, start + len(text.split()) / WORDS_A_SECOND, text, turn["speaker"]))
    return segments


def _sentences(queries: Sequence[dict[str, Any]]) -> Iterator[tuple[str, list[int]]]:
    """Each sentence of each answer with the turns on which the answer rests."""
    for query in queries:
        turns = [n for first, last in query["relevant_text_span"] for n in range(int(first), int(last) + 1)]
        for sentence in _SENTENCE.split(query["answer"].strip()):
            yield sentence.strip(), turns


def _correct(text: str, turns: Sequence[int], segments: Sequence[Segment]) -> Correct | None:
    wanted = _meaning(text)
    pieces = [(piece, n) for n in turns if n < len(segments) for piece in _pieces(segments[n].text)]
    if not pieces or not wanted:
        return None
    quote, turn = max(pieces, key=lambda p: len(wanted & _meaning(p[0])))
    if len(wanted & _meaning(quote)) < SHARE * len(wanted):
        return None
    evidence = {turn, *(turns if len(turns) <= MOST else ())}
    claim = Claim("highlight", text, quote, tuple(sorted(n for n in evidence if n < len(segments))))
    return Correct(claim, _inverted(text), _certain(text))


def _meaning(text: str) -> set[str]:
    return {w[:4] for w in words(text)} - {w[:4] for w in FUNCTION_WORDS}


def _pieces(text: str) -> Iterator[str]:
    """A turn whole, or every stretch of sixty of its words that begins at a sentence."""
    spoken = text.split()
    if len(spoken) <= LONGEST:
        yield text
        return
    starts = [0, *(n + 1 for n, word in enumerate(spoken[:-1]) if word[-1] in ".?!")]
    yield from (" ".join(spoken[start : start + LONGEST]) for start in starts)


def _inverted(text: str) -> str | None:
    """The sentence with a "not" more or less."""
    if " not " in text:
        return text.replace(" not ", " ", 1)
    turned = _VERB.sub(r"\1 not", text, count=1)
    return turned if turned != text else None


def _certain(text: str) -> str | None:
    """The sentence without its "might" and "perhaps"."""
    sure = _HEDGED.sub(lambda m: "will" if m[0] in {"might", "may"} else "", text)
    return sure if sure != text else None
