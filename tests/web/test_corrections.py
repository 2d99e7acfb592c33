"""Correct once, right everywhere: transcript, documents, subtitles, pages; and back again."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import openai_standin
import psycopg
import pytest
from pydantic import SecretStr

from momentum.corrections import FixTerm
from momentum.model import Claim, ClaimState, Segment, Word
from momentum.pipeline import elsewhere
from momentum.store import corrections, deliverables

pytestmark = pytest.mark.anyio
UNKNOWN = "0b7a4c1e-2f0d-4e6b-8a34-5f1c9a7e2d10"


def said(number, start, speaker, text):
    words = tuple(Word(word, start + n, start + n + 1.0, 0.9) for n, word in enumerate(text.split()))
    return Segment(number, start, words[-1].end, text, speaker=speaker, words=words)


SEGMENTS = (
    said(0, 0.0, "Speaker 1", "We ship the Acme Crop portal on Friday."),
    said(1, 20.0, "Speaker 2", "I will tell them. Great, thank you."),
)
CLAIMS = (
    Claim("decision", "Acme Crop ships on Friday", "We ship the Acme Crop portal on Friday.", (0,), state=ClaimState.VERIFIED, start=0.0),
    Claim("action", "Tell the customer", "I will tell them.", (1,), owner="Speaker 2", state=ClaimState.NEEDS_CONFIRMATION, reason="Why?"),
)


@pytest.fixture
async def standin():
    async with openai_standin.running() as server:
        yield server


@pytest.fixture
def world_settings(world_settings, standin):
    """A world that has a language model, and would be seen asking it."""
    model = {"openai_api_key": SecretStr(openai_standin.KEY), "openai_base_url": standin.base_url}
    return world_settings.model_copy(update=model)


@pytest.fixture
def meeting(world):
    """Keeps a meeting of somebody's; gives their program, the transcript's path and the deliverable's."""

    async def keep(subject="ada", topic="Acme Crop portal", **values):
        values = {"segments": SEGMENTS, "claims": CLAIMS} | values
        _, transcript_id, deliverable_id = await world.keep_document(await world.user_id(subject), topic=topic, **values)
        return world.program(subject), f"/api/transcripts/{transcript_id}", f"/api/deliverables/{deliverable_id}"

    return keep


@pytest.fixture
def correct():
    """Makes a correction; gives the answer's body."""

    async def make(program, path, kind, *, preview=False, **fields):
        answer = await program.post(f"{path}/corrections", params={"preview": preview}, json={"kind": kind, **fields})
        assert answer.status_code == (200 if preview else 201), answer.text
        return answer.json()

    return make


async def everything(program, transcript, deliverable):
    """All that a person can read of a meeting, as one text."""
    answers = [
        await program.get(transcript), await program.get(deliverable), await program.get("/api/deliverables"),
        *[await program.get(transcript, params={"format": f}) for f in ("vtt", "srt", "text")],
        await program.get(deliverable, params={"format": "markdown"}),
    ]  # fmt: skip
    assert {a.status_code for a in answers} == {200}
    return [a.text for a in answers]


async def test_a_renamed_speaker_and_a_fixed_term_reach_everything_and_no_model_is_asked(world, standin, meeting, correct):
    await world.app.tools.llm.end_date()
    assert len(standin.log) == 1, "a call would be seen"
    ada, transcript, deliverable = await meeting()
    await correct(ada, transcript, "rename_speaker", speaker="Speaker 2", name="Dana Lee")
    await correct(ada, transcript, "fix_term", term="Acme Crop", replacement="Acme Corp")
    data, document, listed, vtt, srt, text, markdown = await everything(ada, transcript, deliverable)
    assert all("Acme Crop" not in form for form in (listed, vtt, srt, text, markdown))
    assert all("Acme Corp" in form for form in (data, document, listed, vtt, srt, text, markdown))
    assert "<v Dana Lee>I will tell them." in vtt
    assert "Dana Lee: I will tell them." in srt
    assert "owner: Dana Lee" in markdown
    claim = (await ada.get(deliverable)).json()["claims"][1]
    assert (claim["owner"], claim["original"]["owner"], claim["state"], claim["ruling"]) == (
        "Dana Lee",
        "Speaker 2",
        "needs_confirmation",
        None,
    )
    segment = (await ada.get(transcript)).json()["segments"][0]
    assert segment["original"] == {"text": "We ship the Acme Crop portal on Friday.", "speaker": "Speaker 1"}
    assert [w["text"] for w in segment["words"]] == segment["text"].split()
    await world.app.tools.llm.aclose()
    assert len(standin.log) == 1, standin.paths


