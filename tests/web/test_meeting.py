"""A meeting's page: claims with their evidence, the reader's word on them, what was said, and what is put right."""

import asyncio
import re
from html import unescape

import pytest

from momentum.model import Claim, ClaimState, Coverage, Segment
from momentum.web.pages import meeting
from momentum.web.pages.evidence import marked
from momentum.web.pages.shown import WINDOW

pytestmark = pytest.mark.anyio

SEGMENTS = (
    Segment(0, 0.0, 2.0, "Good morning everybody.", speaker="Ada"),
    Segment(1, 2.0, 4.0, "We ship the beta on Friday, all of us.", speaker="Ada"),
    Segment(2, 4.0, 6.0, "I will write the release notes by Thursday.", speaker="Ben"),
)
CLAIMS = (
    Claim("decision", "The beta ships on Friday", "We ship the beta on Friday", (1,), state=ClaimState.VERIFIED, start=2.0),
    Claim(
        "action",
        "Write the release notes",
        "I will write the release notes by Thursday",
        (2,),
        owner="Ben",
        due_words="by Thursday",
        state=ClaimState.NEEDS_CONFIRMATION,
        reason="Nobody says who.",
        start=4.0,
    ),
    Claim("decision", "The price doubles", "", (), state=ClaimState.DROPPED, reason="Nobody said it."),
)


@pytest.fixture
async def kept(world):
    """(browser, path of the meeting, transcript id, deliverable id)."""
    coverage = Coverage(sent=(0, 1, 2), cited=(1, 2))
    of = {"claims": CLAIMS, "segments": SEGMENTS, "model": "gpt-6-luna", "kind": "minutes", "coverage": coverage}
    _, transcript_id, deliverable_id = await world.keep_document(await world.user_id("local"), **of)
    browser = await world.browser()
    path = (await browser.get(f"/deliverables/{deliverable_id}")).headers["location"]
    return browser, path.partition("?")[0], transcript_id, deliverable_id


def claim(page, number):
    """The markup of one claim."""
    return re.search(rf'<li id="claim-{number}".*?</li>', page.text, re.DOTALL)[0]


async def rule(kept, number, page=None, **fields):
    """Press a claim's button, on `page` where one is given; gives the page that follows."""
    browser, _, _, deliverable_id = kept
    action, hidden = f"/deliverables/{deliverable_id}/claims/{number}", {}
    if page is not None:
        action = unescape(re.search(r'action="([^"]+)"', claim(page, number))[1])
        hidden = dict(re.findall(r'<input type="hidden" name="(correction)" value="([^"]+)">', claim(page, number)))
    answer = await browser.post(action, data=hidden | fields)
    assert (answer.status_code, answer.headers["location"].endswith(f"#claim-{number}")) == (303, True), answer.text
    return await browser.get(answer.headers["location"].partition("#")[0])


async def test_a_claim_shows_its_state_its_evidence_and_where_to_hear_it(kept):
    browser, path, _, deliverable_id = kept
    page = await browser.get(path)
    assert "Verified" in claim(page, 0)
    assert f'href="{path}?document={deliverable_id}&amp;claim=0#s1"' in claim(page, 0)
    assert all(words in claim(page, 1) for words in ("Needs you", "Nobody says who.", "Owner: Ben", "by Thursday", "Ben"))
    assert "Left out" in claim(page, 2)
    assert 'class="cited"' in page.text  # of the coverage bar
    chosen = await browser.get(f"{path}?claim=0")
    assert '<span id="s1" class="cited"><mark>We ship the beta on Friday</mark>, all of us.</span>' in chosen.text
    assert re.search(r'<details id="evidence-0"\s+open>', claim(chosen, 0))


async def test_a_claim_is_confirmed_edited_rejected_and_each_is_undone(kept):
    assert "Confirmed by you" in claim(await rule(kept, 1, ruling="confirm"), 1)
    assert "Confirmed by you" in claim(await rule(kept, 1, ruling="confirm"), 1), "twice changes nothing"
    page = await rule(kept, 1, ruling="edit", text="Write them", owner="Ada", due_date="2026-11-26")
    edited = claim(page, 1)
    assert all(
        words in edited for words in ("Edited by you", "Write them", "Owner: Ada", "26", "Before your edit:", "Write the release notes")
    )
    undone = await rule(kept, 1, page, ruling="undo")
    assert "Confirmed by you" in claim(undone, 1)
    assert "Confirmed by you" in claim(await rule(kept, 1, page, ruling="undo"), 1), "the same button again takes nothing more away"
    rejected = await rule(kept, 1, ruling="reject")
    assert rejected.text.index("2 left out") < rejected.text.index('id="claim-1"')
    again = rejected
    for _ in range(2):
        again = await rule(kept, 1, again, ruling="undo")
    assert "Needs you" in claim(again, 1)
    assert "Undo" not in claim(again, 1)
    browser, _, _, deliverable_id = kept
    assert (await browser.post(f"/deliverables/{deliverable_id}/claims/1", data={"ruling": "edit", "text": " "})).status_code == 422
    assert (await browser.post(f"/deliverables/{deliverable_id}/claims/9", data={"ruling": "confirm"})).status_code == 422
    assert (await browser.post(f"/deliverables/{deliverable_id}/claims/-1", data={"ruling": "confirm"})).status_code == 404


