"""The steps in their order, over an origin and a shelf in memory."""

import dataclasses
import io
import wave
from contextlib import asynccontextmanager

import pytest

from momentum.errors import ActionRequired, ErrorCode, NotReady, Permanent, Retry
from momentum.llm import LanguageModel
from momentum.media.decoder import DecodeLimits, Decoder
from momentum.model import Heard, Meeting, Options, Segment, Word
from momentum.pipeline.jobs import Job
from momentum.pipeline.places import Found, MemoryShelf, Part
from momentum.pipeline.process import process
from momentum.transcribers.base import Limits
from momentum.writers.markdown import clock, render

pytestmark = pytest.mark.anyio


@dataclasses.dataclass
class Bytes:
    data: bytes
    name: str = "sound.wav"

    @property
    def size(self):
        return len(self.data)

    async def stream(self, start=0):
        yield self.data[start:]

    async def read(self, start, length):
        return self.data[start : start + length]


class Origin:
    """A recording of any number of parts; counts what is asked of it."""

    def __init__(self, parts, sound, captions=None):
        self.parts, self.sound, self.said = parts, sound, captions or {}
        self.opened = self.asked_who = 0

    async def look(self):
        return Found(self.parts)

    async def meeting(self, participants=None):
        self.asked_who += participants is None
        return Meeting("Planning", participants=("Lena Ortiz",) if participants is None else participants)

    def media(self, part):
        self.opened += 1
        return Bytes(self.sound)

    async def captions(self, part):
        return self.said.get(part.key, ())


class Engine:
    """Hears the same sentence in every chunk; counts its calls."""

    name = "local"
    limits = Limits(target_seconds=50, max_seconds=60, parallel=1)

    def __init__(self):
        self.calls = 0

    def parameters(self, language):
        return {"model": "one", "language": language}

    async def transcribe(self, chunk, *, language):
        self.calls += 1
        words = (Word("We", 0.0, 0.2), Word("decided.", 0.2, 0.6))
        return Heard((Segment(0, 0.0, 0.6, "We decided.", words=words),), "en")

    async def aclose(self):
        pass


@dataclasses.dataclass
class Tools:
    decoder: Decoder
    transcriber: Engine
    llm: LanguageModel | None = None
    voices: object | None = None


@pytest.fixture(scope="module")
def speech():
    """One of the sandbox's samples: the voice gate lets no mere tone pass."""
    from pathlib import Path

    import momentum.sandbox

    return next((Path(momentum.sandbox.__file__).parent / "samples").rglob("*.m4a")).read_bytes()


@asynccontextmanager
async def tools():
    decoder = Decoder(DecodeLimits())
    try:
        yield Tools(decoder, Engine())
    finally:
        await decoder.aclose()


def part(number, offset, **facts):
    return Part(key=f"{number}", offset=offset, **facts)


async def test_who_took_part_is_asked_once_and_stands_in_the_document(speech):
    shelf, origin = MemoryShelf(), Origin((part(0, 0.0),), speech)
    async with tools() as with_tools:
        (made,) = await process(Job(origin, shelf, Options(), with_tools))
    assert origin.asked_who == 1
    assert "**Who:** Lena Ortiz" in render(shelf.deliverables[made], Meeting("Planning"))


async def test_a_recording_becomes_highlights(speech):
    shelf = MemoryShelf()
    async with tools() as with_tools:
        made = await process(Job(Origin((part(0, 0.0),), speech), shelf, Options(), with_tools))
    assert [shelf.deliverables[i].kind for i in made] == ["highlights"]
    assert shelf.delivered == tuple(made)
    assert set(shelf.seconds_per_step) == {"discover", "transcribe", "attribute", "generate", "verify", "deliver"}


async def test_two_file_sets_are_one_transcript_with_the_gap_between_them(speech):
    shelf = MemoryShelf()
    async with tools() as with_tools:
        await process(Job(Origin((part(0, 0.0), part(1, 600.0)), speech), shelf, Options(), with_tools))
    transcript = list(shelf.transcripts.values())[-1]
    assert [s.id for s in transcript.segments] == list(range(len(transcript.segments)))
    (gap,) = transcript.gaps
    assert gap.end == 600.0
    assert all(s.end <= gap.start or s.start >= gap.end for s in transcript.segments)
    assert any(w.start >= 600.0 for s in transcript.segments for w in s.words)


