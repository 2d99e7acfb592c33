"""What leaves the machine: what a person wants masked, and what was sent where."""

from momentum.store.migrations import run_file

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_file("0009_what_leaves.sql")


def downgrade() -> None:
    run_file("0009_down.sql")
