"""How recordings look in an answer: windows, pages, meetings and files (https://developers.zoom.us/docs/api/meetings/)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from momentum.sandbox.answers import NO_RECORDING, ZoomError, invalid
from momentum.sandbox.catalogue import ACCOUNT_ID, MediaFile, Meeting, User
from momentum.sandbox.ripening import Stage, stage_of
from momentum.sandbox.world import PAGE_TOKEN_LIFE, PageToken, Sandbox

_SHAPES = (
    "ripening",
    "ripening_by_clock",
    "several_sets",
    "participant_audio",
    "numbers_as_strings",
    "missing_fields",
    "series_start_time",
    "wrong_recording_count",
    "zero_duration",
    "no_audio_only_file",
    "no_media",
    "no_transcript",
    "old_timeline",
    "unknown_file_type",
    "wrong_file_size",
)
_OPTIONAL = (
    "host_email",
    "share_url",
    "recording_play_passcode",
    "auto_delete",
    "auto_delete_date",
    "timezone",
    "total_size",
    "account_id",
)
_OPTIONAL_OF_FILES = ("file_size", "file_extension", "play_url", "status", "recording_type")
_OPTIONAL_OF_TIMELINES = ("id", "file_size", "file_extension", "recording_type")
_NUMBERS = ("id", "type", "duration", "total_size", "recording_count")

_LISTED = frozenset({Stage.PROCESSING, Stage.NO_TRANSCRIPT, Stage.WHOLE})

Effects = Mapping[str, Mapping[str, Any]]


def effects_of(sandbox: Sandbox, path: str) -> Effects:
    """The faults that change the shape of this answer, each counted once, with their options."""
    struck = {name: sandbox.faults.fire(name, path=path) for name in _SHAPES}
    return {name: options for name, options in struck.items() if options is not None}


def list_recordings(sandbox: Sandbox, owners: Sequence[User], query: Mapping[str, str], path: str) -> dict[str, Any]:
    """One page of the owners' recordings. Raises ZoomError."""
    since, until = _window(sandbox, query, path)
    size = page_size(sandbox, query, path)
    effects = effects_of(sandbox, path)
    found = [m for m in _matching(sandbox, owners, query, since, until) if stage_of(m, effects, sandbox.now()) in _LISTED]
    if (fault := sandbox.faults.fire("no_recordings", path=path)) is not None:
        found = []
        if fault.get("code") == 3301:
            raise ZoomError(404, 3301, NO_RECORDING)
    identity = (path, since, until, size, query.get("trash"), query.get("meeting_id"))
    given = query.get("next_page_token", "")
    start = page_start(sandbox, identity, given)
    end = start if sandbox.faults.fire("empty_page_with_token", path=path) is not None else start + size
    body: dict[str, Any] = {"from": since.isoformat(), "to": until.isoformat()}
    return body | {
        "page_count": max(1, -(-len(found) // size)),
        "page_size": size,
        "total_records": len(found),
        "next_page_token": next_page_token(sandbox, identity, given, end, last=end >= len(found) and end != start, path=path),
        "meetings": [meeting_body(sandbox, meeting, effects) for meeting in found[start:end]],
    }


def _matching(sandbox: Sandbox, owners: Sequence[User], query: Mapping[str, str], since: date, until: date) -> list[Meeting]:
    if query.get("trash", "false").lower() == "true":
        return [m for m in sandbox.meetings if m.trashed and m.owner in owners]
    number = query.get("meeting_id")
    return [
        m
        for m in sandbox.meetings
        if not m.trashed and m.owner in owners and since <= m.start.date() <= until and number in {None, str(m.number)}
    ]


def _window(sandbox: Sandbox, query: Mapping[str, str], path: str) -> tuple[date, date]:
    """The days in force: today alone by default; more than a month is cut to the last month, and nothing says so but `from`."""
    today = sandbox.now().date()
    since = _day(query, "from") or today
    until = _day(query, "to") or max(since, today) + timedelta(days=1)
    if since > until:
        raise invalid("from", "The start date must not be after the end date.")
    if (fault := sandbox.faults.fire("clamp", path=path)) is not None:
        since = max(since, until - timedelta(days=int(fault.get("days", 7))))
    return max(since, _month_before(until)), until


def _month_before(day: date) -> date:
    last_of_former = day.replace(day=1) - timedelta(days=1)
    return last_of_former.replace(day=min(day.day, last_of_former.day))


def _day(query: Mapping[str, str], name: str) -> date | None:
    if not query.get(name):
        return None
    try:
        return date.fromisoformat(query[name][:10])
    except ValueError:
        raise invalid(name, "Invalid field. The format is yyyy-mm-dd.") from None


def page_size(sandbox: Sandbox, query: Mapping[str, str], path: str) -> int:
    """How many a page has."""
    text = query.get("page_size") or "30"
    if not text.isdigit():
        raise invalid("page_size", "Invalid field.")
    size = min(max(int(text), 1), 300)
    fault = sandbox.faults.fire("small_pages", path=path)
    return size if fault is None else min(size, int(fault.get("size", 2)))


def page_start(sandbox: Sandbox, identity: tuple[Any, ...], token: str) -> int:
    """Where the page of a token begins. Raises ZoomError for one that is unknown, outlived, or of another list."""
    if not token:
        return 0
    known = sandbox.page_tokens.get(token)
    expired = sandbox.faults.fire("page_token_expired") is not None
    if expired or known is None or known.query != identity or sandbox.now() - known.issued_at > PAGE_TOKEN_LIFE:
        raise invalid("next_page_token", "The next page token is invalid or expired.")
    return known.offset


def next_page_token(sandbox: Sandbox, identity: tuple[Any, ...], given: str, offset: int, *, last: bool, path: str) -> str:
    """The token of the page that begins at `offset`; "" behind the last one."""
    if sandbox.faults.fire("page_token_repeated", path=path) is not None:
        return given or _issued(sandbox, identity, 0)
    return "" if last else _issued(sandbox, identity, offset)


def _issued(sandbox: Sandbox, identity: tuple[Any, ...], offset: int) -> str:
    token = sandbox.grants.opaque(24)
    sandbox.page_tokens[token] = PageToken(identity, offset, sandbox.now())
    return token


def meeting_body(sandbox: Sandbox, meeting: Meeting, effects: Effects) -> dict[str, Any]:
    """A meeting as Zoom lists it, bent by the faults in `effects`."""
    stage = stage_of(meeting, effects, sandbox.now())
    files = [_file_body(sandbox, meeting, file, stage) for file in _listed_files(meeting, effects, stage)]
    if "unknown_file_type" in effects:
        files.append({**files[-1], "id": "", "file_type": "HOLOGRAM", "file_extension": "HOL", "recording_type": "holographic_view"})
    start = meeting.start - timedelta(days=13) if "series_start_time" in effects else meeting.start
    body: dict[str, Any] = {
        "uuid": meeting.uuid,
        "id": meeting.number,
        "account_id": ACCOUNT_ID,
        "host_id": meeting.owner.id,
        "topic": meeting.topic,
        "type": meeting.kind,
        "start_time": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "timezone": meeting.owner.timezone,
        "host_email": meeting.owner.email,
        "duration": -(-round((meeting.end - meeting.start).total_seconds()) // 60),
        "total_size": sum(file.get("file_size", 0) for file in files),
        "recording_count": len(files) + (3 if "wrong_recording_count" in effects else 0),
        "share_url": f"{sandbox.base}/rec/share/{meeting.files[0].id[:8]}.{meeting.files[0].id[-12:]}",
        "recording_play_passcode": meeting.files[0].id.replace("-", ""),
        "auto_delete": True,
        "auto_delete_date": f"{meeting.start.date() + timedelta(days=120)}",
        "recording_files": files,
    }
    if "participant_audio" in effects:
        body["participant_audio_files"] = _participant_audio(sandbox, meeting)
    return _bent(body, effects)


def _listed_files(meeting: Meeting, effects: Effects, stage: Stage) -> list[MediaFile]:
    hidden: set[str] = {"M4A"} if "no_audio_only_file" in effects else set()
    hidden |= {"M4A", "MP4"} if "no_media" in effects else set()
    hidden |= {"TRANSCRIPT"} if "no_transcript" in effects or stage is Stage.NO_TRANSCRIPT else set()
    files = meeting.all_files if "several_sets" in effects else meeting.files
    return [file for file in files if file.file_type not in hidden]


def _file_body(sandbox: Sandbox, meeting: Meeting, file: MediaFile, stage: Stage) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": file.id,
        "meeting_id": meeting.uuid,
        "recording_start": f"{file.start:%Y-%m-%dT%H:%M:%SZ}",
        "recording_end": f"{file.end:%Y-%m-%dT%H:%M:%SZ}",
        "file_type": file.file_type,
        "file_extension": file.extension,
        "file_size": len(file.content),
        "play_url": f"{sandbox.base}/rec/play/{file.id[:8]}.{file.id[-12:]}",
        "download_url": f"{sandbox.download_base or sandbox.base}{sandbox.download_path(file)}",
        "status": "completed",
        "recording_type": file.recording_type,
    }
    if file.file_type == "TIMELINE":
        del body["play_url"]
    if stage is Stage.PROCESSING:
        body |= {"file_type": "", "status": "processing", "file_size": 0}
        for name in ("play_url", "recording_end"):
            body.pop(name, None)
    return body


def _participant_audio(sandbox: Sandbox, meeting: Meeting) -> list[dict[str, Any]]:
    shown = ("id", "file_type", "file_size", "download_url", "recording_start", "recording_end", "status")
    bodies = [(name, _file_body(sandbox, meeting, file, Stage.WHOLE)) for name, file in sandbox.tracks(meeting)]
    return [{key: body[key] for key in shown} | {"file_name": f"Audio only - {name}"} for name, body in bodies]


def _bent(body: dict[str, Any], effects: Effects) -> dict[str, Any]:
    files = body["recording_files"]
    if "wrong_file_size" in effects:
        factor = float(effects["wrong_file_size"].get("factor", 0.5))
        files = [file | {"file_size": round(file["file_size"] * factor)} for file in files]
    if "old_timeline" in effects:
        files = [_without(file, _OPTIONAL_OF_TIMELINES) if file["file_type"] == "TIMELINE" else file for file in files]
    if "zero_duration" in effects:
        body |= {"duration": 0, "total_size": 0}
    if "missing_fields" in effects:
        body, files = _without(body, _OPTIONAL), [_without(file, _OPTIONAL_OF_FILES) for file in files]
    if "numbers_as_strings" in effects:
        body |= {key: str(body[key]) for key in _NUMBERS if key in body}
        files = [file | ({"file_size": str(file["file_size"])} if "file_size" in file else {}) for file in files]
    return body | {"recording_files": files}


def _without(body: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in names}
