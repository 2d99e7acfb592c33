"""Connecting against a vendor that keeps OAuth's rules itself: PKCE, codes of one use, one live grant per account."""

import asyncio
import base64
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from sqlalchemy import text

from momentum.app import Connecting, finished
from momentum.errors import ActionRequired, Conflict, ErrorCode, Invalid, MomentumError, NotFound, Retry
from momentum.model import Account, ConnectionState, Grant, Options, Recording
from momentum.outbound.client import ApiClient
from momentum.pipeline import connect
from momentum.pipeline.connect import begin, complete, complete_from_browser, disconnect, status
from momentum.providers.zoom import Zoom
from momentum.sandbox import running_sandbox
from momentum.store import credentials, oauth_states, processings, profiles, recordings
from momentum.store.limits import SharedLimiter
from momentum.store.tokens import StoredTokens

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SCOPES = ("recording:read", "user:read")


@dataclass
class Vendor:
    """Somebody's Zoom: `consent` is what a person does in their browser."""

    name: str = "zoom"
    label: str = "Zoom"
    now: datetime = NOW
    codes: dict = field(default_factory=dict)
    live: dict = field(default_factory=dict)  # account -> (access, refresh)
    scopes: tuple = SCOPES
    can_record: bool | None = True
    exchanges: int = 0
    revoked: list = field(default_factory=list)
    exchange_failure: Exception | None = None
    account_failure: Exception | None = None
    revoke_failure: Exception | None = None
    gate: asyncio.Event | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def clock(self):
        return self.now

    def authorize_url(self, *, state, challenge):
        return f"https://zoom.example/oauth/authorize?state={state}&code_challenge={challenge}&code_challenge_method=S256"

    def consent(self, auth_url, account="ada-at-zoom"):
        query = parse_qs(urlsplit(auth_url).query)
        code = f"code-{len(self.codes)}"
        self.codes[code] = (query["code_challenge"][0], account)
        return code

    async def exchange(self, *, code, verifier):
        self.exchanges += 1
        self.asked.set()
        if self.gate:
            await self.gate.wait()
        if self.exchange_failure:
            raise self.exchange_failure
        challenge, account = self.codes.pop(code, (None, None))
        if challenge != base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("="):
            raise Invalid(ErrorCode.CODE_INVALID, "The code is not good.")
        self.live[account] = (f"access-{self.exchanges}", f"refresh-{self.exchanges}")
        return Grant(*self.live[account], self.now + HOUR, self.scopes)

    async def refresh(self, refresh_token):
        for account, (_, refresh) in self.live.items():
            if refresh == refresh_token:
                self.live[account] = (f"renewed-{account}", f"renewed-refresh-{account}")
                return Grant(*self.live[account], self.now + HOUR)
        raise ActionRequired(ErrorCode.RECONNECT_REQUIRED, "Connect Zoom again.")

    async def revoke(self, access_token):
        if self.revoke_failure:
            raise self.revoke_failure
        self.revoked.append(access_token)
        self.live = {account: pair for account, pair in self.live.items() if pair[0] != access_token}

    async def account(self, access):
        if self.account_failure:
            raise self.account_failure
        token = await access.token()
        owner = next(account for account, pair in self.live.items() if pair[0] == token)
        return Account(owner, f"account-of-{owner}", f"{owner}@example.org", "Ada", can_record=self.can_record)

    def missing_scopes(self, granted):
        return tuple(sorted(set(SCOPES) - set(granted))) if granted else ()


@pytest.fixture
def vendor():
    return Vendor()


@pytest.fixture
def to(database, vault, vendor):
    return Connecting(database, vault, vendor, vendor.clock)


@pytest.fixture
def stored(database, vault):
    async def run(user_id):
        async with database.person(user_id) as connection:
            return await credentials.get(connection, vault, "zoom", user_id)

    return run


