"""From dead to answering, and back. Who calls holds the home's lock.

The server's processes inherit a locked file. As long as one of them lives, and not a moment longer, the lock is held:
neither a zombie nor a pid that another program got since can be mistaken for a server.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from momentum.embedded import locks, probe
from momentum.embedded.account import Account
from momentum.embedded.places import Place, no_room, write_whole
from momentum.embedded.programs import ENVIRONMENT
from momentum.errors import ErrorCode, MomentumError, Unavailable

_PAUSE = 0.01  # seconds between two questions
_STOP_PATIENCE = 60.0  # seconds until a polite stop becomes an abrupt one; nothing committed is lost by either

# The log is opened by the account that writes it; that of the start before is kept.
_LOGGED = 'umask 077; [ -f "$1" ] && mv -f "$1" "$1.1"; exec >"$1" 2>&1; shift; exec "$@"'

# The log may not quote statements or rows: both hold what people said.
_SETTINGS = {
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}


@dataclass(frozen=True)
class Listening:
    """On which port; on which address, where other machines may come in."""

    port: int = 5432
    address: str = ""


def wait_until_dead(place: Place, patience: float) -> int | None:
    """The lock of a server of which no process lives any more; None when one answers. Raises Unavailable after `patience` seconds."""
    deadline = time.monotonic() + patience
    while (lock := locks.try_lock(place.server_lock)) is None:
        if _answers(place):
            return None
        if time.monotonic() > deadline:
            raise _silent(place)
        time.sleep(_PAUSE)
    return lock


def launch(place: Place, folder: Path, account: Account | None, listening: Listening, *, lock: int, patience: float) -> None:
    """Start `postgres` of `folder` and wait until it answers; `lock` from wait_until_dead. Raises Unavailable with its last words."""
    try:
        _drop_stale_files(place)
        write_whole(_record(place), json.dumps(asdict(listening)))
        _spawn(place, folder, account, listening, lock)
    finally:
        os.close(lock)
    _wait(lambda: _answers(place), place, patience)


def stop(place: Place) -> None:
    """Fast shutdown: open transactions roll back, everything committed is kept. Returns when no process is left."""
    for kind in (signal.SIGINT, signal.SIGQUIT):
        _signal(place, kind)
        deadline = time.monotonic() + _STOP_PATIENCE
        while time.monotonic() < deadline:
            if (lock := locks.try_lock(place.server_lock)) is not None:
                os.close(lock)
                return
            time.sleep(_PAUSE)
    raise _silent(place)


def listening(place: Place) -> Listening:
    """Where the server listens that was started last; a record that a power cut left empty counts as none."""
    try:
        return Listening(**json.loads(_record(place).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return Listening()


def ask(place: Place, database: str) -> probe.Answer:
    """What the server of this place answers to its superuser."""
    return probe.ask(_socket(place), user="postgres", database=database)


def _spawn(place: Place, folder: Path, account: Account | None, listening: Listening, lock: int) -> None:
    options = _SETTINGS | {
        "port": str(listening.port),
        "listen_addresses": listening.address,
        "unix_socket_directories": '"' + str(place.sockets).replace('"', '""') + '"',
    }
    server = [str(folder / "postgres"), "-D", str(place.data), *(word for name in options for word in ("-c", f"{name}={options[name]}"))]
    child = subprocess.Popen(  # noqa: S603 -- our own binaries
        ["/bin/sh", "-c", _LOGGED, "sh", str(place.log), *server],
        cwd="/",
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for us, and our end is not its end
        pass_fds=(lock,),
        **(account.as_arguments() if account else {}),
    )
    # Buried when it ends before us: in a container nobody else may do so.
    threading.Thread(target=child.wait, name="embedded-postgres", daemon=True).start()


def _drop_stale_files(place: Place) -> None:
    """PostgreSQL itself believes in a pid whose process is a zombie or another program: in its pid file and beside its socket.

    Raises Unavailable when the process is a server on this folder after all, one that we did not start.
    """
    pid = _noted_pid(place.data)
    if pid is not None and _works_in(pid, place.data):
        sentence = f"Another PostgreSQL server (process {pid}) works in {place.data}, and Momentum did not start it. Stop it first."
        raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE, sentence)
    for path in (place.data / "postmaster.pid", *place.sockets.glob(".s.PGSQL.*")):
        path.unlink(missing_ok=True)


def _noted_pid(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _works_in(pid: int, data: Path) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")  # empty for a zombie
    except OSError:
        return False
    return os.fsencode(data) in words


def _postmaster(place: Place) -> int | None:
    """Who listens on the socket, or, on a system that does not tell, whom the pid file names while the server lives."""
    pid = probe.listener_pid(_socket(place)) or _noted_pid(place.data)
    return pid if pid and (sys.platform != "linux" or _works_in(pid, place.data)) else None


def _signal(place: Place, kind: signal.Signals) -> None:
    pid = _postmaster(place)
    if pid is None:
        return
    try:
        os.kill(pid, kind)
    except ProcessLookupError:
        return
    except PermissionError:
        sentence = f"The database server of {place.base} belongs to another user. Stop it as that user."
        raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE, sentence) from None


def _wait(reached: Callable[[], bool], place: Place, patience: float) -> None:
    deadline = time.monotonic() + patience
    while not reached():
        if (lock := locks.try_lock(place.server_lock)) is not None:
            os.close(lock)
            raise _refused(place)
        if time.monotonic() > deadline:
            raise _silent(place)
        time.sleep(_PAUSE)


def _answers(place: Place) -> bool:
    return ask(place, "postgres") is probe.Answer.READY


def _socket(place: Place) -> Path:
    return place.sockets / f".s.PGSQL.{listening(place).port}"


def _record(place: Place) -> Path:
    return place.base / "server.json"


def _refused(place: Place) -> MomentumError:
    try:
        said = place.log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        said = ""
    if "No space left on device" in said:
        return no_room(place.base)
    # "the database system is starting up" was the answer to our own question.
    reasons = [line.partition("FATAL:")[2].strip() for line in said.splitlines() if "FATAL:" in line and "database system is" not in line]
    reason = (reasons or said.splitlines() or ["it said nothing"])[-1]
    return Unavailable(ErrorCode.DATABASE_UNAVAILABLE, f"The embedded database did not start: {reason} (see {place.log})")


def _silent(place: Place) -> Unavailable:
    sentence = f"The embedded database in {place.base} neither answers nor ends. What it is busy with stands in {place.log}."
    return Unavailable(ErrorCode.DATABASE_UNAVAILABLE, sentence, after=30)
