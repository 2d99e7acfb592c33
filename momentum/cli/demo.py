"""`momentum demo`: the whole way against a local Zoom, by the same doors a person would use."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import quote, urlsplit

from rich.console import Console

from momentum import logs
from momentum.app import App, open_app
from momentum.cli import stopping
from momentum.cli.browser import Browser
from momentum.cli.results import require_writable, write_results
from momentum.cli.serve import doors
from momentum.cli.throwaway import own_world, temporary_home
from momentum.clock import real_clock
from momentum.errors import ErrorCode, MomentumError, Permanent
from momentum.inbound import free_port
from momentum.model import STEPS
from momentum.outbound.client import ApiClient
from momentum.sandbox import CLIENT_ID, CLIENT_SECRET, Sandbox, running_sandbox
from momentum.settings import Settings
from momentum.web.links import sign_in_link

POLL_SECONDS = 0.2
LONGEST_SECONDS = 600.0


def run(*, once: bool, as_json: bool, port: int, out: str) -> int:
    """Exit code 0 when the deliverable is there, 1 with the reason otherwise. `once`: what was made stays in the folder `out`."""
    console = Console(stderr=as_json, highlight=False)
    try:
        return stopping.run(_demo(console, Path(out).absolute() if once else None, as_json=as_json, port=port))
    except MomentumError as error:
        if as_json:
            print(json.dumps({"ok": False, "error_code": str(error.code), "detail": error.detail}))
        print(f"The demo did not succeed: {error.detail} [{error.code}]", file=sys.stderr)
        return 1


async def _demo(console: Console, out: Path | None, *, as_json: bool, port: int) -> int:
    logs.configure("error", "auto")  # what must be said is said in sentences
    if out:
        require_writable(out)
    async with _world(port) as (app, zoom, web_port):
        console.print(f"A local Zoom answers on {zoom.base}; Momentum on {app.settings.base_url}", soft_wrap=True)
        async with ApiClient(private_hosts=frozenset({"localhost", "127.0.0.1"})) as client:
            visit = Visit(app, Browser(client, f"http://localhost:{web_port}"), console)
            result = await visit.whole_way()
            result |= await visit.kept(result, out) if out else await visit.links(result)
        _tell(console, result)
        if as_json:
            print(json.dumps({"ok": True, **result}, ensure_ascii=False), flush=True)
        if not out:
            console.print(f"Another link, while this runs: {_link_command(app.settings)}", markup=False, soft_wrap=True)
            console.print("Everything stays up until you press Ctrl-C.")
            await stopping.until_told_to_stop()
    return 0


@asynccontextmanager
async def _world(port: int) -> AsyncIterator[tuple[App, Sandbox, int]]:
    async with temporary_home() as home:
        port = port or free_port("127.0.0.1")
        redirect_uri = f"http://localhost:{port}/api/zoom/auth"
        async with running_sandbox(now=real_clock, redirect_uris=(redirect_uri,)) as zoom:
            settings = _settings(home, port, redirect_uri, zoom)
            async with open_app(settings) as app, doors(app, with_web=True, with_worker=True, setting="--port") as web_port:
                yield app, zoom, web_port or settings.port


def _settings(home: Path, port: int, redirect_uri: str, zoom: Sandbox) -> Settings:
    return own_world(
        home,
        port,
        zoom_client_id=CLIENT_ID,
        zoom_client_secret=CLIENT_SECRET,
        zoom_redirect_uri=redirect_uri,
        zoom_oauth_base=zoom.oauth_base,
        zoom_api_base=zoom.api_base,
    )


class Visit:
    """A person's first ten minutes, by HTTP alone: sign in, connect, list, process, read."""

    def __init__(self, app: App, browser: Browser, console: Console) -> None:
        self._app, self._browser, self._console = app, browser, console

    async def whole_way(self) -> dict[str, Any]:
        """The demo's result, JSON-ready. Raises Permanent with the reason when a step fails."""
        await self._browser.sign_in(urlsplit(await sign_in_link(self._app)).path)
        connected = await self._connect()
        meetings = await self._list()
        processing = await self._process(meetings)
        documents = [await self._read(i) for i in processing["deliverable_ids"]]
        transcript = await self._browser.json("GET", f"/api/transcripts/{processing['transcript_id']}")
        return {
            "connected": {"zoom": connected["connected"], "account": connected["account_email"], "scopes": connected["scopes"]},
            "listed": len(meetings),
            "processed": {
                "topic": processing["topic"],
                "audio_seconds": processing["audio_seconds"],
                "words": sum(len(s["text"].split()) for s in transcript["segments"]),
                "seconds_per_step": {step: processing["seconds_per_step"][step] for step in STEPS},
            },
            "transcript_id": processing["transcript_id"],
            "deliverables": documents,
        }

    async def links(self, result: dict[str, Any]) -> dict[str, Any]:
        """Where `result` can be read as long as the demo runs."""
        base, documents = self._browser.base, result["deliverables"]
        return {
            "transcript": f"{base}/api/transcripts/{result['transcript_id']}",
            "deliverables": [document | {"url": f"{base}/deliverables/{document['id']}"} for document in documents],
            "read_it_at": await sign_in_link(self._app, next_path=f"/deliverables/{documents[0]['id']}"),
        }

    async def kept(self, result: dict[str, Any], folder: Path) -> dict[str, Any]:
        """Write what was made into `folder`, where it stays when the demo and its database are gone."""
        texts = {"transcript.txt": await self._browser.text(f"/api/transcripts/{result['transcript_id']}?format=text")}
        texts |= {f"{document['kind']}.md": document["markdown"] for document in result["deliverables"]}
        paths = await asyncio.to_thread(write_results, folder, result["processed"]["topic"].replace("/", "-"), texts)
        documents = [document | {"file": str(paths[f"{document['kind']}.md"])} for document in result["deliverables"]]
        return {"transcript": str(paths["transcript.txt"]), "deliverables": documents, "read_it_at": documents[0]["file"]}

    async def _connect(self) -> dict[str, Any]:
        begun = await self._browser.json("GET", "/api/zoom/auth-url")
        page = await self._browser.consent(begun["auth_url"])
        if page.status != 200:
            raise Permanent(ErrorCode.PROVIDER_ANSWER_INVALID, f"The way back from Zoom ended with HTTP {page.status}.")
        status = await self._browser.json("GET", "/api/zoom/status")
        self._console.print(f"Connected to Zoom as {status['account_email']} by OAuth (code, PKCE, token)")
        return status

    async def _list(self) -> list[dict[str, Any]]:
        meetings: list[dict[str, Any]] = (await self._browser.json("GET", "/api/zoom/meetings"))["meetings"]
        self._console.print(f"Found {len(meetings)} recordings:")
        for meeting in meetings[:5]:
            self._console.print(f"  {meeting['started_at']}  {meeting['topic']}", markup=False)
        return meetings

    async def _process(self, meetings: list[dict[str, Any]]) -> dict[str, Any]:
        heard = [m for m in meetings if any(f["kind"] in {"audio", "video"} for f in m["files"])]
        if not heard:
            raise Permanent(ErrorCode.RECORDING_NOT_FOUND, "The local Zoom has no recording with audio.")
        accepted = await self._browser.json("POST", f"/api/zoom/download/{_segment(heard[0]['id'])}", body={})
        return await self._watch(accepted["status_url"])

    async def _watch(self, url: str) -> dict[str, Any]:
        started, told = monotonic(), _Told(self._console)
        path, state = urlsplit(url).path, dict[str, Any]()
        while monotonic() - started < LONGEST_SECONDS:
            state = await self._browser.json("GET", path)
            told.tell(state)
            if state["state"] == "done":
                return dict(state)
            if state["state"] in {"failed", "cancelled", "action_required"}:
                raise Permanent(ErrorCode(state["error_code"]), state["error_detail"])
            await asyncio.sleep(POLL_SECONDS)
        raise too_long(state)

    async def _read(self, deliverable_id: str) -> dict[str, Any]:
        found = await self._browser.json("GET", f"/api/deliverables/{deliverable_id}")
        text = await self._browser.text(f"/api/deliverables/{deliverable_id}?format=markdown")
        return {
            "id": deliverable_id,
            "kind": found["kind"],
            "title": found["title"],
            "claims": len(found["claims"]),
            "markdown": text,
        }


