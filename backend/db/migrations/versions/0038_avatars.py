"""People have a picture of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("avatar", sa.LargeBinary, nullable=True))
    op.add_column("users", sa.Column("avatar_id", sa.Text, server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("users", "avatar_id")
    op.drop_column("users", "avatar")
