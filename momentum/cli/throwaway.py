"""Homes that live as long as one command, and what holds in them: what a killed one left is removed when the next one begins."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from momentum.embedded import locks
from momentum.embedded.server import EmbeddedPostgres
from momentum.settings import Settings, load_settings

PREFIX = "momentum-demo-"
LOCK = "demo.lock"
"""Held while the home is in use; the kernel lets go of it when its holder dies, however it dies."""


_KEY = ("openai_api_key", "openai_base_url")
_MODELS = ("language_model", "language_model_api", "language_model_window", "whisper_model", "whisper_threads", "momentum_models")
_OPERATORS = (*_KEY, *_MODELS, "momentum_home")


def own_world(home: Path, port: int, **more: object) -> Settings:
    """Settings of a Momentum in `home` alone: of the operator's, models and keys count and nothing else.

    It listens on this machine and transcribes on it. What the operator has half set up elsewhere cannot stop it.
    """
    defaults = {name: field.get_default() for name, field in Settings.model_fields.items() if name not in _OPERATORS}
    models = load_settings(**defaults).models
    ours = {"momentum_home": home, "momentum_models": models, "port": port, "transcriber": "local"}
    return load_settings(**defaults | ours | more)


@asynccontextmanager
async def temporary_home() -> AsyncIterator[Path]:
    """A new MOMENTUM_HOME, gone at the end with the database in it."""
    await remove_left_behind(Path(tempfile.gettempdir()))
    home, lock = await asyncio.to_thread(_make)
    try:
        yield home
    finally:
        await _remove(home)
        os.close(lock)


def is_home(folder: Path) -> bool:
    """Whether a demo lives in `folder`, or lived there until it was killed."""
    return (folder / LOCK).is_file()


async def remove_left_behind(folder: Path) -> None:
    """Stop the servers of homes in `folder` whose command was killed, and delete those homes; other people's stay."""
    for home in await asyncio.to_thread(lambda: sorted(folder.glob(f"{PREFIX}*"))):
        lock = await asyncio.to_thread(_lock_if_left, home)
        if lock is not None:
            await _remove(home)
            os.close(lock)


def _make() -> tuple[Path, int]:
    made = Path(tempfile.mkdtemp(prefix="momentum-"))
    lock = locks.share(made / LOCK)
    made.chmod(0o711)  # run by root, the database server is another user, who must get to its folder within
    # Under this name only with its lock held: no other demo that begins now can take it for left behind.
    return made.rename(made.with_name(made.name.replace("momentum-", PREFIX, 1))), lock


def _lock_if_left(home: Path) -> int | None:
    try:
        if home.is_symlink() or home.stat().st_uid != os.geteuid() or not is_home(home):
            return None
        return locks.try_lock(home / LOCK)
    except OSError:  # gone meanwhile
        return None


async def _remove(home: Path) -> None:
    await EmbeddedPostgres(home).remove()
    await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)
