"""Whisper on this machine, by faster-whisper (CTranslate2, int8 on the processor).

What was measured and decides how it is called: the batched pipeline without time tokens (with them it silently drops a
tenth of the words), word times from the attention instead, no silence in any window, no text carried from window to window.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from momentum.errors import ErrorCode, Permanent, Retry
from momentum.model import SAMPLE_RATE, Chunk, Heard, Word
from momentum.transcribers.base import Limits
from momentum.transcribers.sentences import sentences, whole
from momentum.transcribers.weights import WHISPER_BASE, packaged_weights
from momentum.transcribers.windows import Window, windows

# Two windows a chunk: the first words appear early, and a killed worker's successor repeats half a minute, not five.
LIMITS = Limits(target_seconds=50, max_seconds=60, parallel=1)
SURE = 0.5
"""A language detected with less than this is unknown."""
_LOOP = 2.4
"""Compression above which OpenAI's own decoder calls a window failed: https://github.com/openai/whisper."""
_AUDIBLE = 1.0
_VERSION = 2  # of everything below that changes the words for the same audio


@dataclass(slots=True)
class _Window:
    """What came out of one window: its bounds, its words, and how the decoder judged itself."""

    start: float
    end: float
    words: list[Word]
    text: str
    quality: dict[str, float] = field(default_factory=dict)
    refused: str | None = None
    """Text of a first try that was empty or a loop, kept as evidence."""


