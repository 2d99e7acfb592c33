"""What is measured of a meeting, as data and as pictures."""

import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import text

from momentum.analysis import analyse
from momentum.analysis.chapters import written
from momentum.languages.translator import ENGLISH
from momentum.model import Claim, ClaimState, Segment, Transcript
from momentum.web.pictures import timeline

pytestmark = pytest.mark.anyio
UNKNOWN = "0b7a4c1e-2f0d-4e6b-8a34-5f1c9a7e2d10"
MARKUP = "<script>alert(1)</script><image href='https://evil.example/x'/> \"O'Neil\" & \x0b\ufffe{{ 7 * 7 }}"
SAID = (
    Segment(0, 0.0, 30.0, "This is a wonderful plan and I really love it. Who else likes it?", MARKUP),
    Segment(1, 32.0, 40.0, "It is a terrible plan and I hate everything about it.", "مريم"),
)
PICTURES = ("talk-time", "timeline", "sentiment")
NAMESPACE = "{http://www.w3.org/2000/svg}"


@pytest.fixture
async def address(world):
    """Of an analysis of a meeting with markup wherever there is text."""
    topic = Claim("topic", f"Plans {MARKUP}", "a wonderful plan", (0,), state=ClaimState.VERIFIED, start=0.0)
    _, transcript_id, _ = await world.keep_document(await world.user_id("ada"), topic=MARKUP, segments=SAID, claims=(topic,))
    return f"/api/transcripts/{transcript_id}/analysis"


async def test_an_analysis_as_data(world, address):
    found = (await world.program("ada").get(address)).json()
    assert address.split("/")[3] == found["transcript_id"]
    assert [s["seconds"] for s in found["talk"]["speakers"]] == [30.0, 8.0]
    assert found["talk"]["speakers"][0]["questions"] == 1
    assert [s["value"] > 0 for s in found["sentiment"]["speakers"]] == [True, False]
    assert (found["chapters"]["source"], len(found["chapters"]["chapters"])) == ("highlights", 1)
    assert {k["text"] for k in found["keywords"]["keywords"]} == {"plan"}
    for part in ("talk", "sentiment", "chapters", "keywords"):
        assert found[part]["method"]
        assert found[part]["limits"]


@pytest.mark.parametrize("picture", PICTURES)
async def test_a_picture_holds_no_markup_of_the_meeting_and_nothing_from_elsewhere(world, address, picture):
    answer = await world.program("ada").get(f"{address}/{picture}.svg")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    root = ET.fromstring(answer.text)
    allowed = {"svg", "title", "desc", "style", "rect", "text", "line", "circle", "g"}
    assert {e.tag.removeprefix(NAMESPACE) for e in root.iter()} <= allowed
    assert not [name for e in root.iter() for name in e.attrib if name.startswith("on") or "href" in name]
    style = next(root.iter(f"{NAMESPACE}style")).text
    assert not re.search(r"url|import|//", style + " ".join(value for e in root.iter() for value in e.attrib.values()))
    texts = "".join(root.itertext())
    assert "<script>alert(1)</script>" in texts
    assert "{{ 7 * 7 }}" in texts
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("picture", PICTURES)
async def test_a_picture_is_told_in_words_too(world, address, picture):
    root = ET.fromstring((await world.program("ada").get(f"{address}/{picture}.svg")).text)
    labels = {e.get("id"): e.text for e in root if e.tag in {f"{NAMESPACE}title", f"{NAMESPACE}desc"}}
    assert root.get("role") == "img"
    assert root.get("aria-labelledby").split() == list(labels)
    assert all(labels.values())


async def test_bars_are_as_long_as_people_spoke(world, address):
    root = ET.fromstring((await world.program("ada").get(f"{address}/talk-time.svg")).text)
    widths = [float(e.get("width")) for e in root.iter(f"{NAMESPACE}rect") if e.get("class") == "fill"]
    assert widths[1] / widths[0] == pytest.approx(8 / 30, abs=0.01)


def test_numbers_of_chapters_close_together_do_not_cover_each_other():
    said = tuple(Segment(n, 25.0 * n, 25.0 * n + 9, f"We talk about plan number {n}.", "Ada") for n in range(100))
    topics = [Claim("topic", s.text, s.text, (s.id,), state=ClaimState.VERIFIED, start=s.start) for s in said]
    found = analyse(Transcript(said, "en", 2500.0, "own", "local:base"))
    drawn = timeline(replace(found, chapters=written(topics, "minutes", 2500.0)), "Plans", ENGLISH)
    places = [float(e.get("x")) for e in ET.fromstring(drawn).iter(f"{NAMESPACE}text") if e.get("y") == "70"]
    assert len(places) > 5
    assert min(after - before for before, after in pairwise(places)) >= 20


async def test_what_was_not_measured_is_said_in_the_picture(world):
    segments = (Segment(0, 0.0, 2.0, "这是一个计划。", "王小明"),)
    _, transcript_id, _ = await world.keep_document(await world.user_id("ada"), segments=segments)
    async with world.app.database.person(await world.user_id("ada")) as connection:
        await connection.execute(text("update transcripts set language = 'zh'"))
    answer = await world.program("ada").get(f"/api/transcripts/{transcript_id}/analysis/sentiment.svg")
    assert "Not measured: the lexicon is English, the meeting is in zh." in answer.text


async def test_nobody_elses_and_no_other_picture(world, address, refuses):
    refuses(await world.program("bob").get(address), 404, "not_found")
    refuses(await world.program("bob").get(f"{address}/timeline.svg"), 404, "not_found")
    refuses(await world.program("ada").get(f"/api/transcripts/{UNKNOWN}/analysis"), 404, "not_found")
    refuses(await world.program("ada").get(f"{address}/pie.svg"), 422, "invalid_request")
    refuses(await world.program(None).get(address), 401, "not_authenticated")
