"""Recordings of all providers: the list as programs read it, and processing many at once."""

from datetime import timedelta
from uuid import uuid4

import pytest

from momentum.model import Recording
from momentum.store import audit, processings

pytestmark = pytest.mark.anyio


@pytest.fixture
def keep_many(world):
    """Stores recordings of somebody, an hour between each; gives their ids, newest first."""

    async def keep(user_id, *topics):
        times = [world.clock() - timedelta(hours=n) for n in range(len(topics))]
        kept = [Recording(f"{t}==", "1", t, at, None, 30, 1000, None, ()) for t, at in zip(topics, times, strict=True)]
        return [(await world.keep_recording(user_id, one)).id for one in kept]

    return keep


@pytest.fixture
def noted(world):
    """The entries of somebody's trail about processings that were asked for."""

    async def read(client):
        await audit.chain(world.app.database)
        entries = (await client.get("/api/me/audit")).json()["entries"]
        return sorted((e["object"], e["outcome"], e["source"] is not None) for e in entries if e["action"] == "processing.ask")

    return read


async def test_the_list_is_found_and_leads_on(world, keep_many, refuses):
    client = world.program("ada")
    await keep_many(await world.user_id("ada"), "Planning", "Retro", "Planning again")
    await world.keep_document(await world.user_id("ada"), topic="Written")

    first = (await client.get("/api/recordings", params={"words": "planning", "page_size": 1})).json()
    second = (await client.get("/api/recordings", params={"words": "planning", "page_token": first["next_page_token"]})).json()
    assert [r["topic"] for page in (first, second) for r in page["recordings"]] == ["Planning", "Planning again"]
    assert second["next_page_token"] is None
    (written,) = (await client.get("/api/recordings", params={"status": "done", "from": "2026-11-22"})).json()["recordings"]
    assert (written["document"]["title"], written["speakers"], written["work"]["state"]) == ("Written", ["Ada"], "done")
    refuses(await client.get("/api/recordings", params={"from": "yesterday"}), 422, "invalid_date_range")
    assert (await world.program("bob").get("/api/recordings")).json()["recordings"] == []


async def test_many_are_accepted_or_refused_one_by_one_and_each_is_noted(world, keep_many, noted):
    client = world.program("ada")
    ours = await keep_many(await world.user_id("ada"), "One", "Two")
    (theirs,) = await keep_many(await world.user_id("bob"), "Secret")
    asked = [str(ours[1]), str(theirs), str(ours[0]), str(ours[1])]

    answer = await client.post("/api/recordings/process", json={"recording_ids": asked})
    again = await client.post("/api/recordings/process", json={"recording_ids": asked})
    assert (answer.status_code, again.status_code) == (202, 202)
    before, after = (found.json()["recordings"] for found in (answer, again))
    assert [r["recording_id"] for r in before] == asked[:3]
    assert [(r["accepted"], r["created"], r["state"], r["error_code"]) for r in before] == [
        (True, True, "queued", None),
        (False, False, None, "recording_not_found"),
        (True, True, "queued", None),
    ]
    assert [(r["processing_id"], r["created"]) for r in after] == [(r["processing_id"], False) for r in before]
    once = [(f"recording:{ours[0]}", "ok", True), (f"recording:{ours[1]}", "ok", True)]
    assert [n for n in await noted(client) if n[1] == "ok"] == sorted([*once, *once])
    assert (f"recording:{theirs}", "recording_not_found", True) in await noted(client)


async def test_what_failed_is_tried_again_and_the_wishes_are_kept(world, keep_many):
    client, user_id = world.program("ada"), await world.user_id("ada")
    (one,) = await keep_many(user_id, "One")
    wanted = {"recording_ids": [str(one)], "options": {"deliverables": ["action_items"], "output_language": "de"}}
    (made,) = (await client.post("/api/recordings/process", json=wanted)).json()["recordings"]
    async with world.app.database.person(user_id) as connection:
        await processings.set_failed(connection, made["processing_id"], code="media_empty", detail="It is empty.", now=world.clock())

    (again,) = (await client.post("/api/recordings/process", json=wanted)).json()["recordings"]
    assert (again["processing_id"], again["created"], again["state"]) == (made["processing_id"], False, "queued")
    async with world.app.database.person(user_id) as connection:
        options = (await processings.get(connection, made["processing_id"])).options
    assert (options.deliverables, options.output_language) == (("action_items",), "de")


@pytest.mark.parametrize("wrong", [[], [str(uuid4()) for _ in range(101)], ["not an id"]])
async def test_none_and_too_many_are_refused(world, refuses, wrong):
    refuses(await world.program("ada").post("/api/recordings/process", json={"recording_ids": wrong}), 422, "invalid_request")


# --- the pages ------------------------------------------------------------------------------------


async def test_the_ticked_are_processed_and_the_page_says_so(world, keep_many):
    browser, user_id = await world.browser(), await world.user_id("local")
    ours = await keep_many(user_id, "One", "Two", "Three")
    (theirs,) = await keep_many(await world.user_id("bob"), "Secret")
    page = await browser.get("/recordings")
    assert page.text.count('type="checkbox" name="recording"') == 3

    ticked = [str(ours[0]), str(ours[2]), str(theirs)]
    sent = await browser.post("/recordings/process", data={"recording": ticked, "back": "/recordings?words=o"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/recordings?words=o&asked=2&refused=1")
    told = (await browser.get(sent.headers["location"])).text
    assert "2 recordings are on their way." in told
    assert "1 could not be taken" in told
    assert (await browser.post("/recordings/process", data={"back": "//evil.example"})).headers["location"] == "/"
    assert (await browser.post("/recordings/process", data={"recording": ticked}, headers={"origin": "http://evil"})).status_code == 403


async def test_all_that_were_found_are_processed_after_a_question(world, keep_many):
    browser, user_id = await world.browser(), await world.user_id("local")
    await keep_many(user_id, "Plan one", "Plan two", "Other")
    await world.keep_document(user_id, topic="Plan that is done")
    asked = (await browser.get("/recordings/found?words=plan")).text
    assert "2 recordings are found, 1 hr long together." in asked

    sent = await browser.post("/recordings/found?words=plan")
    assert sent.headers["location"] == "/recordings?words=plan&asked=2&refused=0"
    assert "There are none." in (await browser.get("/recordings/found?words=plan")).text
    states = [r["status"] for r in (await browser.get("/api/recordings")).json()["recordings"]]
    assert sorted(states) == ["done", "new", "working", "working"]


async def test_nothing_found_leads_back_and_the_fields_stay_filled(world, keep_many):
    browser = await world.browser()
    await keep_many(await world.user_id("local"), "One")
    page = (await browser.get("/recordings?words=%22%3Cb%3E&status=failed&who=ada&since=2026-11-01")).text
    assert "Nothing was found." in page
    assert 'value="&#34;&lt;b&gt;"' in page
    assert '<option value="failed" selected>' in page
    assert 'value="2026-11-01"' in page
