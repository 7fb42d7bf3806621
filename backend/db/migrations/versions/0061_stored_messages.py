"""Why a job failed or waits is stored with its parts, so that everybody reads it in their own language."""

from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None
serves_since = "0061"


def upgrade() -> None:
    as_json = "CASE WHEN error_message IS NOT NULL THEN jsonb_build_object('text', error_message) END"
    op.execute(f"ALTER TABLE jobs ALTER COLUMN error_message TYPE jsonb USING {as_json}")


def downgrade() -> None:
    op.execute("ALTER TABLE jobs ALTER COLUMN error_message TYPE text USING error_message ->> 'text'")
