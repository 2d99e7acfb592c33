"""Faults of consent, of the exchange and of the refresh."""

from datetime import timedelta

import httpx2
import pytest

from momentum.errors import ActionRequired, ErrorCode, Invalid, Retry
from momentum.model import ConnectionState
from momentum.pipeline import connect

pytestmark = pytest.mark.anyio

CODE_REFUSED = {
    "work": "connect",
    "raises": Invalid,
    "code": ErrorCode.CODE_INVALID,
    "says": "Zoom did not accept the code: it is used or older than a few minutes, or the redirect URL is not the one registered with "
    "the app. Start connecting again.",
    "calls": 2,
}
CLIENT_REFUSED = {
    "raises": ActionRequired,
    "code": ErrorCode.CLIENT_INVALID,
    "says": "Zoom does not accept the app's client id and secret. Copy both again from the app's page; "
    "it must be a user-managed OAuth app.",
}
SEND_AGAIN = "Send the same again in a moment; if it is refused then, start connecting again."
GRANT_DEAD = {
    "work": "refresh",
    "raises": ActionRequired,
    "code": ErrorCode.RECONNECT_REQUIRED,
    "says": "Zoom no longer accepts this connection. Connect Zoom again.",
    "state": ConnectionState.RECONNECT_REQUIRED,
    "calls": 1,
}
BROKEN_OFF = {
    "raises": Retry,
    "code": ErrorCode.PROVIDER_UNAVAILABLE,
    "says": "127.0.0.1 broke its answer off (RemoteProtocolError).",
}
CASES = {
    "consent_denied": [
        {
            "work": "connect",
            "raises": Invalid,
            "code": ErrorCode.ACCESS_DENIED,
            "says": "Zoom was not allowed to share anything, so nothing was connected.",
            "calls": 1,
        }
    ],
    "state_changed": [
        {
            "work": "connect",
            "raises": Invalid,
            "code": ErrorCode.STATE_INVALID,
            "says": "This attempt to connect Zoom is unknown, used, older than ten minutes, or somebody else's. Start connecting again.",
            "calls": 1,
        }
    ],
    "pkce_plain": [CODE_REFUSED],
    "code_used": [CODE_REFUSED, CODE_REFUSED | {"on": {"error": "invalid_request"}}],
    "code_expired": [CODE_REFUSED, CODE_REFUSED | {"on": {"error": "invalid_request"}}],
    "redirect_mismatch": [CODE_REFUSED],
    "grant_type_refused": [
        CLIENT_REFUSED | {"work": "connect", "calls": 2},
        CLIENT_REFUSED | {"work": "refresh", "calls": 1},
    ],
    "invalid_client": [
        CLIENT_REFUSED | {"work": work, "on": {"status": status}, "calls": calls}
        for work, calls in (("connect", 2), ("refresh", 1))
        for status in (400, 401, 403)
    ],
    "lost_exchange_response": [
        BROKEN_OFF | {"work": "connect", "says": f"{BROKEN_OFF['says']} {SEND_AGAIN}", "calls": 2},
    ],
    "lost_refresh_response": [BROKEN_OFF | {"work": "refresh", "calls": 1, "ends": True}],
    "refresh_refused": [GRANT_DEAD, GRANT_DEAD | {"on": {"error": "invalid_request"}}],
    "authorized_elsewhere": [
        GRANT_DEAD | {"on": {"count": 1}},
        GRANT_DEAD | {"on": {"count": 1}, "work": "account", "calls": 2},
    ],
    "admin_disabled": [GRANT_DEAD, GRANT_DEAD | {"work": "account", "calls": 2}],
    "short_lived_token": [
        {"work": "connect", "calls": 3},
        {"work": "refresh", "on": {"seconds": 1}, "calls": 2},
    ],
    "expires_in": [
        {"work": "connect", "calls": 3},
        {"work": "refresh", "on": {"seconds": "3600"}, "calls": 2},
        {"work": "refresh", "on": {"seconds": 0}, "calls": 2},
        {"work": "refresh", "on": {"seconds": "soon"}, "calls": 2},
    ],
    "scope_absent": [{"work": "connect", "calls": 3}, {"work": "refresh", "calls": 2}],
    "api_url": [
        {"work": work, "on": {"url": url}, "calls": calls}
        for work, calls in (("connect", 3), ("refresh", 2))
        for url in ("https://api-eu.zoom.us", "https://api.example.org", "none")
    ],
}
ROWS = [
    pytest.param(name, facts, id=f"{name}-{facts['work']}-{number}") for name, rows in CASES.items() for number, facts in enumerate(rows)
]