async def connected(to, user_id, account="ada-at-zoom"):
    begun = await begin(to, user_id)
    return await complete(to, user_id, state=begun.state, code=to.provider.consent(begun.auth_url, account))


async def refused(code, awaitable):
    with pytest.raises(MomentumError) as caught:
        await awaitable
    assert caught.value.code is code
    return caught.value


# --- the way through ------------------------------------------------------------------------------------


async def test_a_person_connects(to, person, stored, vendor):
    begun = await begin(to, person)
    assert begun.expires_at == NOW + timedelta(minutes=10)
    assert begun.state in begun.auth_url

    done = await complete(to, person, state=begun.state, code=vendor.consent(begun.auth_url))

    assert (done.connected, done.state, done.action) == (True, "active", None)
    assert (done.account_email, done.account_id, done.scopes) == ("ada-at-zoom@example.org", "account-of-ada-at-zoom", SCOPES)
    assert (done.expires_at, done.connected_at, done.can_record) == (NOW + HOUR, NOW, True)
    assert (await stored(person)).access_token == vendor.live["ada-at-zoom"][0]
    assert await status(to, person) == done


async def test_states_and_verifiers_are_long_and_never_the_same(to, person):
    begun = [await begin(to, person) for _ in range(3)]

    assert len({b.state for b in begun} | {b.browser_cookie for b in begun}) == 6
    assert min(len(b.state) for b in begun) >= 43
    assert not [b for b in begun if b.state in repr(b) or b.browser_cookie in repr(b)]


async def test_before_anything_the_status_says_what_to_do(to, person):
    before = await status(to, person)

    assert (before.connected, before.state, before.action) == (False, None, "Connect Zoom.")


async def test_the_verifier_of_one_attempt_does_not_fit_the_code_of_another(to, person, vendor, stored):
    first, second = await begin(to, person), await begin(to, person)

    await refused(ErrorCode.CODE_INVALID, complete(to, person, state=first.state, code=vendor.consent(second.auth_url)))

    assert await stored(person) is None


async def test_a_state_is_used_up_before_the_exchange(to, person, vendor):
    begun = await begin(to, person)
    await refused(ErrorCode.CODE_INVALID, complete(to, person, state=begun.state, code="wrong"))

    await refused(ErrorCode.STATE_INVALID, complete(to, person, state=begun.state, code=vendor.consent(begun.auth_url)))

    assert vendor.exchanges == 1


async def test_one_state_completes_once_however_often_it_is_sent(to, person, vendor):
    begun = await begin(to, person)
    code = vendor.consent(begun.auth_url)

    outcomes = await asyncio.gather(*(complete(to, person, state=begun.state, code=code) for _ in range(5)), return_exceptions=True)

    assert len([o for o in outcomes if isinstance(o, connect.Connection)]) == 1
    assert {o.code for o in outcomes if isinstance(o, MomentumError)} == {ErrorCode.STATE_INVALID}
    assert vendor.exchanges == 1


async def test_a_state_is_good_for_ten_minutes(to, person, vendor):
    begun = await begin(to, person)
    vendor.now += timedelta(minutes=10)

    await refused(ErrorCode.STATE_INVALID, complete(to, person, state=begun.state, code=vendor.consent(begun.auth_url)))

    assert vendor.exchanges == 0


async def test_no_transaction_waits_for_the_vendor(to, person, vendor, database):
    begun = await begin(to, person)
    vendor.gate = asyncio.Event()
    completing = asyncio.create_task(complete(to, person, state=begun.state, code=vendor.consent(begun.auth_url)))
    await vendor.asked.wait()

    async with database.person(person) as connection:
        others = "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        assert await connection.scalar(text(f"select count(*) {others} and xact_start is not null")) == 0
    vendor.gate.set()
    await completing


