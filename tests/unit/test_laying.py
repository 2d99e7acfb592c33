"""Layers are laid quickly, over what they can touch alone: the result is that of laying one after another over everything."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from momentum.corrections import (
    ConfirmClaim,
    EditClaim,
    EditSegment,
    FixTerm,
    MergeSpeakers,
    Reassign,
    RejectClaim,
    RenameSpeaker,
    deliverable_under,
    objection,
    replaced,
    transcript_under,
)
from momentum.corrections.cuts import STRIDE
from momentum.corrections.laying import Laying
from momentum.corrections.timing import retimed, spans
from momentum.corrections.written import attributed, written_under
from momentum.model import Claim, ClaimState, Deliverable, Segment, Transcript, Word

# --- one layer after another, each over every segment -----------------------------------------------


def one_after_another(transcript, layers):
    for layer in layers:
        transcript = laid(transcript, layer)
    return transcript


def laid(transcript, layer):
    if isinstance(layer, RenameSpeaker | MergeSpeakers):
        former = layer.speakers if isinstance(layer, MergeSpeakers) else (layer.speaker,)
        return renamed(transcript, former, layer.name)
    if isinstance(layer, FixTerm):
        return saying(transcript, lambda s: replaced(s.text, layer.term, layer.replacement))
    if isinstance(layer, EditSegment):
        return saying(transcript, lambda s: layer.text if s.id == layer.segment else s.text)
    return reassigned(transcript, layer) if isinstance(layer, Reassign) and not objection(layer, transcript) else transcript


def saying(transcript, text_of):
    after = [(s, text_of(s)) for s in transcript.segments]
    return replace(transcript, segments=tuple(s if t == s.text else replace(s, text=t, words=retimed(s, t)) for s, t in after))


def renamed(transcript, former, name):
    def now(one):
        return name if one in former else one

    def of(segment):
        return replace(segment, speaker=now(segment.speaker), words=tuple(replace(w, speaker=now(w.speaker)) for w in segment.words))

    there = transcript.participants and tuple(dict.fromkeys(map(now, transcript.participants)))
    return replace(transcript, segments=tuple(map(of, transcript.segments)), participants=there)


def reassigned(transcript, layer):
    ids = [s.id for s in transcript.segments]
    first, last = ids.index(layer.first), ids.index(layer.last)
    made = []
    for n, segment in enumerate(transcript.segments):
        made += cut(segment, layer) if first <= n <= last else [segment]
    return replace(transcript, segments=tuple(made))


def cut(segment, layer):
    whole = len(segment.words)
    begin = (layer.first_word or 0) if segment.id == layer.first else 0
    end = layer.last_word + 1 if segment.id == layer.last and layer.last_word is not None else whole
    if begin == 0 and end >= whole:
        return [said_by(segment, layer.speaker)]
    edges = pairwise(sorted({0, begin, end, whole}))
    return [said_by(part(segment, a, b), layer.speaker) if a == begin else part(segment, a, b) for a, b in edges]


def said_by(segment, speaker):
    return replace(
        segment, speaker=speaker, estimated=False, words=tuple(replace(w, speaker=speaker, certainty=None) for w in segment.words)
    )


def part(segment, begin, end):
    places, words = spans(segment.words, segment.text), segment.words[begin:end]
    text = segment.text[places[begin][0] if begin else 0 : places[end][0] if end < len(places) else None].strip()
    times = (words[0].start if begin else segment.start, words[-1].end if end < len(places) else segment.end)
    return replace(segment, id=segment.id + begin * STRIDE, start=times[0], end=times[1], text=text, words=words)


def written_one_after_another(document, transcript, layers):
    """Each layer over a transcript on which all before it were written out."""
    for layer in layers:
        laying = Laying(transcript)
        document = written_under(document, laying.lay(layer), laying)
        transcript = laid(transcript, layer)
    return attributed(document, transcript) if layers else document


# --- what is laid -----------------------------------------------------------------------------------

ALL_NAMES = ["Ada", "Bob", "Eve", "Ada King", "東"]
NAMES = st.sampled_from(ALL_NAMES)
TOKENS = st.sampled_from(["we", "We", "ship", "SHIP", "Ada", "crop", "outcrop", "Crop,", "no.", "ΑΣ", "İst", "東京", "a-b"])
TEXTS = st.lists(TOKENS, min_size=1, max_size=5).map(" ".join)
PLACES = st.integers(0, 4)


@st.composite
def segments(draw, number):
    text, speaker = draw(TEXTS), draw(st.none() | NAMES)
    told = draw(st.booleans())
    own = st.none() | NAMES
    words = [
        Word(word, number * 9.0 + n, number * 9.0 + n + 0.5, 0.9, draw(own) if told else None, 0.5 if told else None)
        for n, word in enumerate(text.split())
    ]
    kept = words if draw(st.integers(0, 4)) else []
    return Segment(number, number * 9.0, number * 9.0 + 6, text, speaker, tuple(kept), estimated=draw(st.booleans()))


@st.composite
def transcripts(draw):
    made = tuple(draw(segments(n)) for n in range(draw(st.integers(1, 4))))
    participants = draw(st.none() | st.lists(NAMES, max_size=3).map(tuple))
    return Transcript(made, "en", 40.0, "own", "e", participants=participants)


@st.composite
def documents(draw, transcript):
    made = []
    for _ in range(draw(st.integers(0, 3))):
        cited = draw(st.lists(st.sampled_from(transcript.segments), min_size=1, max_size=2, unique_by=lambda s: s.id))
        quote = draw(st.sampled_from([cited[0].text, " ".join(s.text for s in cited), cited[0].text.split()[0]]))
        text, owner, due = draw(TEXTS), draw(st.none() | NAMES | TEXTS), draw(st.none() | TEXTS)
        made.append(Claim("action", text, quote, tuple(s.id for s in cited), owner, due, state=draw(st.sampled_from(ClaimState))))
    return Deliverable("minutes", "1", draw(TEXTS), "en", draw(TEXTS), tuple(made), extra={"keywords": [draw(TEXTS)]})


PARTS = st.sampled_from([0, 0, 0, 0, 1, 2])
IDS = st.builds(lambda segment, word: segment + word * STRIDE, st.integers(0, 2), PARTS)
WORDS = st.none() | st.integers(0, 3)
FEW = st.sampled_from(["Ada", "Bob", "Eve"])
NAMING = st.one_of(
    st.builds(RenameSpeaker, FEW, FEW),
    st.builds(MergeSpeakers, st.lists(NAMES, min_size=1, max_size=3).map(tuple), NAMES),
    st.builds(lambda i, name: Reassign(i, i, name), IDS, FEW),
    st.builds(lambda first, more, name: Reassign(first, first + more, name), st.integers(0, 1), st.integers(0, 1), st.none() | FEW),
)
WORDING = st.one_of(
    st.builds(FixTerm, TOKENS | TEXTS, TEXTS),
    st.builds(EditSegment, IDS, TEXTS),
    st.builds(lambda i, *more: Reassign(i, i, *more), IDS, st.none() | FEW, WORDS, WORDS),
)
RULING = st.one_of(st.builds(ConfirmClaim, PLACES), st.builds(EditClaim, PLACES, TEXTS, st.none() | NAMES), st.builds(RejectClaim, PLACES))
LAYERS = st.one_of(
    st.lists(NAMING, min_size=3, max_size=8),
    st.lists(WORDING, min_size=2, max_size=6),
    st.lists(NAMING | WORDING | RULING, max_size=10),
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_layers_laid_quickly_are_layers_laid_one_after_another(data):
    transcript = data.draw(transcripts())
    layers = data.draw(LAYERS)
    expected = one_after_another(transcript, layers)
    assert transcript_under(transcript, layers) == expected
    laying, step = Laying(transcript), transcript
    for layer in layers:
        laying.lay(layer)
        step = laid(step, layer)
        assert {name for name in (*ALL_NAMES, *step.speakers, "") if laying.speaks(name)} == set(step.speakers)
    looking = Laying(transcript)
    for n, layer in enumerate(layers):
        looking.lay(layer)
        assert looking.transcript() == one_after_another(transcript, layers[: n + 1])
    document = data.draw(documents(transcript))
    assert deliverable_under(document, transcript, layers) == written_one_after_another(document, transcript, layers)


CHAINS = [
    (EditSegment(0, "We crop."), FixTerm("crop", "corp"), FixTerm("corp", "Acme")),
    (RenameSpeaker("Ada", "Eve"), Reassign(0, 0, "Ada"), RenameSpeaker("Eve", "Bob")),
    (Reassign(0, 0, "Ada"), RenameSpeaker("Ada", "Eve"), Reassign(1, 1, "Ada", 0, 0), RenameSpeaker("Ada", "Bob")),
    (Reassign(1, 1, "Eve", 1), Reassign(0, 1_000_001, "Ada"), EditSegment(1_000_001, "ship crop"), FixTerm("crop", "x")),
]


@pytest.mark.parametrize("layers", CHAINS)
def test_a_layer_finds_what_those_before_it_made(layers):
    words = [Word("We", 0.0, 1.0), Word("ship", 1.0, 2.0, 0.9, "Bob", 0.5)]
    segments = tuple(Segment(n, n * 9.0, n * 9.0 + 6, "We ship", "Ada", tuple(words)) for n in range(2))
    transcript = Transcript(segments, "en", 18.0, "own", "e", participants=("Ada", "Bob"))
    assert transcript_under(transcript, layers) == one_after_another(transcript, layers) != transcript


@given(st.data())
def test_what_is_said_and_written_needs_no_words_where_nothing_is_cut(data):
    transcript = data.draw(transcripts())
    layers = [one for one in data.draw(LAYERS) if not isinstance(one, Reassign) or (one.first_word, one.last_word) == (None, None)]
    document = data.draw(documents(transcript))
    bare = replace(transcript, segments=tuple(replace(s, words=()) for s in transcript.segments))
    assert deliverable_under(document, bare, layers) == deliverable_under(document, transcript, layers)
    said = [[(s.id, s.speaker, s.text) for s in transcript_under(one, layers).segments] for one in (bare, transcript)]
    assert said[0] == said[1]


def test_segments_that_no_layer_touches_are_the_machines_own():
    transcript = Transcript(tuple(Segment(n, n, n + 1.0, f"word{n} we", "Ada") for n in range(9)), "en", 9.0, "own", "e")
    under = transcript_under(transcript, [FixTerm("word3", "x"), Reassign(5, 5, "Bob"), RenameSpeaker("Eve", "Ada")])
    assert [n for n in range(9) if under.segments[n] is not transcript.segments[n]] == [3, 5]


@pytest.mark.parametrize("name", ["Speaker 1", "Ada"])
def test_a_merge_into_one_of_its_own_names_still_speaks(name):
    transcript = Transcript((Segment(0, 0, 1.0, "a", "Speaker 1"), Segment(1, 1, 2.0, "b", "Ada")), "en", 2.0, "own", "e")
    laying = Laying(transcript)
    laying.lay(MergeSpeakers(("Speaker 1", "Ada"), name))
    assert [one for one in ("Speaker 1", "Ada") if laying.speaks(one)] == [name]
