"""Texts that were written, ideas and talks."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")
TENANT = sa.text("current_setting('app.tenant', true)")
USD = sa.Numeric(18, 9)
NONE = sa.text("'[]'")


def _of_workspace() -> list[sa.Column[Any]]:
    return [
        sa.Column("tenant_id", sa.Text, server_default=TENANT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "text_drafts",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("influencer_id", sa.Text, nullable=False),
        sa.Column("batch_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, server_default="draft", nullable=False),
        sa.Column("day", sa.Integer),
        sa.Column("content_type", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("style", sa.Text, server_default="", nullable=False),
        sa.Column("length", sa.Integer, nullable=False),
        sa.Column("sponsored", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.Column("parts", postgresql.JSONB, nullable=False),
        sa.Column("notes", postgresql.JSONB, server_default=NONE, nullable=False),
        sa.Column("earlier", postgresql.JSONB, server_default=NONE, nullable=False),
        sa.Column("model", sa.Text, server_default="", nullable=False),
        sa.Column("replies", postgresql.JSONB, server_default=NONE, nullable=False),
        sa.Column("cost_usd", USD, server_default="0", nullable=False),
        sa.Column("job_id", sa.Text),
        sa.Column("picture_id", sa.Text),
        sa.Column("created_by", sa.Text),
        sa.Column("version", sa.Integer, server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        *_of_workspace(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_drafts")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_text_drafts_tenant_id_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "influencer_id"],
            ["influencers.tenant_id", "influencers.id"],
            name=op.f("fk_text_drafts_tenant_id_influencer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "picture_id"],
            ["pictures.tenant_id", "pictures.id"],
            ondelete="SET NULL (picture_id)",
            name=op.f("fk_text_drafts_tenant_id_picture_id"),
        ),
        sa.CheckConstraint("state IN ('draft', 'used', 'discarded')", name=op.f("ck_text_drafts_state")),
        sa.CheckConstraint("day >= 1", name=op.f("ck_text_drafts_day")),
    )
    op.create_index("ix_text_drafts_state", "text_drafts", ["tenant_id", "state", "id"])
    op.create_index("ix_text_drafts_influencer", "text_drafts", ["tenant_id", "influencer_id", "id"])
    op.create_index("ix_text_drafts_batch", "text_drafts", ["tenant_id", "batch_id"])
    op.create_table(
        "talk_lines",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("influencer_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, server_default="", nullable=False),
        sa.Column("state", sa.Text, server_default="saying", nullable=False),
        sa.Column("notes", postgresql.JSONB, server_default=NONE, nullable=False),
        sa.Column("model", sa.Text, server_default="", nullable=False),
        sa.Column("cost_usd", USD, server_default="0", nullable=False),
        *_of_workspace(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_talk_lines")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_talk_lines_tenant_id_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "influencer_id"],
            ["influencers.tenant_id", "influencers.id"],
            name=op.f("fk_talk_lines_tenant_id_influencer_id"),
        ),
        sa.CheckConstraint("state IN ('saying', 'said', 'cut')", name=op.f("ck_talk_lines_state")),
    )
    op.create_index("ix_talk_lines_talk", "talk_lines", ["tenant_id", "influencer_id", "user_id", "id"])


def downgrade() -> None:
    op.drop_table("talk_lines")
    op.drop_table("text_drafts")
