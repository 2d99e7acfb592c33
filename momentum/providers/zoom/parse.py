"""Zoom's JSON turned into our nouns. Every field may be missing, numbers may be text, enumerations are open.

Shapes: https://developers.zoom.us/docs/api/meetings/ (Cloud Recording) and /docs/api/users/.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from momentum.errors import ErrorCode, Permanent
from momentum.model import Account, Recording, RecordingFile
from momentum.providers.zoom.facts import LABEL

_KINDS = {
    "audio_transcript": "transcript",
    "closed_caption": "captions",
    "cc_transcript": "captions",
    "chat_file": "chat",
    "chat_message": "chat",
    "timeline": "timeline",
    "audio_only_each_participant": "participant_audio",
}
_TYPES = {
    "M4A": "audio",
    "MP3": "audio",
    "WAV": "audio",
    "MP4": "video",
    "TRANSCRIPT": "transcript",
    "CC": "captions",
    "CHAT": "chat",
    "CHAT_MESSAGE": "chat",
    "TIMELINE": "timeline",
}
LONGEST_ID = 128
"""Characters of a UUID or file id at the most: Zoom's have 24 and 36, and a longer one would not fit an index."""
_PLANS = {1: "basic", 2: "licensed", 3: "on-prem"}


def text(value: Any) -> str:
    """A string the database can keep: "" for null, without NUL and lone surrogates."""
    plain = value if isinstance(value, str) else str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
    return plain.replace("\0", "").encode("utf-8", "replace").decode()


def integer(value: Any) -> int | None:
    """A number of 0 to 2^63-1 given as number or text; None for anything else."""
    try:
        number = int(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else -1
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < 2**63 else None


def moment(value: Any) -> datetime | None:
    """A moment in UTC from ISO 8601 text; None for "" and for what is none."""
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC) if read else None
    except (ValueError, OverflowError):
        return None


def day(value: Any) -> date | None:
    """A day from `yyyy-mm-dd`."""
    read = moment(value)
    return read.date() if read else None


def parse_account(body: Any) -> Account:
    """Whose account it is, from users/me. Raises Permanent(PROVIDER_ANSWER_INVALID) without an id."""
    user = _mapping(body)
    user_id, user_type = text(user.get("id")), integer(user.get("type"))
    if not user_id:
        raise Permanent(ErrorCode.PROVIDER_ANSWER_INVALID, f"{LABEL} did not say whose account this is.")
    name = text(user.get("display_name")) or f"{text(user.get('first_name'))} {text(user.get('last_name'))}".strip()
    return Account(
        user_id=user_id,
        account_id=text(user.get("account_id")) or None,
        email=text(user.get("email")) or None,
        display_name=name or None,
        timezone=text(user.get("timezone")) or None,
        plan=_PLANS.get(user_type) if user_type is not None else None,
        can_record={1: False, 2: True}.get(user_type) if user_type is not None else None,
        created_at=moment(user.get("user_created_at")) or moment(user.get("created_at")),
    )


def parse_recording(body: Any, *, in_trash: bool = False) -> Recording | None:
    """One recorded meeting, or None when it has no UUID (or an absurd one) and so cannot be told from others.

    `start_time` of a recurring meeting may be the series': the files say when this instance was recorded.
    """
    meeting = _mapping(body)
    instance_id, number = text(meeting.get("uuid")), integer(meeting.get("id"))
    if not 0 < len(instance_id) <= LONGEST_ID:
        return None
    files = tuple(_numbered([*_files(meeting.get("recording_files")), *_participant_files(meeting.get("participant_audio_files"))]))
    return Recording(
        instance_id=instance_id,
        meeting_number=str(number) if number is not None else text(meeting.get("id"))[:LONGEST_ID] or None,
        topic=text(meeting.get("topic")).strip() or "Untitled meeting",
        started_at=min((file.started_at for file in files if file.started_at), default=moment(meeting.get("start_time"))),
        timezone=text(meeting.get("timezone")) or None,
        duration_minutes=_minutes(meeting.get("duration")),
        size=integer(meeting.get("total_size")),
        host_email=text(meeting.get("host_email")) or None,
        files=files,
        share_url=_web_url(meeting.get("share_url")),
        in_trash=in_trash,
        download_token=text(meeting.get("download_access_token")) or None,
    )


def parse_page(body: Any, *, in_trash: bool = False) -> tuple[tuple[Recording, ...], str, date | None]:
    """The recordings of a page, the token of the next ("" = last), and the `from` that Zoom really used."""
    page = _mapping(body)
    found = (parse_recording(meeting, in_trash=in_trash) for meeting in _list(page.get("meetings")))
    return tuple(one for one in found if one), text(page.get("next_page_token")), day(page.get("from"))


def _files(value: Any) -> Iterator[RecordingFile]:
    return (_file(entry) for entry in _list(value) if isinstance(entry, Mapping))


def _participant_files(value: Any) -> Iterator[RecordingFile]:
    for entry in _list(value):
        if isinstance(entry, Mapping):
            name = text(entry.get("file_name"))
            # Zoom names these files "Audio only - Jane R".
            participant = name.partition(" - ")[2].strip() or name
            yield replace(_file(entry), kind="participant_audio", participant=participant or None)


def _file(entry: Mapping[str, Any]) -> RecordingFile:
    file_type, recording_type = text(entry.get("file_type")), text(entry.get("recording_type"))
    extension = text(entry.get("file_extension")) or _extension(file_type)
    status, url = text(entry.get("status")).lower(), text(entry.get("download_url"))
    return RecordingFile(
        # Timelines of 2019 and 2020 have no id.
        file_id=text(entry.get("id"))[:LONGEST_ID] or f"{file_type or recording_type or 'FILE'}@{text(entry.get('recording_start'))}",
        kind=_kind(file_type, recording_type, extension),
        file_type=file_type,
        recording_type=recording_type,
        extension=extension.lower(),
        size=integer(entry.get("file_size")),
        started_at=moment(entry.get("recording_start")),
        ended_at=moment(entry.get("recording_end")),
        ready=bool(file_type and url) and status in {"", "completed"},
        download_url=url or None,
    )


def _kind(file_type: str, recording_type: str, extension: str) -> str:
    by_type = _TYPES.get(file_type.upper()) or _TYPES.get(extension.upper() if not file_type else "")
    return _KINDS.get(recording_type.lower()) or by_type or "other"


def _extension(file_type: str) -> str:
    """Answers before 2021 name no extension."""
    return {"TRANSCRIPT": "VTT", "CC": "VTT", "CHAT": "TXT", "TIMELINE": "JSON", "SUMMARY": "JSON", "TB": "JPG"}.get(file_type, file_type)


def _numbered(files: list[RecordingFile]) -> Iterator[RecordingFile]:
    """The files with ids that differ: a second file of the same id gets a number."""
    seen: Counter[str] = Counter()
    for file in files:
        seen[file.file_id] += 1
        count = seen[file.file_id]
        yield file if count == 1 else replace(file, file_id=f"{file.file_id}#{count}")


def _minutes(value: Any) -> int | None:
    """Minutes of a meeting; what would be more than a century is none."""
    minutes = integer(value)
    return minutes if minutes is not None and minutes < 2**26 else None


def _web_url(value: Any) -> str | None:
    """A link fit for a page: a vendor's text that is no web address is dropped."""
    url = text(value)
    return url if url.startswith(("https://", "http://")) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
