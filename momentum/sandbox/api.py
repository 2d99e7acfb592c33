"""The API under /v2: who is asking, their recordings, one meeting's recordings, who was there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from momentum.sandbox.answers import NO_RECORDING, NOT_ON_ACCOUNT, STILL_PROCESSING, ZoomError
from momentum.sandbox.attendance import Join, joins, people
from momentum.sandbox.catalogue import ACCOUNT_ID, Meeting, User
from momentum.sandbox.gate import endpoint
from momentum.sandbox.grants import Access
from momentum.sandbox.listing import effects_of, list_recordings, meeting_body, next_page_token, page_size, page_start
from momentum.sandbox.ripening import Stage, stage_of
from momentum.sandbox.world import Sandbox


def named_user(sandbox: Sandbox, access: Access, name: str) -> User:
    """The user in a path. Raises 404/1001, and 400/1010 for somebody else's."""
    own = sandbox.users[access.user_id]
    if name == "me":
        return own
    user = sandbox.user(name)
    if user is None:
        raise ZoomError(404, 1001, f"User does not exist: {name}.")
    if user != own and not access.whole_account:
        raise ZoomError(400, 1010, NOT_ON_ACCOUNT)
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
    effects = effects_of(sandbox, path)
    stage = stage_of(meeting, effects, sandbox.now())
    if stage is Stage.UNKNOWN:
        raise ZoomError(404, 3301, NO_RECORDING)
    if stage is Stage.PREPARING or sandbox.faults.fire("processing_3301", path=path) is not None:
        raise ZoomError(404, 3301, STILL_PROCESSING)
    body = meeting_body(sandbox, meeting, effects)
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
    strict = "/" in unquote(named) and sandbox.faults.fire("uuid_encoded_twice", path=request.url.path) is not None
    if strict and "/" in named:
        return None
    meeting = sandbox.meeting(named) or sandbox.meeting(unquote(named))
    if meeting is None or (meeting.owner.id != access.user_id and not access.whole_account):
        return None
    return meeting


@endpoint("Light", "meeting:read:past_meeting", "meeting:read")
async def past_meeting(request: Request, sandbox: Sandbox, access: Access) -> Response:
    """`GET /past_meetings/{number|UUID}`."""
    return JSONResponse(past_body(_past(request, sandbox, access)))


def past_body(meeting: Meeting) -> dict[str, Any]:
    """A meeting that is over, as Zoom shows one."""
    minutes = _minutes(meeting)
    return {
        "id": meeting.number,
        "uuid": meeting.uuid,
        "duration": minutes,
        "start_time": f"{meeting.start:%Y-%m-%dT%H:%M:%SZ}",
        "end_time": f"{meeting.end:%Y-%m-%dT%H:%M:%SZ}",
        "host_id": meeting.owner.id,
        "participants_count": people(meeting),
        "source": "Zoom",
        "topic": meeting.topic,
        "total_minutes": minutes * people(meeting),
        "type": meeting.kind,
        "user_email": meeting.owner.email,
        "user_name": meeting.owner.name,
        "has_meeting_summary": False,
    }


@endpoint("Medium", "meeting:read:list_past_participants", "meeting:read")
async def past_participants(request: Request, sandbox: Sandbox, access: Access) -> Response:
    """`GET /past_meetings/{number|UUID}/participants`."""
    meeting = _past(request, sandbox, access)
    path, query = request.url.path, request.query_params
    rows, size = participant_rows(sandbox, meeting), page_size(sandbox, query, path)
    identity, given = (path, size), query.get("next_page_token", "")
    start = page_start(sandbox, identity, given)
    last = start + size >= len(rows)
    return JSONResponse(
        {
            "page_count": max(1, -(-len(rows) // size)),
            "page_size": size,
            "total_records": len(rows),
            "next_page_token": next_page_token(sandbox, identity, given, start + size, last=last, path=path),
            "participants": rows[start : start + size],
        }
    )


def participant_rows(sandbox: Sandbox, meeting: Meeting) -> list[dict[str, Any]]:
    """A row for each time somebody joined; guests have neither id nor e-mail address."""
    return [_joined(sandbox, join, number) for number, join in enumerate(joins(meeting))]


def _joined(sandbox: Sandbox, join: Join, number: int) -> dict[str, Any]:
    person = sandbox.user(join.email) if join.email else None
    return {
        "id": person.id if person else "",
        "name": join.name,
        "user_id": str(16_778_240 + 1_024 * number),
        "registrant_id": "",
        "user_email": join.email,
        "join_time": f"{join.start:%Y-%m-%dT%H:%M:%SZ}",
        "leave_time": f"{join.end:%Y-%m-%dT%H:%M:%SZ}",
        "duration": round((join.end - join.start).total_seconds()),
        "failover": False,
        "status": "in_meeting",
        "internal_user": bool(join.email),
    }


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
