"""Who said it: words from the better engine, names from the provider.

The provider's captions, its timeline of speakers and each participant's own audio are witnesses. The captions' words are laid
upon ours (`align`), what the witnesses say about a word is added up and the likeliest sequence of speakers decides (`weigh`);
turns change between two words (`split`). Pure, and linear in the length of the meeting. Why: docs/explanation/speakers.md.
"""

from __future__ import annotations

from collections.abc import Sequence

from momentum.model import Segment
from momentum.pipeline.attribute.align import anchors, index_of, streams
from momentum.pipeline.attribute.readings import with_readings
from momentum.pipeline.attribute.said import spoken
from momentum.pipeline.attribute.split import named
from momentum.pipeline.attribute.weigh import weigh
from momentum.pipeline.attribute.witnesses import Witnesses

__all__ = ["VERSION", "Witnesses", "attribute"]

VERSION = "2"
"""Changes with what is made of the same witnesses: part of the artefact's key."""


def attribute(segments: Sequence[Segment], witnesses: Witnesses) -> tuple[Segment, ...]:
    """`segments` with a speaker for each word that a witness speaks of, split where the speaker changes, ids anew from 0.

    All times are in order and on one clock. A word that nobody speaks of keeps the speaker its engine gave it, or none. Where
    captions read a number or a name otherwise than we do, the segment is marked "listen_here" and has both readings.
    """
    said = spoken(segments)
    if not said:
        return tuple(segments)
    heard = witnesses.with_one_spelling()
    theirs = streams(heard.captions)
    index = index_of(said)
    aligned = {name: anchors(stream, said, index) for name, stream in theirs.items()}
    split = named(segments, said, weigh(said, heard, aligned))
    return with_readings(split, said, theirs, aligned, heard.roster)
