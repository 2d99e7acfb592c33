"""Asking for a recording to be processed."""

import asyncio
from urllib.parse import quote

import pytest

from momentum.model import Recording

pytestmark = pytest.mark.anyio

PLANNING, CUSTOMER, STANDUP = "81230000001", "81230000002", "81230000003"
SLASHED = {"/cU5tomer+Call2Northwi==": CUSTOMER, "sT4nd//Up7Platform9Dly==": STANDUP, "pL4n+Spring7Release3Q1==": PLANNING}


def once(text):
    return quote(text, safe="")


def twice(text):
    return once(once(text))


async def ask(client, meeting, **body):
    return await client.post(f"/api/zoom/download/{meeting}", json=body or None)


async def test_by_number_gives_a_processing_and_where_to_watch_it(world, ada):
    answer = await ask(ada, PLANNING)
    accepted = answer.json()
    assert (answer.status_code, accepted["created"]) == (202, True)
    assert accepted["status_url"] == f"{world.base}/api/processings/{accepted['processing_id']}"
    assert accepted["events_url"] == f"{accepted['status_url']}/events"
    found = (await ada.get(accepted["status_url"])).json()
    assert (found["state"], found["provider"], found["attempt"]) == ("queued", "zoom", 1)
    assert found["topic"]


async def test_the_same_request_is_the_same_processing(world, ada):
    first = (await ask(ada, PLANNING)).json()
    same = [
        await ask(ada, PLANNING),
        await ask(ada, PLANNING, transcript="auto"),
        await ask(ada, PLANNING, deliverables=["highlights"]),  # what would be written anyway
        await ask(ada, PLANNING, deliverables=["highlights", "highlights"]),
        await ask(ada, twice("pL4n+Spring7Release3Q1==")),
    ]
    assert {a.json()["processing_id"] for a in same} == {first["processing_id"]}
    assert not any(a.json()["created"] for a in same)


async def test_two_at_the_same_moment_are_one(world, ada):
    await ada.get("/api/zoom/meetings")
    answers = await asyncio.gather(*(ask(ada, PLANNING) for _ in range(4)))
    assert len({a.json()["processing_id"] for a in answers}) == 1
    assert sorted(a.json()["created"] for a in answers) == [False, False, False, True]


async def test_what_was_listed_a_moment_ago_is_not_asked_for_again(world, ada):
    await ada.get("/api/zoom/meetings")
    planning, customer = (next(uuid for uuid, number in SLASHED.items() if number == wanted) for wanted in (PLANNING, CUSTOMER))
    before = len(world.zoom.requests)
    assert (await ask(ada, once(planning))).status_code == 202
    assert len(world.zoom.requests) == before

    assert (await ask(ada, PLANNING)).status_code == 202  # its latest instance: there might be another by now
    asked = len(world.zoom.requests)
    assert asked > before

    world.clock.advance(seconds=61)
    assert (await ask(ada, once(customer))).status_code == 202
    assert len(world.zoom.requests) > asked


async def test_what_was_not_ready_a_moment_ago_is_asked_for_again(world, ada):
    await world.keep_recording(
        await world.user_id(), Recording("pL4n+Spring7Release3Q1==", PLANNING, "Early", world.clock(), None, 5, 1, None, ())
    )
    before = len(world.zoom.requests)
    assert (await ask(ada, once("pL4n+Spring7Release3Q1=="))).status_code == 202
    assert len(world.zoom.requests) > before


async def test_other_options_and_force_make_another(world, ada):
    answers = [
        await ask(ada, PLANNING),
        await ask(ada, PLANNING, transcript="zoom"),
        await ask(ada, PLANNING, language="de"),
        await ask(ada, PLANNING, deliverables=["minutes"]),
        await ask(ada, PLANNING, force=True),
        await ask(ada, PLANNING, force=True),
    ]
    assert len({a.json()["processing_id"] for a in answers}) == len(answers)


async def test_by_instance_id_encoded_once_or_twice(world, ada):
    for uuid, number in SLASHED.items():
        by_number = (await ask(ada, number)).json()["processing_id"]
        for encoded in (once(uuid), twice(uuid)):
            assert (await ask(ada, encoded)).json()["processing_id"] == by_number, encoded


