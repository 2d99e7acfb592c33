"""Fifty secrets in one meeting: the language model's server gets none of them, the document has them all."""

import contextlib
import json
import re
import unicodedata

import pytest

from momentum.llm import LanguageModel
from momentum.model import ClaimState, Meeting
from momentum.model import ProcessingState as State
from momentum.redaction import RECOGNISED, Redaction
from momentum.store import deliverables, redactions
from momentum.writers import WRITERS

pytestmark = pytest.mark.anyio

EMAILS = [
    "ada@example.org", "Ada.Lovelace@mail.example.co.uk", "o'brien+zoom@example.com", "sam_ode @ example . org", "INFO@EXAMPLE.NET",
    "grace dot hopper at navy dot example", "jean-luc@exämple.fr", "k at example.io", "x underscore y at example dot com",
    "bob [at] corp [dot] example", "1979@example.museum",
]  # fmt: skip
PHONES = [
    "+49 170 1234567", "+1 (415) 555-2671", "0049 30 901820", "020 7946 0958", "555-2368", "030/90182-11", "+33.1.70.18.99.00",
    "five five five, one two three, four five six seven", "double oh four four two zero seven nine four six", "5 5 5 dash 0 1 9 9",
    "\uff18\uff11\uff13 \uff15\uff15\uff15 \uff10\uff11\uff12\uff13", "+44\u00a020\u00a07946\u00a00018",
]  # fmt: skip
CARDS = [
    "4111 1111 1111 1111", "5500005555555559", "3400 000000 00009", "6011-0000-0000-0004", "3 0 5 6 9 3 0 9 0 2 5 9 0 4",
    "4012 8888, 8888 1881", "4222 2222 2222 2", "3530\u200b1113 3330 0000",
]  # fmt: skip
IBANS = [
    "DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "fr14 2004 1010 0505 0001 3m02 606", "NL91-ABNA-0417-1643-00",
    "C H 9 3 0 0 7 6 2 0 1 1 6 2 3 8 5 2 9 5 7", "NO93 8601 1117 947", "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
]  # fmt: skip
NAMES = ["Ingeborg Nuñez", "Ingeborg", "Nuñez", "ingeborg nuñez", "Tariq Aziz", "王小明", "Nun\u0303ez", "TARIQ"]
CHOSEN = ["Ingeborg Nuñez", "Tariq Aziz", "王小明"]
SPLIT = [
    ("Dana Lee", ["My card is 5105 1051", "0510 5100, valid until May"]),
    ("Dana Lee", ["the number is +49 171", "765 43 21 in the evening"]),
    ("Sam Ode", ["our IBAN begins AT61 1904", "3002 3457 3201 and that is all"]),
]
"""Secrets that a caption breaks in two: somebody else says "Mhm." between."""
LONG = "4000 0566 5566 5556"
"""In the middle of a caption that is longer than a part, where it would be cut."""
FRAGMENTS = ["5105 1051", "0510 5100", "+49 171", "765 43 21", "AT61 1904", "3002 3457 3201"]
WHOLE = [*EMAILS, *PHONES, *CARDS, *IBANS, *NAMES, LONG]
FILLER = "and then we went through the plan for the spring release, the open questions and who takes what"
HARMLESS = ["We have 1,250,000 users.", "The budget is 15,000 euros for 2026.", "We ship on 2026-11-27 at 10:30."]


def captions():
    """A meeting in which every secret is said, over many parts."""
    said = [(("Dana Lee", "Tariq Aziz")[i % 2], f"Number {i}: it is {secret}, {FILLER}.") for i, secret in enumerate([*WHOLE[:-1]])]
    words = FILLER.split() * 24
    said.insert(20, ("Sam Ode", f"{' '.join(words)} {LONG} {' '.join(words)}"))
    for speaker, (first, second) in SPLIT:
        said += [(speaker, first), ("Tariq Aziz", "Mhm."), (speaker, second)]
    said += [("Sam Ode", line) for line in HARMLESS]
    cues = [f"{i}\n{stamp(10 * i)} --> {stamp(10 * i + 9)}\n{speaker}: {text}\n" for i, (speaker, text) in enumerate(said, 1)]
    return "WEBVTT\n\n" + "\n".join(cues)


def stamp(seconds):
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.000"


