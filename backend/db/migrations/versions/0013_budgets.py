"""Budgets and the ledger of calls to language models."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")
TENANT = sa.text("current_setting('app.tenant', true)")
USD = sa.Numeric(18, 9)


def upgrade() -> None:
    op.create_table(
        "budgets",
        sa.Column("tenant_id", sa.Text, server_default=TENANT, nullable=False),
        sa.Column("daily_usd", USD),
        sa.Column("monthly_usd", USD),
        sa.Column("alerted_day", sa.Integer, server_default="0", nullable=False),
        sa.Column("alerted_month", sa.Integer, server_default="0", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_budgets")),
        sa.CheckConstraint("daily_usd >= 0 AND monthly_usd >= 0", name=op.f("ck_budgets_limits")),
    )
    states = "state IN ('reserved', 'settled', 'estimated', 'refused', 'cached')"
    op.create_table(
        "llm_calls",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, server_default="reserved", nullable=False),
        sa.Column("usd", USD, nullable=False),
        sa.Column("estimate_usd", USD, nullable=False),
        sa.Column("saved_usd", USD, server_default="0", nullable=False),
        sa.Column("model", sa.Text, server_default="", nullable=False),
        sa.Column("generation_id", sa.Text, server_default="", nullable=False),
        sa.Column("prompt_tokens", sa.Integer, server_default="0", nullable=False),
        sa.Column("completion_tokens", sa.Integer, server_default="0", nullable=False),
        sa.Column("job_id", sa.Text),
        sa.Column("attempt_id", sa.Text),
        sa.Column("user_id", sa.Text),
        sa.Column("influencer_id", sa.Text),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("tenant_id", sa.Text, server_default=TENANT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_llm_calls")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_llm_calls_tenant_id_id")),
        sa.CheckConstraint(states, name=op.f("ck_llm_calls_state")),
        sa.CheckConstraint("usd >= 0 AND estimate_usd >= 0 AND saved_usd >= 0", name=op.f("ck_llm_calls_usd")),
    )
    op.create_index(op.f("ix_llm_calls_tenant_id_day"), "llm_calls", ["tenant_id", "day"])
    op.create_index("ix_llm_calls_open", "llm_calls", ["tenant_id", "state", "id"])


def downgrade() -> None:
    op.drop_table("llm_calls")
    op.drop_table("budgets")
