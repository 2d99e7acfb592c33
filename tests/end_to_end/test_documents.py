"""What is written of a recording, from the request to the document: whole, in parts, again, by every writer, in any language."""

import contextlib
import re
from datetime import UTC, datetime

import pytest

from momentum.llm import LanguageModel
from momentum.writers import WRITERS

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("end_to_end")]

SEGMENT = re.compile(r"^\[(\d+)\] ([^:]*): (.*)$", re.MULTILINE)
SPEAKERS = ("Maya Chen", "Tom Reed", "Priya Nair")
CUE = 6
HOURS = 3
CUES = HOURS * 3600 // CUE
CANARIES = {
    CUES * percent // 100 - (percent == 100): f"The canary at {percent} percent has been heard by us." for percent in range(0, 101, 5)
}


def talk(index):
    return CANARIES.get(index) or f"We looked at point {index} of the plan once more and nobody had anything to add to what was said."


def captions(cues):
    """A meeting as Zoom writes it down: a cue every six seconds, three people in turns."""

    def at(seconds):
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.000"

    lines = [f"{i + 1}\n{at(i * CUE)} --> {at(i * CUE + CUE - 1)}\n{SPEAKERS[i // 4 % 3]}: {talk(i)}\n" for i in range(cues)]
    return ("WEBVTT\n\n" + "\n".join(lines)).encode()


def lines_of(wire, body):
    return SEGMENT.findall(wire.text_of(body))


def sent(wire, server):
    return [int(number) for call in server.calls for number, _, _ in lines_of(wire, call)]


def schema_of(body):
    return body["text"]["format"]["schema"]


def answered(wire, body, of="canary"):
    """Claims in the schema's first list of what was said with the word `of` in it; every other list is empty."""
    properties = schema_of(body)["properties"]
    lists = [name for name, part in properties.items() if part["type"] == "array"]
    evidence = [(int(number), text) for number, _, text in lines_of(wire, body) if of in text]
    more = set(properties[lists[0]]["items"]["properties"]) - {"quote", "segment_ids", "text"}
    claims = [{"quote": text, "segment_ids": [number], "text": text} | dict.fromkeys(more) for number, text in evidence]
    texts = {name: f"{name.title()} of what begins at {lines_of(wire, body)[0][0]}." for name in properties if name not in lists}
    return {name: [] for name in lists} | {lists[0]: claims} | texts


@pytest.fixture
async def model(house, model_server, wire):
    """Puts a language model in its place: `model(window)`; it tells of every canary that it reads."""
    async with contextlib.AsyncExitStack() as stack:

        async def at_once(_seconds):
            return

        def place(window=120_000):
            model_server.answer = lambda body: answered(wire, body)
            made = LanguageModel(
                "sk-stand-in", model_server.base_url, "gpt-6-luna", "responses", window, clock=lambda: datetime.now(UTC), sleep=at_once
            )
            stack.push_async_callback(made.aclose)
            house.app.tools.llm = made

        yield place


@pytest.fixture
def normally(wire, model_server):
    """The next call is answered as always."""

    async def respond(request, body):
        return await wire.says(model_server.answer(body))(request, body)

    return respond


async def read(ada, deliverable_id, form="json"):
    answer = await ada.http.get(f"/api/deliverables/{deliverable_id}", params={"format": form})
    assert answer.status_code == 200, answer.text
    return answer.json() if form == "json" else answer.text


async def posted(ada, deliverable_id, what, **body):
    """A new version, once it is there."""
    answer = await ada.http.post(f"/api/deliverables/{deliverable_id}/{what}", json=body or None)
    assert answer.status_code == 202, answer.text
    done = await ada.until(answer.json()["processing_id"], "done")
    return await ada.document(done)


# --- full coverage ----------------------------------------------------------------------------------


async def test_canaries_at_every_twentieth_of_three_hours_reach_the_model(house, ada, model, model_server, wire):
    house.hand_out(captions(CUES), kind="TRANSCRIPT")
    model(window=12_000)
    done = await ada.outcome(transcript="zoom", deliverables=["minutes"])
    assert done["state"] == "done", done
    found = await ada.document(done)
    assert len(model_server.calls) > 3
    assert sent(wire, model_server) == list(range(CUES)), "every segment once, in order"
    assert [c["quote"] for c in found["claims"]] == list(CANARIES.values())
    assert {c["state"] for c in found["claims"]} == {"verified"}
    assert found["coverage"]["sent"] == list(range(CUES))
    assert found["coverage"]["cited"] == list(CANARIES)
    assert (found["coverage"]["unread"], found["coverage"]["missing"]) == ([], [])
    tokens = found["coverage"]["tokens"]
    assert 1 <= tokens["ratio"] <= 1.15, tokens
    assert tokens["again"] == 0
    assert (found["usage"]["calls"], found["usd"] > 0) == (len(model_server.calls), True)


