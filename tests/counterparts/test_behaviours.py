"""The list of behaviours and the tests that prove them are one."""

import ast
from collections import Counter
from pathlib import Path

from openai_standin import BEHAVIOURS

HERE = Path(__file__).parent


def named():
    """(behaviour, test) for every `@pytest.mark.shows(...)` over a test that is neither skipped nor expected to fail."""
    for path in HERE.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                marks = {ast.unparse(mark.func): mark for mark in node.decorator_list if isinstance(mark, ast.Call)}
                assert not {"pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail"} & marks.keys()
                shows = marks.get("pytest.mark.shows")
                yield from ((argument.value, f"{path.name}::{node.name}") for argument in (shows.args if shows else []))


def test_every_behaviour_has_a_test_and_every_test_names_a_behaviour():
    assert Counter(behaviour for behaviour, _ in named()).keys() == BEHAVIOURS.keys()
