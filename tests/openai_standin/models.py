"""The models of the stand-in: what each transcription model takes and gives, and the day on which each ends.

https://developers.openai.com/api/docs/guides/speech-to-text, https://developers.openai.com/api/docs/deprecations
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

SNAPSHOT = "gpt-6-luna-2026-09-01"


@dataclass(frozen=True)
class SpeechFacts:
    """A transcription model. `longest` in seconds, None = only the size counts."""

    formats: tuple[str, ...]
    longest: float | None = None
    usage: Literal["duration", "tokens"] = "duration"
    language_list: bool = False
    keywords: bool = False
    timestamps: bool = False
    speakers: bool = False
    logprobs: bool = False
    streams: bool = True
    prompt: bool = True
    tokens_full: bool = False
    """Says of what is too long that it is too many tokens."""
    invents: bool = False
    """Hears words in silence."""


_LAST = "2027-02-26"
_FOUR_O = SpeechFacts(("json", "text"), 1400, "tokens", logprobs=True)

SPEECH = {
    "gpt-transcribe": SpeechFacts(("json", "text"), language_list=True, keywords=True),
    "gpt-4o-transcribe": _FOUR_O,
    "gpt-4o-mini-transcribe": SpeechFacts(("json", "text"), 1400, "tokens", logprobs=True, tokens_full=True),
    "gpt-4o-mini-transcribe-2025-12-15": SpeechFacts(("json", "text"), 1400, "tokens", logprobs=True, tokens_full=True),
    "gpt-4o-transcribe-diarize": SpeechFacts(("json", "text", "diarized_json"), 1400, speakers=True, prompt=False),
    "whisper-1": SpeechFacts(("json", "text", "srt", "verbose_json", "vtt"), timestamps=True, streams=False, invents=True),
}


def listed() -> dict[str, dict[str, Any]]:
    """What the list of models says of each, beside its name."""
    ends: dict[str, dict[str, Any]] = {name: {"shutdown_date": _LAST} for name in SPEECH if name != "gpt-transcribe"}
    return {"gpt-6-luna": {"shutdown_date": "2027-11-30"}, "gpt-transcribe": {}} | ends


LANGUAGES = {"en": "english", "de": "german", "fr": "french", "es": "spanish", "ja": "japanese", "zh": "chinese"}
"""Codes the stand-in takes for `language`, and whisper-1's names for them."""
HINTS = {*LANGUAGES, "yue", "zh-cn", "zh-tw", "zh-hk"}
"""Codes for `languages[]`."""
