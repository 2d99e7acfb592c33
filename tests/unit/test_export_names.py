"""A title of any characters as a file name."""

import re
from email.message import Message
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentum.writers.exports import disposition, file_name

NAMES = [
    (("Weekly planning", "Minutes"), "Weekly planning - Minutes.pdf"),
    (("../../etc/passwd",), "etc passwd.pdf"),
    (("C:\\Windows\\x?*.exe",), "C Windows x .exe.pdf"),
    (("CON",), "_CON.pdf"),
    (("com1.txt",), "_com1.txt.pdf"),
    (("Lpt¹",), "_Lpt¹.pdf"),
    (("Contract",), "Contract.pdf"),
    (("  ...hidden... ",), "hidden.pdf"),
    (("-rf",), "rf.pdf"),
    (("a\r\nSet-Cookie: x\0",), "a Set-Cookie x.pdf"),
    (("\u202egpj.exe",), "gpj.exe.pdf"),
    (("", " / "), "meeting.pdf"),
    (("週次会議", "Minutes"), "週次会議 - Minutes.pdf"),
    (("\u0645\u06cc\u200c\u062e\u0648",), "\u0645\u06cc\u200c\u062e\u0648.pdf"),
]


@pytest.mark.parametrize(("parts", "expected"), NAMES)
def test_a_title_becomes_a_name(parts, expected):
    assert file_name(*parts, extension="pdf") == expected


@given(st.text(max_size=400))
def test_any_title_becomes_a_name_that_every_system_takes(title):
    name = file_name(title, extension="docx")
    assert len(name.encode("utf-8", "surrogatepass")) <= 200
    assert not re.search(r'[<>:"/\\|?*\x00-\x1f\x7f]', name)
    assert not name.startswith((".", "-", " "))
    assert name.endswith(".docx")
    assert not re.match(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)", name)


@pytest.mark.parametrize("title", ["x" * 300, "会" * 200])
def test_a_long_title_is_cut_and_its_day_and_kind_are_not(title):
    name = file_name("2026-11-12", title, "Decision log", extension="pdf")
    assert re.fullmatch(rf"2026-11-12 - {title[0]}{{40,}} - Decision log\.pdf", name)
    assert len(name.encode()) <= 200


@given(st.text(max_size=100))
def test_the_header_carries_the_name_whole_and_is_ascii(title):
    name = file_name(title, extension="pdf")
    header = disposition(name)
    assert header.isascii()
    assert header.isprintable()
    read = Message()
    read["Content-Disposition"] = header
    assert read.get_content_disposition() == "attachment"
    whole = header.partition("filename*=UTF-8''")[2]
    assert (unquote(whole) if whole else re.search('filename="(.*)"', header)[1]) == name


HEADERS = [
    ("Plan.pdf", 'attachment; filename="Plan.pdf"'),
    ("Übersicht 50%.pdf", "attachment; filename=\"Ubersicht 50_.pdf\"; filename*=UTF-8''%C3%9Cbersicht%2050%25.pdf"),
    ("週次.pdf", "attachment; filename=\"meeting.pdf\"; filename*=UTF-8''%E9%80%B1%E6%AC%A1.pdf"),
]


@pytest.mark.parametrize(("name", "expected"), HEADERS)
def test_the_header(name, expected):
    assert disposition(name) == expected
