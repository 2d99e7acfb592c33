"""Corrections over a transcript and a deliverable: pure functions, no model anywhere."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentum.corrections import (
    ConfirmClaim,
    EditClaim,
    EditSegment,
    FixTerm,
    MergeSpeakers,
    Reassign,
    RejectClaim,
    RenameSpeaker,
    body,
    changes,
    deliverable_under,
    kind_of,
    layer,
    machine_id,
    objection,
    replaced,
    transcript_under,
)
from momentum.corrections.words import compared
from momentum.model import Claim, ClaimState, Deliverable, Ruling, Segment, Transcript, Word


def timed(text, start, *, step=0.5):
    """Words of `text`, half a second each."""
    return tuple(Word(word, start + n * step, start + (n + 1) * step, 0.9) for n, word in enumerate(text.split()))


def said(number, start, speaker, text):
    words = timed(text, start)
    return Segment(number, start, words[-1].end, text, speaker=speaker, words=words)


TRANSCRIPT = Transcript(
    (
        said(0, 0.0, "Speaker 1", "We ship the Acme Crop portal on Friday."),
        said(1, 10.0, "Speaker 2", "I will tell Maya Chen. Great, thank you."),
        said(2, 20.0, "Maya Chen", "The acme crop invoice is 300 euros."),
    ),
    language="en",
    seconds=30.0,
    source="own",
    engine="local:base",
)
MINUTES = Deliverable(
    "minutes",
    "1",
    "Acme Crop portal",
    "en",
    "Speaker 1 said that Acme Crop ships. Speaker 10 was silent.",
    (
        Claim("decision", "Acme Crop ships on Friday", "ship the Acme Crop portal on Friday.", (0,), state=ClaimState.VERIFIED, start=0.5),
        Claim("action", "Tell Maya Chen", "I will tell Maya Chen.", (1,), owner="Speaker 2", state=ClaimState.VERIFIED, start=10.0),
        Claim("decision", "Never said", "nothing", (), state=ClaimState.DROPPED),
    ),
    model="m",
    extra={"keywords": ["Acme Crop"], "speakers": {"0": "Speaker 1", "1": "Speaker 2"}, "gaps": []},
)


def under(*layers):
    return transcript_under(TRANSCRIPT, layers), deliverable_under(MINUTES, TRANSCRIPT, layers)


TERMS = [
    ("We use acme.", "acme", "Acme", "We use Acme."),
    ("The CROP and the Crop and a crop", "crop", "corp", "The CORP and the Corp and a corp"),
    ("outcrop, crops, crop-top", "crop", "corp", "outcrop, crops, corp-top"),
    ("Will we ship with Will or WILL?", "Will", "Bill", "Bill we ship with Bill or BILL?"),
    ("will he", "Will", "Bill", "will he"),
    ("Maja's plan", "Maja", "Maya", "Maya's plan"),
    ("Acme  Crop\nis", "Acme Crop", "Acme Corp", "Acme Corp\nis"),
    ("C++ and C", "C++", "Rust", "Rust and C"),
    ("私たちは東京支社で会います", "東京支社", "大阪支社", "私たちは大阪支社で会います"),
    ("新しいAcmeの契約", "Acme", "Apex", "新しいApexの契約"),
    ("שלום דנה, מה שלומך", "דנה", "דינה", "שלום דינה, מה שלומך"),
    ("cafe\u0301 and cafe", "cafe", "bar", "cafe\u0301 and bar"),
    ("a.b and axb", "a.b", "c", "c and axb"),
    (r"back\slash", "back", r"\1", r"\1\slash"),
]


@pytest.mark.parametrize(("text", "term", "replacement", "expected"), TERMS)
def test_a_term_is_replaced_as_whole_words_and_in_its_case(text, term, replacement, expected):
    assert replaced(text, term, replacement) == expected


@given(st.text(max_size=60), st.text(max_size=6), st.text(max_size=6))
def test_replacing_a_term_never_fails_and_leaves_other_texts_alone(text, term, replacement):
    after = replaced(text, term, replacement)
    if " ".join(term.split()).casefold() not in " ".join(text.split()).casefold():
        assert after == text


def test_a_renamed_speaker_is_followed_by_owners_and_the_summary_but_not_by_what_was_said():
    transcript, minutes = under(RenameSpeaker("Speaker 1", "Dana Lee"), RenameSpeaker("Maya Chen", "Mia Chan"))
    assert transcript.speakers == ("Dana Lee", "Speaker 2", "Mia Chan")
    assert minutes.summary == "Dana Lee said that Acme Crop ships. Speaker 10 was silent."
    assert minutes.extra["speakers"] == {"0": "Dana Lee", "1": "Speaker 2"}
    assert (minutes.claims[1].text, minutes.claims[1].quote) == ("Tell Mia Chan", "I will tell Maya Chen.")
    assert under(RenameSpeaker("Speaker 2", "Dana"))[1].claims[1].owner == "Dana"


def test_a_name_that_is_part_of_the_new_one_is_not_doubled():
    plain = Deliverable("minutes", "1", "t", "en", "Dana met Dana Lee.", ())
    transcript = Transcript((said(0, 0.0, "Dana", "Hello."),), "en", 1.0, "own", "e")
    assert deliverable_under(plain, transcript, [RenameSpeaker("Dana", "Dana Lee")]).summary == "Dana Lee met Dana Lee."


NAMES = [
    (RenameSpeaker("Dana Lee", "Dana"), "Dana Lee met Dana.", "Dana met Dana."),
    (RenameSpeaker("Speaker 1", "Speaker"), "Speaker 1 spoke.", "Speaker spoke."),
    (MergeSpeakers(("D. Lee", "Dana"), "Dana Lee"), "D. Lee and Dana spoke.", "Dana Lee and Dana Lee spoke."),
    (MergeSpeakers(("Dana Lee", "Dana"), "Dana"), "Dana Lee and Dana spoke.", "Dana and Dana spoke."),
]


@pytest.mark.parametrize(("given", "before", "after"), NAMES)
def test_a_name_that_holds_the_other_is_followed(given, before, after):
    speakers = given.speakers if isinstance(given, MergeSpeakers) else (given.speaker,)
    transcript = Transcript(tuple(said(n, 9.0 * n, name, "Hello.") for n, name in enumerate(speakers)), "en", 30.0, "own", "e")
    assert deliverable_under(Deliverable("minutes", "1", "t", "en", before, ()), transcript, [given]).summary == after


def test_headings_and_receipts_are_no_words_of_the_meeting():
    own = {"label": "Acme notes", "sections": [["acme", "Acme"]], "receipt": {"sent": [{"host": "api.acme.com"}]}}
    written = Deliverable("minutes", "1", "t", "en", "acme.", (Claim("statement", "acme", "acme", (2,), section="acme"),), extra=own)
    fixed = deliverable_under(written, TRANSCRIPT, [FixTerm("acme", "apex")])
    assert (fixed.summary, fixed.claims[0].text, fixed.claims[0].section) == ("apex.", "apex", "acme")
    assert {name: fixed.extra[name] for name in own} == own


def test_merged_speakers_are_one():
    transcript, minutes = under(MergeSpeakers(("Speaker 1", "Speaker 2"), "Speaker 1"))
    assert transcript.speakers == ("Speaker 1", "Maya Chen")
    assert minutes.claims[1].owner == "Speaker 1"


def test_who_was_there_follows_the_names():
    there = replace(TRANSCRIPT, participants=("Speaker 2", "Ada King", "Speaker 1"))
    layers = (MergeSpeakers(("Speaker 1", "Speaker 2"), "Lena Ortiz"),)
    assert transcript_under(there, layers).participants == ("Lena Ortiz", "Ada King")
    assert deliverable_under(MINUTES, there, layers).extra["participants"] == ["Lena Ortiz", "Ada King", "Maya Chen"]


def test_a_fixed_term_reaches_words_claims_quotes_title_and_details():
    transcript, minutes = under(FixTerm("Acme Crop", "Acme Corp"))
    assert transcript.segments[0].text == "We ship the Acme Corp portal on Friday."
    assert [w.text for w in transcript.segments[0].words] == transcript.segments[0].text.split()
    assert transcript.segments[0].words[3] == Word("Acme", 1.5, 2.0, 0.9)
    assert (transcript.segments[0].words[4].text, transcript.segments[0].words[4].start, transcript.segments[0].words[4].end) == (
        "Corp",
        2.0,
        2.5,
    )
    assert minutes.title == "Acme Corp portal"
    assert minutes.extra["keywords"] == ["Acme Corp"]
    claim = minutes.claims[0]
    assert (claim.text, claim.quote, claim.state) == (
        "Acme Corp ships on Friday",
        "ship the Acme Corp portal on Friday.",
        ClaimState.VERIFIED,
    )
    assert transcript.segments[2] == TRANSCRIPT.segments[2]


@pytest.mark.parametrize(("term", "due"), [("Friday", ("by Monday", None)), ("acme", ("by Friday", date(2026, 11, 27)))])
def test_a_day_goes_with_the_words_it_was_worked_out_of(term, due):
    claim = Claim("action", "Ship", "ship by Friday", (0,), due_words="by Friday", due_date=date(2026, 11, 27))
    fixed = deliverable_under(Deliverable("minutes", "1", "t", "en", "", (claim,)), TRANSCRIPT, [FixTerm(term, "Monday")]).claims[0]
    assert (fixed.due_words, fixed.due_date) == due


def test_who_a_person_names_is_no_estimate():
    guessed = replace(TRANSCRIPT, segments=tuple(replace(segment, estimated=True) for segment in TRANSCRIPT.segments))
    told = transcript_under(guessed, [Reassign(1, 1, "Eve")])
    assert [segment.estimated for segment in told.segments] == [True, False, True]
    assert {word.certainty for word in told.segments[1].words} == {None}


def test_a_term_in_the_name_of_a_speaker_is_renamed_not_fixed():
    transcript, _ = under(FixTerm("Maya Chen", "Mia Chan"))
    assert transcript.speakers[2] == "Maya Chen"
    assert transcript.segments[1].text == "I will tell Mia Chan. Great, thank you."


def test_a_whole_span_is_reassigned_and_the_owner_follows_whoever_spoke():
    transcript, minutes = under(Reassign(1, 2, "Dana"))
    assert [s.speaker for s in transcript.segments] == ["Speaker 1", "Dana", "Dana"]
    assert minutes.claims[1].owner == "Dana"
    assert under(Reassign(1, 1, None))[0].segments[1].speaker is None


def test_part_of_a_segment_is_reassigned_by_its_words():
    transcript, minutes = under(Reassign(1, 1, "Maya Chen", first_word=5))
    first, second = transcript.segments[1:3]
    assert (first.id, first.text, first.speaker, first.end) == (1, "I will tell Maya Chen.", "Speaker 2", 12.5)
    assert (second.text, second.speaker, second.start, second.end) == ("Great, thank you.", "Maya Chen", 12.5, 14.0)
    assert machine_id(second.id) == 1
    assert minutes.claims[1].segment_ids == (1,)
    assert minutes.claims[1].owner == "Speaker 2"


def test_a_claim_moves_to_the_part_that_holds_its_quote():
    transcript, minutes = under(Reassign(1, 1, "Dana", first_word=0, last_word=4))
    assert [s.text for s in transcript.segments[1:3]] == ["I will tell Maya Chen.", "Great, thank you."]
    assert (minutes.claims[1].owner, minutes.extra["speakers"]["1"]) == ("Dana", "Dana")
    cut = (Reassign(1, 1, "Ada", first_word=0, last_word=0), Reassign(1_000_001, 1_000_001, "Bob", first_word=4))
    assert [(s.text, s.speaker) for s in transcript_under(TRANSCRIPT, cut).segments[1:4]] == [
        ("I", "Ada"),
        ("will tell Maya Chen.", "Speaker 2"),
        ("Great, thank you.", "Bob"),
    ]


def test_words_of_a_language_without_spaces_can_be_reassigned():
    words = tuple(Word(w, n, n + 1.0) for n, w in enumerate(("今日", "出荷", "します。", "はい。")))
    transcript = Transcript((Segment(0, 0.0, 4.0, "今日出荷します。はい。", "甲", words),), "ja", 4.0, "own", "e")
    after = transcript_under(transcript, [Reassign(0, 0, "乙", first_word=3)])
    assert [(s.text, s.speaker) for s in after.segments] == [("今日出荷します。", "甲"), ("はい。", "乙")]


OBJECTIONS = [
    (RenameSpeaker("Eve", "Ada"), "Nobody called 'Eve' speaks here."),
    (MergeSpeakers(("Eve", "Bob"), "Ada"), "Nobody called 'Eve' speaks here."),
    (EditSegment(9, "x"), "There is no segment 9."),
    (Reassign(0, 9, "Ada"), "There is no segment 9."),
    (Reassign(1, 0, "Ada"), "The first segment comes after the last."),
    (Reassign(1, 1, "Ada", first_word=8), "Segment 1 has 8 words."),
    (Reassign(1, 1, "Ada", first_word=3, last_word=2), "The first word comes after the last."),
]


@pytest.mark.parametrize(("given", "sentence"), OBJECTIONS)
def test_what_cannot_be_laid_over_a_transcript_is_told_and_changes_nothing(given, sentence):
    assert objection(given, TRANSCRIPT) == sentence
    assert transcript_under(TRANSCRIPT, [given]) == TRANSCRIPT


def test_a_segment_without_times_for_its_words_is_reassigned_whole():
    transcript = Transcript((Segment(0, 0.0, 1.0, "Hello there.", "Ada"),), "en", 1.0, "zoom", "zoom")
    assert objection(Reassign(0, 0, "Bob", first_word=1), transcript) == "Segment 0 has no times for its words: name it whole."
    assert objection(Reassign(0, 0, "Bob"), transcript) is None


def test_an_edited_segment_keeps_the_times_of_the_words_that_stayed():
    transcript, minutes = under(EditSegment(0, "We do not ship the portal on Friday."))
    segment = transcript.segments[0]
    assert [w.text for w in segment.words] == segment.text.split()
    times = [(w.start, w.end) for w in segment.words]
    assert times == sorted(times)
    assert segment.words[0] == TRANSCRIPT.segments[0].words[0]
    assert segment.words[-1] == TRANSCRIPT.segments[0].words[-1]
    claim = minutes.claims[0]
    assert claim.quote == "ship the portal on Friday."
    assert (claim.state, claim.reason) == (ClaimState.NEEDS_CONFIRMATION, "The words it rests on were edited after they were checked.")


def test_an_edit_elsewhere_in_the_segment_leaves_a_claim_verified():
    _, minutes = under(EditSegment(1, "I will tell Maya Chen. Great, many thanks."))
    assert minutes.claims[1] == MINUTES.claims[1]


def test_an_edit_of_what_stands_between_two_words_of_a_quote_is_followed():
    _, minutes = under(EditSegment(1, "I will not tell Maya Chen. Great, thank you."))
    assert minutes.claims[1].quote == "I will not tell Maya Chen."
    assert minutes.claims[1].state is ClaimState.NEEDS_CONFIRMATION


def test_a_short_segment_is_exchanged_in_a_quote_as_whole_words():
    transcript = Transcript((said(0, 0.0, "Eve", "No"), said(1, 5.0, "Eve", "Now we know.")), "en", 9.0, "own", "e")
    claim = Claim("statement", "They know", "Now we know. No", (0, 1), state=ClaimState.VERIFIED)
    written = Deliverable("minutes", "1", "t", "en", "", (claim,))
    assert deliverable_under(written, transcript, [EditSegment(0, "No way")]).claims[0].quote == "Now we know. No way"


TEXT = st.text(alphabet="ab .,'東", max_size=30)


@given(TEXT, TEXT)
def test_two_texts_are_compared_without_holes(before, after):
    stretches = compared(before, after)
    assert "".join(before[a:b] for _, a, b, _, _ in stretches) == before
    assert "".join(after[c:d] for _, _, _, c, d in stretches) == after
    assert all(same == (before[a:b] == after[c:d]) for same, a, b, c, d in stretches)
    assert all(one[0] != other[0] for one, other in pairwise(stretches))


def test_a_persons_word_stands_beside_the_states():
    due = date(2026, 12, 1)
    _, minutes = under(ConfirmClaim(0), EditClaim(1, "Call Maya", owner="Ada", due_words="tomorrow", due_date=due))
    assert (minutes.claims[0].ruling, minutes.claims[0].state) == (Ruling.CONFIRMED, ClaimState.VERIFIED)
    edited = minutes.claims[1]
    assert (edited.text, edited.owner, edited.due_date, edited.ruling, edited.quote) == (
        "Call Maya", "Ada", due, Ruling.EDITED, "I will tell Maya Chen."
    )  # fmt: skip
    assert under(EditClaim(1, "x"), ConfirmClaim(1))[1].claims[1].ruling is Ruling.EDITED
    assert under(ConfirmClaim(1), RejectClaim(1))[1].claims[1].ruling is Ruling.REJECTED


def test_layers_are_laid_in_order():
    assert under(RenameSpeaker("Speaker 1", "A"), Reassign(1, 1, "A"), RenameSpeaker("A", "B"))[0].speakers == ("B", "Maya Chen")
    assert under(EditClaim(1, "Call Acme Crop"), FixTerm("Acme Crop", "Acme Corp"))[1].claims[1].text == "Call Acme Corp"


def test_the_machines_result_is_left_as_it_was():
    before = (repr(TRANSCRIPT), repr(MINUTES))
    under(
        RenameSpeaker("Speaker 1", "A"), FixTerm("Friday", "Monday"), EditSegment(1, "x"), Reassign(0, 0, "B", first_word=1), RejectClaim(0)
    )
    assert (repr(TRANSCRIPT), repr(MINUTES)) == before
    assert under() == (TRANSCRIPT, MINUTES)


def test_what_would_change_is_told():
    transcript, minutes = under(RenameSpeaker("Speaker 1", "Dana"))
    (spoken,) = changes(TRANSCRIPT, transcript)
    assert (spoken.where, spoken.field, spoken.before, spoken.after, spoken.id) == ("segment", "speaker", "Speaker 1", "Dana", 0)
    (written,) = changes(MINUTES, minutes)
    assert (written.where, written.after) == ("summary", "Dana said that Acme Crop ships. Speaker 10 was silent.")
    transcript, minutes = under(Reassign(1, 1, "Maya Chen", first_word=5))
    assert [(c.field, c.before, c.after, c.said) for c in changes(TRANSCRIPT, transcript)] == [
        ("speaker", "Speaker 2", "Maya Chen", "Great, thank you.")
    ]
    assert changes(MINUTES, minutes) == []
    assert [c.field for c in changes(*(MINUTES, under(RejectClaim(0))[1]))] == ["ruling"]
    assert [(c.where, c.field) for c in changes(MINUTES, under(FixTerm("Acme Crop", "X"))[1])] == [
        ("title", "title"), ("summary", "summary"), ("claim", "text"), ("claim", "quote"), ("details", "keywords.0")
    ]  # fmt: skip


LAYERS = [
    RenameSpeaker("a", "b"), MergeSpeakers(("a", "b"), "c"), Reassign(1, 2, None, 0, 3), Reassign(1, 2, "x"), FixTerm("a", "b"),
    EditSegment(1, "x"), ConfirmClaim(0), EditClaim(0, "t", "o", None, date(2026, 1, 2)), EditClaim(0, "t"), RejectClaim(3),
]  # fmt: skip


@pytest.mark.parametrize("given", LAYERS)
def test_a_layer_comes_back_as_it_was_stored(given):
    assert layer(kind_of(given), body(given)) == given