async def test_a_browser_that_leaves_during_the_exchange_does_not_lose_the_grant(to, person, vendor, stored):
    begun = await begin(to, person)
    vendor.gate = asyncio.Event()
    completing = asyncio.create_task(complete(to, person, state=begun.state, code=vendor.consent(begun.auth_url)))
    await vendor.asked.wait()
    completing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await completing

    vendor.gate.set()
    await finished(to.under_way)

    assert (await stored(person)).access_token == "access-1"


# --- fixation: somebody else's state ----------------------------------------------------------------------


async def test_another_persons_state_is_refused_and_not_spoilt(to, person, other_person, vendor, stored):
    begun = await begin(to, person)
    code = vendor.consent(begun.auth_url)

    await refused(ErrorCode.STATE_INVALID, complete(to, other_person, state=begun.state, code=code))
    await refused(ErrorCode.STATE_INVALID, complete(to, other_person, state=begun.state, code=None, error="access_denied"))

    assert vendor.exchanges == 0
    assert (await complete(to, person, state=begun.state, code=code)).connected
    assert await stored(other_person) is None


async def test_an_unknown_state_is_refused(to, person):
    await refused(ErrorCode.STATE_INVALID, complete(to, person, state="guessed", code="x"))
    await refused(ErrorCode.STATE_INVALID, complete_from_browser(to, state="guessed", code="x", user_id=person, browser_cookie=None))


async def test_a_state_of_another_provider_is_refused(to, person, database, vault):
    async with database.person(person) as connection:
        values = {"provider": "teams", "state": "s", "verifier": "v", "browser_hash": None, "expires_at": NOW + HOUR}
        await oauth_states.begin(connection, vault, user_id=person, **values)

    await refused(ErrorCode.STATE_INVALID, complete(to, person, state="s", code="x"))
    await refused(ErrorCode.STATE_INVALID, complete_from_browser(to, state="s", code="x", user_id=person, browser_cookie=None))


@pytest.mark.parametrize("by", ["session", "cookie"])
async def test_the_browser_that_proves_whose_it_is_completes(to, person, vendor, stored, by):
    begun = await begin(to, person)
    proof = {"user_id": person, "browser_cookie": None} if by == "session" else {"user_id": None, "browser_cookie": begun.browser_cookie}

    done = await complete_from_browser(to, state=begun.state, code=vendor.consent(begun.auth_url), **proof)

    assert done.connected
    assert await stored(person) is not None


async def test_a_given_cookie_is_the_one_that_proves(to, person, vendor):
    begun = await begin(to, person, browser_cookie="the-browsers-own-cookie")

    done = await complete_from_browser(
        to, state=begun.state, code=vendor.consent(begun.auth_url), user_id=None, browser_cookie="the-browsers-own-cookie"
    )

    assert begun.browser_cookie == "the-browsers-own-cookie"
    assert done.connected


@pytest.mark.parametrize("who", ["nobody", "another browser", "another person", "another person in the same browser"])
async def test_a_browser_that_proves_nothing_stores_nothing_and_spoils_nothing(to, person, other_person, vendor, stored, who):
    # The attacker begins and sends the link on; the victim consents, with the victim's own account.
    begun = await begin(to, person)
    code = vendor.consent(begun.auth_url, "victim-at-zoom")
    visitor = other_person if "person" in who else None
    cookie = {"another browser": "another", "another person in the same browser": begun.browser_cookie}.get(who)

    outcome = await complete_from_browser(to, state=begun.state, code=code, user_id=visitor, browser_cookie=cookie)

    assert outcome is None
    assert vendor.exchanges == 0
    assert (await stored(person), await stored(other_person)) == (None, None)
    if visitor:
        await refused(ErrorCode.STATE_INVALID, complete(to, visitor, state=begun.state, code=code))
        assert vendor.exchanges == 0
    # The state is still good for the person who began.
    assert (await complete(to, person, state=begun.state, code=vendor.consent(begun.auth_url))).connected


# --- refusals ---------------------------------------------------------------------------------------------


