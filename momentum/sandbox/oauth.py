"""Authorization: the consent page, the token endpoint, revocation (https://developers.zoom.us/docs/integrations/oauth/)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import timedelta
from html import escape
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from momentum.sandbox.answers import cut_off, page, sandbox_of
from momentum.sandbox.grants import REDIRECT_MISMATCH, TOKEN_LIFE, Refused, Tokens
from momentum.sandbox.world import Sandbox

_UNSUPPORTED = ("unsupported grant type", "unsupported_grant_type")
_PASSED_ON = ("response_type", "client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method", "scope")


async def authorize(request: Request) -> Response:
    """The consent page; with auto-approve, the redirect at once. `user` may name who is signed in (an e-mail address)."""
    sandbox, query = sandbox_of(request), request.query_params
    if problem := _problem(sandbox, query):
        return problem
    if sandbox.faults.fire("consent_denied") is not None:
        return _denied(sandbox, query)
    if sandbox.auto_approve or query.get("auto_approve") in {"1", "true"}:
        return _approved(sandbox, query, query.get("user", ""))
    return _consent_page(sandbox, query)


async def decide(request: Request) -> Response:
    """What the consent page posts."""
    sandbox, form = sandbox_of(request), await request.form()
    values = {key: str(value) for key, value in form.items()}
    if problem := _problem(sandbox, values):
        return problem
    if values.get("decision") != "allow" or sandbox.faults.fire("consent_denied") is not None:
        return _denied(sandbox, values)
    return _approved(sandbox, values, values.get("user", ""))


def _problem(sandbox: Sandbox, values: Mapping[str, str]) -> Response | None:
    """Zoom's error page, with its number, for a request no code is given for."""
    if values.get("client_id") != sandbox.client_id:
        return page("Invalid client id", "<p>Invalid client id: (4,702)</p>", 400)
    if values.get("redirect_uri") not in sandbox.app.redirect_uris:
        given = escape(values.get("redirect_uri") or "")
        known = "".join(f"<li>{escape(uri)}</li>" for uri in sandbox.app.redirect_uris)
        return page("Invalid redirect", f"<p>Invalid redirect: {given} (4,709). Registered:</p><ul>{known}</ul>", 400)
    if values.get("response_type") != "code":
        return page("Invalid request", "<p>response_type must be code (4,700)</p>", 400)
    if unknown := set(values.get("scope", "").split()) - set(sandbox.app.scopes):
        return page("Invalid scope", f"<p>Invalid scope: {escape(' '.join(sorted(unknown)))} (4,700)</p>", 400)
    if sandbox.faults.fire("admin_disabled") is not None:
        return page("App disabled", "<p>This app was disabled by your account's admin. (4,738)</p>", 400)
    return None


def _approved(sandbox: Sandbox, values: Mapping[str, str], who: str) -> Response:
    user = (sandbox.user(who) if who else None) or sandbox.signed_in
    asked = tuple(values.get("scope", "").split()) or sandbox.app.scopes
    challenge, method = values.get("code_challenge", ""), values.get("code_challenge_method", "")
    if sandbox.faults.fire("pkce_plain") is not None:
        method = ""
    code = sandbox.grants.issue_code(
        sandbox.app, user.id, redirect_uri=values["redirect_uri"], challenge=challenge, method=method, scopes=asked
    )
    return _back(sandbox, values, code=code)


def _denied(sandbox: Sandbox, values: Mapping[str, str]) -> Response:
    return _back(sandbox, values, error="access_denied", error_description="The user denied the request.")


def _back(sandbox: Sandbox, values: Mapping[str, str], **answer: str) -> Response:
    if values.get("state"):
        answer["state"] = values["state"]
    if sandbox.faults.fire("state_changed") is not None:
        answer["state"] = sandbox.grants.opaque(24)
    redirect = values["redirect_uri"]
    return RedirectResponse(f"{redirect}{'&' if '?' in redirect else '?'}{urlencode(answer)}", 302)


def _consent_page(sandbox: Sandbox, query: Mapping[str, str]) -> Response:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(query[name], quote=True)}">' for name in _PASSED_ON if name in query
    )
    who = query.get("user") or sandbox.signed_in.email
    users = "".join(
        f'<label><input type="radio" name="user" value="{user.email}"{" checked" if user.email == who else ""}> {user.name}</label><br>'
        for user in sandbox.users.values()
    )
    scopes = "".join(f"<li>{escape(scope)}</li>" for scope in query.get("scope", "").split() or sandbox.app.scopes)
    form = (
        f'<form method="post" action="/oauth/authorize">{hidden}<fieldset><legend>Signed in as</legend>{users}</fieldset>'
        f"<p>The app asks for:</p><ul>{scopes}</ul>"
        '<button name="decision" value="allow">Allow</button> <button name="decision" value="deny">Deny</button></form>'
    )
    return page("Sandbox: allow this app?", form)


