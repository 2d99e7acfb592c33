"""What of a meeting leaves this process: noted where it is sent, once for every request, before its first byte."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

import httpx2

from momentum.errors import MomentumError
from momentum.model import Clock

What = Literal["audio", "text"]


@dataclass(frozen=True, slots=True)
class Sending:
    """One request with something of a meeting in it, as it left this process.

    `size` is what was announced, in bytes of the body: prompt and schema included, headers and TLS not; an upload that broke off
    counts whole. `purpose` is the engine that listened ("openai:whisper-1") or the writer that asked ("minutes").
    """

    at: datetime
    host: str
    """With the port where it is not the scheme's own."""
    what: What
    purpose: str
    model: str
    size: int
    earlier: bool = False
    """Sent by another processing of the same recording."""

    @property
    def stayed(self) -> bool:
        """Whether it went to this very machine."""
        name = self.host.rpartition(":")[0] if self.host.rpartition(":")[2].isdigit() else self.host
        try:
            return ipaddress.ip_address(name.strip("[]")).is_loopback
        except ValueError:
            return name == "localhost"


class Sendings(Protocol):
    """Where sendings are kept."""

    async def note(self, sending: Sending) -> None:
        """Keep it. Where that fails nothing is sent."""
        ...


_for: ContextVar[tuple[Sendings, str] | None] = ContextVar("sendings", default=None)


@contextmanager
def noted(sendings: Sendings, purpose: str) -> Iterator[None]:
    """Whatever is sent in this block, and by tasks begun in it, is kept in `sendings` first.

    A context variable, as engines serve many meetings at once and the place where bytes are sent lies below their clients.
    """
    token = _for.set((sendings, purpose))
    try:
        yield
    finally:
        _for.reset(token)


Hooks = dict[str, list[Callable[[httpx2.Request], Awaitable[None]]]]


def hooks(what: What, model: str, clock: Clock) -> Hooks:
    """`event_hooks` of an HTTP client that asks `model`: also redirects pass them, with the host that really gets the body."""

    async def watch(request: httpx2.Request) -> None:
        if (kept := _for.get()) is None or not isinstance(request.stream, httpx2.AsyncByteStream):
            return
        if size := int(request.headers.get("content-length", 0)) or len(await request.aread()):
            sendings, purpose = kept
            host = request.url.netloc.decode("ascii").rpartition("@")[2]

            async def note() -> None:
                await sendings.note(Sending(clock(), host, what, purpose, model, size))

            # A request that was sent elsewhere by a redirect brings along the wrapper of the one before.
            body = request.stream.body if isinstance(request.stream, _Noted) else request.stream
            request.stream = _Noted(body, note)

    return {"request": [watch]}


class _Noted(httpx2.AsyncByteStream):
    """A body that is noted when the connection stands and its first byte is asked for: a host nobody reached got nothing."""

    def __init__(self, body: httpx2.AsyncByteStream, note: Callable[[], Awaitable[None]]) -> None:
        self.body, self._note = body, note

    async def __aiter__(self) -> AsyncIterator[bytes]:
        await self._note()
        async for piece in self.body:
            yield piece

    async def aclose(self) -> None:
        await self.body.aclose()


def own(error: Exception) -> MomentumError | None:
    """The failure of ours, such as a database that is away, that an HTTP client met while it sent and wrapped in its own."""
    cause = error.__cause__
    return cause if isinstance(cause, MomentumError) else None
