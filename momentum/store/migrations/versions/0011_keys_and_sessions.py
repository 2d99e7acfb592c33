"""API keys, and sessions that their person can tell apart."""

from momentum.store.migrations import run_file

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_file("0011_keys_and_sessions.sql")


def downgrade() -> None:
    run_file("0011_down.sql")
