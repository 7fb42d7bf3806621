"""Webhook endpoints of workspaces, and the log of attempts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0054"
down_revision = "0057"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")
TENANT = sa.text("current_setting('app.tenant', true)")


def upgrade() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("tenant_id", sa.Text, server_default=TENANT, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("event_types", postgresql.JSONB, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("disabled_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("old_sealed", sa.LargeBinary()),
        sa.Column("old_until", sa.DateTime(timezone=True)),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True)),
        sa.Column("slow_until", sa.DateTime(timezone=True)),
        sa.Column("created_by", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoints")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_webhook_endpoints_tenant_id_id")),
        sa.CheckConstraint("state IN ('active', 'paused', 'disabled')", name=op.f("ck_webhook_endpoints_state")),
    )
    op.add_column("webhook_messages", sa.Column("endpoint_id", sa.Text()))
    op.add_column("webhook_messages", sa.Column("event_position", sa.BigInteger()))
    op.create_foreign_key(
        op.f("fk_webhook_messages_tenant_id_endpoint_id"),
        "webhook_messages",
        "webhook_endpoints",
        ["tenant_id", "endpoint_id"],
        ["tenant_id", "id"],
        ondelete="CASCADE",
    )
    event = ["tenant_id", "endpoint_id", "event_position"]
    op.create_index("uq_webhook_messages_event", "webhook_messages", event, unique=True)
    op.create_table(
        "webhook_attempts",
        sa.Column("tenant_id", sa.Text, server_default=TENANT, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("latency_ms", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_attempts")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "message_id"],
            ["webhook_messages.tenant_id", "webhook_messages.id"],
            name=op.f("fk_webhook_attempts_tenant_id_message_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("ix_webhook_attempts_tenant_id_message_id_id"), "webhook_attempts", ["tenant_id", "message_id", "id"])
    op.create_table(
        "webhook_cursors",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_webhook_cursors")),
    )


def downgrade() -> None:
    op.drop_table("webhook_cursors")
    op.drop_table("webhook_attempts")
    op.drop_index("uq_webhook_messages_event", "webhook_messages")
    op.drop_constraint(op.f("fk_webhook_messages_tenant_id_endpoint_id"), "webhook_messages", type_="foreignkey")
    op.drop_column("webhook_messages", "event_position")
    op.drop_column("webhook_messages", "endpoint_id")
    op.drop_table("webhook_endpoints")
