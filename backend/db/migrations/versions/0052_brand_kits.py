"""Brand kits of influencers: logo, colours, intro and outro of their reels."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    empty = sa.text("'{}'")
    op.add_column("influencers", sa.Column("brand_kit", postgresql.JSONB, server_default=empty, nullable=False))


def downgrade() -> None:
    op.drop_column("influencers", "brand_kit")
