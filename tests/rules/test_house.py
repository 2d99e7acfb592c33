"""The rules of the house: a rule without a check decays."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from momentum.errors import ErrorCode
from momentum.settings import Settings

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "momentum").rglob("*.py"))
TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text()) for path in SOURCES}


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def attributes(tree):
    return {f"{n.value.id}.{n.attr}" for n in ast.walk(tree) if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)}


@pytest.mark.parametrize(
    ("forbidden", "allowed"),
    [
        ({"httpx2", "httpx", "requests", "urllib3"}, "momentum/outbound/"),
        ({"aiohttp"}, "momentum/outbound/"),
        ({"psycopg", "sqlalchemy", "alembic"}, ("momentum/store/", "momentum/embedded/")),
        ({"dbos"}, "momentum/worker/"),
        (
            {"openai"},
            ("momentum/llm.py", "momentum/transcribers/openai", "momentum/embeddings/remote.py", "momentum/outbound/openai_sdk.py"),
        ),
        ({"fastapi", "starlette"}, ("momentum/web/", "momentum/sandbox/")),
        ({"granian"}, "momentum/inbound.py"),
    ],
)
def test_who_may_know_a_library(forbidden, allowed):
    guilty = [p for p, tree in TREES.items() if not p.startswith(allowed) and {i.split(".")[0] for i in imports(tree)} & forbidden]
    assert not guilty


@pytest.mark.parametrize(
    ("forbidden", "allowed"),
    [
        ({"datetime.now", "datetime.utcnow", "date.today", "time.time"}, ("momentum/clock.py",)),
        ({"os.environ", "os.getenv"}, ("momentum/settings.py",)),
    ],
)
def test_who_may_read_the_clock_and_the_environment(forbidden, allowed):
    assert not [p for p, tree in TREES.items() if p not in allowed and attributes(tree) & forbidden]


def test_files_and_functions_stay_short():
    long_files = [p for p in TREES if len((ROOT / p).read_text().splitlines()) > 400]
    functions = [
        (p, n.name)
        for p, tree in TREES.items()
        for n in ast.walk(tree)
        if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) and n.end_lineno - n.lineno + 1 > 45
    ]
    assert (long_files, [f for f in functions if "/migrations/" not in f[0]]) == ([], [])


def test_names_say_something():
    assert not [p for p in TREES if re.search(r"(utils?|helpers?|common|services?|managers?|misc)(/|\.py$)", p)]


def test_every_setting_is_documented_and_in_the_example():
    names = {name.upper() for name in Settings.model_fields}
    documented = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs/deployment/environment.md").read_text(), re.MULTILINE))
    example = set(re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert documented == names
    assert example == names


def test_every_error_code_is_documented():
    documented = set(re.findall(r"^\| `([a-z_]+)`", (ROOT / "docs/reference/errors.md").read_text(), re.MULTILINE))
    assert documented == {str(code) for code in ErrorCode}


def test_every_migration_is_documented_in_its_order():
    numbers = sorted(path.name[:4] for path in (ROOT / "momentum/store/migrations/versions").glob("[0-9]*.py"))
    assert re.findall(r"^\| `(\d{4})`", (ROOT / "docs/database/migrations.md").read_text(), re.MULTILINE) == numbers


def test_every_link_between_documents_leads_somewhere():
    broken = []
    for page in (ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")):
        targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
        broken += [(page.name, t) for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert not broken


def test_the_tree_names_no_machine_and_no_index():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    pattern = re.compile(r"(?<![\w.])/(?:root|home|work)/|index-url\s+http|/simple/")
    found = []
    for name in listed:
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".lock", ".sh", ".html", ".example", ""} and path.is_file() and path != Path(__file__):
            found += [(name, m.group()) for m in pattern.finditer(path.read_text("utf-8", errors="ignore"))]
    assert not found


def test_templates_translate_texts_of_their_own_alone():
    """What `_` is given becomes markup: a variable, which may hold somebody's words, goes through the filter `word`."""
    templates = [*(ROOT / "momentum/web/templates").rglob("*.html"), *(ROOT / "momentum/web/templates").rglob("*.svg")]
    guilty = [(p.name, m[0]) for p in templates for m in re.finditer(r"(?<![\w.])(?:_|gettext|ngettext)\((?!\")[^)]*\)", p.read_text())]
    assert templates
    assert not guilty
