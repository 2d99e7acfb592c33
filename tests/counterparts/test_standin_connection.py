"""Keys, paths, faults and broken connections: that the stand-in shows them, and that our clients cope."""

import asyncio

import httpx2
import pytest
from openai_standin import (
    AUDIO_PATH,
    CHAT_PATH,
    RESPONSES_PATH,
    breaks_in_body,
    breaks_in_head,
    breaks_in_stream,
    breaks_off,
    hangs_up,
    later,
    never_ends,
    says,
    status,
    stays_silent,
)

from momentum.errors import ActionRequired, ErrorCode, Retry

pytestmark = pytest.mark.anyio

DOORS = ("responses", "chat", "transcription")
EVERY_DOOR = pytest.mark.parametrize("door", DOORS)
PATHS = {"responses": RESPONSES_PATH, "chat": CHAT_PATH, "transcription": AUDIO_PATH}


@EVERY_DOOR
@pytest.mark.shows("request log")
async def test_our_clients_send_what_they_should_and_every_answer_is_read(standin, ask, waits, door):
    assert await ask(door)
    (seen,) = standin.log
    assert (seen.method, seen.path, seen.status, waits) == ("POST", PATHS[door], 200, [])
    assert seen.headers["authorization"] == "Bearer sk-stand-in"
    if door == "transcription":
        assert seen.upload.size > len(seen.upload.audio) > 10_000
        assert (seen.upload.file_name, seen.body) == ("speech.flac", {"model": "gpt-transcribe", "response_format": "json"})
    else:
        assert (seen.body["store"], seen.body["model"]) == (False, "gpt-6-luna")


@pytest.mark.shows("missing auth")
@pytest.mark.parametrize("path", ["models", "responses", "audio/transcriptions", "nowhere"])
async def test_nothing_is_told_without_a_key(standin, path):
    async with httpx2.AsyncClient(base_url=standin.base_url, trust_env=False) as http:
        answer = await http.get(path)
    assert (answer.status_code, answer.json()["error"]["message"]) == (401, "You didn't provide an API key.")


@EVERY_DOOR
@pytest.mark.shows("401 as text")
async def test_a_wrong_key_needs_a_person_and_stays_unsaid(standin, ask, waits, door):
    with pytest.raises(ActionRequired, match="does not accept the API key") as caught:
        await ask(door, key="sk-secret")
    assert (caught.value.code, waits, len(standin.log)) == (ErrorCode.MODEL_KEY_INVALID, [], 1)
    assert "sk-" not in caught.value.detail


@pytest.mark.shows("401 as text")
async def test_a_wrong_key_is_told_as_text(http):
    answer = await http.get("models", headers={"Authorization": "Bearer sk-secret"})
    assert answer.headers["content-type"].startswith("text/plain")
    assert (answer.json()["status"], answer.json()["error"]["code"]) == (401, "invalid_api_key")


@pytest.mark.shows("unknown paths")
async def test_what_is_no_path_of_the_api_is_refused(http, standin):
    assert [(await http.get("nowhere")).status_code, (await http.get("responses")).status_code] == [404, 405]
    assert (await http.post("../models")).status_code == 404
    assert [seen.status for seen in standin.log] == [404, 405, 404]


@EVERY_DOOR
@pytest.mark.shows("unknown paths")
async def test_a_wrong_address_is_told_apart_from_a_wrong_model(standin, ask, waits, door):
    standin.base_url = standin.base_url.removesuffix("/v1")
    with pytest.raises(ActionRequired, match="BASE_URL") as caught:
        await ask(door)
    assert (caught.value.code, waits, len(standin.log)) == (ErrorCode.MODEL_NOT_CONFIGURED, [], 1)


@EVERY_DOOR
@pytest.mark.shows("faults by script")
async def test_a_fault_hits_its_own_path_before_what_comes_next_anywhere(standin, ask, waits, door):
    standin.faults_at[PATHS[door]].append(status(503, {"error": {}}, {"retry-after": "3"}))
    standin.faults.append(status(500, "<html>broken</html>"))
    for other in DOORS:
        if other != door:
            standin.faults_at[PATHS[other]].append(status(400, {}))
    assert await ask(door)
    assert waits == [3.0, 1.0]
    assert [seen.status for seen in standin.log] == [503, 500, 200]


CUTS = [hangs_up(), breaks_in_head(), breaks_in_body({"text": "half of it"}), breaks_in_body({"error": {"message": "x" * 99}}, 500)]


@EVERY_DOOR
@pytest.mark.shows("cut connections")
@pytest.mark.parametrize("cut", CUTS, ids=["before", "head", "body", "body of an error"])
async def test_a_connection_that_breaks_is_a_passing_fault(standin, ask, waits, door, cut):
    standin.faults.append(cut)
    assert await ask(door)
    assert (waits, len(standin.log), standin.log[0].status) == ([0.5], 2, None)


@pytest.mark.shows("cut connections")
@pytest.mark.parametrize("cut", [breaks_in_stream(), breaks_off()], ids=["cut", "ended early"])
async def test_a_stream_that_breaks_is_a_passing_fault(standin, ask, waits, cut):
    standin.faults.append(cut)
    assert await ask("responses")
    assert (waits, len(standin.log)) == ([0.5], 2)


@EVERY_DOOR
@pytest.mark.shows("cut connections")
async def test_a_connection_that_keeps_breaking_puts_the_step_off(standin, ask, waits, door):
    standin.faults.extend([hangs_up()] * 5)
    with pytest.raises(Retry, match="cannot be reached") as caught:
        await ask(door)
    assert (caught.value.code, waits, len(standin.log)) == (ErrorCode.MODEL_UNAVAILABLE, [0.5, 1.0], 3)


@EVERY_DOOR
@pytest.mark.shows("delay")
async def test_an_answer_that_comes_late_is_waited_for(standin, ask, waits, door):
    come, arrived = asyncio.Event(), asyncio.Event()
    answer = status(200, {"text": "Late."}) if door == "transcription" else says({"summary": "We met."})
    standin.faults.append(later(come, answer, arrived=arrived))
    asked = asyncio.ensure_future(ask(door))
    await arrived.wait()
    assert not asked.done()
    come.set()
    await asked
    assert (waits, len(standin.log)) == ([], 1)


@EVERY_DOOR
@pytest.mark.shows("delay")
async def test_a_server_that_stays_silent_is_left_alone_for_a_while(standin, ask, waits, door, monkeypatch):
    module, limit = ("momentum.transcribers.openai", "ANSWER_SECONDS") if door == "transcription" else ("momentum.llm", "SILENCE_SECONDS")
    monkeypatch.setattr(f"{module}.{limit}", 0.3)
    standin.faults.append(stays_silent())
    with pytest.raises(Retry, match="took too long") as caught:
        await ask(door)
    assert (caught.value.code, caught.value.after, waits) == (ErrorCode.MODEL_UNAVAILABLE, 60.0, [])
    assert len(standin.log) <= 1


@pytest.mark.shows("delay")
async def test_a_stream_that_never_ends_is_given_up(standin, ask, waits, monkeypatch):
    monkeypatch.setattr("momentum.llm.ANSWER_SECONDS", 0.3)
    standin.faults.append(never_ends())
    with pytest.raises(Retry, match="took too long") as caught:
        await ask("responses")
    assert (caught.value.after, waits) == (60.0, [])
    assert len(standin.log) <= 1
