"""Everything that can go wrong at Zoom, each behind a switch."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from momentum.errors import ErrorCode, Invalid

KNOWN = {
    # any request to Zoom's host
    "slow": "answers after `seconds` (default 1)",
    "server_error": "answers `status` (default 500) with an HTML page; 200 is a gateway's page in the place of an answer",
    "drop_connection": "breaks the connection off inside the answer",
    # any call of the API
    "token_expired": "401/124, as if the access token had run out early",
    "invalid_token": "401/124, as if the grant had been revoked",
    "authorized_elsewhere": "the person connects the app in a second place: what was granted before is dead for good (4741)",
    "scope_missing": "400/`code` (default 4711), naming `scope`",
    "no_permission": "body code 200 with HTTP `status` (default 200): no permission, a plan that lacks it, or the API switched off",
    "forbidden": "403 without a code: the person's role lacks the right",
    "user_removed": "the user left the account: 404/1001, and refresh is refused",
    "user_elsewhere": "400/1010: the user belongs to another account",
    "admin_disabled": "an admin switched the app off: 401/124, and refresh is refused",
    "validation_failed": "400/300, naming `field` (default from)",
    "rate_limit_second": "429 per second; `headers`: zoom (default) or none",
    "rate_limit_daily": "429 for the day; `headers`: iso (default), seconds or none",
    "rate_limit_user": "429 of one user, without Retry-After",
    "rate_limit_concurrent": "429 for too many requests at the same time",
    "enforce_rate": "429 per second for real: more than `per_second` calls (default: the Pro plan's number for the call's label)",
    "localised": "error messages in Spanish",
    # OAuth
    "consent_denied": "the person (or auto-approve) refuses",
    "state_changed": "the browser comes back with another state",
    "pkce_plain": "forgets code_challenge_method, so that the challenge counts as plain",
    "code_used": "the code was redeemed before; `error` (default invalid_grant)",
    "code_expired": "the code is older than its five minutes; `error` (default invalid_grant)",
    "redirect_mismatch": "the redirect URL of the exchange is not the registered one (page: 4709)",
    "grant_type_refused": "the app may not use this grant: unsupported_grant_type",
    "invalid_client": "the token endpoint refuses the client; `status` (default 400)",
    "lost_exchange_response": "redeems the code, then breaks the connection off",
    "lost_refresh_response": "rotates the tokens, then breaks the connection off",
    "refresh_refused": '"Invalid Token!"; `error` (default invalid_grant; invalid_request as it used to be)',
    "short_lived_token": "access tokens live `seconds` (default 5)",
    "expires_in": "says `seconds` (default 3600, as documented) whatever the life of the token is",
    "scope_absent": "the token answer has no scope, as just after an app was made",
    "api_url": "the token answer names `url` (default https://api-eu.zoom.us); none: no api_url, as before 2024",
    # listing
    "clamp": "windows longer than `days` (default 7) are cut, silently",
    "small_pages": "at most `size` (default 2) on a page, whatever was asked for",
    "empty_page_with_token": "a page without meetings, but with a next_page_token",
    "page_token_expired": "refuses every next_page_token",
    "page_token_repeated": "the next_page_token of a page is the one it was asked with",
    "no_recordings": "the list is empty; `code`: 3301 instead, with 404",
    # a meeting
    "uuid_encoded_twice": "a UUID with a slash in it is found only when encoded twice",
    "no_recording_3301": "404/3301: there is none",
    "processing_3301": "404/3301: not there yet",
    "ripening": "the files of a `stage`: processing (default) or no_transcript",
    "ripening_by_clock": "goes by the seconds since a meeting's end: unknown until `known` (default 300), 3301 until `listed` (900), "
    "processing until `ready` (1800), without transcript until `transcript` (3600; never)",
    "several_sets": "recording was stopped and started again: a second set of files",
    "participant_audio": "adds participant_audio_files",
    "numbers_as_strings": 'every number as a string: "67"',
    "missing_fields": "only what Zoom always sends",
    "series_start_time": "start_time is the series' first date",
    "wrong_recording_count": "recording_count is three too many",
    "zero_duration": "duration and total_size are 0",
    "no_audio_only_file": "there is no M4A, only MP4",
    "no_media": "there is neither M4A nor MP4",
    "no_transcript": "there is no TRANSCRIPT file",
    "old_timeline": "the TIMELINE has no id, size, extension or recording_type, as in 2019",
    "unknown_file_type": "adds a file of a type nobody has heard of",
    "wrong_file_size": "file_size is `factor` (default 0.5) of the truth",
    # downloads
    "download_html_200": "200 and a page: `page` is sign_in (default) or passcode",
    "download_401": "401 although the token is good",
    "stale_url": "401 until the recording is read again",
    "download_404_html": "404 and a page",
    "download_direct": "no redirect: Zoom's host sends the bytes itself",
    "redirect_private": "302 to `location` (default an address inside a private network)",
    "redirect_loop": "302 to itself",
    "signature_expired": "the storage host answers 403: the signed URL is too old",
    "download_500": "the storage host answers 500",
    "download_truncated": "the body ends at `fraction` (default 0.5) of the announced length",
    "download_wrong_length": "a consistent answer of `fraction` (default 0.9) of the file; more than 1: zeros follow",
    "download_slow": "`bytes_per_second` (default 50000)",
    "download_chunked": "no content-length",
    "range_ignored": "200 and everything, whatever range was asked for",
    "range_refused": "416, whatever range was asked for",
    "range_wrong": "206 with a range that begins `shift` (default 1000) bytes early",
    "file_changed": "every answer is another version: other bytes, another ETag",
    "garbage_file": "random bytes of the right length",
    "text_file": "a text of the right length",
    "empty_file": "no bytes at all",
    "huge_file": "`bytes` (default 4 GiB) of zeros after the file's own",
}
"""Name and what happens."""

_NUMBERS = ("count", "seconds", "status", "days", "fraction", "bytes_per_second", "bytes", "per_second", "size", "factor", "shift")


@dataclass(slots=True)
class Fault:
    """A switch that is on. `count` = how often it still fires; None = until cleared.

    `path` and `file` limit it: part of the request's path, and part of a file's id, type or recording type.
    """

    name: str
    count: int | None = None
    path: str | None = None
    file: str | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        scope = {"count": self.count, "path": self.path, "file": self.file}
        return {key: value for key, value in scope.items() if value is not None} | self.options


class Faults:
    """The switches. A fault is on after `set` and fires where the sandbox asks for it."""

    def __init__(self) -> None:
        self._active: dict[str, Fault] = {}
        self.fired: Counter[str] = Counter()

    def set(self, name: str, *, count: int | None = None, path: str | None = None, file: str | None = None, **options: Any) -> None:
        """Switch `name` on. Raises Invalid: with all known names when there is none of this name, or for an option that is no number."""
        if name not in KNOWN:
            raise Invalid(ErrorCode.INVALID_REQUEST, f"There is no fault {name!r}. Known: {', '.join(sorted(KNOWN))}.")
        for option, value in (options | {"count": count}).items():
            said_as_it_is = name == "expires_in" and option == "seconds"  # whatever a vendor may answer
            if option in _NUMBERS and not said_as_it_is and value is not None and not _is_number(value):
                raise Invalid(ErrorCode.INVALID_REQUEST, f"The option {option!r} of {name!r} is a number.")
        self._active[name] = Fault(name, count, path, file, options)

    def clear(self, *names: str) -> None:
        """Switch these off, or all."""
        for name in names or tuple(self._active):
            self._active.pop(name, None)

    def fire(self, name: str, *, path: str = "", file: str = "") -> dict[str, Any] | None:
        """The fault's options when it strikes here, else None; counts it down."""
        fault = self._active.get(name)
        if fault is None or (fault.path and fault.path not in path) or (fault.file and fault.file.lower() not in file.lower()):
            return None
        if fault.count is not None:
            fault.count -= 1
            if fault.count <= 0:
                del self._active[name]
        self.fired[name] += 1
        return fault.options

    def active(self) -> dict[str, dict[str, Any]]:
        return {name: fault.as_json() for name, fault in self._active.items()}

    def apply(self, wanted: dict[str, Any]) -> None:
        """Switches as JSON: `{"slow": {"seconds": 2}, "server_error": 3, "clamp": true, "localised": false}`."""
        for name, value in wanted.items():
            if value is None or value is False:
                self.clear(name)
            elif isinstance(value, dict):
                self.set(name, **value)
            else:
                self.set(name, count=None if value is True else int(value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def read_flag(flag: str) -> dict[str, Any]:
    """A fault as written on the command line: `name`, `name=3` (times), `name:key=value,key=value`."""
    name, colon, rest = flag.partition(":")
    if colon:
        pairs = (part.partition("=") for part in rest.split(","))
        return {name: {key: _typed(value) for key, _, value in pairs}}
    name, equals, count = flag.partition("=")
    if equals and not count.isdigit():
        raise Invalid(ErrorCode.INVALID_REQUEST, f"{flag!r}: after = stands how many times the fault fires.")
    return {name: int(count) if equals else True}


def _typed(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
