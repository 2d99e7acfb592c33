"""Who said it: names from the witnesses, words from ours, turns between two words."""

import random

import pytest

from bench.dialogues import Line, captions
from bench.speakers import Score, one_name_each, score, three_hours
from momentum.model import LISTEN_HERE, Reading, Segment, Word
from momentum.pipeline.attribute import Witnesses, attribute
from momentum.pipeline.attribute.said import timed
from momentum.sandbox.samples import load
from momentum.transcribers.captions import Turn


def said(start, end, text, speaker=None, *, step=0.4, words=True):
    """A sentence whose words follow each other without a pause."""
    spoken = tuple(Word(word, start + i * step, start + (i + 1) * step) for i, word in enumerate(text.split())) if words else ()
    return Segment(0, start, end, text, speaker, spoken)


def cue(start, end, text, speaker=None):
    return Segment(0, start, end, text, speaker)


def turns_of(segments, **witnesses):
    return [(s.speaker, s.text) for s in attribute(segments, Witnesses(**witnesses))]


def test_a_segment_is_split_at_the_word_where_the_speaker_changes():
    ours = said(0, 4, "We ship on Friday I do not think so")
    captions = (cue(0, 2.6, "We ship on Friday.", "Ada"), cue(0.9, 4, "I do not think so.", "Ben"))
    assert turns_of([ours], captions=captions) == [("Ada", "We ship on Friday"), ("Ben", "I do not think so")]
    first, second = attribute([ours], Witnesses(captions))
    assert (first.id, first.start, first.end, second.id, second.start, second.end) == (0, 0, 1.6, 1, 1.6, pytest.approx(3.6))


def test_every_word_carries_its_speaker_and_how_sure_that_is():
    (segment,) = attribute([said(0, 2, "We ship on Friday.")], Witnesses((cue(0, 2, "We ship on Friday.", "Ada"),)))
    assert {word.speaker for word in segment.words} == {"Ada"}
    assert all(word.certainty > 0.95 for word in segment.words)
    (vague,) = attribute([said(0, 2, "We ship on Friday.")], Witnesses((cue(0, 2, "Something else altogether now.", "Ada"),)))
    assert all(0.5 < word.certainty < 0.95 for word in vague.words)


def test_a_word_thrown_in_is_its_speakers_though_a_long_caption_covers_it():
    ours = [said(0, 4, "The old version could still be started."), said(4, 4.4, "Right."), said(4.5, 7, "That went well for all.")]
    long = cue(0, 9, "The old version could still be started. That went well for all.", "Ada")
    assert [speaker for speaker, _ in turns_of(ours, captions=(long, cue(3.2, 5, "Right.", "Ben")))] == ["Ada", "Ben", "Ada"]


def test_captions_that_are_a_second_late_do_not_move_the_turn():
    ours = [said(0, 2, "Are we ready for this?"), said(2.2, 4, "Yes we are ready now.")]
    late = (cue(1.0, 3.2, "Are we ready for this?", "Ada"), cue(3.3, 5, "Yes, we are ready now.", "Ben"))
    assert [speaker for speaker, _ in turns_of(ours, captions=late)] == ["Ada", "Ben"]


def test_where_nobody_is_captioned_nobody_is_named():
    ours = [said(0, 2, "We ship on Friday."), said(20, 22, "Good night all of you.")]
    assert [speaker for speaker, _ in turns_of(ours, captions=(cue(0, 4, "We ship on Friday.", "Ada"),))] == ["Ada", None]


def test_without_a_witness_everything_stays_as_it_is():
    ours = [said(0, 2, "We ship on Friday.", "Speaker 1A")]
    assert turns_of(ours) == turns_of(ours, captions=(cue(0, 2, "We ship on Friday."),)) == [("Speaker 1A", "We ship on Friday.")]
    assert attribute([], Witnesses((cue(0, 2, "We ship on Friday.", "Ada"),))) == ()


def test_a_caption_without_a_name_names_nobody_unless_the_timeline_does():
    ours, nameless = [said(0, 1, "Agreed then.")], (cue(0, 1, "Agreed then."), cue(30, 31, "Hello.", "Ben"))
    assert turns_of(ours, captions=nameless) == [(None, "Agreed then.")]
    assert turns_of(ours, captions=nameless, turns=(Turn(0, 1.2, ("Ada",)),)) == [("Ada", "Agreed then.")]


