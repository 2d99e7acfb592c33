"""Settings about what there is: models with their ends, the trail in words, what is kept, and deleting it."""

import io
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

import momentum
from momentum.store import audit
from momentum.web.pages.deeds import ACTIONS
from momentum.web.pages.own_data import ENTRIES

pytestmark = pytest.mark.anyio


def test_every_action_has_its_words():
    sources = [path.read_text() for path in Path(momentum.__file__).parent.rglob("*.py")]
    actions = {name for text in sources for name in re.findall(r'(?:audited|\bAct)\(\s*"([a-z_.]+)"', text)}
    assert len(actions) > 30
    assert actions - set(ACTIONS) == set()


async def test_models_are_told_with_their_ends_and_who_must_act_in_time(world, world_settings):
    object.__setattr__(world_settings, "semantic_search", True)
    browser = await world.browser()
    page = (await browser.get("/settings/models")).text
    assert "on this machine" in page
    assert "Finds by meaning" in page
    assert "No language model is set up" in page
    object.__setattr__(world_settings, "openai_api_key", "sk-test")
    object.__setattr__(world_settings, "language_model", "gpt-4o-2024-08-06")
    object.__setattr__(world_settings, "transcriber", "local")
    page = (await browser.get("/settings/models")).text
    assert "gpt-4o-2024-08-06 ends on Jan 14, 2027. The operator has to set LANGUAGE_MODEL to another one." in page
    world.clock.now = datetime(2026, 11, 14, 12, tzinfo=UTC)  # 61 days before
    assert "has to set LANGUAGE_MODEL" not in (await browser.get("/settings/models")).text


async def test_the_trail_in_words_leads_on(world):
    browser, user_id = await world.browser(), await world.user_id("local")
    *_, deliverable_id = await world.keep_document(user_id)
    async with world.app.database.person(user_id) as connection:
        acts = [audit.Act("processing.ask", f"deliverable:{deliverable_id}", "conflict", source="203.0.113.7")] * (ENTRIES + 5)
        await audit.note_all(connection, world.app.vault, user_id, acts, now=world.clock())
    await audit.chain(world.app.database)
    page = (await browser.get("/settings/audit")).text
    for shown in ("Asked to process a recording", "203.0.113.7", "<code>conflict</code>", f'href="/deliverables/{deliverable_id}"'):
        assert shown in page, shown
    (older,) = re.findall(r'<a rel="next" href="([^"]+)"', page)
    assert "Signed in" in (await browser.get(older)).text


async def test_everything_is_taken_along_as_one_file(world):
    user_id = await world.user_id("ada")
    processing, *_ = await world.keep_document(user_id, topic="../../Plan: a/b")
    await world.keep_document(user_id, topic="Draft", delivered=False)
    answer = await world.program("ada").get("/api/me/archive")
    assert (answer.headers["content-type"], "Momentum 2026-11-22.zip" in answer.headers["content-disposition"]) == ("application/zip", True)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = sorted(archive.namelist())
        ours = [name for name in names if name.startswith(f"{processing.recording_id}/2026-11-22 - Plan a b - ")]
        assert [(name.split(" - ")[2].split()[0], name.rpartition(".")[2]) for name in ours] == [
            (what, form) for what in ("Highlights", "Transcript") for form in ("json", "md")
        ]
        assert "We ship on Friday." in archive.read(ours[3]).decode()
        assert len(names) == 6  # of the draft the transcript alone
    with zipfile.ZipFile(io.BytesIO((await world.program("bob").get("/api/me/archive")).content)) as archive:
        assert archive.namelist() == []


async def test_everything_is_deleted_by_whoever_types_the_word(world):
    browser = await world.browser()
    await world.keep_document(await world.user_id("local"))
    page = (await browser.get("/settings/data")).text
    assert re.findall(r'scope="row">(\w+)</th><td class="figure">1<', page) == ["Recordings", "Processings", "Transcripts", "Documents"]
    for path in re.findall(r'<li><a href="(/api/[^"]+)"', page):
        assert (await browser.get(path, headers={"accept": "*/*"})).status_code == 200, path
    refused = await browser.post("/settings/data/delete", data={"word": "yes"})
    assert (refused.status_code, "type the word delete" in refused.text) == (422, True)
    gone = await browser.post("/settings/data/delete", data={"word": " Delete "})
    assert (gone.status_code, "Everything is deleted" in gone.text) == (200, True)
    assert (await browser.get("/recordings")).status_code == 401
