"""Every failure leaves by this door: one JSON shape for programs, one page for people."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from momentum.errors import ErrorCode, MomentumError
from momentum.web.messages import failure_page, sign_in_page
from momentum.web.view import view_of
from momentum.web.witness import refused

log = structlog.get_logger(__name__)

PRESENTED_IN_VAIN = frozenset(
    {
        ErrorCode.TOKEN_INVALID,
        ErrorCode.TOKEN_EXPIRED,
        ErrorCode.PERSON_DELETED,
        ErrorCode.ORIGIN_REFUSED,
        ErrorCode.KEY_SCOPE_MISSING,
    }
)
"""Codes of requests that showed a token, a key or a cookie which does not open."""

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


class Failure(BaseModel):
    """The body of every answer of 400 and above."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "detail": "Zoom is still preparing this recording.",
                "error_code": ErrorCode.RECORDING_NOT_READY,
                "status_code": 409,
            }
        }
    )

    detail: str = Field(description="One sentence for people.")
    error_code: ErrorCode = Field(description="For programs; see the reference of errors.")
    status_code: int = Field(description="The HTTP status again.", ge=400, le=599)


CODES = {
    401: ErrorCode.NOT_AUTHENTICATED,
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.METHOD_NOT_ALLOWED,
    413: ErrorCode.REQUEST_TOO_LARGE,
    429: ErrorCode.TOO_MANY_REQUESTS,
}

EXAMPLES = {
    401: (ErrorCode.TOKEN_EXPIRED, "Your token has expired. Sign in again."),
    403: (ErrorCode.ORIGIN_REFUSED, "This request came from another site's page. Use Momentum's own pages, or a bearer token."),
    404: (ErrorCode.NOT_FOUND, "There is nothing here."),
    409: (ErrorCode.NOT_CONNECTED, "Zoom is not connected. Connect it first."),
    413: (ErrorCode.REQUEST_TOO_LARGE, "The request's body is larger than a megabyte."),
    422: (ErrorCode.INVALID_DATE_RANGE, "`from` (2026-11-30) is after `to` (2026-11-01)."),
    429: (ErrorCode.TOO_MANY_REQUESTS, "Too many requests in too short a time."),
    500: (ErrorCode.INTERNAL, "Something broke on our side. Tell the operator fault 1f0c9a7b52de."),
    503: (ErrorCode.DATABASE_UNAVAILABLE, "The database cannot be reached right now. Please try again in a moment."),
}

ANY_ROUTE = frozenset({422, 500, 503})


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's `responses` for a route: `Failure` for each of `statuses`, and for those that any route may give."""
    return {status: _documented(status) for status in sorted({*statuses, *ANY_ROUTE})}


def _documented(status: int) -> dict[str, Any]:
    code, detail = EXAMPLES[status]
    example = {"detail": detail, "error_code": code, "status_code": status}
    return {"model": Failure, "description": HTTPStatus(status).phrase, "content": {"application/json": {"example": example}}}


def install(application: FastAPI) -> None:
    """Make every failure of the application leave in the one shape."""
    application.add_exception_handler(MomentumError, _foreseen)
    application.add_exception_handler(HTTPException, _refused_by_the_framework)
    application.add_exception_handler(RequestValidationError, _invalid)


def wants_page(request: Request) -> bool:
    """Whether a browser is to show the answer."""
    return "text/html" in request.headers.get("accept", "")


def _is_page(request: Request) -> bool:
    return wants_page(request) and not request.scope["path"].startswith("/api/")


def failure(request: Request, status: int, code: ErrorCode, detail: str, headers: dict[str, str] | None = None) -> Response:
    """The one shape; the same words as a page for a browser outside the API."""
    if _is_page(request):
        view = view_of(request, getattr(request.state, "user_id", None))
        answer: Response = sign_in_page(request, view) if status == 401 else failure_page(view, status, str(code), detail)
        answer.headers.update(headers or {})
        return answer
    return JSONResponse({"detail": detail, "error_code": str(code), "status_code": status}, status, headers)


def retry_after(error: MomentumError) -> dict[str, str]:
    """The header that says when to come again, where the failure knows."""
    return {"Retry-After": str(max(1, round(error.after)))} if error.after else {}


async def _foreseen(request: Request, error: Exception) -> Response:
    if not isinstance(error, MomentumError):
        raise error
    if error.status >= 500:
        log.warning("request_failed", error_code=error.code, detail=error.detail)
    headers = retry_after(error)
    if error.code in PRESENTED_IN_VAIN:
        await refused(request, error.code)
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return failure(request, error.status, error.code, error.detail, headers)


async def _refused_by_the_framework(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    # The framework's 400 is a body it cannot parse: for us, a request that does not have the form the API describes.
    status = 422 if error.status_code == 400 else error.status_code
    code = CODES.get(status, ErrorCode.INVALID_REQUEST if status < 500 else ErrorCode.INTERNAL)
    headers = dict(error.headers or {})
    if status == 405:
        headers["Allow"] = ", ".join(_allowed(request))
    return failure(request, status, code, _sentence_of(request, status, error), headers)


def _sentence_of(request: Request, status: int, error: HTTPException) -> str:
    if error.status_code == 404:
        return "There is nothing here."
    if error.status_code == 405:
        return f"This address does not take {request.method if request.method in METHODS else 'this method'}."
    if status == 422 and _is_page(request):
        return "What was sent cannot be read."
    return f"{str(error.detail).rstrip('.')}."


def _allowed(request: Request) -> list[str]:
    """Every method of the path: the framework names only those of the first route that has it."""
    routes, scope = request.app.router.routes, request.scope
    return [m for m in METHODS if any(route.matches({**scope, "method": m})[0] is Match.FULL for route in routes)]


async def _invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    problems = error.errors()[:5]
    if not _is_page(request):
        return failure(request, 422, ErrorCode.INVALID_REQUEST, " ".join(_sentence(problem) for problem in problems))
    if any(problem["loc"][0] == "path" for problem in problems):
        return failure(request, 404, ErrorCode.NOT_FOUND, "There is nothing here.")
    fields = ", ".join(dict.fromkeys(_field(problem) for problem in problems))
    return failure(request, 422, ErrorCode.INVALID_REQUEST, f"What was sent cannot be read: {fields}.")


def _field(problem: dict[str, Any]) -> str:
    return ".".join(str(part) for part in problem["loc"][1:] if not isinstance(part, int)) or "body"


def _sentence(problem: dict[str, Any]) -> str:
    # The value itself is left out: it may be a code or a token.
    where = _field(problem)
    told = str(problem["msg"]).removeprefix("Value error, ")  # the framework's word for a sentence of ours
    return f"{where}: {told.rstrip('.')}."