class LocalWhisper:
    """An engine for one process: one model, loaded at the first chunk; one chunk at a time, in a thread of its own.

    `model` is a folder with a CTranslate2 Whisper, a hub id, or None for the packaged base model (joined inside the folder `models`).
    Nothing but a hub id that is not in the local cache makes it use the network.
    """

    name = "local"
    limits = LIMITS

    def __init__(self, model: str | None, threads: int, *, models: Path) -> None:
        self._given, self._threads, self._models = model, threads, models
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="whisper")
        self._model: Any = None

    def parameters(self, language: str | None) -> dict[str, Any]:
        return {**_identity(self._given), "language": language, "beam": 5, "compute": "int8", "version": _VERSION}

    async def transcribe(self, chunk: Chunk, *, language: str | None) -> Heard:
        if not chunk.speech:
            return Heard((), None)
        _require_known(language)
        stop = threading.Event()
        work = asyncio.get_running_loop().run_in_executor(self._thread, self._hear, chunk, language, stop)
        try:
            return await work
        finally:
            stop.set()  # a cancelled caller does not wait for the thread; the thread ends at the next window

    async def aclose(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _hear(self, chunk: Chunk, language: str | None, stop: threading.Event) -> Heard:
        if self._model is None:
            self._model = _load(self._given, self._threads, self._models)
        audio = np.frombuffer(chunk.pcm, dtype="<i2").astype(np.float32) / 32768.0
        found, detected, probability = self._decode(audio, windows(chunk.pcm, chunk.speech), language, stop)
        segments = sentences((word for window in found for word in whole(window.words)), seconds=chunk.seconds)
        known = language or (detected if probability >= SURE else None)
        return Heard(segments, known, raw=_evidence(found, detected, probability))

    def _decode(
        self, audio: npt.NDArray[np.float32], bounds: list[Window], language: str | None, stop: threading.Event
    ) -> tuple[list[_Window], str, float]:
        from faster_whisper import BatchedInferencePipeline

        segments, info = BatchedInferencePipeline(self._model).transcribe(
            audio,
            language=language,
            language_detection_segments=4,  # when the first half minute is not sure, the majority of four windows
            beam_size=5,
            word_timestamps=True,
            batch_size=len(bounds),
            clip_timestamps=[{"start": start, "end": end} for start, end in bounds],
        )
        found = [_window(start, end, [segment]) for (start, end), segment in zip(bounds, _until(stop, segments), strict=False)]
        again = [self._second_try(audio, window, info.language, stop) if _failed(window) else window for window in found]
        return again, info.language, float(info.language_probability)

    def _second_try(self, audio: npt.NDArray[np.float32], first: _Window, language: str, stop: threading.Event) -> _Window:
        """An empty or looping window once more, decoded with a little chance; the first try stands when that is no better."""
        piece = audio[int(first.start * SAMPLE_RATE) : int(first.end * SAMPLE_RATE)]
        segments, _ = self._model.transcribe(
            piece,
            language=language,
            beam_size=5,
            best_of=3,
            temperature=0.4,
            condition_on_previous_text=False,
            without_timestamps=True,
            word_timestamps=True,
        )
        second = _window(first.start, first.end, list(_until(stop, segments)), offset=first.start)
        if _failed(second):
            return first
        second.refused = first.text
        return second


def _require_known(language: str | None) -> None:
    """Raises Permanent(INVALID_REQUEST) for a language that Whisper has no token of."""
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    if language is not None and language not in _LANGUAGE_CODES:
        raise Permanent(ErrorCode.INVALID_REQUEST, f"Whisper does not know the language {language[:20]!r}. Use a code such as en or de.")


def _until(stop: threading.Event, segments: Iterable[Any]) -> Iterable[Any]:
    for segment in segments:
        if stop.is_set():
            return
        yield segment


def _window(start: float, end: float, segments: list[Any], *, offset: float = 0.0) -> _Window:
    words = [Word(w.word, float(w.start) + offset, float(w.end) + offset, float(w.probability)) for s in segments for w in s.words or ()]
    text = "".join(segment.text for segment in segments)
    if text.strip() and not words:  # the aligner found no time for any word
        words = [Word(text, start, end)]
    quality = {name: round(float(getattr(segments[0], name)), 3) for name in ("avg_logprob", "no_speech_prob")} if segments else {}
    return _Window(start, end, words, text, quality)


def _failed(window: _Window) -> bool:
    raw = window.text.encode()
    loops = len(raw) > 60 and len(raw) / len(zlib.compress(raw)) > _LOOP
    return loops or (not window.text.strip() and window.end - window.start >= _AUDIBLE)


def _evidence(found: list[_Window], language: str, probability: float) -> dict[str, Any]:
    return {
        "language": language,
        "language_probability": round(probability, 3),
        "windows": [
            {
                "start": round(w.start, 3),
                "end": round(w.end, 3),
                "text": w.text.strip(),
                **w.quality,
                **({} if w.refused is None else {"refused": w.refused}),
            }
            for w in found
        ],
    }


def _identity(given: str | None) -> dict[str, Any]:
    """What tells one model from another in the ledger's key; a folder is known by its weights, not by where it lies."""
    if given is None:
        return {"model": "whisper-base", "weights": WHISPER_BASE[0].sha256}
    weights = Path(given).expanduser() / "model.bin"
    if not weights.is_file():
        return {"model": given}
    with weights.open("rb") as file:
        start = hashlib.sha256(file.read(1 << 20)).hexdigest()
    return {"model": weights.parent.name, "weights": f"{weights.stat().st_size}:{start}"}


def _load(given: str | None, threads: int, models: Path) -> Any:
    from faster_whisper import WhisperModel

    folder = _folder(given, models)
    missing = [name for name in ("model.bin", "config.json", "tokenizer.json") if not (folder / name).is_file()]
    if missing:  # without tokenizer.json faster-whisper would fetch one from the hub
        raise Permanent(ErrorCode.MODEL_NOT_FOUND, f"{folder} is no CTranslate2 Whisper model: {', '.join(missing)} is missing.")
    try:
        return WhisperModel(str(folder), device="auto", compute_type="int8", cpu_threads=threads, local_files_only=True)
    except (RuntimeError, ValueError) as error:
        raise Permanent(ErrorCode.MODEL_NOT_FOUND, f"The speech model in {folder} cannot be loaded.") from error


def _folder(given: str | None, models: Path) -> Path:
    if given is None:
        return packaged_weights(models)
    folder = Path(given).expanduser()
    if folder.is_dir():
        return folder
    if folder.is_absolute() or given.startswith((".", "~")):
        raise Permanent(ErrorCode.MODEL_NOT_FOUND, f"WHISPER_MODEL names the folder {given}, which does not exist.")
    return _from_hub(given)


def _from_hub(model_id: str) -> Path:
    """A hub id's folder: the local cache's copy without asking anybody, else downloaded."""
    from faster_whisper.utils import download_model
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        cached = Path(download_model(model_id, local_files_only=True))
        if (cached / "model.bin").is_file():
            return cached
    except LocalEntryNotFoundError:
        pass
    except (ValueError, HFValidationError) as error:
        raise Permanent(ErrorCode.MODEL_NOT_FOUND, f"WHISPER_MODEL={model_id} is neither a folder nor a hub id.") from error
    try:
        return Path(download_model(model_id))
    except RepositoryNotFoundError as error:
        raise Permanent(ErrorCode.MODEL_NOT_FOUND, f"The hub has no model {model_id}; see WHISPER_MODEL.") from error
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise Retry(ErrorCode.MODEL_UNAVAILABLE, f"The speech model {model_id} could not be fetched from the hub.") from error
