import asyncio
import json
import sys
import threading
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import psycopg
import pytest
from sqlalchemy import text

from momentum.errors import ActionRequired, ErrorCode, Retry
from momentum.model import Account, ConnectionState, Grant
from momentum.store import credentials
from momentum.store.database import Database
from momentum.store.keys import open_vault, rotate
from momentum.store.tokens import StoredTokens, settled

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Vendor:
    """A provider that rotates: only the newest refresh token is good, and only once."""

    name = "zoom"
    label = "Zoom"

    def __init__(self):
        self.now = NOW
        self.newest = "refresh-0"
        self.calls = []
        self.failure = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = asyncio.Event()
        self.lifetime = HOUR

    def clock(self):
        return self.now

    async def refresh(self, refresh_token):
        self.calls.append(refresh_token)
        self.asked.set()
        await self.gate.wait()
        if self.failure:
            raise self.failure
        if refresh_token != self.newest:
            raise ActionRequired(ErrorCode.RECONNECT_REQUIRED, "Zoom no longer accepts this connection. Connect Zoom again.")
        number = len(self.calls)
        self.newest = f"refresh-{number}"
        return Grant(f"access-{number}", self.newest, self.now + self.lifetime)


@pytest.fixture
def vendor():
    return Vendor()


@pytest.fixture
def connected(database, vault, person):
    async def run(left=HOUR, user_id=person, account="zoom-user"):
        grant = Grant("access-0", "refresh-0", NOW + left, ("recording:read",), "https://api-eu.zoom.us")
        async with database.person(user_id) as connection:
            values = {"grant": grant, "account": Account(account, "acc-1", None), "now": NOW - HOUR + left}
            await credentials.save(connection, vault, "zoom", user_id=user_id, **values)

    return run


@pytest.fixture
def stored(database, vault, person):
    async def run():
        async with database.person(person) as connection:
            return await credentials.get(connection, vault, "zoom", person)

    return run


@pytest.fixture
def tokens(database, vault, vendor, person):
    return lambda: StoredTokens(database, vault, vendor, person, vendor.clock)


async def test_a_token_that_lasts_is_used_as_it_is(connected, tokens, vendor):
    await connected(left=timedelta(minutes=6))
    source = tokens()

    assert await source.token() == "access-0"
    assert (source.account, source.api_base) == ("acc-1", "https://api-eu.zoom.us")
    assert vendor.calls == []


async def test_the_account_is_known_from_the_first_token_on(tokens):
    with pytest.raises(RuntimeError):
        _ = tokens().account


@pytest.mark.parametrize("left", [timedelta(minutes=5), timedelta(0), -HOUR])
async def test_a_token_that_expires_soon_is_renewed_and_stored_before_it_is_used(connected, tokens, vendor, stored, left):
    await connected(left=left)

    assert await tokens().token() == "access-1"

    found = await stored()
    assert (found.access_token, found.refresh_token, found.expires_at) == ("access-1", "refresh-1", NOW + HOUR)
    assert found.scopes == ("recording:read",)
    assert await tokens().token() == "access-1"
    assert vendor.calls == ["refresh-0"]


async def test_short_lived_tokens_are_used_for_half_their_life(connected, tokens, vendor):
    await connected(left=timedelta(0))
    vendor.lifetime = timedelta(minutes=2)
    assert await tokens().token() == "access-1"

    vendor.now += timedelta(seconds=59)
    assert await tokens().token() == "access-1"
    vendor.now += timedelta(seconds=1)
    assert await tokens().token() == "access-2"


async def test_a_hundred_tasks_share_one_refresh_and_leave_the_pool_free(connected, tokens, vendor, database, other_person):
    await connected(left=timedelta(0))
    vendor.gate.clear()
    callers = [asyncio.create_task(tokens().token()) for _ in range(100)]
    await vendor.asked.wait()

    async with asyncio.timeout(5), database.person(other_person) as connection:
        assert await connection.scalar(text("select 1")) == 1  # somebody else's work goes on meanwhile
    vendor.gate.set()

    assert set(await asyncio.gather(*callers)) == {"access-1"}
    assert vendor.calls == ["refresh-0"]


async def test_many_connections_that_refresh_at_once_do_not_use_up_the_pool(connected, database, vault, vendor, person, other_person):
    people = [person, other_person]
    for user_id in people:
        await connected(left=timedelta(0), user_id=user_id, account=str(user_id))
    vendor.gate.clear()
    callers = [asyncio.create_task(StoredTokens(database, vault, vendor, user_id, vendor.clock).token()) for user_id in people * 10]
    await vendor.asked.wait()
    async with asyncio.timeout(5):
        await database.ping()
    vendor.gate.set()

    assert {type(outcome) for outcome in await asyncio.gather(*callers, return_exceptions=True)} == {str, ActionRequired}
    assert len(vendor.calls) == 2  # one each; the second person's pair is not the vendor's newest


