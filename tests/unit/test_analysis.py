"""What is measured of a meeting, on meetings whose figures are known."""

import json
import os
import re
from pathlib import Path
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentum.analysis import analyse, chapters, sentiment
from momentum.model import Claim, ClaimState, Gap, Segment, Transcript
from momentum.writers import spoken


def a_meeting(*said, language="en", seconds=None, gaps=()):
    """(speaker, start, end, text) each."""
    segments = tuple(Segment(i, start, end, text, speaker) for i, (speaker, start, end, text) in enumerate(said))
    return Transcript(segments, language, seconds or max((s.end for s in segments), default=0.0), "own", "test", gaps)


def of(found, speaker):
    return next(s for s in found.talk.speakers if s.speaker == speaker)


# --- talk -------------------------------------------------------------------------------------------

PLAN = a_meeting(
    ("Ada", 0.0, 10.0, "Let us begin with the plan for the spring. Who has read it?"),
    ("Ben", 10.5, 11.5, "Yes, I did."),
    ("Ada", 12.0, 20.0, "Good, then I will go through what has changed."),
    ("Ben", 30.0, 40.0, "What about the budget? I would like to see the numbers."),
    (None, 41.0, 43.0, "Sounds good to me."),
    seconds=60.0,
    gaps=(Gap(50.0, 60.0),),
)


def test_talk_time_is_the_time_between_first_and_last_word():
    found = analyse(PLAN)
    assert [(s.speaker, s.seconds, s.turns) for s in found.talk.speakers] == [
        ("Ada", 18.0, 2),
        ("Ben", 11.0, 2),
        ("Unknown speaker", 2.0, 1),
    ]
    assert sum(s.share for s in found.talk.speakers) == pytest.approx(1.0)
    assert of(found, "Ben").words == 14
    assert (of(found, "Ada").questions, of(found, "Ben").questions) == (1, 1)


def test_a_monologue_goes_on_over_remarks():
    assert of(analyse(PLAN), "Ada").longest == (0.0, 20.0)
    assert of(analyse(PLAN), "Ben").longest == (30.0, 40.0)


def test_silence_is_recorded_time_without_words():
    talk = analyse(PLAN).talk
    assert talk.silences == ((20.0, 30.0), (43.0, 50.0))
    assert talk.silence_seconds == 17.0


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        (("Ada", 0.0, 5.0, "So the plan for this spring is that we"), ("Ben", 5.1, 9.0, "No wait, that is not the plan."), 1),
        (("Ada", 0.0, 5.0, "So that is the whole plan for spring."), ("Ben", 5.1, 9.0, "I like it, let us do that."), 0),
        (("Ada", 0.0, 5.0, "So the plan for this spring is that we"), ("Ben", 7.0, 9.0, "No wait, that is not the plan."), 0),
        (("Ada", 0.0, 5.0, "So the plan for this spring is that we"), ("Ben", 5.1, 6.0, "Right, yes."), 0),
        (("Ada", 0.0, 6.0, "So that is the whole plan for spring."), ("Ben", 5.0, 9.0, "Wait, what about the budget then?"), 1),
        (("Ada", 0.0, 9.0, "So that is the whole plan for spring."), ("Ben", 5.0, 6.0, "And I like it very much."), 0),
    ],
)
def test_who_cuts_in(first, second, counts):
    rest = [
        ("Ada", 20.0, 22.0, "Let us go on now."),
        ("Ben", 30.0, 32.0, "That is fine by me."),
        ("Ada", 40.0, 42.0, "Then it is settled."),
    ]
    found = analyse(a_meeting(first, second, *rest))
    assert (of(found, "Ben").interruptions, of(found, "Ada").interrupted, of(found, "Ada").interruptions) == (counts, counts, 0)


def test_without_punctuation_no_questions_and_no_broken_sentences():
    said = [("AB"[i % 2], i * 3.0, i * 3.0 + 3, "we talk on and on without any mark") for i in range(6)]
    assert [(s.questions, s.interruptions) for s in analyse(a_meeting(*said)).talk.speakers] == [(None, 0), (None, 0)]