async def test_a_refusal_of_the_person_is_told_and_uses_the_state_up(to, person, vendor):
    begun = await begin(to, person)

    error = await refused(ErrorCode.ACCESS_DENIED, complete(to, person, state=begun.state, code=None, error="access_denied"))

    assert "Zoom" in error.detail
    await refused(ErrorCode.STATE_INVALID, complete(to, person, state=begun.state, code=vendor.consent(begun.auth_url)))


async def test_a_refusal_in_the_browser_is_told_and_uses_the_state_up_if_it_is_theirs(to, person):
    def back(begun, cookie):
        return complete_from_browser(to, state=begun.state, code=None, error="access_denied", user_id=None, browser_cookie=cookie)

    begun = await begin(to, person)
    await refused(ErrorCode.ACCESS_DENIED, back(begun, "another browser"))
    await refused(ErrorCode.ACCESS_DENIED, back(begun, begun.browser_cookie))
    await refused(ErrorCode.STATE_INVALID, back(begun, begun.browser_cookie))


async def test_an_error_beside_a_code_wins_and_foreign_words_are_not_repeated(to, person, vendor):
    begun = await begin(to, person)

    failing = complete(to, person, state=begun.state, code=vendor.consent(begun.auth_url), error="<script>server_error")

    assert "script" not in (await refused(ErrorCode.CODE_INVALID, failing)).detail
    assert vendor.exchanges == 0


async def test_neither_code_nor_error_leaves_the_state_alone(to, person, vendor):
    begun = await begin(to, person)
    await refused(ErrorCode.INVALID_REQUEST, complete(to, person, state=begun.state, code=None))

    assert (await complete(to, person, state=begun.state, code=vendor.consent(begun.auth_url))).connected


AWAY = Retry(ErrorCode.PROVIDER_UNAVAILABLE, "Zoom is away.", after=7)


async def test_an_account_that_cannot_be_read_is_not_connected_and_its_grant_ended(to, person, vendor, stored):
    vendor.account_failure = AWAY
    begun = await begin(to, person)

    error = await refused(ErrorCode.PROVIDER_UNAVAILABLE, complete(to, person, state=begun.state, code=vendor.consent(begun.auth_url)))

    assert (error.detail, error.after) == ("Zoom is away. Start connecting again.", 7)
    assert await stored(person) is None
    assert vendor.live == {}


@pytest.mark.parametrize("failure", [AWAY, ActionRequired(ErrorCode.SCOPE_MISSING, "No."), ValueError("a bug")])
async def test_a_connection_that_a_failed_attempt_has_ended_says_so(to, person, vendor, failure):
    await connected(to, person)
    vendor.account_failure = failure

    with pytest.raises(type(failure)):
        await connected(to, person)

    former = await status(to, person)
    assert (former.connected, former.state, former.action) == (False, "reconnect_required", "Connect Zoom again.")


async def test_a_failed_attempt_with_another_account_leaves_the_connection_alone(to, person, vendor, stored):
    await connected(to, person, "first-account")
    vendor.account_failure = AWAY

    await refused(ErrorCode.PROVIDER_UNAVAILABLE, connected(to, person, "second-account"))

    assert (await status(to, person)).connected
    assert vendor.live == {"first-account": ((await stored(person)).access_token, (await stored(person)).refresh_token)}


async def test_while_the_vendor_is_away_the_state_stays_good(to, person, vendor):
    begun = await begin(to, person)
    code = vendor.consent(begun.auth_url)
    vendor.exchange_failure = AWAY

    error = await refused(ErrorCode.PROVIDER_UNAVAILABLE, complete(to, person, state=begun.state, code=code))
    vendor.exchange_failure = None

    assert (error.after, "Send the same again" in error.detail) == (7, True)
    assert (await complete(to, person, state=begun.state, code=code)).connected
    await refused(ErrorCode.STATE_INVALID, complete(to, person, state=begun.state, code=code))


