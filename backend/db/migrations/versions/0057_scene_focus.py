"""A scene of a reel says what its crop keeps."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0057"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reel_scenes", sa.Column("focus", ARRAY(sa.Float())))


def downgrade() -> None:
    op.drop_column("reel_scenes", "focus")
