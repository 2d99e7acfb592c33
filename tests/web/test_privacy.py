"""Two people never see each other's things, through any route."""

import pytest

from momentum.model import Claim, ClaimState

pytestmark = pytest.mark.anyio
FORM = {"name": "PRIVATE form", "purpose": "PRIVATE", "sections": [{"heading": "PRIVATE", "question": "PRIVATE?"}]}


async def test_whatever_one_has_does_not_exist_for_the_other(world):
    ada = world.program("ada")
    await ada.connect()
    await ada.get("/api/zoom/meetings")
    queued = (await ada.post("/api/zoom/download/81230000001")).json()["processing_id"]
    claim = Claim("decision", "PRIVATE decision", "PRIVATE words", (0,), state=ClaimState.VERIFIED)
    processing, transcript_id, deliverable_id = await world.keep_document(
        await world.user_id("ada"), topic="PRIVATE topic", claims=(claim,)
    )

    form = (await ada.post("/api/templates", json=FORM)).json()
    for stranger in (world.program("bob"), await world.browser()):
        hidden = [
            await stranger.get(f"/api/processings/{queued}"),
            await stranger.get(f"/api/processings/{queued}/events"),
            await stranger.post(f"/api/processings/{queued}/cancel"),
            await stranger.post(f"/api/processings/{queued}/retry"),
            await stranger.get(f"/api/processings/{processing.id}"),
            await stranger.get(f"/api/deliverables/{deliverable_id}"),
            await stranger.get(f"/api/deliverables/{deliverable_id}", params={"format": "markdown"}),
            *[await stranger.get(f"/api/deliverables/{deliverable_id}/{what}") for what in ("versions", "diff")],
            *[await stranger.post(f"/api/deliverables/{deliverable_id}/{what}") for what in ("again", "retry")],
            await stranger.get(f"/api/templates/{form['id']}"),
            await stranger.put(f"/api/templates/{form['id']}", json=FORM),
            await stranger.delete(f"/api/templates/{form['id']}"),
            *[await stranger.get(f"/api/transcripts/{transcript_id}", params={"format": f}) for f in ("json", "vtt", "srt", "text")],
            *[await stranger.get(f"/api/deliverables/{deliverable_id}/export", params={"format": f}) for f in ("md", "pdf", "json")],
            *[await stranger.get(f"/api/transcripts/{transcript_id}/export", params={"format": f}) for f in ("md", "vtt", "json")],
            await stranger.get(f"/api/transcripts/{transcript_id}/corrections"),
        ]
        assert {a.status_code for a in hidden} == {404}
        empty = [await stranger.get(f"/api/{noun}") for noun in ("processings", "deliverables", "templates")]
        assert [next(iter(a.json().values())) for a in empty] == [[], [], []]
        assert (await stranger.get("/api/zoom/status")).json()["connected"] is False
        assert (await stranger.get("/api/zoom/meetings")).status_code == 409
        assert (await stranger.post("/api/zoom/download/85550001234")).status_code == 409
        assert (await stranger.delete("/api/zoom/disconnect", params={"delete_data": "true"})).status_code == 200
        assert not any("PRIVATE" in a.text for a in [*hidden, *empty])

    browser = await world.browser()
    pages = [
        await browser.get("/recordings"),
        await browser.read(deliverable_id),
        await browser.post(f"/recordings/{processing.recording_id}/process"),
        await browser.post(f"/processings/{queued}/cancel"),
        await browser.post(f"/processings/{queued}/retry"),
    ]
    assert [p.status_code for p in pages] == [200, 404, 404, 404, 404]
    assert not any("PRIVATE" in p.text for p in pages)

    # and nothing of it was touched
    assert (await ada.get(f"/api/processings/{queued}")).json()["state"] == "queued"
    assert (await ada.get("/api/zoom/status")).json()["connected"] is True
    assert len((await ada.get("/api/zoom/meetings")).json()["meetings"]) == 4


async def test_two_people_with_the_same_recording_have_their_own(world):
    ada, tom = world.program("ada"), world.program("tom")
    await ada.connect()
    await tom.connect("tom.reed@momentum.example")
    for client in (ada, tom):
        await client.get("/api/zoom/meetings")
    mine = await world.keep_document(await world.user_id("ada"), topic="Shared")
    theirs = await world.keep_document(await world.user_id("tom"), topic="Shared")
    assert mine[2] != theirs[2]
    for client, (processing, _, document) in ((ada, mine), (tom, theirs)):
        assert [d["id"] for d in (await client.get("/api/deliverables")).json()["deliverables"]] == [document]
        assert [p["id"] for p in (await client.get("/api/processings")).json()["processings"]] == [str(processing.id)]
