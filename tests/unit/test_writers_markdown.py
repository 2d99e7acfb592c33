"""Deliverables as Markdown: honest labels, states in words, and no markup out of the meeting."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from momentum.model import Claim, ClaimState, Coverage, Deliverable, Meeting, Ruling
from momentum.writers.markdown import clock, escape, render

MEETING = Meeting("Planning", datetime(2026, 11, 25, 23, 30, tzinfo=UTC), "Europe/Berlin", ("Dana Lee",))


def document(*claims, **more):
    settings = {
        "kind": "minutes",
        "writer_version": "1",
        "title": "Planning",
        "language": "en",
        "summary": "We met.",
        "model": "gpt-6-luna",
    }
    return render(Deliverable(**(settings | {"claims": claims} | more)), MEETING)


def claim(state=ClaimState.VERIFIED, **more):
    settings = {"kind": "action", "text": "Send the quote", "quote": "I'll send the quote", "segment_ids": (4,), "start": 4503.9}
    return Claim(**(settings | {"state": state} | more))


def test_an_action_says_who_when_where_and_how_sure():
    page = document(claim(owner="Dana Lee", due_words="by Friday", due_date=date(2026, 11, 27)), extra={"speakers": {"4": "Dana Lee"}})
    assert "## Action items" in page
    assert "- Send the quote (owner: Dana Lee; due Friday 27 November 2026 (“by Friday”); Dana Lee at 75:03; verified)" in page
    assert "  > “I'll send the quote”" in page


def test_states_are_counted_in_words():
    states = [ClaimState.VERIFIED] * 10 + [ClaimState.REPAIRED] + [ClaimState.NEEDS_CONFIRMATION] * 2 + [ClaimState.DROPPED]
    page = document(*(claim(s, reason="The quote does not hold the number 7.") for s in states))
    assert "11 of 14 verified (1 after the place in the recording was corrected); 2 need you; 1 left out because nobody said it." in page
    assert page.count("**needs you**: The quote does not hold the number 7.") == 2
    assert page.count("- Send the quote") == 13


def test_the_day_is_the_meetings_own():
    assert "**When:** Thursday 26 November 2026, 00:30 (Europe/Berlin)" in document()


def test_what_was_not_read_stands_above_the_summary():
    page = document(coverage=Coverage(unread=((4, 9, "Minutes 41-52 were not read. The model refused."),)))
    assert page.index("Minutes 41-52 were not read.") < page.index("We met.")


def test_what_no_model_wrote_says_so_and_is_not_called_minutes():
    page = document(claim(ClaimState.SUGGESTED), kind="highlights", model=None)
    assert "*Highlights, drafted without a language model*" in page
    assert "## Suggested actions" in page
    assert "minutes" not in page.lower()
    assert "verified" not in page


def test_paragraphs_of_a_summary_stay_apart():
    assert "First part.\n\nSecond part." in document(summary="First part.\n\nSecond part.")


def test_doubts_about_the_summary_are_shown():
    assert "**Not proven in this summary:** We pay 7." in document(extra={"summary_doubts": ["We pay 7."]})


@pytest.mark.parametrize(("seconds", "shown"), [(None, ""), (0.0, "00:00"), (192.9, "03:12"), (4504, "75:04"), (-3, "00:00")])
def test_times_are_minutes_and_seconds(seconds, shown):
    assert clock(seconds) == shown


HOSTILE = [
    "<script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "![x](http://evil/x.png)",
    "**bold** _it_ `code` ~~no~~",
    "# heading",
    "1. list",
    "- item",
    "+ item",
    "> quote",
    "===",
    "a | b",
    "<http://evil>",
    "&lt;b&gt;",
    "line\n\n# heading\n---\n    code",
    "\u202eevil",
    "\\<b>\\",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_from_the_meeting_stays_text(text):
    html = MarkdownIt("commonmark").enable("table").enable("strikethrough").render(f"{escape(text)}\n")
    assert html.startswith("<p>")
    assert html.count("<") == 2
    shown = html[3:-5].replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    assert shown == " ".join(text.replace("\u202e", "").split())


@given(st.text(max_size=80))
def test_no_text_becomes_markup(text):
    html = MarkdownIt("commonmark").enable("table").render(f"{escape(text)}\n")
    assert html.count("<") in {0, 2}


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_no_text_makes_a_link_an_image_or_html_anywhere(title, said, owner):
    made = claim(text=said, quote=title + said, owner=owner or None, reason=said, state=ClaimState.NEEDS_CONFIRMATION)
    page = render(Deliverable("minutes", "1", title, None, said, (made,), model=owner or "m"), Meeting(title, participants=(owner, said)))
    html = MarkdownIt("commonmark").render(page)
    assert all(tag not in html for tag in ("<a ", "<img", "<script", "<code", "<pre", "<hr"))


def test_what_no_file_covers_is_named_at_the_top():
    page = document(extra={"gaps": [[240.0, 600.5], [700, 760]]})
    assert "> **Not in the recording:** 04:00 to 10:00, 11:40 to 12:40." in page
    assert page.index("Not in the recording") < page.index("We met.")
    assert "Not in the recording" not in document(extra={"gaps": []})


def test_what_was_recorded_and_has_no_words_is_named_with_its_reason():
    page = document(
        extra={"gaps": [[240, 600, "not_recorded"], [700, 760, "no_transcript"], [800, 800, "no_transcript"], [0, 5, "no_audio"]]}
    )
    assert "> **Not in the recording:** 04:00 to 10:00. No file" in page
    assert "> **Not in the transcript:** 11:40 to 12:40, from 13:20 on. It was recorded" in page
    assert "> **Not heard:** 00:00 to 00:05." in page


@pytest.mark.parametrize("text", ["www.example.com", "see WWW.example.com now", "http://example.com", "(www.example.com)"])
def test_an_address_that_somebody_read_out_is_no_link(text):
    """GitHub's renderer, for one, makes links of bare addresses."""
    html = MarkdownIt("gfm-like", {"linkify": False}).render(escape(text))
    assert "www." not in escape(text).lower()
    assert "p://" not in escape(text)
    assert html == f"<p>{text}</p>\n"


