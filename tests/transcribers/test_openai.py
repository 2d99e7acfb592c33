"""OpenAI's transcription API and its imitators, over the wire."""

import asyncio
import io
from contextlib import asynccontextmanager

import av
import pytest
from aiohttp import web
from openai_standin import SpeechFacts, error, status

from momentum.errors import ActionRequired, ErrorCode, Permanent, Retry
from momentum.transcribers.openai import MAX_SECONDS, OpenAITranscriber, flac, halved
from momentum.transcribers.openai_answers import read
from momentum.transcribers.openai_models import MAX_FILE_BYTES, MODELS, language_code, speech_model

pytestmark = pytest.mark.anyio
SECOND = 32_000


def fault(number, code=None, kind="invalid_request_error", message="no", headers=None):
    return status(number, error(message, kind, code), headers)


@pytest.fixture
def speech(chunk_of):
    """A minute with two stretches of speech."""
    return chunk_of(bytes(60 * SECOND), [(1.0, 25.0), (31.0, 59.0)])


@asynccontextmanager
async def web_server(path, handler):
    """A server on loopback with one answer; gives its address."""
    app = web.Application(client_max_size=30 * 2**20)
    app.router.add_post(path, handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def said(heard):
    return [s.text for s in heard.segments]


async def test_audio_goes_as_flac_with_a_name_that_says_so(engine, speech_api, speech):
    await engine().transcribe(speech, language="de")
    (call,) = speech_api.uploads
    assert call.file_name == "speech.flac"
    with av.open(io.BytesIO(call.audio)) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) == 60 * 16_000
    assert call.form == {"model": "gpt-transcribe", "response_format": "json", "languages[]": ["de"]}


async def test_each_model_is_asked_for_what_it_has(engine, speech_api, speech):
    for model in ("gpt-4o-transcribe", "gpt-4o-transcribe-diarize", "whisper-1"):
        await engine(model).transcribe(speech, language="de")
    forms = [call.form for call in speech_api.uploads]
    assert [f["response_format"] for f in forms] == ["json", "diarized_json", "verbose_json"]
    assert [f.get("chunking_strategy") for f in forms] == [None, "auto", None]
    assert [f.get("timestamp_granularities[]") for f in forms] == [None, None, ["segment", "word"]]
    assert {f["language"] for f in forms} == {"de"}


async def test_times_come_from_the_speech_where_the_model_gives_none(engine, speech_api, speech):
    speech_api.transcription = {
        "text": "We begin here. And now it goes on.",
        "languages": [{"code": "en"}],
        "usage": {"type": "duration", "seconds": 60},
    }
    heard = await engine().transcribe(speech, language=None)
    assert said(heard) == ["We begin here.", "And now it goes on."]
    assert [t for s in heard.segments for t in (s.start, s.end)] == pytest.approx([1, 23, 23, 59], abs=1)
    assert (heard.language, heard.billed_seconds, heard.raw["times"]) == ("en", 60.0, "estimated")
    assert heard.raw["answer"] == speech_api.transcription


async def test_silence_costs_no_call(engine, speech_api, chunk_of):
    assert (await engine().transcribe(chunk_of(bytes(SECOND), ()), language=None)).segments == ()
    assert speech_api.uploads == []


async def test_no_more_requests_than_allowed_run_at_once_whoever_asks(engine, speech):
    running, most = 0, 0

    async def slowly(request):
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(200):  # time enough for every other request to arrive
            await asyncio.sleep(0)
        running -= 1
        return web.json_response({"text": "Hello there."})

    one = engine()
    async with web_server("/v1/audio/transcriptions", slowly) as base_url:
        one._base_url = f"{base_url}/v1"
        heard = await asyncio.gather(*(one.transcribe(speech, language="en") for _ in range(8)))
    assert [said(h) for h in heard] == [["Hello there."]] * 8
    assert most == one.limits.parallel == 2


async def test_an_empty_answer_to_audible_speech_is_asked_once_more(engine, speech_api, speech):
    speech_api.faults.append(status(200, {"text": "", "usage": {"type": "duration", "seconds": 60}}))
    speech_api.transcription = {"text": "Now.", "usage": {"type": "duration", "seconds": 60}}
    heard = await engine().transcribe(speech, language=None)
    assert (said(heard), heard.billed_seconds, len(speech_api.uploads)) == (["Now."], 120.0, 2)
    speech_api.transcription = {"text": ""}
    assert (await engine().transcribe(speech, language=None)).segments == ()
    assert len(speech_api.uploads) == 4


async def test_a_server_without_times_is_found_out_once(engine, speech_api, speech):
    speech_api.speech["my-own-model"] = SpeechFacts(("json",))
    own = engine("my-own-model")
    for _ in range(2):
        assert said(await own.transcribe(speech, language=None)) == ["Hello there."]
    assert [c.form["response_format"] for c in speech_api.uploads] == ["verbose_json", "json", "json"]


