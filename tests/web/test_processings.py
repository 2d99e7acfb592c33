"""Watching the work, stopping it, trying it again."""

import asyncio
import json

import httpx2
import pytest

from momentum.model import Recording
from momentum.store import processings
from momentum.web import events
from momentum.web.events import event_stream

pytestmark = pytest.mark.anyio
UNKNOWN = "0b7a4c1e-2f0d-4e6b-8a34-5f1c9a7e2d10"


@pytest.fixture
async def waiting(world):
    """A processing of Ada's that no worker has seen yet."""
    return await a_processing(world, "ada")


async def a_processing(world, subject, name="one"):
    user_id = await world.user_id(subject)
    recording = await world.keep_recording(
        user_id, Recording(f"{name}==", "1234567", f"Meeting {name}", world.clock(), None, 5, 10, None, ())
    )
    return await world.keep_processing(user_id, recording.id, key=name)


async def change(world, processing, what, **values):
    async with world.app.database.person(processing.user_id) as connection:
        return await what(connection, processing.id, now=world.clock(), **values)


class Reader:
    """The events of a stream as they come."""

    def __init__(self, response) -> None:
        self._lines = response.aiter_lines()

    async def event(self) -> dict:
        found = {}
        async for line in self._lines:
            if line:
                name, _, value = line.partition(": ")
                found[name] = value
            elif found and found.keys() != {"retry"}:
                return found
            else:
                found = {}
        return found


async def test_one_and_all(world, waiting):
    program = world.program("ada")
    one = (await program.get(f"/api/processings/{waiting.id}")).json()
    assert (one["topic"], one["state"], one["step"], one["deliverable_ids"]) == ("Meeting one", "queued", None, [])
    assert [p["id"] for p in (await program.get("/api/processings")).json()["processings"]] == [str(waiting.id)]


async def test_pages(world):
    for name in ("one", "two", "three"):
        await a_processing(world, "ada", name)
    program = world.program("ada")
    first = (await program.get("/api/processings", params={"page_size": 2})).json()
    second = (await program.get("/api/processings", params={"page_size": 2, "page_token": first["next_page_token"]})).json()
    assert [p["topic"] for p in first["processings"] + second["processings"]] == ["Meeting three", "Meeting two", "Meeting one"]
    assert second["next_page_token"] is None


async def test_one_that_does_not_exist(world, refuses):
    program = world.program("ada")
    for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/cancel"), ("POST", "/retry")):
        refuses(await program.request(method, f"/api/processings/{UNKNOWN}{path}"), 404, "not_found")
    assert "processing_id" in refuses(await program.get("/api/processings/one"), 422, "invalid_request")


