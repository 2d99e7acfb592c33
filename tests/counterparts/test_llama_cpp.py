"""Our language model client against llama.cpp's server, which others wrote, with weights of 135 million parameters.

It tests the wire, not the quality: where a model of that size should say something sensible, the schema leaves it no choice.
"""

import json
from datetime import UTC, datetime

import pytest

from momentum.errors import ActionRequired, ErrorCode, Permanent
from momentum.model import ClaimState, Meeting, Segment, Transcript
from momentum.pipeline.answers import MemoryAnswers
from momentum.pipeline.generate import generate
from momentum.pipeline.verify import check
from momentum.writers import WRITERS
from momentum.writers.minutes import Minutes

# Models answer late where other tests run beside them.
pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("llama.cpp"), pytest.mark.timeout(400)]

MODEL = "smollm2"
APIS = pytest.mark.parametrize("api", ["chat", "responses"])
# An example in one line is followed; left alone, such a model fills its JSON with line breaks, each as dear as a word.
EXAMPLE = '{"answer":"no","because":null,"marks":[{"sure":true},{"sure":false}]}'
ASKED = [{"role": "user", "content": f"Is water wet? Answer in one line like {EXAMPLE}"}]


def of(**properties):
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


SMALL = of(
    answer={"type": "string", "enum": ["yes", "no"]},
    because={"type": ["string", "null"], "enum": ["physics", None]},
    marks={"type": "array", "items": {"$ref": "#/$defs/mark"}, "minItems": 2, "maxItems": 2},
) | {"$defs": {"mark": of(sure={"type": "boolean"})}}


async def put(model, *, schema=SMALL, messages=ASKED):
    return await model.json(messages, name="answer", schema=schema)


async def test_an_answer_is_data_that_fits_the_schema_and_its_cost_is_counted(llama, llm, waits):
    answer = await put(llm(llama, MODEL, "chat"))
    assert answer.data["answer"] in {"yes", "no"}
    assert [set(mark) for mark in answer.data["marks"]] == [{"sure"}] * 2
    assert (answer.model, answer.usage.calls, waits) == (MODEL, 1, [])
    assert 20 < answer.usage.input_tokens < 100
    assert 15 < answer.usage.output_tokens < 100


async def test_in_responses_the_server_promises_no_form_and_the_person_hears_what_may_help(llama, llm):
    with pytest.raises(Permanent, match="LANGUAGE_MODEL_API=chat") as caught:
        await put(llm(llama, MODEL, "responses"))
    assert caught.value.code is ErrorCode.MODEL_ANSWER_INVALID


@APIS
async def test_a_wrong_key_needs_a_person(llama, llm, waits, api):
    with pytest.raises(ActionRequired, match="does not accept the API key") as caught:
        await put(llm(llama, MODEL, api, key="sk-wrong"))
    assert (caught.value.code, waits) == (ErrorCode.MODEL_KEY_INVALID, [])
    assert "sk-" not in caught.value.detail


@APIS
async def test_too_much_input_is_said_in_words(llama, llm, waits, api):
    with pytest.raises(Permanent, match="more than the model takes") as caught:
        await put(llm(llama, MODEL, api), messages=[{"role": "user", "content": "word " * 2000}])
    assert (caught.value.code, waits) == (ErrorCode.MODEL_INPUT_TOO_LARGE, [])


async def test_a_schema_the_server_cannot_read_is_refused_and_not_tried_again(llama, llm, waits):
    with pytest.raises(Permanent, match="did not accept our request") as caught:
        await put(llm(llama, MODEL, "chat"), schema=of(a={"$ref": "#/$defs/nowhere"}))
    assert (caught.value.code, waits) == (ErrorCode.MODEL_REQUEST_INVALID, [])


@APIS
async def test_an_address_without_the_api_is_said_to_be_wrong(llama, llm, api):
    with pytest.raises(ActionRequired, match="OPENAI_BASE_URL") as caught:
        await put(llm(f"{llama}/nowhere", MODEL, api))
    assert caught.value.code is ErrorCode.MODEL_NOT_CONFIGURED


