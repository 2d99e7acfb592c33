"""Transcription models and what each takes and gives, as data; a model we do not know gets defaults that suit any server.

https://developers.openai.com/api/docs/guides/speech-to-text, https://developers.openai.com/api/docs/deprecations
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

MAX_FILE_BYTES = 26_148_864
"""25 MiB count for the whole request body; this leaves 64 KiB for its other fields."""
MIN_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class SpeechModel:
    """Facts of one model. `answer` is the richest format it gives; `max_seconds` None = only the size counts."""

    name: str
    answer: Literal["json", "verbose_json", "diarized_json"]
    max_seconds: float | None = None
    language_list: bool = False
    """Takes `languages[]` instead of `language`."""
    server_cuts: bool = False
    """Needs `chunking_strategy` for more than 30 seconds."""
    ends: date | None = None
    """Last day on which OpenAI answers for it."""
    usd_per_minute: float | None = None
    known: bool = True


_END = date(2027, 2, 26)

MODELS = {
    model.name: model
    for model in (
        SpeechModel("gpt-transcribe", "json", language_list=True, usd_per_minute=0.0045),
        SpeechModel("gpt-4o-transcribe", "json", max_seconds=1400, ends=_END, usd_per_minute=0.006),
        # Its limit is a token budget: 1,400 s pass, 1,500 s fail.
        SpeechModel("gpt-4o-mini-transcribe", "json", max_seconds=1400, ends=_END, usd_per_minute=0.003),
        SpeechModel("gpt-4o-transcribe-diarize", "diarized_json", max_seconds=1400, server_cuts=True, ends=_END, usd_per_minute=0.006),
        SpeechModel("whisper-1", "verbose_json", ends=_END, usd_per_minute=0.006),
    )
}


def speech_model(name: str) -> SpeechModel:
    """The facts of a model or of a dated snapshot of it (gpt-4o-transcribe-2025-12-15)."""
    if name in MODELS:
        return MODELS[name]
    for known in sorted(MODELS, key=len, reverse=True):
        if name.startswith(f"{known}-") and name[len(known) + 1 :].replace("-", "").isdigit():
            return replace(MODELS[known], name=name)
    return SpeechModel(name, "verbose_json", known=False)


def language_code(name: object) -> str | None:
    """ISO 639-1 of what a server calls a language: a code, a code with a region, or whisper-1's English name."""
    text = name.strip().lower() if isinstance(name, str) else ""
    if text in _NAMES:
        return _NAMES[text]
    code = text.replace("_", "-").partition("-")[0]
    return code if code.isascii() and code.isalpha() and len(code) in {2, 3} else None


_LANGUAGES = (
    "afrikaans:af arabic:ar armenian:hy azerbaijani:az belarusian:be bosnian:bs bulgarian:bg catalan:ca chinese:zh "
    "mandarin:zh cantonese:yue croatian:hr czech:cs danish:da dutch:nl flemish:nl english:en estonian:et finnish:fi "
    "french:fr galician:gl german:de greek:el hebrew:he hindi:hi hungarian:hu icelandic:is indonesian:id italian:it "
    "japanese:ja kannada:kn kazakh:kk korean:ko latvian:lv lithuanian:lt macedonian:mk malay:ms marathi:mr maori:mi "
    "nepali:ne norwegian:no persian:fa polish:pl portuguese:pt punjabi:pa romanian:ro russian:ru serbian:sr slovak:sk "
    "slovenian:sl spanish:es castilian:es swahili:sw swedish:sv tagalog:tl tamil:ta telugu:te thai:th turkish:tr "
    "ukrainian:uk urdu:ur vietnamese:vi welsh:cy bengali:bn gujarati:gu malayalam:ml georgian:ka albanian:sq basque:eu "
    "irish:ga mongolian:mn burmese:my khmer:km lao:lo sinhala:si "
)
_NAMES = dict(pair.split(":") for pair in _LANGUAGES.split())
