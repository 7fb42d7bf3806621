"""How each person reads: language, time zone, dates and hours, first day of the week, currency, theme."""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0055"
branch_labels = None
depends_on = None

TEXTS = ("language", "zone", "date_style", "hours", "week_start", "currency", "theme")


def upgrade() -> None:
    for name in TEXTS:
        op.add_column("users", sa.Column(name, sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    for name in reversed(TEXTS):
        op.drop_column("users", name)
