"""Downloads: Zoom's host checks the token and sends on to a storage host, which must never see one."""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from momentum.sandbox.answers import page, sandbox_of
from momentum.sandbox.catalogue import MediaFile, Meeting
from momentum.sandbox.world import Sandbox

SIGNATURE_LIFE = 300
BLOCK = 64 * 1024


async def download(request: Request) -> Response:
    """302 to the storage host for whoever may; else what Zoom shows: a sign-in page with status 200, or 401."""
    sandbox, path = sandbox_of(request), request.url.path
    found = sandbox.file_at(path)
    if found is None:
        return page("Page not found - Zoom", "<p>This page does not exist.</p>", 404)
    meeting, file, current = found
    if (fault := _refusal(sandbox, file, path)) is not None:
        return fault
    token = _token(request)
    if not token:
        return _sign_in_page()
    if not current or not _may_read(sandbox, meeting, token):
        return _unauthorized()
    if sandbox.faults.fire("download_direct", path=path, file=file.tags) is not None:
        return _deliver(sandbox, file, request.headers)
    return _send_on(sandbox, file)


async def webhook_download(request: Request) -> Response:
    """The links in webhooks: the webhook's own token opens them, and no other."""
    sandbox = sandbox_of(request)
    found = sandbox.file(request.path_params["file"].partition(".")[0])
    if found is None:
        return page("Page not found - Zoom", "<p>This page does not exist.</p>", 404)
    token = _token(request)
    if token not in sandbox.download_tokens or not _may_read(sandbox, found[0], token):
        return _unauthorized()
    return _send_on(sandbox, found[1])


def _refusal(sandbox: Sandbox, file: MediaFile, path: str) -> Response | None:
    """What the first fault that strikes answers."""
    for name, answer in _REFUSALS.items():
        if (options := sandbox.faults.fire(name, path=path, file=file.tags)) is not None:
            return answer(sandbox, file, options)
    return None


def _retired(sandbox: Sandbox, file: MediaFile, _options: Mapping[str, Any]) -> Response:
    sandbox.retire_url(file)
    return _unauthorized()


def _elsewhere(_sandbox: Sandbox, _file: MediaFile, options: Mapping[str, Any]) -> Response:
    return RedirectResponse(str(options.get("location", "http://10.255.255.1/private")), 302)


_REFUSALS: Mapping[str, Callable[[Sandbox, MediaFile, Mapping[str, Any]], Response]] = {
    "download_html_200": lambda *given: _passcode_page() if given[2].get("page") == "passcode" else _sign_in_page(),
    "stale_url": _retired,
    "download_401": lambda *_: _unauthorized(),
    "download_404_html": lambda *_: page("Recording does not exist - Zoom", "<p>This recording does not exist.</p>", 404),
    "redirect_loop": lambda sandbox, file, _: RedirectResponse(f"{sandbox.base}{sandbox.download_path(file)}", 302),
    "redirect_private": _elsewhere,
}


def _sign_in_page() -> Response:
    return page("Sign In - Zoom", "<p>Only the host can download this recording. Please sign in.</p>")


def _passcode_page() -> Response:
    return page("Password Required - Zoom", "<p>This recording is protected by a passcode.</p>")


def _unauthorized() -> Response:
    return JSONResponse({"status": False, "errorCode": 401, "errorMessage": "Unauthorized"}, 401)


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else request.query_params.get("access_token", "")


def _may_read(sandbox: Sandbox, meeting: Meeting, token: str) -> bool:
    bound_to, until = sandbox.download_tokens.get(token, ("", sandbox.now()))
    if bound_to:
        return bound_to == meeting.uuid and until > sandbox.now()
    access = sandbox.grants.find(token)
    alive = access is not None and access.alive and access.expires_at > sandbox.now()
    return access is not None and alive and (access.whole_account or access.user_id == meeting.owner.id)


def _send_on(sandbox: Sandbox, file: MediaFile) -> Response:
    expires = int(sandbox.now().timestamp()) + SIGNATURE_LIFE
    signed = f"Expires={expires}&Signature={sandbox.sign(file, expires)}"
    name = f"{file.recording_type}.{file.extension.lower()}"
    return RedirectResponse(f"{sandbox.storage_base}/{file.id}/{name}?{signed}", 302)


async def stored(request: Request) -> Response:
    """The storage host: the signature in the URL is all it wants."""
    sandbox = sandbox_of(request)
    if "authorization" in request.headers or "access_token" in request.query_params:
        sandbox.leaks.append(request.url.path)
        return page("InvalidRequest", "<p>Only one authentication mechanism is allowed.</p>", 400)
    found = sandbox.file(request.path_params["file_id"])
    if found is None or not _signed(sandbox, found[1], request):
        return _signature_refused()
    file = found[1]
    if sandbox.faults.fire("signature_expired", file=file.tags) is not None:
        return _signature_refused()
    if sandbox.faults.fire("download_500", file=file.tags) is not None:
        return page("InternalError", "<p>Please try again.</p>", 500)
    return _deliver(sandbox, file, request.headers)


def _signature_refused() -> Response:
    return page("AccessDenied", "<p>The signature does not match or has expired.</p>", 403)


def _signed(sandbox: Sandbox, file: MediaFile, request: Request) -> bool:
    expires = request.query_params.get("Expires", "")
    if not expires.isdigit() or int(expires) < sandbox.now().timestamp():
        return False
    return request.query_params.get("Signature") == sandbox.sign(file, int(expires))


