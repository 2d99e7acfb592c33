"""What a transcription is refused for: that the stand-in shows it, and that our client stays clear of it or copes."""

import base64
from dataclasses import replace

import httpx2
import pytest
from openai_standin.hearing import speech
from openai_standin.models import SPEECH
from openai_standin.upload import LARGEST_BODY

from momentum.errors import ErrorCode, Permanent
from momentum.transcribers.openai import flac
from momentum.transcribers.openai_models import MAX_FILE_BYTES

pytestmark = pytest.mark.anyio

SECOND = 32_000
A_WORD = speech((0.5, "alpha"), seconds=2)


def problem(answer):
    """(status, code, param) of a refusal."""
    told = answer.json()["error"]
    return answer.status_code, told["code"], told["param"]


# --- size -----------------------------------------------------------------------------------------


@pytest.mark.shows("whole body counted")
async def test_the_whole_body_counts_not_the_file(http, standin):
    around = 1_000
    answer = await http.upload(bytes(LARGEST_BODY - 100), prompt="x" * around)
    assert problem(answer) == (413, None, None)
    told = answer.json()["error"]
    assert (told["type"], told["message"].startswith(f"413: Maximum content size limit ({LARGEST_BODY}) exceeded (")) == (
        "server_error",
        True,
    )
    assert (await http.upload(bytes(LARGEST_BODY - 2 * around), prompt="x" * around)).status_code == 400
    assert standin.uploads[-1].size <= LARGEST_BODY


@pytest.mark.shows("whole body counted")
async def test_the_largest_file_we_send_leaves_room_for_all_that_goes_with_it(http):
    fields = {"timestamp_granularities__": ["segment", "word"], "response_format": "verbose_json", "language": "en", "temperature": "0.3"}
    answer = await http.upload(bytes(MAX_FILE_BYTES), "speech.flac", model="gpt-4o-mini-transcribe-2025-12-15", **fields)
    assert problem(answer)[:2] == (400, "invalid_value")


@pytest.mark.shows("whole body counted")
async def test_a_piece_too_large_is_cut_at_a_pause_and_loses_no_word(standin, ask, talk, waits):
    standin.largest_body = len(flac(talk)) * 3 // 4
    assert await ask("transcription")
    assert [seen.status for seen in standin.log] == [413, 200, 200]
    assert waits == []


@pytest.mark.shows("413 in mid-upload")
async def test_a_body_too_large_is_not_read_to_its_end(http, standin):
    standin.hangs_up_in_mid_upload, standin.largest_body = True, 1_000_000
    try:
        status = (await http.upload(bytes(20_000_000))).status_code
    except httpx2.TransportError:
        status = "cut"
    assert status in {413, "cut"}


@pytest.mark.shows("413 in mid-upload")
async def test_what_is_larger_than_the_limit_never_leaves_here(standin, engine, chunk_of, monkeypatch):
    monkeypatch.setattr("momentum.transcribers.openai.MAX_FILE_BYTES", 1_000)
    with pytest.raises(Permanent, match="larger than the transcription API takes") as caught:
        await engine(standin.base_url, "gpt-transcribe").transcribe(chunk_of(A_WORD), language=None)
    assert (caught.value.code, standin.log) == (ErrorCode.MODEL_INPUT_TOO_LARGE, [])


# --- the file -------------------------------------------------------------------------------------


@pytest.mark.shows("extension")
@pytest.mark.parametrize(("name", "status"), [("audio.bin", 400), ("audio", 400), ("audio.mp3", 200), ("AUDIO.WAV", 200)])
async def test_the_kind_is_told_by_the_name_alone(http, wav, name, status):
    answer = await http.upload(wav(A_WORD), name)
    assert answer.status_code == status
    if status == 400:
        assert problem(answer) == (400, None, None)


@pytest.mark.shows("unreadable audio")
async def test_what_is_no_sound_is_refused(http):
    assert problem(await http.upload(b"not a sound" * 100)) == (400, "invalid_value", "file")


