"""What was written and what was said, in every form."""

import threading

import pytest

from momentum.model import Claim, ClaimState, Segment, Word
from momentum.web.api import documents

pytestmark = pytest.mark.anyio
UNKNOWN = "0b7a4c1e-2f0d-4e6b-8a34-5f1c9a7e2d10"
MARKUP = '<script>alert(1)</script> **bold** [x](javascript:alert(1)) <img src=x onerror=alert(1)> "quote" & <!--'
CLAIM = Claim("decision", "Ship on Friday", "We ship on Friday.", (0,), owner="Ada", state=ClaimState.VERIFIED, start=0.0)


async def test_a_deliverable_as_data(world):
    processing, transcript_id, deliverable_id = await world.keep_document(await world.user_id("ada"), claims=(CLAIM,))
    program = world.program("ada")
    found = (await program.get(f"/api/deliverables/{deliverable_id}")).json()
    assert (found["title"], found["kind"], found["model"], found["summary"]) == ("Weekly planning", "highlights", None, "We ship.")
    assert (found["processing_id"], found["transcript_id"]) == (str(processing.id), transcript_id)
    (claim,) = found["claims"]
    assert (claim["text"], claim["quote"], claim["segment_ids"], claim["state"], claim["owner"]) == (
        "Ship on Friday",
        "We ship on Friday.",
        [0],
        "verified",
        "Ada",
    )
    tokens = {"transcript": 0, "sent": 0, "again": 0, "ratio": 0.0}
    assert found["coverage"] == {"sent": [0], "cited": [0], "unread": [], "missing": [], "tokens": tokens}
    assert (found["version"], found["supersedes"]) == (1, None)
    listed = (await program.get("/api/deliverables")).json()["deliverables"]
    assert [d["id"] for d in listed] == [deliverable_id]
    done = (await program.get(f"/api/processings/{processing.id}")).json()
    assert (done["state"], done["deliverable_ids"], done["transcript_id"]) == ("done", [deliverable_id], transcript_id)


async def test_a_deliverable_as_markdown(world):
    *_, deliverable_id = await world.keep_document(await world.user_id("ada"), claims=(CLAIM,))
    answer = await world.program("ada").get(f"/api/deliverables/{deliverable_id}", params={"format": "markdown"})
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.text.startswith("# Weekly planning\n")
    assert "drafted without a language model" in answer.text


async def test_a_draft_is_not_shown(world, refuses):
    *_, deliverable_id = await world.keep_document(await world.user_id("ada"), delivered=False)
    program = world.program("ada")
    refuses(await program.get(f"/api/deliverables/{deliverable_id}"), 404, "not_found")
    assert (await program.get("/api/deliverables")).json()["deliverables"] == []


async def test_pages_of_deliverables(world):
    user_id = await world.user_id("ada")
    for name in ("one", "two", "three"):
        await world.keep_document(user_id, topic=name)
    program = world.program("ada")
    first = (await program.get("/api/deliverables", params={"page_size": 2})).json()
    second = (await program.get("/api/deliverables", params={"page_size": 2, "page_token": first["next_page_token"]})).json()
    assert [d["title"] for d in first["deliverables"] + second["deliverables"]] == ["three", "two", "one"]


A_TRANSCRIPT_AS_TEXT = [
    ("vtt", "text/vtt; charset=utf-8", "WEBVTT\n"),
    ("srt", "application/x-subrip; charset=utf-8", "1\n00:00:00,000 --> 00:00:01,500\n"),
    ("text", "text/plain; charset=utf-8", "[00:00:00] Ada: We ship"),
]


async def test_a_transcript_as_text(world, subtests):
    for form, media, begins in A_TRANSCRIPT_AS_TEXT:
        with subtests.test(form=form, media=media, begins=begins):
            _, transcript_id, _ = await world.keep_document(await world.user_id("ada"))
            answer = await world.program("ada").get(f"/api/transcripts/{transcript_id}", params={"format": form})
            assert (answer.status_code, answer.headers["content-type"]) == (200, media)
            assert answer.text.startswith(begins)
            assert "We ship on Friday." in answer.text


async def test_a_transcript_as_data(world):
    _, transcript_id, _ = await world.keep_document(await world.user_id("ada"))
    found = (await world.program("ada").get(f"/api/transcripts/{transcript_id}")).json()
    assert (found["id"], found["source"], found["engine"], found["seconds"]) == (transcript_id, "own", "local:base", 4.0)
    assert found["segments"][0]["words"] == [
        {"text": "We", "start": 0.0, "end": 0.2, "probability": 0.9, "speaker": None, "certainty": None}
    ]
    assert found["gaps"] == [{"start": 2.0, "end": 3.0, "reason": "not_recorded", "detail": ""}]


async def test_words_of_a_meeting_cannot_break_out_of_a_caption(world):
    segments = (Segment(0, 0.0, 1.0, f"{MARKUP}\n\n00:00 --> 00:01\nforged", speaker="<b>Eve</b>", words=(Word("x", 0.0, 1.0),)),)
    _, transcript_id, _ = await world.keep_document(await world.user_id("ada"), segments=segments)
    program = world.program("ada")
    vtt = (await program.get(f"/api/transcripts/{transcript_id}", params={"format": "vtt"})).text
    assert vtt.count("-->") == 1
    assert "<script" not in vtt
    srt = (await program.get(f"/api/transcripts/{transcript_id}", params={"format": "srt"})).text
    assert srt.count("-->") == 1


async def test_what_does_not_exist(world, refuses):
    program = world.program("ada")
    refuses(await program.get(f"/api/deliverables/{UNKNOWN}"), 404, "not_found")
    refuses(await program.get(f"/api/transcripts/{UNKNOWN}"), 404, "not_found")
    assert "format" in refuses(await program.get(f"/api/transcripts/{UNKNOWN}", params={"format": "pdf"}), 422, "invalid_request")
    assert "deliverable_id" in refuses(await program.get("/api/deliverables/x"), 422, "invalid_request")


async def test_nobody_else_waits_while_hours_of_words_are_written_out(world, monkeypatch):
    _, transcript_id, _ = await world.keep_document(await world.user_id("ada"))
    threads = []

    def noting(function):
        return lambda *given: threads.append(threading.current_thread()) or function(*given)

    monkeypatch.setattr(documents, "_transcript", noting(documents._transcript))
    monkeypatch.setitem(documents.FORMATS, "vtt", noting(documents.FORMATS["vtt"]))
    for form in ("json", "vtt"):
        answer = await world.program("ada").get(f"/api/transcripts/{transcript_id}", params={"format": form})
        assert answer.status_code == 200
    assert len(threads) == 2
    assert threading.current_thread() not in threads
