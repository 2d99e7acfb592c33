"""Layers over a transcript."""

from __future__ import annotations

from collections.abc import Sequence

from momentum.corrections.layers import Layer
from momentum.corrections.laying import Laying
from momentum.model import Transcript


def transcript_under(transcript: Transcript, layers: Sequence[Layer]) -> Transcript:
    """The transcript with every layer laid over it, in order."""
    if not layers:
        return transcript
    laying = Laying(transcript)
    for layer in layers:
        laying.lay(layer)
    return laying.transcript()


def objection(layer: Layer, transcript: Transcript) -> str | None:
    """Why a layer cannot be laid over this transcript, in a sentence; None where it can."""
    return Laying(transcript).objection(layer)
