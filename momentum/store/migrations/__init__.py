"""The schema's history. Run from code with an open connection; there is no alembic.ini to find."""

from __future__ import annotations

from importlib.resources import files

from alembic import command, op
from alembic.config import Config
from sqlalchemy import Connection

FOREIGN_SCHEMAS = frozenset({"dbos", "lookup"})
"""Schemas the migration tool leaves alone: the job engine's own, and functions without tables."""


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the schema to `revision` inside the connection's transaction; the caller commits."""
    command.upgrade(_config(connection), revision)


def downgrade(connection: Connection, revision: str) -> None:
    """Take the schema back to `revision` ("base" = nothing) inside the connection's transaction."""
    command.downgrade(_config(connection), revision)


def run_file(name: str) -> None:
    """Execute a file of `migrations/sql` as it stands; for use inside a migration."""
    text = files(__package__).joinpath("sql", name).read_text(encoding="utf-8")
    # Without parameters the driver sends the whole file at once and leaves `%` alone.
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(text)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files(__package__)).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
