"""One PostgreSQL per home, shared by every process that asks for it; the last one to leave stops it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import structlog

from momentum.embedded import creation, launch, locks, network, places
from momentum.embedded.launch import Listening
from momentum.embedded.places import Place
from momentum.embedded.probe import Answer
from momentum.embedded.programs import programs
from momentum.errors import Conflict, ErrorCode, MomentumError, Unavailable

log = structlog.get_logger(__name__)

DATABASE = "momentum"
OWNER = "postgres"

_WATCH_SECONDS = 2.0
_START_PATIENCE = 300.0  # seconds; recovery after a crash may replay gigabytes


@dataclass(frozen=True)
class Cluster:
    """A running server, reached over a Unix socket in a folder that is closed to others."""

    sockets: Path
    listening: Listening

    @property
    def owner_dsn(self) -> str:
        """URL of the superuser in the database `momentum`."""
        return self.dsn(OWNER)

    def dsn(self, user: str, database: str = DATABASE) -> str:
        """A `postgresql://` URL for libpq and SQLAlchemy. No password: who reaches the socket is trusted."""
        folder = quote(str(self.sockets), safe="")
        return f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}?host={folder}&port={self.listening.port}"


class EmbeddedPostgres:
    """The server of one home. `start` joins the server that runs, or makes and starts it; any number of processes may do so at once.

    `listening` with an address opens TCP as well (see network.py); by default there is the socket alone.
    """

    def __init__(self, home: Path, *, listening: Listening | None = None, patience: float = _START_PATIENCE) -> None:
        self.home = home.resolve()  # one home, one spelling: the server's folders and its socket are found by it
        self._wish = listening
        self._patience = patience
        self._share: int | None = None
        self._launched = False

    async def start(self) -> Cluster:
        """Join or start it. Raises MomentumError with a sentence for the operator: SETTINGS_INVALID, DISK_FULL or DATABASE_UNAVAILABLE."""
        starting = asyncio.create_task(asyncio.to_thread(self._start))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            # A thread goes on when nobody waits for it: without us, the server would stay for ever.
            await asyncio.gather(starting, return_exceptions=True)
            await self.leave()
            raise

    async def ready(self) -> bool:
        """Whether it answers now; asks the server itself."""
        return await asyncio.to_thread(self._is_ready)

    async def gone(self) -> bool:
        """Whether it died, though we hold it: a server that was told to stop takes its pid file along."""
        return await asyncio.to_thread(self._is_gone)

    async def leave(self, *, keep: bool = False) -> None:
        """We need it no longer; it stops when nobody else does, also when its starter was killed. `keep`: let it run."""
        await asyncio.to_thread(self._let_go if keep else self._leave)

    async def stop(self) -> None:
        """Stop it for everybody. Committed work is kept; nothing happens when it does not run."""
        await asyncio.to_thread(self._stop)

    async def remove(self) -> None:
        """Stop it and delete the database with all it holds: for a home that was made to be thrown away."""
        await asyncio.to_thread(self._remove)

    async def admit(self, role: str, *, host: str | None = None) -> str:
        """The URL by which `role` comes in from other machines; `host` is our name there, by default the address we listen on.

        Raises Conflict when the server listens on no address.
        """
        return await asyncio.to_thread(self._admit, role, host)

    def _start(self) -> Cluster:
        try:
            with places.writable(self.home):
                return self._cluster(self._joined_or_started())
        except BaseException:
            self._give_up()
            raise

    def _give_up(self) -> None:
        """A server that answered us is stopped again. One that is silent may be recovering, and would have to begin anew."""
        if not self._launched:
            self._let_go()
            return
        with suppress(MomentumError):  # why it failed to start is what people have to hear
            self._leave()

    def _joined_or_started(self) -> Place:
        places.make_home(self.home)
        place = places.find(self.home)
        if self._joined(place):
            return place
        with locks.alone(self._lock):
            return self._started()

    def _joined(self, place: Place) -> bool:
        """The warm path, without the home's lock. Our share is taken first, so that nobody stops it after we asked."""
        if not place.exists:
            return False
        self._hold(place)
        return launch.ask(place, DATABASE) is Answer.READY

    def _started(self) -> Place:
        self._launched = False
        place, account = places.prepare(self.home)
        self._hold(place)
        lock = launch.wait_until_dead(place, self._patience)
        if lock is not None:
            try:
                folder = programs(place.base, account)
                creation.ensure_cluster(place, folder, account)
            except BaseException:
                os.close(lock)
                raise
            launch.launch(place, folder, account, self._wish or Listening(), lock=lock, patience=self._patience)
            self._launched = True
        if launch.ask(place, DATABASE) is Answer.NO_DATABASE:
            _create_database(Cluster(place.sockets, launch.listening(place)))
        return place

    def _cluster(self, place: Place) -> Cluster:
        found = launch.listening(place)
        if self._wish not in {None, found}:
            sentence = "The embedded database already runs with another address or port. Stop every Momentum process of this home first."
            raise Conflict(ErrorCode.CONFLICT, sentence)
        return Cluster(place.sockets, found)

    def _hold(self, place: Place) -> None:
        if self._share is None:
            self._share = locks.share(place.users_lock)

    def _let_go(self) -> None:
        share, self._share = self._share, None
        if share is not None:
            os.close(share)

    def _is_ready(self) -> bool:
        place = places.find(self.home)
        return place.exists and launch.ask(place, DATABASE) is Answer.READY

    def _is_gone(self) -> bool:
        place = places.find(self.home)
        died = place.exists and (place.data / "postmaster.pid").exists()
        return self._share is not None and died and launch.ask(place, DATABASE) is Answer.NOBODY

    def _leave(self) -> None:
        if self._share is None:
            return
        with locks.alone(self._lock):
            try:
                if locks.become_only_holder(self._share):
                    launch.stop(places.find(self.home))
            finally:
                self._let_go()

    def _stop(self) -> None:
        self._let_go()
        place = places.find(self.home)
        if place.exists:
            with locks.alone(self._lock):
                launch.stop(place)

    def _remove(self) -> None:
        self._stop()
        if self.home.is_dir():
            with places.writable(self.home), locks.alone(self._lock):
                places.remove(self.home)

    def _admit(self, role: str, host: str | None) -> str:
        place = places.find(self.home)
        found = launch.listening(place)
        if not found.address:
            raise Conflict(ErrorCode.CONFLICT, "The embedded database listens on no network address. Start it with one first.")
        with locks.alone(self._lock):
            password = network.admit(Cluster(place.sockets, found).owner_dsn, role, place.base / "network-password")
        return network.url(role, password, host=host or found.address, port=found.port, database=DATABASE)

    @property
    def _lock(self) -> Path:
        return self.home / "postgres.lock"


