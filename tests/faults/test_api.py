"""Faults of any call of the API, of the whole host, and of the person's standing at Zoom."""

from datetime import timedelta

import pytest

from momentum.errors import ActionRequired, ErrorCode, NotReady, Permanent, Retry
from momentum.model import ConnectionState
from momentum.store.limits import SharedLimiter

pytestmark = pytest.mark.anyio

AWAY = {"raises": Retry, "code": ErrorCode.PROVIDER_UNAVAILABLE, "says": "Zoom is not answering properly right now."}
AGAIN = {"says": "Zoom is not answering properly right now. Start connecting again."}
UNJUDGED = {
    "says": "Zoom is not answering properly right now. Send the same again in a moment; if it is refused then, start connecting again."
}
GONE = {
    "raises": ActionRequired,
    "code": ErrorCode.RECONNECT_REQUIRED,
    "says": "Zoom no longer accepts this connection. Connect Zoom again.",
    "state": ConnectionState.RECONNECT_REQUIRED,
}
FORBIDDEN = {
    "raises": ActionRequired,
    "code": ErrorCode.PROVIDER_FORBIDDEN,
    "says": "Zoom does not let this account read its recordings. A Zoom administrator has to allow cloud recordings for it; "
    "then connect Zoom again.",
    "state": ConnectionState.FORBIDDEN,
}
ONE_FORBIDDEN = {
    "work": "look",
    "raises": Permanent,
    "code": ErrorCode.PROVIDER_FORBIDDEN,
    "says": "Zoom does not let this account read the recording.",
    "calls": 2,
}
NONE = {
    "work": "look",
    "raises": Permanent,
    "code": ErrorCode.RECORDING_NOT_FOUND,
    "says": "Zoom has no recording of this meeting for this account.",
    "calls": 2,
}
NOT_YET = {
    "work": "fetch",
    "fresh": True,
    "raises": NotReady,
    "code": ErrorCode.RECORDING_NOT_READY,
    "says": "Zoom is still preparing this recording.",
    "calls": 2,
}
SCOPE = {
    "work": "sync",
    "raises": ActionRequired,
    "code": ErrorCode.SCOPE_MISSING,
    "says": "Zoom did not grant Momentum: cloud_recording:read:list_user_recordings. Add it to the app's scopes, then connect Zoom again.",
    "state": ConnectionState.SCOPE_MISSING,
    "calls": 1,
}
REFUSED = {
    "raises": Permanent,
    "code": ErrorCode.PROVIDER_ANSWER_INVALID,
    "says": "Zoom refused the request (HTTP 400, code 300).",
    "calls": 1,
}
TOO_FAST = {"raises": Retry, "code": ErrorCode.PROVIDER_RATE_LIMITED, "says": "Zoom asks us to slow down.", "after": 60, "calls": 4}
DAY_GONE = {
    "raises": Retry,
    "code": ErrorCode.PROVIDER_DAILY_LIMIT,
    "says": "Zoom's allowance of calls for today is used up.",
    "after": 12 * 3600,
    "calls": 1,
    "quiet": True,
    "later": timedelta(hours=12),
}
CASES = {
    "slow": [
        {"work": "account", "on": {"seconds": 0.05}, "calls": 1},
        AWAY | {"work": "account", "on": {"seconds": 60}, "patience": 0.2, "calls": 4},
    ],
    "server_error": [
        {"work": "account", "on": {"count": 2}, "calls": 3},
        *(AWAY | {"work": "account", "on": {"status": status}, "calls": 4} for status in (500, 502, 503, 200)),
        *(AWAY | {"work": "refresh", "on": {"path": "/oauth/token", "status": status}, "calls": 1} for status in (500, 200)),
        AWAY | AGAIN | {"work": "connect", "on": {"path": "/users/me"}, "calls": 7},
        AWAY | UNJUDGED | {"work": "connect", "on": {"path": "/oauth/token"}, "calls": 2},
        {"work": "disconnect", "on": {"path": "/oauth/revoke"}, "calls": 1, "gives": (True, False)},
    ],
    "drop_connection": [
        {"work": "account", "on": {"count": 1}, "calls": 2},
        AWAY | {"work": "sync", "calls": 4},
    ],
    "token_expired": [
        {"work": "account", "on": {"count": 1}, "calls": 3},
        {"work": "sync", "on": {"count": 1}, "calls": 5},
        GONE | {"work": "account", "calls": 3},
    ],
    "invalid_token": [
        {"work": "account", "on": {"count": 1}, "calls": 3},
        GONE | {"work": "look", "calls": 3},
    ],
    "scope_missing": [SCOPE | {"on": {"code": code, "scope": "cloud_recording:read:list_user_recordings"}} for code in (4711, 4700, 201)],
    "no_permission": [
        *(FORBIDDEN | {"work": "sync", "on": {"status": status}, "calls": 1} for status in (200, 400, 403)),
        *(ONE_FORBIDDEN | {"on": {"status": status}} for status in (200, 400)),
        {"work": "fetch", "on": {"count": 1}, "calls": 4},
    ],
    "forbidden": [FORBIDDEN | {"work": "sync", "calls": 1}, ONE_FORBIDDEN, {"work": "fetch", "on": {"count": 1}, "calls": 4}],
    "user_removed": [GONE | {"work": "account", "calls": 1}, GONE | {"work": "look", "calls": 2}, GONE | {"work": "refresh", "calls": 1}],
    "user_elsewhere": [GONE | {"work": "account", "calls": 1}, GONE | {"work": "look", "calls": 2}, NONE | {"on": {"path": "/meetings"}}],
    "validation_failed": [REFUSED | {"work": work} for work in ("sync", "look", "account")],
    "rate_limit_second": [
        {"work": "account", "on": {"count": 2}, "calls": 3},
        *(TOO_FAST | {"work": "account", "on": {"headers": headers}} for headers in ("zoom", "none")),
    ],
    "rate_limit_daily": [
        *(DAY_GONE | {"work": work, "on": {"headers": headers}} for work in ("account", "sync", "look") for headers in ("iso", "seconds")),
        TOO_FAST | {"work": "account", "on": {"headers": "none"}},
    ],
    "rate_limit_user": [{"work": "account", "on": {"count": 2}, "calls": 3}, TOO_FAST | {"work": "account"}],
    "rate_limit_concurrent": [{"work": "account", "on": {"count": 2}, "calls": 3}, TOO_FAST | {"work": "account"}],
    "localised": [
        SCOPE | {"also": {"scope_missing": {"scope": "cloud_recording:read:list_user_recordings"}}},
        FORBIDDEN | {"work": "sync", "also": {"no_permission": True}, "calls": 1},
        DAY_GONE | {"work": "account", "also": {"rate_limit_daily": True}},
        TOO_FAST | {"work": "account", "also": {"rate_limit_second": True}},
        GONE | {"work": "account", "also": {"token_expired": True}, "calls": 3},
        GONE | {"work": "account", "also": {"user_elsewhere": True}, "calls": 1},
        REFUSED | {"work": "sync", "also": {"validation_failed": True}},
        NONE | {"also": {"no_recording_3301": True}},
        NONE | {"also": {"processing_3301": True}},
        NOT_YET | {"also": {"no_recording_3301": True}},
        NOT_YET | {"also": {"processing_3301": True}},
    ],
}
ROWS = [
    pytest.param(name, facts, id=f"{name}-{facts['work']}-{number}") for name, rows in CASES.items() for number, facts in enumerate(rows)
]


@pytest.mark.parametrize(("name", "facts"), ROWS)
async def test_what_becomes_of(stand, name, facts):
    await stand.holds(name, **facts)


async def test_our_own_pace_keeps_within_an_enforced_rate(stand, database):
    await stand.connect()
    stand.sandbox.faults.set("clamp", days=1)  # a month is 33 calls then
    whole = await stand.sync()
    stand.sandbox.faults.set("enforce_rate")
    stand.sandbox.requests.clear()
    limiter = stand.provider._api._limiter = SharedLimiter(database)
    try:
        assert await stand.sync() == whole
    finally:
        await limiter.aclose()
    assert len(stand.sandbox.requests) > 30
    assert {r.status for r in stand.sandbox.requests} == {200}


APART = {"enforce_rate": test_our_own_pace_keeps_within_an_enforced_rate}