def too_long(state: dict[str, Any]) -> Permanent:
    """Why a processing that is still under way after LONGEST_SECONDS is not waited for."""
    late = f"The recording was not processed within {LONGEST_SECONDS:.0f} seconds"
    if state.get("state") == "waiting" and state["error_code"]:
        return Permanent(ErrorCode(state["error_code"]), f"{late}. It waits: {state['error_detail']}")
    return Permanent(ErrorCode.INTERNAL, f"{late}: it stands at the step {state.get('step') or 'before the first'!r}.")


class _Told:
    """What the person has been told of a processing: each step once when it is finished, its progress by tenths."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._finished: set[str] = set()
        self._tenth = -1
        self._waited: tuple[str, str] | None = None

    def tell(self, state: dict[str, Any]) -> None:
        """Print what is new."""
        for step in STEPS:
            if step in state["seconds_per_step"] and step not in self._finished:
                self._finished.add(step)
                self._tenth = -1
                self._console.print(f"  {step:<11} done in {state['seconds_per_step'][step]:.2f} s")
        tenth = int((state["fraction"] or 0) * 10)
        if state["step"] not in self._finished and state["state"] == "running" and tenth > max(self._tenth, 0):
            self._tenth = tenth
            self._console.print(f"  {state['step']:<11} {tenth * 10:>3} %")
        waits = (state["error_detail"], state["next_try_at"]) if state["state"] == "waiting" else None
        if waits not in {None, self._waited}:
            self._waited = waits
            self._console.print(f"  waiting: {state['error_detail']} Next try at {state['next_try_at']}.", markup=False, soft_wrap=True)


def _segment(meeting_id: str) -> str:
    return quote(quote(meeting_id, safe=""), safe="")


def _tell(console: Console, result: dict[str, Any]) -> None:
    processed = result["processed"]
    console.print(f"{processed['words']} words from {processed['audio_seconds']:.0f} s of sound.")
    for document in result["deliverables"]:
        console.rule()
        console.print(document["markdown"], markup=False, soft_wrap=True)
        console.rule()
    if urlsplit(result["read_it_at"]).scheme:
        console.print(f"Read it in a browser (the link works once): {result['read_it_at']}", soft_wrap=True)
        return
    for file in (result["transcript"], *(document["file"] for document in result["deliverables"])):
        console.print(f"Kept: {file}", markup=False, soft_wrap=True)


def _link_command(settings: Settings) -> str:
    ours = [sys.argv[0]] if Path(sys.argv[0]).name == "momentum" else [sys.executable, "-m", "momentum"]
    return shlex.join([*ours, "link", "--home", str(settings.home), "--port", str(settings.port)])
