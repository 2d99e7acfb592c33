"""Every failure leaves by this door: one JSON shape for programs, one page for people."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from momentum.errors import ErrorCode, MomentumError

log = structlog.get_logger(__name__)

LARGEST_BODY = 1_000_000
"""Bytes of a request's body: our largest legitimate one is a few hundred."""


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
    400: ErrorCode.INVALID_REQUEST,
    401: ErrorCode.NOT_AUTHENTICATED,
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.METHOD_NOT_ALLOWED,
    413: ErrorCode.REQUEST_TOO_LARGE,
    429: ErrorCode.TOO_MANY_REQUESTS,
}


def failure_response(status: int, code: ErrorCode, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The one shape."""
    return JSONResponse({"detail": detail, "error_code": str(code), "status_code": status}, status, headers)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's `responses` for a route: `Failure` for each of `statuses`, and for those that any route may give."""
    return {status: {"model": Failure, "description": HTTPStatus(status).phrase} for status in sorted({*statuses, 422, 500, 503})}


def install(application: FastAPI) -> None:
    """Make every failure of the application leave in the one shape."""
    application.add_exception_handler(MomentumError, _foreseen)
    application.add_exception_handler(HTTPException, _refused_by_the_framework)
    application.add_exception_handler(RequestValidationError, _invalid)
    application.add_middleware(Guard)


def respond(error: MomentumError) -> Response:
    """The answer for an error we foresaw."""
    headers = {"Retry-After": str(max(1, round(error.after)))} if error.after else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return failure_response(error.status, error.code, error.detail, headers)


async def _foreseen(_request: Request, error: Exception) -> Response:
    if not isinstance(error, MomentumError):
        raise error
    if error.status >= 500:
        log.warning("request_failed", error_code=error.code, detail=error.detail)
    return respond(error)


async def _refused_by_the_framework(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code = CODES.get(error.status_code, ErrorCode.INVALID_REQUEST if error.status_code < 500 else ErrorCode.INTERNAL)
    detail = "There is nothing here." if error.status_code == 404 else str(error.detail)
    return failure_response(error.status_code, code, detail, dict(error.headers or {}))


async def _invalid(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    return failure_response(422, ErrorCode.INVALID_REQUEST, " ".join(_sentence(problem) for problem in error.errors()[:5]))


def _sentence(problem: dict[str, Any]) -> str:
    # The value itself is left out: it may be a code or a token.
    where = ".".join(str(part) for part in problem["loc"][1:]) or "body"
    return f"{where}: {problem['msg']}."


class Guard:
    """The outermost layer: bounds the body, and turns what nobody foresaw into a 500 with an id that stands in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, _bounded(receive), watched)
        except _BodyTooLarge:
            await failure_response(413, ErrorCode.REQUEST_TOO_LARGE, "The request's body is too large.")(scope, receive, send)
        except Exception as error:
            fault = uuid4().hex[:12]
            log.exception("request_broke", fault_id=fault, path=scope["path"], method=scope["method"], exc_info=error)
            if started:
                raise
            await failure_response(500, ErrorCode.INTERNAL, f"Something broke on our side. Tell the operator fault {fault}.")(
                scope, receive, send
            )


class _BodyTooLarge(Exception):
    """The body passed LARGEST_BODY."""


def _bounded(receive: Receive) -> Receive:
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > LARGEST_BODY:
            raise _BodyTooLarge
        return message

    return bounded