async def test_the_machines_result_is_kept_and_undoing_brings_it_back(meeting, correct):
    ada, transcript, deliverable = await meeting()
    before = await everything(ada, transcript, deliverable)
    made = [
        await correct(ada, transcript, "merge_speakers", speakers=["Speaker 1", "Speaker 2"], name="Ada"),
        await correct(ada, transcript, "reassign", first=1, last=1, first_word=4, speaker="Dana"),
        await correct(ada, transcript, "edit_segment", segment=0, text="We never ship the portal on Friday."),
        await correct(ada, deliverable, "reject_claim", claim=0),
    ]
    assert len((await ada.get(transcript)).json()["segments"]) == 3
    assert (await ada.get(transcript, params={"original": True, "format": "vtt"})).text == before[3]
    assert (await ada.get(deliverable, params={"original": True})).text == before[1]
    listed = (await ada.get(f"{transcript}/corrections")).json()["corrections"]
    assert [c["kind"] for c in listed] == ["merge_speakers", "reassign", "edit_segment", "reject_claim"]
    assert listed[1]["body"] == {"first": 1, "last": 1, "first_word": 4, "speaker": "Dana"}
    for one in made:
        undone = (await ada.delete(f"/api/corrections/{one['correction']['id']}")).json()
        assert undone["withdrawn_at"] is not None
    assert await everything(ada, transcript, deliverable) == before
    assert all(c["withdrawn_at"] for c in (await ada.get(f"{transcript}/corrections")).json()["corrections"])


async def test_a_correction_that_is_sent_twice_at_once_is_made_once_and_undone_at_once(meeting):
    ada, transcript, _ = await meeting()
    asked = {"kind": "rename_speaker", "speaker": "Speaker 1", "name": "Ada"}
    answers = await asyncio.gather(*(ada.post(f"{transcript}/corrections", json=asked) for _ in range(6)))
    assert sorted(a.status_code for a in answers) == [201] + [422] * 5
    (made,) = [a.json()["correction"]["id"] for a in answers if a.status_code == 201]
    await ada.delete(f"/api/corrections/{made}")
    assert (await ada.get(transcript)).json()["segments"][0]["speaker"] == "Speaker 1"


async def test_undoing_one_leaves_those_after_it(meeting, correct):
    ada, transcript, _ = await meeting()
    first = await correct(ada, transcript, "rename_speaker", speaker="Speaker 1", name="Ada")
    await correct(ada, transcript, "rename_speaker", speaker="Speaker 2", name="Bob")
    await ada.delete(f"/api/corrections/{first['correction']['id']}")
    assert [s["speaker"] for s in (await ada.get(transcript)).json()["segments"]] == ["Speaker 1", "Bob"]


async def test_a_preview_tells_what_would_change_and_changes_nothing(meeting, correct):
    ada, transcript, deliverable = await meeting()
    before = await everything(ada, transcript, deliverable)
    looked = await correct(ada, transcript, "fix_term", preview=True, term="Acme Crop", replacement="Acme Corp")
    assert looked["correction"] is None
    assert [(d["where"], d["field"], d["id"]) for d in looked["differences"]] == [
        ("segment", "text", 0),
        ("title", "title", None),
        ("claim", "text", 0),
        ("claim", "quote", 0),
    ]
    assert looked["differences"][0]["after"] == "We ship the Acme Corp portal on Friday."
    assert {d["deliverable_id"] for d in looked["differences"][1:]} == {deliverable.rpartition("/")[2]}
    assert await everything(ada, transcript, deliverable) == before
    assert (await ada.get(f"{transcript}/corrections")).json() == {"corrections": []}
    made = await correct(ada, transcript, "fix_term", term="Acme Crop", replacement="Acme Corp")
    assert made["differences"] == looked["differences"]


