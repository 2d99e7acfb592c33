"""Every form, for meetings of every script: what was said survives, stays text, and follows corrections."""

import asyncio
import dataclasses
import io
import json
import re
import threading
import unicodedata
from pathlib import Path
from urllib.parse import unquote

import docx
import jsonschema_rs
import pypdfium2
import pytest
from markdown_it import MarkdownIt

from momentum.model import Claim, ClaimState, Segment, Word
from momentum.web.api import exports
from momentum.writers.exports import DELIVERABLE_FORMATS, FORMATS, TRANSCRIPT_FORMATS

pytestmark = pytest.mark.anyio
DOCS = Path(__file__).parents[2] / "docs/reference"
UNKNOWN = "0b7a4c1e-2f0d-4e6b-8a34-5f1c9a7e2d10"
MARKUP = '<script>alert(1)</script> **bold** #set [x](javascript:alert(1)) <img src=x onerror=alert(1)> "quote" & $1^2$ \\u{41}'

# topic, speaker, words, owner, claim
MEETINGS = {
    "English": ("Weekly planning", "Dana Lee", "We ship the portal on Friday.", "Maya Chen", "Ship the portal"),
    "Hebrew": ("ישיבה שבועית", "דנה לי", "אנחנו משיקים את הפורטל ביום שישי.", "מאיה חן", "להשיק את הפורטל"),
    "Arabic": ("الاجتماع الأسبوعي", "ليلى حداد", "نطلق البوابة يوم الجمعة.", "سامي نور", "إطلاق البوابة"),
    "Japanese": ("週次会議", "田中花子", "金曜日にポータルを出荷します。", "佐藤健", "ポータルを出荷する"),
    "Chinese": ("每周例会", "李娜", "我们星期五发布门户网站。", "王伟", "发布门户网站"),
}


