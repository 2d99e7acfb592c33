"""How long a link may be good no longer depends on the time zone of the database's session."""

from momentum.store.migrations import run_file

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_file("0015_hours_of_links.sql")


def downgrade() -> None:
    run_file("0015_down.sql")
