"""Every switch of the sandbox has a row or a test here: what our side makes of it is never left open."""

import re
import runpy
from pathlib import Path

from momentum.sandbox.faults import KNOWN

TABLES = [path for path in sorted(Path(__file__).parent.glob("test_*.py")) if path != Path(__file__)]


def test_every_fault_has_a_case():
    modules = [runpy.run_path(str(path)) for path in TABLES]
    in_rows = {name for module in modules for name, rows in module["CASES"].items() if rows}
    apart = {name for module in modules for name in module.get("APART", {})}
    assert sorted(KNOWN.keys() - in_rows - apart) == []
    assert sorted((in_rows | apart) - KNOWN.keys()) == []


def test_every_fault_is_described_where_the_sandbox_is():
    page = (Path(__file__).parents[2] / "docs/how-to/local-zoom.md").read_text()
    assert dict(re.findall(r"^\| `([a-z0-9_]+)` \| (.+) \|$", page, re.MULTILINE)) == KNOWN
