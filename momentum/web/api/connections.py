"""The six endpoints of a provider; one router is made for each row of PROVIDERS."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from starlette.status import HTTP_202_ACCEPTED, HTTP_303_SEE_OTHER

from momentum.app import App
from momentum.errors import ActionRequired, ErrorCode, Forbidden, Invalid, MomentumError
from momentum.model import Options
from momentum.pipeline import connect, request
from momentum.redaction import Redaction
from momentum.store import credentials, figures, recordings, standing
from momentum.store.connection import person_deleted
from momentum.store.recordings import StoredRecording
from momentum.web import trying
from momentum.web.api import models
from momentum.web.api.listing import MeetingsQuery
from momentum.web.api.looking import look_for_recordings, recording_of
from momentum.web.browsers import set_cookie
from momentum.web.door import SIGNED_IN, Asking, Person, Visitor, World, app_of, identify, recognised
from momentum.web.failures import responses, wants_page
from momentum.web.messages import completed_page, failed_page, finish_page
from momentum.web.view import View, see_other, view_of
from momentum.web.witness import about, audited, turned_out
from momentum.writers import WRITERS, chosen, highlights, own

PROVIDERS = {"zoom": "Zoom"}
"""Routes exist for each of these, configured or not: the API's shape does not depend on the environment."""

FLOW_COOKIE = "momentum_connecting"
WRITABLE = frozenset({*WRITERS, highlights.NAME})

MeetingId = Annotated[str, Path(description="Meeting number (its latest instance) or instance id; `/` in an id encoded once or twice.")]
CALLBACK: dict[int | str, dict[str, Any]] = {
    200: {
        "model": models.Connection,
        "content": {"text/html": {"schema": {"type": "string"}}},
        "description": "Connected, or (as a page) a form with which the signed-in person completes.",
    }
}


def router_for(name: str, label: str) -> APIRouter:
    """All routes of one provider under `/api/<name>`."""
    router = APIRouter(prefix=f"/api/{name}", tags=[name])
    _add_connecting(router, name, label)
    _add_callback(router, name, label)
    _add_connection(router, name, label)
    _add_recordings(router, name, label)
    return router


def _add_connecting(router: APIRouter, name: str, label: str) -> None:
    @router.get("/auth-url", responses=responses(401, 404), summary=f"Begin to connect {label}", dependencies=[audited("connection.begin")])
    async def auth_url(world: World, person: Asking, answer: Response) -> models.AuthUrl:
        """Where to send the browser. A cookie lets this browser alone finish by being sent back."""
        begun, cookie = await _begin(world, name, person.user_id)
        _set_flow_cookie(world, answer, name, cookie)
        return models.AuthUrl(auth_url=begun.auth_url, state=begun.state, expires_at=begun.expires_at)

    @router.post(
        "/auth",
        responses=responses(401, 403, 404, 409, 413),
        summary=f"Finish connecting {label}",
        dependencies=[audited("connection.complete")],
    )
    async def finish(world: World, person: Asking, sent: models.Completion) -> models.Connection:
        """Trade the code that the provider sent the browser back with. The state must be your own."""
        done = await connect.complete(world.connecting(name), person.user_id, state=sent.state, code=sent.code, error=sent.error)
        return models.Connection.model_validate(done)


def _add_callback(router: APIRouter, name: str, label: str) -> None:
    @router.get(
        "/auth",
        responses=responses(403, 404, 409) | CALLBACK,
        response_model=None,
        summary=f"Where {label} sends the browser back",
        dependencies=[audited("connection.complete")],
    )
    async def callback(
        world: World,
        visitor: Visitor,
        asked: Request,
        state: Annotated[str | None, Query(max_length=512)] = None,
        code: Annotated[str | None, Query(max_length=4096)] = None,
        error: Annotated[str | None, Query(max_length=256, description="`access_denied` when the person refused.")] = None,
    ) -> Response:
        """Stores tokens only if this browser is the one that began, or the person's own; else shows a page to finish on."""
        try:
            if not state or not (code or error):
                raise Invalid(
                    ErrorCode.INVALID_REQUEST, f"{label} sends `state` with `code` or `error`; something was missing. Begin again."
                )
            return await _back(world, name, label, visitor, asked, state, code, error)
        except MomentumError as failure:
            if not wants_page(asked):
                raise
            turned_out(asked, failure.code)
            return failed_page(view_of(asked, visitor), label, failure)