async def test_a_server_without_a_path_for_one_model_names_it_in_its_list(llama, llm):
    assert await llm(llama, MODEL, "chat").end_date() is None
    with pytest.raises(ActionRequired) as caught:
        await llm(llama, "another", "chat").end_date()
    assert caught.value.code is ErrorCode.MODEL_NOT_FOUND


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
async def test_the_server_takes_the_schema_of_every_writer_and_cut_text_is_never_read(llama, llm, writer):
    """It writes to the end of its allowance: this model knows no end where a schema lets it go on."""
    with pytest.raises(Permanent, match="did not fit into its limit") as caught:
        await put(
            llm(llama, MODEL, "chat"), schema=writer.schema(), messages=[{"role": "user", "content": "Tell me a long story as JSON."}]
        )
    assert caught.value.code is ErrorCode.MODEL_INPUT_TOO_LARGE


SAID = [
    ("Dana Lee", "We decided to ship the release on Friday."),
    ("Sam Ode", "I will send the report by Monday."),
    ("Dana Lee", "The budget for the booth stays as it is."),
    ("Sam Ode", "I will call the supplier tomorrow."),
]
MEETING = Meeting("Planning", datetime(2026, 11, 20, 9, 0, tzinfo=UTC), "Europe/Berlin", ("Dana Lee", "Sam Ode"))


class Choosing(Minutes):
    """Minutes of one action, each of its fields one of a few: a model without any sense fills them too."""

    def schema(self):
        def one_of(*values, kind="string"):
            return {"type": kind, "enum": list(values)}

        numbers = {"type": "array", "items": one_of(*range(10), kind="integer"), "minItems": 1, "maxItems": 1}
        due = one_of("by Monday", None, kind=["string", "null"])
        action = of(quote=one_of(*(text for _, text in SAID)), segment_ids=numbers, owner=one_of("Dana Lee", "Sam Ode"), due_words=due)
        return of(actions={"type": "array", "items": action, "minItems": 1, "maxItems": 1})

    def messages(self, meeting, segments, *, part, parts, language):
        _, record = super().messages(meeting, segments, part=part, parts=parts, language=language)
        example = {"quote": SAID[2][1], "segment_ids": [2], "owner": "Dana Lee", "due_words": None}
        line = json.dumps({"actions": [example]}, separators=(",", ":"))
        return [{"role": "system", "content": f"Write one action in one line, like {line}"}, record]

    def read(self, answer):
        actions = [action | {"text": action["quote"]} for action in answer["actions"]]
        return super().read({"topics": [], "decisions": [], "questions": [], "title": "", "summary": "We met.", "actions": actions})


async def test_from_a_transcript_to_a_draft_that_code_can_judge(llama, llm):
    """What was said is more than the server's context takes: it goes in halves, and all of it is read."""
    segments = tuple(Segment(i, i * 4.0, i * 4.0 + 3, SAID[i % 4][1], SAID[i % 4][0]) for i in range(10))
    transcript = Transcript(segments, "en", 40.0, "own", "test")

    async def report(done, of):
        assert done <= of

    draft = await generate(Choosing(), transcript, MEETING, llm(llama, MODEL, "chat"), language="en", report=report, kept=MemoryAnswers())
    judged = check(draft, transcript, MEETING)
    assert (draft.coverage.sent, draft.coverage.unread) == (tuple(range(10)), ())
    assert draft.usage.calls >= 2
    assert draft.claims
    assert draft.usage.input_tokens > 10 * 10
    assert judged.model == MODEL
    for claim in judged.claims:
        assert claim.state in {ClaimState.VERIFIED, ClaimState.REPAIRED, ClaimState.NEEDS_CONFIRMATION}
        assert claim.quote in {text for _, text in SAID}, json.dumps(claim.quote)