@pytest.mark.parametrize(
    ("answer", "words"), [((404, "model_not_found"), "Set SPEECH_MODEL"), ((401, "invalid_api_key"), "SPEECH_API_KEY")]
)
async def test_what_to_set_is_named_with_the_model(engine, speech_api, speech, answer, words):
    speech_api.faults.append(fault(*answer))
    with pytest.raises(ActionRequired, match=words) as stopped:
        await engine("whisper-9").transcribe(speech, language=None)
    assert "the speech model 'whisper-9'" in stopped.value.detail


async def test_what_only_a_person_can_cure_is_asked_once(engine, speech_api, speech):
    cases = [
        (fault(429, "insufficient_quota", "insufficient_quota"), ErrorCode.MODEL_QUOTA_EXHAUSTED),
        (fault(429, "credit_balance_exhausted"), ErrorCode.MODEL_QUOTA_EXHAUSTED),
        (fault(404, "model_not_found"), ErrorCode.MODEL_NOT_FOUND),
    ]
    for answer, code in cases:
        speech_api.faults.append(answer)
        with pytest.raises(ActionRequired) as stopped:
            await engine().transcribe(speech, language=None)
        assert stopped.value.code is code
    assert len(speech_api.uploads) == len(cases)
    assert engine.waits == []


async def test_a_wrong_key_is_said_without_showing_it(engine, speech):
    with pytest.raises(ActionRequired) as stopped:
        await engine(key="sk-wrong").transcribe(speech, language=None)
    assert stopped.value.code is ErrorCode.MODEL_KEY_INVALID
    assert "sk-" not in str(stopped.value)
    assert stopped.value.__cause__ is None


async def test_a_busy_server_is_waited_for_as_it_wishes(engine, speech_api, speech):
    speech_api.faults += [
        fault(429, "rate_limit_exceeded", "requests", headers={"retry-after": "7"}),
        fault(503, "server_is_overloaded", "service_unavailable_error"),
    ]
    assert said(await engine().transcribe(speech, language=None)) == ["Hello there."]
    assert engine.waits == [7.0, 1.0]


async def test_a_server_that_stays_busy_puts_the_step_off(engine, speech_api, speech):
    speech_api.faults += [fault(500, None, "server_error") for _ in range(3)]
    with pytest.raises(Retry) as later:
        await engine().transcribe(speech, language=None)
    assert (later.value.code, len(speech_api.uploads)) == (ErrorCode.MODEL_UNAVAILABLE, 3)
    speech_api.faults.append(fault(429, "rate_limit_exceeded", "requests", headers={"retry-after": "90"}))
    with pytest.raises(Retry) as later:
        await engine().transcribe(speech, language=None)
    assert (later.value.after, len(speech_api.uploads)) == (90.0, 4)


async def test_a_server_that_is_away_is_a_passing_fault(speech):
    async def sleep(_):
        pass

    away = OpenAITranscriber("k", "http://127.0.0.1:9", "whisper-1", 1, clock=lambda: None, sleep=sleep)
    with pytest.raises(Retry) as later:
        await away.transcribe(speech, language=None)
    assert later.value.code is ErrorCode.MODEL_UNAVAILABLE
    await away.aclose()


async def test_a_piece_that_is_too_large_is_cut_at_a_pause_and_joined(engine, speech_api, speech):
    speech_api.faults.append(fault(413, None, "server_error", "413: Maximum content size limit"))
    speech_api.transcription = lambda _upload: {
        "text": "half",
        "segments": [{"start": 2, "end": 3, "text": f"part {len(speech_api.uploads)}", "speaker": "A"}],
        "usage": {"type": "duration", "seconds": 30},
    }
    heard = await engine("gpt-4o-transcribe-diarize").transcribe(speech, language=None)
    assert [(s.id, s.text, s.start, s.speaker) for s in heard.segments] == [(0, "part 2", 2.0, "1A"), (1, "part 3", 30.0, "2A")]
    assert heard.billed_seconds == 60.0


async def test_a_piece_that_cannot_be_cut_further_is_refused(engine, speech_api, chunk_of):
    speech_api.faults.append(fault(413, None, "server_error"))
    with pytest.raises(Permanent) as refused:
        await engine().transcribe(chunk_of(bytes(30 * SECOND)), language=None)
    assert refused.value.code is ErrorCode.MODEL_INPUT_TOO_LARGE


async def test_something_else_behind_the_address_is_said_in_words(engine, speech_api, speech):
    for other in ("<html>", {"ok": True}, [1]):
        speech_api.faults.append(status(200, other))
        with pytest.raises(ActionRequired, match="SPEECH_BASE_URL"):
            await engine().transcribe(speech, language=None)
    speech_api.faults.append(status(200, "plain words", {"Content-Type": "text/plain"}))
    assert said(await engine().transcribe(speech, language=None)) == ["plain words"]


def test_a_chunk_of_any_model_fits_the_file_limit_even_as_noise():
    import numpy as np

    noise = np.random.default_rng(0).integers(-32_768, 32_767, int(MAX_SECONDS * 16_000), dtype="<i2").tobytes()
    assert len(flac(noise)) < MAX_FILE_BYTES / 2
    assert all(m.max_seconds is None or m.max_seconds >= MAX_SECONDS for m in MODELS.values())
    with av.open(io.BytesIO(flac(b"\0\0"))) as container:
        assert sum(f.samples for f in container.decode(audio=0)) > 1600


