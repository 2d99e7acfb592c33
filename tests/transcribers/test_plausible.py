"""What looks wrong is marked and kept; what people really say is left alone."""

import pytest

from momentum.model import Heard, Segment, Word
from momentum.transcribers.plausible import is_credit, marked, repeats_itself


@pytest.fixture
def marks(chunk_of):
    """The marks of each text, each said for `seconds` one after the other in a minute of speech."""

    def judge(*texts, seconds=4.0, speech=((0.0, 60.0),), words=()):
        segments = tuple(Segment(i, i * seconds, (i + 1) * seconds, text, words=words) for i, text in enumerate(texts))
        found = marked(Heard(segments, "en"), chunk_of(bytes(60 * 32_000), speech))
        assert [s.text for s in found] == list(texts)
        return [s.marks for s in found]

    return judge


@pytest.mark.parametrize(
    "text",
    [
        "yeah, " * 60,
        "I don't know what to do. " * 5,
        "So we will " + "go to the next one and " * 6 + "stop",
        "ありがとうございました" * 5,
        "дальше дальше дальше дальше дальше дальше",
    ],
)
def test_loops_are_marked_in_any_language(marks, text):
    assert marks(text, seconds=30) == [("loop",)]


@pytest.mark.parametrize(
    "text",
    [
        "No, no, no, no.",
        "Okay. Yeah. Okay. Yeah, I think so.",
        "It was a very, very, very good quarter, and the next quarter will be a good quarter as well, I think, if the team holds.",
        "The number is 0 800 100 100 100, and the code is 1 1 1 1.",
        "Ja, genau, genau so machen wir das, genau.",
    ],
)
def test_people_repeat_themselves_too(marks, text):
    assert marks(text, seconds=9) == [()]
    assert not repeats_itself(text)


def test_the_same_sentence_again_and_again_is_a_loop(marks):
    assert marks("Good point.", *["I'm going to go."] * 5, "Right.") == [(), *[("loop",)] * 5, ()]
    assert marks("Yeah.", "Yeah.", "No.", "Yeah.") == [()] * 4


def test_words_where_nobody_spoke_are_marked_whatever_they_say(marks):
    assert marks("Und damit zurück ins Studio.", "We start now.", speech=((4.2, 60.0),)) == [("credits",), ()]


@pytest.mark.parametrize(
    "text",
    ["Thanks for watching!", "Subtitles by the Amara.org community", "ご視聴ありがとうございました", "Untertitel im Auftrag des ZDF"],
)
def test_closing_credits_are_marked(marks, text):
    assert "credits" in marks(text)[0]


@pytest.mark.parametrize(
    "text", ["Thank you.", "Okay.", "You.", "We watch the subtitles budget by quarter, and thank everybody for watching it so closely."]
)
def test_what_people_say_is_no_credit(text):
    assert not is_credit(text)


def test_more_words_than_anybody_can_say_are_marked(marks):
    text = "one two three four five six seven eight nine ten"
    assert marks(text, seconds=1.0) == [("rate",)]
    assert marks(text, seconds=3.0) == [()]
    assert marks("また明日の会議でこの件についてもう一度みんなで話しましょうそれまでに資料を準備しておいてください", seconds=1.0) == [
        ("rate",)
    ]


def test_words_the_engine_doubts_are_marked(marks):
    doubted = (Word("a", 0, 1, 0.2), Word("b", 1, 2, 0.3))
    assert marks("a b", words=doubted) == [("low_confidence",)]
    assert marks("a b", words=(Word("a", 0, 1, 0.9), Word("b", 1, 2, 0.3))) == [()]


def test_an_engines_own_marks_stay_and_times_are_put_in_order(chunk_of):
    heard = Heard((Segment(0, -1, 5, "a", marks=("low_confidence",)), Segment(1, 3, 99, "b"), Segment(2, 1, 2, "c")), None)
    found = marked(heard, chunk_of(bytes(10 * 32_000)))
    assert [(s.start, s.end) for s in found] == [(0, 5), (3, 10), (3, 3)]
    assert found[0].marks == ("low_confidence",)