async def test_a_caller_that_leaves_does_not_lose_the_new_pair(connected, tokens, vendor, stored, database):
    await connected(left=timedelta(0))
    vendor.gate.clear()
    caller = asyncio.create_task(tokens().token())
    await vendor.asked.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller

    vendor.gate.set()
    await settled(database)

    assert (await stored()).refresh_token == "refresh-1"
    assert await tokens().token() == "access-1"
    assert vendor.calls == ["refresh-0"]


async def test_a_dead_grant_is_recorded_told_and_never_tried_again(connected, tokens, vendor, stored):
    await connected(left=timedelta(0))
    vendor.newest = "somebody else refreshed"

    for attempt in (tokens().token, lambda: tokens().replace("access-0"), tokens().token):
        with pytest.raises(ActionRequired) as caught:
            await attempt()
        assert caught.value.code is ErrorCode.RECONNECT_REQUIRED
        assert "Connect Zoom again" in caught.value.detail

    assert vendor.calls == ["refresh-0"]
    found = await stored()
    assert (found.state, found.refresh_token) == (ConnectionState.RECONNECT_REQUIRED, "refresh-0")
    assert found.state_reason == "Zoom no longer accepts this connection. Connect Zoom again."


async def test_connecting_again_ends_the_silence(connected, tokens, vendor):
    await connected(left=timedelta(0))
    vendor.newest = "another"
    with pytest.raises(ActionRequired):
        await tokens().token()
    vendor.newest = "refresh-0"

    await connected(left=timedelta(0))

    assert await tokens().token() == "access-2"


async def test_a_vendor_that_is_away_costs_nothing(connected, tokens, vendor, stored):
    await connected(left=timedelta(0))
    vendor.failure = Retry(ErrorCode.PROVIDER_UNAVAILABLE, "away")
    with pytest.raises(Retry):
        await tokens().token()
    assert ((await stored()).state, (await stored()).refresh_token) == (ConnectionState.ACTIVE, "refresh-0")

    vendor.failure = None

    assert await tokens().token() == "access-2"


async def test_a_wrong_client_secret_is_not_the_persons_to_mend(connected, tokens, vendor, stored):
    await connected(left=timedelta(0))
    vendor.failure = ActionRequired(ErrorCode.CLIENT_INVALID, "the operator")

    with pytest.raises(ActionRequired):
        await tokens().token()

    assert (await stored()).state is ConnectionState.ACTIVE


async def test_a_refused_token_is_replaced_once_for_all(connected, tokens, vendor):
    await connected()

    replaced = await asyncio.gather(*(tokens().replace("access-0") for _ in range(50)))
    late = await tokens().replace("access-0")

    assert {*replaced, late} == {"access-1"}
    assert vendor.calls == ["refresh-0"]
    assert await tokens().replace("access-1") == "access-2"


async def test_a_refused_token_is_replaced_even_when_a_check_is_under_way(connected, tokens, vendor, database, person):
    await connected(left=timedelta(0))
    async with database.person(person) as connection:
        await connection.execute(text("select id from zoom_credentials for update"))
        checking = asyncio.create_task(tokens().token())
        await _until_waiting(connection)
        replacing = asyncio.create_task(tokens().replace("access-0"))
        await connection.execute(
            text("update zoom_credentials set expires_at = :later, updated_at = :now"), {"later": NOW + HOUR, "now": NOW}
        )

    assert await checking == "access-0"
    assert await replacing == "access-1"
    assert vendor.calls == ["refresh-0"]


async def _until_waiting(connection):
    """Return when another transaction waits for a lock of ours."""
    blocked = "select count(*) from pg_stat_activity where pg_backend_pid() = any (pg_blocking_pids(pid))"
    async with asyncio.timeout(10):
        while not await connection.scalar(text(blocked)):
            await connection.execute(text("select pg_stat_clear_snapshot()"))


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("scope_missing", ErrorCode.SCOPE_MISSING),
        ("forbidden", ErrorCode.PROVIDER_FORBIDDEN),
        ("reconnect_required", ErrorCode.RECONNECT_REQUIRED),
    ],
)
async def test_a_suspended_connection_is_not_called(connected, tokens, vendor, state, code):
    await connected(left=timedelta(0))
    await tokens().suspend(state, "Please do this.")

    with pytest.raises(ActionRequired) as caught:
        await tokens().token()

    assert (caught.value.code, caught.value.detail) == (code, "Please do this.")
    assert vendor.calls == []


async def test_a_suspension_of_a_former_connection_leaves_the_new_one_alone(connected, tokens, stored):
    await connected()
    source = tokens()
    await source.token()
    await connected(left=2 * HOUR)

    await source.suspend("forbidden", "of the one before")

    assert (await stored()).state is ConnectionState.ACTIVE


