"""`momentum process FILE...`: the main job on any audio or video file, without an account or a database."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from momentum.cli.results import require_writable, write_results
from momentum.cli.start import start
from momentum.cli.stopping import STOPPED
from momentum.cli.unfinished import UnfinishedLedger
from momentum.clock import real_clock
from momentum.errors import ErrorCode, MomentumError
from momentum.model import Meeting, Options
from momentum.pipeline.jobs import Job
from momentum.pipeline.origins import FileOrigin
from momentum.pipeline.places import MemoryShelf
from momentum.pipeline.process import process
from momentum.redaction import Redaction
from momentum.settings import Settings
from momentum.tools import Tools, open_tools
from momentum.writers import exports, render

_ALWAYS = ("txt", "vtt", "srt", "json")
"""Forms of the transcript that nobody has to ask for."""
_FAULTS_OF_THE_FILE = {ErrorCode.MEDIA_EMPTY, ErrorCode.MEDIA_UNREADABLE, ErrorCode.MEDIA_TRUNCATED, ErrorCode.MEDIA_NO_AUDIO}


def run(files: Sequence[str], *, out: str | None, language: str | None, as_json: bool, formats: Sequence[str] = ()) -> int:
    """Exit code: 0 when every file was processed whole, 130 after Ctrl-C, else 1."""
    settings = start()
    options = Options(language=language or settings.language)
    visit = Visit(settings, Path(out) if out else None, options, as_json=as_json, formats=exports.named(formats))
    with asyncio.Runner() as runner:
        try:
            return runner.run(visit.process_all(files))
        except KeyboardInterrupt:
            print("Stopped.", file=sys.stderr)
            _tell_unfinished(visit.unfinished)
            sys.stdout.flush()
            sys.stderr.flush()
            # Everything of ours has been ended; only a thread inside the speech engine may still count, and cannot be told to stop.
            os._exit(STOPPED)


class Visit:
    """One call of the command."""

    def __init__(
        self, settings: Settings, out: Path | None, options: Options, *, as_json: bool, formats: Sequence[exports.Format] = ()
    ) -> None:
        self._settings, self._out, self._options, self._as_json, self._formats = settings, out, options, as_json, formats
        self._redaction = Redaction.of(settings.redact, settings.redact_names)
        self._console = Console(stderr=True)
        self.unfinished: Path | None = None
        """Where the file at hand keeps what was heard of it so far."""

    async def process_all(self, files: Sequence[str]) -> int:
        """Each file in turn; one that fails does not keep the others from their results."""
        results = []
        async with open_tools(self._settings, real_clock) as tools:
            for file in files:
                results.append(await self._attempt(file, tools))
                if not self._as_json:
                    _tell(results[-1])
        if self._as_json:
            print(json.dumps({"files": results}))
        return 0 if all("error_code" not in r for r in results) else 1

    async def _attempt(self, file: str, tools: Tools) -> dict[str, Any]:
        shelf = MemoryShelf()
        kept: dict[str, Any] = {"file": file}
        try:
            await self._process(Path(file), shelf, tools, kept)
        except MomentumError as error:
            kept |= {"error_code": str(error.code), "detail": error.detail}
        except Exception:  # noqa: BLE001 -- a bug with one file must not take the other files' results along
            traceback.print_exc()
            kept |= {"error_code": str(ErrorCode.INTERNAL), "detail": "Something broke on our side; what it was stands above."}
        return kept

    async def _process(self, path: Path, shelf: MemoryShelf, tools: Tools, kept: dict[str, Any]) -> None:
        """Adds to `kept` what was made, also when a later step fails."""
        origin = FileOrigin(path, max_bytes=self._settings.max_recording_bytes)
        await origin.look()
        folder = self._out or path.parent
        require_writable(folder)
        ledger = await asyncio.to_thread(UnfinishedLedger.open, folder, path)
        shelf.ledger, shelf.answers, shelf.sent, self.unfinished = ledger, ledger.answers, ledger.sent, ledger.path
        try:
            with _Bar(path, self._console) as shelf.watch:
                await process(Job(origin, shelf, self._options, tools, self._redaction))
        except MomentumError:
            with contextlib.suppress(MomentumError):  # the first failure is the one to tell
                kept |= await asyncio.to_thread(self._write, path, folder, shelf, await origin.meeting())
            if ledger.is_kept:
                kept["unfinished"] = str(ledger.path)
            raise
        kept |= await asyncio.to_thread(self._write, path, folder, shelf, await origin.meeting())
        if shelf.incomplete:
            kept |= {"error_code": str(ErrorCode.MEDIA_TRUNCATED), "detail": shelf.incomplete}
        ledger.close()
        self.unfinished = None

    def _write(self, path: Path, folder: Path, shelf: MemoryShelf, meeting: Meeting) -> dict[str, Any]:
        if not shelf.transcripts:
            return {}
        transcript = list(shelf.transcripts.values())[-1]
        texts: dict[str, str | bytes] = dict(exports.files(exports.named(_ALWAYS), transcript, (), meeting))
        delivered = [shelf.deliverables[i] for i in shelf.delivered]
        texts |= {f"{deliverable.kind}.md": render(deliverable, meeting) for deliverable in delivered}
        exported = exports.files(self._formats, transcript, delivered, meeting)
        paths = write_results(folder, path.stem, exported | texts)
        return {
            "audio_seconds": round(transcript.seconds, 2),
            "words": transcript.word_count,
            "language": transcript.language,
            "engine": transcript.engine,
            "seconds_per_step": shelf.seconds_per_step,
            "transcript": {extension: str(paths[f"transcript.{extension}"]) for extension in _ALWAYS},
            "deliverables": {deliverable.kind: str(paths[f"{deliverable.kind}.md"]) for deliverable in delivered},
            "exported": {key: str(paths[key]) for key in exported if key not in texts},
        }


class _Bar:
    """Progress on a terminal; silence in a pipe or a log."""

    def __init__(self, path: Path, console: Console) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._name = shown(path.name)
        self._task = self._progress.add_task(self._name, total=1.0)

    def __enter__(self) -> Any:
        self._progress.start()
        return self._watch

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def _watch(self, step: str, _state: str, fraction: float | None, _detail: dict[str, Any]) -> None:
        self._progress.update(self._task, description=f"{self._name}: {step}", completed=fraction or 0.0)


def _tell(result: dict[str, Any]) -> None:
    file = shown(result["file"])
    if "error_code" in result:
        print(f"{file}: {shown(result['detail'])} [{result['error_code']}]", file=sys.stderr)
        _tell_unfinished(Path(result["unfinished"]) if "unfinished" in result else None, mended=result["error_code"] in _FAULTS_OF_THE_FILE)
    if "words" in result:
        print(f"{file}: {result['words']} words in {result['audio_seconds']:.0f} s of audio, by {result['engine']}")
        for written in (*result["transcript"].values(), *result["deliverables"].values(), *result["exported"].values()):
            print(f"  {shown(written)}")
    sys.stdout.flush()


def _tell_unfinished(path: Path | None, *, mended: bool = False) -> None:
    """`mended`: the file itself is at fault, and the same command would end the same way."""
    if path is not None and path.exists():
        when = "once the file is mended, the same command" if mended else "the same command"
        print(f"What was finished so far is kept in {shown(str(path))}: {when} goes on from there.", file=sys.stderr)


def shown(text: str) -> str:
    """`text` on one line of any terminal: what would break the line, move the cursor or not encode is escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
