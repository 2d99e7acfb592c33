"""The stream from PCM to transcript: order, back-pressure, what a failure costs."""

import asyncio
from dataclasses import dataclass, field

import pytest

from momentum.errors import ActionRequired, ErrorCode, Permanent, Retry
from momentum.model import Chunk, Heard, Segment, Word
from momentum.pipeline.transcribe import GAP_TEXT, ledger_key, placed, transcribe
from momentum.transcribers.base import Limits
from momentum.transcribers.ledger import MemoryLedger

pytestmark = pytest.mark.anyio
SECOND = 32_000


@dataclass
class Engine:
    """Answers with the chunk's start as its words; `answers` by call number replace or raise."""

    name: str = "test"
    limits: Limits = field(default_factory=lambda: Limits(target_seconds=3, max_seconds=6, parallel=3))
    answers: dict = field(default_factory=dict)
    calls: list = field(default_factory=list)
    languages: list = field(default_factory=list)
    running: int = 0
    most: int = 0
    finished: list = field(default_factory=list)
    hold: asyncio.Event | None = None
    full: asyncio.Event = field(default_factory=asyncio.Event)

    def parameters(self, language):
        return {"model": "m1", "language": language}

    async def transcribe(self, chunk, *, language):
        number = len(self.calls)
        self.calls.append(chunk.digest)
        self.languages.append(language)
        self.running += 1
        self.most = max(self.most, self.running)
        if self.running == self.limits.parallel:
            self.full.set()
        try:
            # Earlier chunks take longer: order must not depend on who is ready first.
            for _ in range(50 if number % 2 == 0 else 1):
                await asyncio.sleep(0)
            if self.hold:
                await self.hold.wait()
            answer = self.answers.get(number)
            if isinstance(answer, Exception):
                raise answer
        finally:
            self.running -= 1
        self.finished.append(chunk.digest)
        return answer or Heard((Segment(0, 0.1, 1.0, f"at {chunk.start:.3f}", words=(Word("at", 0.1, 0.5),)),), language or "en")

    async def aclose(self):
        pass


@pytest.fixture(scope="module")
def speech(read_speech):
    """A minute of speech in sentences, with pauses between them."""
    return b"".join(pcm + bytes(SECOND) for pcm, _ in read_speech) * 2


class Feed:
    """PCM in small blocks that notices how much was taken and whether it was closed."""

    def __init__(self, pcm, fail_after=None):
        self.pcm, self.fail_after, self.taken, self.closed = pcm, fail_after, 0, False

    async def __aiter__(self):
        try:
            for at in range(0, len(self.pcm), 8000):
                if self.fail_after is not None and at >= self.fail_after:
                    raise Permanent(ErrorCode.MEDIA_TRUNCATED, "cut off")
                self.taken = at + 8000
                yield self.pcm[at : at + 8000]
        finally:
            self.closed = True


async def run(pcm, engine, ledger=None, language=None, beats=None):
    async def report(beat):
        if beats is not None:
            beats.append(beat)

    stream = aiter(pcm) if isinstance(pcm, Feed) else aiter(Feed(pcm))
    return await transcribe(
        stream, transcriber=engine, ledger=MemoryLedger() if ledger is None else ledger, language=language, report=report
    )


async def test_words_come_in_order_with_times_of_the_recording(speech):
    engine = Engine()
    transcript = await run(bytes(20 * SECOND) + speech, engine)
    assert len(transcript.segments) == len(engine.calls) > 8
    assert [s.id for s in transcript.segments] == list(range(len(engine.calls)))
    assert all(s.text == f"at {s.start - 0.1:.3f}" and s.words[0].start == s.start for s in transcript.segments)
    starts = [s.start for s in transcript.segments]
    assert starts == sorted(starts)
    assert starts[0] > 19
    assert transcript.seconds == pytest.approx((20 * SECOND + len(speech)) / SECOND)
    assert (transcript.language, transcript.source, transcript.engine) == ("en", "own", "test:m1")


async def test_silence_gives_an_empty_transcript_and_no_call():
    engine, beats = Engine(), []
    transcript = await run(bytes(600 * SECOND), engine, beats=beats)
    assert (transcript.segments, transcript.language, engine.calls, transcript.seconds) == ((), None, [], 600.0)
    assert (beats[-1].transcribed_seconds, beats[-1].chunks_known) == (600.0, 0)


async def test_no_audio_at_all_gives_an_empty_transcript():
    assert (await run(b"", Engine())).seconds == 0


async def test_nothing_is_read_while_the_engine_is_full(speech):
    engine, feed = Engine(hold=asyncio.Event()), Feed(speech * 20)
    work = asyncio.create_task(run(feed, engine))
    await engine.full.wait()
    for _ in range(100):  # enough turns of the loop and of its threads for whoever would go on reading
        await asyncio.to_thread(len, b"")
    assert len(engine.calls) == 3
    assert feed.taken <= 20 * SECOND
    engine.hold.set()
    await work
    assert engine.most == 3


