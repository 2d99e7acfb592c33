"""The API under /v2: who is asking, their recordings, one meeting's recordings, who was there."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from momentum.sandbox.answers import (
    NO_RECORDING,
    PER_DAY,
    PER_SECOND,
    PER_USER,
    STILL_PROCESSING,
    TOKEN_ABSENT,
    TOKEN_EXPIRED,
    TOKEN_INVALID,
    ZoomError,
    error_response,
    sandbox_of,
)
from momentum.sandbox.catalogue import ACCOUNT_ID, Meeting, User
from momentum.sandbox.grants import Access
from momentum.sandbox.listing import effects_of, list_recordings, meeting_body
from momentum.sandbox.world import Sandbox

DAY_ALLOWANCE = 6_000
# Calls a second on the Pro plan: https://developers.zoom.us/docs/api/rate-limits/
PRO_PER_SECOND = {"Light": 30, "Medium": 20, "Heavy": 10}

Handler = Callable[[Request, Sandbox, Access], Awaitable[Response]]


def endpoint(label: str, *scopes: str) -> Callable[[Handler], Callable[[Request], Awaitable[Response]]]:
    """A call of rate label `label` that any one of `scopes` opens, with everything that may happen before it is carried out."""

    def decorate(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        @wraps(handler)
        async def answer(request: Request) -> Response:
            sandbox, path = sandbox_of(request), request.url.path
            sandbox.calls[label] += 1
            try:
                _check_rate(sandbox, label, path)
                response = await handler(request, sandbox, _access(request, sandbox, scopes))
            except ZoomError as error:
                response = error_response(error, localised=sandbox.faults.fire("localised", path=path) is not None)
            return _with_allowance(response, sandbox, label)

        return answer

    return decorate


def _with_allowance(response: Response, sandbox: Sandbox, label: str) -> Response:
    response.headers.setdefault("x-ratelimit-category", label)
    response.headers.setdefault("x-ratelimit-limit", str(DAY_ALLOWANCE))
    response.headers.setdefault("x-ratelimit-remaining", str(max(0, DAY_ALLOWANCE - sandbox.calls[label])))
    if response.headers["x-ratelimit-category"] == "none":
        for name in ("x-ratelimit-category", "x-ratelimit-limit", "x-ratelimit-remaining"):
            del response.headers[name]
    return response


def _check_rate(sandbox: Sandbox, label: str, path: str) -> None:
    """The 429s, with the headers that go with each."""
    if (fault := sandbox.faults.fire("rate_limit_second", path=path)) is not None:
        raise _too_many(PER_SECOND, {"x-ratelimit-type": "QPS"}, bare=fault.get("headers") == "none")
    if (fault := sandbox.faults.fire("rate_limit_daily", path=path)) is not None:
        kind = fault.get("headers", "iso")
        headers = {"x-ratelimit-type": "Daily-limit", "x-ratelimit-remaining": "0", "retry-after": _next_day(sandbox.now(), kind)}
        raise _too_many(PER_DAY, headers, bare=kind == "none")
    if sandbox.faults.fire("rate_limit_user", path=path) is not None:
        raise _too_many(PER_USER, {}, bare=False)
    if (fault := sandbox.faults.fire("enforce_rate", path=path)) is not None:
        _enforce(sandbox, label, int(fault.get("per_second", PRO_PER_SECOND[label])))


def _too_many(message: str, headers: dict[str, str], *, bare: bool) -> ZoomError:
    return ZoomError(429, 429, message, headers={"x-ratelimit-category": "none"} if bare else headers)


def _next_day(now: datetime, kind: str) -> str:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    if kind == "seconds":
        return str(round((midnight - now).total_seconds()))
    return f"{midnight:%Y-%m-%dT%H:%M:%SZ}"


def _enforce(sandbox: Sandbox, label: str, allowed: int) -> None:
    """Refuse what exceeds `allowed` accepted calls of the label within one second."""
    accepted = sandbox.accepted[label]
    moment = time.monotonic()
    while accepted and moment - accepted[0] >= 1:
        accepted.popleft()
    if len(accepted) >= allowed:
        raise _too_many(PER_SECOND, {"x-ratelimit-type": "QPS"}, bare=False)
    accepted.append(moment)


def _access(request: Request, sandbox: Sandbox, scopes: tuple[str, ...]) -> Access:
    """What the Bearer token opens. Raises 401/124, 404/1001, 400/4711."""
    path = request.url.path
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise ZoomError(401, 124, TOKEN_ABSENT)
    access = sandbox.grants.find(token)
    if sandbox.faults.fire("token_expired", path=path) is not None:
        raise ZoomError(401, 124, TOKEN_EXPIRED)
    revoked = any(sandbox.faults.fire(name, path=path) is not None for name in ("invalid_token", "admin_disabled"))
    if access is None or not access.alive or revoked:
        raise ZoomError(401, 124, TOKEN_INVALID)
    if access.expires_at <= sandbox.now():
        raise ZoomError(401, 124, TOKEN_EXPIRED)
    if sandbox.faults.fire("user_removed", path=path) is not None or access.user_id not in sandbox.users:
        raise ZoomError(404, 1001, f"User does not exist: {access.user_id}.")
    _check_scopes(sandbox, access, scopes, path)
    return access


def _check_scopes(sandbox: Sandbox, access: Access, scopes: tuple[str, ...], path: str) -> None:
    fault = sandbox.faults.fire("scope_missing", path=path)
    if fault is None and set(access.scopes) & set(scopes):
        return
    missing = str((fault or {}).get("scope", scopes[0]))
    code = int((fault or {}).get("code", 4711))
    raise ZoomError(400, code, f"Invalid access token, does not contain scopes:[{missing}].")


def named_user(sandbox: Sandbox, access: Access, name: str) -> User:
    """The user in a path. Raises 404/1001, and 400/1010 for somebody else's."""
    own = sandbox.users[access.user_id]
    if name == "me":
        return own
    user = sandbox.user(name)
    if user is None:
        raise ZoomError(404, 1001, f"User does not exist: {name}.")
    if user != own and not access.whole_account:
        raise ZoomError(400, 1010, "User not found on this account")
    return user