def as_shown(text):
    """Letters alone, in their plain form: how a form breaks lines and draws ligatures is its own business."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isalnum())


def text_of_docx(content):
    document = docx.Document(io.BytesIO(content))
    return "\n".join(p.text for p in document.paragraphs)


def text_of_pdf(content):
    document = pypdfium2.PdfDocument(content)
    return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def text_of_html(content):
    return re.sub(r"<[^>]*>", " ", content.decode())


READ = {
    "docx": text_of_docx,
    "pdf": text_of_pdf,
    "html": text_of_html,
    "md": lambda c: text_of_html(MarkdownIt().render(c.decode()).encode()),
}


def read(form, answer):
    return READ.get(form, bytes.decode)(answer.content)


@pytest.fixture
def meeting(world):
    """Keeps a meeting in one of the scripts; gives the transcript's path and the deliverable's."""

    async def keep(topic, speaker, said, owner, claimed, subject="ada"):
        words = tuple(Word(w, float(n), n + 1.0) for n, w in enumerate(said.split()))
        claims = (Claim("action", claimed, said, (0,), owner=owner, state=ClaimState.VERIFIED, start=0.0),)
        segments = (Segment(0, 0.0, float(len(words)), said, speaker=speaker, words=words),)
        _, transcript, deliverable = await world.keep_document(await world.user_id(subject), topic=topic, claims=claims, segments=segments)
        return f"/api/transcripts/{transcript}", f"/api/deliverables/{deliverable}"

    return keep


@pytest.mark.parametrize("language", MEETINGS)
async def test_every_form_holds_what_was_said_and_written(world, meeting, language, subtests):
    topic, speaker, said, owner, claimed = MEETINGS[language]
    transcript, deliverable = await meeting(*MEETINGS[language])
    ada = world.program("ada")
    for path, forms, told in (
        (deliverable, DELIVERABLE_FORMATS, (topic, said, owner, claimed)),
        (transcript, TRANSCRIPT_FORMATS, (speaker, said)),
    ):
        for form in forms:
            with subtests.test(path=path, form=form):
                answer = await ada.get(f"{path}/export", params={"format": form})
                assert (answer.status_code, answer.headers["content-type"]) == (200, FORMATS[form].media_type)
                shown = as_shown(read(form, answer))
                assert [words for words in told if as_shown(words) not in shown] == []
                name = unquote(answer.headers["content-disposition"].rpartition("''")[2])
                assert topic in name
                assert name.rstrip('"').endswith(f".{form}")


def test_the_api_offers_every_form_there_is():
    assert exports.DeliverableFormat.__args__ == DELIVERABLE_FORMATS
    assert exports.TranscriptFormat.__args__ == TRANSCRIPT_FORMATS


async def test_markup_from_a_meeting_stays_text_in_every_form(world, meeting, subtests):
    transcript, deliverable = await meeting(MARKUP, MARKUP, MARKUP, MARKUP, MARKUP)
    ada = world.program("ada")
    for path, forms in ((deliverable, DELIVERABLE_FORMATS), (transcript, TRANSCRIPT_FORMATS)):
        for form in forms:
            with subtests.test(path=path, form=form):
                answer = await ada.get(f"{path}/export", params={"format": form})
                assert answer.status_code == 200
                if form not in {"vtt", "html", "md"}:  # these escape it
                    assert "script>alert" in read(form, answer).replace("\n", "").replace("\r", "")
                if form in {"html", "vtt"}:
                    assert "<script" not in answer.text
                    assert "<img" not in answer.text
                    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text


async def test_a_web_page_asks_nobody_for_anything(world, meeting):
    _, deliverable = await meeting(*MEETINGS["Hebrew"])
    page = (await world.program("ada").get(f"{deliverable}/export", params={"format": "html"})).text
    assert not re.search(r"(?:\bsrc=|\bhref=|\burl\(|@import|<script|<link|<iframe|\son\w+=)", page)
    assert "content=\"default-src 'none'; style-src 'sha256-" in page
    assert '<html lang="en" dir="rtl">' in page
    assert '<h1 dir="rtl">' in page


async def test_word_knows_what_is_read_from_right_to_left(world, meeting):
    _, deliverable = await meeting(*MEETINGS["Arabic"])
    content = (await world.program("ada").get(f"{deliverable}/export", params={"format": "docx"})).content
    document = docx.Document(io.BytesIO(content))
    title = document.paragraphs[0]
    assert title._p.pPr.xpath("./w:bidi")
    assert title.runs[0].font.rtl
    both = [p._p.pPr for p in document.paragraphs if p._p.pPr is not None and p._p.pPr.xpath("./w:bidi") and p._p.pPr.ind is not None]
    assert both
    assert all(properties.xpath("./w:bidi/following-sibling::w:ind") for properties in both)
    assert (document.core_properties.author, document.core_properties.title) == ("Momentum", "الاجتماع الأسبوعي")


async def test_a_pdf_brings_its_fonts(world, meeting):
    for language in ("Hebrew", "Arabic", "Japanese", "Chinese"):
        _, deliverable = await meeting(*MEETINGS[language])
        content = (await world.program("ada").get(f"{deliverable}/export", params={"format": "pdf"})).content
        document = pypdfium2.PdfDocument(content)
        fonts = {found.get_font().get_base_name() for found in document[0].get_objects() if hasattr(found, "get_font")}
        expected = {"Hebrew": "Heebo", "Arabic": "Amiri", "Japanese": "NotoSansCJKjp", "Chinese": "NotoSansCJKsc"}[language]
        assert [name for name in fonts if expected in name.replace("-", "")], fonts
        assert all("+" in name for name in fonts), "a subset of each is in the file"


async def test_json_keeps_to_its_schema(world, meeting):
    transcript, deliverable = await meeting(*MEETINGS["Japanese"])
    ada = world.program("ada")
    for path, name in ((transcript, "transcript"), (deliverable, "deliverable")):
        exported = json.loads((await ada.get(f"{path}/export", params={"format": "json"})).content)
        schema = json.loads((DOCS / f"exported-{name}.schema.json").read_text())
        jsonschema_rs.validate(schema, exported)
        assert exported["schema"] == f"momentum.{name}/1"
        with pytest.raises(jsonschema_rs.ValidationError):
            jsonschema_rs.validate(schema, exported | {"schema": "momentum.other/1"})


async def test_a_document_of_ones_own_kind_is_called_by_the_name_of_its_form(world):
    mine = {"kind": f"own:{UNKNOWN}", "extra": {"label": "Retrospective"}}
    *_, deliverable = await world.keep_document(await world.user_id("ada"), topic="Sprint end", **mine)
    answer = await world.program("ada").get(f"/api/deliverables/{deliverable}/export", params={"format": "md"})
    assert answer.headers["content-disposition"].endswith('Sprint end - Retrospective.md"')


async def test_pdfs_are_typeset_a_few_at_a_time(world, meeting, monkeypatch):
    transcript, _ = await meeting(*MEETINGS["English"])
    at_once, most, lock = 0, 0, threading.Lock()

    def typeset(_transcript, _meeting):
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        threading.Event().wait(0.05)
        with lock:
            at_once -= 1
        return b"%PDF"

    monkeypatch.setitem(FORMATS, "pdf", dataclasses.replace(FORMATS["pdf"], of_transcript=typeset))
    ada = world.program("ada")
    answers = await asyncio.gather(*(ada.get(f"{transcript}/export", params={"format": "pdf"}) for _ in range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert most == 2


async def test_corrections_reach_every_form(world, meeting, subtests):
    transcript, deliverable = await meeting(*MEETINGS["English"])
    ada = world.program("ada")
    for asked in (
        {"kind": "rename_speaker", "speaker": "Dana Lee", "name": "דינה לוי"},
        {"kind": "fix_term", "term": "portal", "replacement": "gateway"},
        {"kind": "fix_term", "term": "Weekly", "replacement": "Monthly"},
    ):
        assert (await ada.post(f"{transcript}/corrections", json=asked)).status_code == 201
    assert (await ada.post(f"{deliverable}/corrections", json={"kind": "confirm_claim", "claim": 0})).status_code == 201
    for path, forms in ((deliverable, DELIVERABLE_FORMATS), (transcript, TRANSCRIPT_FORMATS)):
        for form in forms:
            with subtests.test(path=path, form=form):
                answer = await ada.get(f"{path}/export", params={"format": form})
                shown = as_shown(read(form, answer))
                assert "gateway" in shown
                assert "portal" not in shown
                assert path != transcript or as_shown("דינה לוי") in shown
                assert path != deliverable or "confirmed" in shown
                assert (
                    "Monthly%20planning" in answer.headers["content-disposition"]
                    or "Monthly planning" in answer.headers["content-disposition"]
                )
                before = await ada.get(f"{path}/export", params={"format": form, "original": True})
                assert "portal" in as_shown(read(form, before))


async def test_what_is_rejected_is_in_no_document_but_kept_in_the_data(world, meeting):
    _, deliverable = await meeting(*MEETINGS["English"])
    ada = world.program("ada")
    await ada.post(f"{deliverable}/corrections", json={"kind": "reject_claim", "claim": 0})
    for form in ("md", "html", "docx", "pdf", "txt"):
        assert "Ship the portal" not in read(form, await ada.get(f"{deliverable}/export", params={"format": form}))
    kept = (await ada.get(f"{deliverable}/export", params={"format": "json"})).json()["deliverable"]["claims"]
    assert [(c["text"], c["state"], c["ruling"]) for c in kept] == [("Ship the portal", "verified", "rejected")]


async def test_a_page_offers_every_form(world):
    browser = await world.browser()
    _, transcript, deliverable = await world.keep_document(await world.user_id_of(browser))
    page = (await browser.read(deliverable)).text
    for path, forms in ((f"deliverables/{deliverable}", DELIVERABLE_FORMATS), (f"transcripts/{transcript}", TRANSCRIPT_FORMATS)):
        for form in forms:
            assert f"/api/{path}/export?format={form}" in page
            assert (await browser.get(f"/api/{path}/export", params={"format": form})).status_code == 200


async def test_what_cannot_be_exported(world, meeting, refuses):
    transcript, deliverable = await meeting(*MEETINGS["English"])
    ada, bob = world.program("ada"), world.program("bob")
    for path in (transcript, deliverable):
        refuses(await bob.get(f"{path}/export", params={"format": "pdf"}), 404, "not_found")
        assert "format" in refuses(await ada.get(f"{path}/export"), 422, "invalid_request")
        assert "format" in refuses(await ada.get(f"{path}/export", params={"format": "exe"}), 422, "invalid_request")
    assert "format" in refuses(await ada.get(f"{deliverable}/export", params={"format": "vtt"}), 422, "invalid_request")
    refuses(await ada.get(f"/api/deliverables/{UNKNOWN}/export", params={"format": "pdf"}), 404, "not_found")
    *_, draft = await world.keep_document(await world.user_id("ada"), topic="Draft", delivered=False)
    refuses(await ada.get(f"/api/deliverables/{draft}/export", params={"format": "md"}), 404, "not_found")