def pressed(text):
    """Letters and digits alone, however they were written: what somebody would search for."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


@contextlib.contextmanager
def said_in(meeting, content, topic):
    """The meeting with these captions and this title."""
    file = next(f for f in meeting.files if f.file_type == "TRANSCRIPT")
    before = [(file, "content", file.content), (meeting, "topic", meeting.topic)]
    try:
        object.__setattr__(file, "content", content.encode())
        object.__setattr__(meeting, "topic", topic)
        yield
    finally:
        for thing, name, value in before:
            object.__setattr__(thing, name, value)


def quoting(standin):
    """An answer that quotes every line it was sent, and owes the speaker each."""

    def answer(body):
        lines = re.findall(r"^\[(\d+)\] ([^:]*): (.*)$", standin.text_of(body), re.MULTILINE)
        actions = [
            {"quote": text, "segment_ids": [int(n)], "text": text, "owner": speaker, "due_words": None} for n, speaker, text in lines
        ]
        summary = " ".join(f"{speaker} said {text[:40]}" for _, speaker, text in lines)
        return {"topics": [], "decisions": [], "actions": actions, "questions": [], "title": "", "summary": summary}

    return answer


@pytest.fixture
async def written(bench, standin):
    """Minutes of the meeting by a worker, for a person who wants this masked; gives (deliverable, server)."""

    async def write(server, wanted, **options):
        ada = await bench.person()
        async with bench.app.database.person(ada) as connection:
            await redactions.put(connection, ada, wanted)
        meeting = bench.zoom.meeting("81230000003")
        server.answer = quoting(standin)
        model = LanguageModel(standin.KEY, server.base_url, "gpt-6-luna", "responses", 2000, clock=bench.clock)
        with said_in(meeting, captions(), "Call of Tariq, +49 170 1234567"):
            async with contextlib.aclosing(model), bench.working():
                bench.app.tools.llm = model
                done = await bench.until(await bench.ask(ada, deliverables=("minutes",), transcript="zoom", **options), State.DONE)
        async with bench.app.database.person(ada) as connection:
            (about,) = (await deliverables.page(connection, ada, size=5, processing_id=done.id)).rows
            return await deliverables.get(connection, about.id)

    return write


def bodies(server):
    """Of every request that came, also of those that only ask for a count."""
    return "\n".join(json.dumps(seen.body, ensure_ascii=False) for seen in server.log)


def found_in(text, secrets):
    """Those that stand there, also without the blanks and marks between."""
    letters = pressed(text)
    return [secret for secret in secrets if secret in text or pressed(secret) in letters]


def test_there_are_fifty():
    assert len({*WHOLE}) + len(SPLIT) == 50


@pytest.mark.acceptance
async def test_without_redaction_the_server_gets_them_all(written, standin):
    async with standin.running() as server:
        found = await written(server, Redaction())
        sent = bodies(server)
    assert found_in(sent, [*WHOLE, *FRAGMENTS]) == [secret for secret in (*WHOLE, *FRAGMENTS) if secret != LONG]
    assert all(half in sent for half in LONG.rsplit(" ", 2))  # cut by the end of a part
    assert "masked" not in found.deliverable.extra


async def test_the_server_gets_none_and_the_document_has_them_all(written, standin):
    async with standin.running() as server:
        found = await written(server, Redaction.of(RECOGNISED, CHOSEN))
        sent = bodies(server)
        announced = sum(int(seen.headers["content-length"]) for seen in server.log)
    assert len(server.calls) > 3
    assert found_in(sent, [*WHOLE, *FRAGMENTS]) == []
    assert all(line in sent for line in HARMLESS)

    document = WRITERS["minutes"].render(found.deliverable, found_meeting(found))
    quotes = " ".join(claim.quote for claim in found.deliverable.claims)
    assert found_in(quotes, [*WHOLE, *FRAGMENTS]) == [*WHOLE, *FRAGMENTS]
    assert not re.search(r"(EMAIL|PHONE|CARD|IBAN|NAME)_\d", str(found))
    assert {claim.quote for claim in found.deliverable.claims if claim.state is ClaimState.DROPPED} <= {"Mhm."}
    assert {claim.owner for claim in found.deliverable.claims} == {"Dana Lee", "Tariq Aziz", "Sam Ode", None}
    assert found.deliverable.title == "Call of Tariq, +49 170 1234567"

    receipt = found.deliverable.extra["receipt"]
    (row,) = receipt["sent"]
    assert (row["bytes"], row["requests"], row["what"], row["stayed"]) == (announced, len(server.calls), "text", True)
    assert receipt["masked"] == {"email": 11, "phone": 13, "card": 10, "iban": 8, "name": 3}
    told = "Masked: 11 e-mail addresses, 13 phone or other long numbers, 10 card numbers, 8 IBANs, 3 chosen names.*\n"
    assert document.endswith(told)


def found_meeting(found):
    return Meeting(found.about.topic, found.about.recorded_at, found.about.timezone)
