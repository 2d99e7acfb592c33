"""How a transcription is answered, by OpenAI's models and by servers that imitate them; and what our client makes of it."""

import json

import pytest
from openai_standin import status
from openai_standin.models import SPEECH

from momentum.errors import ActionRequired, ErrorCode, Permanent, Retry
from momentum.pipeline.transcribe import placed
from momentum.transcribers.plausible import CREDITS, LOOP, marked

pytestmark = pytest.mark.anyio

SECOND = 32_000
STARTS = [1.0, 12.0, 24.0, 36.0]


def text_of(heard):
    return " ".join(segment.text for segment in heard.segments)


def starts(heard):
    return [segment.start for segment in heard.segments]


def events(answer):
    assert answer.headers["content-type"].startswith("text/event-stream")
    return [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]


# --- what is heard --------------------------------------------------------------------------------


@pytest.mark.shows("silence")
async def test_silence_is_no_text_and_no_language(http, wav):
    answer = (await http.upload(wav(bytes(5 * SECOND)))).json()
    assert answer == {"text": "", "languages": [], "usage": {"type": "duration", "seconds": 5}}


@pytest.mark.shows("silence")
@pytest.mark.parametrize(("spoken", "calls"), [(1.5, 1), (3.0, 2)])
async def test_an_empty_answer_is_believed_unless_somebody_was_audible(standin, engine, chunk_of, spoken, calls):
    heard = await engine(standin.base_url, "gpt-transcribe").transcribe(chunk_of(bytes(5 * SECOND), [(1.0, 1.0 + spoken)]), language=None)
    assert (heard.segments, heard.language, heard.billed_seconds) == ((), None, 5.0 * calls)
    assert [seen.body.get("temperature") for seen in standin.log] == [None, "0.3"][:calls]


@pytest.mark.shows("invented words")
async def test_whisper_hears_words_in_silence_and_they_are_marked(http, standin, wav, engine, chunk_of):
    body = (await http.upload(wav(bytes(5 * SECOND)), model="whisper-1", response_format="verbose_json")).json()
    assert body["segments"][0]["avg_logprob"] < -1
    chunk = chunk_of(bytes(5 * SECOND), [(4.8, 5.0)])
    heard = await engine(standin.base_url, "whisper-1").transcribe(chunk, language="en")
    assert text_of(heard) == "Thank you for watching."
    assert all(CREDITS in segment.marks for segment in marked(heard, chunk))


@pytest.mark.shows("loop")
@pytest.mark.parametrize("model", ["gpt-transcribe", "gpt-4o-transcribe-diarize", "whisper-1"])
async def test_a_loop_is_marked_and_what_came_before_is_kept(standin, engine, talking, model):
    standin.loops = True
    heard = await engine(standin.base_url, model).transcribe(talking, language="en")
    segments = marked(heard, talking)
    assert [segment.text for segment in segments[:3]] == ["Alpha bravo charlie.", "Delta echo.", "Foxtrot golf hotel."]
    assert len(segments) > 20
    assert all(LOOP in segment.marks for segment in segments[3:])
    assert model == "whisper-1" or not any(LOOP in segment.marks for segment in segments[:3])


