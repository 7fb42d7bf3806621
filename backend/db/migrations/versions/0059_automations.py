"""Automations with their timers, runs and steps; events know the job that they were written by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")
AT = sa.DateTime(timezone=True)


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant_id", sa.Text, server_default=sa.text("current_setting('app.tenant', true)"), nullable=False)


def _created() -> sa.Column[object]:
    return sa.Column("created_at", AT, server_default=NOW, nullable=False)


def _reference(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_tenant_id_{column}_{to}")
    return sa.ForeignKeyConstraint(["tenant_id", column], [f"{to}.tenant_id", f"{to}.id"], name=name, ondelete="CASCADE")


def _list(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB, server_default=sa.text("'[]'"), nullable=False)


def upgrade() -> None:
    op.add_column("events", sa.Column("job_id", sa.Text()))
    op.create_table(
        "automations",
        _tenant(),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("definition", postgresql.JSONB, nullable=False),
        sa.Column("trigger_kind", sa.Text(), nullable=False),
        sa.Column("event_kind", sa.Text(), server_default="", nullable=False),
        sa.Column("event_position", sa.BigInteger()),
        sa.Column("listens_from", AT),
        sa.Column("hook_hash", sa.Text()),
        sa.Column("hook_last_four", sa.Text(), server_default="", nullable=False),
        sa.Column("budget_usd", sa.Numeric(12, 4)),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_by", sa.Text()),
        sa.Column("paused_at", AT),
        sa.Column("pause_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("updated_at", AT, server_default=NOW, nullable=False),
        sa.Column("deleted_at", AT),
        _created(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_automations")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_automations_tenant_id_id")),
        sa.CheckConstraint("trigger_kind IN ('cron', 'event', 'webhook', 'hand')", name=op.f("ck_automations_trigger_kind")),
    )
    op.create_index("ix_automations_listed", "automations", ["tenant_id", "id"], postgresql_where=sa.text("deleted_at IS NULL"))
    listening = sa.text("trigger_kind = 'event' AND paused_at IS NULL AND deleted_at IS NULL")
    op.create_index("ix_automations_events", "automations", ["event_position"], postgresql_where=listening)
    with_hook = sa.text("hook_hash IS NOT NULL")
    op.create_index("uq_automations_hook_hash", "automations", ["hook_hash"], unique=True, postgresql_where=with_hook)
    op.create_table(
        "automation_timers",
        _tenant(),
        sa.Column("automation_id", sa.Text(), nullable=False),
        sa.Column("influencer_id", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("next_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "automation_id", "influencer_id", name=op.f("pk_automation_timers")),
        _reference("automation_timers", "automation_id", "automations"),
    )
    op.create_index("ix_automation_timers_next_at", "automation_timers", ["next_at"])
    op.create_table(
        "automation_runs",
        _tenant(),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("automation_id", sa.Text(), nullable=False),
        sa.Column("influencer_id", sa.Text(), nullable=False),
        sa.Column("trigger_key", sa.Text(), nullable=False),
        sa.Column("trigger", postgresql.JSONB, nullable=False),
        sa.Column("definition", postgresql.JSONB, nullable=False),
        sa.Column("job_id", sa.Text()),
        sa.Column("refusal", sa.Text(), server_default="", nullable=False),
        _list("chain"),
        sa.Column("waits_for", sa.Text(), server_default="", nullable=False),
        _list("waiting_ids"),
        sa.Column("wait_until", AT),
        sa.Column("summary", sa.Text(), server_default="", nullable=False),
        sa.Column("figures", postgresql.JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("ended_at", AT),
        _created(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_automation_runs")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_automation_runs_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "automation_id", "trigger_key", name=op.f("uq_automation_runs_tenant_id_automation_id_trigger_key")
        ),
        sa.CheckConstraint("waits_for IN ('', 'jobs', 'review', 'posts', 'time')", name=op.f("ck_automation_runs_waits_for")),
        _reference("automation_runs", "automation_id", "automations"),
    )
    op.create_index("ix_automation_runs_listed", "automation_runs", ["tenant_id", "automation_id", "id"])
    op.create_index("ix_automation_runs_job", "automation_runs", ["tenant_id", "job_id"])
    op.create_index("ix_automation_runs_waiting", "automation_runs", ["id"], postgresql_where=sa.text("waits_for <> ''"))
    op.create_table(
        "automation_steps",
        _tenant(),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        _list("job_ids"),
        sa.Column("started_at", AT, server_default=NOW, nullable=False),
        sa.Column("ended_at", AT),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", "n", name=op.f("pk_automation_steps")),
        sa.CheckConstraint("state IN ('running', 'done', 'skipped', 'failed')", name=op.f("ck_automation_steps_state")),
        _reference("automation_steps", "run_id", "automation_runs"),
    )


def downgrade() -> None:
    for table in ("automation_steps", "automation_runs", "automation_timers", "automations"):
        op.drop_table(table)
    op.drop_column("events", "job_id")
