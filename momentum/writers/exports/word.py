"""DOCX, by python-docx (https://python-docx.readthedocs.io). Word brings the fonts; what is read from right to left is marked so."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from momentum.writers.exports.blocks import Block, Run, parsed

# What XML 1.0 cannot hold: https://www.w3.org/TR/xml/#charsets
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STYLES = ("List Bullet", "List Bullet 2", "List Bullet 3")
_CONTINUED = ("List Continue", "List Continue 2", "List Continue 3")


def as_docx(text: str, language: str | None) -> bytes:
    """A Word document of a Markdown text."""
    import docx

    document = docx.Document()
    _set_fonts(document.styles["Normal"])
    blocks = parsed(text)
    _about(document.core_properties, next((b.text for b in blocks if b.kind == "heading"), ""), language)
    styles = {style.name: style.style_id for style in document.styles}
    for block in blocks:
        paragraph = document.add_paragraph()
        if _style(block) != "Normal":
            paragraph._p.style = styles[_style(block)]  # noqa: SLF001 -- by name the library looks through all styles each time
        _write(paragraph, block, language)
    saved = io.BytesIO()
    document.save(saved)
    return _undated(saved)


def _undated(saved: io.BytesIO) -> bytes:
    """The same archive without the moment at which it was made: the same document is the same file."""
    made = io.BytesIO()
    with zipfile.ZipFile(saved) as archive, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as undated:
        for name in archive.namelist():
            undated.writestr(zipfile.ZipInfo(name), archive.read(name), zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _set_fonts(style: Any) -> None:
    """Letters of every script without serifs: the theme has some for Hebrew and Arabic."""
    from docx.oxml.ns import qn

    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.attrib.pop(qn("w:cstheme"), None)
    for name in ("w:ascii", "w:hAnsi", "w:cs"):
        fonts.set(qn(name), "Arial")


def _about(properties: Any, title: str, language: str | None) -> None:
    # The library's own template says who made it, and when.
    properties.title, properties.author, properties.comments = _writable(title)[:255], "Momentum", ""
    properties.language = language or ""
    for dated in properties._element.xpath("./dcterms:created | ./dcterms:modified"):  # noqa: SLF001 -- it has no other way to say nothing
        dated.getparent().remove(dated)


def _style(block: Block) -> str:
    if block.kind == "heading":
        return "Title" if block.level == 1 else f"Heading {min(block.level - 1, 9)}"
    if block.quoted and not block.depth:
        return "Intense Quote"
    if block.quoted:
        return "Quote"
    at = min(block.depth, len(_STYLES)) - 1
    return _STYLES[at] if block.kind == "item" else _CONTINUED[at] if block.depth else "Normal"


def _write(paragraph: Any, block: Block, language: str | None) -> None:
    from docx.shared import Pt

    if block.rightward:  # before the indent, which the library puts behind it: the schema knows one order only
        _marked(paragraph._p.get_or_add_pPr(), "w:bidi")  # noqa: SLF001 -- the library knows nothing of direction
    if block.quoted and block.depth:
        paragraph.paragraph_format.left_indent = Pt(18 * (block.depth + 1))
    for run in block.runs:
        _write_run(paragraph, run, language, rightward=block.rightward)


def _write_run(paragraph: Any, run: Run, language: str | None, *, rightward: bool) -> None:
    for number, line in enumerate(_writable(run.text).split("\n")):
        made = paragraph.add_run()
        if number:
            made.add_break()
        made.add_text(line)
        made.bold, made.italic = run.bold or None, run.italic or None
        if rightward:
            made.font.rtl = True
            made.font.cs_bold, made.font.cs_italic = run.bold or None, run.italic or None
        if language:
            _spoken(made, language, rightward=rightward)


def _spoken(run: Any, language: str, *, rightward: bool) -> None:
    """Which language it is in, for the choice of fonts and the spelling check."""
    from docx.oxml.ns import qn

    properties = run._r.get_or_add_rPr()  # noqa: SLF001 -- as above
    element = properties.makeelement(qn("w:lang"))
    for name in ("w:bidi",) if rightward else ("w:val", "w:eastAsia"):
        element.set(qn(name), _writable(language))
    properties.append(element)


def _marked(properties: Any, name: str) -> None:
    from docx.oxml.ns import qn

    properties.append(properties.makeelement(qn(name)))


def _writable(text: str) -> str:
    return _UNWRITABLE.sub("", text)
