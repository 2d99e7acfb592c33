"""Pages that say one thing, and the cookies that go with them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from momentum.errors import ErrorCode, MomentumError

_templates = Environment(loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True, undefined=StrictUndefined)
HOME = {"href": "/", "label": "To your recordings"}


def page(template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A template of ours as an answer."""
    return HTMLResponse(_templates.get_template(template).render(**({"person": None} | values)), status)


def drawn(template: str, **values: Any) -> str:
    """A template of ours as text; what is put in is escaped."""
    return _templates.get_template(template).render(**values)


def message_page(title: str, text: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page that says one thing."""
    nothing = {"finish": None, "link": None, "code": None}
    return page("message.html", status=status, **({"title": title, "text": text} | nothing | values))


def sign_in_page() -> HTMLResponse:
    """What a stranger sees."""
    text = "Open the sign-in link that Momentum printed when it started; it works once. To get a new one, run: momentum link"
    return message_page("Sign in", text, status=401, code=str(ErrorCode.NOT_AUTHENTICATED))


def failure_page(status: int, code: str, detail: str) -> HTMLResponse:
    """What a browser shows where a program gets JSON."""
    title = {404: "Not here", 405: "Not that way", 500: "Something broke", 503: "Not right now"}.get(status, "This did not work")
    return message_page(title, detail, status=status, code=code, link=HOME)


def completed_page(label: str) -> HTMLResponse:
    """The connection stands."""
    return message_page(f"{label} is connected", "Momentum can find your recordings now.", link=HOME)


def failed_page(label: str, error: MomentumError) -> HTMLResponse:
    """The connection could not be made."""
    return message_page(f"{label} is not connected", error.detail, status=error.status, code=str(error.code), link=HOME)


def finish_page(name: str, label: str, state: str, code: str, *, person: Any) -> HTMLResponse:
    """The browser that came back did not prove who began: its person must confirm, so that nobody connects a stranger's account."""
    finish = {"action": f"/connect/{name}/finish", "state": state, "code": code, "label": f"Connect this {label} account to me"}
    text = (
        f"You came back from {label}, but not in the browser in which connecting began, so nothing is connected yet. "
        "Go on only if you began it yourself, a moment ago. If somebody sent you here by a link, close this page."
    )
    if person is None:
        text += " You are not signed in: open your sign-in link in this browser first, then come back to this page."
    return message_page("Is this you?", text, finish=finish, person=person)


def disconnect_page(name: str, label: str, *, person: Any) -> HTMLResponse:
    """Asks once more, and whether to keep what came from it."""
    return page("disconnect.html", name=name, label=label, person=person)


def disconnected_page(detail: str) -> HTMLResponse:
    """What was removed."""
    return message_page("Disconnected", detail, link=HOME, person=True)


def set_cookie(answer: Response, name: str, value: str, *, lifetime: timedelta, secure: bool, path: str = "/") -> None:
    """A cookie no script reads, sent along when the person comes from elsewhere by a link."""
    answer.set_cookie(name, value, max_age=int(lifetime.total_seconds()), httponly=True, samesite="lax", secure=secure, path=path)
