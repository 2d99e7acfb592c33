"""The audit trail: who did what to which object, when, from where, with what outcome."""

from momentum.store.migrations import run_file

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_file("0003_audit.sql")


def downgrade() -> None:
    run_file("0003_down.sql")