@dataclass(frozen=True, slots=True)
class _Body:
    """What is sent: `content`, then zeros up to `announced`, but no more than `sent` bytes in all."""

    content: bytes
    etag: str
    announced: int
    sent: int
    pace: float | None = None
    """Bytes a second."""

    async def blocks(self, sandbox: Sandbox, start: int, end: int) -> AsyncIterator[bytes]:
        began = time.monotonic()
        block = BLOCK if self.pace is None else max(1, min(BLOCK, round(self.pace / 10)))
        position, end = start, min(end, self.sent)
        while position < end and not sandbox.closing.is_set():
            piece = self.content[position : min(position + block, end)] or bytes(min(block, end - position))
            position += len(piece)
            if self.pace is not None:
                await sandbox.pause(max(0.0, began + (position - start) / self.pace - time.monotonic()))
            yield piece


def _deliver(sandbox: Sandbox, file: MediaFile, asked: Mapping[str, str]) -> Response:
    body = _body(sandbox, file)
    headers = {
        "content-type": file.content_type,
        "content-disposition": f'attachment; filename="{file.recording_type}.{file.extension.lower()}"',
        "etag": body.etag,
    }
    wanted = asked.get("range")
    if sandbox.faults.fire("range_ignored", file=file.tags) is not None:
        wanted = None
    else:
        headers["accept-ranges"] = "bytes"
    if asked.get("if-range", body.etag) != body.etag:
        wanted = None  # of another version: the whole, as RFC 9110, 13.1.5 wants it
    span = _asked_span(sandbox, file, wanted, body.announced)
    if span is None:
        return Response(status_code=416, headers={"content-range": f"bytes */{body.announced}"})
    start, end = span
    if sandbox.faults.fire("download_chunked", file=file.tags) is None:
        headers["content-length"] = str(end - start)
    if wanted:
        headers["content-range"] = f"bytes {start}-{end - 1}/{body.announced}"
    return StreamingResponse(body.blocks(sandbox, start, end), 206 if wanted else 200, headers=headers)


def _asked_span(sandbox: Sandbox, file: MediaFile, wanted: str | None, size: int) -> tuple[int, int] | None:
    if wanted and sandbox.faults.fire("range_refused", file=file.tags) is not None:
        return None
    span = _span(wanted, size)
    fault = sandbox.faults.fire("range_wrong", file=file.tags) if wanted and span else None
    if fault is None or span is None:
        return span
    return max(0, span[0] - int(fault.get("shift", 1000))), span[1]


def _body(sandbox: Sandbox, file: MediaFile) -> _Body:
    def struck(name: str) -> dict[str, Any] | None:
        return sandbox.faults.fire(name, file=file.tags)

    content, etag = _content(sandbox, file)
    announced = len(content)
    if (fault := struck("huge_file")) is not None:
        announced = int(fault.get("bytes", 4 * 2**30))
    sent = announced
    if (fault := struck("download_truncated")) is not None:
        sent = int(announced * float(fault.get("fraction", 0.5)))
    slow = struck("download_slow")
    return _Body(content, etag, announced, sent, None if slow is None else float(slow.get("bytes_per_second", 50_000)))


def _content(sandbox: Sandbox, file: MediaFile) -> tuple[bytes, str]:
    """The bytes there are, and their ETag."""

    def struck(name: str) -> dict[str, Any] | None:
        return sandbox.faults.fire(name, file=file.tags)

    content, etag = file.content, f'"{file.id}"'
    if struck("garbage_file") is not None:
        content = _noise(file.id, len(content))
    if struck("file_changed") is not None:
        version = sandbox.faults.fired["file_changed"]
        content, etag = _noise(f"{file.id}:{version}", len(content)), f'"{file.id}:{version}"'
    if struck("text_file") is not None:
        content = (b"This is not a recording.\n" * (len(content) // 25 + 1))[: len(content)]
    if struck("empty_file") is not None:
        content = b""
    if (fault := struck("download_wrong_length")) is not None:
        length = int(len(content) * float(fault.get("fraction", 0.9)))
        content = content[:length].ljust(length, b"\0")
    return content, etag


def _noise(seed: str, size: int) -> bytes:
    return hashlib.shake_256(seed.encode()).digest(size)


def _span(wanted: str | None, size: int) -> tuple[int, int] | None:
    """[start, end) of a `Range` header of one range; everything without one; None when it cannot be had."""
    if not wanted:
        return 0, size
    unit, _, spec = wanted.partition("=")
    first, dash, last = spec.strip().partition("-")
    if unit.strip() != "bytes" or not dash or not (first or last).isdigit():
        return None
    if not first:
        return max(0, size - int(last)), size
    start, end = int(first), min(size, int(last) + 1) if last.isdigit() else size
    return (start, end) if start < end else None


async def watch_page(_request: Request) -> Response:
    """Share and play links are for people."""
    return _passcode_page()


ROUTES = [
    Route("/rec/download/{token:path}", download),
    Route("/rec/webhook_download/{file}/{token}", webhook_download),
    Route("/rec/share/{token:path}", watch_page),
    Route("/rec/play/{token:path}", watch_page),
]
STORAGE_ROUTES = [Route("/{file_id}/{name}", stored)]