async def test_a_failed_run_is_repeated_for_the_missing_chunks_alone(speech):
    ledger = MemoryLedger()
    whole = Engine()
    expected = await run(speech, whole)
    failing = Engine(answers={5: Retry(ErrorCode.MODEL_UNAVAILABLE, "away")})
    with pytest.raises(Retry):
        await run(speech, failing, ledger)
    assert len(ledger) == len(set(failing.finished)) > 0
    again = Engine()
    assert await run(speech, again, ledger) == expected
    assert sorted(again.calls) == sorted(set(whole.calls) - set(failing.finished))
    third = Engine()
    await run(speech, third, ledger)
    assert third.calls == []


async def test_a_failing_chunk_cancels_the_others_and_closes_the_stream(speech):
    engine, feed = Engine(answers={2: ActionRequired(ErrorCode.MODEL_QUOTA_EXHAUSTED, "used up")}), Feed(speech * 5)
    with pytest.raises(ActionRequired) as stopped:
        await run(feed, engine)
    assert stopped.value.code is ErrorCode.MODEL_QUOTA_EXHAUSTED
    assert (engine.running, feed.closed) == (0, True)
    assert feed.taken < len(feed.pcm)


async def test_a_broken_stream_is_raised_and_what_was_finished_is_kept(speech):
    ledger, engine = MemoryLedger(), Engine()
    with pytest.raises(Permanent) as broken:
        await run(Feed(speech, fail_after=len(speech) * 3 // 4), engine, ledger)
    assert broken.value.code is ErrorCode.MEDIA_TRUNCATED
    assert 0 < len(ledger) == len(engine.finished)
    assert engine.running == 0


async def test_a_bug_in_an_engine_comes_out_as_itself(speech):
    with pytest.raises(ZeroDivisionError):
        await run(speech, Engine(answers={1: ZeroDivisionError()}))


async def test_a_cancelled_run_cancels_its_calls(speech):
    engine, feed = Engine(hold=asyncio.Event()), Feed(speech)
    work = asyncio.create_task(run(feed, engine))
    await engine.full.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert (engine.running, feed.closed) == (0, True)


async def test_a_ledger_that_says_cancelled_ends_the_run(speech):
    class Cancelled(MemoryLedger):
        async def put(self, key, heard, *, engine, seconds):
            raise Permanent(ErrorCode.PROCESSING_CANCELLED, "cancelled")

    engine = Engine()
    with pytest.raises(Permanent) as stopped:
        await run(speech, engine, Cancelled())
    assert stopped.value.code is ErrorCode.PROCESSING_CANCELLED
    assert len(engine.calls) <= engine.limits.parallel + 1


async def test_progress_never_goes_back_and_ends_with_everything(speech):
    beats = []
    await run(speech, Engine(), beats=beats)
    assert [b.chunks_done for b in beats] == sorted(b.chunks_done for b in beats)
    assert [b.transcribed_seconds for b in beats] == sorted(b.transcribed_seconds for b in beats)
    assert beats[-1].chunks_done == beats[-1].chunks_known > 0
    assert beats[-1].transcribed_seconds == beats[-1].heard_seconds == pytest.approx(len(speech) / SECOND)


async def test_a_chunk_that_cannot_tell_its_language_gets_that_of_those_before(speech):
    unsure = Heard((Segment(0, 0, 1, "co to"),), None, raw={"language_probability": 0.2})
    engine = Engine(answers={2: unsure})
    transcript = await run(speech, engine)
    assert "co to" not in [s.text for s in transcript.segments]
    assert engine.languages.count("en") == 1
    alone = Engine(answers={0: unsure})
    assert (await run(speech, alone)).segments[0].text == "co to"
    assert "en" not in alone.languages


async def test_a_given_language_is_passed_on_and_reported(speech):
    engine = Engine()
    assert (await run(speech, engine, language="de")).language == "de"
    assert set(engine.languages) == {"de"}


def chunk(speech=((0.5, 4.0),), index=0):
    return Chunk(index, 100.0, bytes(5 * SECOND), speech, "d")


def test_speech_without_words_is_a_visible_gap():
    (gap,) = placed(chunk(), Heard((), None))
    assert (gap.start, gap.end, gap.text, gap.marks) == (100.5, 104.0, GAP_TEXT, ("gap",))
    assert placed(chunk(((0.5, 1.0),)), Heard((), None)) == ()


def test_times_outside_the_chunk_are_put_inside():
    found = placed(chunk(), Heard((Segment(0, 1, 2, "a"), Segment(1, 3, 40, "b")), None))
    assert [(s.start, s.end) for s in found] == [(101, 102), (103, 105)]


def test_speaker_letters_of_two_chunks_are_different_people():
    names = {placed(chunk(index=i), Heard((Segment(0, 1, 2, "a", speaker="A"),), None))[0].speaker for i in (0, 1)}
    assert names == {"Speaker 1A", "Speaker 2A"}


def test_the_key_changes_with_all_that_changes_the_words():
    one, engine = chunk(), Engine()
    other = Chunk(0, 0.0, b"", (), "e")
    keys = {
        ledger_key(one, engine, None),
        ledger_key(other, engine, None),
        ledger_key(one, engine, "de"),
        ledger_key(one, Engine(name="x"), None),
    }
    assert len(keys) == 4
    assert ledger_key(Chunk(9, 50.0, b"", (), "d"), engine, None) == ledger_key(one, engine, None)
