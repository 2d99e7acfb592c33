"""Recordings as streams: refused links renewed, broken bodies resumed, nothing believed that can be counted.

What a vendor answers instead of a file is a web page with status 200, a stale link's 401 or 404, or
a body that just ends. All of it is mended where it can be, within bounds, while the reader sees one
unbroken stream; what cannot be mended ends in one of the words of `momentum.errors`.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

import aiohttp

from momentum import metrics
from momentum.errors import ErrorCode, MomentumError, Permanent, Retry
from momentum.model import Clock
from momentum.outbound import hops
from momentum.outbound.addresses import checked_connector
from momentum.outbound.answers import Body, Fault, body_of, is_web_page, web_page
from momentum.outbound.sources import BLOCK_BYTES

_CONNECT_SECONDS = 15.0
_PROGRESS_BYTES = 2**16
"""What counts as progress, of an attempt and of a minute: a server that drips bytes does not keep us for ever."""
_MAX_FAULTS = 50
_MAX_WAIT = 30.0
"""Seconds we wait within a download when asked to; longer waits are the workflow's business."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where a file stands now. `size` is what the vendor's listing says, in bytes."""

    url: str = field(repr=False)
    token: str | None = field(repr=False)
    size: int | None = None


Locate = Callable[[], Awaitable[Link]]
"""Says where the file stands now. Raises the words of `momentum.errors`."""


class Downloads:
    """Owner of the one download session of a process.

    `private_hosts` may be private and speak plain HTTP, as the operator configured them. `pauses` are
    the seconds before the first, second, ... attempt that follows one without progress, `patience` those
    that we wait for the next bytes.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        private_hosts: frozenset[str] = frozenset(),
        max_bytes: int = 8 * 2**30,
        pauses: Sequence[float] = (0.5, 2, 8),
        patience: float = 60.0,
    ) -> None:
        self.clock, self.private_hosts, self.max_bytes, self.pauses = clock, private_hosts, max_bytes, tuple(pauses)
        self.patience = patience
        self._session: aiohttp.ClientSession | None = None

    def open(self, *, name: str, size: int | None, token_hosts: Sequence[str], locate: Locate, renew: Locate) -> Download:
        """A file as a ByteSource; nothing is asked for before its first read.

        `locate` gives the first link, `renew` a fresh one when that is refused. The token goes to
        `token_hosts` only (a leading "." stands for a host and all below it).
        """
        return Download(self, name=name, size=size, token_hosts=token_hosts, locate=locate, renew=renew)

    @property
    def session(self) -> aiohttp.ClientSession:
        """Made at first use, inside the running loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=checked_connector(self.private_hosts),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                read_bufsize=BLOCK_BYTES,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=self.patience),
                headers={"User-Agent": "Momentum", "Accept": "*/*", "Accept-Encoding": "identity"},
            )
        return self._session

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


@dataclass(slots=True)
class _Progress:
    """How far one reading has come, and what has gone wrong on the way."""

    start: int
    position: int
    checksum: int | None = 0
    """CRC-32 of the bytes delivered: guards a restart against another file, not against an enemy.

    None where the server promises to resume: summing would take as long as reading, and a restart must bring the same strong ETag.
    """
    stalls: int = 0
    faults: int = 0
    renewed: bool = False
    last_fault: int = 0

    def deliver(self, block: bytes) -> bytes:
        self.position += len(block)
        if self.checksum is not None:
            self.checksum = zlib.crc32(block, self.checksum)
        return block

    def note_fault(self) -> None:
        if self.position - self.last_fault >= _PROGRESS_BYTES:
            self.stalls, self.renewed = 0, False
        self.stalls += 1
        self.faults += 1
        self.last_fault = self.position


class Download:
    """One file at a vendor, as a ByteSource."""

    def __init__(
        self, downloads: Downloads, *, name: str, size: int | None, token_hosts: Sequence[str], locate: Locate, renew: Locate
    ) -> None:
        self._downloads, self._name, self._listed = downloads, name, size
        self._token_hosts, self._locate, self._renew = tuple(token_hosts), locate, renew
        self._link: Link | None = None
        self._ranges: bool | None = None
        self._total: int | None = None
        self._etag: str | None = None

    @property
    def size(self) -> int | None:
        return self._total if self._total is not None else self._listed

    @property
    def name(self) -> str:
        return self._name

    async def stream(self, start: int = 0) -> AsyncGenerator[bytes]:
        progress = _Progress(start, start, last_fault=start)
        while True:
            try:
                async with aclosing(self._attempt(progress)) as blocks:
                    async for block in blocks:
                        yield block
            except Fault as fault:
                await self._mend(progress, fault)
            else:
                return

    async def read(self, start: int, length: int) -> bytes | None:
        progress = _Progress(start, start, last_fault=start)
        while self._ranges is not False:
            try:
                return await self._read_range(start, length)
            except Fault as fault:
                await self._mend(progress, fault)
        return None

    # --- one attempt ------------------------------------------------------------------------------

    async def _attempt(self, progress: _Progress) -> AsyncGenerator[bytes]:
        """Go on from where `progress` stands. Raises Fault for whatever a further attempt may cure."""
        wanted = f"bytes={progress.position}-" if progress.position and self._ranges is not False else None
        async with self._answer(wanted) as (response, body):
            if body is None:  # nothing stands at the position: it is the end, or the server cannot do ranges after all
                self._ranges = False
                self._require_whole(progress.position)
                return
            same_version = body.etag is not None and body.etag == self._etag
            self._learn(body, resumed=progress.position > progress.start, wanted=progress.position if wanted else 0)
            if progress.position == progress.start:
                progress.checksum = None if body.is_resumable else 0
            skip = _Skip(progress, same_version=same_version) if body.start == 0 and progress.position else None
            offset = body.start
            async with aclosing(self._blocks(response)) as blocks:
                async for block in blocks:
                    self._refuse_web_page(block, offset)
                    offset += len(block)
                    self._refuse_excess(offset)
                    if rest := skip.past(block) if skip else block:
                        yield progress.deliver(rest)
            self._require_whole(offset)

    async def _read_range(self, start: int, length: int) -> bytes | None:
        async with self._answer(f"bytes={start}-{start + length - 1}") as (response, body):
            if body is None:
                return b""
            if not body.is_range:
                self._ranges = False
                return None
            self._learn(body, resumed=False, wanted=start)
            data = bytearray()
            async with aclosing(self._blocks(response)) as blocks:
                async for block in blocks:
                    self._refuse_web_page(block, start + len(data))
                    data += block
                    if len(data) >= length:
                        break
            if body.length is not None and len(data) < min(length, body.length):
                raise Fault(self._broken())
            return bytes(data[:length])

    async def _blocks(self, response: aiohttp.ClientResponse) -> AsyncGenerator[bytes]:
        """The body as it comes. Raises Fault when we have waited too long for too little; the reader's own time does not count."""
        waited, brought, since = 0.0, 0, monotonic()
        async for block in response.content.iter_any():
            metrics.DOWNLOADED.inc(len(block))
            waited, brought = waited + monotonic() - since, brought + len(block)
            if brought >= _PROGRESS_BYTES:
                waited, brought = 0.0, 0
            if waited > self._downloads.patience:
                raise Fault(self._broken())
            yield block
            since = monotonic()

    @asynccontextmanager
    async def _answer(self, wanted: str | None) -> AsyncIterator[tuple[aiohttp.ClientResponse, Body | None]]:
        """One response, judged; its connection is given up on leaving unless its body was read to the end."""
        response = None
        try:
            response = await self._request(wanted)
            yield response, body_of(response, name=self._name, wanted=wanted is not None, now=self._downloads.clock())
        except aiohttp.ClientPayloadError:
            raise Fault(self._broken()) from None
        except (aiohttp.ClientError, OSError) as error:
            # The library's text may quote a signed URL; its class says enough.
            detail = f"The download of {self._name} failed on the way ({type(error).__name__})."
            raise Fault(Retry(ErrorCode.DOWNLOAD_FAILED, detail)) from None
        finally:
            if response is not None:
                response.close()

    async def _request(self, wanted: str | None) -> aiohttp.ClientResponse:
        link = self._link or await self._take(self._locate)
        self._refuse_too_large(self._listed)
        headers = {"Range": wanted} if wanted else {}
        if wanted and self._etag:
            headers["If-Range"] = self._etag
        downloads = self._downloads
        return await hops.get(
            downloads.session,
            link.url,
            token=link.token,
            token_hosts=self._token_hosts,
            private_hosts=downloads.private_hosts,
            headers=headers,
        )

    async def _take(self, place: Locate) -> Link:
        self._link = await place()
        if self._link.size is not None:
            self._listed = self._link.size
        return self._link

    # --- what an answer tells ---------------------------------------------------------------------

    def _learn(self, body: Body, *, resumed: bool, wanted: int) -> None:
        """Hold an answer against the listing and against earlier answers."""
        self._refuse_too_large(body.total)
        if body.total is not None and self._listed is not None and body.total != self._listed:
            raise Fault(self._wrong_length(body.total, self._listed), stale=True)
        if body.is_range and (body.start != wanted or (resumed and self._etag and body.etag != self._etag)):
            self._ranges = False  # not what we asked for, or of another version: only a start from zero can be checked
            raise Fault(self._broken())
        if resumed and self._total is not None and body.total is not None and body.total != self._total:
            raise Retry(ErrorCode.DOWNLOAD_FAILED, f"{self._name} changed while it was being downloaded.")
        self._total = body.total if body.total is not None else self._total
        self._etag = body.etag or self._etag
        if wanted or body.is_range:
            self._ranges = body.is_range

    def _refuse_web_page(self, block: bytes, offset: int) -> None:
        if offset == 0 and is_web_page(block):
            raise Fault(web_page(self._name), stale=True)

    def _refuse_excess(self, offset: int) -> None:
        self._refuse_too_large(offset)
        if self.size is not None and offset > self.size:
            raise Fault(self._wrong_length(offset, self.size), stale=True)

    def _require_whole(self, offset: int) -> None:
        if self.size is not None and offset < self.size:
            raise Fault(self._broken())

    def _refuse_too_large(self, size: int | None) -> None:
        if size is not None and size > self._downloads.max_bytes:
            limit = self._downloads.max_bytes / 2**30
            raise Permanent(ErrorCode.MEDIA_TOO_LARGE, f"{self._name} is larger than {limit:.3g} GiB, the largest file that is read here.")

    def _broken(self) -> MomentumError:
        return Retry(ErrorCode.DOWNLOAD_TRUNCATED, f"The download of {self._name} broke off before its end.")

    def _wrong_length(self, found: int, listed: int) -> MomentumError:
        code = ErrorCode.DOWNLOAD_TRUNCATED if found < listed else ErrorCode.DOWNLOAD_FAILED
        return Retry(code, f"{self._name} has another length than announced: {found} bytes instead of {listed}.")

    # --- after a fault ----------------------------------------------------------------------------

    async def _mend(self, progress: _Progress, fault: Fault) -> None:
        """Make the next attempt worth while, or raise what the fault means."""
        progress.note_fault()
        if fault.stale and not progress.renewed and progress.faults <= _MAX_FAULTS:
            progress.renewed = True
            await self._take(self._renew)
            if progress.position == progress.start:
                self._total = self._etag = None
            return
        spent = progress.faults > _MAX_FAULTS or progress.stalls > len(self._downloads.pauses)
        if fault.stale or spent or (fault.error.after or 0) > _MAX_WAIT:
            raise fault.error from None
        await asyncio.sleep(max(self._downloads.pauses[progress.stalls - 1], fault.error.after or 0))


class _Skip:
    """Passes over what was delivered before a restart, and makes sure that it is the same: by its sum, or else by its strong ETag."""

    def __init__(self, progress: _Progress, *, same_version: bool) -> None:
        self._progress, self._offset, self._checksum = progress, 0, 0
        self._same_version = same_version

    def past(self, block: bytes) -> bytes:
        """What of `block` is new; b"" while none is. Raises Retry(DOWNLOAD_FAILED) when the old body differs."""
        end = self._progress.position
        if self._offset >= end:
            self._offset += len(block)
            return block
        old = block[: end - self._offset]
        self._checksum = zlib.crc32(old[max(0, self._progress.start - self._offset) :], self._checksum)
        self._offset += len(block)
        if self._offset >= end > self._progress.start and not self._is_the_same():
            raise Retry(ErrorCode.DOWNLOAD_FAILED, "The file changed while it was being downloaded.")
        return block[len(old) :]

    def _is_the_same(self) -> bool:
        known = self._progress.checksum
        return self._same_version if known is None else self._checksum == known
