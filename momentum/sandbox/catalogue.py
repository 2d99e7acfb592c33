"""Who and what is in the sandbox: users, meetings and their files."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from momentum.sandbox.samples import Sample, load

ACCOUNT_ID = "MomentumSandboxAcct001"


@dataclass(frozen=True, slots=True)
class User:
    """A person at Zoom. `plan`: 1 Basic, 2 Licensed, as in Zoom's `type`."""

    id: str
    email: str
    first_name: str
    last_name: str
    plan: int = 2
    timezone: str = "Europe/Berlin"

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


MAYA = User("MayaChenSandboxUser001", "maya.chen@momentum.example", "Maya", "Chen")
TOM = User("TomReedSandboxUser0002", "tom.reed@momentum.example", "Tom", "Reed")
EVA = User("EvaBasicSandboxUser003", "eva.lang@momentum.example", "Eva", "Lang", plan=1)
USERS = (MAYA, TOM, EVA)
"""Maya has all recordings, Tom one of his own, Eva a Basic plan and none."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One file of a recording."""

    id: str
    file_type: str
    extension: str
    recording_type: str
    content_type: str
    content: bytes = field(repr=False)
    start: datetime
    end: datetime

    @property
    def tags(self) -> str:
        """What a fault's `file` is compared with."""
        return f"{self.id} {self.file_type} {self.recording_type}"


@dataclass(frozen=True, slots=True)
class Meeting:
    """One recorded meeting instance."""

    uuid: str
    number: int
    topic: str
    kind: int
    """Zoom's `type`: 2 scheduled, 8 recurring."""
    start: datetime
    owner: User
    files: tuple[MediaFile, ...]
    second_set: tuple[MediaFile, ...]
    """Listed too when the fault `several_sets` is on."""
    participants: tuple[tuple[str, str], ...]
    """(name, e-mail address or "") of everybody who speaks."""
    sample: str
    """What is heard in it: one of samples.SAMPLES."""
    trashed: bool = False

    @property
    def end(self) -> datetime:
        return max(file.end for file in self.files)

    @property
    def all_files(self) -> tuple[MediaFile, ...]:
        return self.files + self.second_set


RECURRING, SCHEDULED = 8, 2
GAP_BETWEEN_SETS = timedelta(seconds=95)
_BEFORE_RECORDING = timedelta(seconds=4)

# (sample, UUID, number, type, days ago, time of day): UUIDs with "+", a leading "/" and "//", as real ones have.
_SAMPLES = (
    ("planning", "pL4n+Spring7Release3Q1==", 81230000001, SCHEDULED, 1, time(9, 0)),
    ("customer", "/cU5tomer+Call2Northwi==", 81230000002, SCHEDULED, 2, time(14, 30)),
    ("standup", "sT4nd//Up7Platform9Dly==", 81230000003, RECURRING, 3, time(8, 15)),
)
_TRASHED_UUID = "tR4shedMeeting+Old1234=="
_TOMS_UUID = "tOmS+OwnStandUp/Record=="

INSTANCE_IDS = (*(sample[1] for sample in _SAMPLES), _TRASHED_UUID, _TOMS_UUID)
"""Of every meeting that is there without being generated: the same in every sandbox."""

_TOPICS = (
    ("Weekly team meeting", RECURRING),
    ("Design review", RECURRING),
    ("Sales pipeline", RECURRING),
    ("Interview with a candidate", SCHEDULED),
    ("Support handover", RECURRING),
    ("Roadmap workshop", SCHEDULED),
    ("Customer onboarding", SCHEDULED),
    ("Security review", SCHEDULED),
    ("One on one", RECURRING),
    ("Quarterly numbers", SCHEDULED),
    ("Incident follow-up: e-mail delay", SCHEDULED),
    ("Marketing & press", RECURRING),
)


def build(now: datetime, generated: int, days: int | None = None) -> list[Meeting]:
    """All meetings, newest first: the samples, one in the trash, and `generated` more on the days before `now`.

    `days`: on how many; by default a month's, and three months' when there are many.
    """
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    meetings = [_meeting(uid, number, load(key), _at(today, ago, at), kind=kind) for key, uid, number, kind, ago, at in _SAMPLES]
    meetings.append(_meeting(_TOMS_UUID, 81230000004, load("standup"), _at(today, 1, time(10, 0)), owner=TOM))
    meetings.append(_meeting(_TRASHED_UUID, 81230000005, load("short"), _at(today, 9, time(11, 0)), topic="Old interview", trashed=True))
    meetings.extend(_generated(today, generated, days or (30 if generated <= 100 else 89)))
    return sorted(meetings, key=lambda meeting: meeting.start, reverse=True)


