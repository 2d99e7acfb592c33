"""Addresses of databases: one URL in, libpq's parameters or another URL out."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from momentum.errors import ErrorCode, MomentumError

# A database that does not answer must not hold a request for minutes (libpq: seconds, then milliseconds).
# The connection that listens says nothing for hours: only probes tell it that the other end, or the way there, is gone.
_PROBES = {"keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}
_PATIENCE = {"connect_timeout": "5", "tcp_user_timeout": "15000", **_PROBES, "application_name": "momentum"}


def parameters(dsn: str) -> dict[str, str]:
    """What libpq makes of a `postgresql://` URL, with our time limits where it names none.

    SQLAlchemy's "+driver" is allowed. Raises MomentumError(SETTINGS_INVALID) without showing the URL.
    """
    scheme, separator, rest = dsn.partition("://")
    try:
        found = conninfo_to_dict(f"{scheme.partition('+')[0]}{separator}{rest}")
    except psycopg.ProgrammingError:
        sentence = "DATABASE_URL is not a PostgreSQL URL. It looks like postgresql://user:password@host:5432/database."
        raise MomentumError(ErrorCode.SETTINGS_INVALID, sentence) from None
    return _PATIENCE | {name: str(value) for name, value in found.items() if value is not None}


def conninfo(dsn: str) -> str:
    """The same as one string for the driver's `connect`."""
    return make_conninfo("", **parameters(dsn))


def url(parameters: Mapping[str, str]) -> str:
    """The `postgresql://` URL of libpq parameters; host lists and socket folders go into the query, where every client reads them."""
    rest = dict(parameters)
    user, password, database = (quote(rest.pop(name, ""), safe="") for name in ("user", "password", "dbname"))
    login = f"{user}:{password}@" if password else f"{user}@" if user else ""
    place = ""
    if not set(",/") & set(rest.get("host", "/")):
        place = _bracketed(rest.pop("host")) + (f":{rest.pop('port')}" if "port" in rest else "")
    return f"postgresql://{login}{place}/{database}?{urlencode(rest, quote_via=quote)}"


def acting_as(dsn: str, role: str, *, own_login: bool) -> str:
    """The URL by which `role` comes in: by its own login, or as a role the given user takes at the start of each connection."""
    found = parameters(dsn)
    if own_login:
        return url({name: value for name, value in found.items() if name != "password"} | {"user": role})
    options = f"{found.get('options', '')} -c role={role}".strip()
    return url(found | {"options": options})


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
