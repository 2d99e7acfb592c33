"""What becomes of a processing whose models are away, worn out, retired or talk nonsense."""

import contextlib
from datetime import UTC, datetime

import pytest

from momentum.llm import LanguageModel
from momentum.transcribers.openai import OpenAITranscriber

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("end_to_end")]

KEY = "sk-stand-in"


def clock():
    return datetime.now(UTC)


async def at_once(_seconds):
    """Nobody waits here for a server to become less busy."""


@pytest.fixture
async def model(house, model_server):
    """Puts a language model in its place: `model(name, key)`."""
    async with contextlib.AsyncExitStack() as stack:

        def place(name="gpt-6-luna", key=KEY):
            made = LanguageModel(key, model_server.base_url, name, "responses", 120_000, clock=clock, sleep=at_once)
            stack.push_async_callback(made.aclose)
            house.app.tools.llm = made

        yield place


@pytest.fixture
async def engine(house, speech_server):
    """Puts a transcription API in its place: `engine(name, key)`."""
    async with contextlib.AsyncExitStack() as stack:

        def place(name="gpt-transcribe", key=KEY):
            made = OpenAITranscriber(key, speech_server.base_url, name, 2, clock=clock, sleep=at_once)
            stack.push_async_callback(made.aclose)
            house.app.tools.transcriber = made

        yield place


async def stopped_at_the_minutes(house, ada, model, state, code):
    """A processing that got as far as the transcript."""
    stopped = await ada.outcome(deliverables=["minutes"])
    assert (stopped["state"], stopped["error_code"], stopped["step"]) == (state, code, "generate"), stopped
    assert (await ada.transcript(stopped))["segments"], "the transcript stays"
    return stopped


async def cured(house, ada, model, stopped):
    """After the cause is gone a retry succeeds, and nothing is heard or fetched twice."""
    heard, fetched = house.ear.calls, len(house.downloads())
    done = await ada.until(await ada.retry(stopped["id"]), "done")
    assert (house.ear.calls, len(house.downloads())) == (heard, fetched)
    assert (await ada.document(done))["kind"] == "minutes"


async def test_a_wrong_key_is_said_and_cured_by_a_right_one(house, ada, model, model_server):
    model(key="sk-wrong")
    stopped = await stopped_at_the_minutes(house, ada, model, "action_required", "model_key_invalid")
    assert stopped["error_detail"] == (
        "The model's server does not accept the API key. Set a valid one, then continue. "
        "This is about the language model 'gpt-6-luna' and OPENAI_API_KEY."
    )
    assert len(model_server.paths) == 1
    model()
    await cured(house, ada, model, stopped)


async def test_a_spent_quota_is_asked_for_once_and_not_again(house, ada, model, model_server, wire):
    model()
    model_server.faults.extend([wire.quota_spent()] * 5)
    stopped = await stopped_at_the_minutes(house, ada, model, "action_required", "model_quota_exhausted")
    await house.later(days=2)
    assert (await ada.look(stopped["id"]))["state"] == "action_required"
    assert len(model_server.calls) == 1
    assert "Add credit" in stopped["error_detail"]
    model_server.faults.clear()
    await cured(house, ada, model, stopped)


async def test_a_retired_model_is_named_as_such(house, ada, model, model_server):
    model("gpt-4o-retired")
    stopped = await stopped_at_the_minutes(house, ada, model, "action_required", "model_not_found")
    assert "retired or is misspelt" in stopped["error_detail"]
    assert len(model_server.calls) == 1
    model()
    await cured(house, ada, model, stopped)


@pytest.mark.parametrize("said", ["Sure! Here are your minutes:", '{"nothing": "of the kind"}', ""])
async def test_a_model_that_answers_garbage_is_asked_twice_and_no_more(house, ada, model, model_server, said):
    model()
    good, model_server.answer = model_server.answer, lambda _body: said
    stopped = await stopped_at_the_minutes(house, ada, model, "failed", "model_answer_invalid")
    assert len(model_server.calls) == 2
    model_server.answer = good
    await cured(house, ada, model, stopped)


async def test_a_model_that_is_away_is_waited_for(house, ada, model, model_server, wire):
    model()
    model_server.faults.extend([wire.status(503, "<html>busy</html>")] * 3)
    stopped = await stopped_at_the_minutes(house, ada, model, "waiting", "model_unavailable")
    await house.later(minutes=2)
    await ada.until(stopped["id"], "done")


async def test_a_transcription_server_that_goes_away_is_waited_for_and_no_piece_is_paid_twice(house, ada, engine, speech_server):
    engine()
    await ada.outcome(transcript="own", language="en", until=("done",))
    pieces, speech_server.calls = speech_server.calls, 0
    assert pieces > 0
    engine("whisper-1")
    speech_server.away = True
    waiting = await ada.outcome(transcript="own", language="en", force=True)
    assert (waiting["state"], waiting["error_code"], waiting["step"]) == ("waiting", "model_unavailable", "transcribe")
    speech_server.away, speech_server.calls = False, 0
    await house.later(minutes=2)
    await ada.until(waiting["id"], "done")
    assert speech_server.calls <= pieces


SPEECH_FAULTS = [
    (429, {"error": {"message": "You exceeded your current quota.", "code": "insufficient_quota"}}, "model_quota_exhausted"),
    (404, {"error": {"message": "The model does not exist.", "code": "model_not_found"}}, "model_not_found"),
    (401, {"error": {"message": "Incorrect API key provided: sk-secret-0815.", "code": "invalid_api_key"}}, "model_key_invalid"),
]


@pytest.mark.parametrize(("status", "body", "code"), SPEECH_FAULTS)
async def test_what_only_a_person_can_cure_is_not_tried_again(house, ada, engine, speech_server, status, body, code):
    engine()
    speech_server.faults.extend([(status, body)] * 20)
    stopped = await ada.outcome(transcript="own")
    assert (stopped["state"], stopped["error_code"]) == ("action_required", code)
    assert "sk-" not in stopped["error_detail"]
    asked = speech_server.calls
    assert asked <= 2, "no more than were in flight"
    await house.later(days=2)
    assert speech_server.calls == asked
    speech_server.faults.clear()
    await ada.until(await ada.retry(stopped["id"]), "done")
