"""Every way to say "too much", and models that end: each is one decision, made after as many calls as make sense."""

from datetime import date, timedelta

import pytest
from openai_standin import NEVER_FITS, PASSING, SNAPSHOT, SPENT, answers, bare_error, error, fails, status

from momentum.errors import ActionRequired, ErrorCode, Permanent, Retry

pytestmark = pytest.mark.anyio

EVERY_DOOR = pytest.mark.parametrize("door", ["responses", "chat", "transcription"])
WAYS = {
    "Retry-After": (({"Retry-After": "7"}, ""), 7.0),
    "milliseconds": (({"retry-after-ms": "250", "Retry-After": "1"}, ""), 0.25),
    "a date": (({"Retry-After": "Sun, 22 Nov 2026 12:00:05 GMT"}, ""), 5.0),
    "words": (({}, "1.5s"), 1.5),
    "words for less than a second": (({}, "125ms"), 0.125),
    "nothing": (({}, ""), 0.5),
}


@EVERY_DOOR
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.shows("too much for now")
async def test_too_much_for_now_is_waited_out_as_the_server_wishes(standin, ask, waits, door, kind, way):
    (headers, words), wait = WAYS[way]
    standin.faults.append(answers(PASSING[kind], headers, wait=words))
    assert await ask(door)
    assert (waits, len(standin.log)) == ([wait], 2)


@EVERY_DOOR
@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize(("headers", "words", "after"), [({"Retry-After": "90"}, "", 90.0), ({}, "6m0s", 360.0)])
@pytest.mark.shows("too much for now")
async def test_a_long_wait_puts_the_step_off(standin, ask, waits, door, kind, headers, words, after):
    standin.faults.append(answers(PASSING[kind], headers, wait=words))
    with pytest.raises(Retry, match="slow down") as caught:
        await ask(door)
    assert (caught.value.code, caught.value.after) == (ErrorCode.MODEL_RATE_LIMITED, after)
    assert (waits, len(standin.log)) == ([], 1)


@EVERY_DOOR
@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.shows("too much for now")
async def test_too_much_for_long_puts_the_step_off_after_three_tries(standin, ask, waits, door, kind):
    standin.faults.extend([answers(PASSING[kind])] * 5)
    with pytest.raises(Retry, match="slow down") as caught:
        await ask(door)
    assert (caught.value.code, waits, len(standin.log)) == (ErrorCode.MODEL_RATE_LIMITED, [0.5, 1.0], 3)


@EVERY_DOOR
@pytest.mark.parametrize("headers", [{}, {"Retry-After": "1"}], ids=["without Retry-After", "with Retry-After"])
@pytest.mark.parametrize("kind", SPENT)
@pytest.mark.shows("nothing left")
async def test_where_nothing_is_left_a_person_is_asked_once_and_the_server_not_again(standin, ask, waits, door, kind, headers):
    standin.faults.extend([answers(SPENT[kind], headers, wait="1s" if headers else "")] * 3)
    with pytest.raises(ActionRequired, match="Add credit or raise the limit") as caught:
        await ask(door)
    assert (caught.value.code, waits, len(standin.log)) == (ErrorCode.MODEL_QUOTA_EXHAUSTED, [], 1)


@pytest.mark.parametrize("door", ["responses", "chat"])
@pytest.mark.parametrize("headers", [{}, {"Retry-After": "1"}], ids=["without Retry-After", "with Retry-After"])
@pytest.mark.shows("never fits")
async def test_what_never_fits_is_asked_once_and_called_too_large(standin, ask, waits, door, headers):
    standin.faults.append(answers(NEVER_FITS, headers))
    with pytest.raises(Permanent, match="more than the model takes at once") as caught:
        await ask(door)
    assert (caught.value.code, waits, len(standin.log)) == (ErrorCode.MODEL_INPUT_TOO_LARGE, [], 1)


@pytest.mark.shows("never fits")
async def test_sound_that_never_fits_is_cut_at_a_pause_and_loses_no_word(standin, ask, waits):
    standin.faults.append(answers(NEVER_FITS, {"Retry-After": "1"}))
    assert await ask("transcription")
    assert (waits, len(standin.log)) == ([], 3)


@EVERY_DOOR
@pytest.mark.shows("should not retry")
async def test_a_failure_that_the_server_calls_final_is_final(standin, ask, waits, door):
    standin.faults.append(status(500, error("Broken for good.", "server_error", None), {"x-should-retry": "false"}))
    with pytest.raises(Permanent, match="trying again does not help") as caught:
        await ask(door)
    assert (caught.value.code, waits, len(standin.log)) == (ErrorCode.MODEL_UNAVAILABLE, [], 1)


