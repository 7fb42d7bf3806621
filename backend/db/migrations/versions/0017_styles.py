"""Writing styles learned from texts."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")
TENANT = sa.text("current_setting('app.tenant', true)")
NONE = sa.text("'[]'")


def _of_workspace() -> list[sa.Column[Any]]:
    return [
        sa.Column("tenant_id", sa.Text, server_default=TENANT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
    ]


def _of_style(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "style_id"],
        ["writing_styles.tenant_id", "writing_styles.id"],
        ondelete="CASCADE",
        name=op.f(f"fk_{table}_tenant_id_style_id"),
    )


def upgrade() -> None:
    op.create_table(
        "writing_styles",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kept", sa.Boolean, server_default=sa.text("true"), nullable=False),
        sa.Column("card", postgresql.JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("job_id", sa.Text),
        sa.Column("trained_at", sa.DateTime(timezone=True)),
        sa.Column("last_activity_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("created_by", sa.Text),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        *_of_workspace(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_writing_styles")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_writing_styles_tenant_id_id")),
    )
    live = sa.text("deleted_at IS NULL")
    op.create_index("uq_writing_styles_name", "writing_styles", ["tenant_id", "name"], unique=True, postgresql_where=live)
    op.create_index("ix_writing_styles_idle", "writing_styles", ["tenant_id", "last_activity_at"])
    op.create_table(
        "style_sources",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("style_id", sa.Text, nullable=False),
        sa.Column("upload_id", sa.Text, nullable=False),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("state", sa.Text, server_default="waiting", nullable=False),
        sa.Column("reason", sa.Text, server_default="", nullable=False),
        sa.Column("notes", postgresql.JSONB, server_default=NONE, nullable=False),
        sa.Column("pages", sa.Integer, server_default="0", nullable=False),
        sa.Column("words", sa.Integer, server_default="0", nullable=False),
        sa.Column("sha256", sa.Text, server_default="", nullable=False),
        sa.Column("text", sa.Text, server_default="", nullable=False),
        *_of_workspace(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_style_sources")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_style_sources_tenant_id_id")),
        _of_style("style_sources"),
        sa.CheckConstraint("state IN ('waiting', 'read', 'refused')", name=op.f("ck_style_sources_state")),
    )
    op.create_index("ix_style_sources_style", "style_sources", ["tenant_id", "style_id", "id"])
    op.create_table(
        "style_texts",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("style_id", sa.Text, nullable=False),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("words_wanted", sa.Integer, nullable=False),
        sa.Column("variant", sa.Integer, server_default="0", nullable=False),
        sa.Column("draft", sa.Text, server_default="", nullable=False),
        sa.Column("text", sa.Text, server_default="", nullable=False),
        sa.Column("words", sa.Integer, server_default="0", nullable=False),
        sa.Column("score", sa.Float),
        sa.Column("shared_run", sa.Integer, server_default="0", nullable=False),
        sa.Column("shared_words", sa.Text, server_default="", nullable=False),
        sa.Column("notes", postgresql.JSONB, server_default=NONE, nullable=False),
        sa.Column("model", sa.Text, server_default="", nullable=False),
        sa.Column("cost_usd", sa.Numeric(18, 9), server_default="0", nullable=False),
        sa.Column("created_by", sa.Text),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        *_of_workspace(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_style_texts")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_style_texts_tenant_id_id")),
        _of_style("style_texts"),
    )
    op.create_index("ix_style_texts_style", "style_texts", ["tenant_id", "style_id", "id"])
    op.create_index("ix_style_texts_job", "style_texts", ["tenant_id", "job_id"])


def downgrade() -> None:
    op.drop_table("style_texts")
    op.drop_table("style_sources")
    op.drop_table("writing_styles")
