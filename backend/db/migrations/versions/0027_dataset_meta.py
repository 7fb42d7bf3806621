"""Datasets: what programs note of them (path, expected pictures, caption style, tags)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("datasets", sa.Column("meta", postgresql.JSONB, server_default=sa.text("'{}'"), nullable=False))


def downgrade() -> None:
    op.drop_column("datasets", "meta")
