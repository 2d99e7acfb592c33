"""Fetching and transcribing are one stream: how soon the first words are there, and how little the whole takes beyond its slowest stage."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from bench.figures import Figure, Tell, at_most, below
from bench.generated import Body, audio, hand_out
from momentum.media.cuts import Cutter
from momentum.media.decoder import Decoder
from momentum.media.voice import VoiceGate
from momentum.model import Chunk
from momentum.outbound.sources import FileSource
from tests.acceptance.installation import MEETINGS, Installation, installed

SECONDS = 1_800.0
DOWNLOAD_SECONDS = 30.0
"""How long the download takes where it is the slowest stage."""
MODEL_PACE = 15
"""Seconds of sound that the model hears in a second where that is the slowest stage: about what such services do."""


async def measure(tell: Tell) -> list[Figure]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "talk.m4a"
        audio(path, SECONDS)
        async with installed() as site:
            alone = await _decoding_alone(site, path)
            tell(f"decoding and cutting alone: {alone:.1f} s")
            await site.join(MEETINGS[:1])
            await site.started("worker")
            await _processed(site, path)  # the first one loads what the others find loaded
            slow_line = await _slow_line(site, path, alone, tell)
            slow_model = await _slow_model(site, path, alone, tell)
    ratios = {"slow download": slow_line.whole / slow_line.slowest, "slow model": slow_model.whole / slow_model.slowest}
    note = ", ".join(f"{name} {ratio:.3f}" for name, ratio in ratios.items())
    return [
        below("first_words_by_download", slow_line.first_words / slow_line.download, 1, "x the download's time"),
        at_most("stream_by_slowest_stage", max(ratios.values()), 1.05, "x", note),
    ]


class Times:
    """Of one recording, in seconds from its first byte on; `slowest` stage alone."""

    def __init__(self, body: Body, words_at: Sequence[float], slowest: float) -> None:
        self.download = body.last_at - body.first_at
        self.first_words, self.whole = words_at[0] - body.first_at, words_at[-1] - body.first_at
        self.slowest = slowest

    def __str__(self) -> str:
        words = f"first words after {self.first_words:.1f} s, last after {self.whole:.1f} s"
        return f"{words}; downloaded after {self.download:.1f} s; slowest stage alone {self.slowest:.1f} s"


async def _slow_line(site: Installation, path: Path, decoding: float, tell: Tell) -> Times:
    site.zoom.faults.set("download_slow", bytes_per_second=_size(path) / DOWNLOAD_SECONDS)
    body, words_at = await _processed(site, path)
    site.zoom.faults.clear()
    # The sandbox keeps this pace to the byte, whoever reads: alone, the download takes exactly that long.
    found = Times(body, words_at, max(DOWNLOAD_SECONDS, decoding))
    tell(f"slow download: {found}")
    return found


async def _slow_model(site: Installation, path: Path, decoding: float, tell: Tell) -> Times:
    site.speech.pace = MODEL_PACE
    body, words_at = await _processed(site, path)
    alone = await _transcribing_alone(site, path)
    site.speech.pace = None
    found = Times(body, words_at, max(alone, decoding))
    tell(f"slow model: {found}")
    return found


async def _processed(site: Installation, path: Path) -> tuple[Body, list[float]]:
    """The recording as it was handed out, and the moments at which the words of each piece were stored."""
    body = Body(path)
    hand_out(site.zoom, MEETINGS[0], body)
    asked = await site.ask(f"at {monotonic()}", MEETINGS[:1])
    await site.finished(asked)
    offset = site.app.clock().timestamp() - monotonic()
    rows = site.statement("select extract(epoch from created_at) from chunks order by created_at")
    body.close()
    return body, [float(row[0]) - offset for row in rows]


def _size(path: Path) -> int:
    return path.stat().st_size


# --- each stage alone -----------------------------------------------------------------------------


async def _decoding_alone(site: Installation, path: Path) -> float:
    began = monotonic()
    await _chunks(site, path)
    return monotonic() - began


async def _transcribing_alone(site: Installation, path: Path) -> float:
    chunks, transcriber = await _chunks(site, path), site.app.tools.transcriber
    began = monotonic()
    await asyncio.gather(*(transcriber.transcribe(chunk, language=None) for chunk in chunks))
    return monotonic() - began


async def _chunks(site: Installation, path: Path) -> list[Chunk]:
    """All pieces, cut as they are for the transcription API."""
    limits = site.app.tools.transcriber.limits
    gate, cutter = VoiceGate(), Cutter(limits.target_seconds, limits.max_seconds)
    found: list[Chunk] = []
    async for block in Decoder(stays=False).pcm(FileSource(path)):
        found += cutter.feed(block, await asyncio.to_thread(gate.feed, block))
    return found + cutter.feed(b"", gate.finish()) + cutter.finish()