def test_of_a_crowd_some_are_named_and_the_others_counted():
    people = [f"Guest {n}" for n in range(1, 201)]
    page = document(extra={"participants": people})
    assert "Guest 30, and 170 more\n" in page
    assert "Guest 31" not in page


GERMAN = """# Planung

*Protokoll, geschrieben von gpt-6-luna und durch Code an der Aufzeichnung geprüft*

> **Ein Teil dieser Besprechung fehlt hier:**
>
> - Die Minuten 41-52 wurden nicht gelesen. Das Sprachmodell hat zu lange für die Antwort gebraucht.

> **Nicht in der Aufzeichnung:** 00:30 bis 01:00. Zu dieser Zeit gibt es keine Datei.

**Wann:** Donnerstag, 26. November 2026, 00:30 (Europe/Berlin)  
**Wer:** Dana Lee

Wir haben geplant.

**1 von 3 belegt; 1 braucht Sie; 1 weggelassen, weil niemand sie gesagt hat; 1 von einem Menschen bestätigt.**

## Beschlüsse

- Wir liefern am Freitag (Dana Lee bei 75:03; von einem Menschen bestätigt)
  > „Dann Freitag“

## Aufgaben

- Das Angebot schicken (zuständig: Dana Lee; fällig: Freitag, 27. November 2026 („bis Freitag“); Dana Lee bei 75:03; belegt)
- Anrufen (niemand als zuständig genannt; 75:03; **braucht Sie**: Das Zitat enthält die Zahl 7 nicht.)

## Hier hineinhören

- bei 00:10: Wir haben „fünfzehn“ gehört, der Anbieter hat nichts

---

*Was das Gerät verlassen hat: api.openai.com erhielt 81,2 kB Transkripttext samt Anweisung (gpt-6-luna, 2 Anfragen, 22. November 2026). \
Verdeckt: 3 E-Mail-Adressen.*
"""  # noqa: W291 -- two spaces break the line


def test_the_frame_speaks_the_documents_language():
    sent = {"host": "api.openai.com", "what": "text", "model": "gpt-6-luna", "bytes": 81_200, "requests": 2, "stayed": False}
    sent |= {"earlier": False, "first_at": "2026-11-22T12:00:00+00:00", "last_at": "2026-11-22T12:00:00+00:00"}
    asking = "The quote does not hold the number 7."
    page = document(
        claim(kind="decision", text="Wir liefern am Freitag", quote="Dann Freitag", ruling=Ruling.CONFIRMED, section="decisions"),
        claim(
            text="Das Angebot schicken",
            quote="das Angebot schicken",
            owner="Dana Lee",
            due_words="bis Freitag",
            due_date=date(2026, 11, 27),
        ),
        claim(ClaimState.NEEDS_CONFIRMATION, text="Anrufen", quote="anrufen", segment_ids=(), reason=asking),
        claim(ClaimState.DROPPED),
        language="de-AT",
        title="Planung",
        summary="Wir haben geplant.",
        coverage=Coverage(unread=((4, 9, "Minutes 41-52 were not read. The language model took too long to answer."),)),
        extra={
            "label": "Minutes",
            "sections": [["decisions", "Decisions"]],
            "speakers": {"4": "Dana Lee"},
            "participants": ["Dana Lee"],
            "gaps": [[30.0, 60.0, "not_recorded"]],
            "listen_here": [{"start": 10.0, "ours": "fünfzehn", "theirs": ""}],
            "receipt": {"sent": [sent], "redaction": ["email"], "masked": {"email": 3}, "model": "gpt-6-luna", "engine": "local:base"},
        },
    )
    assert page == GERMAN


def test_what_a_person_called_it_stays_and_other_languages_have_an_english_frame():
    own = {"kind": "own:1", "extra": {"label": "Minutes", "sections": [["section_1", "Decisions & 100 % sure"]]}}
    page = document(claim(section="section_1"), language="de", **own)
    assert "*Minutes, geschrieben von" in page
    assert "## Decisions &amp; 100 % sure" in page
    assert "## Action items" in document(claim(), language="fr")
