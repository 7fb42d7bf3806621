"""Posts know the text they were made from; hashtag sets and comment templates; what was deleted is kept in the trash."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_IN_TRASH = sa.text("deleted_at IS NOT NULL AND erased_at IS NULL")
_CURRENT_TENANT = sa.text("current_setting('app.tenant', true)")
_NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.add_column("content_plans", sa.Column("text_id", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("fk_content_plans_tenant_id_text_id"),
        "content_plans",
        "text_drafts",
        ["tenant_id", "text_id"],
        ["tenant_id", "id"],
        ondelete="SET NULL (text_id)",
    )
    has_text, deleted = sa.text("text_id IS NOT NULL"), sa.text("deleted_at IS NOT NULL")
    op.create_index("ix_content_plans_text", "content_plans", ["tenant_id", "text_id"], postgresql_where=has_text)
    op.create_index("ix_content_plans_trash", "content_plans", ["tenant_id", "deleted_at", "id"], postgresql_where=deleted)
    has_picture = sa.text("picture_id IS NOT NULL")
    op.create_index("ix_text_drafts_picture", "text_drafts", ["tenant_id", "picture_id"], postgresql_where=has_picture)
    for table, noun in (("pictures", "picture"), ("clips", "clip")):
        op.add_column(table, sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
        op.create_index(f"ix_{table}_trash", table, ["tenant_id", "deleted_at", "id"], postgresql_where=_IN_TRASH)
        op.execute(
            "INSERT INTO asset_uses (tenant_id, asset_id, noun, noun_id) "
            f"SELECT t.tenant_id, t.asset_id, 'trashed-{noun}', t.id FROM {table} t "
            "JOIN assets a ON a.tenant_id = t.tenant_id AND a.id = t.asset_id AND a.state = 'stored' "
            "WHERE t.deleted_at IS NOT NULL ON CONFLICT DO NOTHING"
        )
    # Texts that were put away before there was a trash stay there for a whole term.
    op.execute("UPDATE text_drafts SET updated_at = clock_timestamp() WHERE state = 'discarded'")
    op.create_table(
        "post_snippets",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("influencer_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("tenant_id", sa.Text(), server_default=_CURRENT_TENANT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.CheckConstraint("kind IN ('hashtags', 'comment')", name=op.f("ck_post_snippets_kind")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "influencer_id"],
            ["influencers.tenant_id", "influencers.id"],
            name=op.f("fk_post_snippets_tenant_id_influencer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_snippets")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_post_snippets_tenant_id_id")),
    )
    scope = sa.text("coalesce(influencer_id, '')")
    op.create_index("uq_post_snippets_name", "post_snippets", ["tenant_id", "kind", scope, "name"], unique=True)


def downgrade() -> None:
    op.drop_table("post_snippets")
    op.execute("DELETE FROM asset_uses WHERE noun IN ('trashed-picture', 'trashed-clip')")
    for table in ("clips", "pictures"):
        op.drop_index(f"ix_{table}_trash", table_name=table)
        op.drop_column(table, "erased_at")
    op.drop_index("ix_text_drafts_picture", table_name="text_drafts")
    op.drop_index("ix_content_plans_trash", table_name="content_plans")
    op.drop_index("ix_content_plans_text", table_name="content_plans")
    op.drop_constraint(op.f("fk_content_plans_tenant_id_text_id"), "content_plans")
    op.drop_column("content_plans", "text_id")
