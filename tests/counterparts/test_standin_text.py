"""Responses and Chat: schemas, answers, refusals and overflows, shown by the stand-in and met by our client."""

import json

import pytest
from openai_standin import OVERFLOWS, SNAPSHOT, USAGE, cut_short, overflows, plain_json, refuses, says
from openai_standin.strict import DEEPEST, LARGE_ENUM, LARGE_ENUM_CHARACTERS, MOST_CHARACTERS, MOST_PROPERTIES, MOST_VALUES

from momentum import metrics
from momentum.errors import ErrorCode, Permanent
from momentum.model import Usage
from momentum.writers import WRITERS

pytestmark = pytest.mark.anyio

APIS = pytest.mark.parametrize("api", ["responses", "chat"])
TEXT = {"type": "string"}
HELLO = [{"role": "user", "content": "Hello"}]


def of(required=None, **properties):
    names = list(properties) if required is None else required
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": False}


def request(api, schema=None, name="minutes", **more):
    """A body for either interface, without a stream."""
    form = {"name": name, "strict": True, "schema": schema or of(summary=TEXT)}
    if api == "responses":
        return {"model": "gpt-6-luna", "input": HELLO, "text": {"format": {"type": "json_schema", **form}}} | more
    return {"model": "gpt-6-luna", "messages": HELLO, "response_format": {"type": "json_schema", "json_schema": form}} | more


async def post(http, api, **what):
    return await http.post("responses" if api == "responses" else "chat/completions", json=request(api, **what))


def refused(answer):
    told = answer.json()["error"]
    return answer.status_code, told["code"], told["param"]


def nested(levels):
    return of(a=TEXT) if levels == 2 else of(a=nested(levels - 1))


# --- the strict subset ----------------------------------------------------------------------------

OUTSIDE = {
    "root is no object": {"type": "array", "items": TEXT},
    "root is anyOf": of(a=TEXT) | {"anyOf": [of(a=TEXT)]},
    "not every property required": of(a=TEXT, required=[]),
    "open to other properties": {"type": "object", "properties": {"a": TEXT}, "required": ["a"]},
    "open inside": of(a={"type": "object", "properties": {}, "required": []}),
    "default": of(a={"type": "string", "default": "x"}),
    "minLength": of(a={"type": "string", "minLength": 1}),
    "uniqueItems": of(a={"type": "array", "items": TEXT, "uniqueItems": True}),
    "unknown format": of(a={"type": "string", "format": "uri"}),
    "unknown type": of(a={"type": "map"}),
    "items for a string": of(a={"type": "string", "items": TEXT}),
    "a reference to nowhere": of(a={"$ref": "#/$defs/nowhere"}),
    **{word: of(a=TEXT) | {word: []} for word in ("allOf", "not", "dependentRequired", "dependentSchemas", "if", "then", "else")},
}
INSIDE = {
    "or null": of(a={"type": ["string", "null"]}),
    "patterns": of(a={"type": "string", "pattern": "^[a-z]+$"}, b={"type": "string", "format": "date"}),
    "numbers": of(a={"type": "integer", "minimum": 0, "multipleOf": 2}, b={"type": "number", "exclusiveMaximum": 1}),
    "lists": of(a={"type": "array", "items": {"enum": ["x", "y"]}, "minItems": 1, "maxItems": 3}),
    "anyOf inside": of(a={"anyOf": [TEXT, {"type": "null"}]}),
    "recursion": of(a={"anyOf": [{"$ref": "#"}, {"$ref": "#/$defs/b"}]}) | {"$defs": {"b": of(c=TEXT)}},
}
PARAM = {"responses": "text.format.schema", "chat": "response_format"}


@APIS
@pytest.mark.parametrize("what", OUTSIDE)
@pytest.mark.shows("strict schema")
async def test_a_schema_outside_the_subset_is_refused_and_the_place_named(http, api, what):
    assert refused(await post(http, api, schema=OUTSIDE[what])) == (400, "invalid_json_schema", PARAM[api])


@APIS
@pytest.mark.parametrize("what", INSIDE)
@pytest.mark.shows("strict schema")
async def test_a_schema_inside_the_subset_is_taken(http, api, what):
    assert (await post(http, api, schema=INSIDE[what])).status_code == 200


