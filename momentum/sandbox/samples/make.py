"""Voices the scripts and writes the sample files, in Zoom's formats. For developers: `python -m momentum.sandbox.samples.make`.

Needs Debian's `flite`. The files are kept in git, so nobody else needs it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import tempfile
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from momentum.model import SAMPLE_RATE
from momentum.sandbox.samples.scripts import SCRIPTS, Script, Speaker

BIT_RATE = 24_000
LEAD_IN = 0.6
BETWEEN_SENTENCES = 0.35
BETWEEN_TURNS = 0.7

Pcm = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Line:
    """One voiced sentence; `start` and `end` in seconds of the recording."""

    speaker: str
    text: str
    start: float
    end: float
    named: bool


def main() -> None:
    """Write every sample beside this file."""
    for script in SCRIPTS:
        folder = Path(__file__).parent / script.key
        folder.mkdir(exist_ok=True)
        pcm, lines = voice(script)
        write_audio(folder / "audio.m4a", pcm)
        write_video(folder / "video.mp4", pcm)
        (folder / "transcript.vtt").write_bytes(vtt(lines, script).encode())
        (folder / "timeline.json").write_text(json.dumps(timeline(lines, script), separators=(",", ":")))
        (folder / "chat.txt").write_bytes(chat(script).encode())
        (folder / "facts.json").write_text(json.dumps(facts(pcm, lines, script), indent=1) + "\n")


def voice(script: Script) -> tuple[Pcm, list[Line]]:
    """The whole meeting as 16 kHz mono samples, and when each sentence is said."""
    pieces: list[Pcm] = [_silence(LEAD_IN)]
    lines: list[Line] = []
    for who, sentences in script.turns:
        for sentence in sentences:
            spoken = speak(script.speakers[who], sentence.removeprefix("~"))
            start = sum(map(len, pieces)) / SAMPLE_RATE
            lines.append(Line(who, sentence.removeprefix("~"), start, start + len(spoken) / SAMPLE_RATE, not sentence.startswith("~")))
            pieces += [spoken, _silence(BETWEEN_SENTENCES)]
        pieces.append(_silence(BETWEEN_TURNS - BETWEEN_SENTENCES))
    return np.concatenate(pieces), lines


def _silence(seconds: float) -> Pcm:
    return np.zeros(round(seconds * SAMPLE_RATE), dtype=np.int16)


def speak(speaker: Speaker, text: str) -> Pcm:
    """One sentence, levelled, without silence around it. Needs flite."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        command = ["flite", "-voice", speaker.voice, "--setf", f"duration_stretch={speaker.pace}", "-t", text, "-o", file.name]
        subprocess.run(command, check=True)  # noqa: S603 our own words and voices
        with wave.open(file.name) as wav:
            if wav.getframerate() != SAMPLE_RATE:
                raise ValueError(f"voice {speaker.voice} does not speak at {SAMPLE_RATE} Hz")
            pcm = np.frombuffer(wav.readframes(wav.getnframes()), dtype=np.int16)
    return _levelled(_trimmed(pcm))


def _trimmed(pcm: Pcm) -> Pcm:
    """Without the silence flite puts around a sentence, so that times are those of the words."""
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > 300)
    margin = SAMPLE_RATE // 20
    return pcm[max(0, int(loud[0]) - margin) : int(loud[-1]) + margin]


def _levelled(pcm: Pcm) -> Pcm:
    gain = 0.1 * 32768 / np.sqrt(np.mean(np.square(pcm.astype(np.float64))))
    return np.asarray(np.clip(pcm * gain, -32000, 32000), dtype=np.int16)


