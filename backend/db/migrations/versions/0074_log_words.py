"""Lines of a job's log have their parts beside the English line, so that everybody reads them in their own language."""

from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE job_logs ADD COLUMN words jsonb")


def downgrade() -> None:
    op.execute("ALTER TABLE job_logs DROP COLUMN words")
