"""Every form a deliverable or a transcript leaves Momentum in. Adding one is a line in FORMATS and a function.

    names.py      a title of any characters as a file name
    spoken.py     a transcript as Markdown
    blocks.py     Markdown as headings, paragraphs and items: what the forms below are made of
    web_page.py   HTML: one file, no script, nothing from elsewhere
    word.py       DOCX, by python-docx
    printed.py    PDF, typeset by Typst in a process of its own (typeset.py)
    data.py       JSON, held to a schema

Documents are written as Markdown first, by their writer, so each form says the same and what comes from a meeting stays text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from momentum.errors import ErrorCode, Invalid
from momentum.languages import N_
from momentum.model import Deliverable, Meeting, Transcript
from momentum.writers import render, transcripts
from momentum.writers.exports import data, printed, spoken, web_page, word
from momentum.writers.exports.blocks import as_text, parsed
from momentum.writers.exports.names import disposition, file_name

__all__ = ["DELIVERABLE_FORMATS", "FORMATS", "TRANSCRIPT_FORMATS", "Format", "disposition", "file_name", "files", "named"]


OfDeliverable = Callable[[Deliverable, Meeting], bytes]
OfTranscript = Callable[[Transcript, Meeting], bytes]


@dataclass(frozen=True, slots=True)
class Format:
    """One form. A function is None where the form is not for that: a document has no times for subtitles. PDF takes a second."""

    extension: str
    label: str
    media_type: str
    of_deliverable: OfDeliverable | None
    of_transcript: OfTranscript | None


def _written(
    form: Callable[[str, str | None], bytes],
) -> tuple[Callable[[Deliverable, Meeting], bytes], Callable[[Transcript, Meeting], bytes]]:
    """A form that is made of Markdown and the language it is in, for both."""
    return (
        lambda deliverable, meeting: form(render(deliverable, meeting), deliverable.language),
        lambda transcript, meeting: form(spoken.as_markdown(transcript, meeting), transcript.language),
    )


def _timed(form: Callable[[Transcript], str]) -> OfTranscript:
    return lambda transcript, _meeting: form(transcript).encode()


FORMATS: dict[str, Format] = {
    "md": Format("md", "Markdown", "text/markdown; charset=utf-8", *_written(lambda text, _language: text.encode())),
    "html": Format("html", N_("Web page"), "text/html; charset=utf-8", *_written(web_page.as_html)),
    "docx": Format("docx", "Word", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", *_written(word.as_docx)),
    "pdf": Format("pdf", "PDF", "application/pdf", *_written(printed.as_pdf)),
    "json": Format("json", "JSON", "application/json", data.deliverable_as_json, data.transcript_as_json),
    "txt": Format(
        "txt",
        N_("Text"),
        "text/plain; charset=utf-8",
        lambda deliverable, meeting: as_text(parsed(render(deliverable, meeting))).encode(),
        _timed(transcripts.as_text),
    ),
    "vtt": Format("vtt", N_("Captions (WebVTT)"), "text/vtt; charset=utf-8", None, _timed(transcripts.as_vtt)),
    "srt": Format("srt", N_("Captions (SubRip)"), "application/x-subrip; charset=utf-8", None, _timed(transcripts.as_srt)),
}
"""By the name that the API and the command line know them by."""

DELIVERABLE_FORMATS = tuple(name for name, form in FORMATS.items() if form.of_deliverable)
TRANSCRIPT_FORMATS = tuple(name for name, form in FORMATS.items() if form.of_transcript)


def named(names: Sequence[str]) -> list[Format]:
    """Forms by name, each once. Raises Invalid for one that there is not."""
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise Invalid(ErrorCode.INVALID_REQUEST, f"There is no format {unknown[0]!r}. Known: {', '.join(FORMATS)}.")
    return [FORMATS[name] for name in dict.fromkeys(names)]


def files(formats: Sequence[Format], transcript: Transcript, deliverables: Sequence[Deliverable], meeting: Meeting) -> dict[str, bytes]:
    """All of these in every form that is for them, by "minutes.pdf" and "transcript.pdf"."""
    made = {f"transcript.{f.extension}": f.of_transcript(transcript, meeting) for f in formats if f.of_transcript}
    for deliverable in deliverables:
        made |= {f"{deliverable.kind}.{f.extension}": f.of_deliverable(deliverable, meeting) for f in formats if f.of_deliverable}
    return made
