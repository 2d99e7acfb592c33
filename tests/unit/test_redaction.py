"""What is recognised as a secret, what is not, and how placeholders come and go."""

import dataclasses
import json
import os
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentum.model import Claim, Coverage, Deliverable, Meeting, Segment, Transcript
from momentum.redaction import RECOGNISED, Redaction, SecretKind, digits, ibans
from momentum.redaction.masks import Masks
from momentum.redaction.secrets import find, pieces
from momentum.settings import SettingsInvalid, load_settings

ALL = Redaction.of(RECOGNISED, ["Dana Lee", "Will", "王小明", "Ludwig van Beethoven"])


def found(text, wanted=ALL):
    return [(s.kind.value, text[s.start : s.end]) for s in find(text, wanted)]


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        ("Write to ada@example.org. Then we go on.", [("email", "ada@example.org")]),
        ("ada dot l at example dot com, please", [("email", "ada dot l at example dot com")]),
        ("(ada@example.org)", [("email", "ada@example.org")]),
        ("Call +49 (0)170 123-45-67 or 555-2368.", [("phone", "+49 (0)170 123-45-67"), ("phone", "555-2368")]),
        ("double five five, one two three four", [("phone", "double five five, one two three four")]),
        ("Card 4111 1111 1111 1111, exp 12/27", [("card", "4111 1111 1111 1111")]),
        ("DE89 3704 0044 0532 0130 00 is ours", [("iban", "DE89 3704 0044 0532 0130 00")]),
        ("Dana and DANA LEE met Lee's boss", [("name", "Dana"), ("name", "DANA LEE"), ("name", "Lee")]),
        ("Will will come", [("name", "Will"), ("name", "will")]),
        ("昨日王小明さんが", [("name", "王小明")]),
        ("A van came for Beethoven", [("name", "Beethoven")]),
    ],
)
def test_what_is_a_secret(text, secrets):
    assert found(text) == secrets


@pytest.mark.parametrize(
    "text",
    [
        "1,250,000 users and 1250000 people", "a budget of 15.000.000 euros", "€1 250 000 for 2027",
        "on 2026-11-27 or 27.11.2026, 11/27/26",
        "in 2024, 2025, 2026", "from 10:30 to 11:45", "version 10.2.3", "we met at noon. Then Dan left", "twenty five people",
        "the dana project", "item 3 of 12", "one two three", "IE 6 and DE 7 are old", "12 of 4000000 requests",
    ],
)  # fmt: skip
def test_what_is_none(text):
    assert found(text) == []


def test_a_checksum_decides():
    assert digits.luhn("4111111111111111")
    assert not digits.luhn("4111111111111112")
    assert ibans.is_valid("GB82WEST12345698765432")
    assert not ibans.is_valid("GB83WEST12345698765432")
    # A card that was heard wrongly is still a long number.
    assert found("4111 1111 1111 1112") == [("phone", "4111 1111 1111 1112")]
    assert found("GB83WEST12345698765432 and AB12 3456") == [("phone", "12345698765432")]


@pytest.mark.parametrize("said", ["1 ", "123 ", "123.456 ", "one ", "1"])
@pytest.mark.parametrize("finder", [digits.cards, digits.phones])
def test_hours_of_counting_aloud_are_read_in_no_time(finder, said):
    def once(times):
        started = time.process_time()
        finder(said * times)
        return time.process_time() - started

    def seconds(times):
        return min(once(times) for _ in range(3))  # the collector of garbage may come by in one of them

    # In proportion: sixteen times as much would be 256 times the work, or 4096, if each number were held against all others.
    assert seconds(16_000) < 100 * max(0.01, seconds(1_000))


def test_what_only_looks_like_a_placeholder_is_left_alone():
    text = "EMAIL_" + "1" * 5_000
    masked = Masks.over(ALL, *a_meeting(("Sam Ode", text)))
    assert masked.masks.restore(masked.transcript.segments[0].text) == text


def a_meeting(*said, title="Planning"):
    segments = tuple(Segment(i, i * 5.0, i * 5.0 + 4, text, speaker) for i, (speaker, text) in enumerate(said))
    return Transcript(segments, "en", len(said) * 5.0, "own", "test"), Meeting(title, participants=("Dana Lee", "Sam Ode"))


