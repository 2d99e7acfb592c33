"""What an API call passes before it is carried out: the rate, the token, the scopes, and every way to be turned away."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response

from momentum.sandbox.answers import (
    CONCURRENT,
    NO_PERMISSION,
    NOT_ON_ACCOUNT,
    PER_DAY,
    PER_SECOND,
    PER_USER,
    TOKEN_ABSENT,
    TOKEN_EXPIRED,
    TOKEN_INVALID,
    ZoomError,
    error_response,
    invalid,
    sandbox_of,
)
from momentum.sandbox.grants import Access
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
    if sandbox.faults.fire("rate_limit_concurrent", path=path) is not None:
        raise _too_many(CONCURRENT, {}, bare=False)
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
    """What the Bearer token opens. Raises 401/124, 404/1001, 400/1010, 400/4711 and the other refusals."""
    path = request.url.path
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise ZoomError(401, 124, TOKEN_ABSENT)
    access = _alive(sandbox, token, path)
    if sandbox.faults.fire("user_removed", path=path) is not None or access.user_id not in sandbox.users:
        raise ZoomError(404, 1001, f"User does not exist: {access.user_id}.")
    if sandbox.faults.fire("user_elsewhere", path=path) is not None:
        raise ZoomError(400, 1010, NOT_ON_ACCOUNT)
    _check_scopes(sandbox, access, scopes, path)
    _check_permission(sandbox, path)
    return access


def _alive(sandbox: Sandbox, token: str, path: str) -> Access:
    access = sandbox.grants.find(token)
    if access and sandbox.faults.fire("authorized_elsewhere", path=path) is not None:
        sandbox.grants.kill(access.user_id, access.client_id)
    if sandbox.faults.fire("token_expired", path=path) is not None:
        raise ZoomError(401, 124, TOKEN_EXPIRED)
    revoked = any(sandbox.faults.fire(name, path=path) is not None for name in ("invalid_token", "admin_disabled"))
    if access is None or not access.alive or revoked:
        raise ZoomError(401, 124, TOKEN_INVALID)
    if access.expires_at <= sandbox.now():
        raise ZoomError(401, 124, TOKEN_EXPIRED)
    return access


def _check_scopes(sandbox: Sandbox, access: Access, scopes: tuple[str, ...], path: str) -> None:
    fault = sandbox.faults.fire("scope_missing", path=path)
    if fault is None and set(access.scopes) & set(scopes):
        return
    missing = str((fault or {}).get("scope", scopes[0]))
    code = int((fault or {}).get("code", 4711))
    raise ZoomError(400, code, f"Invalid access token, does not contain scopes:[{missing}].")


def _check_permission(sandbox: Sandbox, path: str) -> None:
    """What the token and its scopes allow, but the person's role, plan or account does not; and a request that makes no sense."""
    if (fault := sandbox.faults.fire("no_permission", path=path)) is not None:
        raise ZoomError(int(fault.get("status", 200)), 200, NO_PERMISSION)
    if sandbox.faults.fire("forbidden", path=path) is not None:
        raise ZoomError(403, None, NO_PERMISSION)
    if (fault := sandbox.faults.fire("validation_failed", path=path)) is not None:
        raise invalid(str(fault.get("field", "from")), "Invalid field.")
