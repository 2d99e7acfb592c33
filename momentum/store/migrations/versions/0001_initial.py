"""Tables, policies and the look-ups without a person."""

from momentum.store.migrations import run_file

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_file("0001_tables.sql")
    run_file("0001_policies.sql")
    run_file("0001_lookups.sql")
    run_file("0001_rate_limits.sql")


def downgrade() -> None:
    run_file("0001_down.sql")