def test_the_same_secret_has_the_same_number_and_each_writing_a_form():
    masked = Masks.over(
        ALL, *a_meeting(("Sam Ode", "ada@example.org or ADA@example.org"), ("Dana Lee", "bob@example.org, ada@example.org"))
    )
    assert [s.text for s in masked.transcript.segments] == ["EMAIL_1 or EMAIL_1_2", "EMAIL_2, EMAIL_1"]
    assert [s.speaker for s in masked.transcript.segments] == ["Sam Ode", "NAME_1"]
    assert masked.meeting.participants == ("NAME_1", "Sam Ode")
    assert masked.masks.counts == {"name": 1, "email": 2}
    assert masked.masks.restore("EMAIL_1_2") == "ADA@example.org"


def test_the_same_meeting_gets_the_same_placeholders():
    of = a_meeting(("Dana Lee", "ada@example.org, 555-2368"), ("Sam Ode", "Dana said 4111 1111 1111 1111"))
    assert Masks.over(ALL, *of).transcript == Masks.over(ALL, *of).transcript


def test_a_number_goes_on_over_the_remarks_of_others():
    masked = Masks.over(ALL, *a_meeting(("Sam Ode", "it is 4111 1111"), ("Dana Lee", "Mhm."), ("Sam Ode", "1111 1111, thanks")))
    assert [s.text for s in masked.transcript.segments] == ["it is CARD_1", "Mhm.", "CARD_1_2, thanks"]
    assert masked.masks.restore("CARD_1 CARD_1_2") == "4111 1111 1111 1111"


def test_a_number_that_speakers_were_mixed_up_in_is_masked_whole():
    said = [("Sam Ode", "it is 4111 1111 1"), ("Dana Lee", "111 1111 and 12345, 67"), ("Sam Ode", "89")]
    masked = Masks.over(ALL, *a_meeting(*said))
    assert not any(c.isdigit() for s in masked.transcript.segments for word in s.text.split() for c in word if "_" not in word)
    assert [s.text for s in masked.masks.restore(masked.transcript).segments] == [text for _, text in said]


def test_words_of_what_was_masked_go_too():
    transcript, meeting = a_meeting(("Sam Ode", "ada@example.org"))
    heard = dataclasses.replace(transcript.segments[0], words=("ada@example.org",))
    masked = Masks.over(ALL, dataclasses.replace(transcript, segments=(heard,)), meeting)
    assert masked.transcript.segments[0].words == ()


@pytest.mark.parametrize("mangled", ["EMAIL_1", "email_1", "EMAIL\\_1", "[EMAIL_1]", "EMAIL_1's", "のEMAIL_1さん", "“EMAIL_1”"])
def test_a_placeholder_is_known_again_as_models_write_it(mangled):
    masks = Masks.over(ALL, *a_meeting(("Sam Ode", "ada@example.org"))).masks
    assert "ada@example.org" in masks.restore(mangled)


def test_what_only_looks_like_a_placeholder_stays():
    masked = Masks.over(ALL, *a_meeting(("Sam Ode", "Rename EMAIL_1 and PHONE_7"), ("Sam Ode", "ada@example.org")))
    assert masked.transcript.segments[1].text == "EMAIL_2"
    assert masked.masks.restore("EMAIL_1, EMAIL_2, EMAIL_3, EMAIL_22, PHONE_7") == "EMAIL_1, ada@example.org, EMAIL_3, EMAIL_22, PHONE_7"


def test_a_whole_deliverable_is_restored():
    masks = Masks.over(ALL, *a_meeting(("Dana Lee", "ada@example.org"))).masks
    claim = Claim("action", "NAME_1 writes to EMAIL_1", "EMAIL_1", (0,), owner="NAME_1", reason="NAME_1 said so")
    coverage = Coverage((0,), (0,), ((0, 0, "NAME_1"),))
    draft = Deliverable(
        "minutes", "1", "NAME_1", "en", "EMAIL_1.", (claim,), coverage=coverage, extra={"speakers": {"0": "NAME_1"}}
    )  # fmt: skip
    whole = masks.restore(draft)
    assert (whole.title, whole.summary, whole.claims[0].text) == ("Dana Lee", "ada@example.org.", "Dana Lee writes to ada@example.org")
    assert (whole.claims[0].owner, whole.extra["speakers"], whole.coverage.unread) == ("Dana Lee", {"0": "Dana Lee"}, ((0, 0, "Dana Lee"),))
    assert whole.claims[0].state is claim.state


