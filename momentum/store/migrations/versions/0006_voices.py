"""Voices that people have enrolled."""

from momentum.store.migrations import run_file

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_file("0006_voices.sql")


def downgrade() -> None:
    run_file("0006_down.sql")