async def token(request: Request) -> Response:
    """Tokens for a code, a refresh token or an account; parameters from the query or a form."""
    sandbox = sandbox_of(request)
    values = dict(request.query_params) | {key: str(value) for key, value in (await request.form()).items()}
    request.scope["grant_type"] = values.get("grant_type")
    try:
        _check_client(sandbox, request)
        tokens = _issue(sandbox, values)
    except Refused as refused:
        return JSONResponse({"reason": refused.reason, "error": refused.error}, refused.status)
    lost = {"authorization_code": "lost_exchange_response", "refresh_token": "lost_refresh_response"}.get(values["grant_type"], "")
    if sandbox.faults.fire(lost) is not None:
        return cut_off()
    return JSONResponse(_token_body(sandbox, tokens), headers={"cache-control": "no-store"})


def _check_client(sandbox: Sandbox, request: Request) -> None:
    """Basic authentication is the only one Zoom takes."""
    fault = sandbox.faults.fire("invalid_client")
    if fault is not None or _basic(request) != (sandbox.client_id, sandbox.client_secret):
        raise Refused("Invalid client_id or client_secret", "invalid_client", int((fault or {}).get("status", 400)))


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, secret) if scheme.lower() == "basic" else None


def _issue(sandbox: Sandbox, values: Mapping[str, str]) -> Tokens:
    app, grants = sandbox.app, sandbox.grants
    short = sandbox.faults.fire("short_lived_token")
    life = TOKEN_LIFE if short is None else timedelta(seconds=short.get("seconds", 5))
    if sandbox.faults.fire("grant_type_refused") is not None:
        raise Refused(*_UNSUPPORTED)
    match values.get("grant_type"):
        case "authorization_code":
            _check_code(sandbox, values.get("code", ""))
            return grants.redeem(app, values.get("code", ""), values.get("redirect_uri", ""), values.get("code_verifier", ""), life)
        case "refresh_token":
            _check_owner(sandbox, values.get("refresh_token", ""))
            return grants.rotate(app, values.get("refresh_token", ""), life)
        case "account_credentials":
            return grants.issue_for_account(app, sandbox.signed_in.id)
        case _:
            raise Refused(*_UNSUPPORTED)


def _check_code(sandbox: Sandbox, code: str) -> None:
    for name in ("code_used", "code_expired"):
        if (fault := sandbox.faults.fire(name)) is not None:
            # The reason goes on with the code now and then: https://devforum.zoom.us/t/137623.
            raise Refused(f"Invalid authorization code {code}", str(fault.get("error", "invalid_grant")))
    if sandbox.faults.fire("redirect_mismatch") is not None:
        raise Refused(*REDIRECT_MISMATCH)


def _check_owner(sandbox: Sandbox, refresh_token: str) -> None:
    if sandbox.faults.fire("admin_disabled") is not None:
        raise Refused("The app has been disabled by an admin (4,738)", "invalid_request")
    owner = sandbox.grants.user_of_refresh(refresh_token)
    if sandbox.faults.fire("user_removed") is not None or (owner and owner not in sandbox.users):
        raise Refused("The token's owner does not exist (4,735)", "invalid_grant")
    if (fault := sandbox.faults.fire("refresh_refused")) is not None:
        raise Refused("Invalid Token!", str(fault.get("error", "invalid_grant")))
    if owner and sandbox.faults.fire("authorized_elsewhere") is not None:
        sandbox.grants.kill(owner, sandbox.client_id)


def _token_body(sandbox: Sandbox, tokens: Tokens) -> dict[str, Any]:
    body: dict[str, Any] = {"access_token": tokens.access_token, "token_type": "bearer"}
    if tokens.refresh_token:
        body["refresh_token"] = tokens.refresh_token
    said = sandbox.faults.fire("expires_in")
    body["expires_in"] = tokens.expires_in if said is None else said.get("seconds", 3600)
    if sandbox.faults.fire("scope_absent") is None:
        body["scope"] = " ".join(tokens.scopes)
    named = sandbox.faults.fire("api_url")
    url = sandbox.base if named is None else str(named.get("url", "https://api-eu.zoom.us"))
    return body if url == "none" else body | {"api_url": url}


async def revoke(request: Request) -> Response:
    """Ends the grant a token belongs to."""
    sandbox = sandbox_of(request)
    values = dict(request.query_params) | {key: str(value) for key, value in (await request.form()).items()}
    try:
        _check_client(sandbox, request)
    except Refused as refused:
        return JSONResponse({"reason": refused.reason, "error": refused.error}, refused.status)
    sandbox.grants.revoke(values.get("token", ""))
    return JSONResponse({"status": "success"})


ROUTES = [
    Route("/oauth/authorize", authorize, methods=["GET"]),
    Route("/oauth/authorize", decide, methods=["POST"]),
    Route("/oauth/token", token, methods=["POST"]),
    Route("/oauth/revoke", revoke, methods=["POST"]),
]
