"""Our transcription client against open-asr-server, which others wrote, hearing real speech with the packaged weights.

It tests the wire, not the quality of what was heard.
"""

import io
import re
from difflib import SequenceMatcher

import av
import pytest

from momentum.errors import ActionRequired, ErrorCode, Permanent, Retry
from momentum.model import SAMPLE_RATE
from momentum.sandbox import samples
from momentum.transcribers.plausible import CREDITS, marked

# Models answer late where other tests run beside them.
pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("open-asr-server"), pytest.mark.timeout(400)]


def pcm_of(name):
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    with av.open(io.BytesIO(samples.load(name).audio)) as container:
        frames = [frame for decoded in [*container.decode(audio=0), None] for frame in resampler.resample(decoded)]
    return b"".join(frame.to_ndarray().tobytes() for frame in frames)


def words_of(text):
    return re.findall(r"[a-z]+", text.lower())


def share_heard(heard, said):
    """Share of the words that were said which came back, in order."""
    found, wanted = words_of(" ".join(s.text for s in heard.segments)), words_of(said)
    return sum(block.size for block in SequenceMatcher(None, wanted, found, autojunk=False).get_matching_blocks()) / len(wanted)


def assert_times_fit(heard, chunk):
    spans = [(s.start, s.end) for s in heard.segments]
    assert spans == sorted(spans)
    for segment in heard.segments:
        assert 0 <= segment.start < segment.end <= chunk.seconds + 0.5
        assert segment.words, "words were asked for and belong to their segment"
        assert segment.text.split() == [word.text for word in segment.words]
        assert all(segment.start - 0.5 <= w.start <= w.end <= segment.end + 0.5 for w in segment.words)


async def test_words_come_back_and_their_times_fit(asr, engine, chunk_of):
    sample, chunk = samples.load("short"), chunk_of(pcm_of("short"))
    heard = await engine(asr["open"], asr["model"]).transcribe(chunk, language="en")
    assert share_heard(heard, sample.text) > 0.75
    assert_times_fit(heard, chunk)
    assert (heard.language, heard.billed_seconds, heard.raw["times"]) == ("en", None, "server")
    by_name = {word.text.strip(".,").lower(): word for segment in heard.segments for word in segment.words}
    first, second = sample.lines
    assert by_name["recording"].end == pytest.approx(first[2], abs=0.6)
    assert by_name["monday"].end == pytest.approx(second[2], abs=0.6)


async def test_a_person_is_heard_in_a_language_nobody_named(asr, engine, chunk_of, read_speech):
    pcm, said = min(read_speech, key=lambda read: len(read[0]))
    chunk = chunk_of(pcm)
    heard = await engine(asr["open"], asr["model"]).transcribe(chunk, language=None)
    assert share_heard(heard, said) > 0.5
    assert heard.language == "en"
    assert_times_fit(heard, chunk)


async def test_what_is_invented_on_silence_is_marked(asr, engine, chunk_of):
    chunk = chunk_of(bytes(4 * SAMPLE_RATE), [(1.9, 2.0)])
    heard = await engine(asr["open"], asr["model"]).transcribe(chunk, language="en")
    assert all(CREDITS in segment.marks for segment in marked(heard, chunk))


async def test_a_piece_too_large_for_the_server_is_cut_at_a_pause_and_loses_no_word(asr, engine, chunk_of):
    lines = [line for line in samples.load("standup").lines if line[2] < 26]
    chunk = chunk_of(pcm_of("standup")[: 26 * SAMPLE_RATE * 2], [(start, end) for _, start, end, _ in lines])
    heard = await engine(asr["small"], asr["model"]).transcribe(chunk, language="en")
    assert len(heard.raw["parts"]) == 2
    assert share_heard(heard, " ".join(line[3] for line in lines)) > 0.75
    assert_times_fit(heard, chunk)
    assert [s.id for s in heard.segments] == list(range(len(heard.segments)))


async def test_a_piece_too_large_that_cannot_be_cut_is_refused_in_words(asr, engine, chunk_of, waits):
    with pytest.raises(Permanent, match="more than the model takes") as caught:
        await engine(asr["small"], asr["model"]).transcribe(chunk_of(pcm_of("planning")[: 40 * SAMPLE_RATE]), language="en")
    assert (caught.value.code, waits) == (ErrorCode.MODEL_INPUT_TOO_LARGE, [])


@pytest.mark.parametrize(
    ("rules", "model", "key", "code", "sentence"),
    [
        ("open", None, "sk-wrong", ErrorCode.MODEL_KEY_INVALID, "does not accept the API key"),
        ("open", "nobody-knows-it", None, ErrorCode.MODEL_NOT_FOUND, "retired or is misspelt"),
        ("open", "nobody:knows-it", None, ErrorCode.MODEL_NOT_FOUND, "retired or is misspelt"),
        ("choosy", None, None, ErrorCode.MODEL_KEY_INVALID, "may not use this model"),
    ],
)
async def test_what_only_a_person_can_cure_is_asked_once(asr, engine, chunk_of, waits, rules, model, key, code, sentence):
    client = engine(asr[rules], model or asr["model"], **({"key": key} if key else {}))
    with pytest.raises(ActionRequired, match=sentence) as caught:
        await client.transcribe(chunk_of(pcm_of("short")), language="en")
    assert (caught.value.code, waits) == (code, [])
    assert "sk-" not in caught.value.detail


async def test_an_address_without_the_api_is_said_to_be_wrong(asr, engine, chunk_of):
    with pytest.raises(ActionRequired, match="SPEECH_BASE_URL") as caught:
        await engine(asr["open"].removesuffix("/v1"), asr["model"]).transcribe(chunk_of(pcm_of("short")), language="en")
    assert caught.value.code is ErrorCode.MODEL_NOT_CONFIGURED


async def test_a_format_the_server_does_not_know_is_refused_in_words(asr, engine, chunk_of, waits):
    with pytest.raises(Permanent, match="did not accept our request") as caught:
        await engine(asr["open"], "gpt-4o-transcribe-diarize").transcribe(chunk_of(pcm_of("short")), language="en")
    assert (caught.value.code, waits) == (ErrorCode.MODEL_REQUEST_INVALID, [])


async def test_a_fault_that_may_pass_is_tried_three_times_and_put_off(asr, engine, chunk_of, waits):
    """After a failure of its own the server closes the connection, sometimes under the next request."""
    with pytest.raises(Retry, match=r"busy or away|cannot be reached") as caught:
        await engine(asr["open"], "faster-whisper:/no/such/folder").transcribe(chunk_of(pcm_of("short")), language="en")
    assert (caught.value.code, waits) == (ErrorCode.MODEL_UNAVAILABLE, [0.5, 1.0])


async def test_a_server_that_lets_one_request_a_minute_through_is_given_time(asr, engine, chunk_of, waits):
    chunk = chunk_of(pcm_of("short"))
    with pytest.raises(ActionRequired):
        await engine(asr["limited"], "nobody-knows-it").transcribe(chunk, language="en")
    with pytest.raises(Retry, match="slow down") as caught:
        await engine(asr["limited"], asr["model"]).transcribe(chunk, language="en")
    assert (caught.value.code, waits) == (ErrorCode.MODEL_RATE_LIMITED, [0.5, 1.0])
