"""Why a database lets nobody in, in words for whoever set its URL."""

from __future__ import annotations

import re

from momentum.errors import ErrorCode, MomentumError, Unavailable
from momentum.store import dsn

# A failed connection carries no SQLSTATE, so its words have to be read. They are libpq's and the server's own, in English unless
# the server was set up in another language: then the general sentence stands.
_REFUSED = (
    (r"password authentication failed", "does not accept the password of user {user}"),
    (r"no password supplied", "wants a password of user {user}, and the URL has none"),
    (r'role ".*" does not exist', "has no user {user}"),
    (r'database ".*" does not exist', "has no database {dbname}"),
    (r"permission denied for database", "does not let user {user} into database {dbname}"),
    (r"no pg_hba.conf entry", "does not let user {user} in from this machine (see its pg_hba.conf)"),
    (r"server does not support SSL", "speaks no TLS, which the URL asks for"),
    (r"certificate verify failed|root certificate", "shows a certificate that is not trusted here"),
)
_AWAY = (
    (r"could not translate host name|failed to resolve host", "is not known by that name"),
    (r"Connection refused", "is not running: nobody listens there"),
    (r"timeout expired|timed out", "does not answer"),
    (r"No such file or directory", "is not running"),
)


def explained(error: Unavailable, url: str) -> MomentumError:
    """The failure to connect to `url` as something an operator can act on; no password is in it, and no foreign text."""
    found = {"user": "(none)", "dbname": "(none)", "host": "localhost", "port": "5432"} | dsn.parameters(url)
    said, place = str(error.__cause__), f"The database server at {found['host']}:{found['port']}"
    for pattern, words in _REFUSED:
        if re.search(pattern, said):
            return MomentumError(ErrorCode.SETTINGS_INVALID, f"{place} {words.format_map(found)}. Check DATABASE_URL.")
    for pattern, words in _AWAY:
        if re.search(pattern, said):
            return Unavailable(error.code, f"{place} {words}. Start it, or check DATABASE_URL.", after=error.after)
    return error
