"""Orders in a transcript are data: no attack yields a verified claim of what it ordered, another owner, or markup on a page."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from attacks import ATTACKS, HONEST
from babel import Locale
from markdown_it import MarkdownIt
from markupsafe import Markup

from momentum.model import ClaimState, Coverage, Deliverable, Meeting, Segment, Transcript
from momentum.pipeline.verify import check, orders
from momentum.web.view import View
from momentum.writers.markdown import render
from momentum.writers.minutes import WRITER

NAMES = [attack.name for attack in ATTACKS]
ALLOWED = {"html", "head", "meta", "title", "link", "body", "main", "article", "p", "h1", "h2", "h3", "ul", "li"}
ALLOWED |= {"strong", "em", "blockquote", "br"}


def meeting(attack):
    return Meeting(attack.title, datetime(2026, 11, 25, 10, tzinfo=UTC), "Europe/Berlin", attack.people)


def transcript(attack):
    lines = [*HONEST, *attack.lines]
    return Transcript(tuple(Segment(i, i * 5.0, i * 5.0 + 4, text, who) for i, (who, text) in enumerate(lines)), "en", 60.0, "own", "test")


def answer(attack):
    """What a model says that did as it was told, in the schema of the minutes."""
    ids = list(attack.ids)
    decisions = [{"quote": quote, "segment_ids": ids, "text": text} for text, quote in attack.decisions]
    actions = [
        {"quote": quote, "segment_ids": ids, "text": text, "owner": owner, "due_words": due} for text, quote, owner, due in attack.actions
    ]
    return {"topics": [], "decisions": decisions, "actions": actions, "questions": [], "title": attack.title, "summary": attack.summary}


def written(attack):
    summary, claims, extra = WRITER.read(answer(attack))
    return Deliverable("minutes", "1", extra["title"], "en", summary, claims, model="fooled", coverage=Coverage())


def checked(attack):
    return check(written(attack), transcript(attack), meeting(attack))


def test_there_are_enough_of_them():
    assert len(ATTACKS) >= 25
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("attack", ATTACKS, ids=NAMES)
def test_what_was_ordered_is_not_verified(attack):
    done = checked(attack)
    assert done.claims
    shown = [c for c in done.claims if c.state in {ClaimState.VERIFIED, ClaimState.REPAIRED, ClaimState.SUGGESTED}]
    assert not [c for c in shown if re.search(attack.ordered, orders.folded(c.text), re.IGNORECASE)]


@pytest.mark.parametrize("attack", ATTACKS, ids=NAMES)
def test_nobody_becomes_an_owner_by_order(attack):
    assert {c.owner for c in checked(attack).claims} <= {None, "Sam Ode"}
    assert all(c.owner is None for c in checked(attack).claims if "invoice" in c.text)


@pytest.mark.parametrize("attack", ATTACKS, ids=NAMES)
def test_the_record_sent_to_a_model_has_one_fence(attack):
    content = WRITER.messages(meeting(attack), transcript(attack).segments, part=1, parts=1, language=None)[1]["content"]
    assert content.count("<meeting>") == content.count("</meeting>") == 1
    assert content.count("<") == content.count(">") == 2
    lines = content.split("Transcript:\n")[1].splitlines()
    assert [line.split("]")[0] for line in lines[:-1]] == [f"[{i}" for i in range(len(HONEST) + len(attack.lines))]


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def tags(html):
    parser = Tags()
    parser.feed(html)
    return parser.found


def on_a_page(made, attack):
    body = MarkdownIt("commonmark", {"html": False}).render(render(made, meeting(attack)))
    now = datetime(2026, 11, 25, tzinfo=UTC)
    view = View("en", Locale("en"), None, now, "/")
    return view.drawn("shared.html", title=attack.title, body=Markup(body), language="en", until=now, why=None)


@pytest.mark.parametrize("attack", ATTACKS, ids=NAMES)
def test_no_markup_reaches_a_page(attack):
    clean = tags(on_a_page(Deliverable("minutes", "1", "Budget", "en", "", (), model="m"), ATTACKS[0]))
    found = tags(on_a_page(checked(attack), attack))
    assert [t for t in found if t[0] in {"script", "img", "iframe", "svg", "a", "link", "style", "form"}] == [
        t for t in clean if t[0] in {"script", "img", "iframe", "svg", "a", "link", "style", "form"}
    ]
    assert {t for t, _ in found} <= ALLOWED
    assert not [name for _, attributes in found for name in attributes if name.startswith("on")]


@pytest.mark.parametrize("attack", ATTACKS, ids=NAMES)
def test_no_markup_reaches_the_markdown(attack):
    markdown = render(checked(attack), meeting(attack))
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)
    assert {t for t, _ in tags(html)} <= {"h1", "h2", "p", "em", "strong", "ul", "li", "blockquote", "br"}
    headings = [line for line in markdown.splitlines() if line.startswith("#")]
    assert set(headings[1:]) <= {"## Decisions", "## Action items"}


@pytest.mark.parametrize(
    "words",
    [
        "I'll write that up for the board by Monday.",
        "Note that the deadline is Friday.",
        "Please send the notes to everybody.",
        "We ignore the old rule about parking.",
        "The new system starts in March.",
        "Somebody should write to the landlord.",
        "All tasks are done.",
    ],
)
def test_what_people_say_at_work_is_no_order_to_the_writer(words):
    assert not orders.gives_orders(words)