def new_meeting(sample: str, *, ended_at: datetime, owner: User, number: int) -> Meeting:
    """One more meeting, of a number of its own, whose recording ends at `ended_at`."""
    spoken = load(sample)
    ended_at = ended_at.astimezone(UTC).replace(microsecond=0)
    return _meeting(
        f"/nEw//M+{number}==", number, spoken, ended_at - timedelta(seconds=round(spoken.seconds)) - _BEFORE_RECORDING, owner=owner
    )


def _at(today: datetime, days_ago: int, at: time) -> datetime:
    return (today - timedelta(days=days_ago)).replace(hour=at.hour, minute=at.minute)


def _generated(today: datetime, count: int, days: int) -> Iterator[Meeting]:
    span = timedelta(days=days - 1)
    sample = load("short")
    for index in range(count):
        topic, kind = _TOPICS[index % len(_TOPICS)]
        day = today - timedelta(days=1) - span * (index / count)
        start = day.replace(hour=8 + index * 3 % 10, minute=7 * (index % 8), second=0, microsecond=0)
        number = 82_000_000_000 + (index % len(_TOPICS) if kind == RECURRING else 1_000 + index)
        yield _meeting(_uuid(index), number, sample, start, topic=topic, kind=kind, variety=index)


def _uuid(index: int) -> str:
    """22 base64 characters and "=="; every other one holds what must be encoded with care."""
    text = base64.b64encode(hashlib.sha256(f"momentum-{index}".encode()).digest()).decode()[:22].replace("/", "a").replace("+", "b")
    shapes = {1: f"/{text[1:]}", 3: f"{text[:7]}//{text[9:]}", 5: f"{text[:4]}+{text[5:]}", 7: f"{text[:9]}/{text[10:15]}+{text[16:]}"}
    return shapes.get(index % 8, text) + "=="


def _meeting(
    uid: str,
    number: int,
    sample: Sample,
    start: datetime,
    *,
    topic: str | None = None,
    kind: int = SCHEDULED,
    owner: User = MAYA,
    variety: int | None = None,
    trashed: bool = False,
) -> Meeting:
    first = start + _BEFORE_RECORDING
    second = first + timedelta(seconds=sample.seconds) + GAP_BETWEEN_SETS
    return Meeting(
        uuid=uid,
        number=number,
        topic=topic or sample.topic,
        kind=kind,
        start=start,
        owner=owner,
        files=tuple(_files(uid, 1, first, sample, variety)),
        second_set=tuple(_files(uid, 2, second, sample, variety)),
        participants=sample.participants,
        sample=sample.key,
        trashed=trashed,
    )


def _files(uid: str, number: int, start: datetime, sample: Sample, variety: int | None) -> Iterator[MediaFile]:
    end = start + timedelta(seconds=round(sample.seconds))
    kinds = (
        ("MP4", "MP4", "shared_screen_with_speaker_view", "video/mp4", sample.video),
        ("M4A", "M4A", "audio_only", "audio/mp4", sample.audio),
        ("TRANSCRIPT", "VTT", "audio_transcript", "text/vtt", sample.transcript),
        ("TIMELINE", "JSON", "timeline", "application/json", sample.timeline),
        ("CHAT", "TXT", "chat_file", "text/plain", sample.chat),
    )
    for file_type, extension, recording_type, content_type, content in kinds:
        if content and (variety is None or _listed(file_type, variety)):
            identity = str(uuid.uuid5(uuid.NAMESPACE_URL, f"sandbox:{uid}:{number}:{file_type}"))
            yield MediaFile(identity, file_type, extension, recording_type, content_type, content, start, end)


def _listed(file_type: str, variety: int) -> bool:
    """Not every recording has every file: one in seven is video only, one in five has no transcript."""
    video_only = variety % 7 == 6
    return {
        "MP4": video_only or variety % 3 == 0,
        "M4A": not video_only,
        "TRANSCRIPT": variety % 5 != 4,
        "TIMELINE": variety % 2 == 0,
    }.get(file_type, True)