async def test_a_persons_word_on_a_claim_stands_beside_what_code_found(meeting, correct):
    ada, _, deliverable = await meeting()
    await correct(ada, deliverable, "confirm_claim", claim=1)
    confirmed = (await ada.get(deliverable)).json()["claims"][1]
    assert (confirmed["ruling"], confirmed["state"], confirmed["original"]) == ("confirmed", "needs_confirmation", None)
    markdown = (await ada.get(deliverable, params={"format": "markdown"})).text
    assert "**1 of 1 verified; 1 confirmed by a person.**" in markdown
    assert "needs you" not in markdown
    await correct(
        ada, deliverable, "edit_claim", claim=1, text="Call the customer", owner="Dana", due_words="tomorrow", due_date="2026-11-23"
    )
    edited = (await ada.get(deliverable)).json()["claims"][1]
    assert (edited["text"], edited["owner"], edited["due_date"], edited["ruling"]) == ("Call the customer", "Dana", "2026-11-23", "edited")
    assert (edited["original"]["text"], edited["original"]["owner"]) == ("Tell the customer", "Speaker 2")
    await correct(ada, deliverable, "reject_claim", claim=0)
    markdown = (await ada.get(deliverable, params={"format": "markdown"})).text
    assert "**1 edited by a person; 1 rejected by a person.**" in markdown
    assert "Decisions" not in markdown


async def test_the_page_shows_what_was_corrected(world, meeting, correct):
    browser = await world.browser()
    user_id = await world.user_id_of(browser)
    _, transcript_id, deliverable_id = await world.keep_document(user_id, topic="Acme Crop", segments=SEGMENTS, claims=CLAIMS)
    answer = await browser.post(
        f"/api/transcripts/{transcript_id}/corrections", json={"kind": "fix_term", "term": "Acme Crop", "replacement": "<b>Acme</b>"}
    )
    assert answer.status_code == 201
    for page in (await browser.get("/recordings"), await browser.read(deliverable_id)):
        shown = page.text
        assert "&lt;b&gt;Acme&lt;/b&gt;" in shown
        assert "<b>Acme</b>" not in shown


REFUSED = [
    ("transcript", {"kind": "rename_speaker", "speaker": "Eve", "name": "Ada"}, "Nobody called 'Eve' speaks here."),
    ("transcript", {"kind": "rename_speaker", "speaker": "Speaker 1", "name": "Speaker 1"}, "This would change nothing here."),
    ("transcript", {"kind": "fix_term", "term": "Zebra", "replacement": "x"}, "This would change nothing here."),
    ("transcript", {"kind": "edit_segment", "segment": 9, "text": "x"}, "There is no segment 9."),
    ("transcript", {"kind": "reassign", "first": 1, "last": 0, "speaker": None}, "The first segment comes after the last."),
    ("deliverable", {"kind": "confirm_claim", "claim": 2}, "There is no claim 2."),
    ("transcript", {"kind": "rename_speaker", "speaker": "Speaker 1", "name": " \u202e "}, "name: "),
    ("transcript", {"kind": "rename_speaker", "speaker": "Speaker 1", "name": "x" * 201}, "name: "),
    ("transcript", {"kind": "confirm_claim", "claim": 0}, "kind"),
    ("deliverable", {"kind": "fix_term", "term": "a", "replacement": "b"}, "kind"),
    ("transcript", {"kind": "fix_term", "term": "a", "replacement": "b", "more": 1}, "more"),
]


async def test_what_is_refused(meeting, refuses, subtests):
    ada, transcript, deliverable = await meeting()
    for where, asked, sentence in REFUSED:
        with subtests.test(asked=asked):
            path = transcript if where == "transcript" else deliverable
            assert sentence in refuses(await ada.post(f"{path}/corrections", json=asked), 422, "invalid_request")
    assert (await ada.get(f"{transcript}/corrections")).json() == {"corrections": []}