async def test_what_the_server_counts_is_a_small_sample(house, ada, model, model_server, wire):
    house.hand_out(captions(CUES), kind="TRANSCRIPT")
    model(window=12_000)
    await ada.outcome(transcript="zoom", deliverables=["minutes"])
    counted = [entry for entry in model_server.log if entry.path.endswith("/input_tokens")]
    assert len(counted) == 2
    everything = sum(len(wire.text_of(call)) for call in model_server.calls)
    assert sum(len(wire.text_of(entry.body)) for entry in counted) < 0.15 * everything


async def test_a_part_that_failed_is_named_at_the_top_and_read_alone_later(house, ada, model, model_server, wire, normally):
    house.hand_out(captions(CUES), kind="TRANSCRIPT")
    model(window=12_000)
    model_server.faults.extend([normally, wire.refuses()])
    done = await ada.outcome(transcript="zoom", deliverables=["minutes"])
    first = await ada.document(done)
    missing = first["coverage"]["missing"]
    ((begin, end, reason),) = first["coverage"]["unread"]
    minutes = f"Minutes {begin * CUE // 60}-{-(-(end * CUE + CUE - 1) // 60)} were not read."
    assert missing == list(range(begin, end + 1))
    assert reason.startswith(minutes)
    page = await read(ada, first["id"], "markdown")
    assert page.index(minutes) < page.index("Summary of what begins at 0") < page.index("## Decisions")
    lost = [text for index, text in CANARIES.items() if begin <= index <= end]
    assert len(lost) > 2
    assert [c["quote"] for c in first["claims"]] == [text for text in CANARIES.values() if text not in lost]

    calls, fetched = len(model_server.calls), len(house.downloads())
    second = await posted(ada, first["id"], "retry")
    assert [int(n) for call in model_server.calls[calls:] for n, _, _ in lines_of(wire, call)] == missing, "nothing else is sent"
    assert len(house.downloads()) == fetched
    assert (second["version"], second["supersedes"]) == (2, first["id"])
    assert [c["quote"] for c in second["claims"]] == list(CANARIES.values()), "in the order of the meeting"
    assert {c["state"] for c in second["claims"]} == {"verified"}
    assert (second["coverage"]["unread"], second["coverage"]["missing"]) == ([], [])
    assert second["coverage"]["tokens"]["ratio"] <= 1.15
    assert 0 < second["coverage"]["tokens"]["again"] < second["coverage"]["tokens"]["transcript"] / 2
    assert "were not read" not in await read(ada, second["id"], "markdown")
    starts = [int(n) for n in re.findall(r"begins at (\d+)", second["summary"])]
    assert starts == sorted(starts)
    assert begin in starts

    assert await read(ada, first["id"]) == first, "the first version is as it was"
    refused = await ada.http.post(f"/api/deliverables/{second['id']}/retry")
    assert (refused.status_code, refused.json()["error_code"]) == (409, "conflict")
    calls = len(model_server.calls)
    once_more = (await ada.http.post(f"/api/deliverables/{first['id']}/retry")).json()
    assert (once_more["processing_id"], once_more["created"]) == (second["processing_id"], False)
    assert len(model_server.calls) == calls, "what was read is not read, nor paid for, twice"


async def test_what_is_asked_twice_is_shown_apart(house, ada, model, model_server, wire):
    house.hand_out(captions(40), kind="TRANSCRIPT")
    model()
    model_server.faults.append(wire.says("Sure! Here are your minutes:"))
    found = await ada.document(await ada.outcome(transcript="zoom", deliverables=["minutes"]))
    tokens = found["coverage"]["tokens"]
    assert tokens["sent"] == tokens["again"] == tokens["transcript"] > 0
    assert found["usage"]["calls"] == 2


async def test_those_who_read_a_document_are_not_told_how_to_set_up_a_server(house, ada, model, model_server, wire, normally):
    house.hand_out(captions(CUES), kind="TRANSCRIPT")
    model(window=12_000)
    model_server.faults.extend([normally, *[wire.says("Sure! Here are your minutes:")] * 2])
    found = await ada.document(await ada.outcome(transcript="zoom", deliverables=["minutes"]))
    ((_, _, reason),) = found["coverage"]["unread"]
    assert reason.endswith("not read. The language model twice gave an answer that is not in the form we asked for.")


