"""The keys that an identity provider publishes (JWKS, RFC 7517): read when they are needed, renewed while they are used.

Nobody who shows a key we know waits for the provider. However many wait for an unknown one, one request goes out for
all of them, and after a failure none for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from joserfc.jwk import ECKey, KeySet, RSAKey

from momentum.errors import ErrorCode, Retry
from momentum.model import Clock
from momentum.outbound.client import ApiClient

log = structlog.get_logger(__name__)

FETCH_SECONDS = 5.0
RENEWED_AFTER = timedelta(minutes=15)
"""Keys in use are read again in the background when they are older than this, so a withdrawn one goes."""
FORGOTTEN_AFTER = timedelta(hours=1)
"""Keys that could not be read again for this long are trusted no more."""
UNKNOWN_PAUSE = timedelta(minutes=1)
"""An unknown `kid` makes us read the keys again, but not more often than this: a stream of made-up ids must not become one of requests."""
FAILED_PAUSE = timedelta(seconds=10)

_KINDS: dict[object, type[RSAKey | ECKey]] = {"RSA": RSAKey, "EC": ECKey}


class PublishedKeys:
    """The keys of one address. `changed` is called whenever a key that was trusted may be trusted no more."""

    def __init__(
        self,
        url: str,
        *,
        fetch: Callable[[str], Awaitable[Any]],
        clock: Clock,
        changed: Callable[[], None],
        seconds: float = FETCH_SECONDS,
        unknown_pause: timedelta = UNKNOWN_PAUSE,
    ) -> None:
        self.url = url
        self._fetch = fetch
        self._clock = clock
        self._changed = changed
        self._seconds = seconds
        self._unknown_pause = unknown_pause
        self._keys: KeySet | None = None
        self._read_at = self._not_before = datetime.min.replace(tzinfo=UTC)
        self._failed = False
        self._reading: asyncio.Task[None] | None = None

    async def with_kid(self, kid: str | None) -> KeySet:
        """The keys in force, read anew when none has this `kid`. Raises Retry when they would be needed and cannot be read."""
        if self._keys is not None and self._knows(self._keys, kid):
            return self._keys
        if self._clock() >= self._not_before:
            await asyncio.shield(self._renewal())  # who leaves must not take the answer from the others
        if self._keys is None or self._failed:
            raise Retry(ErrorCode.PROVIDER_UNAVAILABLE, "The keys that sign your tokens cannot be read right now.", after=10)
        return self._keys

    def keep_fresh(self) -> None:
        """Call at each use: begins to renew old keys, and forgets those that could not be renewed for too long."""
        if self._keys is None:
            return
        age = self._clock() - self._read_at
        if age >= FORGOTTEN_AFTER:
            self._keys = None
            self._changed()
        elif age >= RENEWED_AFTER and self._clock() >= self._not_before:
            self._renewal()

    def _renewal(self) -> asyncio.Task[None]:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read(), name="published-keys")
        return self._reading

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                found = key_set(await self._fetch(self.url))
        except Exception as error:  # noqa: BLE001 -- whatever an address answers, the keys at hand stay good and the next try waits
            self._failed, self._not_before = True, self._clock() + FAILED_PAUSE
            log.warning("signing_keys_unread", reason=getattr(error, "detail", type(error).__name__))
            return
        self._read_at = self._clock()
        self._failed, self._not_before = False, self._read_at + self._unknown_pause
        if self._keys is None or found.as_dict() != self._keys.as_dict():
            log.info("signing_keys_read", usable=len(found.keys))
            self._keys = found
            self._changed()

    @staticmethod
    def _knows(keys: KeySet, kid: str | None) -> bool:
        # A provider with one key need not name it: https://openid.net/specs/openid-connect-core-1_0.html#Signing
        return len(keys.keys) == 1 if kid is None else any(key.kid == kid for key in keys.keys)


async def fetch_keys(client: ApiClient, url: str) -> Any:
    """The document at `url`. Raises Retry when it cannot be had."""
    answer = await client.request("GET", url)
    document = answer.json()
    if answer.status != 200 or document is None:
        raise Retry(ErrorCode.PROVIDER_UNAVAILABLE, f"Where the keys should stand, HTTP {answer.status} is answered.", after=10)
    return document


def key_set(document: Any) -> KeySet:
    """What we can use of a JWKS; other keys are passed over, as RFC 7517, section 5 asks. Raises Retry for what is none."""
    published = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(published, list):
        raise Retry(ErrorCode.PROVIDER_UNAVAILABLE, "Where the keys should stand is no list of keys.", after=10)
    return KeySet([key for entry in published if (key := _usable(entry))])


def _usable(entry: Any) -> RSAKey | ECKey | None:
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
        return None
    kind = entry.get("kty")
    try:
        return _KINDS[kind].import_key(entry)
    except Exception as error:  # noqa: BLE001 -- of whatever kind, it must not lock out who signs with the others
        log.debug("signing_key_unusable", reason=type(error).__name__)
        return None
