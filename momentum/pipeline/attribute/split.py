"""Segments of one speaker each: split where the speaker changes, every word with its speaker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from momentum.model import Segment, Word
from momentum.pipeline.attribute.said import Said
from momentum.pipeline.attribute.weigh import Verdict


def named(segments: Sequence[Segment], said: Sequence[Said], verdicts: Sequence[Verdict]) -> tuple[Segment, ...]:
    """The segments with the speakers of `verdicts`, numbered anew from 0. A word that nobody is named for keeps its segment's speaker."""
    judged: list[list[tuple[Word, Verdict]]] = [[] for _ in segments]
    for one, verdict in zip(said, verdicts, strict=True):
        judged[one.segment].append((one.word, verdict))
    parts = [part for segment, words in zip(segments, judged, strict=True) for part in _parts(segment, words)]
    return tuple(replace(part, id=number) for number, part in enumerate(parts))


def _parts(segment: Segment, judged: Sequence[tuple[Word, Verdict]]) -> Iterator[Segment]:
    runs = [(speaker, list(run)) for speaker, run in groupby(judged, key=lambda one: one[1].speaker)]
    if len(runs) <= 1:
        speaker = runs[0][0] if runs else None
        yield _of(segment, speaker, judged, segment.text)
        return
    texts = _texts(segment.text, [[word.text for word, _ in run] for _, run in runs])
    for (speaker, run), text in zip(runs, texts, strict=True):
        start, end = run[0][0].start, max(word.end for word, _ in run)
        yield _of(replace(segment, start=start, end=end), speaker, run, text)


def _of(segment: Segment, speaker: str | None, run: Sequence[tuple[Word, Verdict]], text: str) -> Segment:
    words = tuple(
        Word(word.text, word.start, word.end, word.probability, speaker or segment.speaker, verdict.certainty if speaker else None)
        for word, verdict in run
    )
    estimated = segment.estimated and speaker is None
    # Times that were only laid over the text are no word times: they stay out.
    kept = words if segment.words else ()
    return replace(segment, text=text, speaker=speaker or segment.speaker, words=kept, estimated=estimated)


def _texts(text: str, runs: Sequence[Sequence[str]]) -> list[str]:
    """`text` cut before the first word of each run; where a word cannot be found in it, the runs' words with spaces."""
    cuts, at = [], 0
    for run in runs:
        for number, word in enumerate(run):
            found = text.find(word, at)
            if found < 0:
                return [" ".join(run) for run in runs]
            if number == 0:
                cuts.append(found)
            at = found + len(word)
    return [text[start:end].strip() for start, end in zip([0, *cuts[1:]], [*cuts[1:], len(text)], strict=True)]
