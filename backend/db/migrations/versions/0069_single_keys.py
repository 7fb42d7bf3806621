"""Each person may turn keys without a modifier off."""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("single_keys", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("users", "single_keys")