# --- versions ---------------------------------------------------------------------------------------


async def test_written_again_it_is_another_version_with_a_diff_and_the_first_stays(house, ada, model, model_server, wire):
    house.hand_out(captions(40), kind="TRANSCRIPT")
    model()
    done = await ada.outcome(transcript="zoom", deliverables=["minutes"])
    first = await ada.document(done)
    model_server.answer = lambda body: answered(wire, body, of="point 3 of") | {"summary": "It went otherwise."}
    fetched, calls = len(house.downloads()), len(model_server.calls)
    second = await posted(ada, first["id"], "again", output_language="de")
    assert (len(house.downloads()), len(model_server.calls)) == (fetched, calls + 1)
    assert (second["version"], second["supersedes"], second["series"]) == (2, first["id"], first["series"])
    assert (second["language"], second["input_hash"]) == ("de", first["input_hash"])
    assert second["prompt_hash"] != first["prompt_hash"]
    third = await posted(ada, first["id"], "again")
    assert (third["version"], third["supersedes"], third["prompt_hash"]) == (3, second["id"], first["prompt_hash"])

    difference = (await ada.http.get(f"/api/deliverables/{second['id']}/diff")).json()
    assert ([c["text"] for c in difference["removed"]], len(difference["added"])) == ([c["text"] for c in first["claims"]], 1)
    assert "-Summary of what begins at 0." in difference["summary"].splitlines()
    assert "+It went otherwise." in difference["summary"].splitlines()
    with_first = (await ada.http.get(f"/api/deliverables/{third['id']}/diff", params={"against": first["id"]})).json()
    assert (with_first["before"]["version"], with_first["after"]["version"]) == (1, 3)
    alone = await ada.http.get(f"/api/deliverables/{first['id']}/diff")
    assert (alone.status_code, alone.json()["error_code"]) == (409, "conflict")

    assert await read(ada, first["id"]) == first
    versions = (await ada.http.get(f"/api/deliverables/{first['id']}/versions")).json()["versions"]
    assert [v["version"] for v in versions] == [3, 2, 1]
    of = {"recording_id": first["recording_id"]}
    listed = (await ada.http.get("/api/deliverables", params=of)).json()["deliverables"]
    assert [v["id"] for v in listed] == [v["id"] for v in versions]
    newest = (await ada.http.get("/api/deliverables", params=of | {"newest": True})).json()["deliverables"]
    assert [v["version"] for v in newest] == [3]


async def corrected(ada, path, kind, **fields):
    answer = await ada.http.post(f"/api/{path}/corrections", json={"kind": kind, **fields})
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("what", ["again", "retry"])
async def test_what_a_person_said_of_a_claim_stands_in_the_next_version(house, ada, model, model_server, wire, normally, what):
    house.hand_out(captions(CUES), kind="TRANSCRIPT")
    model(window=12_000)
    model_server.faults.extend([normally, wire.refuses()])
    first = await ada.document(await ada.outcome(transcript="zoom", deliverables=["minutes"]))
    last = len(first["claims"]) - 1
    await corrected(ada, f"deliverables/{first['id']}", "reject_claim", claim=0)
    await corrected(ada, f"deliverables/{first['id']}", "edit_claim", claim=last, text="It sings.")
    second = await posted(ada, first["id"], what)
    assert len(second["claims"]) > len(first["claims"]), "the one that was edited has another place now"
    told = {c["quote"]: (c["ruling"], c["text"]) for c in second["claims"] if c["ruling"]}
    assert told == {
        first["claims"][0]["quote"]: ("rejected", first["claims"][0]["text"]),
        first["claims"][last]["quote"]: ("edited", "It sings."),
    }


async def test_what_was_put_right_holds_for_a_document_that_is_asked_for_later(house, ada, model, model_server, wire):
    house.hand_out(captions(40), kind="TRANSCRIPT")
    model()
    first = await ada.outcome(transcript="zoom", deliverables=["minutes"])
    await corrected(ada, f"transcripts/{first['transcript_id']}", "fix_term", term="canary", replacement="parrot")
    second = await ada.outcome(transcript="zoom", deliverables=["decision_log"])
    assert second["transcript_id"] == first["transcript_id"]
    assert second["audio_seconds"] == first["audio_seconds"]
    assert "canary" not in await read(ada, second["deliverable_ids"][0], "markdown")
    anew = await ada.outcome(transcript="zoom", deliverables=["decision_log"], force=True)
    assert anew["transcript_id"] != first["transcript_id"]


