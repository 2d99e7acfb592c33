"""As whom the server runs. PostgreSQL refuses to run as root; then it gets a user id of its own.

That id has no entry in the list of users, so none is left behind, and no other program runs under it: whoever shares
the server's id could open its socket as superuser. Only `initdb` insists on a name; it runs as `nobody` for its second.
"""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from momentum.errors import ErrorCode, Unavailable

# Between the ranges that distributions and systemd hand out: https://systemd.io/UIDS-GIDS/
_FREE_IDS = range(60709, 61184)


@dataclass(frozen=True)
class Account:
    """A user and a group by number."""

    uid: int
    gid: int

    def as_arguments(self) -> dict[str, Any]:
        """Keyword arguments of `subprocess` that make a child run as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def account_for(data: Path) -> Account | None:
    """Who runs the server on this data folder: its owner, a new account where there is none yet; None = ourselves.

    Raises Unavailable when the folder belongs to somebody else and we are not root.
    """
    owner = _owner(data)
    if os.geteuid() == 0:
        return owner or _unused()
    if owner is not None and owner.uid != os.geteuid():
        sentence = (
            f"The database in {data} belongs to user id {owner.uid}. Start Momentum as that user, or set MOMENTUM_HOME to another folder."
        )
        raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE, sentence)
    return None


def named_account(account: Account) -> Account:
    """`account` when the list of users knows it, else one that it knows, in the same group."""
    names = {entry.pw_uid: entry.pw_name for entry in pwd.getpwall()}
    if account.uid in names:
        return account
    others = sorted((name != "nobody", -uid, uid) for uid, name in names.items() if uid != 0)
    if not others:
        sentence = "This system has no user but root, and PostgreSQL cannot be set up by root. Set DATABASE_URL, or add a user."
        raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE, sentence)
    return Account(others[0][2], account.gid)


def run_as(account: Account | None, command: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run to the end as `account` (None = ourselves). Raises OSError when that is not possible."""
    arguments = account.as_arguments() if account else {}
    done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603 -- our own binaries and /bin/sh
        command,
        cwd="/",
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        **arguments,
    )
    return done


def can_enter(account: Account, folder: Path) -> bool:
    """Whether `account` may pass through every folder down to this one; asked of the system, which knows about more than modes."""
    try:
        return run_as(account, ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)], {}).returncode == 0
    except OSError:
        return False


def _owner(folder: Path) -> Account | None:
    try:
        found = folder.stat()
    except FileNotFoundError:
        return None
    except PermissionError:
        sentence = f"{folder} cannot be entered. Start Momentum as its owner, or set MOMENTUM_HOME to another folder."
        raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE, sentence) from None
    return Account(found.st_uid, found.st_gid)


def _unused() -> Account:
    taken = {entry.pw_uid for entry in pwd.getpwall()} | {entry.gr_gid for entry in grp.getgrall()}
    number = next(number for number in _FREE_IDS if number not in taken)
    return Account(number, number)