def test_the_timeline_alone_names_too():
    ours = [said(0, 2, "We ship on Friday."), said(2.3, 4, "I do not think so.")]
    turns = (Turn(0.1, 2.4, ("Ada",)), Turn(2.4, 4.5, ("Ben",)))
    assert [speaker for speaker, _ in turns_of(ours, turns=turns)] == ["Ada", "Ben"]


def test_a_participants_own_audio_weighs_more_than_a_caption():
    ours = [said(0, 2, "We ship on Friday.")]
    witnesses = {"tracks": (Turn(0, 2, ("Ben",)),), "tracked": ("Ada", "Ben")}
    assert turns_of(ours, captions=(cue(0, 2, "Something else.", "Ada"),), **witnesses) == [("Ben", "We ship on Friday.")]


def test_a_person_has_one_spelling():
    ours = [said(0, 2, "We ship on Friday."), said(3, 5, "I do not think so.")]
    captions = (cue(0, 2, "We ship on Friday.", "ada  lovelace"),)
    turns = (Turn(3, 5, ("ADA LOVELACE",)),)
    assert {speaker for speaker, _ in turns_of(ours, captions=captions, turns=turns, roster=("Ada Lovelace",))} == {"Ada Lovelace"}


def test_a_segment_without_word_times_is_split_by_its_text():
    ours = said(0, 8, "We ship on Friday. I do not think so, it is late.", words=False)
    captions = (cue(0, 3, "We ship on Friday.", "Ada"), cue(3, 8, "I do not think so, it is late.", "Ben"))
    found = attribute([ours], Witnesses(captions))
    assert [(s.speaker, s.text, s.words) for s in found] == [
        ("Ada", "We ship on Friday.", ()),
        ("Ben", "I do not think so, it is late.", ()),
    ]


def test_no_word_is_lost_or_changed():
    chance = random.Random(3)
    vocabulary = ["we", "ship", "it", "on", "friday", "the", "plan", "日本", "okay", "Ada's", "15,000"]
    for _ in range(30):
        ours = [said(i * 5.0, i * 5.0 + 4, " ".join(chance.choices(vocabulary, k=chance.randint(1, 9)))) for i in range(8)]
        captions = tuple(
            cue(at := chance.uniform(0, 40), at + 4, " ".join(chance.choices(vocabulary, k=5)), chance.choice("ABC")) for _ in range(9)
        )
        found = attribute(ours, Witnesses(captions))
        assert [(w.text, w.start, w.end) for s in found for w in s.words] == [(w.text, w.start, w.end) for s in ours for w in s.words]
        assert " ".join(s.text for s in found) == " ".join(s.text for s in ours)
        assert all(w.speaker == s.speaker for s in found for w in s.words)
        assert [s.id for s in found] == list(range(len(found)))


# --- numbers and names --------------------------------------------------------------------------------


def readings(ours, theirs, roster=()):
    found = attribute([said(0, 9, ours)], Witnesses((cue(0, 0.4 * len(ours.split()), theirs, "Ada"),), roster=roster))
    assert all((LISTEN_HERE in s.marks) == bool(s.readings) for s in found)
    return [(r.kind, r.ours, r.theirs) for s in found for r in s.readings]


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        ("We spend fifteen thousand on it.", "We spend fifty thousand on it.", ("number", "fifteen thousand", "fifty thousand")),
        ("We spend 15,000 dollars on it.", "We spend fifteen thousand dollars on it.", None),
        ("It ends on the thirtieth of June for us.", "It ends on the thirteenth of June for us.", ("number", "thirtieth", "thirteenth")),
        ("We have twelve open bugs in the list.", "We have open bugs in the list.", ("number", "twelve", "")),
        ("I will ask Karen about the report.", "I will ask Aaron about the report.", ("name", "Karen", "Aaron")),
        ("I will ask Catherine about the report.", "I will ask Katherine about the report.", None),
        ("I will ask the tan about the report.", "I will ask the Tom about the report.", ("name", "tan", "Tom")),
        ("It is a good old plan for us.", "It is a cold old plan for us.", None),
        ("We agree. Great plan for all of us.", "We agree. Good plan for all of us.", None),
    ],
)  # fmt: skip
def test_two_readings_of_a_number_or_a_name_are_both_kept(ours, theirs, found):
    assert readings(ours, theirs) == ([found] if found else [])


