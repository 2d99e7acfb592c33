"""Each participant's own audio: the sample with everybody else silent, made when it is first asked for."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path

import av
import numpy as np

from momentum.model import SAMPLE_RATE
from momentum.sandbox.catalogue import MediaFile, Meeting
from momentum.sandbox.samples import load
from momentum.sandbox.samples.make import Pcm, write_audio

_AROUND = 0.05


def tracks(meeting: Meeting) -> Iterator[tuple[str, MediaFile]]:
    """(name, file) of everybody who speaks."""
    audio = next((file for file in meeting.files if file.file_type in {"M4A", "MP4"}), meeting.files[0])
    for name, _ in meeting.participants:
        identity = str(uuid.uuid5(uuid.NAMESPACE_URL, f"sandbox:{meeting.uuid}:{name}"))
        own = replace(audio, id=identity, file_type="M4A", extension="M4A", recording_type="", content_type="audio/mp4")
        yield name, replace(own, content=_alone(meeting.sample, name))


@cache
def _alone(sample: str, name: str) -> bytes:
    whole = _pcm(load(sample).audio)
    alone = np.zeros_like(whole)
    for speaker, start, end, _ in load(sample).lines:
        if speaker == name:
            first, last = round((start - _AROUND) * SAMPLE_RATE), round((end + _AROUND) * SAMPLE_RATE)
            alone[first:last] = whole[first:last]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "audio.m4a"
        write_audio(path, alone)
        return path.read_bytes()


def _pcm(audio: bytes) -> Pcm:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    with av.open(BytesIO(audio), "r") as container:
        frames = [frame for decoded in [*container.decode(audio=0), None] for frame in resampler.resample(decoded)]
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])
