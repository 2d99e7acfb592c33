"""The process that typesets a PDF: JSON comes in, a PDF goes out. Run by its path, so that it loads nothing but Typst."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import typst


def main() -> None:
    """Typeset what standard input asks for; it finds no files but the fonts and its own template."""
    asked = json.load(sys.stdin.buffer)
    template = Path(__file__).with_name("document.typ").read_bytes()
    inputs = {"data": json.dumps(asked["data"])}
    sys.stdout.buffer.write(typst.compile(template, font_paths=asked["font_paths"], sys_inputs=inputs, format="pdf"))


if __name__ == "__main__":
    main()