def test_a_name_of_the_roster_counts_without_a_capital():
    pair = ("I will ask karen about the report.", "I will ask aaron about the report.")
    assert readings(*pair) == []
    assert readings(*pair, roster=("Karen Holt",)) == [("name", "karen", "aaron")]


@pytest.mark.parametrize("answer", ["Fifteen.", "15."])
def test_a_number_of_somebody_who_answers_in_between_is_no_other_reading(answer):
    ours = [said(0, 2.8, "So how many people do we need?"), said(3.2, 4.4, "Fifteen. Maybe more."), said(5, 7, "That is what I thought.")]
    asks, answers, thanks = "So how many people do we need?", f"{answer} Maybe more.", "That is what I thought."
    captions = (cue(0, 2.8, asks, "Ada"), cue(3.2, 4.4, answers, "Ben"), cue(5, 7, thanks, "Ada"))
    found = attribute(ours, Witnesses(captions))
    assert [(s.speaker, s.readings) for s in found] == [("Ada", ()), ("Ben", ()), ("Ada", ())]


def test_a_reading_stands_where_it_was_said():
    ours = said(0, 4, "We spend fifteen thousand on it.")
    (segment,) = attribute([ours], Witnesses((cue(0, 3, "We spend fifty thousand on it.", "Ada"),)))
    assert segment.readings == (Reading("number", "fifteen thousand", "fifty thousand", 0.8, pytest.approx(1.6)),)


# --- whole meetings -----------------------------------------------------------------------------------


def meeting(key):
    """A sample's lines, its words as an engine would time them, and coarse captions: the same at every run."""
    lines = [Line(speaker, start, end, text) for speaker, start, end, text in load(key).lines]
    chance = random.Random(key)
    ours = []
    for number, line in enumerate(lines):
        moved = Segment(number, line.start + chance.uniform(-0.1, 0.1), line.end + chance.uniform(-0.1, 0.1), line.text)
        ours.append(Segment(number, moved.start, moved.end, moved.text, words=tuple(timed(moved))))
    # An engine that hears no sentence's end runs two people's sentences together.
    joined = [_one(pair) for pair in zip(ours[::2], [*ours[1::2], None], strict=False)]
    return lines, joined, tuple(captions(lines, chance))


def _one(pair):
    first, second = pair
    if second is None:
        return first
    return Segment(first.id, first.start, second.end, f"{first.text} {second.text}", words=first.words + second.words)


def test_meetings_with_known_turns_meet_the_goal_that_one_name_for_each_segment_misses():
    before, after = Score(0, 0, ()), Score(0, 0, ())
    for key in ("planning", "customer", "standup"):
        lines, ours, theirs = meeting(key)
        before += score(one_name_each(ours, theirs), lines)
        after += score(attribute(ours, Witnesses(theirs)), lines)
    assert after.share >= 95 > before.share, (str(before), str(after))
    assert after.boundary <= 150, str(after)
    assert after.lost == 0 < before.lost, (str(before), str(after))


def test_three_hours_take_no_longer_than_their_length_allows():
    assert three_hours() < 10  # seconds, on any machine; `make bench ARGS="speakers"` holds it to 2


def test_a_loop_of_one_word_is_no_squared_work():
    ours = [Segment(n, 5.0, 6.0, "yeah " * 500, words=tuple(Word("yeah", 5.0, 5.0) for _ in range(500))) for n in range(10)]
    captions = tuple(cue(5.0, 6.0, "yeah " * 500, speaker) for speaker in ("Ada", "Ben"))
    found = attribute(ours, Witnesses(captions))
    assert sum(len(s.words) for s in found) == 5_000


def test_captions_in_another_language_name_by_time_alone():
    ours = [said(0, 2, "We ship on Friday."), said(2.3, 4, "I do not think so.")]
    theirs = (cue(0, 2.2, "Wir liefern am Freitag.", "Ada"), cue(2.2, 4.3, "Das glaube ich nicht.", "Ben"))
    assert [speaker for speaker, _ in turns_of(ours, captions=theirs)] == ["Ada", "Ben"]