async def test_two_requests_for_a_new_version_are_one_while_it_is_made(house, ada, model, model_server, wire):
    house.hand_out(captions(40), kind="TRANSCRIPT")
    model()
    first = await ada.document(await ada.outcome(transcript="zoom", deliverables=["minutes"]))
    model_server.faults.extend([wire.quota_spent()] * 2)
    where = f"/api/deliverables/{first['id']}/again"
    one, two = [(await ada.http.post(where)).json() for _ in range(2)]
    assert (one["created"], two["created"], one["processing_id"]) == (True, False, two["processing_id"])
    await ada.until(one["processing_id"], "action_required")
    assert len((await ada.http.get(f"/api/deliverables/{first['id']}/versions")).json()["versions"]) == 1
    model_server.faults.clear()
    await ada.until(await ada.retry(one["processing_id"]), "done")
    assert [v["version"] for v in (await ada.http.get(f"/api/deliverables/{first['id']}/versions")).json()["versions"]] == [2, 1]


# --- writers ----------------------------------------------------------------------------------------


async def test_every_writer_writes_checked_claims(house, ada, model, model_server, wire):
    house.hand_out(captions(40), kind="TRANSCRIPT")
    model()
    done = await ada.outcome(transcript="zoom", deliverables=sorted(WRITERS))
    found = [await read(ada, identity) for identity in done["deliverable_ids"]]
    assert {f["kind"] for f in found} == set(WRITERS)
    for document in found:
        (claim,) = document["claims"]
        assert (claim["quote"], claim["state"]) == (CANARIES[0], "verified"), document["kind"]
        writer = WRITERS[document["kind"]]
        assert (document["writer_version"], document["label"]) == (writer.version, writer.label)
        page = await read(ada, document["id"], "markdown")
        assert f"*{writer.label}, written by " in page
        assert f"## {writer.sections[0].heading}\n\n- {CANARIES[0]}" in page
    assert len({f["prompt_hash"] for f in found}) == len(found)
    assert len({f["input_hash"] for f in found}) == 1


async def test_a_form_of_ones_own_is_written_by(house, ada, model, model_server, wire):
    house.hand_out(captions(40), kind="TRANSCRIPT")
    model()
    section = {"heading": "Birds <b>", "question": "Which birds were heard?", "holds": "tasks"}
    form = (await ada.http.post("/api/templates", json={"name": "Bird watch", "purpose": "For the club.", "sections": [section]})).json()
    first = await ada.document(await ada.outcome(transcript="zoom", deliverables=[form["writer"]]))
    assert (first["kind"], first["writer_version"], first["label"]) == (form["writer"], "1", "Bird watch")
    assert [(c["kind"], c["quote"], c["state"]) for c in first["claims"]] == [("action", CANARIES[0], "verified")]
    orders = model_server.calls[-1]["input"][0]["content"]
    assert "Which birds were heard?" in orders
    assert "<b>" not in orders
    page = await read(ada, first["id"], "markdown")
    assert "## Birds &lt;b&gt;" in page
    assert "*Bird watch, written by" in page

    changed = {"name": "Birds", "purpose": "For the club.", "sections": [section | {"heading": "Seen"}]}
    await ada.http.put(f"/api/templates/{form['id']}", json=changed)
    second = await posted(ada, first["id"], "again")
    assert (second["writer_version"], second["label"], second["version"]) == ("2", "Birds", 2)
    await ada.http.delete(f"/api/templates/{form['id']}")
    assert "## Seen" in await read(ada, second["id"], "markdown"), "what was written stays"
    refused = await ada.http.post(f"/api/deliverables/{first['id']}/again")
    assert (refused.status_code, refused.json()["error_code"]) == (422, "invalid_request")


async def test_documents_are_in_the_language_that_was_asked_for(house, ada, model, model_server, wire):
    house.hand_out(captions(40), kind="TRANSCRIPT")
    model()
    await ada.http.patch("/api/me", json={"output_language": "fr"})
    for wanted, language in (({}, "fr"), ({"output_language": "de"}, "de")):
        found = await ada.document(await ada.outcome(transcript="zoom", deliverables=["minutes"], **wanted))
        assert found["language"] == language
        assert f"Write in this language: {language}." in model_server.calls[-1]["input"][0]["content"]
