"""Whom the tour of the studio was offered. Who is here already knows it: they start it from the help."""

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("tour_offered_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE users SET tour_offered_at = now()")


def downgrade() -> None:
    op.drop_column("users", "tour_offered_at")
