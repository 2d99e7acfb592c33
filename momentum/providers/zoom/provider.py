"""Zoom as a provider: https://developers.zoom.us/docs/api/meetings/ (Cloud Recording)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from momentum import metrics
from momentum.errors import ErrorCode, NotFound, NotReady, Permanent
from momentum.model import Account, Clock, Grant, Recording, RecordingFile
from momentum.outbound.client import ApiClient
from momentum.outbound.limits import RateLimiter, TokenSource
from momentum.providers.base import Participant
from momentum.providers.filesets import file_sets
from momentum.providers.meeting_ids import normalise_meeting_id
from momentum.providers.oauth import OAuthApp, TokenEndpoint, authorize_url
from momentum.providers.zoom import facts
from momentum.providers.zoom.api import Sleep, ZoomApi, no_recording, refusal
from momentum.providers.zoom.facts import Weight
from momentum.providers.zoom.faults import Fault, Kind
from momentum.providers.zoom.listing import first_window, next_window, pages, within
from momentum.providers.zoom.parse import moment, parse_account, parse_recording
from momentum.providers.zoom.participants import participants

_FLOOR_FROM = timedelta(days=90)
"""Ranges longer than this are worth one call that says how old the account is."""


def registered_app(oauth_base: str, client_id: str, client_secret: str, redirect_uri: str, scopes: Sequence[str] = ()) -> OAuthApp:
    """The operator's app, and where Zoom speaks OAuth."""
    base = oauth_base.rstrip("/")
    return OAuthApp(
        label=facts.LABEL,
        authorize_url=f"{base}/oauth/authorize",
        token_url=f"{base}/oauth/token",
        revoke_url=f"{base}/oauth/revoke",
        client_id=client_id,
        client_secret=client_secret,
        redirect_uri=redirect_uri,
        scopes=tuple(scopes),
        api_base_key="api_url",
    )


