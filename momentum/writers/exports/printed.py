"""PDF, typeset by Typst (https://typst.app/docs) with fonts that came as packages; shapes every script, right to left too.

A process of its own does it: compiling takes 50 to 250 MB more than a web process should keep, and whatever a meeting's words
are, they reach it as JSON, never as markup.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from momentum.packaged import installed_folder
from momentum.writers.exports.blocks import Block, parsed

FONTS = (
    "fontpkg_noto_sans",  # Noto Sans: Latin, Greek, Cyrillic
    "fontpkg_amiri",  # Arabic; the one tried whose letters and lam-alef can be copied out again
    "fontpkg_heebo",  # Hebrew
    "fontpkg_noto_sans_devanagari",
    "fontpkg_noto_sans_thai",
    "noto_cjk_sans_otc",  # Noto Sans CJK: Chinese, Japanese, Korean
)
"""Packages of fonts, read as plain data and never imported. For other scripts the machine's own fonts are taken."""
_FAMILIES = ("Noto Sans", "Amiri", "Heebo", "Noto Sans Devanagari", "Noto Sans Thai")
_TYPESETTER = Path(__file__).with_name("typeset.py")
_SECONDS = 120.0
_KANA, _HANGUL = re.compile("[\u3040-\u30ff]"), re.compile("[\uac00-\ud7af]")


def as_pdf(text: str, language: str | None) -> bytes:
    """A PDF of a Markdown text, tagged for screen readers."""
    blocks = parsed(text)
    title = next((block.text for block in blocks if block.kind == "heading"), "Meeting")
    asked = {
        "title": title,
        "lang": _language(language),
        "fonts": [*_FAMILIES, f"Noto Sans CJK {_han(language, text)}"],
        "blocks": [_as_data(block) for block in blocks],
    }
    ordered = json.dumps({"data": asked, "font_paths": font_paths()})
    command = [sys.executable, "-I", str(_TYPESETTER)]
    return subprocess.run(command, input=ordered.encode(), capture_output=True, check=True, timeout=_SECONDS).stdout  # noqa: S603 -- ours


def font_paths() -> list[str]:
    """Folders of the packaged fonts."""
    return [str(folder) for name in FONTS if (folder := installed_folder(name))]


def _as_data(block: Block) -> dict[str, Any]:
    runs = [{"text": run.text, "bold": run.bold, "italic": run.italic} for run in block.runs]
    return {
        "kind": block.kind, "level": block.level, "quoted": block.quoted, "depth": block.depth, "rtl": block.rightward, "runs": runs
    }  # fmt: skip


def _language(language: str | None) -> str:
    """The two or three letters that Typst takes."""
    primary = (language or "en").partition("-")[0].partition("_")[0].lower()
    return primary if re.fullmatch("[a-z]{2,3}", primary) else "en"


def _han(language: str | None, text: str) -> str:
    """How Chinese characters are drawn: as in Japan (JP), Korea (KR), Taiwan and Hong Kong (TC) or China (SC)."""
    named = (language or "").lower().replace("_", "-")
    if named.startswith("ja") or (not named.startswith(("zh", "ko")) and _KANA.search(text)):
        return "JP"
    if named.startswith("ko") or (not named.startswith("zh") and _HANGUL.search(text)):
        return "KR"
    return "TC" if re.search("-(?:tw|hk|mo|hant)", named) else "SC"