async def test_a_state_that_stayed_good_is_no_better_than_before(to, person, other_person, vendor):
    begun = await begin(to, person)
    code = vendor.consent(begun.auth_url)
    vendor.exchange_failure = AWAY
    await refused(ErrorCode.PROVIDER_UNAVAILABLE, complete(to, person, state=begun.state, code=code))
    vendor.exchange_failure = None

    await refused(ErrorCode.STATE_INVALID, complete(to, other_person, state=begun.state, code=code))
    vendor.now += timedelta(minutes=10)
    await refused(ErrorCode.STATE_INVALID, complete(to, person, state=begun.state, code=code))


# --- a person who goes meanwhile ----------------------------------------------------------------------------


@pytest.fixture
async def connecting(to, person, vendor):
    """An attempt to connect that waits for the vendor's answer."""
    begun = await begin(to, person)
    vendor.gate = asyncio.Event()
    task = asyncio.create_task(complete(to, person, state=begun.state, code=vendor.consent(begun.auth_url)))
    await vendor.asked.wait()
    return task


async def test_a_person_who_is_gone_leaves_no_grant_behind(connecting, person, vendor, database):
    async with database.person(person) as connection:
        await profiles.delete(connection, person)
    vendor.gate.set()

    await refused(ErrorCode.PERSON_DELETED, connecting)

    assert vendor.live == {}


async def test_a_person_who_is_being_deleted_leaves_no_grant_behind(connecting, person, vendor, database):
    async with database.person(person) as connection:
        await profiles.hold(connection, person)
        vendor.gate.set()
        await asyncio.wait([connecting], timeout=0.3)
        assert not connecting.done()
        await profiles.delete(connection, person)

    await refused(ErrorCode.PERSON_DELETED, connecting)

    assert vendor.live == {}


async def test_a_grant_that_a_bug_keeps_from_being_stored_is_ended(connecting, vendor, database, monkeypatch):
    async def broken(*_, **__):
        raise ValueError("a bug")

    monkeypatch.setattr(credentials, "save", broken)
    vendor.gate.set()
    with pytest.raises(ValueError, match="a bug"):
        await connecting

    assert vendor.live == {}


async def test_missing_scopes_are_named_and_stop_all_calls(to, person, vendor, database, vault):
    vendor.scopes = ("user:read",)

    done = await connected(to, person)

    assert (done.connected, done.state, done.missing_scopes) == (False, "scope_missing", ("recording:read",))
    assert "recording:read" in done.action
    await refused(ErrorCode.SCOPE_MISSING, StoredTokens(database, vault, vendor, person, vendor.clock).token())
    vendor.scopes = SCOPES
    assert (await connected(to, person)).connected


async def test_an_account_without_cloud_recording_is_connected_and_told(to, person, vendor):
    vendor.can_record = False

    done = await connected(to, person)

    assert (done.connected, done.can_record) == (True, False)
    assert "cannot record" in done.action


# --- one account, two people --------------------------------------------------------------------------------


async def test_an_account_of_somebody_else_is_refused_and_both_are_told(to, person, other_person, vendor, stored):
    await connected(to, person)

    error = await refused(ErrorCode.ACCOUNT_TAKEN, connected(to, other_person))

    assert isinstance(error, Conflict)
    assert await stored(other_person) is None
    assert vendor.live == {}
    first = await status(to, person)
    assert (first.connected, first.state) == (False, "reconnect_required")
    assert "Connect Zoom again" in first.action
    assert (await connected(to, person)).connected


async def test_another_account_of_the_same_person_takes_the_place_and_the_former_grant_is_ended(to, person, vendor):
    await connected(to, person, "first-account")

    done = await connected(to, person, "second-account")

    assert done.account_email == "second-account@example.org"
    assert list(vendor.live) == ["second-account"]


async def test_the_same_account_again_keeps_its_grant(to, person, vendor, stored):
    await connected(to, person)
    await connected(to, person)

    assert vendor.live["ada-at-zoom"][0] == (await stored(person)).access_token
    assert vendor.revoked == []


