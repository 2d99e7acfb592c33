"""Pauses that grow while a vendor refuses every call and does not say for how long."""

from momentum.store.migrations import run_file

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_file("0004_back_off.sql")


def downgrade() -> None:
    run_file("0004_down.sql")
