"""The schema's history. Run from code with an open connection; there is no alembic.ini to find."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from sqlalchemy import Connection, text

FOREIGN_SCHEMAS = frozenset({"dbos", "lookup"})
"""Schemas the migration tool leaves alone: the job engine's own, and functions without tables."""


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the schema to `revision` inside the connection's transaction; the caller commits."""
    if revision == "head" and (present(connection) or "") >= newest():
        # At nearly every start: the migration tool would take a third of a second and 12 MB to say so. Of a schema that is
        # newer than this release it would know nothing.
        return
    from alembic import command

    command.upgrade(_config(connection), revision)


def downgrade(connection: Connection, revision: str) -> None:
    """Take the schema back to `revision` ("base" = nothing) inside the connection's transaction."""
    from alembic import command

    command.downgrade(_config(connection), revision)


def newest() -> str:
    """The last revision there is, four digits: the number that the name of the last file in `versions` begins with."""
    names = (file.name for file in files(__package__).joinpath("versions").iterdir())
    return max(name.partition("_")[0] for name in names if name[0].isdigit())


def present(connection: Connection) -> str | None:
    """The revision at which the schema stands; None where there is no schema yet."""
    if connection.scalar(text("select to_regclass('alembic_version')")) is None:
        return None
    found: str | None = connection.scalar(text("select version_num from alembic_version"))
    return found


def run_file(name: str) -> None:
    """Execute a file of `migrations/sql` as it stands; for use inside a migration."""
    from alembic import op

    statements = files(__package__).joinpath("sql", name).read_text(encoding="utf-8")
    # Without parameters the driver sends the whole file at once and leaves `%` alone.
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(statements)


def _config(connection: Connection) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files(__package__)).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
