"""What a transcription request is refused for; the first problem found is the answer.

https://developers.openai.com/api/docs/guides/speech-to-text
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator

from openai_standin.errors import Problem
from openai_standin.hearing import RATE, Unreadable, decoded
from openai_standin.models import HINTS, LANGUAGES, SpeechFacts
from openai_standin.upload import Upload

EXTENSIONS = ("flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm")
SHORTEST, SHORTEST_SAMPLE, LONGEST_SAMPLE = 0.1, 1.2, 10.0
_STRATEGY_ABOVE = 30.0


def refusal(upload: Upload, facts: SpeechFacts) -> Problem | None:
    """Why this model does not take the request; None when it does."""
    return next(_problems(upload, facts), None)


def _problems(upload: Upload, facts: SpeechFacts) -> Iterator[Problem]:
    yield from _file(upload, facts)
    yield from _format(upload, facts)
    yield from _language(upload, facts)
    yield from _keywords(upload, facts)
    yield from _speakers(upload, facts)
    yield from _rest(upload, facts)


def _file(upload: Upload, facts: SpeechFacts) -> Iterator[Problem]:
    if upload.extension not in EXTENSIONS:
        yield Problem(f"Invalid file format. Supported formats: {list(EXTENSIONS)}", None)
    try:
        seconds = upload.seconds
    except Unreadable:
        yield Problem("Audio file might be corrupted or unsupported", param="file")
        return
    if seconds < SHORTEST:
        yield Problem(f"Audio file is too short. Minimum audio length is {SHORTEST} seconds.", "audio_too_short", "file")
    if facts.longest is not None and seconds > facts.longest:
        yield _too_long(seconds, facts)


def _too_long(seconds: float, facts: SpeechFacts) -> Problem:
    if facts.tokens_full:
        return Problem("Total number of tokens in instructions + audio is too large for this model.", "input_too_large", "file")
    return Problem(f"audio duration {seconds} seconds is longer than {facts.longest:g} seconds which is the maximum for this model")


def _format(upload: Upload, facts: SpeechFacts) -> Iterator[Problem]:
    if upload.asked_format not in facts.formats:
        message = f"response_format '{upload.asked_format}' is not compatible with model. Use one of {list(facts.formats)}."
        yield Problem(message, "unsupported_value", "response_format")
    grains = upload.form.get("timestamp_granularities[]", [])
    if grains and not (facts.timestamps and upload.asked_format == "verbose_json"):
        yield Problem("timestamp_granularities needs whisper-1 and verbose_json.", "unsupported_value", "timestamp_granularities")
    if set(grains) - {"word", "segment"}:
        yield Problem("timestamp_granularities are word and segment.", param="timestamp_granularities")


def _language(upload: Upload, facts: SpeechFacts) -> Iterator[Problem]:
    single, hints = upload.form.get("language"), upload.form.get("languages[]", [])
    if hints and not facts.language_list:
        yield Problem("This model takes no languages.", "unsupported_value", "languages")
    if single and hints:
        yield Problem("Only one of language and languages may be given.", param="languages")
    if (single and single not in LANGUAGES) or set(hints) - HINTS:
        yield Problem("Language is not supported. See ISO 639-1.", "unsupported_language", "language")


def _keywords(upload: Upload, facts: SpeechFacts) -> Iterator[Problem]:
    keywords = upload.form.get("keywords[]", [])
    if keywords and not facts.keywords:
        yield Problem("This model takes no keywords.", "unsupported_value", "keywords")
    if any(set(keyword) & set("<>\r\n") for keyword in keywords):
        yield Problem("A keyword is one line without angle brackets.", param="keywords")


def _speakers(upload: Upload, facts: SpeechFacts) -> Iterator[Problem]:
    names = upload.form.get("known_speaker_names[]", [])
    samples = upload.form.get("known_speaker_references[]", [])
    if (names or samples) and not facts.speakers:
        yield Problem("This model tells no speakers apart.", "unsupported_value", "known_speaker_names")
    if len(names) != len(samples) or len(names) > 4:
        yield Problem("Give up to four names, each with one reference.", param="known_speaker_references")
    for sample in samples:
        seconds = _seconds_of(sample)
        if seconds is None or not SHORTEST_SAMPLE <= seconds <= LONGEST_SAMPLE:
            message = f"A reference is a data URL of {SHORTEST_SAMPLE} to {LONGEST_SAMPLE} seconds of sound."
            yield Problem(message, param="known_speaker_references")


def _seconds_of(data_url: str) -> float | None:
    try:
        return len(decoded(base64.b64decode(data_url.partition(";base64,")[2], validate=True))) / RATE
    except (binascii.Error, Unreadable):
        return None


def _rest(upload: Upload, facts: SpeechFacts) -> Iterator[Problem]:
    form = upload.form
    if facts.speakers and upload.seconds > _STRATEGY_ABOVE and not form.get("chunking_strategy"):
        yield Problem("chunking_strategy is required for more than 30 seconds.", "missing_required_parameter", "chunking_strategy")
    if (strategy := form.get("chunking_strategy", "auto")) != "auto" and not _is_server_vad(strategy):
        yield Problem("chunking_strategy is auto or a server_vad object.", param="chunking_strategy")
    if form.get("prompt") and not facts.prompt:
        yield Problem("This model takes no prompt.", "unsupported_value", "prompt")
    if not _is_temperature(form.get("temperature", "0")):
        yield Problem("temperature lies between 0 and 1.", param="temperature")
    if form.get("include[]") and not (facts.logprobs and upload.asked_format == "json"):
        yield Problem("logprobs come with the 4o models and json.", "unsupported_value", "include")


def _is_server_vad(strategy: str) -> bool:
    try:
        return bool(json.loads(strategy)["type"] == "server_vad")
    except (ValueError, KeyError, TypeError):
        return False


def _is_temperature(value: str) -> bool:
    try:
        return 0 <= float(value) <= 1
    except ValueError:
        return False
