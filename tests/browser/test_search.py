"""Search in a real browser: from the field to the moment, and a question to its evidence."""

import os
from pathlib import Path

import openai_standin
import pytest

from momentum.llm import LanguageModel
from momentum.pipeline.index import index
from momentum.store import deliverables
from momentum.web.links import local_person, sign_in_link

pytestmark = pytest.mark.anyio


async def keep_findable(served, topic, text):
    path = await served.keep_document(topic, text)
    user_id = (await local_person(served.app.database, served.app.settings)).id
    async with served.app.database.person(user_id) as connection:
        rows = (await deliverables.page(connection, user_id, size=50)).rows
    recording_id = next(row.recording_id for row in rows if path.endswith(str(row.id)))
    await index(served.app.database, user_id, recording_id)
    return recording_id


async def test_from_the_field_to_the_moment_and_from_a_question_to_its_evidence(served, chromium, tmp_path):
    shots = Path(os.environ.get("MOMENTUM_SCREENSHOTS", tmp_path))
    recording_id = await keep_findable(served, "Weekly planning", "We ship the reader on Friday.")
    await keep_findable(served, "Customer call", "The reader costs twenty euros, and nobody complained.")
    async with openai_standin.running() as standin:
        sentence = {"text": "The team ships the reader on Friday.", "quote": "We ship the reader on Friday.", "segment_ids": [0]}
        lost = {"text": "It rains.", "quote": "It rains.", "segment_ids": [0]}
        standin.faults.append(openai_standin.says({"sentences": [sentence, lost]}))
        llm = LanguageModel(openai_standin.KEY, standin.base_url, "gpt-6-luna", "responses", 120_000, clock=served.app.clock)
        served.app.tools.__dict__.update(llm=llm, embedder=None)
        page = await chromium.new_page()
        await page.goto(await sign_in_link(served.app))
        await page.get_by_role("link", name="Search").click()
        await page.get_by_role("heading", name="How to search").wait_for()
        await page.screenshot(path=shots / "search-empty.png", full_page=True)
        await page.get_by_label("Words, or a question").fill("When is the reader shipped?")
        await page.get_by_role("button", name="Ask").click()
        await page.get_by_text("1 sentence was left out").wait_for()
        await page.screenshot(path=shots / "search-answer.png", full_page=True)
        await llm.aclose()

    await page.get_by_label("Words, or a question").fill("readers")
    await page.get_by_label("Words, or a question").press("Enter")
    await page.get_by_role("heading", name="passages").wait_for()
    assert await page.locator("mark").all_inner_texts() == ["reader"] * await page.locator("mark").count()
    await page.screenshot(path=shots / "search.png", full_page=True)
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.emulate_media(color_scheme="dark")
    await page.screenshot(path=shots / "search-dark-narrow.png", full_page=True)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.locator(f'a[href="/meetings/{recording_id}?at=0#s0"]').click()
    await page.locator("#s0").wait_for()
    assert chromium.complaints == []