# --- disconnect -----------------------------------------------------------------------------------------------


@pytest.fixture
async def worked(to, person, database):
    """A connection with a recording and a processing of it."""
    await connected(to, person)
    recording = Recording("uuid==", "81234567890", "Weekly", NOW, None, 30, 10, None, ())
    async with database.person(person) as connection:
        await recordings.upsert(connection, person, "zoom", [recording], now=NOW)
        found = await recordings.find(connection, person, "zoom", "uuid==")
        await processings.create(connection, person, found.id, "zoom", "key", Options())


async def test_a_disconnect_revokes_forgets_and_keeps_the_data(to, person, vendor, stored, worked, database):
    done = await disconnect(to, person)

    assert (done.disconnected, done.revoked, done.removed) == (True, True, {})
    assert "disconnected" in done.detail
    assert await stored(person) is None
    assert vendor.live == {}
    async with database.person(person) as connection:
        assert await connection.scalar(text("select count(*) from recordings")) == 1
    await refused(ErrorCode.NOT_CONNECTED, disconnect(to, person))


async def test_a_disconnect_with_data_says_what_was_removed(to, person, worked, database):
    done = await disconnect(to, person, delete_data=True)

    assert done.removed == {"recordings": 1, "processings": 1, "transcripts": 0, "deliverables": 0}
    assert "1 recordings" in done.detail
    async with database.person(person) as connection:
        assert await connection.scalar(text("select count(*) from processings")) == 0


async def test_data_can_be_removed_after_the_disconnect(to, person, worked):
    await disconnect(to, person)

    done = await disconnect(to, person, delete_data=True)

    assert (done.disconnected, done.revoked, done.removed["recordings"]) == (False, False, 1)


async def test_a_vendor_that_is_away_does_not_keep_us_from_forgetting(to, person, vendor, stored):
    await connected(to, person)
    vendor.revoke_failure = Retry(ErrorCode.PROVIDER_UNAVAILABLE, "away")

    done = await disconnect(to, person)

    assert (done.disconnected, done.revoked) == (True, False)
    assert "did not confirm" in done.detail
    assert await stored(person) is None


async def test_an_expired_token_is_renewed_to_end_its_grant(to, person, vendor):
    await connected(to, person)
    vendor.now += 2 * HOUR

    done = await disconnect(to, person)

    assert (done.revoked, vendor.live) == (True, {})
    assert vendor.revoked == ["renewed-ada-at-zoom"]


async def test_a_grant_that_is_dead_already_counts_as_ended(to, person, vendor):
    await connected(to, person)
    vendor.now += 2 * HOUR
    vendor.live = {}

    assert (await disconnect(to, person)).revoked


@pytest.mark.parametrize(("later", "token"), [(timedelta(), "access-1"), (2 * HOUR, "renewed-ada-at-zoom")])
async def test_a_suspended_connection_is_ended_at_the_vendor_too(to, person, vendor, database, later, token):
    await connected(to, person)
    vendor.now += later
    async with database.person(person) as connection:
        await credentials.set_state(connection, "zoom", person, state=ConnectionState.FORBIDDEN, reason="r", now=NOW)

    assert (await disconnect(to, person)).revoked
    assert (vendor.live, vendor.revoked) == ({}, [token])


@pytest.mark.parametrize("later", [timedelta(), 2 * HOUR])
async def test_tokens_that_no_key_opens_are_forgotten_all_the_same(to, person, vendor, stored, database, later):
    await connected(to, person)
    vendor.now += later
    async with database.person(person) as connection:
        await connection.execute(text("update zoom_credentials set access_token = 'broken', refresh_token = 'broken'"))

    done = await disconnect(to, person)

    assert (done.disconnected, done.revoked) == (True, False)
    assert (await connected(to, person)).connected