def test_what_nobody_said_counts_for_nobody():
    heard = (Segment(0, 0.0, 5.0, "We ship on Friday.", "Ada"), Segment(1, 5.0, 30.0, "[…]", "Ben", marks=("gap",)))
    assert [s.speaker for s in analyse(Transcript(heard, "en", 30.0, "own", "test")).talk.speakers] == ["Ada"]


# --- sentiment --------------------------------------------------------------------------------------


def test_how_words_sound_per_speaker_over_time():
    glad, sad = "This is a wonderful plan and I really love it.", "That was a terrible mistake and everybody hates it."
    said = [("Ada", i * 30.0, i * 30.0 + 9, glad if i < 3 else sad) for i in range(6)]
    found = analyse(a_meeting(*said, ("Ben", 200.0, 201.0, "Fine."), seconds=220.0)).sentiment
    (ada, ben) = found.speakers
    assert [(p.start, p.end) for p in ada.points] == [(0.0, 60.0), (60.0, 120.0), (120.0, 180.0)]
    assert ada.points[0].value > 0.5
    assert ada.points[2].value < -0.5
    assert ben.points == ()  # too little to say anything about
    assert "lexicon" in found.method
    assert "irony" in found.limits


@pytest.mark.parametrize(("language", "text"), [("de", "Wir liefern am Freitag."), (None, "Wir liefern am Freitag und nicht am Montag.")])
def test_other_languages_are_not_measured_and_that_is_said(language, text):
    found = analyse(a_meeting(("Ada", 0.0, 3.0, text), language=language)).sentiment
    assert (found.measured, found.speakers) == (False, ())
    assert found.reason.startswith("Not measured: the lexicon is English")


def test_the_lexicon_knows_a_negation():
    assert sentiment.score("This is good.") > 0 > sentiment.score("This is not good.")


# --- chapters and keywords --------------------------------------------------------------------------

SUBJECTS = ["budget invoices spending finance costs", "kitchen oven recipes cooking dinner", "rocket launch engine orbit fuel"]


def three_subjects():
    said, at = [], 0.0
    for words in map(str.split, SUBJECTS):
        for i in range(60):
            text = f"We talk about {words[i % 5]} and {words[(i + 1) % 5]} with {words[(i + 3) % 5]}."
            said.append(("Ada", at, at + 5, text))
            at += 5
    return a_meeting(*said)


def test_topics_in_quick_succession_are_not_all_one_chapter():
    said = Transcript(tuple(Segment(n, 15.0 * n, 15.0 * n + 9, f"Point {n}.", "Ada") for n in range(8)), "en", 120.0, "own", "local:base")
    topics = [Claim("topic", s.text, s.text, (s.id,), state=ClaimState.VERIFIED, start=s.start) for s in said.segments]
    assert [c.start for c in analyse(said, topics).chapters.chapters] == [0.0, 30.0, 60.0, 90.0]


def test_chapters_end_where_the_words_change():
    found = analyse(three_subjects()).chapters
    assert found.source == "words"
    assert [c.start for c in found.chapters] == [0.0, pytest.approx(300, abs=45), pytest.approx(600, abs=45)]
    assert [c.end for c in found.chapters] == [*(c.start for c in found.chapters[1:]), 900.0]
    for chapter, words in zip(found.chapters, SUBJECTS, strict=True):
        assert set(chapter.title.split(", ")) <= set(words.split())


