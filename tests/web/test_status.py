"""The operator's figures: who may see them, what they tell, and that they name nobody."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from momentum.model import Answer, Heard, ProcessingState, Usage
from momentum.store import processings
from momentum.store.answers import StoredAnswers
from momentum.store.chunks import StoredLedger

pytestmark = pytest.mark.anyio


@pytest.fixture
def world_settings(world_settings):
    return world_settings.model_copy(update={"operators": ("ada", "local")})


async def test_operators_see_it_and_others_are_told_why_not(world, refuses):
    assert (await world.program("ada").get("/api/status")).status_code == 200
    assert "OPERATORS" in refuses(await world.program("bob").get("/api/status"), 403, "forbidden")
    refuses(await world.program(None).get("/api/status"), 401, "not_authenticated")
    browser = await world.browser()
    page = await browser.get("/status")
    assert (page.status_code, 'href="/status"' in (await browser.get("/recordings")).text) == (200, True)


async def test_somebody_else_gets_a_page_that_says_so_and_no_link(world, world_settings):
    object.__setattr__(world_settings, "operators", ("ada",))
    browser = await world.browser()
    page = await browser.get("/status")
    assert (page.status_code, "Not allowed" in page.text, "OPERATORS" in page.text) == (403, True, True)
    assert 'href="/status"' not in (await browser.get("/recordings")).text


async def test_without_a_list_everybody_is_one_on_a_momentum_of_this_machines_own_and_nobody_elsewhere(world, world_settings):
    object.__setattr__(world_settings, "operators", ())
    assert (await world.program("ada").get("/api/status")).status_code == 403
    browser = await world.browser()
    object.__setattr__(world_settings, "jwt_secret", None)
    assert (await browser.get("/status")).status_code == 200
    object.__setattr__(world_settings, "public_url", world.base)
    assert (await browser.get("/status")).status_code == 403


async def test_the_figures_are_of_all_people_and_name_nobody(world):
    user_id = await world.user_id("bob")
    processing, *_ = await world.keep_document(user_id, topic="Bob's secret", delivered=False)
    of = (world.app.database, user_id, processing.id, processing.recording_id)
    for key, tokens in (("a", 1000), ("b", 300_000)):
        await StoredAnswers(*of).put(key, Answer({"secret": "word"}, Usage(tokens, 100, 1), "gpt-6-sol"))
    await StoredLedger(*of).put("c", Heard((), "en"), engine="openai:gpt-transcribe", seconds=600.0)
    async with world.app.database.person(user_id) as connection:
        told = {"code": "media_empty", "detail": "It is empty.", "now": world.clock()}
        assert (await processings.set_failed(connection, processing.id, **told)).state is ProcessingState.FAILED
        # Events carry the database's time, which is not the test's.
        world.clock.now = await connection.scalar(text("select now()")) + timedelta(minutes=90)

    answer = await world.program("ada").get("/api/status")
    found = answer.json()
    assert [o for o in found["outcomes"] if o["state"] == "failed"] == [
        {"state": "failed", "error_code": "media_empty", "last_hour": 0, "last_day": 1}
    ]
    spent = {one["model"]: one for one in found["spending"]}
    asked, heard = spent["gpt-6-sol"], spent["openai:gpt-transcribe"]
    assert (asked["calls"], asked["input_tokens"], asked["output_tokens"]) == (2, 301_000, 200)
    assert asked["usd"] == pytest.approx(0.001 * 2 + 0.0001 * 10 + 0.3 * 4 + 0.0001 * 15)
    assert (heard["seconds"], heard["usd"]) == (600.0, pytest.approx(0.045))
    assert {t["name"] for t in found["storage"]["tables"]} >= {"transcripts", "recordings"}
    assert not any(word in answer.text for word in ("secret", "bob", str(user_id)))

    page = (await (await world.browser()).get("/status")).text
    for words in ("media_empty", "gpt-6-sol", "10 min", "No worker is running"):
        assert words in page, words
