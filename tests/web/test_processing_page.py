"""The page of one processing: each state says where it stands, what was skipped, how long it takes and what can be done."""

import re
from datetime import timedelta

import pytest

from momentum.model import STEPS, Recording, Remark
from momentum.store import processings, steps

pytestmark = pytest.mark.anyio


@pytest.fixture
async def browser(world):
    return await world.browser()


@pytest.fixture
async def user_id(world, browser):
    return await world.user_id_of(browser)


@pytest.fixture
async def processing(world, user_id):
    """A queued processing of an hour's meeting."""
    recording = Recording("one==", "1", "Weekly <b>planning</b>", world.clock(), None, 60, 1, None, ())
    return await world.keep_processing(user_id, (await world.keep_recording(user_id, recording)).id)


@pytest.fixture
def shown(world, browser, user_id, processing):
    """Does something to the processing as its worker would; gives the page's text, without markup, and its source."""

    async def show(*acts):
        async with world.app.database.person(user_id) as connection:
            for act in acts:
                await act(connection)
        page = await browser.get(f"/processings/{processing.id}")
        assert page.status_code == 200
        return " ".join(re.sub(r"<[^>]+>", " ", page.text.partition("<main")[2]).split()), page.text

    return show


@pytest.fixture
def do(world, processing):
    """What the worker does, by the name of the store's function."""

    def act(name, *values, **more):
        moment = {} if name in {"record_event", "set_notice"} else {"now": world.clock()}
        return lambda connection: getattr(processings, name)(connection, processing.id, *values, **moment, **more)

    return act


async def test_one_that_waits_for_its_turn(shown, processing):
    text, source = await shown()
    assert "Waiting for its turn" in text
    assert text.count("To come") == len(STEPS)
    assert f'data-live="/api/processings/{processing.id}/events"' in source
    assert f'action="/processings/{processing.id}/cancel"' in source
    assert "<b>" not in source


async def test_one_that_runs_says_how_far_it_is_and_how_long_it_takes(world, shown, do, user_id):
    earlier, *_ = await world.keep_document(user_id, topic="Earlier")
    async with world.app.database.person(user_id) as connection:
        await processings.set_made(connection, earlier.id, transcript_id=None, audio_seconds=600.0)
        for step in STEPS:
            await processings.finish_step(connection, earlier.id, step, seconds=60.0, now=world.clock())
    begun = (do("start_step", "discover"), do("finish_step", "discover", seconds=2.0), do("start_step", "transcribe"))
    text, _ = await shown(*begun, do("record_event", "transcribe", "running", 0.5))
    assert "Look at the recording Done · 2 sec" in text
    assert "Listen Working · 50%" in text
    assert "25% · about 27 min left" in text


async def test_what_was_skipped_and_what_came_of_it(shown, world, browser, user_id):
    made, _, deliverable_id = await world.keep_document(user_id)
    async with world.app.database.person(user_id) as connection:
        await steps.remark(connection, made.id, "transcribe", Remark.CAPTIONS)
        await steps.remark(connection, made.id, "generate", Remark.NO_MODEL)
    page = await browser.get(f"/processings/{made.id}")
    assert "instead of listening" in page.text
    assert "rules chose the highlights" in page.text
    assert f'href="/deliverables/{deliverable_id}"' in page.text
    assert "data-live" not in page.text
    assert "/cancel" not in page.text


async def test_one_that_waits_says_why_and_until_when(world, shown, do):
    until = world.clock() + timedelta(minutes=5)
    waiting = do("set_waiting", code="provider_unavailable", detail="Zoom did not answer.", until=until, counts=True)
    text, _ = await shown(do("start_step", "discover"), waiting)
    assert "Zoom did not answer. Next try" in text
    assert "in 5 minutes" in text


async def test_one_that_failed_says_what_to_do_and_is_tried_again(browser, shown, do, processing):
    failed = do("set_failed", code="media_too_long", detail="The recording is too long.")
    text, source = await shown(do("start_step", "transcribe"), failed)
    assert "The recording is too long. The operator can allow longer recordings (MAX_RECORDING_HOURS)." in text
    assert "Code: media_too_long" in text
    assert "Stopped here" in text
    assert "data-live" not in source
    here = f"/processings/{processing.id}"
    again = await browser.post(f"{here}/retry", data={"back": here})
    assert again.headers["location"] == here
    assert "Waiting for its turn" in (await shown())[0]
    elsewhere = await browser.post(f"{here}/cancel", data={"back": "//elsewhere.example"})
    assert elsewhere.headers["location"] == "/"
    assert "Try again whenever you like" not in (await shown())[0]


async def test_one_that_needs_its_person_offers_one_button(shown, do):
    stopped = do("set_action_required", code="reconnect_required", detail="Zoom no longer accepts this connection.")
    text, source = await shown(do("start_step", "discover"), stopped)
    assert "Connect Zoom again" in text
    assert 'href="/connect/zoom"' in source


async def test_a_stop_that_was_asked_for_is_seen(shown, do):
    text, source = await shown(do("start_step", "transcribe"), do("request_cancel"))
    assert "It stops as soon as it can." in text
    assert "/cancel" not in source


async def test_somebody_elses_is_not_there(world, browser):
    made, *_ = await world.keep_document(await world.user_id("ada"))
    assert (await browser.get(f"/processings/{made.id}")).status_code == 404
    assert (await (await world.browser(signed_in=False)).get(f"/processings/{made.id}")).status_code == 401
