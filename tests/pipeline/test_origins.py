"""A provider's recording as parts: what each set has, and what it may still get."""

from datetime import UTC, datetime, timedelta

import pytest

from momentum.model import Meeting, Options, Recording, RecordingFile
from momentum.pipeline.origins import RecordingOrigin

pytestmark = pytest.mark.anyio

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


def a_file(file_id, kind, start, seconds=60):
    begun = START + timedelta(seconds=start)
    return RecordingFile(file_id, kind, "X", "", "x", 10, begun, begun + timedelta(seconds=seconds), ready=True)


class Provider:
    """One that has a recording of two sets, of which the first has a transcript."""

    name, label = "zoom", "Zoom"

    def __init__(self, young_until):
        self.young_until = young_until

    async def recording(self, access, meeting_id):
        files = (a_file("a", "audio", 0), a_file("t", "transcript", 0), a_file("b", "audio", 100))
        return Recording(meeting_id, "1", "Weekly", START, None, 3, 30, None, files)

    def may_still_come(self, ended_at):
        return ended_at >= self.young_until


@pytest.mark.parametrize(
    ("options", "young_until", "awaited"),
    [
        (Options(transcript="zoom"), START + timedelta(seconds=160), [False, True]),
        (Options(transcript="zoom"), START + timedelta(seconds=161), [False, False]),
        (Options(transcript="zoom", file_id="b"), START, [False]),
        (Options(), START, [False, False]),
    ],
)
async def test_a_set_awaits_its_transcript_while_the_provider_may_write_it(options, young_until, awaited):
    origin = RecordingOrigin(Provider(young_until), None, None, instance_id="u==", meeting=Meeting("Weekly"), options=options)
    assert [part.captions_may_come for part in (await origin.look()).parts] == awaited
