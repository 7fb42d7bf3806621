"""Figures of the whole installation, one row a minute."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "installation_samples",
        sa.Column("minute", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("figures", JSONB, nullable=False),
    )
    op.create_index("ix_posts_unknown", "posts", ["id"], postgresql_where=sa.text("state = 'unknown'"))


def downgrade() -> None:
    op.execute("DROP FUNCTION IF EXISTS installation_figures")
    op.drop_index("ix_posts_unknown", "posts")
    op.drop_table("installation_samples")
