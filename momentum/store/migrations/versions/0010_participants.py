"""Who took part stands with the transcript."""

from momentum.store.migrations import run_file

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_file("0010_participants.sql")


def downgrade() -> None:
    run_file("0010_down.sql")