async def test_the_gap_stands_in_the_document(speech):
    shelf = MemoryShelf()
    async with tools() as with_tools:
        (made,) = await process(Job(Origin((part(0, 0.0), part(1, 600.0)), speech), shelf, Options(), with_tools))
    (gap,) = list(shelf.transcripts.values())[-1].gaps
    assert shelf.deliverables[made].extra["gaps"] == [[gap.start, 600.0, "not_recorded"]]
    assert f"{clock(gap.start)} to 10:00" in render(shelf.deliverables[made], Meeting("Planning"))


@pytest.mark.parametrize(
    ("offsets", "cut", "gaps"),
    [
        pytest.param([0.0], [0], 1, id="the only one"),
        pytest.param([0.0, 600.0], [0], 1, id="the first: what lies before the next is one gap"),
        pytest.param([0.0, 600.0], [1], 2, id="the last"),
        pytest.param([0.0, 600.0], [0, 1], 2, id="both"),
    ],
)
async def test_a_set_that_breaks_off_loses_nothing_before_the_break(speech, offsets, cut, gaps):
    class Cut(Origin):
        def media(self, part):
            there = len(self.sound) * 6 // 10 if int(part.key) in cut else len(self.sound)
            return Bytes(self.sound[:there], f"set {part.key}")

    shelf = MemoryShelf()
    found = tuple(part(number, offset) for number, offset in enumerate(offsets))
    async with tools() as with_tools:
        (made,) = await process(Job(Cut(found, speech), shelf, Options(), with_tools))
    transcript = list(shelf.transcripts.values())[-1]
    assert all(any(offset <= s.start < offset + 600 for s in transcript.segments) for offset in offsets)
    assert [fault.partition(":")[0] for fault in transcript.faults] == [f"set {number} is incomplete" for number in cut]
    assert [gap.end > gap.start for gap in transcript.gaps] == [True] * gaps
    assert shelf.incomplete == " ".join(transcript.faults)
    assert shelf.incomplete in render(shelf.deliverables[made], Meeting("Planning"))


CUE = (Segment(0, 1.0, 2.0, "We ship on Friday.", "Ada"),)


@pytest.mark.parametrize(
    ("parts", "said", "gaps"),
    [
        pytest.param([(0.0, 60.0), (100.0, 60.0)], [CUE, CUE], [(60.0, 100.0)], id="between"),
        pytest.param([(0.0, 60.0), (61.0, 60.0)], [CUE, CUE], [], id="times are right to a second"),
        pytest.param([(0.0, 60.0), (100.0, 60.0)], [(), CUE], [(60.0, 100.0)], id="after a silent set"),
        pytest.param([(100.0, 60.0)], [CUE], [(0.0, 100.0)], id="before the first set with words"),
        pytest.param([(0.0, None), (100.0, None)], [CUE, CUE], [(2.0, 100.0)], id="length not known"),
    ],
)
async def test_gaps_are_what_no_file_covers(speech, parts, said, gaps):
    found = tuple(part(i, offset, has_captions=True, seconds=seconds) for i, (offset, seconds) in enumerate(parts))
    shelf = MemoryShelf()
    async with tools() as with_tools:
        captions = {str(i): cues for i, cues in enumerate(said)}
        await process(Job(Origin(found, speech, captions), shelf, Options(transcript="zoom"), with_tools))
    (transcript,) = shelf.transcripts.values()
    assert [(gap.start, gap.end) for gap in transcript.gaps] == gaps


@pytest.mark.parametrize(
    ("parts", "gaps"),
    [
        pytest.param([(0.0, 60.0, True), (60.0, 60.0, False)], [(60.0, 120.0, "no_transcript")], id="the last"),
        pytest.param([(0.0, 60.0, False), (60.0, 60.0, True)], [(0.0, 60.0, "no_transcript")], id="the first"),
        pytest.param(
            [(0.0, 60.0, True), (100.0, 60.0, False), (200.0, 60.0, True)],
            [(60.0, 100.0, "not_recorded"), (100.0, 160.0, "no_transcript"), (160.0, 200.0, "not_recorded")],
            id="one between two",
        ),
        pytest.param([(0.0, None, False), (50.0, None, True)], [(0.0, 50.0, "no_transcript")], id="length not known"),
        pytest.param([(0.0, 60.0, True), (60.0, None, False)], [(60.0, 60.0, "no_transcript")], id="the last, length not known"),
    ],
)
async def test_a_set_without_the_providers_transcript_is_named(speech, parts, gaps):
    found = tuple(part(i, offset, has_captions=has, seconds=seconds) for i, (offset, seconds, has) in enumerate(parts))
    shelf = MemoryShelf()
    async with tools() as with_tools:
        origin = Origin(found, speech, {str(i): CUE for i in range(len(parts))})
        (made,) = await process(Job(origin, shelf, Options(transcript="zoom"), with_tools))
    (transcript,) = shelf.transcripts.values()
    assert [(gap.start, gap.end, gap.reason) for gap in transcript.gaps] == gaps
    assert transcript.seconds >= gaps[-1][1]
    assert "Not in the transcript" in render(shelf.deliverables[made], Meeting("Planning"))