@pytest.mark.shows("shortest")
async def test_a_tenth_of_a_second_is_the_least(http, wav):
    assert problem(await http.upload(wav(bytes(SECOND // 20)))) == (400, "audio_too_short", "file")
    assert (await http.upload(wav(bytes(SECOND // 10)))).status_code == 200


@pytest.mark.shows("shortest")
async def test_the_shortest_piece_of_ours_is_long_enough(standin, engine, chunk_of):
    heard = await engine(standin.base_url, "gpt-transcribe").transcribe(chunk_of(bytes(64)), language=None)
    assert (heard.segments, standin.log[0].status) == ((), 200)


@pytest.fixture(scope="module")
def long_silence():
    return flac(bytes(1_500 * SECOND))


@pytest.mark.shows("longest")
@pytest.mark.parametrize(
    ("model", "refused"),
    [
        ("gpt-transcribe", None),
        ("whisper-1", None),
        ("gpt-4o-transcribe", (400, "invalid_value", None)),
        ("gpt-4o-mini-transcribe", (400, "input_too_large", "file")),
        ("gpt-4o-transcribe-diarize", (400, "invalid_value", None)),
    ],
)
async def test_some_models_take_no_more_than_1400_seconds(http, long_silence, model, refused):
    answer = await http.upload(long_silence, "long.flac", model=model, chunking_strategy="auto")
    assert (None if answer.status_code == 200 else problem(answer)) == refused


@pytest.mark.shows("longest")
@pytest.mark.parametrize("model", ["gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-transcribe-diarize"])
async def test_a_piece_too_long_is_cut_at_a_pause_and_loses_no_word(standin, ask, waits, model):
    standin.speech[model] = replace(SPEECH[model], longest=30.0)
    assert await ask("transcription", model=model)
    assert [seen.status for seen in standin.log] == [400, 200, 200]
    assert waits == []


# --- what each model takes ------------------------------------------------------------------------

FORMATS = ("json", "text", "srt", "verbose_json", "vtt", "diarized_json")
MATRIX = {
    "gpt-transcribe": {"json", "text"},
    "gpt-4o-transcribe": {"json", "text"},
    "gpt-4o-mini-transcribe": {"json", "text"},
    "gpt-4o-transcribe-diarize": {"json", "text", "diarized_json"},
    "whisper-1": {"json", "text", "srt", "verbose_json", "vtt"},
}


@pytest.mark.shows("format by model")
@pytest.mark.parametrize("model", MATRIX)
async def test_each_model_has_its_formats(http, wav, model):
    answers = {form: await http.upload(wav(A_WORD), model=model, response_format=form) for form in FORMATS}
    assert {form for form, answer in answers.items() if answer.status_code == 200} == MATRIX[model]
    others = [problem(answer) for form, answer in answers.items() if form not in MATRIX[model]]
    assert set(others) == {(400, "unsupported_value", "response_format")}


@pytest.mark.shows("format by model")
@pytest.mark.parametrize("model", MATRIX)
async def test_our_client_asks_each_model_for_what_it_has(standin, ask, model):
    assert await ask("transcription", model=model)
    assert [seen.status for seen in standin.log] == [200]


@pytest.mark.shows("format by model")
async def test_a_model_we_know_not_is_asked_plainly_once_it_refused_times(standin, engine, talking):
    standin.models["own"], standin.speech["own"] = {}, SPEECH["gpt-transcribe"]
    client = engine(standin.base_url, "own")
    for _ in range(2):
        assert len((await client.transcribe(talking, language="en")).segments) == 4
    assert [seen.body["response_format"] for seen in standin.log] == ["verbose_json", "json", "json"]


REFUSED = [
    ("timestamps by model", {"model": "gpt-transcribe", "timestamp_granularities__": ["word"]}, "timestamp_granularities"),
    ("timestamps by model", {"model": "whisper-1", "timestamp_granularities__": ["word"]}, "timestamp_granularities"),
    ("language by model", {"model": "whisper-1", "languages__": ["en"]}, "languages"),
    ("language by model", {"language": "en", "languages__": ["en"]}, "languages"),
    ("language by model", {"language": "klingon"}, "language"),
    ("language by model", {"languages__": ["en", "klingon"]}, "language"),
    ("keywords", {"keywords__": ["Momentum", "a<b"]}, "keywords"),
    ("keywords", {"keywords__": ["a>b"]}, "keywords"),
    ("keywords", {"keywords__": ["two\nlines"]}, "keywords"),
    ("keywords", {"model": "whisper-1", "keywords__": ["Momentum"]}, "keywords"),
    ("prompt", {"model": "gpt-4o-transcribe-diarize", "prompt": "Names: Ada"}, "prompt"),
    ("temperature", {"temperature": "1.5"}, "temperature"),
    ("logprobs", {"include__": ["logprobs"]}, "include"),
    ("logprobs", {"model": "gpt-4o-transcribe", "include__": ["logprobs"], "response_format": "text"}, "include"),
    ("chunking", {"model": "gpt-4o-transcribe-diarize", "chunking_strategy": "sometimes"}, "chunking_strategy"),
]


@pytest.mark.shows("timestamps by model", "language by model", "keywords", "prompt, temperature, logprobs")
@pytest.mark.parametrize(("_", "fields", "param"), REFUSED)
async def test_a_field_that_does_not_fit_is_named(http, wav, _, fields, param):
    answer = await http.upload(wav(A_WORD), **fields)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


TAKEN = [
    {"model": "whisper-1", "response_format": "verbose_json", "timestamp_granularities__": ["word"]},
    {"languages__": ["en", "zh-tw", "yue"], "keywords__": ["Momentum"], "prompt": "A meeting.", "temperature": "0.3"},
    {"model": "gpt-4o-transcribe", "include__": ["logprobs"]},
    {"model": "gpt-4o-transcribe-diarize", "chunking_strategy": '{"type":"server_vad","threshold":0.5}'},
]


@pytest.mark.shows("timestamps by model", "language by model", "keywords", "prompt, temperature, logprobs")
@pytest.mark.parametrize("fields", TAKEN)
async def test_a_field_that_fits_is_taken(http, wav, fields):
    assert (await http.upload(wav(A_WORD), **fields)).status_code == 200


@pytest.mark.shows("language by model")
async def test_a_language_that_nobody_speaks_is_refused_in_words_and_once(standin, engine, talking, waits):
    with pytest.raises(Permanent, match=r"did not accept our request \(status 400\)") as caught:
        await engine(standin.base_url, "gpt-transcribe").transcribe(talking, language="xx")
    assert (caught.value.code, waits, len(standin.log)) == (ErrorCode.MODEL_REQUEST_INVALID, [], 1)


@pytest.mark.shows("chunking strategy")
async def test_diarisation_of_more_than_half_a_minute_needs_a_strategy_and_our_client_names_one(http, standin, ask, talk, wav):
    answer = await http.upload(wav(talk), model="gpt-4o-transcribe-diarize", response_format="diarized_json")
    assert problem(answer) == (400, "missing_required_parameter", "chunking_strategy")
    assert (await http.upload(wav(talk[: 30 * SECOND]), model="gpt-4o-transcribe-diarize")).status_code == 200
    assert await ask("transcription", model="gpt-4o-transcribe-diarize")
    assert standin.log[-1].body["chunking_strategy"] == "auto"


@pytest.mark.shows("known speakers")
@pytest.mark.parametrize(("seconds", "status"), [(1.1, 400), (1.2, 200), (10.0, 200), (10.1, 400)])
async def test_samples_of_known_speakers_have_a_length(http, wav, seconds, status):
    sample = "data:audio/wav;base64," + base64.b64encode(wav(bytes(round(seconds * 16_000) * 2))).decode()
    fields = {"known_speaker_names__": ["Ada"], "known_speaker_references__": [sample]}
    answer = await http.upload(wav(A_WORD), model="gpt-4o-transcribe-diarize", response_format="diarized_json", **fields)
    assert answer.status_code == status
    if status == 200:
        assert [segment["speaker"] for segment in answer.json()["segments"]] == ["Ada"]


@pytest.mark.shows("known speakers")
@pytest.mark.parametrize(
    ("model", "names", "references"),
    [
        ("gpt-4o-transcribe-diarize", ["Ada", "Bob"], ["data:"]),
        ("gpt-4o-transcribe-diarize", list("ABCDE"), ["data:"] * 5),
        ("gpt-4o-transcribe-diarize", ["Ada"], ["not a data URL"]),
        ("whisper-1", ["Ada"], ["data:"]),
    ],
)
async def test_known_speakers_come_in_pairs_and_are_few(http, wav, model, names, references):
    fields = {"known_speaker_names__": names, "known_speaker_references__": references}
    assert (await http.upload(wav(A_WORD), model=model, **fields)).status_code == 400


@pytest.mark.shows("format by model")
@pytest.mark.parametrize(("model", "code"), [("gpt-transcribe-9", "model_not_found"), ("", "missing_required_parameter")])
async def test_a_model_has_to_be_named_and_known(http, wav, model, code):
    assert (await http.upload(wav(A_WORD), model=model)).json()["error"]["code"] == code