async def test_what_is_somebody_elses_does_not_exist(world, meeting, correct, refuses):
    ada, transcript, deliverable = await meeting()
    made = (await correct(ada, transcript, "fix_term", term="Friday", replacement="Monday"))["correction"]["id"]
    await meeting("bob", topic="Other")
    term, claim = {"kind": "fix_term", "term": "Monday", "replacement": "x"}, {"kind": "confirm_claim", "claim": 0}
    bob = world.program("bob")
    for answer in (
        await bob.post(f"{transcript}/corrections", json=term),
        await bob.post(f"{transcript}/corrections", json=term, params={"preview": True}),
        await bob.post(f"{deliverable}/corrections", json=claim),
        await bob.get(f"{transcript}/corrections"),
        await bob.delete(f"/api/corrections/{made}"),
        await bob.get(f"/api/corrections/{made}/elsewhere"),
        await bob.post(f"/api/corrections/{made}/elsewhere", json={"transcript_ids": [UNKNOWN]}),
        await ada.delete(f"/api/corrections/{UNKNOWN}"),
        await ada.post(f"/api/corrections/{made}/elsewhere", json={"transcript_ids": [UNKNOWN]}),
    ):
        refuses(answer, 404, "not_found")
    assert [c["id"] for c in (await ada.get(f"{transcript}/corrections")).json()["corrections"] if not c["withdrawn_at"]] == [made]


async def test_a_fixed_term_is_offered_to_other_meetings_and_carried_over_on_demand(world, meeting, correct):
    ada, transcript, _ = await meeting()
    _, second, _ = await meeting(topic="A week later")
    await meeting(topic="Elsewhere", segments=(said(0, 0.0, "Speaker 1", "Nothing of the kind."),), claims=())
    await meeting("bob", topic="Not hers")
    made = (await correct(ada, transcript, "fix_term", term="Acme Crop", replacement="Acme Corp"))["correction"]["id"]
    (offer,) = (await ada.get(f"/api/corrections/{made}/elsewhere")).json()["offers"]
    assert (offer["topic"], offer["transcript_id"]) == ("A week later", second.rpartition("/")[2])
    assert ("segment", "We ship the Acme Corp portal on Friday.") in [(d["where"], d["after"]) for d in offer["differences"]]
    assert "Acme Crop" in (await ada.get(second, params={"format": "text"})).text
    answer = await ada.post(f"/api/corrections/{made}/elsewhere", json={"transcript_ids": [offer["transcript_id"]]})
    assert [c["transcript_id"] for c in answer.json()["corrections"]] == [offer["transcript_id"]]
    assert "Acme Corp" in (await ada.get(second, params={"format": "text"})).text
    assert (await ada.get(f"/api/corrections/{made}/elsewhere")).json() == {"offers": [], "complete": True}


async def test_a_name_is_offered_where_that_person_speaks_and_what_is_about_one_meeting_is_not(meeting, correct, refuses):
    dana = (said(0, 0.0, "Dana", "We ship on Friday."), said(1, 20.0, "Speaker 2", "I will tell them."))
    ada, transcript, _ = await meeting(segments=dana)
    _, second, _ = await meeting(topic="A week later", segments=dana)
    await meeting(topic="Only named", segments=(said(0, 0.0, "Eve", "Dana was away."),), claims=())
    named = (await correct(ada, transcript, "rename_speaker", speaker="Dana", name="Dana Lee"))["correction"]["id"]
    assert [o["topic"] for o in (await ada.get(f"/api/corrections/{named}/elsewhere")).json()["offers"]] == ["A week later"]
    edited = (await correct(ada, transcript, "edit_segment", segment=0, text="x"))["correction"]["id"]
    assert (await ada.get(f"/api/corrections/{edited}/elsewhere")).json() == {"offers": [], "complete": True}
    answer = await ada.post(f"/api/corrections/{edited}/elsewhere", json={"transcript_ids": [second.rpartition("/")[2]]})
    assert refuses(answer, 422, "invalid_request") == "This correction is about one meeting alone."