def write_audio(path: Path, pcm: Pcm) -> None:
    """AAC mono in an m4a whose index stands in front, as Zoom's do."""
    with av.open(str(path), "w", format="ipod", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono", bit_rate=BIT_RATE)
        for packet in _encoded(stream, pcm):
            container.mux(packet)


def write_video(path: Path, pcm: Pcm) -> None:
    """The same speech in an mp4 with one black picture a second."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        video = container.add_stream("libx264", rate=1, options={"crf": "51", "preset": "veryslow"})
        video.width, video.height, video.pix_fmt = 160, 90, "yuv420p"
        audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono", bit_rate=BIT_RATE)
        black = np.zeros((90, 160, 3), dtype=np.uint8)
        for second in range(len(pcm) // SAMPLE_RATE + 1):
            frame = av.VideoFrame.from_ndarray(black, format="rgb24")
            frame.pts = second
            container.mux(video.encode(frame))
        container.mux(video.encode())
        for packet in _encoded(audio, pcm):
            container.mux(packet)


def _encoded(stream: Any, pcm: Pcm) -> Iterator[Any]:
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=SAMPLE_RATE)
    frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = SAMPLE_RATE
    fifo = av.AudioFifo()
    for resampled in resampler.resample(frame):
        resampled.pts = None
        fifo.write(resampled)
    while (piece := fifo.read(stream.codec_context.frame_size or 1024, partial=True)) is not None:
        yield from stream.encode(piece)
    yield from stream.encode()


def vtt(lines: list[Line], script: Script) -> str:
    """The TRANSCRIPT file: numbered cues, `Name: words`."""
    cues = [f"WEBVTT{script.newline}"]
    for number, line in enumerate(lines, 1):
        name = f"{script.speakers[line.speaker].name}: " if line.named else ""
        cues.append(script.newline.join((str(number), f"{clock(line.start)} --> {clock(line.end)}", name + line.text, "")))
    return script.newline.join(cues)


def timeline(lines: list[Line], script: Script) -> dict[str, Any]:
    """The TIMELINE file: who is heard from when on; nobody in the gaps."""
    changes: list[dict[str, Any]] = []
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        changes.append({"ts": clock(line.start), "users": [_user(script, line.speaker)]})
        if following is None or following.speaker != line.speaker:
            changes.append({"ts": clock(line.end), "users": []})
    return {"version": 1, "timeline": changes, "timeline_refine": [c for c in changes if c["users"]]}


def _user(script: Script, key: str) -> dict[str, Any]:
    speaker = script.speakers[key]
    number = 16_778_240 + 1_024 * list(script.speakers).index(key)
    return {
        "username": speaker.name,
        "multiple_people": False,
        "user_id": number,
        "zoom_userid": _zoom_id(speaker) if speaker.email else "",
        "avatar_url": "",
        "client_type": 0,
        "email_address": speaker.email,
    }


def _zoom_id(speaker: Speaker) -> str:
    """22 characters of base64url, as Zoom's user ids are."""
    return base64.urlsafe_b64encode(hashlib.sha256(speaker.email.encode()).digest()).decode()[:22]


def chat(script: Script) -> str:
    """The CHAT file: time, name and message between tabs."""
    return "".join(f"{clock(at)[:8]}\t{script.speakers[who].name}:\t{text}\r\n" for at, who, text in script.chat)


def facts(pcm: Pcm, lines: list[Line], script: Script) -> dict[str, Any]:
    """What the sandbox must know about the sample, and the words as they were spoken, for tests."""
    return {
        "topic": script.topic,
        "seconds": round(len(pcm) / SAMPLE_RATE, 3),
        "participants": [{"name": s.name, "email": s.email} for s in script.speakers.values()],
        "lines": [
            {"speaker": script.speakers[line.speaker].name, "start": round(line.start, 3), "end": round(line.end, 3), "text": line.text}
            for line in lines
        ],
    }


def clock(seconds: float) -> str:
    """`HH:MM:SS.mmm`."""
    milliseconds = round(seconds * 1000)
    return f"{milliseconds // 3_600_000:02}:{milliseconds // 60_000 % 60:02}:{milliseconds // 1000 % 60:02}.{milliseconds % 1000:03}"


if __name__ == "__main__":
    main()
