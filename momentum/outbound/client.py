"""Calls to the APIs of others: one client per process, small JSON answers, no redirects, no cookies.

Downloads have a client of their own; this one reads whole answers into memory and therefore caps them.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self

import httpcore2
import httpx2

from momentum.errors import ErrorCode, Permanent, Retry
from momentum.outbound.addresses import check_url, resolve

MAX_ANSWER_BYTES = 20 * 2**20
"""Longest answer read; a page of 300 meetings with all their files is about 2 MB."""

LONGEST_WAIT = 7 * 86_400.0
"""Seconds: nobody means a longer one, and after a week it does no harm to ask again."""

TIMEOUTS = (httpx2.TimeoutException, TimeoutError)
NETWORK_FAULTS = (httpx2.HTTPError, OSError)
"""What the HTTP client raises, also where it works inside another library that lets it through."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: header names in lower case, the body decoded of gzip and the like."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> Any | None:
        """The body as JSON, or None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class ApiClient:
    """Makes requests and turns every network fault into `Retry(PROVIDER_UNAVAILABLE)`.

    `private_hosts` are hosts the operator configured: they alone may be private or speak plain HTTP.
    Environment proxies are not used, since the address of the peer could then not be checked.
    """

    def __init__(
        self,
        *,
        private_hosts: frozenset[str] = frozenset(),
        connect_seconds: float = 10,
        read_seconds: float = 30,
        total_seconds: float = 60,
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self._private_hosts = private_hosts
        self._total_seconds = total_seconds
        self._max_bytes = max_bytes
        self._client = httpx2.AsyncClient(
            transport=_CheckedTransport(private_hosts),
            timeout=httpx2.Timeout(read_seconds, connect=connect_seconds),
            follow_redirects=False,
            trust_env=False,
            # One person's cookie must never travel with another person's request.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={"user-agent": f"Momentum/{version('momentum')}", "accept": "application/json"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
        data: Mapping[str, str] | None = None,
        json: Any = None,
        timeout: float | None = None,  # noqa: ASYNC109 - it is the deadline given to asyncio.timeout
    ) -> Answer:
        """One request and its whole answer, whatever its status; `timeout` in seconds bounds it from start to end.

        Raises Retry(PROVIDER_UNAVAILABLE) for network faults, Permanent(ADDRESS_REFUSED),
        Permanent(PROVIDER_ANSWER_INVALID) for an answer larger than the cap.
        """
        host = check_url(url, private_hosts=self._private_hosts)
        request = self._client.build_request(method, url, headers=headers, params=params, data=data, json=json)
        try:
            async with asyncio.timeout(timeout or self._total_seconds):
                return await self._read(request, host)
        except TIMEOUTS:
            raise Retry(ErrorCode.PROVIDER_UNAVAILABLE, f"{host} did not answer in time.") from None
        except NETWORK_FAULTS as error:
            began = isinstance(error, httpx2.HTTPError) and not isinstance(error, httpx2.ConnectError)
            # The library's text may quote the URL; its class says enough.
            detail = f"{host} {'broke its answer off' if began else 'could not be reached'} ({type(error).__name__})."
            raise Retry(ErrorCode.PROVIDER_UNAVAILABLE, detail) from None

    async def _read(self, request: httpx2.Request, host: str) -> Answer:
        response = await self._client.send(request, stream=True)
        try:
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > self._max_bytes:
                    raise Permanent(ErrorCode.PROVIDER_ANSWER_INVALID, f"{host} sent an answer of more than {self._max_bytes} bytes.")
        finally:
            await response.aclose()
        return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, bytes(body))


def retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds until a `Retry-After` header's moment, 0 to LONGEST_WAIT; None when there is none to be read.

    Reads seconds and HTTP dates (RFC 9110, 10.2.3) and ISO 8601 dates, which Zoom sends for its daily limit.
    """
    text = (value or "").strip()
    if text.replace(".", "", 1).isdecimal():
        return min(float(text), LONGEST_WAIT)
    moment = _iso_date(text) or _http_date(text)
    if moment is None:
        return None
    return min(max(0.0, ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()), LONGEST_WAIT)


def _iso_date(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _http_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None


@cache
def _trust() -> ssl.SSLContext:
    """Whom we believe in TLS: the machine's authorities, read once (it takes 30 ms)."""
    return httpx2.create_ssl_context()


class _CheckedTransport(httpx2.AsyncHTTPTransport):
    """httpx2's transport on a pool that connects to checked addresses; TLS and Host keep the name."""

    def __init__(self, private_hosts: frozenset[str]) -> None:
        super().__init__(verify=_trust())
        # The transport takes no network backend, its pool does. tests/unit/test_client.py fails if the pool were ignored.
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=_trust(),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=30,
            network_backend=_CheckedBackend(private_hosts),
        )


class _CheckedBackend(httpcore2.AsyncNetworkBackend):
    """Resolves a name, judges every address, connects to one of these."""

    def __init__(self, private_hosts: frozenset[str]) -> None:
        self._private_hosts = private_hosts
        self._backend = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature of httpcore2
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        failure: httpcore2.ConnectError | httpcore2.ConnectTimeout | None = None
        for found in await self._addresses(host, port):
            try:
                return await self._backend.connect_tcp(found, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore2.ConnectError("no address")

    async def _addresses(self, host: str, port: int) -> list[str]:
        try:
            return [one["host"] for one in await resolve(host, port, private_hosts=self._private_hosts)]
        except OSError as error:
            raise httpcore2.ConnectError("name not known") from error

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)