async def test_what_is_sent_twice_at_once_is_done_once(kept):
    browser, path, transcript_id, deliverable_id = kept
    for where, fields in (
        (f"/deliverables/{deliverable_id}/claims/0", {"ruling": "confirm"}),
        (f"/transcripts/{transcript_id}/correct", {"kind": "fix_term", "term": "beta", "replacement": "preview"}),
    ):
        answers = await asyncio.gather(*(browser.post(where, data=fields) for _ in range(3)))
        assert {one.status_code for one in answers} == {303}, [one.text for one in answers]
        assert {one.headers["location"].startswith((path, "/corrections/")) for one in answers} == {True}
    assert "2 corrections" in (await browser.get(path)).text


async def test_a_word_on_a_claim_leaves_what_is_open_beside_it_where_it_is(kept):
    browser, path, _, deliverable_id = kept
    opened = await browser.get(f"{path}?document={deliverable_id}&at=2&claim=0")
    after = await rule(kept, 1, opened, ruling="confirm")
    assert str(after.url).endswith(f"?document={deliverable_id}&at=2&claim=0")
    assert '<span id="s2" class="cited">' in after.text
    assert re.search(r'<details id="evidence-0"\s+open>', claim(after, 0))


async def test_a_name_and_a_term_are_looked_at_before_they_are_put_right(kept):
    browser, path, transcript_id, _ = kept
    where = f"/transcripts/{transcript_id}/correct"
    looked = await browser.get(where, params={"kind": "rename_speaker", "speaker": "Ben", "name": "Benjamin <b>"})
    assert "<ins>Benjamin &lt;b&gt;</ins>" in looked.text
    assert "Benjamin" not in (await browser.get(path)).text
    fields = dict(
        re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', looked.text.partition("Accept")[0].rpartition("<form")[2])
    )
    done = await browser.post(where, data={name: unescape(value) for name, value in fields.items()})
    after = await browser.get((await browser.get(done.headers["location"])).headers["location"])
    assert after.text.count("Benjamin &lt;b&gt;") >= 3
    assert "1 correction" in after.text
    listed = await browser.get(f"/transcripts/{transcript_id}/corrections")
    (undo,) = re.findall(r'action="(/corrections/[^"]+/undo)"', listed.text)
    assert "undone" in (await browser.get((await browser.post(undo)).headers["location"])).text
    nothing = await browser.get(where, params={"kind": "fix_term", "term": "nowhere", "replacement": "x"})
    assert "This would change nothing here." in nothing.text
    same = await browser.get(where, params={"kind": "edit_segment", "segment": "1", "text": SEGMENTS[1].text})
    assert "This would change nothing here." in same.text
    assert f'href="/transcripts/{transcript_id}/segments/1"' in same.text
    assert "Fill in both fields" in (await browser.get(where, params={"kind": "fix_term", "term": "x"})).text


async def test_what_was_said_is_edited_and_given_to_somebody_else(kept):
    browser, path, transcript_id, _ = kept
    form = await browser.get(f"/transcripts/{transcript_id}/segments/0", params={"last": 1})
    assert form.text.count("<textarea") == 2
    where = f"/transcripts/{transcript_id}/correct"
    for fields in (
        {"kind": "edit_segment", "segment": "0", "text": "Good evening."},
        {"kind": "reassign", "first": "1", "last": "1", "speaker": "Cleo"},
    ):
        assert "Accept" in (await browser.get(where, params=fields)).text
        assert (await browser.post(where, data=fields)).headers["location"].startswith(path)
    page = await browser.get(path)
    assert "Good evening." in page.text
    assert "Cleo" in page.text
    assert (await browser.get(f"/transcripts/{transcript_id}/segments/77")).status_code == 404


async def test_all_that_one_voice_says_on_a_page_can_be_edited(world):
    segments = tuple(Segment(n, n * 1.0, n + 1.0, f"Sentence {n:04}.") for n in range(WINDOW + 5))
    _, transcript_id, _ = await world.keep_document(await world.user_id("local"), segments=segments)
    browser = await world.browser()
    form = await browser.get(f"/transcripts/{transcript_id}/segments/0", params={"last": WINDOW - 1})
    assert form.text.count("<textarea") == WINDOW
    form = await browser.get(f"/transcripts/{transcript_id}/segments/0", params={"last": WINDOW + 4})
    assert form.text.count("<textarea") == WINDOW


