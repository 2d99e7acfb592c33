"""One recording to process, as every step sees it: where from, where to, how, with which tools."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Protocol

from momentum.llm import LanguageModel
from momentum.media.decoder import Decoder
from momentum.media.voiceprint import VoiceEncoder
from momentum.model import Options
from momentum.pipeline.places import Origin, Shelf
from momentum.redaction import NOTHING, Redaction
from momentum.transcribers.base import Transcriber


class Tools(Protocol):
    """What of the application the steps need."""

    @property
    def decoder(self) -> Decoder: ...

    @property
    def transcriber(self) -> Transcriber: ...

    @property
    def llm(self) -> LanguageModel | None: ...

    @property
    def voices(self) -> VoiceEncoder | None:
        """None where nobody's voice is to be told from another's, or the weights are not installed."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """One recording to process: where from, where to, how."""

    origin: Origin
    shelf: Shelf
    options: Options
    tools: Tools
    redaction: Redaction = NOTHING
    """What the language model does not get to read."""


def key_of(*made_from: Any) -> str:
    """Key of an artefact: sha256 of everything it is made from, in hex."""
    return hashlib.sha256(json.dumps(made_from, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
