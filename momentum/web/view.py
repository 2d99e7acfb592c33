"""How one reader sees our pages: in their language, with dates and numbers as they write them, as the person they are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import structlog
from babel import Locale
from fastapi import Depends, Form, Request, status
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from momentum.analysis.turns import UNKNOWN
from momentum.errors import ErrorCode, Unauthorized
from momentum.languages import LANGUAGES, N_
from momentum.languages.catalogues import translations
from momentum.languages.sentences import told_in
from momentum.languages.translator import into
from momentum.web import operators
from momentum.web.door import Visitor, app_of, check_origin
from momentum.web.formats import Formats, zone_of
from momentum.web.languages import language_for, locale_for
from momentum.writers.markdown import clock

LANGUAGE_COOKIE = "momentum_language"
ZONE_COOKIE = "momentum_zone"
"""Set by live.js, or chosen in the settings: an IANA name of a time zone."""

PLACES = (("/recordings", N_("Recordings")), ("/search", N_("Search")), ("/settings", N_("Settings")))
"""The navigation."""
OPERATORS_PLACES = (("/status", N_("Status")),)
"""What stands behind it for whoever runs Momentum."""

LONGEST_PATH = 2_000
"""Characters of an address that somebody comes back to after signing in: a cookie has room for it."""
Back = Annotated[str, Form(max_length=20_000)]
"""A form's hidden field: the page that it stands on; goes through `local_path`."""

SECRET_PATHS = ("/enter/", "/shared/")
"""What follows these opens something: a page does not repeat it."""
_PASSING = (*SECRET_PATHS, "/sign-in", "/api/")
"""Where nobody comes back to."""

_HERE = Path(__file__).parent
STATIC = _HERE / "static"


@dataclass(frozen=True, slots=True)
class View:
    """One reader's. `person`: who is signed in; `operator`: whether they run this Momentum; `here`: the path they asked for;
    `back`: where this page can be opened again, else "/".
    """

    language: str
    locale: Locale
    zone: tzinfo | None
    now: datetime
    here: str
    back: str = "/"
    person: UUID | None = None
    operator: bool = False
    request_id: str | None = None

    def _(self, message: str, **values: object) -> str:
        """`message` in the reader's language, `%(name)s` filled in."""
        return into(self.language)._(message, **values)

    def counted(self, one: str, many: str, count: int, **values: object) -> str:
        """`one` or `many`, in the form that the reader's language has for so many; `%(num)s` is the count."""
        return translations(self.language).ngettext(one, many, count) % {"num": self.formats.number(count), **values}

    def said(self, sentence: str) -> str:
        """A sentence that was made below the pages, in the reader's language where the catalogue knows it."""
        return told_in(self.language, sentence)

    @property
    def formats(self) -> Formats:
        return Formats(self.locale, self.zone, self.now)

    @property
    def places(self) -> list[tuple[str, str]]:
        """(path, label) of what stands in the navigation."""
        return [(path, self._(label)) for path, label in (*PLACES, *(OPERATORS_PLACES if self.operator else ()))]

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A template of ours as an answer."""
        return HTMLResponse(self.drawn(template, **values), status, {"Content-Language": self.language})

    def drawn(self, template: str, **values: Any) -> str:
        """A template of ours as text; what is put in is escaped."""
        return environment(self.language).get_template(template).render(view=self, f=self.formats, **values)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(View):
    """The view of somebody who is signed in."""

    person: UUID


def view_of(request: Request, person: UUID | None = None) -> View:
    """How whoever sent this request sees pages."""
    accepted = request.headers.get("accept-language", "")
    language = language_for(request.cookies.get(LANGUAGE_COOKIE), accepted)
    world = app_of(request)
    return (View if person is None else SignedIn)(
        language=language,
        locale=locale_for(language, accepted),
        zone=zone_of(request.cookies.get(ZONE_COOKIE)),
        now=world.clock(),
        here="/" if request.url.path.startswith(SECRET_PATHS) else request.url.path,
        back=_again(request),
        person=person,  # type: ignore[arg-type] # None goes to View
        operator=operators.remembered(request, person),
        request_id=structlog.contextvars.get_contextvars().get("request_id"),
    )


def _again(request: Request) -> str:
    path, query = request.url.path, request.url.query
    if request.method != "GET" or path.startswith(_PASSING):
        return "/"
    return f"{path}?{query}" if query else path


async def _anyone(request: Request, visitor: Visitor) -> View:
    if visitor is not None:
        await operators.learn(request, visitor)
    return view_of(request, visitor)


async def _reading(request: Request, visitor: Visitor) -> SignedIn:
    view = await _anyone(request, visitor)
    if not isinstance(view, SignedIn):
        raise Unauthorized(ErrorCode.NOT_AUTHENTICATED, "Sign in first: send a bearer token, or open a sign-in link.")
    return view


async def _operating(request: Request, view: Annotated[SignedIn, Depends(_reading)]) -> SignedIn:
    await operators.require(request, view.person)
    return view


async def _acting(request: Request, view: Annotated[SignedIn, Depends(_reading)]) -> SignedIn:
    check_origin(request)
    return view


Anyone = Annotated[View, Depends(_anyone)]
"""Of a page that strangers may open too."""
Reading = Annotated[SignedIn, Depends(_reading)]
"""Of a page for people who are signed in; strangers are asked to sign in. `view.person` is then somebody."""
Acting = Annotated[SignedIn, Depends(_acting)]
"""Of a form that one of our own pages sent, from somebody who is signed in."""

Operating = Annotated[SignedIn, Depends(_operating)]
"""Of a page for whoever runs Momentum; others are told that it is not for them."""


async def _sent_by_us(request: Request) -> None:
    check_origin(request)


SENT_BY_US = Depends(_sent_by_us)
"""Among a route's `dependencies`: of a form that strangers may send too. A page of another site may not."""


def local_path(path: str) -> str:
    """`path` where it is one of ours, else "/"; browsers take two slashes in front, either way they lean, for another site."""
    ours = path.startswith("/") and path[1:2] not in {"/", "\\"} and path.isprintable()
    return path if ours else "/"


def see_other(path: str) -> RedirectResponse:
    """Where the browser goes on after a form: to one of our own pages."""
    return RedirectResponse(path, status.HTTP_303_SEE_OTHER)


def speaker_in(language: str, name: str) -> str:
    """A speaker's name; what stands for one that nobody knows is said in the reader's language."""
    return into(language)._(UNKNOWN) if name == UNKNOWN else name


@cache
def environment(language: str) -> Environment:
    """Our templates, in one language."""
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined] # of the extension
    shared: Mapping[str, Any] = {"static": static, "clock": clock, "languages": LANGUAGES, "said": partial(told_in, language)}
    made.globals.update(shared)
    made.filters["speaker"] = partial(speaker_in, language)
    # `_("...")` gives markup, with `%` for what is filled in; what only is a message at run time stays a text.
    made.filters["word"] = translations(language).gettext
    return made


@cache
def static(name: str) -> str:
    """The address of one of our files, which changes with the file: browsers may keep it forever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"