async def test_cancel_and_retry(world, waiting, refuses):
    program = world.program("ada")
    cancelled = await program.post(f"/api/processings/{waiting.id}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (202, "cancelled")
    again = await program.post(f"/api/processings/{waiting.id}/retry")
    assert (again.status_code, again.json()["state"], again.json()["attempt"]) == (202, "queued", 2)
    await change(world, waiting, processings.start_step, step="deliver")
    refuses(await program.post(f"/api/processings/{waiting.id}/retry"), 409, "conflict")
    await change(world, waiting, processings.set_done)
    refuses(await program.post(f"/api/processings/{waiting.id}/cancel"), 409, "processing_finished")
    refuses(await program.post(f"/api/processings/{waiting.id}/retry"), 409, "processing_finished")


async def test_why_it_stopped(world, waiting):
    sentence = "The file is no audio or video that can be read."
    await change(world, waiting, processings.set_failed, code="media_unreadable", detail=sentence)
    found = (await world.program("ada").get(f"/api/processings/{waiting.id}")).json()
    assert (found["state"], found["error_code"], found["error_detail"]) == ("failed", "media_unreadable", sentence)


# --- events -----------------------------------------------------------------------------------------


async def test_events_arrive_as_they_happen_until_the_end(world, waiting):
    async with (
        world.served(),
        world.program("ada", transport=None) as program,
        program.stream("GET", f"/api/processings/{waiting.id}/events") as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        reader = Reader(response)
        assert json.loads((await reader.event())["data"])["state"] == "queued"
        await change(world, waiting, processings.start_step, step="transcribe")
        assert json.loads((await reader.event())["data"])["step"] == "transcribe"
        async with world.app.database.person(waiting.user_id) as connection:
            await processings.record_event(connection, waiting.id, "transcribe", "running", 0.25, {"heard_seconds": 15})
        progress = json.loads((await reader.event())["data"])
        assert (progress["fraction"], progress["heard_seconds"]) == (0.25, 15)
        await change(world, waiting, processings.set_done)
        ended = [await reader.event() for _ in range(2)]
        assert ended[-1] == {"event": "end", "data": "{}"}


async def test_a_reader_who_comes_back_goes_on_after_the_last_event(world, waiting):
    await change(world, waiting, processings.start_step, step="deliver")
    await change(world, waiting, processings.set_done)
    program = world.program("ada")  # it has ended, so the whole stream is there at once
    whole = (await program.get(f"/api/processings/{waiting.id}/events")).text
    ids = [int(line[4:]) for line in whole.splitlines() if line.startswith("id: ")]
    assert len(ids) == 3
    assert ids == sorted(ids)
    rest = (await program.get(f"/api/processings/{waiting.id}/events", headers={"last-event-id": str(ids[1])})).text
    assert [int(line[4:]) for line in rest.splitlines() if line.startswith("id: ")] == ids[2:]
    assert rest.endswith("event: end\ndata: {}\n\n")


A_LAST_EVENT_ID_THAT_IS_NOT_OURS = ["x", "-1", "99999999999999999999999"]


async def test_a_last_event_id_that_is_not_ours(world, waiting, refuses, subtests):
    for last in A_LAST_EVENT_ID_THAT_IS_NOT_OURS:
        with subtests.test(last=last):
            answer = await world.program("ada").get(f"/api/processings/{waiting.id}/events", headers={"last-event-id": last})
            refuses(answer, 422, "invalid_request")


async def test_a_session_may_watch_too(world):
    browser = await world.browser()
    processing = await a_processing(world, "local")
    await change(world, processing, processings.set_cancelled)
    text = (await browser.get(f"/api/processings/{processing.id}/events")).text
    assert '"cancelled"' in text


async def test_all_events_of_a_person_and_of_nobody_else(world, waiting):
    theirs = await a_processing(world, "bob")
    async with (
        world.served(),
        world.program("ada", transport=None) as program,
        program.stream("GET", "/api/processings/events") as response,
    ):
        reader = Reader(response)
        assert json.loads((await reader.event())["data"]) == {"processing_id": None}  # look at all of them
        await change(world, theirs, processings.set_cancelled)
        await change(world, waiting, processings.set_cancelled)
        assert json.loads((await reader.event())["data"]) == {"processing_id": str(waiting.id)}


async def test_a_stream_ends_when_its_processing_is_deleted(world, waiting):
    async with (
        world.served(),
        world.program("ada", transport=None) as program,
        program.stream("GET", f"/api/processings/{waiting.id}/events") as response,
    ):
        reader = Reader(response)
        await reader.event()
        await change(world, waiting, processings.set_cancelled)
        assert (await program.delete("/api/me")).status_code == 200
        events = [await reader.event() for _ in range(3)]
        assert {"event": "end", "data": "{}"} in events


async def test_streams_break_off_when_the_server_is_told_to_stop(world, waiting):
    async with (
        world.served(),
        world.program("ada", transport=None) as program,
        program.stream("GET", f"/api/processings/{waiting.id}/events") as response,
    ):
        reader = Reader(response)
        await reader.event()
        world.site.state.closing.set()
        assert await reader.event() == {}


async def test_a_quiet_stream_is_kept_alive():
    ended, closing = asyncio.Event(), asyncio.Event()

    async def nothing():
        await ended.wait()
        return
        yield

    async def yes():
        return True

    stream = event_stream(nothing(), closing, yes, keep_alive=0.01)
    assert await anext(stream) == b"retry: 2000\n\n"
    assert await anext(stream) == b": still here\n\n"
    ended.set()
    assert [piece async for piece in stream if not piece.startswith(b":")] == [b"event: end\ndata: {}\n\n"]


async def test_a_stream_ends_when_what_opened_it_is_taken_back(world, waiting, monkeypatch):
    monkeypatch.setitem(event_stream.__kwdefaults__, "keep_alive", 0.05)
    key = (await world.program("ada").post("/api/me/keys", json={"name": "x"})).json()
    browser = await world.browser(subject="ada")
    async with world.served(), httpx2.AsyncClient(base_url=world.base, trust_env=False) as client:
        for headers, taken_back in (
            ({"authorization": f"Bearer {key['key']}"}, world.program("ada").delete(f"/api/me/keys/{key['id']}")),
            ({"cookie": f"momentum_session={browser.cookies['momentum_session']}"}, browser.post("/settings/access/sign-out")),
        ):
            async with asyncio.timeout(10), client.stream("GET", "/api/processings/events", headers=headers) as response:
                lines = response.aiter_lines()
                while await anext(lines) != ": still here":
                    pass
                assert (await taken_back).status_code < 400
                assert "event: end" not in [line async for line in lines]


async def test_two_hundred_silent_connections_keep_nobody_else_from_an_answer(world):
    async with world.served() as base, httpx2.AsyncClient(base_url=base, trust_env=False) as client:
        idle = [await asyncio.open_connection("127.0.0.1", world.port) for _ in range(200)]
        assert (await client.get("/healthz")).status_code == 200
        for _, writer in idle:
            writer.close()


async def test_one_person_may_watch_so_many_streams_and_no_more(world, refuses, monkeypatch):
    monkeypatch.setattr(events.Streams, "MOST", 2)
    everything = "/api/processings/events"
    async with (
        world.served(),
        world.program("ada", transport=None) as ada,
        world.program("bob", transport=None) as bob,
        ada.stream("GET", everything) as first,
        ada.stream("GET", everything) as second,
    ):
        assert [first.status_code, second.status_code] == [200, 200]
        refuses(await ada.get(everything), 429, "too_many_requests")
        async with bob.stream("GET", everything) as other:
            assert other.status_code == 200