@given(st.lists(st.text(alphabet="0123456789 ada@example.org+-,.DE_EMAIL1oneat dot\\\n", max_size=60), max_size=6))
def test_restoring_gives_back_every_letter(lines):
    transcript, meeting = a_meeting(*(("Dana Lee", line) for line in lines))
    masked = Masks.over(ALL, transcript, meeting)
    back = masked.masks.restore(masked.transcript)
    assert [s.text for s in back.segments] == lines
    assert masked.masks.restore(masked.meeting) == meeting


def test_a_long_meeting_full_of_names_takes_no_time():
    lines = [("Dana Lee", f"Dana and Will said a dot b dot c at {i} 1 2 3 4 5 one two " * 4) for i in range(2000)]
    started = time.perf_counter()
    Masks.over(ALL, *a_meeting(*lines))
    assert time.perf_counter() - started < 20


def test_wishes_add_up():
    together = Redaction.of(["email"], ["Dana  Lee"]) | Redaction.of(["card"], ["Dana Lee", " "])
    assert together == Redaction.of(["card", "email"], ["Dana Lee"])
    assert together.masked == ("card", "email", "name")
    assert not Redaction()


def test_the_settings_know_every_kind():
    settings = load_settings(_env_file=None, redact=" ".join(RECOGNISED), redact_names="Dana Lee, 王小明,")
    assert Redaction.of(settings.redact, settings.redact_names) == Redaction.of(RECOGNISED, ["Dana Lee", "王小明"])
    with pytest.raises(SettingsInvalid, match="REDACT"):
        load_settings(_env_file=None, redact="email passwords")
    assert set(SecretKind) == {*RECOGNISED, SecretKind.NAME}


GAPS = st.sampled_from(["", " ", "  ", "-", ", ", "\u00a0", " dash ", ". ", "\n"])


def spaced(draw, characters, gaps=GAPS):
    return "".join(c + (draw(gaps) if i < len(characters) - 1 else "") for i, c in enumerate(characters))


@given(st.data())
def test_a_card_is_found_however_it_is_spaced(data):
    body = data.draw(st.from_regex(r"[2-6][0-9]{11,17}", fullmatch=True))
    card = next(body + check for check in "0123456789" if digits.luhn(body + check))
    said = spaced(data.draw, card)
    # Not "the card is ...": one in a hundred is a valid Icelandic account then, which covers the card as well.
    assert found(f"The card: {said}, thanks.") == [("card", said)]


@given(st.data())
def test_an_iban_is_found_however_it_is_spaced(data):
    country = data.draw(st.sampled_from(sorted(ibans.LENGTHS)))
    rest = data.draw(st.from_regex(rf"[0-9]{{{ibans.LENGTHS[country] - 4}}}", fullmatch=True))
    check = next(f"{n:02}" for n in range(2, 99) if ibans.is_valid(f"{country}{n:02}{rest}"))
    said = spaced(data.draw, country + check + rest, st.sampled_from(["", " ", "-", "\u00a0", " - "]))
    assert found(f"It is {said}, thanks.") == [("iban", said)]


SAMPLES = os.environ.get("MOMENTUM_SAMPLES")


@pytest.mark.skipif(not SAMPLES, reason="MOMENTUM_SAMPLES is not set: it names the folder in which qmsum/ lies")
def test_real_meetings_without_secrets_are_left_alone():
    """QMSum, https://github.com/Yale-LILY/QMSum; the figure stands in docs/explanation/what-leaves-the-machine.md."""
    words, masked = 0, []
    for path in sorted(Path(SAMPLES, "qmsum").glob("*.json")):
        lines = [re.sub(r"\s+([.,?!'])", r"\1", turn["content"]) for turn in json.loads(path.read_text())["meeting_transcripts"]]
        words += sum(len(line.split()) for line in lines)
        masked += pieces(lines, Redaction.of(RECOGNISED, []))
    print(f"{words} words, {len(masked)} masked")  # noqa: T201
    assert words > 200_000
    assert len(masked) <= 3