@endpoint("Light", "user:read:user", "user:read")
async def user(request: Request, sandbox: Sandbox, access: Access) -> Response:
    """`GET /users/{id|me}`."""
    return JSONResponse(user_body(named_user(sandbox, access, request.path_params["user_id"])))


def user_body(person: User) -> dict[str, Any]:
    """A user as Zoom shows one."""
    created = "2024-02-01T08:00:00Z"
    return {
        "id": person.id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "display_name": person.name,
        "email": person.email,
        "type": person.plan,
        "role_name": "Member",
        "pmi": 5551230000 + len(person.first_name),
        "timezone": person.timezone,
        "verified": 1,
        "created_at": created,
        "user_created_at": created,
        "account_id": ACCOUNT_ID,
        "account_number": 5001234,
        "language": "en-US",
        "status": "active",
        "login_types": [100],
        "cluster": "us06",
    }


@endpoint("Medium", "cloud_recording:read:list_user_recordings", "recording:read")
async def user_recordings(request: Request, sandbox: Sandbox, access: Access) -> Response:
    """`GET /users/{id|me}/recordings`."""
    owner = named_user(sandbox, access, request.path_params["user_id"])
    return JSONResponse(list_recordings(sandbox, (owner,), request.query_params, request.url.path))


@endpoint("Medium", "cloud_recording:read:list_user_recordings", "recording:read")
async def account_recordings(request: Request, sandbox: Sandbox, access: Access) -> Response:
    """`GET /accounts/me/recordings`, for server-to-server apps."""
    if not access.whole_account:
        missing = "cloud_recording:read:list_account_recordings:admin"
        raise ZoomError(400, 4711, f"Invalid access token, does not contain scopes:[{missing}].")
    return JSONResponse(list_recordings(sandbox, tuple(sandbox.users.values()), request.query_params, request.url.path))


