"""Recordings are found by who spoke; the operator sees outcomes and spending as numbers."""

from momentum.store.migrations import run_file

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_file("0013_listing.sql")


def downgrade() -> None:
    run_file("0013_down.sql")
