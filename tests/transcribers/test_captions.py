"""Zoom's text files are read as they come: line ends, names, gaps, half files."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentum.transcribers.captions import ChatMessage, Turn, read_chat, read_timeline, read_vtt

TRANSCRIPT = """WEBVTT

1
00:00:02.000 --> 00:00:05.500
Dr. Jane Roe: Good morning, everybody.

2
00:00:05.600 --> 00:00:07.000
Li Wei (李伟): Morning.

3
00:00:08.000 --> 00:00:09.000
Hmm.

4
00:00:10.000 --> 00:00:13.000
Dr. Jane Roe: One thing first: the budget.

5
00:00:14.000 --> 00:00:16.000
Remember this: we ship on Friday.

6
01:00:14.000 --> 01:00:16.000
Li Wei (李伟): Agreed.
"""

CC = """WEBVTT

00:01:08.000 --> 00:01:12.000
so the plan is

00:01:10.000 --> 00:01:14.000
so the plan is

00:01:14.000 --> 00:01:16.000
note: to ship
"""


def said(segments):
    return [(s.speaker, s.text) for s in segments]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_names_are_believed_when_they_come_again(line_end, mark):
    found = read_vtt(mark + TRANSCRIPT.replace("\n", line_end))
    assert said(found) == [
        ("Dr. Jane Roe", "Good morning, everybody."),
        ("Li Wei (李伟)", "Morning."),
        (None, "Hmm."),
        ("Dr. Jane Roe", "One thing first: the budget."),
        (None, "Remember this: we ship on Friday."),
        ("Li Wei (李伟)", "Agreed."),
    ]
    assert [(s.id, s.start, s.end) for s in found][0::5] == [(0, 2.0, 5.5), (5, 3614.0, 3616.0)]


def test_a_participant_is_believed_at_once():
    text = "WEBVTT\n\n1\n00:01.000 --> 00:02.000\nAda: hello\n"
    assert said(read_vtt(text)) == [(None, "Ada: hello")]
    assert said(read_vtt(text, ["ada"])) == [("ada", "hello")]


def test_names_may_hold_colons():
    cues = [
        f"{i}\n00:00:0{i}.000 --> 00:00:0{i}.500\n{line}\n"
        for i, line in enumerate(["Room: Ada: hello", "Room: Ada: yes: really", "Bob: no", "Bob: or: maybe"])
    ]
    expected = [("Room: Ada", "hello"), ("Room: Ada", "yes: really"), ("Bob", "no"), ("Bob", "or: maybe")]
    assert said(read_vtt("WEBVTT\n\n" + "\n".join(cues))) == expected
    assert said(read_vtt("WEBVTT\n\n" + cues[0], ["Room", "Room: Ada"])) == expected[:1]


def test_captions_without_numbers_and_names_lose_their_repeats():
    found = read_vtt(CC)
    assert said(found) == [(None, "so the plan is"), (None, "note: to ship")]
    assert (found[0].start, found[0].end) == (68.0, 74.0)


def test_what_is_no_cue_is_passed_over():
    passed_over = "WEBVTT - a title\n\nNOTE\n00:01.000 --> 00:02.000\nnot this\n\nSTYLE\n::cue {}\n\nno time\nhere\n\n"
    text = f"{passed_over}1\n00:03,500 --> 00:02.000\nA &amp; <b>B</b>\n"
    (only,) = read_vtt(text)
    assert (only.text, only.start, only.end) == ("A & B", 3.5, 3.5)
    assert read_vtt("") == ()
    assert read_vtt("<html>no</html>") == ()


def test_cues_out_of_order_are_put_in_order_and_several_lines_joined():
    text = "WEBVTT\n\n00:05.000 --> 00:06.000 align:start\nsecond\nline\n\n00:01.000 --> 00:02.000\n<v Ada Roe>first</v>\n"
    assert said(read_vtt(text)) == [("Ada Roe", "first"), (None, "second line")]


@given(st.text("WEBVTT\n\r:-> 0123456789.abc<>&;", max_size=200))
def test_no_text_makes_it_fail(text):
    assert all(s.end >= s.start >= 0 for s in read_vtt(text))
    read_chat(text)
    read_timeline(text)


def entry(ts, *names, **more):
    return {"ts": ts, "users": [{"username": name, "user_id": 1, **more} for name in names]}


def test_turns_are_the_time_between_changes():
    timeline = [entry("00:00:02.000", "Ada"), entry("00:00:04.500", "Ada"), entry("00:00:06.000", "Ada", "Bob"), entry("00:00:09.500")]
    document = {"version": 1, "timeline": [*timeline, entry("00:00:12.000", "Bob")]}
    assert read_timeline(json.dumps(document), seconds=20) == (
        Turn(2.0, 6.0, ("Ada",)),
        Turn(6.0, 9.5, ("Ada", "Bob")),
        Turn(12.0, 20, ("Bob",)),
    )


def test_the_refined_timeline_is_preferred():
    document = {"timeline": [entry("00:00:00.000", "Noise")], "timeline_refine": [entry("00:00:01.000", "Ada"), entry("00:00:02.000")]}
    assert read_timeline(json.dumps(document)) == (Turn(1.0, 2.0, ("Ada",)),)
    document["timeline_refine"] = []
    assert read_timeline(json.dumps(document), seconds=1) == (Turn(0.0, 1, ("Noise",)),)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"timeline": null}', '{"timeline": [1, {"ts": 5}, {"ts": "x", "users": 3}]}'])
def test_an_empty_timeline_has_no_turns(text):
    assert read_timeline(text) == ()


def test_chat_lines_with_more_lines():
    text = "00:01:05\tAda Roe:\thello: all\r\nsecond line\r\n00:02:00\tBob:\tok\r\n"
    assert read_chat(text) == (ChatMessage(65.0, "Ada Roe", "hello: all\nsecond line"), ChatMessage(120.0, "Bob", "ok"))
    assert read_chat("nothing here") == ()


@pytest.mark.parametrize("digits", [5, 400, 5000])
def test_a_time_of_endless_digits_is_no_time(digits):
    endless = "9" * digits
    assert read_vtt(f"WEBVTT\n\n1\n{endless}:00:00.000 --> 00:00:01.000\nAda: Hello") == ()
    assert read_chat(f"{endless}:00:00\tAda:\thello") == ()
    assert read_timeline(json.dumps({"timeline": [entry(f"{endless}:00:00.000", "Ada"), entry("00:00:02.000")]})) == ()


def test_a_timeline_nested_without_end_has_no_turns():
    assert read_timeline("[" * 100_000) == ()


TEAMS = ["Team: Red: We begin.", "Team: Blue: So do we.", "Team: Red: And go on."]


def cues(lines):
    return "WEBVTT\n\n" + "\n".join(f"{i}\n00:00:0{i}.000 --> 00:00:0{i}.900\n{line}\n" for i, line in enumerate(lines))


def test_names_that_begin_alike_are_not_one_person():
    assert said(read_vtt(cues(TEAMS))) == [("Team: Red", "We begin."), ("Team: Blue", "So do we."), ("Team: Red", "And go on.")]
    assert [speaker for speaker, _ in said(read_vtt(cues(TEAMS[:2])))] == [None, None]
    assert [speaker for speaker, _ in said(read_vtt(cues(TEAMS[:2]), ["Team: Red", "Team: Blue"]))] == ["Team: Red", "Team: Blue"]
