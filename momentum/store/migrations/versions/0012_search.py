"""What is searched: passages with their words and their meaning."""

from momentum.store.migrations import run_file

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_file("0012_search.sql")


def downgrade() -> None:
    run_file("0012_down.sql")
