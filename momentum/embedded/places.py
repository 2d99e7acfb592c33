"""Where a cluster lies.

home/                    MOMENTUM_HOME
  postgres.lock          one process at a time prepares, starts or stops
  postgres.path          only where the cluster lies elsewhere: its folder
  postgres/              0700; or 0710 and of the server's group when root started it
    data/                the cluster
    run/                 0700: the Unix socket; whoever may enter is trusted
    users.lock           held by every process that uses the server, together
    server.lock          held by the server's processes themselves
    server.json          port and address of the running server
    programs/            copies for a server that cannot reach the wheel

No mode of a folder that was there before is ever changed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from momentum.embedded.account import Account, account_for, can_enter
from momentum.errors import ErrorCode, MomentumError, Unavailable

FAR_FOLDER = Path("/var/lib/momentum")
"""Where root's clusters lie when their server cannot enter the home; those of a temporary home lie in the temporary folder.

See https://refspecs.linuxfoundation.org/FHS_3.0/fhs/ch05s08.html.
"""

_LONGEST_SOCKET = 103  # bytes; macOS's limit, Linux has 107: https://man7.org/linux/man-pages/man7/unix.7.html
_SOCKET_NAME = ".s.PGSQL.65535"


@dataclass(frozen=True)
class Place:
    """The folders of one cluster."""

    base: Path

    @property
    def data(self) -> Path:
        return self.base / "data"

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    @property
    def users_lock(self) -> Path:
        return self.base / "users.lock"

    @property
    def server_lock(self) -> Path:
        return self.base / "server.lock"

    @property
    def exists(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    @property
    def sockets(self) -> Path:
        """In the base, unless a socket's address has no room for it or would be read as two; every process must find the same folder."""
        near = self.base / "run"
        # A comma parts hosts: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-HOST
        if len(os.fsencode(near / _SOCKET_NAME)) <= _LONGEST_SOCKET and "," not in str(near):
            return near
        name = hashlib.sha256(os.fsencode(self.base)).hexdigest()[:16]
        return Path("/tmp") / f"momentum-{name}"  # noqa: S108 -- short everywhere; made 0700 and its owner checked below


@contextmanager
def writable(home: Path) -> Iterator[None]:
    """Raises MomentumError(SETTINGS_INVALID) or (DISK_FULL) when a folder cannot be made or written."""
    try:
        yield
    except OSError as error:
        raise _explained(home, error) from error


def find(home: Path) -> Place:
    """Where this home's cluster lies, or would lie."""
    record = home / "postgres.path"
    try:
        return Place(Path(record.read_text(encoding="utf-8").strip()))
    except FileNotFoundError:
        return Place(home / "postgres")


def make_home(home: Path) -> None:
    """Ours alone; root's server may pass through. A folder that is there already keeps its mode."""
    if home.is_dir():
        return
    home.mkdir(parents=True, mode=0o700, exist_ok=True)  # another process may have made it since
    if account := account_for(home / "postgres"):
        _let_group_enter(home, account)


def prepare(home: Path) -> tuple[Place, Account | None]:
    """The cluster's folders, made where they are missing, and whose they are."""
    place = find(home)
    account = account_for(place.data)
    if not place.base.exists():
        place = _make_base(home, place, account)
    if account and not can_enter(account, place.base):
        sentence = f"The database server runs as user id {account.uid}, which cannot enter {place.base}. Open its parents."
        raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE, sentence)
    make_private(place.sockets, account)
    return place, account


def remove(home: Path) -> None:
    """Delete the cluster's folders and everything in them; the home stays."""
    place = find(home)
    for folder in (place.base, place.sockets):
        shutil.rmtree(folder, ignore_errors=True)
    (home / "postgres.path").unlink(missing_ok=True)


def make_private(folder: Path, account: Account | None) -> None:
    """A 0700 folder of the server's account. Raises Unavailable when somebody else was there first."""
    uid, gid = (account.uid, account.gid) if account else (os.geteuid(), os.getegid())
    try:
        folder.mkdir(mode=0o700)
        os.chown(folder, uid, gid)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or found.st_mode & 0o077:
            sentence = f"{folder} was made by somebody else. Remove it, or set MOMENTUM_HOME to another folder."
            raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE, sentence) from None


def _make_base(home: Path, place: Place, account: Account | None) -> Place:
    if account and not can_enter(account, place.base.parent):
        place = Place(_far_base(home, account))
        write_whole(home / "postgres.path", f"{place.base}\n")
        return place
    place.base.mkdir(mode=0o700)
    if account:
        _let_group_enter(place.base, account)
    return place


def _far_base(home: Path, account: Account) -> Path:
    # /root, where root's home usually lies, is closed to everybody, and its mode is not ours to change.
    temporary = Path(tempfile.gettempdir()).resolve()
    far = temporary if home.is_relative_to(temporary) else FAR_FOLDER
    if not far.exists():
        far.mkdir()
        far.chmod(0o755)
    base = Path(tempfile.mkdtemp(prefix="momentum-cluster-", dir=far))
    _let_group_enter(base, account)
    return base


def _let_group_enter(folder: Path, account: Account) -> None:
    os.chown(folder, -1, account.gid)
    folder.chmod(0o710)


def write_whole(path: Path, text: str) -> None:
    """Readers see the old file or the new one."""
    half = path.with_name(f"{path.name}.new")
    half.write_text(text, encoding="utf-8")
    half.replace(path)


def _explained(home: Path, error: OSError) -> MomentumError:
    reason = os.strerror(error.errno) if error.errno else type(error).__name__
    if error.errno in {28, 122}:  # ENOSPC, EDQUOT
        return MomentumError(
            ErrorCode.DISK_FULL, f"There is no room for the database in {home}. Free some, or set MOMENTUM_HOME elsewhere."
        )
    where = error.filename or home
    sentence = f"MOMENTUM_HOME={home} cannot be used ({where}: {reason}). Set it to a folder that Momentum may write, or set DATABASE_URL."
    return MomentumError(ErrorCode.SETTINGS_INVALID, sentence)


def no_room(folder: Path) -> MomentumError:
    """The disk, or our share of it, is full."""
    return MomentumError(ErrorCode.DISK_FULL, f"There is no room for the database in {folder}. Free some, or set MOMENTUM_HOME elsewhere.")
