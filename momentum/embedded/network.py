"""The door for other machines: TCP, a generated password, never the superuser.

The packaged server speaks no TLS: the password does not cross the wire (SCRAM), but rows do, in the clear. For a private
network or a tunnel; otherwise give every machine a DATABASE_URL with TLS.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from momentum.errors import ErrorCode, Invalid, Unavailable


def admit(owner_dsn: str, role: str, password_file: Path) -> str:
    """Give `role` the password of this home, made at the first call and kept in a 0600 file; returns the password.

    Raises Invalid for the superuser, Unavailable when the role does not exist or the server is away.
    """
    if role == "postgres":
        raise Invalid(ErrorCode.INVALID_REQUEST, "The database's superuser never comes in over the network.")
    password = _password(password_file)
    try:
        with psycopg.connect(owner_dsn, autocommit=True) as connection:
            sealed = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
            connection.execute(sql.SQL("alter role {} login password {}").format(sql.Identifier(role), sql.Literal(sealed)))
    except psycopg.Error as error:
        sentence = f"The role {role} could not be let in over the network: it does not exist yet, or the database is away."
        raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE, sentence) from error
    return password


def url(role: str, password: str, *, host: str, port: int, database: str) -> str:
    """What to set as DATABASE_URL on the other machine."""
    place = f"[{host}]" if ":" in host else host
    return f"postgresql://{quote(role, safe='')}:{quote(password, safe='')}@{place}:{port}/{quote(database, safe='')}"


def _password(path: Path) -> str:
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    password = secrets.token_urlsafe(32)
    with open(opened, "w", encoding="ascii") as file:  # noqa: PTH123 -- a descriptor, opened 0600 from the first byte
        file.write(password)
    return password
