"""Writes the pages of reference that are made from the code: `make docs`. With --check it only says which are out of date."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import typer.main
from sqlalchemy import Column, Table

from momentum.cli import application
from momentum.store.database import WITHOUT_OWNER
from momentum.store.tables import metadata
from momentum.web.site import description
from momentum.writers.exports.data import schemas
from truth import page as truth

DOCS = Path(__file__).parent


def cli() -> str:
    """Every command with its arguments and options."""
    head = "# Commands\n\nMade from the code by `make docs`. After `make demo` or `make dev` they stand in `.venv/bin`.\n"
    return head + "".join(_commands(typer.main.get_command(application), "momentum"))


def _commands(command: Any, path: str) -> Iterator[str]:
    children = getattr(command, "commands", {})
    if not children:
        yield f"\n## `{path}`\n\n{command.help.strip()}\n" + _parameters(command)
    for name, child in children.items():
        yield from _commands(child, f"{path} {name}")


def _parameters(command: Any) -> str:
    rows = [row for parameter in command.params if (row := _parameter(parameter))]
    return "\n| | default | what it does |\n|---|---|---|\n" + "\n".join(rows) + "\n" if rows else ""


def _parameter(parameter: Any) -> str | None:
    if "--help" in parameter.opts:
        return None
    names = [*parameter.opts, *parameter.secondary_opts]
    name = ", ".join(f"`{n}`" for n in names) if parameter.param_type_name == "option" else f"`{parameter.name.upper()}`"
    default = "" if parameter.default is None or parameter.default is False or callable(parameter.default) else str(parameter.default)
    return f"| {name} | {default} | {parameter.help or ''} |"


def schema() -> str:
    """Every table with its columns."""
    head = (
        "# Tables\n\nMade from the code by `make docs`; what they are for: [the schema](../database/schema-overview.md).\n"
        "Every table with a `user_id` is under forced row-level security: a transaction sees the rows of the person it acts for,\n"
        "and no others.\n"
    )
    return head + "".join(_table(table) for table in sorted(metadata.tables.values(), key=lambda t: t.name))


def _table(table: Table) -> str:
    note = f"\nWithout row-level security: {WITHOUT_OWNER[table.name]}.\n" if table.name in WITHOUT_OWNER else ""
    rows = "\n".join(_column(column) for column in table.columns)
    return f"\n## `{table.name}`\n{note}\n| column | type | |\n|---|---|---|\n{rows}\n"


def _column(column: Column[Any]) -> str:
    facts = ["key"] if column.primary_key else []
    facts += [f"-> {key.target_fullname}, {(key.ondelete or 'no action').lower()}" for key in column.foreign_keys]
    facts += ["not null"] if not column.nullable and not column.primary_key else []
    default = getattr(column.server_default, "arg", None)
    facts += [f"default {default}"] if default is not None else []
    kind = "identity" if column.identity is not None else column.type.compile(dialect=_dialect())
    return f"| `{column.name}` | {kind.lower()} | {'; '.join(facts)} |"


def _dialect() -> Any:
    from sqlalchemy.dialects import postgresql

    return postgresql.dialect()


def openapi() -> str:
    """The description of the API."""
    return json.dumps(description(), indent=1, ensure_ascii=False) + "\n"


def exported(name: str) -> str:
    """The schema of a JSON export."""
    return json.dumps(schemas()[name], indent=1, ensure_ascii=False) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "reference/cli.md": cli,
    "reference/schema.md": schema,
    "reference/truth.md": truth.page,
    "reference/exported-deliverable.schema.json": partial(exported, "deliverable"),
    "reference/exported-transcript.schema.json": partial(exported, "transcript"),
    "api/openapi.json": openapi,
}


def main() -> int:
    """Exit code 1 when --check finds a page that is out of date."""
    stale = {name: text for name, make in PAGES.items() if (text := make()) != _former(name)}
    if "--check" in sys.argv:
        print("".join(f"docs/{name} is out of date; run: make docs\n" for name in stale), end="")
        return int(bool(stale))
    for name, text in stale.items():
        (DOCS / name).write_text(text, encoding="utf-8")
    return 0


def _former(name: str) -> str:
    path = DOCS / name
    return path.read_text("utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
