"""A receipt as data and in words."""

from datetime import UTC, datetime, timedelta

import pytest

from momentum.model import Deliverable, Meeting
from momentum.outbound.sent import Sending
from momentum.writers.markdown import render
from momentum.writers.receipts import in_words, receipt, size

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def sending(host="api.openai.com", what="text", size=81_204, days=0, **more):
    return Sending(AT + timedelta(days=days), host, what, "minutes", "gpt-6-luna" if what == "text" else "gpt-transcribe", size, **more)


def written(model="gpt-6-luna", **extra):
    return Deliverable("minutes", "1", "Planning", "en", "We ship.", (), model=model, extra=extra)


def words_of(sendings, redaction=(), *, model="gpt-6-luna", **extra):
    return in_words(receipt(sendings, written(model, **extra), "local:base", redaction))


def test_nothing_left():
    assert receipt([], written(None), "local:base", ())["nothing_left"] is True
    assert words_of([], model=None) == "Nothing left this machine."


def test_what_was_sent_before_anybody_wrote_it_down_is_not_called_nothing():
    found = receipt([], written(None), "openai:whisper-1", ("email",), heard_here=False)
    assert (found["nothing_left"], found["unrecorded"]) == (False, ["audio"])
    assert in_words(found) == "openai:whisper-1 got audio, before receipts were kept. Sound cannot be masked."
    both = receipt([], written(), "openai:whisper-1", (), heard_here=False)
    assert in_words(both) == (
        "openai:whisper-1 got audio, before receipts were kept. gpt-6-luna got transcript text with its prompt, before receipts were kept."
    )
    known = receipt([sending(what="audio"), sending()], written(), "openai:whisper-1", (), heard_here=False)
    assert known["unrecorded"] == []


def test_a_host_of_this_machine_is_named_as_such():
    told = words_of([sending("127.0.0.1:8080", size=900)])
    assert told == (
        "Nothing left this machine. 127.0.0.1:8080, on this machine, got 900 bytes of transcript text with its prompt "
        "(gpt-6-luna, 1 request, 22 November 2026)."
    )


@pytest.mark.parametrize(
    ("host", "stayed"),
    [("localhost", True), ("localhost:11434", True), ("[::1]:80", True), ("127.1.2.3", True),
     ("10.0.0.7", False), ("localhost.example", False), ("api.openai.com", False), ("[2001:db8::1]", False)],
)  # fmt: skip
def test_which_hosts_are_this_machine(host, stayed):
    assert sending(host).stayed is stayed


def test_each_host_and_thing_is_added_up():
    sendings = [
        sending(what="audio", size=8_000_000),
        sending(what="audio", size=4_345_678, days=1),
        sending(),
        sending(size=10, earlier=True),
    ]
    told = words_of(sendings, ("card", "email", "name"), masked={"email": 3, "card": 1})
    assert told == (
        "api.openai.com got 12.3 MB of audio (gpt-transcribe, 2 requests, 22 November 2026 to 23 November 2026). "
        "api.openai.com got 81.2 kB of transcript text with its prompt (gpt-6-luna, 1 request, 22 November 2026). "
        "api.openai.com got 10 bytes of transcript text with its prompt (gpt-6-luna, 1 request, 22 November 2026, by an earlier processing "
        "of this recording). Sound cannot be masked. Masked: 3 e-mail addresses, 1 card number."
    )


def test_what_was_looked_for_and_not_there_is_said():
    assert words_of([sending()], ("email",)).endswith("Masked: nothing was found to mask.")


def test_it_stands_at_the_foot_of_the_document():
    draft = written(receipt=receipt([sending(host="evil_host*")], written(), "local:base", ()))
    assert render(draft, Meeting("Planning")).endswith(
        "---\n\n*What left the machine: evil\\_host\\* got 81.2 kB of transcript text with its prompt "
        "(gpt-6-luna, 1 request, 22 November 2026).*\n"
    )


def test_sizes_as_people_read_them():
    assert [size(n) for n in (0, 999, 1000, 999_949, 4_000_000)] == ["0 bytes", "999 bytes", "1.0 kB", "999.9 kB", "4.0 MB"]
