"""The sandbox's state: everything a request can see or change."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from momentum.model import Clock
from momentum.sandbox.catalogue import MAYA, USERS, MediaFile, Meeting, User, build, new_meeting
from momentum.sandbox.faults import Faults
from momentum.sandbox.grants import CLASSIC_SCOPES, GRANULAR_SCOPES, ClientApp, Grants
from momentum.sandbox.tracks import tracks

CLIENT_ID = "momentum-sandbox-client"
CLIENT_SECRET = "momentum-sandbox-secret"
DEFAULT_REDIRECT_URIS = ("http://localhost:8000/api/zoom/auth", "http://127.0.0.1:8000/api/zoom/auth")
PAGE_TOKEN_LIFE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request as it arrived, without any secret: tokens are digests, so that two can be compared."""

    server: str
    """"zoom" or "storage"."""
    method: str
    path: str
    """As sent, percent-encoding included."""
    query: dict[str, str]
    status: int
    at: datetime
    """By the sandbox's clock."""
    seconds: float
    """Since the sandbox started, by a clock that only goes forward."""
    authorization: str | None
    """Scheme: "Bearer", "Basic"."""
    token: str | None
    """Digest of the token, from the header or from `access_token`."""
    range: str | None
    grant_type: str | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"at": self.at.isoformat()}


@dataclass(frozen=True, slots=True)
class PageToken:
    """Where a listing goes on."""

    query: tuple[Any, ...]
    offset: int
    issued_at: datetime


class Sandbox:
    """A local Zoom. `faults` are its switches, `requests` what it was asked."""

    def __init__(
        self,
        *,
        now: Clock,
        recordings: int = 0,
        days: int | None = None,
        redirect_uris: Sequence[str] = DEFAULT_REDIRECT_URIS,
        auto_approve: bool = False,
        classic_scopes: bool = False,
        extra_scopes: Sequence[str] = (),
        token_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._now = now
        self._offset = timedelta()
        scopes = (CLASSIC_SCOPES if classic_scopes else GRANULAR_SCOPES) + tuple(extra_scopes)
        self.app = ClientApp(CLIENT_ID, CLIENT_SECRET, tuple(redirect_uris), scopes)
        self.auto_approve = auto_approve
        self.signed_in = MAYA
        """Who the consent page takes the browser for unless it names somebody else."""
        self.users = {user.id: user for user in USERS}
        self.meetings = build(now(), recordings, days)
        self.faults = Faults()
        self.grants = Grants(self.now, token_bytes)
        self.requests: list[RequestRecord] = []
        self.leaks: list[str] = []
        """Requests that carried a token to the storage host: must stay empty."""
        self.calls: Counter[str] = Counter()
        """Calls of the API by label since the start."""
        self.accepted: defaultdict[str, deque[float]] = defaultdict(deque)
        """Moments of the calls let through under `enforce_rate`, by label."""
        self.page_tokens: dict[str, PageToken] = {}
        self.download_tokens: dict[str, tuple[str, datetime]] = {}
        """download_access_token -> (meeting's UUID, expiry)."""
        self._generation: Counter[str] = Counter()
        self._signing_key = token_bytes(32)
        self._tracks: dict[str, tuple[tuple[str, MediaFile], ...]] = {}
        self._files = {file.id: (meeting, file) for meeting in self.meetings for file in meeting.all_files}
        self.closing = asyncio.Event()
        """Set when the servers are to stop: ends every deliberate slowness."""
        self.base = ""
        self.storage_base = ""
        self.download_base = ""
        """Host that download URLs name when it is not the sandbox's own: for clients that insist on one of Zoom's."""

    @property
    def oauth_base(self) -> str:
        return self.base

    @property
    def api_base(self) -> str:
        return f"{self.base}/v2"

    @property
    def client_id(self) -> str:
        return self.app.client_id

    @property
    def client_secret(self) -> str:
        return self.app.client_secret

    def now(self) -> datetime:
        return self._now() + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._offset += timedelta(seconds=seconds)

    def end_meeting(self, sample: str = "standup", *, owner: User = MAYA) -> Meeting:
        """A meeting of the owner's that ended this moment, recorded; its files are listed as the faults say."""
        ended = new_meeting(sample, ended_at=self.now(), owner=owner, number=83_000_000_000 + len(self.meetings))
        self.meetings.insert(0, ended)
        self._files |= {file.id: (ended, file) for file in ended.all_files}
        return ended

    def tracks(self, meeting: Meeting) -> tuple[tuple[str, MediaFile], ...]:
        """(name, file) of each participant's own audio."""
        if meeting.uuid not in self._tracks:
            self._tracks[meeting.uuid] = tuple(tracks(meeting))
            self._files |= {file.id: (meeting, file) for _, file in self._tracks[meeting.uuid]}
        return self._tracks[meeting.uuid]

    async def pause(self, seconds: float) -> None:
        """Be slow, unless the servers are stopping."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.closing.wait(), seconds)

    def user(self, name: str) -> User | None:
        """By id or e-mail address."""
        return self.users.get(name) or next((user for user in self.users.values() if user.email == name), None)

    def meeting(self, identifier: str) -> Meeting | None:
        """By UUID, or by number: then the latest instance."""
        wanted = (m for m in self.meetings if not m.trashed and identifier in {m.uuid, str(m.number)})
        return max(wanted, key=lambda meeting: meeting.start, default=None)

    def download_path(self, file: MediaFile) -> str:
        """The path under which a file is offered at present."""
        return f"/rec/download/{file.id.replace('-', '')}.{self._mark(f'{file.id}:{self._generation[file.id]}')}"

    def webhook_link(self, file: MediaFile) -> tuple[str, str]:
        """The URL under which a webhook names a file, and the token that opens it for a day."""
        token, meeting = self.grants.opaque(120), self._files[file.id][0]
        self.download_tokens[token] = (meeting.uuid, self.now() + timedelta(days=1))
        name = self.download_path(file).removeprefix("/rec/download/")
        return f"{self.download_base or self.base}/rec/webhook_download/{name}/{self.grants.opaque(24)}", token

    def file_at(self, path: str) -> tuple[Meeting, MediaFile, bool] | None:
        """What a download path stands for, and whether the path is still the current one."""
        found = self.file(path.rpartition("/")[2].partition(".")[0])
        return (*found, self.download_path(found[1]) == path) if found else None

    def file(self, identity: str) -> tuple[Meeting, MediaFile] | None:
        """A file by its id, with or without dashes."""
        bare = identity.replace("-", "")
        return self._files.get("-".join((bare[:8], bare[8:12], bare[12:16], bare[16:20], bare[20:])))

    def retire_url(self, file: MediaFile) -> None:
        """The next listing gives the file another URL; the present one stops working."""
        self._generation[file.id] += 1

    def sign(self, file: MediaFile, expires: int) -> str:
        """Signature of a storage URL, which authenticates itself."""
        return self._mark(f"{file.id}:{expires}")

    def _mark(self, text: str) -> str:
        return hashlib.blake2b(text.encode(), key=self._signing_key, digest_size=24).hexdigest()

    def as_json(self) -> dict[str, Any]:
        return {
            "base": self.base,
            "storage": self.storage_base,
            "now": self.now().isoformat(),
            "users": [user.email for user in self.users.values()],
            "meetings": len(self.meetings),
            "live_grants": self.grants.live_sets(),
            "requests": len(self.requests),
            "leaks": self.leaks,
            "faults": self.faults.active(),
            "fired": dict(self.faults.fired),
            "auto_approve": self.auto_approve,
            "signed_in": self.signed_in.email,
        }