NUMBERED = [
    ("rename_speaker", {"speaker": "Speaker 1", "name": "Ada"}),
    ("merge_speakers", {"speakers": ["Speaker 1", "Dana"], "name": "Dana"}),
]


@pytest.mark.parametrize(("kind", "asked"), NUMBERED)
async def test_numbered_speakers_are_offered_nowhere(meeting, correct, refuses, kind, asked):
    both = (said(0, 0.0, "Speaker 1", "We ship."), said(1, 9.0, "Dana", "Good."))
    ada, transcript, _ = await meeting(segments=both)
    _, second, _ = await meeting(topic="A week later", segments=both)
    made = (await correct(ada, transcript, kind, **asked))["correction"]["id"]
    assert (await ada.get(f"/api/corrections/{made}/elsewhere")).json() == {"offers": [], "complete": True}
    answer = await ada.post(f"/api/corrections/{made}/elsewhere", json={"transcript_ids": [second.rpartition("/")[2]]})
    assert refuses(answer, 422, "invalid_request") == "This correction is about one meeting alone."


FOUND = [
    ("größe", "Die GRÖSSE und die Größe."), ('Grö"ße\\', 'Die Grö"ße\\ hier.'), ("c++ (new)", "We use C++  (New)."), ("東京", "東京で"),
]  # fmt: skip


@pytest.mark.parametrize(("term", "text"), FOUND)
async def test_a_term_of_any_characters_is_found_in_other_meetings(meeting, correct, term, text):
    ada, transcript, _ = await meeting(segments=(said(0, 0.0, "Ada", text),), claims=())
    await meeting(topic="A week later", segments=(said(0, 0.0, "Ada", text),), claims=())
    made = (await correct(ada, transcript, "fix_term", term=term, replacement="x"))["correction"]["id"]
    assert [o["topic"] for o in (await ada.get(f"/api/corrections/{made}/elsewhere")).json()["offers"]] == ["A week later"]


async def test_a_cut_in_another_meeting_is_known_there(meeting, correct):
    ada, transcript, _ = await meeting()
    _, second, _ = await meeting(topic="A week later")
    await correct(ada, second, "reassign", first=0, last=0, first_word=2, speaker="Dana")
    made = (await correct(ada, transcript, "fix_term", term="Acme Crop", replacement="Acme Corp"))["correction"]["id"]
    (offer,) = (await ada.get(f"/api/corrections/{made}/elsewhere")).json()["offers"]
    assert ("segment", "the Acme Corp portal on Friday.") in [(d["where"], d["after"]) for d in offer["differences"]]


async def test_no_more_meetings_are_looked_into_once_the_time_is_over(world, meeting, correct):
    ada, transcript, _ = await meeting()
    await meeting(topic="A week later")
    made = (await correct(ada, transcript, "fix_term", term="Acme Crop", replacement="Acme Corp"))["correction"]["id"]
    user_id = await world.user_id("ada")
    assert await elsewhere.offers(world.app.database, user_id, UUID(made), seconds=0) == elsewhere.Offers((), complete=False)


async def test_all_meetings_are_looked_through_page_by_page(world, meeting, correct):
    _, transcript, _ = await meeting()
    others = [(await meeting(topic=f"{n} weeks later"))[1].rpartition("/")[2] for n in range(5)]
    user_id, place, found = await world.user_id("ada"), None, []
    async with world.app.database.person(user_id) as connection:
        for _ in range(3):
            page, place = await corrections.mentioning(connection, user_id, FixTerm("crop", "x"), beside=uuid4(), after=place, size=2)
            found.append([str(one) for one in page])
        last = await corrections.mentioning(connection, user_id, FixTerm("crop", "x"), beside=uuid4(), after=place, size=2)
    assert found == [others[:2:-1], others[2:0:-1], [others[0], transcript.rpartition("/")[2]]]
    assert last == ([], None)