async def test_without_a_connection_there_is_no_token(tokens):
    with pytest.raises(ActionRequired) as caught:
        await tokens().token()

    assert caught.value.code is ErrorCode.NOT_CONNECTED


async def test_a_pair_is_stored_even_if_the_database_drops_us_in_the_middle(connected, tokens, vendor, stored, owner_dsn):
    await connected(left=timedelta(0))
    vendor.gate.clear()
    caller = asyncio.create_task(tokens().token())
    await vendor.asked.wait()
    with psycopg.connect(owner_dsn, autocommit=True) as administrator:
        administrator.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'momentum_app' and datname = current_database()"
        )
    vendor.gate.set()

    assert await caller == "access-1"
    assert (await stored()).refresh_token == "refresh-1"


async def test_a_rotation_of_keys_during_a_refresh_loses_nothing(connected, tokens, vendor, stored, database, vault, kek_settings):
    await connected(left=timedelta(0))
    vendor.gate.clear()
    caller = asyncio.create_task(tokens().token())
    await vendor.asked.wait()

    async def at_once(_seconds):
        vendor.gate.set()

    await rotate(database, await open_vault(database, kek_settings), sleep=at_once, drop=True)

    assert await caller == "access-1"
    assert (await stored()).refresh_token == "refresh-1"


# --- many processes -----------------------------------------------------------------------------------


class TokenServer(ThreadingHTTPServer):
    """A token endpoint on loopback that rotates, like Zoom's: a refresh token is good once."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), TokenHandler)
        self.lock = threading.Lock()
        self.newest = "refresh-0"
        self.answers = Counter()


class TokenHandler(BaseHTTPRequestHandler):
    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        with self.server.lock:
            good = form["refresh_token"] == [self.server.newest]
            self.server.answers[good] += 1
            number = self.server.answers[True]
            if good:
                self.server.newest = f"refresh-{number}"
        body = {"access_token": f"access-{number}", "refresh_token": f"refresh-{number}", "expires_in": 3600, "token_type": "bearer"}
        self.answer(200, body) if good else self.answer(400, {"reason": "Invalid Token!", "error": "invalid_grant"})

    def answer(self, status, body):
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_):
        pass


@pytest.fixture
def token_server():
    server = TokenServer()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


CALLER = """
import asyncio, sys
from collections import Counter
from datetime import UTC, datetime
from uuid import UUID
from momentum.outbound.client import ApiClient
from momentum.providers.oauth import OAuthApp, TokenEndpoint
from momentum.settings import load_settings
from momentum.store.database import Database
from momentum.store.keys import open_vault
from momentum.store.tokens import StoredTokens

url, kek, user_id, token_url, now = sys.argv[1:]
clock = lambda: datetime.fromisoformat(now)

class Provider(TokenEndpoint):
    name, label = "zoom", "Zoom"

async def main():
    database = await Database.open(url, pool_size=3)
    vault = await open_vault(database, load_settings(_env_file=None, momentum_kek=kek))
    client = ApiClient(private_hosts=frozenset({"127.0.0.1"}))
    app = OAuthApp("Zoom", token_url, token_url, token_url, "id", "secret", "http://localhost/")
    provider = Provider(client, app, clock)
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    calls = [StoredTokens(database, vault, provider, UUID(user_id), clock).token() for _ in range(50)]
    calls += [StoredTokens(database, vault, provider, UUID(user_id), clock).replace("access-0") for _ in range(10)]
    print(dict(Counter(await asyncio.gather(*calls))), flush=True)
    await client.aclose()
    await database.aclose()

asyncio.run(main())
"""


@asynccontextmanager
async def calling(*arguments):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CALLER, *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_callers_of_three_processes_cause_one_refresh(connected, app_dsn, kek_settings, person, token_server, stored):
    await connected(left=timedelta(0))
    kek = kek_settings.momentum_kek.get_secret_value()
    token_url = f"http://127.0.0.1:{token_server.server_port}/oauth/token"
    async with AsyncExitStack() as stack:
        started = [await stack.enter_async_context(calling(app_dsn, kek, str(person), token_url, NOW.isoformat())) for _ in range(3)]
        told = await asyncio.gather(*(process.communicate(b"go\n") for process in started))

    assert [out.decode().splitlines()[-1] for out, _ in told] == ["{'access-1': 60}"] * 3
    assert token_server.answers == {True: 1}
    assert (await stored()).refresh_token == "refresh-1"


async def test_two_pools_in_one_process_cause_one_refresh(connected, app_dsn, database, vault, vendor, person):
    await connected(left=timedelta(0))
    other = await Database.open(app_dsn, pool_size=2)
    calls = [StoredTokens(pool, vault, vendor, person, vendor.clock).token() for pool in (database, other) for _ in range(50)]

    assert set(await asyncio.gather(*calls)) == {"access-1"}
    assert vendor.calls == ["refresh-0"]
    await other.aclose()