def test_topics_of_a_document_come_first():
    claims = [
        Claim("topic", "Budget", "q", (0,), state=ClaimState.VERIFIED, start=100.0),
        Claim("topic", "Hiring", "q", (0,), state=ClaimState.VERIFIED, start=400.0),
        Claim("topic", "Hiring again", "q", (0,), state=ClaimState.VERIFIED, start=405.0),
        Claim("topic", "Invented", "q", (0,), state=ClaimState.DROPPED, start=600.0),
        Claim("topic", "Nowhere", "q", (0,)),
    ]
    found = analyse(three_subjects(), claims, "minutes").chapters
    assert [(c.start, c.end, c.title) for c in found.chapters] == [(0.0, 400.0, "Budget"), (400.0, 900.0, "Hiring")]
    assert found.source == "minutes"
    assert analyse(three_subjects(), claims[3:]).chapters.source == "words"


def test_keywords_are_phrases_that_come_up_again():
    said = [
        ("Ada", 0.0, 5.0, "The Remote Control needs a new battery cover."),
        ("Ben", 6.0, 9.0, "Yeah, the remote control, and she's right, the battery cover."),
        ("Ada", 10.0, 15.0, "So the remote control costs twenty-five euro."),
    ]
    found = analyse(a_meeting(*said)).keywords.keywords
    assert [(k.text, k.count, k.first) for k in found] == [("remote control", 3, 0.0), ("battery cover", 2, 0.0)]


@pytest.mark.parametrize("language", ["en", "de", "zh", None])
@given(texts=st.lists(st.text(max_size=40), max_size=8))
def test_any_text_can_be_analysed(language, texts):
    said = [(None if i % 3 else f"S{i}", i * 2.0, i * 2.0 + 1, text) for i, text in enumerate(texts)]
    found = analyse(a_meeting(*said, language=language, seconds=100.0))
    assert found.chapters.chapters[0].start == 0.0
    assert found.chapters.chapters[-1].end >= 100.0
    assert found == analyse(a_meeting(*said, language=language, seconds=100.0))


# --- chapters of real meetings ----------------------------------------------------------------------

SAMPLES = os.environ.get("MOMENTUM_SAMPLES")


def pk(borders, found, count):
    """Share of pairs of turns that the two divide differently (Beeferman, Berger and Lafferty, 1999): 0 is the same division."""
    apart = max(2, round(count / (len(borders) + 1) / 2))

    def divided(by, i):
        return any(i < border <= i + apart for border in by)

    return fmean(divided(borders, i) != divided(found, i) for i in range(count - apart))


def transcript_of(meeting):
    at, said = 0.0, []
    for turn in meeting["meeting_transcripts"]:
        text = re.sub(r"\s+([.,?!'])", r"\1", re.sub(r"\{[^}]*\}", "", turn["content"]))
        length = len(text.split()) / 2.5
        said.append((turn["speaker"], at, at + length, text))
        at += length + 0.4
    return a_meeting(*said)


@pytest.mark.skipif(not SAMPLES, reason="MOMENTUM_SAMPLES is not set: it names the folder in which qmsum/ lies")
def test_chapters_are_better_than_dividing_evenly():
    """QMSum, https://github.com/Yale-LILY/QMSum; the figures stand in docs/reference/analysis.md."""
    ours, even, none = [], [], []
    for path in sorted(Path(SAMPLES, "qmsum").glob("*.json")):
        meeting = json.loads(path.read_text())
        count = len(meeting["meeting_transcripts"])
        borders = sorted({int(topic["relevant_text_span"][0][0]) for topic in meeting["topic_list"]} - {0})
        if len(borders) < 2:
            continue
        transcript = transcript_of(meeting)
        made = chapters.tiled(spoken.sentences(transcript.segments), transcript.seconds, english=True).chapters
        found = [min(range(count), key=lambda i: abs(transcript.segments[i].start - c.start)) for c in made[1:]]
        ours.append(pk(borders, found, count))
        even.append(pk(borders, [round(count * i / len(made)) for i in range(1, len(made))], count))
        none.append(pk(borders, [], count))
    print(f"{len(ours)} meetings: Pk {fmean(ours):.3f}, evenly {fmean(even):.3f}, without borders {fmean(none):.3f}")  # noqa: T201
    assert len(ours) >= 30
    assert fmean(ours) < fmean(even) - 0.05