async def test_carrying_over_makes_all_or_none(meeting, correct, refuses):
    ada, transcript, _ = await meeting()
    _, second, _ = await meeting(topic="A week later")
    _, third, _ = await meeting(topic="Elsewhere", segments=(said(0, 0.0, "Eve", "Nothing of the kind."),), claims=())
    made = (await correct(ada, transcript, "fix_term", term="Acme Crop", replacement="Acme Corp"))["correction"]["id"]
    asked = {"transcript_ids": [path.rpartition("/")[2] for path in (second, third)]}
    refuses(await ada.post(f"/api/corrections/{made}/elsewhere", json=asked), 422, "invalid_request")
    assert (await ada.get(f"{second}/corrections")).json() == {"corrections": []}


async def test_corrections_that_would_make_reading_slow_are_refused(monkeypatch, meeting, correct, refuses):
    monkeypatch.setattr("momentum.pipeline.correct.MOST_REWRITTEN", 2)
    ada, transcript, _ = await meeting()
    for before, after in (("Friday", "Monday"), ("Monday", "Friday")):
        await correct(ada, transcript, "fix_term", term=before, replacement=after)
    answer = await ada.post(f"{transcript}/corrections", json={"kind": "fix_term", "term": "Friday", "replacement": "Monday"})
    assert "would rewrite more than 2 segments" in refuses(answer, 409, "conflict")


async def test_no_connection_is_held_while_talk_is_worked_on(world, meeting, correct, monkeypatch):
    ada, transcript, deliverable = await meeting()
    _, second, _ = await meeting(topic="A week later")
    in_thread, held = asyncio.to_thread, []

    async def watched(work, *given, **named):
        held.append((work.__name__, world.app.database._engine.pool.checkedout()))
        return await in_thread(work, *given, **named)

    monkeypatch.setattr("momentum.pipeline.correct.asyncio.to_thread", watched)
    made = (await correct(ada, transcript, "fix_term", term="Acme Crop", replacement="Acme Corp"))["correction"]["id"]
    await ada.get(f"/api/corrections/{made}/elsewhere")
    await ada.post(f"/api/corrections/{made}/elsewhere", json={"transcript_ids": [second.rpartition("/")[2]]})
    await everything(ada, transcript, deliverable)
    assert {"_looked", "_told", "_read_transcript", "_read_deliverable"} <= {name for name, _ in held}
    assert {connections for _, connections in held} == {0}


async def test_corrections_go_with_the_person(world, meeting, correct, owner_dsn):
    ada, transcript, _ = await meeting()
    await correct(ada, transcript, "fix_term", term="Friday", replacement="Monday")
    with psycopg.connect(owner_dsn) as owner:
        assert owner.execute("select count(*) from corrections").fetchone() == (1,)
        await ada.delete("/api/me")
        assert owner.execute("select count(*) from corrections").fetchone() == (0,)


async def test_versions_and_what_differs_between_them_follow(world, meeting, correct):
    ada, transcript, first = await meeting()
    user_id = await world.user_id("ada")
    async with world.app.database.person(user_id) as connection:
        kept = await deliverables.get(connection, UUID(first.rpartition("/")[2]))
        about, draft = kept.about, replace(kept.deliverable, summary="Speaker 2 tells them.", claims=CLAIMS[:1])
        belongs = {name: getattr(about, name) for name in ("recording_id", "processing_id", "transcript_id", "series")}
        second = await deliverables.save(connection, user_id=user_id, **belongs, made_from="again", deliverable=draft)
        await deliverables.deliver(connection, [second])
    await correct(ada, transcript, "rename_speaker", speaker="Speaker 2", name="Dana Lee")
    await correct(ada, transcript, "fix_term", term="Acme Crop", replacement="Acme Corp")
    versions = (await ada.get(f"{first}/versions")).json()["versions"]
    assert [v["title"] for v in versions] == ["Acme Corp portal"] * 2
    differs = (await ada.get(f"/api/deliverables/{second}/diff")).json()
    assert [claim["owner"] for claim in differs["removed"]] == ["Dana Lee"]
    assert "+Dana Lee tells them." in differs["summary"]
    assert differs["unchanged"] == 1
