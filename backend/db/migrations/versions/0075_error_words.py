"""Why a webhook or a notice was not delivered has its parts beside the English text, so that everybody reads it in their own
language."""

from alembic import op

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None

COLUMNS = (
    ("webhook_messages", "last_error_words"),
    ("webhook_attempts", "error_words"),
    ("notice_targets", "last_error_words"),
)


def upgrade() -> None:
    for table, column in COLUMNS:
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} jsonb")


def downgrade() -> None:
    for table, column in COLUMNS:
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
