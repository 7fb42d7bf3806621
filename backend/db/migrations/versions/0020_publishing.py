"""Publishing: when a post is tried again, what is changed of its files, and the files as they go out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TENANT = sa.text("current_setting('app.tenant', true)")
NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.add_column("posts", sa.Column("edits", postgresql.JSONB, server_default=sa.text("'{}'"), nullable=False))
    op.add_column("posts", sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_posts_publishing", "posts", ["id"], unique=False, postgresql_where=sa.text("state = 'publishing'"))
    op.create_table(
        "renditions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("recipe", postgresql.JSONB, nullable=False),
        sa.Column("made_id", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Text, server_default=TENANT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "asset_id"],
            ["assets.tenant_id", "assets.id"],
            name=op.f("fk_renditions_tenant_id_asset_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renditions")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_renditions_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "asset_id", "digest", name=op.f("uq_renditions_tenant_id_asset_id_digest")),
    )


def downgrade() -> None:
    op.drop_table("renditions")
    op.drop_index("ix_posts_publishing", "posts")
    op.drop_column("posts", "not_before")
    op.drop_column("posts", "edits")
