"""`momentum process FILE...`: the main job on any audio or video file, without an account or a database."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from momentum.clock import real_clock
from momentum.errors import MomentumError
from momentum.model import Options
from momentum.pipeline.origins import FileOrigin
from momentum.pipeline.places import MemoryShelf
from momentum.pipeline.process import Job, process
from momentum.settings import Settings, load_settings
from momentum.tools import Tools, open_tools
from momentum.writers import transcripts
from momentum.writers.markdown import render


def run(files: Sequence[str], *, out: str | None, language: str | None, as_json: bool) -> int:
    """Exit code: 0 when every file was processed, else 1."""
    settings = load_settings()
    return asyncio.run(
        _run_all([Path(f) for f in files], Path(out) if out else None, language or settings.language, settings, as_json=as_json)
    )


async def _run_all(files: list[Path], out: Path | None, language: str | None, settings: Settings, *, as_json: bool) -> int:
    console = Console(stderr=True)
    async with open_tools(settings, real_clock) as tools:
        results = [await _attempt(path, out or path.parent, language, tools, console) for path in files]
    if as_json:
        print(json.dumps({"files": results}, ensure_ascii=False))
    else:
        _tell(results)
    return 0 if all("error_code" not in r for r in results) else 1


async def _attempt(path: Path, out: Path, language: str | None, tools: Tools, console: Console) -> dict[str, Any]:
    try:
        return await _process_one(path, out, language, tools, console)
    except MomentumError as error:
        return {"file": str(path), "error_code": str(error.code), "detail": error.detail}


async def _process_one(path: Path, out: Path, language: str | None, tools: Tools, console: Console) -> dict[str, Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(path.name, total=1.0)

        def watch(step: str, _state: str, fraction: float | None, _detail: dict[str, Any]) -> None:
            bar.update(task, description=f"{path.name}: {step}", completed=fraction or 0.0)

        shelf = MemoryShelf(watch=watch)
        origin = FileOrigin(path)
        await process(Job(origin, shelf, Options(language=language), tools))
        meeting = await origin.meeting()
    return await asyncio.to_thread(_write, path, out, shelf, meeting)


def _write(path: Path, out: Path, shelf: MemoryShelf, meeting: Any) -> dict[str, Any]:
    out.mkdir(parents=True, exist_ok=True)
    transcript = list(shelf.transcripts.values())[-1]
    written = {}
    for extension, render_transcript in transcripts.FORMATS.items():
        target = out / f"{path.stem}.transcript.{extension}"
        target.write_text(render_transcript(transcript), "utf-8")
        written[extension] = str(target)
    documents = {}
    for deliverable_id in shelf.delivered:
        deliverable = shelf.deliverables[deliverable_id]
        target = out / f"{path.stem}.{deliverable.kind}.md"
        target.write_text(render(deliverable, meeting), "utf-8")
        documents[deliverable.kind] = str(target)
    return {
        "file": str(path),
        "audio_seconds": round(transcript.seconds, 2),
        "words": transcript.word_count,
        "language": transcript.language,
        "engine": transcript.engine,
        "seconds_per_step": shelf.seconds_per_step,
        "transcript": written,
        "deliverables": documents,
    }


def _tell(results: list[dict[str, Any]]) -> None:
    for result in results:
        if "error_code" in result:
            print(f"{result['file']}: {result['detail']} [{result['error_code']}]", file=sys.stderr)
            continue
        print(f"{result['file']}: {result['words']} words in {result['audio_seconds']:.0f} s of audio, by {result['engine']}")
        for written in (*result["transcript"].values(), *result["deliverables"].values()):
            print(f"  {written}")
