"""The witnesses of who spoke when, gathered from what the provider has; none of them may cost the words."""

import pytest

from momentum.errors import ErrorCode, Permanent, Retry
from momentum.media.decoder import Decoder
from momentum.model import Meeting, Segment
from momentum.pipeline.attribute import attribute
from momentum.pipeline.names import witnesses
from momentum.pipeline.places import Found, Part, Track
from momentum.sandbox.catalogue import TOM, new_meeting
from momentum.sandbox.samples import load
from momentum.sandbox.tracks import tracks
from momentum.transcribers.captions import Turn

pytestmark = pytest.mark.anyio


class Sound:
    size, name = None, "audio.m4a"

    def __init__(self, data):
        self.data = data

    async def stream(self, start=0):
        yield self.data[start:]

    async def read(self, start, length):
        return self.data[start : start + length]


class Origin:
    """Every witness, or a failure in its place."""

    def __init__(self, *, captions=(), turns=(), own=()):
        self.said, self.active, self.own = captions, turns, own

    async def meeting(self, participants=None):
        return Meeting("Call", participants=("Lena Ortiz",))

    async def captions(self, part):
        return self._given(self.said)

    async def turns(self, part):
        return self._given(self.active)

    def tracks(self, part):
        return self.own

    def _given(self, what):
        if isinstance(what, Exception):
            raise what
        return what


@pytest.fixture
async def decoder():
    made = Decoder()
    yield made
    await made.aclose()


def found(*offsets):
    return Found(tuple(Part(f"{n}", at, has_captions=True, has_turns=True, has_tracks=True) for n, at in enumerate(offsets)))


async def test_everything_is_on_the_meetings_clock(decoder):
    origin = Origin(captions=(Segment(0, 1.0, 2.0, "Yes.", "Ada"),), turns=(Turn(1.0, 2.0, ("Ada",)),))
    known = await witnesses(origin, decoder, found(0.0, 60.0))
    assert [(c.start, c.end) for c in known.captions] == [(1.0, 2.0), (61.0, 62.0)]
    assert [(t.start, t.end) for t in known.turns] == [(1.0, 2.0), (61.0, 62.0)]
    assert (known.tracked, known.roster) == ((), ("Lena Ortiz",))


@pytest.mark.parametrize("failure", [Permanent(ErrorCode.DOWNLOAD_REFUSED, "No."), Retry(ErrorCode.DOWNLOAD_FAILED, "Away.")])
async def test_a_timeline_that_cannot_be_had_is_done_without(decoder, failure):
    origin = Origin(captions=(Segment(0, 1.0, 2.0, "Yes.", "Ada"),), turns=failure)
    assert (await witnesses(origin, decoder, found(0.0))).name_anybody


async def test_where_nobody_else_names_anybody_a_timeline_is_waited_for(decoder):
    with pytest.raises(Retry):
        await witnesses(Origin(turns=Retry(ErrorCode.DOWNLOAD_FAILED, "Away.")), decoder, found(0.0))
    refused = await witnesses(Origin(turns=Permanent(ErrorCode.DOWNLOAD_REFUSED, "No.")), decoder, found(0.0))
    assert not refused.name_anybody


async def test_captions_that_are_refused_are_done_without_and_those_that_are_late_waited_for(decoder):
    refused = await witnesses(Origin(captions=Permanent(ErrorCode.DOWNLOAD_REFUSED, "No.")), decoder, found(0.0))
    assert not refused.name_anybody
    with pytest.raises(Retry):
        await witnesses(Origin(captions=Retry(ErrorCode.DOWNLOAD_FAILED, "Away.")), decoder, found(0.0))


async def test_each_participants_own_audio_says_who_speaks(decoder, clock_time):
    sample = load("standup")
    own = tuple(
        Track(name, 0.0, Sound(file.content)) for name, file in tracks(new_meeting("standup", ended_at=clock_time, owner=TOM, number=1))
    )
    known = await witnesses(Origin(own=(*own, Track("Broken", 0.0, Sound(b"no audio")))), decoder, found(0.0))
    assert known.tracked == ("Lena Ortiz", "Tom Reed", "Ben Patel")
    ours = [Segment(i, a, b, text) for i, (_, a, b, text) in enumerate(sample.lines)]
    told = attribute(ours, known)
    assert [s.speaker for s in told] == [who for who, *_ in sample.lines]


@pytest.fixture
def clock_time():
    from datetime import UTC, datetime

    return datetime(2026, 11, 22, 12, tzinfo=UTC)
