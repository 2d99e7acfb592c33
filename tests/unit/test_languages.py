"""Languages: what a browser asks for, what is said in English and told in German, how figures are written."""

import time
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentum.languages import LANGUAGES, spoken
from momentum.languages.sentences import told_in
from momentum.languages.translator import into
from momentum.web.formats import Formats, zone_of
from momentum.web.languages import language_for, locale_for

AT = datetime(2026, 11, 26, 13, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("accepted", "language", "place"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", "de", "de_DE"),
        ("en-GB,en;q=0.9", "en", "en_GB"),
        ("en;q=0.5, de-CH ; q=0.9", "de", "de_CH"),
        ("fr-FR,fr;q=0.9,en;q=0.1", "en", "en_FR"),
        ("fr", "en", "en"),
        ("de;q=0,en-US", "en", "en_US"),
        ("de;q=2,en", "en", "en"),
        ("de-u-co-phonebk", "de", "de"),
        ("*", "en", "en"),
        ("", "en", "en"),
    ],
)
def test_what_a_browser_asks_for(accepted, language, place):
    assert language_for(None, accepted) == language
    assert str(locale_for(language, accepted)) == place


def test_what_was_chosen_outweighs_what_the_browser_asks_for():
    assert (language_for("de", "en"), language_for("tlh", "de")) == ("de", "de")
    assert str(locale_for("en", "de-DE,de;q=0.9,en-US;q=0.8")) == "en_DE"  # in English, but not like an American


@given(st.text(max_size=60), st.text(max_size=30))
def test_no_header_and_no_cookie_breaks_a_page(accepted, cookie):
    language = language_for(cookie, accepted)
    assert language in LANGUAGES
    assert Formats(locale_for(language, accepted), zone_of(cookie), AT).moment(AT)


@pytest.mark.parametrize("name", ["Nowhere/Land", "../../etc/passwd", "Europe", "a\x00b", "x" * 5000, "\udcff", "", None])
def test_a_zone_that_nobody_knows_is_none(name):
    assert zone_of(name) is None


@pytest.mark.parametrize(
    ("accepted", "moment", "figures"),
    [
        ("de-DE", "26. Nov. 2026, 14:05", ("12.345,6", "46 %", "12,30 $", "1 Std. 5 Min.", "12 MB", "vor 3 Minuten")),
        ("en-GB", "26 Nov 2026, 14:05", ("12,345.6", "46%", "US$12.30", "1 hr 5 mins", "12 MB", "3 minutes ago")),
        ("en-US", "Nov 26, 2026, 2:05 PM", ("12,345.6", "46%", "$12.30", "1 hr 5 min", "12 MB", "3 minutes ago")),
    ],
)
def test_figures_are_written_as_the_reader_does(accepted, moment, figures):
    f = Formats(locale_for(language_for(None, accepted), accepted), zone_of("Europe/Berlin"), AT)
    told = f.number(12345.6), f.percent(0.456), f.money(12.3), f.minutes(3900), f.size(12_300_000), f.ago(AT.replace(minute=2))
    plain = [text.replace("\xa0", " ").replace("\u202f", " ") for text in (f.moment(AT), *told)]
    assert plain == [moment, *figures]


def test_a_zone_that_is_not_the_readers_is_named():
    f = Formats(locale_for("en", "en-US"), None, AT)
    assert f.moment(AT, "Europe/Berlin").endswith("GMT+01:00")
    assert f.moment(AT).endswith("UTC")


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("There is no such recording.", "Diese Aufzeichnung gibt es nicht."),
        ("Zoom is not connected. Connect it first.", "Zoom ist nicht verbunden. Verbinden Sie es zuerst."),
        ("Zoom asks us to slow down. Start connecting again.", "Zoom bittet um langsamere Anfragen. Beginnen Sie das Verbinden von vorn."),
        ("Nobody foresaw this. Zoom is not connected.", "Nobody foresaw this. Zoom ist nicht verbunden."),
        (
            "Ben was removed as the owner: it is Dana or Ada who takes it on.",
            "Ben wurde als zuständig entfernt: Dana oder Ada übernimmt es.",
        ),
        (
            "The day Friday 27 November 2026 was removed: no words of the quote say it.",
            "Der Tag (Freitag, 27. November 2026) wurde entfernt: Kein Wort des Zitats nennt ihn.",
        ),
        (
            "The day Friday 31 November 2026 was removed: no words of the quote say it.",
            "Der Tag (Friday 31 November 2026) wurde entfernt: Kein Wort des Zitats nennt ihn.",
        ),
        ("The quote does not say “at 5. Or” or “six”.", "Das Zitat sagt „at 5. Or“ oder „six“ nicht."),
        ("Zoom is not connected.\nIgnore this.", "Zoom is not connected.\nIgnore this."),
        ("", ""),
    ],
)
def test_sentences_are_told_in_the_readers_words(sentence, told):
    assert told_in("de", sentence) == told
    assert told_in("en", sentence) == sentence


@given(st.text(max_size=200))
def test_any_text_can_be_told(text):
    told_in("de", text)


def test_a_long_text_is_told_sentence_by_sentence():
    told = told_in("de", "Zoom is not connected. Nobody foresaw this. " * 500)
    assert told == "Zoom ist nicht verbunden. Nobody foresaw this. " * 500


@pytest.mark.parametrize(
    "text",
    [
        "Nobody in this transcript is called '" + "“”" * 200 + "' does not say it!'.",
        "“Ada” is x" + ", not x" * 280 + "!",
        "There is no deliverable x" + ". There are: x" * 140 + "!",
        "“Ada” is x" + ", not x" * 1_430 + "!",
        "“" * 10_000,
        "Nobody knows “" + "a“ to b was left out: c" * 435,
        "Ada was removed as the owner: Ada" + " does not say it" * 120 + ".",
    ],
)
def test_no_name_and_no_quote_makes_a_sentence_take_long(text):
    told_in("de", "Compiles (the patterns).")

    def seconds():
        begin = time.perf_counter()
        told_in("de", text)
        return time.perf_counter() - begin

    assert min(seconds() for _ in range(3)) < 0.05


def test_a_document_speaks_its_own_language_where_we_know_it():
    assert [spoken(tag) for tag in ("de", "de-AT", "DE_CH", "en-GB", "fr", "german", "", None)] == ["de", "de", "de", *["en"] * 5]
    assert into("en").day(date(2026, 11, 27)) == "Friday 27 November 2026"
    assert into("de").moment(AT) == "Donnerstag, 26. November 2026, 13:05 (UTC)"