def _add_connection(router: APIRouter, name: str, label: str) -> None:
    @router.get(
        "/status",
        responses=responses(401, 404),
        response_model=models.Connection,
        openapi_extra=SIGNED_IN,
        summary=f"Your connection to {label}",
    )
    async def status(asked: Request) -> Response:
        """Whether you are connected, as whom, with which scopes, and what to do if something is wrong."""
        person, world = await recognised(asked), app_of(asked)
        provider = world.provider(name)
        found = await standing.look(world.database, name, person.user_id)
        if found is None:
            raise person_deleted()
        person.check_signed_in(found.signed_out_at)
        item = models.Connection.model_validate(connect.described(provider, found.status))
        return Response(item.model_dump_json(), media_type="application/json")

    @router.get("/allowance", responses=responses(401, 404, 409), summary=f"How much of {label}'s allowance of calls is used")
    async def allowance(world: World, person: Asking) -> models.Allowances:
        """Calls of today by weight, the pace, and pauses that the provider asked for."""
        provider = world.provider(name)
        async with world.database.person(person.user_id) as connection:
            connected = await credentials.status(connection, provider.name, person.user_id)
            if connected is None:
                raise ActionRequired(ErrorCode.NOT_CONNECTED, f"{label} is not connected. Connect it first.")
            found = await figures.paces(connection, connected.account.paced_as)
        return models.Allowances(allowances=[models.Allowance.model_validate(pace) for pace in found if pace.provider == name])

    @router.delete(
        "/disconnect",
        responses=responses(401, 403, 404),
        summary=f"Disconnect {label}",
        dependencies=[audited("connection.end")],
    )
    async def disconnect(
        world: World, person: Asking, delete_data: Annotated[bool, Query(description="Also delete all that came from it.")] = False
    ) -> models.Removed:
        """Revoke at the provider, forget the credentials, and with `delete_data` everything that came from it."""
        removed = await connect.disconnect(world.connecting(name), person.user_id, delete_data=delete_data)
        return models.Removed.model_validate(removed)


def _add_recordings(router: APIRouter, name: str, label: str) -> None:
    @router.get("/meetings", responses=responses(401, 404, 409), summary=f"Your recorded {label} meetings")
    async def meetings(world: World, person: Asking, wanted: Annotated[MeetingsQuery, Depends()]) -> models.Meetings:
        """Newest first; the last 30 days by default. Pages stay stable while recordings come and go."""
        since, until = wanted.days(world.clock())
        # Only the first page asks the provider: the others go on with what that one found.
        refreshed, notice = await look_for_recordings(world, name, person.user_id, since, until) if wanted.is_first_page else (False, None)
        async with world.database.person(person.user_id) as connection:
            page = await recordings.page(connection, person.user_id, name, since=since, until=until, **wanted.filters())
        items = [_meeting(row) for row in page.rows]
        return models.Meetings(meetings=items, next_page_token=page.next_token, from_=since, to=until, refreshed=refreshed, notice=notice)

    @router.post(
        "/download/{meeting_id:path}",
        status_code=HTTP_202_ACCEPTED,
        responses=responses(401, 403, 404, 409, 413),
        summary=f"Process a recorded {label} meeting",
        dependencies=[audited("processing.ask")],
    )
    async def download(
        world: World, person: Asking, asked: Request, meeting_id: MeetingId, wanted: models.DownloadRequest | None = None
    ) -> models.Accepted:
        """By number (the latest instance) or instance id, encoded once or twice. The same request is the same processing."""
        options = options_of(wanted or models.Wishes(), world, file_id=wanted.file_id if wanted else None)
        stored = await recording_of(world, name, person.user_id, meeting_id)
        nonce = secrets.token_hex(8) if wanted and wanted.force else None
        async with world.database.person(person.user_id) as connection:
            processing, created = await request.request_stored(connection, person.user_id, stored.id, options, nonce=nonce)
        about(asked, "processing", processing.id)
        url = f"{world.settings.base_url}/api/processings/{processing.id}"
        return models.Accepted(processing_id=processing.id, status_url=url, events_url=f"{url}/events", created=created)


# --- connecting -----------------------------------------------------------------------------------


async def _begin(world: App, name: str, user_id: UUID) -> tuple[connect.Begun, str]:
    cookie = secrets.token_urlsafe(32)
    return await connect.begin(world.connecting(name), user_id, browser_cookie=cookie), cookie


def label_of(name: str) -> str:
    """What people call the provider."""
    return PROVIDERS.get(name, name.title())