@asynccontextmanager
async def running(home: Path, *, keep: bool = False, listening: Listening | None = None) -> AsyncIterator[Cluster]:
    """The home's server while inside. `keep`: leave it running at the end, even when nobody uses it any more."""
    server = EmbeddedPostgres(home, listening=listening)
    try:
        cluster = await server.start()
        async with _watched(server):
            yield cluster
    finally:
        await server.leave(keep=keep)


@asynccontextmanager
async def _watched(server: EmbeddedPostgres) -> AsyncIterator[None]:
    """Start it again when it was killed while we use it."""
    watching = asyncio.create_task(_watch(server), name="embedded database")
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _watch(server: EmbeddedPostgres) -> None:
    while True:
        await asyncio.sleep(_WATCH_SECONDS)
        if await server.gone():
            log.warning("database_gone")
            try:
                await server.start()
            except MomentumError as error:
                log.error("database_not_restarted", reason=error.code, detail=error.detail)  # noqa: TRY400 -- a sentence says enough
            else:
                log.warning("database_restarted")


def _create_database(cluster: Cluster) -> None:
    try:
        with psycopg.connect(cluster.dsn(OWNER, OWNER), autocommit=True) as connection:
            connection.execute(f"create database {DATABASE}")
    except psycopg.Error as error:
        sentence = "The embedded database started, but would not make the database `momentum`. Its log says why."
        raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE, sentence) from error