async def test_over_real_http_an_id_arrives_as_it_was_sent(world, ada):
    wanted = {uuid: (await ask(ada, number)).json()["processing_id"] for uuid, number in SLASHED.items()}
    async with world.served(), world.program("ada", transport=None) as client:
        for uuid, processing_id in wanted.items():
            for encoded in (once(uuid), twice(uuid), uuid):
                assert (await ask(client, encoded)).json()["processing_id"] == processing_id, encoded


async def test_a_file_alone(world, ada, refuses):
    meeting = (await ada.get("/api/zoom/meetings")).json()["meetings"][0]
    audio = next(f["file_id"] for f in meeting["files"] if f["kind"] == "audio")
    whole, part = await ask(ada, PLANNING), await ask(ada, PLANNING, file_id=audio)
    assert part.status_code == 202
    assert part.json()["processing_id"] != whole.json()["processing_id"]
    assert "no such file" in refuses(await ask(ada, PLANNING, file_id="made-up"), 404, "recording_not_found")


async def test_several_sets_are_one_processing(world, ada):
    world.zoom.faults.set("several_sets")
    meetings = [m for m in (await ada.get("/api/zoom/meetings")).json()["meetings"] if m["meeting_number"] == PLANNING]
    assert len(meetings) == 1
    assert len([f for f in meetings[0]["files"] if f["kind"] == "audio"]) == 2
    assert (await ask(ada, PLANNING)).json()["created"] is True
    assert len((await ada.get("/api/processings")).json()["processings"]) == 1


AN_UNKNOWN_MEETING_IS_NOT_FOUND = ["99999999999", "unknown+Uuid+Of+Length==", "%00", "a" * 300, "%25252525"]


async def test_an_unknown_meeting_is_not_found(world, ada, refuses, subtests):
    for meeting in AN_UNKNOWN_MEETING_IS_NOT_FOUND:
        with subtests.test(meeting=meeting):
            refuses(await ask(ada, meeting), 404, "recording_not_found")


async def test_another_persons_meeting_is_not_found(world, ada, refuses):
    await ada.get("/api/zoom/meetings")
    tom = world.program("tom")
    await tom.connect("tom.reed@momentum.example")
    for name in (PLANNING, twice("pL4n+Spring7Release3Q1==")):
        refuses(await ask(tom, name), 404, "recording_not_found")


async def test_somebody_who_is_not_connected_is_told_to_connect(world, refuses):
    assert "Connect it first" in refuses(await ask(world.program(), PLANNING), 409, "not_connected")


async def test_a_recording_that_zoom_still_prepares(world, refuses):
    world.clock.advance(hours=-6)  # the meeting ended yesterday at nine: within Zoom's day for preparing
    ada = world.program()
    await ada.connect()
    world.zoom.faults.set("processing_3301")
    assert "still preparing" in refuses(await ask(ada, PLANNING), 409, "recording_not_ready")


OPTIONS_THAT_MAKE_NO_SENSE_ARE_NAMED = [
    ({"transcript": "theirs"}, "transcript"),
    ({"deliverables": ["poems"]}, "poems"),
    ({"deliverables": ["<b>"]}, "deliverables"),
    ({"language": "english"}, "language"),
    ({"file_id": ""}, "file_id"),
    ({"force": "perhaps"}, "force"),
    ({"colour": "red"}, "colour"),
    ([], "body"),
]


async def test_options_that_make_no_sense_are_named(world, ada, refuses, subtests):
    for body, word in OPTIONS_THAT_MAKE_NO_SENSE_ARE_NAMED:
        with subtests.test(body=body, word=word):
            answer = await ada.post(f"/api/zoom/download/{PLANNING}", json=body)
            assert word in refuses(answer, 422, "invalid_request")


async def test_a_known_recording_is_taken_on_while_zoom_is_away(world, ada, refuses):
    user_id = await world.user_id("ada")
    await world.keep_recording(user_id, Recording("known==", "5555555", "Known", world.clock(), None, 1, 1, None, ()))
    world.zoom.faults.set("rate_limit_daily")
    assert (await ask(ada, "known==")).status_code == 202
    refuses(await ask(ada, "4444444"), 503, "provider_daily_limit")
