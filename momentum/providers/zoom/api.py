"""One call to Zoom's API: paced, authenticated, repeated where that helps, and its refusals put into our words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from momentum import metrics
from momentum.errors import ActionRequired, ErrorCode, MomentumError, Permanent, Retry
from momentum.languages import phrase
from momentum.model import Clock, ConnectionState
from momentum.outbound.client import Answer, ApiClient
from momentum.outbound.limits import BACK_OFF_SECONDS, RateLimiter, TokenSource
from momentum.providers.zoom.facts import LABEL, NAME, Weight, api_root, pace
from momentum.providers.zoom.faults import SHORT_PAUSE, Fault, Kind, fault_of

TRIES = 4
BACKOFF = (0.5, 2.0, 5.0)
"""Seconds before the second, third and fourth try of a call that Zoom could not answer."""

Sleep = Callable[[float], Awaitable[None]]


class ZoomApi:
    """GET requests of one person's connection. Callers see bodies, faults they can read, or words of `momentum.errors`."""

    def __init__(self, client: ApiClient, limiter: RateLimiter, *, api_base: str, plan: str, clock: Clock, sleep: Sleep) -> None:
        self._client = client
        self._limiter = limiter
        self._api_base = api_base
        self._plan = plan
        self._clock = clock
        self._sleep = sleep

    async def ask(
        self, access: TokenSource, path: str, *, weight: Weight, params: Mapping[str, str | int] | None = None
    ) -> dict[str, Any] | Fault:
        """The body of an answer, or the fault in it.

        Refused tokens are replaced once, passing faults are tried again a few times; what then remains
        of either is raised: ActionRequired(RECONNECT_REQUIRED), Retry(PROVIDER_*).
        """
        token, replaced, tries = await access.token(), False, 0
        while True:
            outcome = await self._once(access, token, path, weight, params)
            if not isinstance(outcome, Fault):
                await self._limiter.ease(_key(access, weight))
                return outcome
            if outcome.kind is Kind.TOKEN_REFUSED and not replaced:
                token, replaced = await access.replace(token), True
                continue
            if outcome.kind is Kind.TOKEN_REFUSED:
                raise await refusal(access, outcome, about_meeting=False)
            if outcome.kind not in {Kind.TOO_FAST, Kind.DAY_USED_UP, Kind.AWAY}:
                return outcome
            tries += 1
            await self._wait(access, weight, outcome, tries)

    async def _once(
        self, access: TokenSource, token: str, path: str, weight: Weight, params: Mapping[str, str | int] | None
    ) -> dict[str, Any] | Fault:
        await self._pace(access, weight)
        url = api_root(self._api_base, access.api_base) + path
        try:
            with metrics.timed(metrics.PROVIDER_SECONDS, NAME):
                answer = await self._client.request("GET", url, headers={"authorization": f"Bearer {token}"}, params=params)
        except Retry:
            fault: Fault | None = Fault(Kind.AWAY, 0, None, "")
        else:
            fault = fault_of(answer, now=self._clock())
        metrics.PROVIDER_CALLS.labels(NAME, weight, fault.kind if fault else metrics.OK).inc()
        return fault or _body(answer)

    async def _pace(self, access: TokenSource, weight: Weight) -> None:
        allowed = pace(self._plan, weight)
        await self._limiter.wait(_key(access, weight), per_second=allowed.per_second, per_day=allowed.per_day)

    async def _wait(self, access: TokenSource, weight: Weight, fault: Fault, tries: int) -> None:
        """Let time pass before the next try, or raise Retry when there is none. A pause counts for all processes.

        A refusal that lasts and gives no reason may be the day's: the pause grows until it would be over.
        """
        now = self._clock()
        after = (fault.until - now).total_seconds() if fault.until else None
        if fault.kind is not Kind.AWAY and fault.until:
            await self._limiter.pause(_key(access, weight), fault.until)
        if tries >= TRIES and fault.vague:
            after = await self._limiter.back_off(_key(access, weight))
        if tries >= TRIES or fault.kind is Kind.DAY_USED_UP or (after or 0) > SHORT_PAUSE:
            raise noted(_give_up(fault, after), fault)
        if fault.kind is Kind.AWAY:
            await self._sleep(after or BACKOFF[tries - 1])