async def test_a_transcript_that_may_still_come_is_waited_for(speech):
    found = (part(0, 0.0, has_captions=True), part(1, 60.0, captions_may_come=True))
    async with tools() as with_tools:
        with pytest.raises(NotReady):
            await process(Job(Origin(found, speech, {"0": CUE}), MemoryShelf(), Options(transcript="zoom"), with_tools))
        await process(Job(Origin(found, speech, {"0": CUE}), MemoryShelf(), Options(), with_tools))


async def test_a_set_that_cannot_be_heard_is_named(speech):
    shelf = MemoryShelf()
    found = (part(0, 0.0), part(1, 600.0, has_media=False, seconds=60.0))
    async with tools() as with_tools:
        await process(Job(Origin(found, speech), shelf, Options(), with_tools))
    assert [(gap.start, gap.end, gap.reason) for gap in next(iter(shelf.transcripts.values())).gaps][-1] == (600.0, 660.0, "no_audio")


async def test_sets_that_overlap_are_one_line_of_time(speech):
    captions = {
        "0": (Segment(0, 0.0, 2.0, "One.", "Ada"), Segment(1, 8.0, 9.0, "Three.", "Ada")),
        "1": (Segment(0, 1.0, 2.0, "Two.", "Ben"),),
    }
    shelf = MemoryShelf()
    origin = Origin((part(0, 0.0, has_captions=True), part(1, 5.0, has_captions=True)), speech, captions)
    async with tools() as with_tools:
        await process(Job(origin, shelf, Options(transcript="zoom"), with_tools))
    (transcript,) = shelf.transcripts.values()
    assert [(s.id, s.start, s.text) for s in transcript.segments] == [(0, 0.0, "One."), (1, 6.0, "Two."), (2, 8.0, "Three.")]


async def test_progress_runs_forward_over_all_sets(speech):
    seen = []
    shelf = MemoryShelf(watch=lambda *event: seen.append(event))
    async with tools() as with_tools:
        await process(Job(Origin((part(0, 0.0), part(1, 600.0)), speech), shelf, Options(), with_tools))
    known = [fraction for step, state, fraction, _ in seen if (step, state) == ("transcribe", "running") and fraction is not None]
    assert known == sorted(known)
    assert known[-1] == pytest.approx(1.0, abs=0.01)


async def test_the_providers_names_are_taken_over(speech):
    captions = {"0": (Segment(0, 0.0, 10_000.0, "Whatever.", "Ada"),)}
    shelf = MemoryShelf()
    async with tools() as with_tools:
        await process(Job(Origin((part(0, 0.0, has_captions=True),), speech, captions), shelf, Options(), with_tools))
        assert {s.speaker for s in list(shelf.transcripts.values())[-1].segments} == {"Ada"}


async def test_captions_that_cannot_be_had_cost_no_words(speech):
    class Refusing(Origin):
        async def captions(self, part):
            raise Permanent(ErrorCode.DOWNLOAD_REFUSED, "Refused.")

    origin = Refusing((part(0, 0.0, has_captions=True),), speech)
    shelf = MemoryShelf()
    async with tools() as with_tools:
        await process(Job(origin, shelf, Options(), with_tools))
        (transcript,) = shelf.transcripts.values()
        assert transcript.word_count > 0
        with pytest.raises(Permanent):
            await process(Job(origin, MemoryShelf(), Options(transcript="zoom"), with_tools))