class Zoom:
    """A `Provider`. Bases other than Zoom's own may be private addresses; that is how the local sandbox is reached."""

    name = facts.NAME
    label = facts.LABEL

    def __init__(
        self,
        client: ApiClient,
        limiter: RateLimiter,
        *,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        clock: Clock,
        oauth_base: str = facts.OAUTH_BASE,
        api_base: str = facts.API_BASE,
        plan: str = "pro",
        scopes: Sequence[str] = (),
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._app = registered_app(oauth_base, client_id, client_secret, redirect_uri, scopes)
        _declare_metrics()
        self._endpoint = TokenEndpoint(client, self._app, clock)
        self._api = ZoomApi(client, limiter, api_base=api_base, plan=plan, clock=clock, sleep=sleep)
        self._clock = clock
        self.private_hosts = facts.configured_hosts((oauth_base, api_base))
        self.token_hosts = (*facts.HOSTS, *sorted(self.private_hosts))

    def authorize_url(self, *, state: str, challenge: str) -> str:
        return authorize_url(self._app, state=state, challenge=challenge)

    async def exchange(self, *, code: str, verifier: str) -> Grant:
        return await self._endpoint.exchange(code=code, verifier=verifier)

    async def refresh(self, refresh_token: str) -> Grant:
        return await self._endpoint.refresh(refresh_token)

    async def revoke(self, access_token: str) -> None:
        await self._endpoint.revoke(access_token)

    def may_still_come(self, ended_at: datetime) -> bool:
        return may_come(ended_at, self._clock())

    def missing_scopes(self, granted: Sequence[str]) -> tuple[str, ...]:
        return facts.missing_scopes(granted)

    async def account(self, access: TokenSource) -> Account:
        body = await self._api.ask(access, "/users/me", weight=Weight.LIGHT)
        if isinstance(body, Fault):
            raise await refusal(access, body, about_meeting=False)
        return parse_account(body)

    async def recordings(
        self, access: TokenSource, *, since: date, until: date, in_trash: bool = False
    ) -> AsyncIterator[Sequence[Recording]]:
        seen: set[str] = set()
        if in_trash:
            # Zoom lists the trash whole: `from` and `to` do not go with it.
            async for page in pages(self._api, access, {"trash": "true"}, in_trash=True):
                yield within(page.recordings, since, until, seen)
            return
        until = min(until, self._clock().date())
        since = await self._floor(access, since, until)
        window = first_window(since, until) if since <= until else None
        while window:
            echoed: date | None = None
            query = {"from": window[0].isoformat(), "to": window[1].isoformat()}
            async for page in pages(self._api, access, query, in_trash=False):
                echoed = page.since or echoed
                yield within(page.recordings, since, until, seen)
            window = next_window(since, window, echoed)

    async def recording(self, access: TokenSource, meeting_id: str) -> Recording:
        body = await self._recording_body(access, _known_form(meeting_id))
        recording = parse_recording(body)
        if recording is None:
            raise Permanent(ErrorCode.PROVIDER_ANSWER_INVALID, f"{self.label} answered without the recording's id.")
        if is_being_prepared(recording, self._clock()):
            raise _not_ready()
        return recording

    async def participants(self, access: TokenSource, instance_id: str) -> tuple[Participant, ...]:
        return await participants(self._api, access, instance_id)

    async def _floor(self, access: TokenSource, since: date, until: date) -> date:
        """`since`, or the day before the account existed when that is later: empty windows cost a call each."""
        since = max(since, facts.FIRST_DAY)
        if until - since <= _FLOOR_FROM:
            return since
        created_at = (await self.account(access)).created_at
        return max(since, created_at.date() - timedelta(days=1)) if created_at else since

    async def _recording_body(self, access: TokenSource, meeting_id: str) -> dict[str, Any]:
        path = facts.recording_path(meeting_id)
        body = await self._api.ask(access, path, weight=Weight.LIGHT, params={"include_fields": "download_access_token"})
        if isinstance(body, Fault) and body.kind is Kind.FORBIDDEN:
            # The download token needs a right of its own ("View the recording content"); the files can be had without.
            body = await self._api.ask(access, path, weight=Weight.LIGHT)
        if not isinstance(body, Fault):
            return body
        if body.kind is Kind.NO_RECORDING and (ended_at := await self._ended_at(access, meeting_id)):
            raise _not_ready() if may_come(ended_at, self._clock()) else no_recording()
        if body.kind is Kind.USER_UNKNOWN:
            await self._require_user(access)
        raise await refusal(access, body, about_meeting=True)

    async def _require_user(self, access: TokenSource) -> None:
        """Raise when it is the connected person whom Zoom does not know any more, and not the host of some meeting."""
        body = await self._api.ask(access, "/users/me", weight=Weight.LIGHT)
        if isinstance(body, Fault) and body.kind is Kind.USER_UNKNOWN:
            raise await refusal(access, body, about_meeting=False)

    async def _ended_at(self, access: TokenSource, meeting_id: str) -> datetime | None:
        """When the meeting ended, None when Zoom does not tell us.

        Zoom's "no recording" also means "not yet"; only how long ago the meeting ended tells them apart.
        The scope for it is optional, so a refusal here is no fault of the connection.
        """
        body = await self._api.ask(access, facts.past_meeting_path(meeting_id), weight=Weight.LIGHT)
        return None if isinstance(body, Fault) else moment(body.get("end_time"))


def _declare_metrics() -> None:
    lost = (ErrorCode.RECONNECT_REQUIRED, ErrorCode.CLIENT_INVALID, ErrorCode.PROVIDER_UNAVAILABLE, ErrorCode.PROVIDER_RATE_LIMITED)
    metrics.declare(metrics.TOKEN_REFRESHES, (facts.NAME,), (metrics.OK, *lost))
    metrics.declare(metrics.PROVIDER_CALLS, (facts.NAME,), tuple(Weight), (metrics.OK, *Kind))
    metrics.declare(
        metrics.CONNECTIONS, (facts.NAME,), (metrics.OK, ErrorCode.STATE_INVALID, ErrorCode.CODE_INVALID, ErrorCode.ACCESS_DENIED)
    )


def is_being_prepared(recording: Recording, now: datetime) -> bool:
    """Whether Zoom lists a set of files of which none can be heard yet though some are to come; or no file so soon after the start."""
    if not recording.files:
        return recording.started_at is not None and may_come(recording.started_at, now)
    return any(_waits(one.files) for one in file_sets(recording.files))


def _waits(files: Sequence[RecordingFile]) -> bool:
    audible = any(file.ready and file.kind in {"audio", "video"} for file in files)
    return not audible and any(not file.ready for file in files)


def may_come(ended_at: datetime, now: datetime) -> bool:
    """Whether Zoom may still be working on the recording of a meeting that ended then."""
    return now - ended_at < facts.READY_WITHIN


def _not_ready() -> NotReady:
    return NotReady(ErrorCode.RECORDING_NOT_READY, f"{facts.LABEL} is still preparing this recording.")


def _known_form(meeting_id: str) -> str:
    try:
        return normalise_meeting_id(meeting_id)
    except NotFound:
        raise no_recording() from None
