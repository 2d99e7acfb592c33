"""A new cluster, whole or not at all: made in a side folder, then renamed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from momentum.embedded.account import Account, named_account, run_as
from momentum.embedded.places import Place, make_private, no_room
from momentum.embedded.programs import ENVIRONMENT, major_version
from momentum.errors import ErrorCode, MomentumError, Unavailable

_ENCODING = ("-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
_CLOCK = ("--set", "timezone=UTC", "--set", "log_timezone=UTC")

# The socket's folder is the protection of the socket. Over the network comes whoever has a password, the superuser never.
_WHO_MAY = """\
local all all trust
host all postgres all reject
host all all all scram-sha-256
"""


def ensure_cluster(place: Place, folder: Path, account: Account | None) -> None:
    """Make the cluster with the programs in `folder`, unless it is there. Raises MomentumError that says why not."""
    if place.exists:
        _check_version(place)
        return
    half = place.base / "data.new"
    shutil.rmtree(half, ignore_errors=True)  # of a process that was killed here
    maker = named_account(account) if account else None
    make_private(half, maker)
    _initdb(folder / "initdb", half, maker)
    (half / "pg_hba.conf").write_text(_WHO_MAY, encoding="utf-8")
    if account:
        _give(half, account)
    half.rename(place.data)
    _sync(place.base)


def _check_version(place: Place) -> None:
    found = (place.data / "PG_VERSION").read_text(encoding="ascii").strip()
    if found != major_version():
        sentence = (
            f"The database in {place.data} was made by PostgreSQL {found}; this Momentum brings PostgreSQL {major_version()}. "
            "Dump it with the older version and restore it into a new MOMENTUM_HOME."
        )
        raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE, sentence)


def _initdb(program: Path, half: Path, maker: Account | None) -> None:
    command = [str(program), "-D", str(half), "-U", "postgres", *_ENCODING, *_CLOCK, "--auth-local=trust", "--auth-host=reject"]
    done = run_as(maker, command, ENVIRONMENT)
    if done.returncode != 0:
        shutil.rmtree(half, ignore_errors=True)
        raise why_not(done.stderr, half.parent)


def why_not(said: str, base: Path) -> MomentumError:
    """The failure behind what initdb wrote: its reason comes first, remarks about cleaning up follow."""
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return no_room(base)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    reasons = [line for line in lines if "FATAL:" in line or "error:" in line] or lines or ["it said nothing"]
    return Unavailable(ErrorCode.DATABASE_UNAVAILABLE, f"PostgreSQL could not set up its folder in {base}: {reasons[0]}")


def _give(folder: Path, account: Account) -> None:
    for parent, _, files in os.walk(folder):
        for path in (parent, *(os.path.join(parent, name) for name in files)):  # noqa: PTH118 -- os.walk gives strings
            os.chown(path, account.uid, account.gid, follow_symlinks=False)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
