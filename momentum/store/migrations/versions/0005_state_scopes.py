"""Scopes that a provider named as missing when it refused a call."""

from momentum.store.migrations import run_file

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_file("0005_state_scopes.sql")


def downgrade() -> None:
    run_file("0005_down.sql")
