"""How anyone calls us: an ASGI application on an address, inside this process, until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from granian.constants import Interfaces
from granian.server.embed import Server

from momentum.errors import ErrorCode, Unavailable

STOP_SECONDS = 5.0
"""How long open requests (event streams, mostly) may go on once we were told to stop."""
_BACKLOG = 1024
_CONNECTIONS = 4096
_OTHER_FILES = 512
_OURS = range(20_000, 32_768)
"""Linux hands out 32768 to 60999, others begin higher: https://www.kernel.org/doc/html/latest/networking/ip-sysctl.html."""
_PORT_TRIES = 20
_START_TRIES = 1_000  # 10 ms apart: a machine under load takes seconds


def free_port(host: str) -> int:
    """A TCP port of `host` that nobody listens on at this moment.

    It lies below those that the kernel hands to outgoing connections, one of which could take it before we listen. Raises OSError
    where `host` is no address of this machine.
    """
    for port in random.sample(_OURS, _PORT_TRIES):
        with contextlib.suppress(OSError):
            return _bound(host, port)
    return _bound(host, 0)


def _bound(host: str, port: int) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, port))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def listening(application: Callable[..., Any], *, host: str, port: int, setting: str = "PORT") -> AsyncIterator[int]:
    """Serve `application` while the block runs; gives the port (a free one where `port` is 0).

    Raises Unavailable when the address is taken or not ours; its sentence names `setting`, where the port came from.
    """
    port = port or free_port(host)
    _check_free(host, port, setting)
    room = _room_for_connections()
    server = Server(
        application,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        log_enabled=False,
        websockets=False,
        backlog=_BACKLOG,
        backpressure=room,  # by default 128: so many open event streams, and nobody else gets an answer
    )
    serving = asyncio.create_task(server.serve())
    try:
        await _until_answering(host, port, serving)
        yield port
    finally:
        server.stop()  # type: ignore[no-untyped-call] # the library's
        await asyncio.wait([serving], timeout=STOP_SECONDS)
        if not serving.done():
            serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


def _room_for_connections() -> int:
    """How many connections we hold at a time; raises this process's soft limit of open files to make room for them."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _CONNECTIONS + _OTHER_FILES
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(128, min(_CONNECTIONS, soft - _OTHER_FILES))


def _check_free(host: str, port: int, setting: str) -> None:
    # The server itself shares ports on purpose (SO_REUSEPORT); two Momentums on one port would answer in turns.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Unavailable(
                ErrorCode.SETTINGS_INVALID, f"Cannot listen on {host}:{port}: {error.strerror}. Set {setting} to a free one."
            ) from error


async def _until_answering(host: str, port: int, serving: asyncio.Task[None]) -> None:
    connect_to = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 -- compared, not bound
    for _ in range(_START_TRIES):
        if serving.done():
            await serving
        try:
            _, writer = await asyncio.open_connection(connect_to, port)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            return
    raise Unavailable(ErrorCode.INTERNAL, f"The web server did not come up on {host}:{port}.")
