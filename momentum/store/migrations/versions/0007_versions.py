"""Versions of a deliverable, a person's own forms, and the language they like to read."""

from momentum.store.migrations import run_file

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_file("0007_versions.sql")


def downgrade() -> None:
    run_file("0007_down.sql")
