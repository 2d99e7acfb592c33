"""Sessions of browsers: how they begin and end, what a browser is called, and what it remembers for its person."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from uuid import UUID

from fastapi import Request, Response

from momentum.languages import LANGUAGES
from momentum.logs import protect
from momentum.settings import Settings
from momentum.store.sessions import NewSession
from momentum.web.door import SESSION_COOKIE, Person, app_of, cookie_name, identify, session_cookie
from momentum.web.formats import zone_of
from momentum.web.view import LANGUAGE_COOKIE, ZONE_COOKIE

LIFETIME = timedelta(days=30)
_YEAR = timedelta(days=365)

_FAMILIES = (
    ("Edge", r"\bEdgA?(?:iOS)?/"),
    ("Opera", r"\bOPR/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/"),
    ("Chrome", r"\b(?:Headless)?(?:Chrome|CriOS|Chromium)/"),
    ("Safari", r"\bVersion/[\d.]+ .*\bSafari/"),
)
_SYSTEMS = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Windows", r"\bWindows\b"),
    ("macOS", r"\bMac OS X\b|\bMacintosh\b"),
    ("Linux", r"\bLinux\b|\bX11\b"),
)


def opened_by_hand(request: Request) -> bool:
    """Whether a browser says that its person opened this address: typed, from a bookmark or a terminal, or on a page of ours.

    https://www.w3.org/TR/fetch-metadata/: browsers send these headers to https and to localhost, and no page can forge them.
    """
    sent = request.headers
    here = sent.get("sec-fetch-mode") == "navigate" and sent.get("sec-fetch-dest") == "document"
    return here and sent.get("sec-fetch-site") in {"none", "same-origin"} and not sent.get("sec-purpose") and not sent.get("purpose")


def new_session(request: Request) -> NewSession:
    """A session for the browser that sent this request, always under a new token; the one it had ends."""
    now = app_of(request).clock()
    token = secrets.token_urlsafe(32)
    protect(token, passing=True)
    return NewSession(token, now, now + LIFETIME, agent=family_of(request.headers.get("user-agent", "")), former=session_cookie(request))


def signed_in(request: Request, answer: Response, user_id: UUID, session: NewSession) -> Response:
    """`answer`, which gives the browser its session."""
    identify(request, Person(user_id, by_cookie=True))
    give_cookie(answer, app_of(request).settings, SESSION_COOKIE, session.token, lifetime=LIFETIME)
    return answer


def signed_out(request: Request, answer: Response) -> Response:
    """`answer`, which takes the session's cookie away."""
    take_cookie(answer, app_of(request).settings, SESSION_COOKIE)
    return answer


def give_cookie(answer: Response, settings: Settings, name: str, value: str, *, lifetime: timedelta) -> None:
    """A cookie that no script reads and no other host sets, sent along when the person comes from elsewhere by a link."""
    attributes = {"max_age": int(lifetime.total_seconds()), "httponly": True, "secure": settings.is_https}
    answer.set_cookie(cookie_name(settings, name), value, samesite="lax", **attributes)  # type: ignore[arg-type] # by name


def take_cookie(answer: Response, settings: Settings, name: str) -> None:
    """The same cookie, over. Browsers heed this for a `__Host-` name only if it is Secure, too."""
    answer.delete_cookie(cookie_name(settings, name), httponly=True, secure=settings.is_https, samesite="lax")


def set_cookie(answer: Response, name: str, value: str, *, lifetime: timedelta, secure: bool, path: str = "/") -> None:
    """A cookie no script reads, sent along when the person comes from elsewhere by a link."""
    answer.set_cookie(name, value, max_age=int(lifetime.total_seconds()), httponly=True, samesite="lax", secure=secure, path=path)


def remember_language(answer: Response, settings: Settings, language: str) -> None:
    """For a year, in this browser, where it is one of ours."""
    if language in LANGUAGES:
        set_cookie(answer, LANGUAGE_COOKIE, language, lifetime=_YEAR, secure=settings.is_https)


def remember_zone(answer: Response, settings: Settings, zone: str) -> None:
    """For a year, in this browser; none of a known name means that of each meeting."""
    # Read by live.js, which sets the browser's own where there is none; "none" keeps it from doing so.
    value = zone if zone_of(zone) else "none"
    answer.set_cookie(ZONE_COOKIE, value, int(_YEAR.total_seconds()), samesite="lax", secure=settings.is_https)


def family_of(user_agent: str) -> str | None:
    """Such as "Firefox, Linux": enough to know one's own browser by; None for none we know. Nothing else of it is kept."""
    text = user_agent[:1000]
    family = next((name for name, shape in _FAMILIES if re.search(shape, text)), None)
    system = next((name for name, shape in _SYSTEMS if re.search(shape, text)), None)
    return ", ".join(part for part in (family, system) if part) or None
