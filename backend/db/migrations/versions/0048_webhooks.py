"""Webhooks on their way out."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0035"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "webhook_messages",
        sa.Column("tenant_id", sa.Text, server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text()),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("last_status", sa.Integer()),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_messages")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_webhook_messages_tenant_id_id")),
        sa.CheckConstraint("state IN ('waiting', 'pending', 'delivered', 'failed')", name=op.f("ck_webhook_messages_state")),
    )
    pending, ended = sa.text("state = 'pending'"), sa.text("state IN ('delivered', 'failed')")
    op.create_index("ix_webhook_messages_due", "webhook_messages", ["next_at"], postgresql_where=pending)
    op.create_index(
        "uq_webhook_messages_waiting",
        "webhook_messages",
        ["tenant_id", "job_id", "kind", "url"],
        unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_webhook_messages_ended", "webhook_messages", ["created_at"], postgresql_where=ended)


def downgrade() -> None:
    op.drop_table("webhook_messages")
