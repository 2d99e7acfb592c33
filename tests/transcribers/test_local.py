"""The packaged Whisper on real speech, and the traps that were measured: dropped words, loops, invented words, times, network."""

import asyncio
import json
import re
import subprocess
import sys
import textwrap
import time

import jiwer
import numpy as np
import pytest

from momentum.errors import ErrorCode, Permanent
from momentum.transcribers.local import LocalWhisper
from momentum.transcribers.plausible import marked, repeats_itself
from momentum.transcribers.weights import packaged_weights

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("whisper"), pytest.mark.timeout(300)]


def plain(text):
    return " ".join(re.sub(r"[^a-z' ]", " ", text.lower().replace("mr.", "mister")).split())


async def heard(whisper, chunks, language=None):
    return [(chunk, await whisper.transcribe(chunk, language=language)) for chunk in chunks]


def text_of(results):
    return " ".join(segment.text for _, heard in results for segment in heard.segments)


@pytest.fixture(scope="module")
def reading(read_speech):
    """Three quarters of a minute of read speech without a long pause, longer than one window, and its words."""
    return b"".join(pcm for pcm, _ in read_speech) * 2, " ".join([words for _, words in read_speech] * 2)


@pytest.fixture(scope="module")
async def read_aloud(whisper, chunks_of, reading, anyio_backend):
    return await heard(whisper, chunks_of(reading[0], whisper.limits))


async def test_no_word_is_dropped_from_long_speech(read_aloud, reading):
    words = reading[1]
    assert jiwer.wer(words, plain(text_of(read_aloud))) < 0.06
    assert len(plain(text_of(read_aloud)).split()) > 0.97 * len(words.split())
    assert {result.language for _, result in read_aloud} == {"en"}


async def test_times_never_run_backwards_nor_out_of_the_chunk(read_aloud):
    for chunk, result in read_aloud:
        starts = [w.start for s in result.segments for w in s.words]
        assert starts == sorted(starts)
        assert all(0 <= w.start <= w.end <= chunk.seconds for s in result.segments for w in s.words)
        assert all(0 < w.probability <= 1 for s in result.segments for w in s.words)
        assert [s.id for s in result.segments] == list(range(len(result.segments)))


async def test_words_lie_where_the_gate_heard_speech(whisper, chunks_of, read_speech):
    pcm = bytes(5 * 32_000) + read_speech[1][0] + bytes(6 * 32_000) + read_speech[1][0]
    (chunk,) = chunks_of(pcm, whisper.limits)
    (_, result), *_ = await heard(whisper, [chunk])
    gap = (chunk.speech[0][1] + 1, chunk.speech[-1][0] - 1)
    assert not [w for s in result.segments for w in s.words if gap[0] < w.start < gap[1]]


async def test_a_chunk_without_speech_is_not_even_decoded(tmp_path, chunk_of):
    untouched = LocalWhisper(None, 1, models=tmp_path / "nothing")
    assert (await untouched.transcribe(chunk_of(bytes(32_000 * 20), speech=()), language=None)).segments == ()
    assert not (tmp_path / "nothing").exists()


@pytest.mark.acceptance
async def test_voices_over_each_other_do_not_loop(whisper, read_speech, chunk_of):
    mix = sum(np.resize(np.frombuffer(pcm, dtype="<i2").astype(np.float32), 16_000 * 12) for pcm, _ in read_speech)
    pcm = (mix / 3).clip(-32_000, 32_000).astype("<i2").tobytes()
    chunk = chunk_of(pcm)
    result = await whisper.transcribe(chunk, language="en")
    assert len(text_of([(chunk, result)]).split()) < 7 * chunk.seconds
    assert not [s.text for s in marked(result, chunk) if repeats_itself(s.text) and "loop" not in s.marks]


async def test_a_language_it_is_not_sure_of_is_unknown(whisper, read_speech, chunk_of):
    backwards = np.frombuffer(read_speech[4][0], dtype="<i2")[::-1].astype("<i2").tobytes()
    result = await whisper.transcribe(chunk_of(backwards), language=None)
    assert result.raw["language_probability"] < 0.5
    assert result.language is None


async def test_a_given_language_is_believed(whisper, read_speech, chunk_of):
    result = await whisper.transcribe(chunk_of(read_speech[1][0]), language="en")
    assert result.language == "en"
    assert plain(result.segments[0].text) == read_speech[1][1]


async def test_a_cancelled_chunk_lets_go_at_once(whisper, reading, chunk_of):
    work = asyncio.create_task(whisper.transcribe(chunk_of(reading[0][: 32_000 * 55]), language="en"))
    await asyncio.sleep(0)
    before = time.monotonic()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert time.monotonic() - before < 1


