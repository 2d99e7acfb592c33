"""What an account's admin may list: its users, their meetings, and the reports on them (https://developers.zoom.us/docs/api/)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from momentum.sandbox.answers import ZoomError
from momentum.sandbox.api import named_user, participant_rows, past_body, user_body
from momentum.sandbox.catalogue import Meeting
from momentum.sandbox.gate import endpoint
from momentum.sandbox.grants import Access
from momentum.sandbox.world import Sandbox

_MEETING = ("meeting:read:meeting:admin", "meeting:read:meeting", "meeting:read:admin", "meeting:read")
_REPORT = ("report:read:list_meeting_participants:admin", "report:read:meeting:admin", "report:read:admin")


@endpoint("Medium", "user:read:list_users:admin", "user:read:admin")
async def users(request: Request, sandbox: Sandbox, _access: Access) -> Response:
    """`GET /users`."""
    return JSONResponse(_page(request, sandbox, "users", [user_body(user) for user in sandbox.users.values()]))


@endpoint("Medium", "meeting:read:list_meetings:admin", "meeting:read:list_meetings", "meeting:read:admin", "meeting:read")
async def meetings(request: Request, sandbox: Sandbox, access: Access) -> Response:
    """`GET /users/{id|me}/meetings`: each number once, as meetings are not instances."""
    owner = named_user(sandbox, access, request.path_params["user_id"])
    latest = {meeting.number: meeting for meeting in reversed(sandbox.meetings) if meeting.owner == owner and not meeting.trashed}
    return JSONResponse(_page(request, sandbox, "meetings", [_body(meeting) for meeting in latest.values()]))


@endpoint("Light", *_MEETING)
async def meeting(request: Request, sandbox: Sandbox, access: Access) -> Response:
    """`GET /meetings/{number}`."""
    found = _found(request, sandbox, access)
    return JSONResponse(_body(found) | {"status": "waiting", "settings": {"auto_recording": "cloud"}})


def nothing_of(key: str) -> Callable[[Request], Any]:
    """`GET /meetings/{number}/…`, of which these meetings have nothing."""

    @endpoint("Light", *_MEETING)
    async def nothing(request: Request, sandbox: Sandbox, access: Access) -> Response:
        _found(request, sandbox, access)
        return JSONResponse(_page(request, sandbox, key, []))

    return nothing


@endpoint("Medium", "webinar:read:list_webinars:admin", "webinar:read:admin")
async def webinars(request: Request, sandbox: Sandbox, access: Access) -> Response:
    """`GET /users/{id|me}/webinars`: nobody here has the plan."""
    owner = named_user(sandbox, access, request.path_params["user_id"])
    raise ZoomError(
        400, 200, f"Webinar plan is missing. You must subscribe to the webinar plan and enable webinar for this user: {owner.id}."
    )


@endpoint("Heavy", *_REPORT)
async def report(request: Request, sandbox: Sandbox, access: Access) -> Response:
    """`GET /report/meetings/{number|UUID}`."""
    return JSONResponse(past_body(_found(request, sandbox, access)))


@endpoint("Heavy", *_REPORT)
async def report_participants(request: Request, sandbox: Sandbox, access: Access) -> Response:
    """`GET /report/meetings/{number|UUID}/participants`."""
    rows = participant_rows(sandbox, _found(request, sandbox, access))
    more = {"customer_key": "", "bo_mtg_id": ""}
    return JSONResponse(_page(request, sandbox, "participants", [row | more for row in rows]))


def _found(request: Request, sandbox: Sandbox, access: Access) -> Meeting:
    named = str(request.path_params["meeting_id"])
    found = sandbox.meeting(named)
    if found is None or (found.owner.id != access.user_id and not access.whole_account):
        raise ZoomError(404, 3001, f"Meeting does not exist: {named}.")
    return found


def _page(request: Request, sandbox: Sandbox, key: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The page of that number; Zoom takes page numbers in these lists still."""
    fault = sandbox.faults.fire("small_pages", path=request.url.path)
    size, number = (_number(request, name, usual) for name, usual in (("page_size", 30), ("page_number", 1)))
    size = min(size, 300 if fault is None else int(fault.get("size", 2)))
    count = max(1, -(-len(rows) // size))
    shown = list(rows[(number - 1) * size : number * size])
    return {"page_count": count, "page_number": number, "page_size": size, "total_records": len(rows), "next_page_token": "", key: shown}


def _number(request: Request, name: str, usual: int) -> int:
    given = request.query_params.get(name, "")
    return max(1, int(given)) if given.isdigit() else usual


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
    Route("/users/{user_id}/webinars", webinars),
    Route("/meetings/{meeting_id:int}", meeting),
    Route("/meetings/{meeting_id:int}/registrants", nothing_of("registrants")),
    Route("/meetings/{meeting_id:int}/polls", nothing_of("polls")),
    Route("/report/meetings/{meeting_id:path}/participants", report_participants),
    Route("/report/meetings/{meeting_id:path}", report),
]