@EVERY_DOOR
@pytest.mark.parametrize(("headers", "after"), [({}, 60.0), ({"Retry-After": "5"}, 60.0), ({"Retry-After": "90"}, 90.0)])
@pytest.mark.shows("should not retry")
async def test_who_is_slowed_down_and_not_welcome_comes_back_later(standin, ask, waits, door, headers, after):
    standin.faults.append(answers(PASSING["requests"], headers | {"x-should-retry": "false"}))
    with pytest.raises(Retry, match="slow down") as caught:
        await ask(door)
    assert (caught.value.code, caught.value.after) == (ErrorCode.MODEL_RATE_LIMITED, after)
    assert (waits, len(standin.log)) == ([], 1)


IN_STREAM = [
    ("rate_limit_exceeded", Retry, ErrorCode.MODEL_RATE_LIMITED, 3),
    ("slow_down", Retry, ErrorCode.MODEL_RATE_LIMITED, 3),
    ("server_error", Retry, ErrorCode.MODEL_UNAVAILABLE, 3),
    ("server_is_overloaded", Retry, ErrorCode.MODEL_UNAVAILABLE, 3),
    ("insufficient_quota", ActionRequired, ErrorCode.MODEL_QUOTA_EXHAUSTED, 1),
    ("credit_balance_exhausted", ActionRequired, ErrorCode.MODEL_QUOTA_EXHAUSTED, 1),
    ("invalid_prompt", Permanent, ErrorCode.MODEL_REQUEST_INVALID, 1),
]


@pytest.mark.parametrize("shape", [fails, bare_error])
@pytest.mark.parametrize(("code", "word", "meant", "calls"), IN_STREAM)
@pytest.mark.shows("too much for now", "nothing left")
async def test_a_limit_inside_a_stream_is_the_same_decision(standin, ask, shape, code, word, meant, calls):
    standin.faults.extend([shape({"code": code, "message": "No."})] * 5)
    with pytest.raises(word) as caught:
        await ask("responses")
    assert (caught.value.code, len(standin.log)) == (meant, calls)


@pytest.mark.shows("rate limit headers")
async def test_every_answer_says_what_is_left(http, wav):
    listed, heard = await http.get("models"), await http.upload(wav(bytes(32_000)))
    for answer in (listed, heard):
        assert (answer.headers["x-ratelimit-remaining-requests"], answer.headers["x-ratelimit-reset-requests"]) == ("4999", "12ms")
        assert answer.headers["x-request-id"].startswith("req_")
    assert "x-ratelimit-limit-tokens" in listed.headers
    assert "x-ratelimit-limit-tokens" not in heard.headers


# --- models that end ------------------------------------------------------------------------------


@pytest.mark.shows("models list")
async def test_the_list_names_the_day_each_model_ends(http, standin, llm):
    listed = {model["id"]: model for model in (await http.get("models")).json()["data"]}
    assert listed["whisper-1"]["shutdown_date"] == "2027-02-26"
    assert "shutdown_date" not in listed["gpt-transcribe"]
    assert await llm(standin.base_url, "gpt-6-luna", "responses").end_date() == date(2027, 11, 30)
    assert await llm(standin.base_url, "gpt-transcribe", "responses").end_date() is None


@pytest.mark.parametrize(("door", "model"), [("responses", "gpt-6-luna"), ("chat", "gpt-6-luna"), ("transcription", "gpt-4o-transcribe")])
@pytest.mark.shows("retired model", "movable clock")
async def test_a_model_answers_on_its_last_day_and_is_gone_on_the_next(standin, http, llm, ask, waits, door, model):
    standin.later(days=(date.fromisoformat(standin.models[model]["shutdown_date"]) - standin.now.date()) // timedelta(days=1))
    assert await ask(door, model=model)
    standin.later(days=1)
    asked = len(standin.log)
    with pytest.raises(ActionRequired, match="retired or is misspelt") as caught:
        await ask(door, model=model)
    assert (caught.value.code, waits, len(standin.log)) == (ErrorCode.MODEL_NOT_FOUND, [], asked + 1)
    with pytest.raises(ActionRequired, match="retired or is misspelt"):
        await llm(standin.base_url, model, "responses").end_date()
    assert model not in [one["id"] for one in (await http.get("models")).json()["data"]]


@pytest.mark.shows("answer")
async def test_an_answer_names_the_snapshot(standin, http):
    body = {"model": "gpt-6-luna", "input": "Hello", "store": False}
    assert (await http.post("responses", json=body)).json()["model"] == SNAPSHOT
