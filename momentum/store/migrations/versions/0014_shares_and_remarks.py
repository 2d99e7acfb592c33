"""Documents are shown to others by expiring links; a processing remembers what was skipped in it."""

from momentum.store.migrations import run_file

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_file("0014_shares_and_remarks.sql")


def downgrade() -> None:
    run_file("0014_down.sql")