async def test_a_person_who_is_not_connected_cannot_disconnect(to, person):
    with pytest.raises(NotFound):
        await disconnect(to, person)


# --- a whole Zoom -----------------------------------------------------------------------------------------------


@pytest.fixture
async def zoom(database, vault):
    """The real provider against the sandbox, and a browser."""
    async with running_sandbox(now=lambda: NOW) as sandbox, httpx2.AsyncClient() as browser:
        client, limiter = ApiClient(private_hosts=frozenset({"127.0.0.1"})), SharedLimiter(database)
        provider = Zoom(
            client,
            limiter,
            client_id=sandbox.client_id,
            client_secret=sandbox.client_secret,
            redirect_uri="http://localhost:8000/api/zoom/auth",
            clock=lambda: NOW,
            oauth_base=sandbox.oauth_base,
            api_base=sandbox.api_base,
        )

        async def walk(url):
            answer = await browser.get(url + "&auto_approve=1")
            return parse_qs(urlsplit(answer.headers["location"]).query)

        yield Connecting(database, vault, provider, lambda: NOW), walk, sandbox
        await limiter.aclose()
        await client.aclose()


async def test_the_whole_way_with_zoom(zoom, person, other_person, database, vault):
    to, walk, _ = zoom
    begun = await begin(to, person)
    back = await walk(begun.auth_url)

    done = await complete_from_browser(to, state=back["state"][0], code=back["code"][0], user_id=None, browser_cookie=begun.browser_cookie)
    tokens = StoredTokens(database, vault, to.provider, person, to.clock)
    first = await tokens.token()
    second = await tokens.replace(first)

    assert done.connected
    assert "@" in done.account_email
    assert first != second
    assert (await to.provider.account(tokens)).email == done.account_email

    other = await begin(to, other_person)
    again = await walk(other.auth_url)
    await refused(ErrorCode.ACCOUNT_TAKEN, complete(to, other_person, state=other.state, code=again["code"][0]))
    assert (await status(to, person)).state == "reconnect_required"
    assert (await disconnect(to, person)).disconnected


@pytest.fixture
def through(zoom):
    """Connects a person the whole way; `user` is who consents."""
    to, walk, _ = zoom

    async def connect_through(user_id, user=""):
        begun = await begin(to, user_id)
        back = await walk(f"{begun.auth_url}&user={user}")
        return await complete(to, user_id, state=begun.state, code=back["code"][0])

    return connect_through


async def test_an_account_whose_day_is_used_up_keeps_nobody_else_from_connecting(zoom, through, person, other_person):
    _, _, sandbox = zoom
    sandbox.faults.set("rate_limit_daily", count=1)
    await refused(ErrorCode.PROVIDER_DAILY_LIMIT, through(person))

    assert (await through(other_person)).connected


async def test_two_who_connect_somebody_elses_account_at_once_end_it_and_its_owner_is_told(zoom, through, person, other_person, database):
    to, _, _ = zoom
    async with database.nobody() as connection:
        eva = (await profiles.resolve(connection, issuer="test", subject="eva", email=None, name=None)).id
    assert (await through(eva)).connected
    account, both, first_asks, first_is_over = to.provider.account, asyncio.Barrier(2), asyncio.Event(), asyncio.Event()

    async def account_after_both_exchanged(access):
        is_first = not first_asks.is_set()
        first_asks.set()
        await both.wait()
        if not is_first:
            await first_is_over.wait()
        return await account(access)

    to.provider.account = account_after_both_exchanged
    first = asyncio.create_task(through(person))
    first.add_done_callback(lambda _: first_is_over.set())
    await first_asks.wait()
    second = asyncio.create_task(through(other_person))

    await refused(ErrorCode.RECONNECT_REQUIRED, first)  # the second exchange ended its grant
    await refused(ErrorCode.ACCOUNT_TAKEN, second)
    assert (await status(to, eva)).state == "reconnect_required"