async def test_the_providers_own_transcript_needs_no_listening(speech):
    captions = {"0": (Segment(0, 1.0, 2.0, "We ship on Friday.", "Ada"),)}
    origin = Origin((part(0, 0.0, has_captions=True),), speech, captions)
    async with tools() as with_tools:
        shelf = MemoryShelf()
        await process(Job(origin, shelf, Options(transcript="zoom"), with_tools))
        assert (origin.opened, with_tools.transcriber.calls) == (0, 0)
    assert next(iter(shelf.transcripts.values())).source == "zoom"
    assert shelf.remarks == {"transcribe": "captions", "attribute": "captions", "generate": "no_model"}


async def test_what_an_earlier_run_made_is_taken_over_and_said_so(speech):
    shelf = MemoryShelf()
    async with tools() as with_tools:
        for remarks in ({"attribute": "no_names"}, {"attribute": "no_names", "transcribe": "taken_over"}):
            await process(Job(Origin((part(0, 0.0),), speech), shelf, Options(), with_tools))
            assert shelf.remarks == remarks | {"generate": "no_model"}


async def test_without_the_providers_transcript_asking_for_it_is_refused(speech):
    async with tools() as with_tools:
        with pytest.raises(Permanent) as caught:
            await process(Job(Origin((part(0, 0.0),), speech), MemoryShelf(), Options(transcript="zoom"), with_tools))
    assert caught.value.code == ErrorCode.RECORDING_HAS_NO_TRANSCRIPT


async def test_nothing_to_listen_to_is_said(speech):
    async with tools() as with_tools:
        with pytest.raises(Permanent) as caught:
            await process(Job(Origin((part(0, 0.0, has_media=False),), speech), MemoryShelf(), Options(), with_tools))
    assert caught.value.code == ErrorCode.RECORDING_HAS_NO_AUDIO


async def test_minutes_without_a_model_need_the_operator_and_keep_the_transcript(speech):
    shelf = MemoryShelf()
    async with tools() as with_tools:
        with pytest.raises(ActionRequired) as caught:
            await process(Job(Origin((part(0, 0.0),), speech), shelf, Options(("minutes",)), with_tools))
    assert caught.value.code == ErrorCode.MODEL_NOT_CONFIGURED
    assert len(shelf.transcripts) == 1


async def test_a_late_failure_costs_nothing_when_it_is_tried_again(speech):
    class Broken(MemoryShelf):
        async def deliver(self, deliverable_ids, *, incomplete=None):
            raise Retry(ErrorCode.PROVIDER_UNAVAILABLE, "Away.")

    shelf = Broken()
    origin = Origin((part(0, 0.0),), speech)
    async with tools() as with_tools:
        with pytest.raises(Retry):
            await process(Job(origin, shelf, Options(), with_tools))
        calls, opened = with_tools.transcriber.calls, origin.opened
        whole = MemoryShelf(ledger=shelf.ledger, transcripts=shelf.transcripts, deliverables=shelf.deliverables)
        await process(Job(origin, whole, Options(), with_tools))
        assert (with_tools.transcriber.calls, origin.opened) == (calls, opened)


@pytest.mark.parametrize(("text", "mark"), [("", "gap"), ("Thanks for watching!", "credits"), ("we go on and " * 20, "loop")])
async def test_no_model_is_asked_about_what_nobody_understood(speech, text, mark):
    class Deaf(Engine):
        async def transcribe(self, chunk, *, language):
            return Heard((Segment(0, 0.0, chunk.seconds, text),) if text else (), None)

    shelf = MemoryShelf()
    async with tools() as with_tools:
        with_tools.transcriber = Deaf()
        with_tools.llm = LanguageModel(None, "http://127.0.0.1:9/v1", "nobody", "chat", 1000, clock=lambda: None)  # no call gets through
        (made,) = await process(Job(Origin((part(0, 0.0),), speech), shelf, Options(("minutes",)), with_tools))
    assert mark in next(iter(shelf.transcripts.values())).segments[0].marks
    assert shelf.deliverables[made].kind == "highlights"
    assert "Nothing in this recording was understood" in shelf.deliverables[made].summary
    assert "Minutes were not written" in shelf.deliverables[made].summary
    assert "every word" not in shelf.deliverables[made].summary


async def test_silence_becomes_an_empty_document_and_no_call():
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 16_000 * 20))
    shelf = MemoryShelf()
    async with tools() as with_tools:
        (made,) = await process(Job(Origin((part(0, 0.0),), sound.getvalue()), shelf, Options(), with_tools))
        assert with_tools.transcriber.calls == 0
    assert shelf.deliverables[made].claims == ()