async def test_an_old_version_opens_however_many_came_after_it(world, kept, monkeypatch):
    browser, path, _, deliverable_id = kept
    monkeypatch.setattr(meeting, "MOST_DOCUMENTS", 1)
    await world.keep_document(await world.user_id("local"), topic="Another", kind="minutes")
    assert "The beta ships on Friday" in (await browser.get(path, params={"document": str(deliverable_id)})).text
    _, _, elsewhere = await world.keep_document(await world.user_id("local"), topic="Elsewhere", kind="minutes")
    assert (await browser.get(path, params={"document": str(elsewhere)})).status_code == 404


async def test_a_long_transcript_comes_in_stretches_that_lead_to_one_another(world):
    segments = tuple(Segment(n, n * 1.0, n + 1.0, f"Sentence {n:04}.", speaker=f"S{n // 7 % 3}") for n in range(WINDOW * 3))
    _, _, deliverable_id = await world.keep_document(await world.user_id("local"), segments=segments)
    browser = await world.browser()
    path = (await browser.get(f"/deliverables/{deliverable_id}")).headers["location"]
    seen = []
    while path:
        page = await browser.get(path)
        seen += re.findall(r"Sentence (\d{4})", page.text)
        path = next(iter(re.findall(r'rel="next" href="([^"#]+)', page.text)), None)
        path = path and unescape(path)
    assert sorted(set(seen)) == [f"{n:04}" for n in range(WINDOW * 3)]
    assert len(page.content) < 150_000


async def test_another_kind_of_document_is_a_button_away(world, kept):
    browser, path, _, _ = kept
    page = await browser.get(path)
    assert re.findall(r'<option value="([^"]+)">', page.text.partition('name="document"')[2]) == ["highlights"], "a model is not set up"
    asked = await browser.post(f"/recordings/{path.rpartition('/')[2]}/process", data={"document": "highlights"})
    assert re.fullmatch("/processings/[0-9a-f-]{36}", asked.headers["location"])
    assert (await browser.get(asked.headers["location"])).status_code == 200
    assert "See how far it is" in (await browser.get(path)).text
    for document in ("poems", "-1", "own:x", "a\0b"):
        refused = await browser.post(f"/recordings/{path.rpartition('/')[2]}/process", data={"document": document})
        assert (refused.status_code, "There is no deliverable" in refused.text) == (422, True), document


async def test_the_figures_have_a_page(kept):
    browser, path, transcript_id, _ = kept
    page = await browser.get(f"{path}/analysis", params={"transcript": transcript_id})
    assert all(words in page.text for words in ("Ada", "talk-time.svg", "timeline.svg", "sentiment.svg"))


async def test_nobody_sees_or_touches_the_meeting_of_somebody_else(world, kept):
    _, path, transcript_id, deliverable_id = kept
    other = await world.browser(subject="eve")
    asked = [("GET", p) for p in (path, f"{path}?document={deliverable_id}", f"/deliverables/{deliverable_id}")]
    asked += [("GET", f"/transcripts/{transcript_id}/{what}") for what in ("correct", "corrections", "segments/0")]
    asked += [("GET", f"{path}/analysis?transcript={transcript_id}"), ("GET", f"/deliverables/{deliverable_id}/changes")]
    for method, where in asked:
        assert (await other.request(method, where)).status_code == 404, where
    sent = {"ruling": "confirm", "kind": "fix_term", "term": "beta", "replacement": "x"}
    for where in (f"/deliverables/{deliverable_id}/claims/0", f"/transcripts/{transcript_id}/correct"):
        assert (await other.post(where, data=sent)).status_code == 404, where


async def test_a_page_counts_the_same_queries_for_few_claims_and_for_many(world, queries):
    counts = []
    for number in (1, 60):
        claims = CLAIMS[:1] * number
        _, _, deliverable_id = await world.keep_document(await world.user_id("local"), topic=f"With {number}", claims=claims)
        browser = await world.browser()
        path = (await browser.get(f"/deliverables/{deliverable_id}")).headers["location"]
        with queries() as told:
            assert (await browser.get(path)).status_code == 200
        counts.append(len(told))
    assert counts[0] == counts[1]
    assert counts[0] < 25


def test_a_quote_is_marked_where_it_stands():
    assert marked("So, we ship it on Friday, I think.", "We ship it on Friday") == [
        ("So, ", False),
        ("we ship it on Friday", True),
        (", I think.", False),
    ]
    assert marked("Something else was said.", "We ship it on Friday") == [("Something else was said.", False)]
    assert marked("", "x") == [("", False)]