def test_halves_are_the_chunk_again(speech):
    first, second = halved(speech)
    assert first.pcm + second.pcm == speech.pcm
    assert (first.start, second.start, first.seconds) == (0, 28.0, 28.0)
    assert (first.speech, second.speech) == (((1.0, 25.0),), ((3.0, 31.0),))


def test_snapshots_have_the_facts_of_their_model():
    assert speech_model("gpt-4o-mini-transcribe-2025-12-15").ends == MODELS["gpt-4o-mini-transcribe"].ends
    assert speech_model("gpt-4o-transcribe-diarize").server_cuts
    assert not speech_model("whisper-1-large").known
    assert MODELS["gpt-transcribe"].ends is None


@pytest.mark.parametrize(
    ("name", "code"), [("english", "en"), ("de", "de"), ("zh-cn", "zh"), ("pt_BR", "pt"), ("", None), (None, None), ("klingon", None)]
)
def test_languages_by_name_and_code(name, code):
    assert language_code(name) == code


# --- answers: a dict in ---------------------------------------------------------------------------


def segment(start, end, text, **more):
    return {"id": 0, "start": start, "end": end, "text": text, **more}


def test_verbose_answers_give_segments_with_words(speech):
    body = {
        "language": "english",
        "duration": "60.0",
        "text": "Hello, there. Bye.",
        "segments": [segment(0.0, 3.319999933242798, " Hello, there."), segment(3.4, 5, " Bye.")],
        "words": [{"word": w, "start": s, "end": s + 0.5} for w, s in (("Hello", 0.1), ("there", 1.0), ("Bye", 3.5))],
    }
    heard = read(body, speech)
    assert [(s.start, s.end, s.text) for s in heard.segments] == [(0.0, 3.32, "Hello, there."), (3.4, 5.0, "Bye.")]
    assert [[w.text for w in s.words] for s in heard.segments] == [["Hello,", "there."], ["Bye."]]
    assert (heard.language, heard.billed_seconds, heard.raw["times"]) == ("en", None, "server")


def test_words_alone_become_sentences(speech):
    words = [{"word": w, "start": i, "end": i + 0.5} for i, w in enumerate(("one", "two", "three"))]
    heard = read({"text": "One. Two three.", "words": words, "segments": None}, speech)
    assert [(s.text, s.start) for s in heard.segments] == [("One.", 0.0), ("Two three.", 1.0)]


def spoken(*words):
    return [{"word": word, "start": i, "end": i + 0.5} for i, word in enumerate(words)]


def test_words_that_a_server_hands_on_in_pieces_are_joined(speech):
    pieces = spoken(" Let", " us", " stand", "-up", ".", " Then", " go.")
    heard = read({"text": "Let us stand-up. Then go.", "words": pieces}, speech)
    assert [(s.text, s.start, s.end) for s in heard.segments] == [("Let us stand-up.", 0.0, 4.5), ("Then go.", 5.0, 6.5)]
    assert [(w.text, w.start, w.end) for w in heard.segments[0].words] == [("Let", 0.0, 0.5), ("us", 1.0, 1.5), ("stand-up.", 2.0, 4.5)]


@pytest.mark.parametrize("words", [("今", "日", "は", " Zoom", "で"), ("Let", "us", "go")])
def test_words_without_blanks_are_left_as_they_are(speech, words):
    heard = read({"text": "", "words": spoken(*words)}, speech)
    assert [w.text for s in heard.segments for w in s.words] == [word.strip() for word in words]


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000_000])
def test_times_in_other_units_are_understood(speech, unit):
    heard = read({"text": "a b", "segments": [segment(5 * unit, 50 * unit, "a"), segment(50 * unit, 58 * unit, "b")]}, speech)
    assert [(s.start, s.end) for s in heard.segments] == [(5, 50), (50, 58)]


@pytest.mark.parametrize(
    "segments",
    [None, [], "x", [1], [{"text": "no times"}], [segment("a", None, "x")], [segment(1e30, 1e31, "x")], [segment(float("nan"), 2, "x")]],
)
def test_useless_times_are_replaced(speech, segments):
    heard = read({"text": "All of it.", "segments": segments, "words": None}, speech)
    assert (said(heard), heard.raw["times"]) == (["All of it."], "estimated")


def test_the_decoders_doubts_become_marks(speech):
    body = {
        "segments": [
            segment(0, 1, "a", avg_logprob=-0.2, compression_ratio=1.1, no_speech_prob=0.9),
            segment(1, 2, "b", avg_logprob=-1.4, compression_ratio=1.1, no_speech_prob=0.9),
            segment(2, 3, "c", avg_logprob=-0.2, compression_ratio=3.0, no_speech_prob=0.0),
            segment(3, 4, "[BLANK_AUDIO]"),
        ]
    }
    assert [s.marks for s in read(body, speech).segments] == [(), ("credits", "low_confidence"), ("loop",)]
    assert read({"text": "[BLANK_AUDIO]"}, speech).segments == ()
