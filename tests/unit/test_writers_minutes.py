"""The writer of minutes: its schema, what it reads, how parts become one."""

import json

import pytest

from momentum.model import ClaimState, Meeting, Segment
from momentum.writers import WRITERS
from momentum.writers.schema import violation

MINUTES = WRITERS["minutes"]
ITEM = {"quote": "I'll send it", "segment_ids": [3, 3], "text": " Send it. ", "owner": " ", "due_words": "by Friday"}
ANSWER = {"topics": [], "decisions": [], "actions": [ITEM], "questions": [], "title": "T", "summary": " S. "}


def test_writers_are_found_by_name():
    assert set(WRITERS) >= {"minutes"}
    assert all(w.name == name for name, w in WRITERS.items())


def test_every_property_is_required_and_nothing_else_allowed():
    objects = [MINUTES.schema()]
    while objects:
        schema = objects.pop()
        if schema.get("type") == "object":
            assert schema["required"] == list(schema["properties"])
            assert schema["additionalProperties"] is False
        objects += [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]


def test_an_answer_is_read_as_unchecked_claims():
    summary, (claim,), extra = MINUTES.read(ANSWER)
    assert (summary, extra) == ("S.", {"title": "T"})
    assert (claim.kind, claim.text, claim.segment_ids, claim.owner, claim.due_words) == ("action", "Send it.", (3,), None, "by Friday")
    assert (claim.state, claim.reason, claim.due_date) == (ClaimState.NEEDS_CONFIRMATION, "", None)


def test_merging_keeps_everything_once_and_in_order():
    other = ANSWER | {"actions": [ITEM, ITEM | {"text": "Call."}], "summary": "S2."}
    summary, claims, extra = MINUTES.merge([MINUTES.read(ANSWER), MINUTES.read(other)])
    assert summary == "S.\n\nS2."
    assert [c.text for c in claims] == ["Send it.", "Call."]
    assert extra == {"title": "T"}


def test_the_orders_are_apart_from_the_record():
    orders, record = MINUTES.messages(Meeting("M"), [Segment(7, 0, 1, "Hello there", "Dana")], part=2, parts=3, language="fr")
    assert "part 2 of 3" in orders["content"]
    assert "fr." in orders["content"]
    assert "[7] Dana: Hello there" in record["content"]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({}, None),
        ({"summary": 1}, "$.summary"),
        ({"more": 1}, "$"),
        ({"actions": [ITEM | {"segment_ids": ["3"]}]}, "$.actions[0].segment_ids[0]"),
        ({"actions": [ITEM | {"segment_ids": [True]}]}, "$.actions[0].segment_ids[0]"),
        ({"actions": [{k: v for k, v in ITEM.items() if k != "owner"}]}, "$.actions[0].owner"),
        ({"actions": [ITEM | {"owner": None}]}, None),
        ({"actions": "none"}, "$.actions"),
    ],
)
def test_an_answer_is_held_to_the_schema(change, where):
    found = violation(json.loads(json.dumps(ANSWER | change)), MINUTES.schema())
    assert found is None if where is None else found.startswith(where + ":")


def test_references_and_alternatives_are_followed():
    schema = {"type": "object", "properties": {"x": {"anyOf": [{"$ref": "#/$defs/n"}, {"type": "null"}]}}, "$defs": {"n": {"enum": [1, 2]}}}
    assert violation({"x": 2}, schema) is None
    assert violation({"x": None}, schema) is None
    assert violation({"x": 3}, schema) == "$.x: fits none of the alternatives"