@endpoint("Light", "cloud_recording:read:list_recording_files", "recording:read")
async def meeting_recordings(request: Request, sandbox: Sandbox, access: Access) -> Response:
    """`GET /meetings/{number|UUID}/recordings`."""
    path = request.url.path
    meeting = _meeting(request, sandbox, access)
    if meeting is None or sandbox.faults.fire("no_recording_3301", path=path) is not None:
        raise ZoomError(404, 3301, NO_RECORDING)
    if sandbox.faults.fire("processing_3301", path=path) is not None:
        raise ZoomError(404, 3301, STILL_PROCESSING)
    body = meeting_body(sandbox, meeting, effects_of(sandbox, path))
    body["password"] = ""
    if "download_access_token" in request.query_params.get("include_fields", ""):
        body["download_access_token"] = _download_token(sandbox, meeting, request.query_params)
    return JSONResponse(body)


def _download_token(sandbox: Sandbox, meeting: Meeting, query: Mapping[str, str]) -> str:
    seconds = min(int(query.get("ttl", "604800")) or 604_800, 604_800) if query.get("ttl", "0").isdigit() else 604_800
    token = sandbox.grants.opaque(120)
    sandbox.download_tokens[token] = (meeting.uuid, sandbox.now() + timedelta(seconds=seconds))
    return token


def _meeting(request: Request, sandbox: Sandbox, access: Access) -> Meeting | None:
    """The meeting in the path. The path arrives decoded once; a UUID may have been encoded twice."""
    named = request.path_params["meeting_id"]
    meeting = sandbox.meeting(named) or sandbox.meeting(unquote(named))
    if meeting is None or (meeting.owner.id != access.user_id and not access.whole_account):
        return None
    return meeting


@endpoint("Light", "meeting:read:past_meeting", "meeting:read")
async def past_meeting(request: Request, sandbox: Sandbox, access: Access) -> Response:
    """`GET /past_meetings/{number|UUID}`."""
    meeting = _past(request, sandbox, access)
    minutes = _minutes(meeting)
    body: dict[str, Any] = {
        "id": meeting.number,
        "uuid": meeting.uuid,
        "duration": minutes,
        "start_time": f"{meeting.start:%Y-%m-%dT%H:%M:%SZ}",
        "end_time": f"{meeting.end:%Y-%m-%dT%H:%M:%SZ}",
        "host_id": meeting.owner.id,
        "participants_count": len(meeting.participants),
        "source": "Zoom",
        "topic": meeting.topic,
        "total_minutes": minutes * len(meeting.participants),
        "type": meeting.kind,
        "user_email": meeting.owner.email,
        "user_name": meeting.owner.name,
        "has_meeting_summary": False,
    }
    return JSONResponse(body)


@endpoint("Medium", "meeting:read:list_past_participants", "meeting:read")
async def past_participants(request: Request, sandbox: Sandbox, access: Access) -> Response:
    """`GET /past_meetings/{number|UUID}/participants`."""
    meeting = _past(request, sandbox, access)
    participants = [
        {
            "id": (person.id if (person := sandbox.user(email)) else "") if email else "",
            "name": name,
            "user_id": str(16_778_240 + 1_024 * index),
            "registrant_id": "",
            "user_email": email,
            "join_time": f"{meeting.start:%Y-%m-%dT%H:%M:%SZ}",
            "leave_time": f"{meeting.end:%Y-%m-%dT%H:%M:%SZ}",
            "duration": round((meeting.end - meeting.start).total_seconds()),
            "failover": False,
            "status": "in_meeting",
            "internal_user": bool(email),
        }
        for index, (name, email) in enumerate(meeting.participants)
    ]
    return JSONResponse(
        {"page_count": 1, "page_size": 30, "total_records": len(participants), "next_page_token": "", "participants": participants}
    )


def _past(request: Request, sandbox: Sandbox, access: Access) -> Meeting:
    meeting = _meeting(request, sandbox, access)
    if meeting is None:
        raise ZoomError(404, 3001, f"Meeting does not exist: {request.path_params['meeting_id']}.")
    return meeting


def _minutes(meeting: Meeting) -> int:
    return -(-round((meeting.end - meeting.start).total_seconds()) // 60)


ROUTES = [
    Route("/users/{user_id}/recordings", user_recordings),
    Route("/users/{user_id}", user),
    Route("/accounts/{account_id}/recordings", account_recordings),
    Route("/meetings/{meeting_id:path}/recordings", meeting_recordings),
    Route("/past_meetings/{meeting_id:path}/participants", past_participants),
    Route("/past_meetings/{meeting_id:path}", past_meeting),
]
