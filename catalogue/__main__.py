"""`make catalogue`: bring every catalogue up to date with the code. With --check it only says which are not, or lack something."""

from __future__ import annotations

import sys

from catalogue.extract import messages
from catalogue.file import faults, language_files, text_of, updated


def main(arguments: list[str]) -> int:
    """Exit code 1 when --check finds a fault, or when something is left to translate."""
    found, wrong = messages(), []
    for language, path in language_files():
        catalogue = updated(language, path, found)
        stale = not path.exists() or path.read_text("utf-8") != text_of(catalogue)
        if stale and "--check" not in arguments:
            path.write_text(text_of(catalogue), encoding="utf-8")
        elif stale:
            wrong.append(f"{path} is out of date; run: make catalogue")
        wrong += [f"{path}: {fault}" for fault in faults(catalogue)]
    print("".join(f"{line}\n" for line in wrong), end="")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