def _key(access: TokenSource, weight: Weight) -> str:
    return f"{NAME}:{access.account}:{weight}"


def _body(answer: Answer) -> dict[str, Any]:
    body = answer.json()
    return body if isinstance(body, dict) else {}


def _give_up(fault: Fault, after: float | None) -> Retry:
    match fault.kind:
        case Kind.DAY_USED_UP:
            return Retry(ErrorCode.PROVIDER_DAILY_LIMIT, f"{LABEL}'s allowance of calls for today is used up.", after=after)
        case Kind.TOO_FAST if fault.vague and (after or 0) > BACK_OFF_SECONDS[-1]:
            detail = f"{LABEL} keeps refusing our calls; its allowance for today seems to be used up."
            return Retry(ErrorCode.PROVIDER_DAILY_LIMIT, detail, after=after)
        case Kind.TOO_FAST:
            return Retry(ErrorCode.PROVIDER_RATE_LIMITED, f"{LABEL} asks us to slow down.", after=max(after or 0, 60))
        case _:
            return Retry(ErrorCode.PROVIDER_UNAVAILABLE, f"{LABEL} is not answering properly right now.", after=after)


async def refusal(access: TokenSource, fault: Fault, *, about_meeting: bool) -> MomentumError:
    """What a fault means, to be raised. One that concerns the whole connection suspends it first, so that nobody calls in vain."""
    if about_meeting and (error := _meeting_refused(fault)):
        return noted(error, fault)
    state, error = _connection_refused(fault)
    if state is not None:
        await access.suspend(state, error.detail, scopes=fault.scopes)
    return noted(error, fault)


def _meeting_refused(fault: Fault) -> MomentumError | None:
    """What concerns one meeting alone: another host's, another account's, or none."""
    if fault.kind in {Kind.NO_RECORDING, Kind.NOT_FOUND, Kind.USER_UNKNOWN}:
        return no_recording()
    if fault.kind is Kind.FORBIDDEN:
        return Permanent(ErrorCode.PROVIDER_FORBIDDEN, f"{LABEL} does not let this account read the recording.")
    return None


def _connection_refused(fault: Fault) -> tuple[ConnectionState | None, MomentumError]:
    match fault.kind:
        case Kind.SCOPE_MISSING:
            names = " ".join(fault.scopes) or phrase("a permission it did not name")
            detail = f"{LABEL} did not grant Momentum: {names}. Add it to the app's scopes, then connect {LABEL} again."
            return ConnectionState.SCOPE_MISSING, ActionRequired(ErrorCode.SCOPE_MISSING, detail)
        case Kind.FORBIDDEN:
            detail = (
                f"{LABEL} does not let this account read its recordings. A {LABEL} administrator has to allow cloud recordings for it; "
                f"then connect {LABEL} again."
            )
            return ConnectionState.FORBIDDEN, ActionRequired(ErrorCode.PROVIDER_FORBIDDEN, detail)
        case Kind.TOKEN_REFUSED | Kind.USER_UNKNOWN:
            detail = f"{LABEL} no longer accepts this connection. Connect {LABEL} again."
            return ConnectionState.RECONNECT_REQUIRED, ActionRequired(ErrorCode.RECONNECT_REQUIRED, detail)
        case _:
            code = "" if fault.code is None else f", code {fault.code}"
            return None, Permanent(ErrorCode.PROVIDER_ANSWER_INVALID, f"{LABEL} refused the request (HTTP {fault.status}{code}).")


def no_recording() -> Permanent:
    """There is nothing to be had under this name."""
    return Permanent(ErrorCode.RECORDING_NOT_FOUND, f"{LABEL} has no recording of this meeting for this account.")


def noted(error: MomentumError, fault: Fault) -> MomentumError:
    """The error with the id under which Zoom's support finds the call."""
    if fault.tracking_id:
        error.add_note(f"x-zm-trackingid: {fault.tracking_id}")
    return error
