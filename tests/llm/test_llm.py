"""The language model against a server that speaks the real protocol, faults included."""

import re
from collections import deque
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentum.errors import ActionRequired, ErrorCode, MomentumError, Permanent, Retry, Unavailable
from momentum.llm import LanguageModel
from momentum.model import Usage
from momentum.outbound.sent import noted
from momentum.pipeline.places import MemorySentLog

pytestmark = pytest.mark.anyio

SCHEMA = {"type": "object", "properties": {"summary": {"type": "string"}}, "required": ["summary"], "additionalProperties": False}
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
GOOD = {"summary": "We met."}
APIS = pytest.mark.parametrize("api", ["responses", "chat"])


async def put(model: LanguageModel):
    return await model.json(MESSAGES, name="minutes", schema=SCHEMA)


@APIS
async def test_an_answer_is_data_with_its_cost_and_the_snapshot(server, ask, wire, api):
    server.answer = lambda _body: GOOD
    answer = await put(ask(api))
    assert answer.data == GOOD
    assert answer.usage == Usage(*wire.USAGE, 1)
    assert answer.model == wire.SNAPSHOT


@APIS
async def test_meeting_text_is_not_to_be_stored_and_no_temperature_is_sent(server, ask, api):
    server.answer = lambda _body: GOOD
    await put(ask(api))
    assert server.calls[0]["store"] is False
    assert "temperature" not in server.calls[0]


@APIS
async def test_an_answer_out_of_form_is_asked_for_once_more(server, ask, wire, api):
    server.faults.extend([wire.says("no JSON at all")])
    server.answer = lambda _body: GOOD
    answer = await put(ask(api))
    assert answer.data == GOOD
    assert answer.usage.calls == 2


@pytest.mark.parametrize("bad", ["", "[]", '{"summary": 3}', '{"summary": "a", "more": 1}', '{"other": "a"}', "[" * 5000])
async def test_twice_out_of_form_is_final(server, ask, wire, bad):
    server.faults.extend([wire.says(bad), wire.says(bad)])
    with pytest.raises(Permanent) as caught:
        await put(ask())
    assert caught.value.code is ErrorCode.MODEL_ANSWER_INVALID
    assert len(server.calls) == 2


@APIS
async def test_a_refusal_is_final(server, ask, wire, api):
    server.faults.append(wire.refuses())
    with pytest.raises(Permanent) as caught:
        await put(ask(api))
    assert caught.value.code is ErrorCode.MODEL_REFUSED
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("reason", "code"), [("max_output_tokens", ErrorCode.MODEL_INPUT_TOO_LARGE), ("content_filter", ErrorCode.MODEL_REFUSED)]
)
async def test_cut_text_is_never_parsed(server, ask, wire, reason, code):
    for api in ("responses", "chat"):
        server.faults.append(wire.cut_short(reason))
        with pytest.raises(Permanent) as caught:
            await put(ask(api))
        assert caught.value.code is code


@pytest.mark.parametrize(("api", "shape"), [("responses", "http"), ("responses", "failed"), ("responses", "event"), ("chat", "http")])
async def test_too_much_input_in_each_of_its_shapes(server, ask, wire, api, shape):
    server.faults.append(wire.overflows(shape))
    with pytest.raises(Permanent) as caught:
        await put(ask(api))
    assert caught.value.code is ErrorCode.MODEL_INPUT_TOO_LARGE


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        (({"Retry-After": "7"}, ""), 7.0),
        (({"retry-after-ms": "250", "Retry-After": "9"}, ""), 0.25),
        (({"Retry-After": "Sun, 22 Nov 2026 12:00:05 GMT"}, ""), 5.0),
        (({}, "Rate limit reached. Please try again in 1.5s."), 1.5),
        (({}, "Please try again in 125ms."), 0.125),
        (({}, "Slow down."), 0.5),
    ],
)
async def test_a_short_wait_is_waited_as_the_server_wishes(server, ask, wire, said, wait):
    headers, message = said
    server.faults.append(wire.rate_limited(message, headers))
    server.answer = lambda _body: GOOD
    assert (await put(ask())).data == GOOD
    assert ask.waits == [wait]


async def test_a_long_wait_is_handed_up(server, ask, wire):
    server.faults.append(wire.rate_limited("Please try again in 6m0s."))
    with pytest.raises(Retry) as caught:
        await put(ask())
    assert (caught.value.code, caught.value.after) == (ErrorCode.MODEL_RATE_LIMITED, 360.0)
    assert ask.waits == []


