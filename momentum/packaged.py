"""Files of installed packages that are read as data: nothing of the package is imported, and models are known by their hash."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

from momentum.errors import Permanent


def installed_folder(package: str) -> Path | None:
    """Where a top-level package lies, found without running any of it; None when it is not installed."""
    spec = find_spec(package)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


def installed_file(package: str, path: str) -> Path | None:
    """A file inside a top-level package, found without running any of it; None when package or file is not there."""
    folder = installed_folder(package)
    return folder / path if folder and (folder / path).is_file() else None


def trusted_bytes(path: Path, sha256: str, *, otherwise: Permanent) -> bytes:
    """A file's content, known by its hash before anything reads it. Raises `otherwise` when it is another file."""
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise otherwise
    return data
