"""Speakers of a recording that names nobody: told apart by their voices, labelled as estimated, and named where somebody enrolled."""

import hashlib
from io import BytesIO

import av
import numpy as np
import pytest

from momentum.errors import Invalid
from momentum.media.decoder import Decoder
from momentum.media.voiceprint import VoiceEncoder, installed_weights
from momentum.model import SAMPLE_RATE, Chunk, Heard, Meeting, Options, Segment, Transcript, Voice, Word
from momentum.pipeline.enrol import enrol
from momentum.pipeline.places import Found, MemoryShelf, Part
from momentum.pipeline.process import Job, process
from momentum.pipeline.voices import Voices
from momentum.sandbox.samples import load
from momentum.transcribers.base import Limits

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def encoder():
    return VoiceEncoder(installed_weights())


def sound_of(sample):
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    with av.open(BytesIO(sample.audio)) as container:
        return b"".join(f.to_ndarray().tobytes() for d in [*container.decode(audio=0), None] for f in resampler.resample(d))


def segments_of(sample):
    return tuple(Segment(i, a, b, text, words=(Word(text, a, b),)) for i, (_, a, b, text) in enumerate(sample.lines))


async def heard(encoder, sample, offset=0.0):
    """A sample's voices, and its transcript without names."""
    pcm, segments = sound_of(sample), segments_of(sample)
    voices = Voices(encoder)
    await voices.listener(offset)(Chunk(0, 0.0, pcm, (), hashlib.sha256(pcm).hexdigest()), segments)
    placed = tuple(Segment(s.id, s.start + offset, s.end + offset, s.text, words=s.words) for s in segments)
    return voices, Transcript(placed, "en", sample.seconds + offset, "own", "test")


def right(transcript, sample):
    """Share of the sentences whose label means the person who said them, each label meaning whom it meets most."""
    pairs = [(s.speaker, who) for s, (who, *_) in zip(transcript.segments, sample.lines, strict=True)]
    means = {label: max({w for _, w in pairs}, key=lambda who: pairs.count((label, who))) for label, _ in pairs}
    return sum(means[label] == who for label, who in pairs) / len(pairs)


@pytest.mark.parametrize("key", ["planning", "customer", "standup"])
@pytest.mark.parametrize("most", [None, 3])
async def test_people_are_told_apart(encoder, key, most):
    sample = load(key)
    voices, transcript = await heard(encoder, sample, offset=100.0)
    told = voices.labelled(transcript, most=most)
    assert set(told.speakers) == {"Speaker 1", "Speaker 2", "Speaker 3"}
    assert told.segments[0].speaker == "Speaker 1"
    assert right(told, sample) >= 0.9
    assert all(s.estimated and w.speaker == s.speaker and 0 <= w.certainty <= 1 for s in told.segments for w in s.words)


async def test_one_person_is_one_speaker(encoder):
    voices, transcript = await heard(encoder, load("short"))
    assert voices.labelled(transcript).speakers == ("Speaker 1",)


async def test_an_enrolled_voice_gives_its_name_and_stays_an_estimate(encoder):
    sample = load("customer")
    pcm = sound_of(sample)
    own = [pcm[round(a * SAMPLE_RATE) * 2 : round(b * SAMPLE_RATE) * 2] for who, a, b, _ in sample.lines if who == "Anna Price"]
    middle = np.mean(encoder.embed(own[:4]), axis=0)
    anna = Voice("Anna Price", tuple(float(x) for x in middle / np.linalg.norm(middle)))
    stranger = Voice("Nobody here", tuple(float(x) for x in np.eye(256)[0]))
    voices, transcript = await heard(encoder, sample)
    told = voices.labelled(transcript, known=(anna, stranger))
    assert set(told.speakers) == {"Anna Price", "Speaker 1", "Speaker 2"}
    assert right(told, sample) >= 0.9
    assert all(s.estimated for s in told.segments)


async def test_without_a_voice_nobody_is_named(encoder):
    voices = Voices(encoder)
    scrap = Transcript((Segment(0, 0.0, 0.2, "Hm."),), "en", 1.0, "own", "test")
    assert voices.labelled(scrap) == scrap


# --- within a processing ------------------------------------------------------------------------------


class Ear:
    """Hears the sample's sentences where they are."""

    name, limits = "local", Limits(target_seconds=500, max_seconds=600, parallel=1)

    def __init__(self, sample):
        self.sample = sample

    def parameters(self, language):
        return {"model": "ear"}

    async def transcribe(self, chunk, *, language):
        return Heard(
            tuple(
                Segment(i, a - chunk.start, b - chunk.start, text)
                for i, (_, a, b, text) in enumerate(self.sample.lines)
                if chunk.start <= a < chunk.start + chunk.seconds
            ),
            "en",
        )


class Sound:
    size, name = None, "audio.m4a"

    def __init__(self, data):
        self.data = data

    async def stream(self, start=0):
        yield self.data[start:]

    async def read(self, start, length):
        return self.data[start : start + length]


class Origin:
    def __init__(self, sample, captions=()):
        self.sample, self.said = sample, captions

    async def look(self):
        return Found((Part("one", 0.0, has_captions=bool(self.said)),))

    async def meeting(self, participants=None):
        return Meeting("Call")

    def media(self, part):
        return Sound(self.sample.audio)

    async def captions(self, part):
        return self.said


class Tools:
    llm = None

    def __init__(self, sample, encoder):
        self.decoder, self.transcriber, self.voices = Decoder(), Ear(sample), encoder


async def processed(sample, encoder, captions=(), **options):
    shelf, tools = MemoryShelf(), Tools(sample, encoder)
    try:
        (made,) = await process(Job(Origin(sample, captions), shelf, Options(**options), tools))
    finally:
        await tools.decoder.aclose()
    return list(shelf.transcripts.values())[-1], shelf.deliverables[made]


async def test_a_recording_without_names_gets_estimated_speakers_and_says_so(encoder):
    sample = load("standup")
    transcript, document = await processed(sample, encoder)
    assert set(transcript.speakers) == {"Speaker 1", "Speaker 2", "Speaker 3"}
    assert document.extra["estimated_speakers"] is True


@pytest.mark.parametrize(("transcript", "estimated"), [("auto", False), ("own", True)])
async def test_voices_are_compared_only_where_nobody_names_the_speakers(encoder, transcript, estimated):
    sample = load("standup")
    captions = tuple(Segment(i, a, b, text, who) for i, (who, a, b, text) in enumerate(sample.lines))
    found, document = await processed(sample, encoder, captions, transcript=transcript)
    assert {s.estimated for s in found.segments} == {estimated}
    assert ("Lena Ortiz" in found.speakers) == (not estimated)
    assert document.extra.get("estimated_speakers", False) == estimated


async def test_without_the_weights_nobody_is_named():
    found, document = await processed(load("standup"), None)
    assert found.speakers == ()
    assert "estimated_speakers" not in document.extra


async def test_nobody_is_enrolled_from_sound_that_is_gone(encoder):
    sample, decoder = load("standup"), Decoder()
    late = tuple(Segment(n, 900.0 + 9 * n, 908.0 + 9 * n, "So.", "Ada") for n in range(4))
    try:
        with pytest.raises(Invalid, match="as it is now has less"):
            await enrol(Origin(sample), decoder, encoder, Transcript(late, "en", 999.0, "own", "test"), "Ada")
    finally:
        await decoder.aclose()
