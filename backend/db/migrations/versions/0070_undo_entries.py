"""Undo entries of all nouns; changes of posts' states among those of plans; an index to read what one person did."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "undo_entries",
        sa.Column("tenant_id", sa.Text, server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("verb", sa.Text, nullable=False),
        sa.Column("noun_id", sa.Text, nullable=False),
        sa.Column("before", JSONB),
        sa.Column("after", JSONB),
        sa.Column("event_id", sa.Text),
        sa.Column("created_by", sa.Text),
        sa.Column("undone_at", TIME),
        sa.Column("created_at", TIME, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_undo_entries"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_undo_entries_tenant_id_id"),
    )
    op.create_index("ix_undo_entries_tenant_id_created_by_id", "undo_entries", ["tenant_id", "created_by", "id"])
    op.create_index("ix_undo_entries_tenant_id_event_id", "undo_entries", ["tenant_id", "event_id"])
    op.create_index(
        "ix_events_of_people",
        "events",
        ["tenant_id", "user_id", "id"],
        postgresql_where=sa.text("job_id IS NULL AND user_id IS NOT NULL"),
    )

    op.drop_constraint("ck_plan_acts_kind", "plan_acts")
    op.create_check_constraint("ck_plan_acts_kind", "plan_acts", "kind IN ('move', 'delete', 'approve', 'states')")


def downgrade() -> None:
    op.execute("DELETE FROM plan_acts WHERE kind = 'states'")
    op.drop_constraint("ck_plan_acts_kind", "plan_acts")
    op.create_check_constraint("ck_plan_acts_kind", "plan_acts", "kind IN ('move', 'delete', 'approve')")
    op.drop_index("ix_events_of_people", "events")
    op.drop_table("undo_entries")
