"""What was heard, in each of the shapes in which the API gives it.

https://developers.openai.com/api/docs/guides/speech-to-text, https://github.com/openai/openai-openapi
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from openai_standin.hearing import Line, heard, is_silent
from openai_standin.models import LANGUAGES, SpeechFacts
from openai_standin.upload import Upload

INVENTED = "Thank you for watching."
_LOOPS = 30
_QUALITY = {
    "well": {"avg_logprob": -0.25, "compression_ratio": 1.3, "no_speech_prob": 0.02},
    "silence": {"avg_logprob": -1.31, "compression_ratio": 0.77, "no_speech_prob": 0.92},
    "loop": {"avg_logprob": -0.12, "compression_ratio": 7.4, "no_speech_prob": 0.03},
}


def lines_of(upload: Upload, facts: SpeechFacts, *, loops: bool) -> tuple[list[Line], str]:
    """What this model makes of the sound, and how well it heard: "well", "silence" or "loop"."""
    if is_silent(upload.samples):
        return (_invented(upload.seconds) if facts.invents else []), "silence"
    lines = heard(upload.samples)
    return (_looping(lines), "loop") if loops and lines else (lines, "well")


def _invented(seconds: float) -> list[Line]:
    words = INVENTED.lower().rstrip(".").split()
    step = seconds / len(words)
    return [Line(0.0, seconds, tuple((word, i * step, (i + 1) * step) for i, word in enumerate(words)), 0)]


def _looping(lines: list[Line]) -> list[Line]:
    """From the last line on nothing else is heard any more."""
    last = lines[-1]
    step = (last.end - last.start) / _LOOPS
    times = [(last.start + i * step, last.start + (i + 1) * step) for i in range(_LOOPS)]
    return lines[:-1] + [replace(last, start=a, end=b, words=tuple((w, a, b) for w, _, _ in last.words)) for a, b in times]


def text_of(lines: list[Line]) -> str:
    return " ".join(line.text for line in lines)


def usage(upload: Upload, facts: SpeechFacts, lines: list[Line]) -> dict[str, Any]:
    if facts.usage == "duration":
        return {"type": "duration", "seconds": math.ceil(upload.seconds)}
    audio, written = round(upload.seconds * 10), sum(len(line.words) for line in lines) + 1
    details = {"text_tokens": 0, "audio_tokens": audio}
    return {
        "type": "tokens",
        "input_tokens": audio,
        "input_token_details": details,
        "output_tokens": written,
        "total_tokens": audio + written,
    }


def plain(upload: Upload, facts: SpeechFacts, lines: list[Line]) -> dict[str, Any]:
    """json."""
    body: dict[str, Any] = {"text": text_of(lines), "usage": usage(upload, facts, lines)}
    if facts.language_list:
        body["languages"] = [{"code": code} for code in upload.form.get("languages[]", ["en"])[:1]] if lines else []
    if upload.form.get("include[]"):
        tokens = [f" {word}" for line in lines for word, _, _ in line.words]
        body["logprobs"] = [{"token": token, "logprob": -0.1, "bytes": list(token.encode())} for token in tokens]
    return body


def verbose(upload: Upload, facts: SpeechFacts, lines: list[Line], quality: str) -> dict[str, Any]:
    """verbose_json: lists that were not asked for are null."""
    grains = upload.form.get("timestamp_granularities[]", ["segment"])
    words = [{"word": w, "start": _float32(a), "end": _float32(b)} for line in lines for w, a, b in line.words]
    return {
        "task": "transcribe",
        "language": LANGUAGES[upload.form.get("language", "en")],
        "duration": _float32(upload.seconds),
        "text": text_of(lines),
        "segments": _segments(lines, upload.seconds, quality) if "segment" in grains else None,
        "words": words if "word" in grains else None,
        "usage": usage(upload, facts, lines),
    }


def _segments(lines: list[Line], seconds: float, quality: str) -> list[dict[str, Any]]:
    made = [
        {
            "id": i,
            "seek": 0,
            "start": _float32(line.start),
            "end": _float32(line.end),
            "text": f" {line.text}",
            "tokens": [50364 + i],
            "temperature": 0.0,
            **_QUALITY[quality],
        }
        for i, line in enumerate(lines)
    ]
    if made and seconds - lines[-1].end < 0.5:  # as the real one does: the last end lies behind the end of the sound
        made[-1]["end"] = _float32(seconds + 0.32)
    return made


def _float32(seconds: float) -> float:
    return float(np.float32(round(seconds, 2)))


def diarised(upload: Upload, facts: SpeechFacts, lines: list[Line], answered: int) -> dict[str, Any]:
    """diarized_json: whom the labels mean depends on how many were `answered` before."""
    return {
        "task": "transcribe",
        "duration": upload.seconds,
        "text": text_of(lines),
        "segments": speaker_segments(upload, lines, answered),
        "usage": usage(upload, facts, lines),
    }


def speaker_segments(upload: Upload, lines: list[Line], answered: int) -> list[dict[str, Any]]:
    names = upload.form.get("known_speaker_names[]", [])
    return [
        {
            "type": "transcript.text.segment",
            "id": f"seg_{i:03}",
            "start": line.start,
            "end": line.end,
            "text": f" {line.text}",
            "speaker": names[line.voice] if line.voice < len(names) else "AB"[(line.voice + answered) % 2],
        }
        for i, line in enumerate(lines, 1)
    ]


def subtitles(lines: list[Line], kind: str) -> str:
    """srt or vtt."""
    mark, head = (",", "") if kind == "srt" else (".", "WEBVTT\n\n")
    spans = [f"{_stamp(line.start, mark)} --> {_stamp(line.end, mark)}\n{line.text}\n" for line in lines]
    return head + "\n".join(f"{i}\n{span}" if kind == "srt" else span for i, span in enumerate(spans, 1))


def _stamp(seconds: float, mark: str) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{mark}{round((seconds - whole) * 1000):03}"