def test_it_transcribes_without_any_network(whisper_models, read_speech, tmp_path):
    (tmp_path / "speech.pcm").write_bytes(read_speech[1][0])
    script = textwrap.dedent("""
        import asyncio, hashlib, sys
        from pathlib import Path
        def forbid(event, args):
            if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"}:
                raise SystemExit(f"network: {event} {args}")
        sys.addaudithook(forbid)
        from momentum.model import Chunk
        from momentum.transcribers.local import LocalWhisper
        pcm = Path(sys.argv[2]).read_bytes()
        engine = LocalWhisper(None, 2, models=Path(sys.argv[1]))
        chunk = Chunk(0, 0.0, pcm, ((0.0, len(pcm) / 32000),), hashlib.sha256(pcm).hexdigest())
        print(asyncio.run(engine.transcribe(chunk, language=None)).segments[0].text)
    """)
    done = subprocess.run(
        [sys.executable, "-c", script, str(whisper_models), str(tmp_path / "speech.pcm")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, plain(done.stdout)) == (0, read_speech[1][1]), done.stderr


class Spy:
    """The decoder, and how it was asked."""

    def __init__(self, decoder):
        self._decoder, self.asked = decoder, []

    def __getattr__(self, name):
        return getattr(self._decoder, name)

    def generate(self, *args, **options):
        self.asked.append(options)
        return self._decoder.generate(*args, **options)


@pytest.mark.acceptance
async def test_what_is_said_twice_stands_there_twice(whisper, read_speech, chunk_of, monkeypatch):
    pcm, words = read_speech[1]
    await whisper.transcribe(chunk_of(pcm), language="en")  # loaded from here on
    spy = Spy(whisper._model.model)
    monkeypatch.setattr(whisper._model, "model", spy)
    chunk = chunk_of(pcm + bytes(16_000) + pcm)
    assert chunk.seconds < 28, "both in one window, or nothing is shown"
    said = plain(text_of([(chunk, await whisper.transcribe(chunk, language="en"))])).split()
    assert len(said) == 2 * len(words.split())
    assert said[: len(said) // 2] == said[len(said) // 2 :]
    settings = {(options["no_repeat_ngram_size"], options["repetition_penalty"]) for options in spy.asked}
    assert settings == {(0, 1)}, "either of them costs words (measured), and saves none"


@pytest.mark.parametrize("vocabulary", ["vocabulary.txt", "vocabulary.json"])
async def test_a_folder_may_hold_its_vocabulary_in_either_form(whisper_models, read_speech, chunk_of, tmp_path, vocabulary):
    packaged = packaged_weights(whisper_models)
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).symlink_to(packaged / name)
    tokens = (packaged / "vocabulary.txt").read_text("utf-8").removesuffix("\n")
    (tmp_path / vocabulary).write_text(tokens if vocabulary.endswith("txt") else json.dumps(tokens.split("\n")), "utf-8")
    engine = LocalWhisper(str(tmp_path), 2, models=tmp_path)
    pcm, words = read_speech[1]
    chunk = chunk_of(pcm)
    assert plain(text_of([(chunk, await engine.transcribe(chunk, language="en"))])) == words
    await engine.aclose()


async def test_a_folder_that_is_no_model_is_said_in_words(tmp_path, chunk_of):
    speech = chunk_of(bytes(32_000))
    for given, said in ((str(tmp_path), "model.bin"), (str(tmp_path / "gone"), "does not exist")):
        with pytest.raises(Permanent, match=said) as refused:
            await LocalWhisper(given, 1, models=tmp_path).transcribe(speech, language=None)
        assert refused.value.code is ErrorCode.MODEL_NOT_FOUND


async def test_damaged_weights_are_said_in_words(tmp_path, chunk_of):
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(Permanent, match="cannot be loaded"):
        await LocalWhisper(str(tmp_path), 1, models=tmp_path).transcribe(chunk_of(bytes(32_000)), language=None)


def test_another_model_in_the_same_folder_has_another_key(tmp_path):
    (tmp_path / "model.bin").write_bytes(b"one")
    engine = LocalWhisper(str(tmp_path), 1, models=tmp_path)
    before = engine.parameters("en")
    assert before != engine.parameters("de")
    (tmp_path / "model.bin").write_bytes(b"two")
    assert before != engine.parameters("en")


async def test_the_sample_is_heard_without_an_error(whisper, chunks_of, sample_speech):
    said = "and so my fellow americans ask not what your country can do for you ask what you can do for your country"
    results = await heard(whisper, chunks_of(sample_speech("jfk.flac"), whisper.limits))
    assert plain(text_of(results)) == said
