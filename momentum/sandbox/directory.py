"""What an account's admin may list: its users, and their meetings."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from momentum.sandbox.answers import ZoomError
from momentum.sandbox.api import endpoint, named_user, user_body
from momentum.sandbox.catalogue import Meeting
from momentum.sandbox.grants import Access
from momentum.sandbox.world import Sandbox


@endpoint("Medium", "user:read:list_users:admin", "user:read:admin")
async def users(_request: Request, sandbox: Sandbox, _access: Access) -> Response:
    """`GET /users`."""
    return JSONResponse(_page("users", [user_body(user) for user in sandbox.users.values()]))


@endpoint("Medium", "meeting:read:list_meetings:admin", "meeting:read:list_meetings", "meeting:read:admin", "meeting:read")
async def meetings(request: Request, sandbox: Sandbox, access: Access) -> Response:
    """`GET /users/{id|me}/meetings`: each number once, as meetings are not instances."""
    owner = named_user(sandbox, access, request.path_params["user_id"])
    latest = {meeting.number: meeting for meeting in reversed(sandbox.meetings) if meeting.owner == owner and not meeting.trashed}
    return JSONResponse(_page("meetings", [_body(meeting) for meeting in latest.values()]))


@endpoint("Light", "meeting:read:meeting:admin", "meeting:read:meeting", "meeting:read:admin", "meeting:read")
async def meeting(request: Request, sandbox: Sandbox, access: Access) -> Response:
    """`GET /meetings/{number}`."""
    named = str(request.path_params["meeting_id"])
    found = sandbox.meeting(named)
    if found is None or (found.owner.id != access.user_id and not access.whole_account):
        raise ZoomError(404, 3001, f"Meeting does not exist: {named}.")
    return JSONResponse(_body(found) | {"status": "waiting", "settings": {"auto_recording": "cloud"}})


def _page(key: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"page_count": 1, "page_number": 1, "page_size": 300, "total_records": len(rows), "next_page_token": "", key: rows}


def _body(meeting: Meeting) -> dict[str, Any]:
    return {
        "uuid": meeting.uuid,
        "id": meeting.number,
        "host_id": meeting.owner.id,
        "topic": meeting.topic,
        "type": meeting.kind,
        "start_time": f"{meeting.start:%Y-%m-%dT%H:%M:%SZ}",
        "duration": 60,
        "timezone": meeting.owner.timezone,
        "created_at": f"{meeting.start:%Y-%m-%dT00:00:00Z}",
        "join_url": f"https://us06web.zoom.us/j/{meeting.number}",
    }


ROUTES = [
    Route("/users", users),
    Route("/users/{user_id}/meetings", meetings),
    Route("/meetings/{meeting_id:int}", meeting),
]