@pytest.mark.shows("verbose")
async def test_whisper_gives_bare_words_odd_numbers_and_null_for_what_was_not_asked(http, wav, talk):
    asked = {"model": "whisper-1", "response_format": "verbose_json"}
    both = (await http.upload(wav(talk), **asked, timestamp_granularities__=["word", "segment"])).json()
    assert [word["word"] for word in both["words"]][:4] == ["alpha", "bravo", "charlie", "delta"]
    assert (both["language"], both["duration"], both["segments"][0]["text"]) == ("english", 40.0, " Alpha bravo charlie.")
    assert both["words"][1]["start"] == 1.399999976158142
    assert (await http.upload(wav(talk), **asked, timestamp_granularities__=["word"])).json()["segments"] is None
    assert (await http.upload(wav(talk), **asked)).json()["words"] is None
    last = (await http.upload(wav(talk[: 25 * SECOND + SECOND // 4]), **asked)).json()
    assert last["segments"][-1]["end"] > last["duration"]


@pytest.mark.shows("verbose")
async def test_whispers_words_get_the_spelling_of_the_text_and_times_inside_the_piece(standin, engine, chunk_of, talk):
    chunk = chunk_of(talk[: 25 * SECOND + SECOND // 4], talk.spans[:3])
    heard = await engine(standin.base_url, "whisper-1").transcribe(chunk, language="en")
    assert [word.text for word in heard.segments[0].words] == ["Alpha", "bravo", "charlie."]
    assert (heard.segments[0].words[1].start, starts(heard), heard.language) == (1.4, STARTS[:3], "en")
    assert heard.segments[-1].end > chunk.seconds
    assert marked(heard, chunk)[-1].end == chunk.seconds


@pytest.mark.shows("diarised")
async def test_speakers_come_with_times_and_ids_that_are_text(http, standin, wav, engine, talk, talking):
    asked = {"model": "gpt-4o-transcribe-diarize", "response_format": "diarized_json", "chunking_strategy": "auto"}
    body = (await http.upload(wav(talk), **asked)).json()
    assert [(s["id"], s["type"], s["speaker"]) for s in body["segments"]][:2] == [
        ("seg_001", "transcript.text.segment", "A"),
        ("seg_002", "transcript.text.segment", "B"),
    ]
    heard = await engine(standin.base_url, "gpt-4o-transcribe-diarize").transcribe(talking, language="en")
    assert (text_of(heard), starts(heard), heard.raw["times"]) == (talk.said, STARTS, "server")


@pytest.mark.shows("labels swap")
async def test_the_same_label_in_two_answers_is_not_the_same_person(standin, engine, talking):
    client = engine(standin.base_url, "gpt-4o-transcribe-diarize")
    first, second = [await client.transcribe(talking, language="en") for _ in range(2)]
    assert ([s.speaker for s in first.segments], [s.speaker for s in second.segments]) == (list("ABAB"), list("BABA"))
    assert not {s.speaker for s in placed(talking, first)} & {s.speaker for s in placed(_next(talking), second)}


def _next(chunk):
    return type(chunk)(1, chunk.seconds, chunk.pcm, chunk.speech, chunk.digest)


@pytest.mark.shows("labels swap")
async def test_labels_of_the_two_halves_of_a_piece_are_kept_apart(standin, engine, talking, talk):
    standin.faults.append(status(413, {}))
    heard = await engine(standin.base_url, "gpt-4o-transcribe-diarize").transcribe(talking, language="en")
    assert (text_of(heard), starts(heard)) == (talk.said, STARTS)
    assert [segment.speaker for segment in heard.segments] == ["1A", "1B", "2B", "2A"]


@pytest.mark.shows("usage by duration", "usage by tokens")
async def test_both_kinds_of_usage_are_read_for_what_they_are(standin, http, wav, engine, talk, talking):
    body = (await http.upload(wav(talk), model="gpt-4o-transcribe")).json()
    assert body["usage"]["type"] == "tokens"
    assert body["usage"]["input_token_details"] == {"text_tokens": 0, "audio_tokens": 400}
    billed = {model: (await engine(standin.base_url, model).transcribe(talking, language="en")).billed_seconds for model in SPEECH}
    assert [model for model, seconds in billed.items() if seconds == 40.0] == [
        m for m, facts in SPEECH.items() if facts.usage == "duration"
    ]
    assert {seconds for seconds in billed.values() if seconds != 40.0} == {None}


@pytest.mark.shows("subtitles and text")
@pytest.mark.parametrize(
    ("form", "kind", "begins"),
    [
        ("text", "text/plain", "Alpha bravo charlie. Delta echo."),
        ("srt", "text/plain", "1\n00:00:01,000 --> 00:00:02,100\nAlpha bravo charlie.\n\n2\n00:00:12,000"),
        ("vtt", "text/vtt", "WEBVTT\n\n00:00:01.000 --> 00:00:02.100\nAlpha bravo charlie.\n\n00:00:12.000"),
    ],
)
async def test_some_bodies_are_no_json(http, wav, talk, form, kind, begins):
    answer = await http.upload(wav(talk), model="whisper-1", response_format=form)
    assert (answer.headers["content-type"].partition(";")[0], answer.text[: len(begins)]) == (kind, begins)


@pytest.mark.shows("subtitles and text")
async def test_a_server_that_knows_only_text_is_read(standin, engine, talking):
    standin.faults.append(status(200, "Only words.\n", {"Content-Type": "text/plain"}))
    assert text_of(await engine(standin.base_url, "whisper-1").transcribe(talking, language="en")) == "Only words."


@pytest.mark.shows("stream of json")
async def test_a_stream_of_words(http, wav, talk):
    stream = events(await http.upload(wav(talk), stream="true"))
    assert [event["type"] for event in stream] == ["transcript.text.delta"] * 4 + ["transcript.text.done"]
    assert (stream[-1]["text"], "".join(event["delta"] for event in stream[:-1]).strip()) == (talk.said, talk.said)
    assert stream[-1]["usage"]["seconds"] == 40


@pytest.mark.shows("stream of diarised")
async def test_a_stream_of_speakers(http, wav, talk):
    asked = {"model": "gpt-4o-transcribe-diarize", "response_format": "diarized_json", "chunking_strategy": "auto"}
    stream = events(await http.upload(wav(talk), stream="true", **asked))
    assert [event["type"] for event in stream] == ["transcript.text.segment"] * 4 + ["transcript.text.done"]
    assert [event["speaker"] for event in stream[:-1]] == list("ABAB")


@pytest.mark.shows("stream ignored")
async def test_whisper_answers_in_one_piece(http, wav, talk):
    assert (await http.upload(wav(talk), model="whisper-1", stream="true")).json()["text"] == talk.said


# --- servers that imitate it ----------------------------------------------------------------------


@pytest.mark.shows("LocalAI")
async def test_localai_counts_nanoseconds_and_names_silence(standin, http, wav, engine, talk, talking):
    standin.imitates = "localai"
    body = (await http.upload(wav(talk), model="whisper-base", response_format="verbose_json")).json()
    assert (body["segments"][0]["start"], body["segments"][-1]["text"]) == (1_000_000_000, " [BLANK_AUDIO]")
    heard = await engine(standin.base_url, "whisper-base").transcribe(talking, language="en")
    assert (text_of(heard), starts(heard), heard.raw["times"]) == (talk.said, STARTS, "server")


@pytest.mark.shows("vLLM")
async def test_vllm_says_the_duration_as_text(standin, http, wav, engine, talk, talking):
    standin.imitates = "vllm"
    body = (await http.upload(wav(talk), model="own", response_format="verbose_json")).json()
    assert (body["duration"], body["words"]) == ("40.0", None)
    heard = await engine(standin.base_url, "own").transcribe(talking, language="en")
    assert (text_of(heard), starts(heard), heard.language) == (talk.said, STARTS, "en")


@pytest.mark.shows("vLLM")
async def test_a_vllm_model_without_times_is_found_out_once(standin, engine, talk, talking):
    standin.imitates, standin.gives_times = "vllm", False
    client = engine(standin.base_url, "own")
    for _ in range(2):
        heard = await client.transcribe(talking, language="en")
        assert (text_of(heard), heard.raw["times"], heard.billed_seconds) == (talk.said, "estimated", 41.0)
    assert [seen.status for seen in standin.log] == [400, 200, 200]


@pytest.mark.shows("vLLM")
async def test_vllm_streams_chunks_that_look_like_those_of_chat(standin, http, wav, talk):
    standin.imitates = "vllm"
    answer = await http.upload(wav(talk), model="own", stream="true")
    stream = events(answer)
    assert {event["object"] for event in stream} == {"transcription.chunk"}
    assert "".join(event["choices"][0]["delta"]["content"] for event in stream).strip() == talk.said
    assert answer.text.strip().endswith("data: [DONE]")


@pytest.mark.shows("Ollama")
async def test_ollama_gives_text_and_nothing_else(standin, http, wav, engine, talk, talking):
    standin.imitates = "ollama"
    assert (await http.upload(wav(talk), model="own", response_format="verbose_json")).json() == {"text": talk.said}
    heard = await engine(standin.base_url, "own").transcribe(talking, language="en")
    assert (text_of(heard), heard.raw["times"], heard.language, heard.billed_seconds) == (talk.said, "estimated", None, None)
    assert starts(heard) == pytest.approx(STARTS, abs=1.5)


@pytest.mark.shows("llama.cpp")
async def test_llama_cpp_gives_text_and_a_done_event_without_any(standin, http, wav, engine, talk, talking):
    standin.imitates = "llama.cpp"
    stream = events(await http.upload(wav(talk), model="own", stream="true"))
    assert (stream[0]["delta"], stream[-1]) == ("Alpha bravo charlie. ", {"type": "transcript.text.done", "text": ""})
    assert text_of(await engine(standin.base_url, "own").transcribe(talking, language="en")) == talk.said


@pytest.mark.shows("llama.cpp")
async def test_a_server_without_a_path_for_one_model_is_asked_for_its_list(standin, llm):
    standin.imitates = "llama.cpp"
    assert str(await llm(standin.base_url, "gpt-6-luna", "chat").end_date()) == "2027-11-30"
    with pytest.raises(ActionRequired, match="retired or is misspelt"):
        await llm(standin.base_url, "nobody-knows-it", "chat").end_date()
    assert standin.paths == ["GET /v1/models/gpt-6-luna", "GET /v1/models", "GET /v1/models/nobody-knows-it", "GET /v1/models"]


OTHERS = [
    (401, {"detail": "Unauthorized"}, ActionRequired, ErrorCode.MODEL_KEY_INVALID),
    (403, {"detail": "Model not allowed"}, ActionRequired, ErrorCode.MODEL_KEY_INVALID),
    (404, {"detail": "Model 'own' is not installed locally."}, ActionRequired, ErrorCode.MODEL_NOT_FOUND),
    (404, {"error": 'model "own" not found, try pulling it first'}, ActionRequired, ErrorCode.MODEL_NOT_FOUND),
    (404, {"object": "error", "message": "The model `own` does not exist."}, ActionRequired, ErrorCode.MODEL_NOT_FOUND),
    (404, {"detail": "Not Found"}, ActionRequired, ErrorCode.MODEL_NOT_CONFIGURED),
    (404, "404 page not found", ActionRequired, ErrorCode.MODEL_NOT_CONFIGURED),
    (422, {"detail": [{"loc": ["body", "response_format"], "msg": "Input should be 'json'"}]}, Permanent, ErrorCode.MODEL_REQUEST_INVALID),
    (429, {"detail": "Too many requests"}, Retry, ErrorCode.MODEL_RATE_LIMITED),
    (500, "Internal Server Error", Retry, ErrorCode.MODEL_UNAVAILABLE),
    (502, "<html>Bad gateway</html>", Retry, ErrorCode.MODEL_UNAVAILABLE),
]


@pytest.mark.shows("other envelopes")
@pytest.mark.parametrize("door", ["responses", "chat", "transcription"])
@pytest.mark.parametrize(("code", "body", "word", "meant"), OTHERS)
async def test_errors_in_other_envelopes_are_the_same_decisions(standin, ask, door, code, body, word, meant):
    standin.faults.extend([status(code, body)] * 5)
    with pytest.raises(word) as caught:
        await ask(door)
    assert (caught.value.code, len(standin.log)) == (meant, 3 if word is Retry else 1)
