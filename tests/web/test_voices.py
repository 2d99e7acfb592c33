"""Voices over HTTP: enrolled from a transcript with consent, listed without the voice, deleted."""

import asyncio
import contextlib

import pytest

from momentum.media.decoder import Decoder
from momentum.model import Options, Recording, Segment, Transcript, Word
from momentum.outbound.download import Downloads
from momentum.pipeline.enrol import Enrolment
from momentum.providers import private_hosts
from momentum.sandbox.samples import load
from momentum.store import processings, transcripts, voices
from momentum.web.api import voices as api

pytestmark = pytest.mark.anyio

PLANNING = "pL4n+Spring7Release3Q1=="


@pytest.fixture
async def roomy(world):
    """A world that downloads more than a kilobyte."""
    settings = world.app.settings
    downloads = Downloads(clock=world.clock, private_hosts=private_hosts(settings), max_bytes=2**30)
    object.__setattr__(world.app, "downloads", downloads)
    async with contextlib.aclosing(downloads), contextlib.aclosing(world.app.tools):
        yield world


@pytest.fixture
async def transcript_id(world, ada):
    """A transcript of the sandbox's planning meeting as we would have made it, speakers estimated."""
    user_id = await world.user_id("ada")
    row = await world.keep_recording(user_id, Recording(PLANNING, "81230000001", "Planning", world.clock(), None, 2, 1, None, ()))
    labels = {"Maya Chen": "Speaker 1", "Tom Reed": "Speaker 2", "Dr. Paul Grant": "Speaker 3"}
    segments = tuple(
        Segment(i, a, b, text, labels[who], (Word(text, a, b, speaker=labels[who], certainty=0.97),), estimated=True)
        for i, (who, a, b, text) in enumerate(load("planning").lines)
    )
    transcript = Transcript(segments, "en", 80.0, "own", "local:base")
    async with world.app.database.person(user_id) as connection:
        processing, _ = await processings.create(connection, user_id, row.id, "zoom", "key", Options())
        of = {"user_id": user_id, "recording_id": row.id, "processing_id": processing.id, "made_from": "m"}
        return str(await transcripts.save(connection, **of, transcript=transcript))


def asked(transcript_id, **changes):
    return {"transcript_id": transcript_id, "speaker": "Speaker 1", "name": "Maya Chen", "consent": True} | changes


async def test_a_voice_is_enrolled_listed_and_deleted(roomy, ada, transcript_id):
    made = await ada.post("/api/me/voices", json=asked(transcript_id))
    assert made.status_code == 201, made.text
    voice = made.json()
    assert set(voice) == {"id", "name", "recording_id", "seconds", "consented_at"}
    assert (voice["name"], voice["seconds"] >= 15) == ("Maya Chen", True)
    assert (await ada.get("/api/me/voices")).json() == {"voices": [voice]}
    user_id = await roomy.user_id("ada")
    async with roomy.app.database.person(user_id) as connection:
        (known,) = await voices.known(connection, roomy.app.vault, user_id, encoder="resemblyzer-0.1.4")
    assert sum(x * x for x in known.vector) == pytest.approx(1.0, abs=1e-4)
    assert (await ada.delete(f"/api/me/voices/{voice['id']}")).status_code == 204
    assert (await ada.get("/api/me/voices")).json() == {"voices": []}


@pytest.mark.parametrize("consent", [False, None, "yes"])
async def test_without_consent_nothing_is_enrolled(roomy, ada, transcript_id, refuses, consent):
    refuses(await ada.post("/api/me/voices", json=asked(transcript_id, consent=consent)), 422, "invalid_request")
    assert (await ada.get("/api/me/voices")).json() == {"voices": []}
    assert not [r for r in roomy.zoom.requests if "/rec/" in r.path]


async def test_what_cannot_be_enrolled_is_told(roomy, ada, transcript_id, refuses):
    assert "'Nobody'" in refuses(await ada.post("/api/me/voices", json=asked(transcript_id, speaker="Nobody")), 422, "invalid_request")
    assert "15 seconds" in refuses(await ada.post("/api/me/voices", json=asked(transcript_id, speaker="Speaker 3")), 422, "invalid_request")
    other = asked("00000000-0000-4000-8000-000000000000")
    refuses(await ada.post("/api/me/voices", json=other), 404, "not_found")


async def test_a_speaker_is_enrolled_by_the_name_that_the_person_gave_them(roomy, ada, transcript_id, refuses):
    renamed = {"kind": "rename_speaker", "speaker": "Speaker 1", "name": "Maya Chen"}
    assert (await ada.post(f"/api/transcripts/{transcript_id}/corrections", json=renamed)).status_code == 201
    made = await ada.post("/api/me/voices", json=asked(transcript_id, speaker="Maya Chen", name=None))
    assert (made.status_code, made.json()["name"]) == (201, "Maya Chen"), made.text
    assert "'Speaker 1'" in refuses(await ada.post("/api/me/voices", json=asked(transcript_id)), 422, "invalid_request")


async def test_a_recording_that_has_no_sound_any_more_enrols_nobody(roomy, ada, transcript_id, refuses, monkeypatch):
    async def silent(_self, _source):
        yield b""

    monkeypatch.setattr(Decoder, "pcm", silent)
    told = refuses(await ada.post("/api/me/voices", json=asked(transcript_id)), 422, "invalid_request")
    assert "as it is now" in told
    assert (await ada.get("/api/me/voices")).json() == {"voices": []}


async def test_two_recordings_at_most_are_heard_at_once(roomy, ada, transcript_id, monkeypatch):
    at_once, most = 0, 0

    async def heard(*_):
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.01)
        at_once -= 1
        return Enrolment((1.0, 0.0), 20.0)

    monkeypatch.setattr(api, "enrol", heard)
    made = await asyncio.gather(*(ada.post("/api/me/voices", json=asked(transcript_id, name=f"Voice {n}")) for n in range(5)))
    assert [answer.status_code for answer in made] == [201] * 5
    assert most == 2


async def test_voices_are_their_persons_alone(roomy, ada, transcript_id, refuses):
    voice = (await ada.post("/api/me/voices", json=asked(transcript_id))).json()
    tom = roomy.program("tom")
    assert (await tom.get("/api/me/voices")).json() == {"voices": []}
    refuses(await tom.delete(f"/api/me/voices/{voice['id']}"), 404, "not_found")
    refuses(await tom.post("/api/me/voices", json=asked(transcript_id)), 404, "not_found")


async def test_who_deletes_the_data_of_a_connection_deletes_the_voices_taken_from_it(roomy, ada, transcript_id):
    assert (await ada.post("/api/me/voices", json=asked(transcript_id))).status_code == 201
    assert (await ada.delete("/api/zoom/disconnect", params={"delete_data": "true"})).status_code == 200
    assert (await ada.get("/api/me/voices")).json() == {"voices": []}


async def test_where_voices_are_not_told_apart_none_is_enrolled(roomy, ada, transcript_id, refuses):
    roomy.app.tools.voices = None
    refuses(await ada.post("/api/me/voices", json=asked(transcript_id)), 409, "model_not_configured")
