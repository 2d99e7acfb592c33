"""Pages that say one thing."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse

from momentum.errors import MomentumError
from momentum.languages import N_
from momentum.web.door import app_of
from momentum.web.view import LONGEST_PATH, View

SIGN_IN = "/sign-in"
Problem = MomentumError | None

TITLES = {
    401: N_("Sign in"),
    403: N_("Not allowed"),
    404: N_("Not here"),
    405: N_("Not that way"),
    410: N_("Not any more"),
    500: N_("Something broke"),
    503: N_("Not right now"),
}


def message_page(view: View, title: str, text: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page that says one thing; `code` makes it a page about a failure, which shows the request's id."""
    nothing = {"finish": None, "link": None, "code": None}
    return view.page("message.html", status=status, **({"title": title, "text": text} | nothing | values))


def sign_in_page(request: Request, view: View, *, status: int = 401, next_path: str | None = None, problem: Problem = None) -> HTMLResponse:
    """What a stranger sees; afterwards they go on to where they wanted, or to `next_path`. `problem`: why the last try did not work."""
    settings = app_of(request).settings
    wanted = _wanted(request) if next_path is None else next_path
    begin = f"{SIGN_IN}/oidc?{urlencode({'next': wanted})}" if settings.has_oidc else None
    told = {"problem": view.said(problem.detail), "code": str(problem.code)} if problem else {"problem": None, "code": None}
    return view.page("sign_in.html", status=status, begin=begin, label=settings.oidc_name, **told)


def _wanted(request: Request) -> str:
    """The page a stranger asked for; a form they sent is lost, and so is what they wrote into a very long address."""
    if request.method != "GET":
        return "/"
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return path if len(path) <= LONGEST_PATH else "/"


def failure_page(view: View, status: int, code: str, detail: str) -> HTMLResponse:
    """What a browser shows where a program gets JSON."""
    title = view._(TITLES.get(status, N_("This did not work")))
    return message_page(view, title, view.said(detail), status=status, code=code, link=_home(view))


def completed_page(view: View, label: str) -> HTMLResponse:
    """The connection stands."""
    title = view._("%(name)s is connected", name=label)
    return message_page(view, title, view._("Momentum can find your recordings now."), link=_home(view))


def failed_page(view: View, label: str, error: MomentumError) -> HTMLResponse:
    """The connection could not be made."""
    title = view._("%(name)s is not connected", name=label)
    told = view.said(error.detail)
    return message_page(view, title, told, status=error.status, code=str(error.code), link=_home(view))


def finish_page(view: View, name: str, label: str, state: str, code: str) -> HTMLResponse:
    """The browser that came back did not prove who began: its person must confirm, so that nobody connects a stranger's account."""
    button = view._("Connect this %(name)s account to me", name=label)
    finish = {"action": f"/connect/{name}/finish", "state": state, "code": code, "label": button}
    text = view._(
        "You came back from %(name)s, but not in the browser in which connecting began, so nothing is connected yet. "
        "Go on only if you began it yourself, a moment ago. If somebody sent you here by a link, close this page.",
        name=label,
    )
    if view.person is None:
        text += " " + view._("You are not signed in: open your sign-in link in this browser first, then come back to this page.")
    return message_page(view, view._("Is this you?"), text, finish=finish)


def disconnect_page(view: View, name: str, label: str) -> HTMLResponse:
    """Asks once more, and whether to keep what came from it."""
    return view.page("disconnect.html", name=name, label=label)


def disconnected_page(view: View, detail: str) -> HTMLResponse:
    """What was removed."""
    return message_page(view, view._("Disconnected"), view.said(detail), link=_home(view))


def _home(view: View) -> dict[str, str]:
    return {"href": "/", "label": view._("To your recordings")}