async def test_three_tries_and_no_more(server, ask, wire):
    server.faults.extend([wire.status(503, wire.error("Overloaded", "service_unavailable_error", "server_is_overloaded"))] * 5)
    with pytest.raises(Retry) as caught:
        await put(ask())
    assert caught.value.code is ErrorCode.MODEL_UNAVAILABLE
    assert len(server.calls) == 3


@pytest.mark.parametrize("code", ["insufficient_quota", "credit_balance_exhausted", "project_spend_limit_exceeded"])
async def test_a_spent_quota_needs_a_person_and_is_asked_once(server, ask, wire, code):
    server.faults.append(wire.quota_spent(code))
    with pytest.raises(ActionRequired) as caught:
        await put(ask())
    assert caught.value.code is ErrorCode.MODEL_QUOTA_EXHAUSTED
    assert len(server.calls) == 1


async def test_a_request_that_never_fits_the_rate_is_too_large(server, ask, wire):
    server.faults.append(wire.rate_limited("Request too large for gpt-6-luna: Limit 30000, Requested 41000."))
    with pytest.raises(Permanent) as caught:
        await put(ask())
    assert caught.value.code is ErrorCode.MODEL_INPUT_TOO_LARGE


@APIS
async def test_a_wrong_key_needs_a_person_and_is_not_repeated_in_words(server, ask, api):
    with pytest.raises(ActionRequired) as caught:
        await put(ask(api, key="sk-wrong"))
    assert caught.value.code is ErrorCode.MODEL_KEY_INVALID
    assert "sk-" not in str(caught.value)
    assert "sk-" not in repr(caught.value.__cause__)


async def test_a_retired_model_needs_a_person(server, ask):
    with pytest.raises(ActionRequired) as caught:
        await put(ask(model="gpt-4o"))
    assert caught.value.code is ErrorCode.MODEL_NOT_FOUND
    assert "the language model 'gpt-4o': it was retired" in caught.value.detail
    assert "Set LANGUAGE_MODEL" in caught.value.detail


async def test_a_stream_that_breaks_off_is_tried_again(server, ask, wire):
    server.faults.append(wire.breaks_off())
    server.answer = lambda _body: GOOD
    assert (await put(ask())).data == GOOD


@APIS
async def test_a_closed_connection_is_tried_again(server, ask, wire, api):
    server.faults.append(wire.hangs_up())
    server.answer = lambda _body: GOOD
    assert (await put(ask(api))).data == GOOD


async def test_nobody_there_is_a_passing_fault(server, ask):
    with pytest.raises(Retry) as caught:
        await put(ask(base_url="http://127.0.0.1:9/v1"))
    assert caught.value.code is ErrorCode.MODEL_UNAVAILABLE


@APIS
async def test_a_page_instead_of_an_api_is_a_wrong_address(server, ask, wire, api):
    server.faults.append(wire.status(200, "<html>Welcome</html>"))
    with pytest.raises(ActionRequired) as caught:
        await put(ask(api))
    assert caught.value.code is ErrorCode.MODEL_NOT_CONFIGURED


async def test_a_compatible_server_may_ignore_streaming_and_count_nothing(server, ask, wire):
    server.faults.append(wire.plain_json(GOOD))
    answer = await put(ask())
    assert (answer.data, answer.usage) == (GOOD, Usage(0, 0, 1))


async def test_a_schema_outside_the_strict_subset_is_told_apart(server, ask):
    with pytest.raises(Permanent) as caught:
        await ask().json(MESSAGES, name="minutes", schema={"type": "object", "properties": {"a": {"type": "string"}}, "required": []})
    assert caught.value.code is ErrorCode.MODEL_REQUEST_INVALID


@pytest.mark.parametrize(
    ("stored", "day"),
    [({"shutdown_date": "2027-02-26"}, date(2027, 2, 26)), ({"shutdown_date": 1803600000}, date(2027, 2, 26)), ({}, None)],
)
async def test_the_day_a_model_ends(server, ask, stored, day):
    server.models["gpt-6-luna"] = stored
    assert await ask().end_date() == day


async def test_a_model_that_ended_is_not_found(server, ask):
    with pytest.raises(ActionRequired):
        await ask(model="whisper-0").end_date()


async def test_the_key_is_in_no_repr(ask, wire):
    assert wire.KEY not in repr(ask())


