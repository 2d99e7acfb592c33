"""Between writers and model: nothing a writer adds itself goes out unmasked either, and segments keep their numbers."""

import pytest

from momentum.model import Answer, Claim, Deliverable, Meeting, Segment, Transcript, Usage
from momentum.pipeline.redact import MaskingModel, redacted
from momentum.redaction import NOTHING, RECOGNISED, Redaction

pytestmark = pytest.mark.anyio

WANTED = Redaction.of(RECOGNISED, ["Dana Lee"])
SAID = Transcript((Segment(0, 0.0, 2.0, "Write to ada@example.org in 2026.", "Dana Lee"),), "en", 2.0, "own", "test")
MEETING = Meeting("Planning with Dana")


class Model:
    """Remembers what it was asked, and says it again."""

    model, window = "m", 1000

    def __init__(self):
        self.asked = []

    def count_tokens(self, text):
        return len(text.split())

    async def json(self, messages, *, name, schema, spent=None):
        self.asked.append(messages)
        return Answer({"said": messages[-1]["content"]}, Usage(), "m")


def writing(question="What did Dana promise bob@example.org?"):
    """Writes as a template of somebody's own does: with words of theirs in the orders, and the record below."""

    async def write(transcript, meeting, llm):
        record = "\n".join([meeting.title, *(f"[{s.id + 1000}] {s.speaker}: {s.text}" for s in transcript.segments), "[10010] 55 people"])
        messages = [{"role": "system", "content": question}, {"role": "user", "content": record}]
        answer = await llm.json(messages, name="mine", schema={})
        claim = Claim("action", answer.data["said"], answer.data["said"], (0,), owner=transcript.segments[0].speaker)
        return Deliverable("mine", "1", meeting.title, "en", "", (claim,), model=llm.model, extra={})

    return write


async def test_a_writers_own_words_are_masked_with_the_same_placeholders():
    model = Model()
    draft = await redacted(WANTED, SAID, MEETING, model, writing())
    ((orders, record),) = model.asked
    assert orders["content"].startswith("What did NAME_1 promise EMAIL_2?\n\nWords such as NAME_1 or EMAIL_1 stand for ")
    assert record["content"].splitlines()[:2] == ["Planning with NAME_1", "[1000] NAME_1_2: Write to EMAIL_1 in 2026."]
    assert draft.title == "Planning with Dana"
    assert draft.claims[0].owner == "Dana Lee"
    assert "[1000] Dana Lee: Write to ada@example.org in 2026." in draft.claims[0].quote
    assert draft.extra == {"masked": {"name": 1, "email": 2}}


async def test_the_numbers_of_segments_are_no_phone_numbers():
    model = Model()
    await redacted(WANTED, SAID, MEETING, model, writing())
    assert model.asked[0][1]["content"].splitlines()[2] == "[10010] 55 people"


async def test_the_explanation_fits_into_the_window():
    model = Model()
    seen = []

    async def write(transcript, meeting, llm):
        seen.append((type(llm), llm.window, llm.count_tokens("one two")))
        return await writing()(transcript, meeting, llm)

    await redacted(WANTED, SAID, MEETING, model, write)
    explanation = model.asked[0][0]["content"].partition("\n\n")[2]
    assert seen == [(MaskingModel, 1000 - len(explanation.split()), 2)]


async def test_where_nothing_is_masked_the_model_is_told_nothing_of_it():
    model = Model()
    plain = Transcript((Segment(0, 0.0, 2.0, "We ship on Friday.", "Sam"),), "en", 2.0, "own", "test")
    draft = await redacted(WANTED, plain, Meeting("Planning"), model, writing("What was promised?"))
    assert model.asked[0][0]["content"] == "What was promised?"
    assert draft.extra == {"masked": {}}
    draft = await redacted(NOTHING, SAID, MEETING, model, writing())
    assert model.asked[1][0]["content"] == "What did Dana promise bob@example.org?"
    assert draft.extra == {}