async def begin_in_browser(world: App, name: str, user_id: UUID) -> Response:
    """Send this browser to the provider. Raises NotFound for a provider that is not set up."""
    begun, cookie = await _begin(world, name, user_id)
    answer = RedirectResponse(begun.auth_url, HTTP_303_SEE_OTHER)
    _set_flow_cookie(world, answer, name, cookie)
    return answer


def _set_flow_cookie(world: App, answer: Response, name: str, cookie: str) -> None:
    attributes: dict[str, Any] = {"secure": world.settings.is_https, "path": f"/api/{name}/auth"}
    set_cookie(answer, FLOW_COOKIE, cookie, lifetime=timedelta(minutes=10), **attributes)


async def _back(
    world: App, name: str, label: str, visitor: UUID | None, asked: Request, state: str, code: str | None, error: str | None
) -> Response:
    """The provider sent a browser back."""
    to, cookie = world.connecting(name), asked.cookies.get(FLOW_COOKIE)
    done = await connect.complete_from_browser(to, state=state, code=code, error=error, user_id=visitor, browser_cookie=cookie)
    wants_json = "application/json" in asked.headers.get("accept", "") and not wants_page(asked)
    if done is None and wants_json:
        raise Forbidden(
            ErrorCode.FORBIDDEN, f"Nothing shows that this is who began. Post code and state to /api/{name}/auth as that person."
        )
    if done is None:
        turned_out(asked, "unproven")
        return finish_page(view_of(asked, visitor), name, label, state, code or "")
    if done.user_id is not None:
        identify(asked, Person(done.user_id, by_cookie=True))
    if wants_json:
        answer = Response(models.Connection.model_validate(done).model_dump_json(), media_type="application/json")
    else:
        answer = await _connected_page(world, label, view_of(asked, visitor), done.user_id)
    answer.delete_cookie(FLOW_COOKIE, path=f"/api/{name}/auth")
    return answer


async def _connected_page(world: App, label: str, view: View, user_id: UUID | None) -> Response:
    """Who tries Momentum has asked for the whole way: their first recording is processed at once."""
    if user_id is not None and trying.is_running(world):
        await trying.process_newest(world, user_id, default_options(world))
        return see_other("/start")
    return completed_page(view, label)


async def connection_of(world: App, name: str, user_id: UUID) -> models.Connection:
    """A person's connection, in the API's shape."""
    return models.Connection.model_validate(await connect.status(world.connecting(name), user_id))


# --- recordings -----------------------------------------------------------------------------------


def options_of(wanted: models.Wishes, world: App, *, file_id: str | None = None) -> Options:
    """As the pipeline takes them. Raises Invalid for a writer that there is not."""
    unknown = [w for w in wanted.deliverables if w not in WRITABLE and not own.is_own(w)]
    if unknown:
        raise _no_deliverable(unknown[0])
    # What is written by default may change with the settings; what was asked for must not.
    names = chosen(tuple(sorted(set(wanted.deliverables))), has_model=world.settings.openai_api_key is not None)
    hidden = Redaction.of(wanted.redact, wanted.redact_names)
    return Options(
        names,
        wanted.transcript,
        wanted.language or world.settings.language,
        file_id,
        tuple(map(str, hidden.kinds)),
        hidden.names,
        output_language=wanted.output_language,
    )


def default_options(world: App, *deliverables: str) -> Options:
    """What is made of a recording when nobody says more than, perhaps, which documents. Raises Invalid for one that there is not."""
    try:
        return options_of(models.Wishes(deliverables=list(deliverables)), world)
    except ValidationError:
        raise _no_deliverable(", ".join(deliverables)) from None


def _no_deliverable(name: str) -> Invalid:
    return Invalid(ErrorCode.INVALID_REQUEST, f"There is no deliverable {name!r}. There are: {', '.join(sorted(WRITABLE))}.")


def _meeting(row: StoredRecording) -> models.MeetingItem:
    return models.MeetingItem(
        id=row.instance_id,
        meeting_number=row.meeting_number,
        topic=row.topic,
        started_at=row.started_at,
        timezone=row.timezone,
        duration_minutes=row.duration_minutes,
        size=row.size,
        host_email=row.host_email,
        in_trash=row.in_trash,
        gone=row.gone_at is not None,
        files=[models.MeetingFile.model_validate(file) for file in row.files],
        processing_id=row.processing.id if row.processing else None,
        processing_state=row.processing.state if row.processing else None,
        processed=row.processed,
    )
