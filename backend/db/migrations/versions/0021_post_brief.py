"""Texts: what a post is to achieve, for whom, who pays for it, the day it goes out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("text_drafts", sa.Column("brief", postgresql.JSONB, server_default=sa.text("'{}'"), nullable=False))


def downgrade() -> None:
    op.drop_column("text_drafts", "brief")
