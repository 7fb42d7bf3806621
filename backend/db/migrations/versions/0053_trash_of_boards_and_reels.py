"""Deleted boards and reels are listed in the trash."""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

DELETED = sa.text("deleted_at IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_boards_trash", "boards", ["tenant_id", "deleted_at", "id"], postgresql_where=DELETED)
    op.create_index("ix_reels_trash", "reels", ["tenant_id", "deleted_at", "id"], postgresql_where=DELETED)


def downgrade() -> None:
    op.drop_index("ix_reels_trash", "reels")
    op.drop_index("ix_boards_trash", "boards")
