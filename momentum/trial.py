"""A local Zoom that somebody tries Momentum with: where it stands, for as long as the process that runs it lives.

That process (`web.trying`) writes the addresses into MOMENTUM_HOME and holds a lock beside them; every process of this home takes
them from there. What talks to it has clients of its own, which reach these two addresses and no other private one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from momentum.embedded import locks
from momentum.embedded.places import make_home
from momentum.errors import Conflict, ErrorCode
from momentum.model import Clock
from momentum.outbound.client import ApiClient
from momentum.outbound.download import Downloads
from momentum.outbound.limits import RateLimiter
from momentum.providers import PROVIDERS
from momentum.providers.base import Provider
from momentum.providers.zoom.facts import NAME
from momentum.settings import Settings

FILE, LOCK = "trial.json", "trial.lock"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a local Zoom answers: its own base, and that of the host its downloads lead to; and as whom we speak to it."""

    base: str
    storage: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Reached:
    place: Place
    provider: Provider
    client: ApiClient
    downloads: Downloads


class Trial:
    """What this process has of the local Zoom of its home."""

    def __init__(self, settings: Settings, limiter: RateLimiter, clock: Clock) -> None:
        self._settings, self._limiter, self._clock = settings, limiter, clock
        self._reached: _Reached | None = None
        self._former: list[_Reached] = []

    @property
    def is_allowed(self) -> bool:
        """Only in the local default, and only where no Zoom app is set up."""
        return self._settings.is_local and not self._settings.zoom_configured

    @property
    def redirect_uri(self) -> str:
        """Where it sends browsers back."""
        return f"{self._settings.base_url}/api/{NAME}/auth"

    def providers(self) -> Mapping[str, Provider]:
        """The local Zoom by its name while it runs, else nothing."""
        place = self._place() if self.is_allowed else None
        return {NAME: self._at(place).provider} if place else {}

    @property
    def downloads(self) -> Downloads:
        """Of what `providers` gave last."""
        if self._reached is None:
            raise RuntimeError("no local Zoom was ever seen")
        return self._reached.downloads

    @contextmanager
    def announced(self, place: Place) -> Iterator[None]:
        """Tell every process of this home where it stands, while the block runs. Raises Conflict where another one does."""
        home = self._settings.home
        make_home(home)
        lock = _held(home / LOCK)
        try:
            _write(home / FILE, json.dumps(asdict(place)))
            yield
        finally:
            with suppress(FileNotFoundError):
                (home / FILE).unlink()
            os.close(lock)

    async def aclose(self) -> None:
        """Close what was opened."""
        for reached in (*self._former, *([self._reached] if self._reached else [])):
            await reached.client.aclose()
            await reached.downloads.aclose()

    def _place(self) -> Place | None:
        home = self._settings.home
        if not (home / FILE).exists():
            return None
        with suppress(OSError, ValueError, TypeError):
            if locks.is_held_alone(home / LOCK):  # else whoever wrote the file is gone
                return Place(**json.loads((home / FILE).read_text()))
        return None

    def _at(self, place: Place) -> _Reached:
        if self._reached is None or self._reached.place != place:
            if self._reached:
                self._former.append(self._reached)  # somebody may still be talking to it
            self._reached = self._reach(place)
        return self._reached

    def _reach(self, place: Place) -> _Reached:
        exactly = frozenset(urlsplit(base).netloc for base in (place.base, place.storage))
        client = ApiClient(private_hosts=exactly)
        more = {"zoom_client_id": place.client_id, "zoom_client_secret": SecretStr(place.client_secret)}
        more |= {"zoom_oauth_base": place.base, "zoom_api_base": f"{place.base}/v2", "zoom_redirect_uri": self.redirect_uri}
        provider = PROVIDERS[NAME](self._settings.model_copy(update=more), client, self._limiter, self._clock)
        assert provider is not None  # noqa: S101 -- a client id and a secret are all it asks for
        downloads = Downloads(clock=self._clock, private_hosts=exactly, max_bytes=self._settings.max_recording_bytes)
        return _Reached(place, provider, client, downloads)


def _held(path: Path) -> int:
    """The lock, held alone: who only asks whether it is held has it for a moment."""
    while (lock := locks.try_lock(path)) is None:
        if locks.is_held_alone(path):
            raise Conflict(ErrorCode.CONFLICT, "Another process of this Momentum runs the sandbox.")
    return lock


def _write(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    fresh.replace(path)
