"""From where people act, and what was there before: for the audit log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

ORIGIN = ("source", "api_key_id", "address", "user_agent")


def upgrade() -> None:
    for column in ORIGIN:
        op.add_column("events", sa.Column(column, sa.Text))
    op.execute(
        "UPDATE events SET source = 'unknown' WHERE user_id IS NOT NULL AND job_id IS NULL AND noun NOT IN ('job', 'post')"
    )
    op.create_index("ix_events_audit", "events", ["tenant_id", "id"], postgresql_where=sa.text("source IS NOT NULL"))
    op.create_table(
        "audit_changes",
        sa.Column("tenant_id", sa.Text, server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("event_id", sa.Text),
        sa.Column("verb", sa.Text, nullable=False),
        sa.Column("noun_id", sa.Text, nullable=False),
        sa.Column("before", JSONB),
        sa.Column("after", JSONB),
        sa.Column("user_id", sa.Text),
        *(sa.Column(column, sa.Text) for column in ORIGIN),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_changes"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_audit_changes_tenant_id_id"),
    )
    op.create_index("ix_audit_changes_tenant_id_event_id", "audit_changes", ["tenant_id", "event_id"])
    untold = sa.text("event_id IS NULL")
    op.create_index("ix_audit_changes_untold", "audit_changes", ["tenant_id", "id"], postgresql_where=untold)
    op.create_index("ix_audit_changes_created_at", "audit_changes", ["created_at"])


def downgrade() -> None:
    op.execute("DROP FUNCTION IF EXISTS purge_events")
    op.drop_table("audit_changes")
    op.drop_index("ix_events_audit", "events")
    for column in ORIGIN:
        op.drop_column("events", column)
