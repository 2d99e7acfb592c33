"""What Zoom is, as data: hosts, scopes, labels and allowances. Sources: https://developers.zoom.us/docs/."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from urllib.parse import quote, urlsplit

NAME = "zoom"
LABEL = "Zoom"

OAUTH_BASE = "https://zoom.us"
API_BASE = "https://api.zoom.us/v2"
HOSTS = (".zoom.us", ".zoomgov.com")
"""Zoom's own hosts: the API, its regions, and the web hosts that serve downloads."""

FIRST_DAY = date(2013, 1, 1)
"""No cloud recording is older."""

PAGE_SIZE = 300
WINDOW = timedelta(days=30)
"""A listing spans one month at most; a longer one is cut without a word: https://github.com/zoom/api/issues/36."""

READY_WITHIN = timedelta(hours=24)
"""How long Zoom may take to prepare a recording: https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0062627."""


# --- scopes: https://developers.zoom.us/docs/integrations/oauth-scopes-granular/ ------------------


@dataclass(frozen=True, slots=True)
class Need:
    """A thing Momentum does, with the one scope of each style that allows it. Apps have one style or the other."""

    what: str
    classic: str
    granular: str
    required: bool = True


NEEDS = (
    Need("know whose account it is", "user:read", "user:read:user"),
    Need("list recordings", "recording:read", "cloud_recording:read:list_user_recordings"),
    Need("read the files of a recording", "recording:read", "cloud_recording:read:list_recording_files"),
    Need("know when a meeting ended", "meeting:read", "meeting:read:past_meeting", required=False),
    Need("know who took part", "meeting:read", "meeting:read:list_past_participants", required=False),
)


def missing_scopes(granted: Sequence[str]) -> tuple[str, ...]:
    """Required scopes that `granted` lacks, in the style of the app (granular when nothing tells); () when nothing was said.

    The wider `:admin` and `:master` forms count as well.
    """
    have = {scope.removesuffix(":admin").removesuffix(":master") for scope in granted}
    if not have:
        return ()
    classic = any(need.classic in have for need in NEEDS) and not any(need.granular in have for need in NEEDS)
    lacking = (need for need in NEEDS if need.required and not {need.classic, need.granular} & have)
    return tuple(dict.fromkeys(need.classic if classic else need.granular for need in lacking))


# --- allowances: https://developers.zoom.us/docs/api/rate-limits/ ---------------------------------


class Weight(StrEnum):
    """Zoom's label of a call: which allowance it draws on."""

    LIGHT = "light"
    MEDIUM = "medium"
    HEAVY = "heavy"


@dataclass(frozen=True, slots=True)
class Allowance:
    """Calls of one label that an account may make; all apps of the account share them. `per_day` None = no daily number."""

    per_second: float
    per_day: int | None = None


ALLOWANCES: dict[str, dict[Weight, Allowance]] = {
    "free": {Weight.LIGHT: Allowance(4, 6_000), Weight.MEDIUM: Allowance(2, 2_000), Weight.HEAVY: Allowance(1, 1_000)},
    "pro": {Weight.LIGHT: Allowance(30), Weight.MEDIUM: Allowance(20), Weight.HEAVY: Allowance(10, 30_000)},
    "business": {Weight.LIGHT: Allowance(80), Weight.MEDIUM: Allowance(60), Weight.HEAVY: Allowance(40, 60_000)},
}

MOST_PER_SECOND = 50.0
OUR_SHARE = 5 / 8
"""Other apps of the same account need room too."""


def pace(plan: str, weight: Weight) -> Allowance:
    """What we allow ourselves: the smaller of 50 calls a second and 5/8 of the plan's number, and 5/8 of a daily number.

    An unknown plan counts as Pro.
    """
    given = ALLOWANCES.get(plan, ALLOWANCES["pro"])[weight]
    per_day = None if given.per_day is None else int(given.per_day * OUR_SHARE)
    return Allowance(min(MOST_PER_SECOND, given.per_second * OUR_SHARE), per_day)


# --- addresses ------------------------------------------------------------------------------------


def recording_path(meeting_id: str) -> str:
    """Path of one meeting's recordings. A UUID with a slash is encoded twice: a single `%2F` is read as a path separator.

    https://github.com/fleetdm/fleet/issues/31192
    """
    return f"/meetings/{_encoded(meeting_id)}/recordings"


def past_meeting_path(meeting_id: str) -> str:
    """Path of what is known of a meeting that is over; encoded as in `recording_path`."""
    return f"/past_meetings/{_encoded(meeting_id)}"


def participants_path(instance_id: str) -> str:
    """Path of who took part in a meeting that is over; encoded as in `recording_path`."""
    return f"{past_meeting_path(instance_id)}/participants"


def _encoded(meeting_id: str) -> str:
    once = quote(meeting_id, safe="")
    return quote(once, safe="") if "/" in meeting_id else once


def is_zoom_host(host: str) -> bool:
    """Whether the host is Zoom's own."""
    return any(host == suffix[1:] or host.endswith(suffix) for suffix in HOSTS)


def configured_hosts(urls: Iterable[str]) -> frozenset[str]:
    """Hosts of configured bases that are not Zoom's own: a gateway, or a local Zoom to try Momentum with."""
    hosts = {(urlsplit(url).hostname or "").lower() for url in urls}
    return frozenset(host for host in hosts if host and not is_zoom_host(host))


def api_root(setting: str, named: str | None) -> str:
    """Where to call for an account: the region that Zoom named, unless the operator chose a base of their own.

    A region is taken only when it is https and Zoom's own host; the global host always works.
    """
    parts = urlsplit(named or "")
    regional = parts.scheme == "https" and is_zoom_host((parts.hostname or "").lower()) and parts.username is None
    if setting.rstrip("/") != API_BASE or not regional:
        return setting.rstrip("/")
    return f"https://{parts.netloc.lower()}/v2"
