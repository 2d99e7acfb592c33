"""What readers are told before they trust a name or a number."""

import dataclasses

from momentum.model import LISTEN_HERE, Claim, Deliverable, Gap, Meeting, Reading, Segment, Transcript, Word
from momentum.store import serial
from momentum.writers.doubts import MOST_SHOWN, with_doubts
from momentum.writers.exports.spoken import as_markdown
from momentum.writers.markdown import render
from momentum.writers.transcripts import as_srt, as_text, as_vtt

READING = Reading("number", "fifteen thousand", "fifty *thousand*", 65.0, 66.0)
DOUBTFUL = Segment(0, 64.0, 67.0, "We spend fifteen thousand.", "Speaker 1", marks=(LISTEN_HERE,), estimated=True, readings=(READING,))
SURE = Segment(1, 70.0, 72.0, "Good.", "Ada", (Word("Good.", 70.0, 72.0, 0.9, "Ada", 0.99),))


def transcript(*segments):
    return Transcript(segments, "en", 80.0, "own", "local")


def document(*segments, claims=()):
    draft = Deliverable("highlights", "1", "Talk", "en", "", claims)
    return with_doubts(draft, transcript(*segments))


def test_a_transcript_shows_both_readings_and_who_is_estimated():
    line = "We spend fifteen thousand. [listen here: “fifteen thousand” or “fifty *thousand*”]"
    assert f"[00:01:04] Speaker 1 (estimated): {line}" in as_text(transcript(DOUBTFUL, SURE))
    assert "[00:01:10] Ada: Good.\n" in as_text(transcript(DOUBTFUL, SURE))
    assert f"<v Speaker 1 (estimated)>{line}" in as_vtt(transcript(DOUBTFUL))
    assert f"Speaker 1 (estimated): {line}" in as_srt(transcript(DOUBTFUL))


def test_a_document_names_the_places_and_says_that_speakers_are_estimated():
    page = render(document(DOUBTFUL, SURE), Meeting("Talk"))
    assert "## Listen here\n\n- at 01:05: we heard “fifteen thousand”, the provider has “fifty \\*thousand\\*”" in page
    assert "**Speakers are estimated:**" in page


def test_a_document_without_doubts_says_who_was_there_alone():
    assert document(SURE).extra == {"participants": ["Ada"]}
    assert "Listen here" not in render(document(SURE), Meeting("Talk"))


def test_what_claims_rest_on_comes_first_and_the_list_ends():
    many = [
        Segment(n, n, n + 1, "x", readings=(Reading("name", f"a{n}", "", n, n + 1),), marks=(LISTEN_HERE,)) for n in range(MOST_SHOWN + 9)
    ]
    claim = Claim("decision", "x", "x", (MOST_SHOWN + 5,))
    shown = document(*many, claims=(claim,)).extra["listen_here"]
    assert [p["segment_id"] for p in shown] == [MOST_SHOWN + 5, *range(MOST_SHOWN - 1)]
    assert "the provider has nothing" in render(document(many[0]), Meeting("Talk"))


def test_speakers_certainty_and_readings_come_back_from_the_store():
    mixed = Segment(
        2,
        73.0,
        75.0,
        "So it is.",
        "Ada",
        (Word("So", 73.0, 73.5, None, "Ben"), Word("it", 73.5, 74.0, None, "Ada", 0.4), Word("is.", 74, 75)),
    )
    assert serial.load_segments(serial.dump_segments((DOUBTFUL, SURE, mixed))) == (DOUBTFUL, SURE, mixed)
    assert serial.dump_segments([SURE])[0]["w"] == [["Good.", 70.0, 72.0, 0.9, 0.99]]
    assert serial.load_segments([{"i": 0, "s": 0, "e": 1, "t": "Old.", "p": "Ada", "w": [["Old.", 0, 1, 0.5]]}])[0].words == (
        Word("Old.", 0, 1, 0.5),
    )


def test_a_printed_transcript_tells_of_estimates_and_readings():
    text = as_markdown(transcript(DOUBTFUL, SURE), Meeting("Budget"))
    assert "Speaker 1 (estimated)**" in text
    assert "*(listen here: " in text
    assert "listen\\_here" not in text


def test_a_stretch_without_words_ends_a_turn():
    before, after = (Segment(n, 60.0 * n, 60.0 * n + 5, text, speaker="Ada") for n, text in enumerate(("One.", "Two.")))
    text = as_markdown(dataclasses.replace(transcript(before, after), gaps=(Gap(10.0, 50.0),)), Meeting("Budget"))
    assert text.index("One.") < text.index("not recorded") < text.index("Two.")