@given(st.text(max_size=300))
def test_tokens_are_never_fewer_than_words(text):
    model = LanguageModel(None, "http://localhost", "m", "chat", 1, clock=lambda: None)
    assert model.count_tokens(text) >= max(1, len(re.findall(r"\w+", text, re.ASCII)) // 4)


@pytest.mark.parametrize(
    ("text", "least"),
    # Counts of o200k_base, from its published examples and its merges: an estimate below them would overflow.
    [("hello world", 2), ("The quick brown fox jumps over the lazy dog.", 10), ("我们决定在十二月二日发布新版本", 12)],
)
def test_tokens_are_estimated_upwards(text, least):
    model = LanguageModel(None, "http://localhost", "m", "chat", 1, clock=lambda: None)
    assert least <= model.count_tokens(text) <= 3 * least


ODD = [
    ("responses", {"status": "completed", "output": ["x", None], "usage": "many", "model": 5}),
    ("responses", {"status": "completed", "output": {"a": 1}}),
    ("responses", {"status": "incomplete", "incomplete_details": "x"}),
    ("responses", {"status": "completed", "output": [{"type": "message", "content": ["hello"]}]}),
    ("responses", None),
    ("chat", {"choices": ["x"]}),
    ("chat", {"choices": [{"message": "hello"}]}),
    ("chat", None),
    ("chat", [1]),
]


@pytest.mark.parametrize(("api", "body"), ODD)
async def test_an_answer_of_another_shape_is_a_failure_in_words(server, ask, wire, api, body):
    server.faults.extend([wire.status(200, body)] * 3)
    with pytest.raises(MomentumError):
        await put(ask(api))


async def test_text_in_parts_and_an_odd_count_are_read(server, ask, wire):
    message = {"content": [{"type": "text", "text": '{"summary": '}, {"type": "text", "text": '"We met."}'}]}
    server.faults.append(wire.status(200, {"choices": [{"message": message}], "usage": {"prompt_tokens": "12", "completion_tokens": 3}}))
    answer = await put(ask("chat"))
    assert answer.data == GOOD
    assert answer.usage.output_tokens == 3


async def test_a_count_below_nothing_is_nothing(server, ask, wire):
    server.faults.append(
        wire.status(200, {"choices": [{"message": {"content": '{"summary": "We met."}'}}], "usage": {"prompt_tokens": -1}})
    )
    assert (await put(ask("chat"))).usage == Usage(0, 0, 1)


# --- counting ---------------------------------------------------------------------------------------

QUESTION = [{"role": "system", "content": "Count."}, {"role": "user", "content": "word " * 100}]


async def test_the_server_counts_where_it_can(ask, server):
    assert await ask().counted(QUESTION) == 135
    assert server.log[-1].path.endswith("/responses/input_tokens")
    assert server.calls == []


async def test_a_server_that_does_not_count_is_asked_once(ask, server, wire):
    model = ask()
    server.faults_at["/v1/responses/input_tokens"] = deque([wire.status(404, "nothing here")] * 2)
    assert [await model.counted(QUESTION) for _ in range(3)] == [None] * 3
    assert len(server.log) == 1


async def test_one_that_is_busy_is_asked_the_next_time(ask, server, wire):
    model = ask()
    server.faults_at["/v1/responses/input_tokens"] = deque([wire.status(503, "busy")])
    assert [await model.counted(QUESTION) for _ in range(2)] == [None, 135]


async def test_one_that_stays_silent_is_not_waited_for(ask, server, wire, monkeypatch):
    monkeypatch.setattr("momentum.llm.COUNT_SECONDS", 0.05)
    server.faults_at["/v1/responses/input_tokens"] = deque([wire.stays_silent()])
    assert await ask().counted(QUESTION) is None


async def test_while_nothing_can_be_noted_nothing_is_counted_and_afterwards_it_is(ask, server):
    class Away(MemorySentLog):
        async def note(self, sending):
            raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE, "away")

    model = ask()
    with noted(Away(), "minutes"):
        assert await model.counted(QUESTION) is None
        with pytest.raises(Unavailable):
            await model.json(QUESTION, name="answer", schema=SCHEMA)
    assert await model.counted(QUESTION) == 135


async def test_every_call_that_went_out_is_told_with_its_tokens(ask, server, wire):
    server.faults.extend([wire.status(503, "busy"), wire.says("no JSON"), wire.cut_short()])
    spent = []
    with pytest.raises(Permanent):
        await ask().json([{"role": "user", "content": "?"}], name="answer", schema=SCHEMA, spent=spent.append)
    assert spent == [Usage(0, 0, 1), Usage(*wire.USAGE, 1), Usage(*wire.USAGE, 1)]
