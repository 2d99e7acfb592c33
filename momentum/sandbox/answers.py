"""Zoom's error answers, in Zoom's words."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from momentum.sandbox.world import Sandbox

# https://developers.zoom.us/docs/api/errors/ and https://developers.zoom.us/docs/api/rate-limits/
TOKEN_EXPIRED = "Access token is expired."
TOKEN_INVALID = "Invalid access token."
TOKEN_ABSENT = "Requires an access token."
NO_RECORDING = "There is no recording for this session."
STILL_PROCESSING = "This meeting's recording is still being processed."
NOT_RECOGNISED = "This API endpoint is not recognized."
PER_SECOND = "You have reached the maximum per-second rate limit for this API. Try again later."
PER_DAY = (
    "You have reached the maximum daily rate limit for this API. "
    "Refer to the response header for details on when you can make another request."
)
PER_USER = (
    "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this particular user. "
    "You may resume these requests at GMT 00:00:00."
)
CONCURRENT = "Too many concurrent requests. A request to disassociate this user has already been made."
NO_PERMISSION = "You do not have the right permissions."
NOT_ON_ACCOUNT = "User not found on this account"

_SPANISH = {
    TOKEN_EXPIRED: "El token de acceso ha caducado.",
    TOKEN_INVALID: "El token de acceso no es válido.",
    TOKEN_ABSENT: "Se requiere un token de acceso.",
    NO_RECORDING: "No hay ninguna grabación para esta sesión.",
    STILL_PROCESSING: "La grabación de esta reunión aún se está procesando.",
    NOT_RECOGNISED: "No se reconoce este punto de acceso de la API.",
    PER_SECOND: "Ha alcanzado el límite máximo por segundo de esta API. Inténtelo más tarde.",
    PER_DAY: "Ha alcanzado el límite diario máximo de esta API.",
    PER_USER: "Este usuario ha superado el límite diario.",
    CONCURRENT: "Demasiadas solicitudes simultáneas.",
    NO_PERMISSION: "No tiene los permisos necesarios.",
    NOT_ON_ACCOUNT: "No se encontró el usuario en esta cuenta",
    "Validation Failed.": "Error de validación.",
}


class ZoomError(Exception):
    """An answer of the API that is an error: HTTP status, body code (None: the body has none), text."""

    def __init__(
        self,
        status: int,
        code: int | None,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: list[dict[str, str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers
        self.errors = errors


def error_response(error: ZoomError, *, localised: bool) -> Response:
    """The error as JSON, in Spanish where asked for."""
    body: dict[str, object] = {} if error.code is None else {"code": error.code}
    body["message"] = _SPANISH.get(error.message, error.message) if localised else error.message
    if error.errors:
        body["errors"] = error.errors
    return JSONResponse(body, error.status, headers=error.headers)


def invalid(field: str, message: str) -> ZoomError:
    """A parameter that makes no sense."""
    return ZoomError(400, 300, "Validation Failed.", errors=[{"field": field, "message": message}])


def page(title: str, text: str, status: int = 200) -> Response:
    """An HTML page, where Zoom shows one instead of JSON. `text` is HTML."""
    return HTMLResponse(f"<!doctype html><html><head><title>{title}</title></head><body><h1>{title}</h1>{text}</body></html>", status)


def cut_off(status: int = 200) -> Response:
    """An answer whose connection ends after the first byte of its body."""
    # The server completes an answer sent in one piece, so this one is streamed.
    return StreamingResponse(iter((b"{",)), status, headers={"content-length": "512", "content-type": "application/json"})


def sandbox_of(request: Request) -> Sandbox:
    """The sandbox a request was made to."""
    sandbox = request.app.state.sandbox
    assert isinstance(sandbox, Sandbox)  # noqa: S101 the server puts it there
    return sandbox
