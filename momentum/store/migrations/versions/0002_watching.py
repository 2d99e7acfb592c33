"""Figures that are read without a person: the queue."""

from momentum.store.migrations import run_file

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_file("0002_watching.sql")


def downgrade() -> None:
    run_file("0002_down.sql")