@pytest.mark.parametrize(("name", "facts"), ROWS)
async def test_what_becomes_of(stand, name, facts):
    await stand.holds(name, **facts)


async def test_a_code_is_of_no_use_after_five_minutes(stand):
    back = await stand.consent()
    stand.time.now += timedelta(minutes=5, seconds=1)
    with pytest.raises(Invalid) as refused:
        await connect.complete(stand.to, stand.person, state=back["state"], code=back["code"])
    assert (refused.value.code, refused.value.detail) == (ErrorCode.CODE_INVALID, CODE_REFUSED["says"])
    assert await stand.stored() is None
    assert (await stand.connect())[0]


@pytest.mark.parametrize("later", [timedelta(), timedelta(hours=2)])
async def test_a_second_authorization_ends_the_first_and_nothing_is_lost(stand, later):
    await stand.connect()
    known = await stand.sync()
    await authorize_elsewhere(stand)
    stand.time.now += later
    for _ in range(2):
        with pytest.raises(ActionRequired) as ended:
            await stand.sync()
        assert (ended.value.code, ended.value.detail) == (ErrorCode.RECONNECT_REQUIRED, GRANT_DEAD["says"])
    assert len(stand.sandbox.requests) <= 2, "one call, one refresh, and then none"
    assert await stand.known() == known
    await stand.connect()
    assert await stand.sync() == known


HARMLESS_TO_THE_FORMER = [
    {"code_used": True},
    {"invalid_client": True},
    {"server_error": {"path": "/oauth/token"}},
    {"consent_denied": True},
]


@pytest.mark.parametrize("switches", HARMLESS_TO_THE_FORMER)
async def test_an_attempt_to_connect_again_that_fails_leaves_the_connection_that_stands(stand, switches):
    await stand.connect()
    former = await stand.stored()
    stand.sandbox.faults.apply(switches)
    with pytest.raises((ActionRequired, Invalid, Retry)):
        await stand.connect()
    stand.sandbox.faults.clear()
    assert await stand.stored() == former
    assert await stand.account() == former.account.email


async def test_an_attempt_whose_answer_is_lost_ends_the_former_connection_too_which_is_then_said(stand):
    await stand.connect()
    known = await stand.sync()
    stand.sandbox.faults.set("lost_exchange_response", count=1)
    with pytest.raises(Retry):
        await stand.connect()
    with pytest.raises(ActionRequired) as ended:
        await stand.sync()
    assert (ended.value.code, ended.value.detail) == (ErrorCode.RECONNECT_REQUIRED, GRANT_DEAD["says"])
    await stand.connect()
    assert await stand.sync() == known


async def authorize_elsewhere(stand):
    """The same person and app, in another installation."""
    query = {"response_type": "code", "client_id": stand.sandbox.client_id, "redirect_uri": stand.sandbox.app.redirect_uris[0]}
    async with httpx2.AsyncClient(trust_env=False) as http:
        base, secret = stand.sandbox.oauth_base, stand.sandbox.client_secret
        back = await http.get(f"{base}/oauth/authorize", params=query | {"auto_approve": "1"})
        form = {"grant_type": "authorization_code", "code": httpx2.URL(back.headers["location"]).params["code"]}
        auth = (query["client_id"], secret)
        answer = await http.post(f"{base}/oauth/token", data=form | {"redirect_uri": query["redirect_uri"]}, auth=auth)
    assert answer.status_code == 200
    stand.sandbox.requests.clear()