@APIS
@pytest.mark.shows("strict schema")
async def test_a_refused_schema_is_told_in_words_and_asked_once(standin, llm, waits, api):
    with pytest.raises(Permanent, match=r"did not accept our request \(status 400\)") as caught:
        await llm(standin.base_url, "gpt-6-luna", api).json(HELLO, name="minutes", schema=OUTSIDE["default"])
    assert (caught.value.code, waits, len(standin.log)) == (ErrorCode.MODEL_REQUEST_INVALID, [], 1)


@APIS
@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
@pytest.mark.shows("strict schema")
async def test_the_schema_of_every_writer_lies_inside(http, api, writer):
    assert (await post(http, api, schema=writer.schema(), name=writer.name)).status_code == 200


def enum(count, length=1):
    return {"type": "string", "enum": [f"{i:0{length}}" for i in range(count)]}


LIMITS = {
    "properties": (of(**{f"p{i}": TEXT for i in range(MOST_PROPERTIES)}), of(**{f"p{i}": TEXT for i in range(MOST_PROPERTIES + 1)})),
    "levels": (nested(DEEPEST), nested(DEEPEST + 1)),
    "characters": (of(**{"x" * MOST_CHARACTERS: TEXT}), of(**{"x" * (MOST_CHARACTERS + 1): TEXT})),
    "values": (of(a=enum(MOST_VALUES)), of(a=enum(MOST_VALUES // 2), b=enum(MOST_VALUES // 2 + 1))),
    "characters of a large enum": (
        of(a=enum(LARGE_ENUM, LARGE_ENUM_CHARACTERS // LARGE_ENUM + 1)),
        of(a=enum(LARGE_ENUM + 1, LARGE_ENUM_CHARACTERS // LARGE_ENUM)),
    ),
}


@APIS
@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.shows("schema limits")
async def test_a_schema_may_go_to_its_limit_and_no_further(http, api, limit):
    within, beyond = LIMITS[limit]
    assert (await post(http, api, schema=within)).status_code == 200
    assert refused(await post(http, api, schema=beyond)) == (400, "invalid_json_schema", PARAM[api])


@APIS
@pytest.mark.parametrize(("name", "status"), [("minutes", 200), ("a_B-9" * 12 + "abcd", 200), ("", 400), ("a b", 400), ("x" * 65, 400)])
@pytest.mark.shows("schema name")
async def test_a_schemas_name_is_short_and_plain(http, api, name, status):
    assert (await post(http, api, name=name)).status_code == status


@APIS
@pytest.mark.shows("temperature with effort")
async def test_a_temperature_needs_a_model_that_does_not_reason(http, api):
    assert refused(await post(http, api, temperature=0.2)) == (400, "unsupported_parameter", "temperature")
    assert (await post(http, api, temperature=0.2, reasoning={"effort": "none"})).status_code == 200


# --- answers --------------------------------------------------------------------------------------


@pytest.mark.shows("answer")
async def test_a_stream_has_its_events_in_order_and_numbered(http, standin):
    standin.answer = lambda _body: {"summary": "We met, and then we went home again."}
    answer = await post(http, "responses", stream=True)
    events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
    kinds = [event["type"].removeprefix("response.") for event in events if event["type"] != "response.output_text.delta"]
    assert kinds == [
        *("created", "in_progress", "output_item.added", "content_part.added"),
        *("output_text.done", "content_part.done", "output_item.done", "completed"),
    ]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    text = "".join(event["delta"] for event in events if event["type"] == "response.output_text.delta")
    assert json.loads(text) == standin.answer(None)
    done = events[-1]["response"]
    assert (done["model"], done["usage"]["total_tokens"], [item["type"] for item in done["output"]]) == (
        SNAPSHOT,
        sum(USAGE),
        ["reasoning", "message"],
    )


@APIS
@pytest.mark.shows("answer")
async def test_our_client_reads_the_answer_its_cost_and_the_snapshot(standin, llm, api):
    standin.answer = lambda _body: {"summary": "We met."}
    answer = await llm(standin.base_url, "gpt-6-luna", api).json(HELLO, name="minutes", schema=of(summary=TEXT))
    assert (answer.data, answer.usage, answer.model) == ({"summary": "We met."}, Usage(*USAGE, 1), SNAPSHOT)


@pytest.mark.shows("other envelopes")
async def test_a_server_that_ignores_the_stream_is_read(standin, ask):
    standin.faults.append(plain_json({"summary": "We met."}))
    assert await ask("responses")


CUT = [
    ("refusal", refuses(), ErrorCode.MODEL_REFUSED, "refused to write"),
    ("incomplete", cut_short(), ErrorCode.MODEL_INPUT_TOO_LARGE, "did not fit into its limit"),
    ("incomplete", cut_short("content_filter"), ErrorCode.MODEL_REFUSED, "refused to write"),
]


@APIS
@pytest.mark.parametrize(("_", "answer", "code", "sentence"), CUT)
@pytest.mark.shows("refusal", "incomplete")
async def test_what_is_no_whole_answer_is_final_and_never_parsed(standin, ask, waits, api, _, answer, code, sentence):
    standin.faults.append(answer)
    with pytest.raises(Permanent, match=sentence) as caught:
        await ask(api)
    assert (caught.value.code, waits, len(standin.log)) == (code, [], 1)


@APIS
@pytest.mark.parametrize("answer", [refuses(), cut_short(), says("no JSON at all")], ids=["refusal", "incomplete", "out of form"])
@pytest.mark.shows("refusal", "incomplete")
async def test_what_an_answer_cost_is_counted_whatever_it_is_good_for(standin, ask, api, answer):
    written = metrics.MODEL_TOKENS.labels("gpt-6-luna", "out")
    before = written._value.get()
    standin.faults.extend([answer] * 2)
    with pytest.raises(Permanent):
        await ask(api)
    assert written._value.get() - before == USAGE[1] * len(standin.log)


@pytest.mark.shows("refusal", "incomplete")
async def test_a_refusal_and_a_cut_are_told_apart_on_the_wire(http, standin):
    standin.faults.extend([refuses(), cut_short(), refuses(), cut_short()])
    refusal, cut = [(await post(http, "responses")).json() for _ in range(2)]
    assert (refusal["status"], refusal["output"][1]["content"][0]["type"]) == ("completed", "refusal")
    assert (cut["status"], cut["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    refusal, cut = [(await post(http, "chat")).json()["choices"][0] for _ in range(2)]
    assert (refusal["finish_reason"], refusal["message"]["content"], cut["finish_reason"]) == ("stop", None, "length")


# --- too much -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("api", "shape"), [*(("responses", shape) for shape in OVERFLOWS), ("chat", "http")])
@pytest.mark.shows("overflow as 400", "overflow as failed", "overflow as event")
async def test_too_much_input_is_one_decision_in_each_of_its_shapes(standin, ask, waits, api, shape):
    standin.faults.append(overflows(shape))
    with pytest.raises(Permanent, match="more than the model takes at once") as caught:
        await ask(api)
    assert (caught.value.code, waits, len(standin.log)) == (ErrorCode.MODEL_INPUT_TOO_LARGE, [], 1)


@pytest.mark.parametrize("shape", OVERFLOWS)
@pytest.mark.shows("overflow as 400", "overflow as failed", "overflow as event")
async def test_a_window_overflows_in_the_shape_it_is_told(standin, http, shape):
    standin.window, standin.overflow = 10, shape
    body = request("responses", stream=True) | {"input": "More than ten characters."}
    answer = await http.post("responses", json=body)
    last = answer.text.strip().splitlines()[-1]
    told = {
        "http": lambda: answer.json()["error"],
        "failed": lambda: json.loads(last[6:])["response"]["error"],
        "event": lambda: json.loads(last[6:]),
    }[shape]()
    assert (answer.status_code, told["code"]) == (400 if shape == "http" else 200, "context_length_exceeded")
    assert "context window" in told["message"]


@pytest.mark.shows("input tokens")
async def test_tokens_are_counted_before_anything_is_asked(http, standin):
    counts = [
        (await http.post("responses/input_tokens", json={"model": "gpt-6-luna", "input": text})).json()
        for text in ("Hello", "Hello " * 100)
    ]
    assert [count["object"] for count in counts] == ["response.input_tokens"] * 2
    assert [count["input_tokens"] for count in counts] == [6, 154]
    assert (await http.post("responses/input_tokens", json={"model": "gone", "input": "x"})).status_code == 404
    assert standin.calls == []
