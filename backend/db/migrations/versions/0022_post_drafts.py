"""What people typed into a plan's form and have not saved; approvals that can be taken back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TENANT = sa.text("current_setting('app.tenant', true)")
NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "post_drafts",
        sa.Column("tenant_id", sa.Text, server_default=TENANT, nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("before", postgresql.JSONB, nullable=False),
        sa.Column("draft", postgresql.JSONB, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "plan_id"],
            ["content_plans.tenant_id", "content_plans.id"],
            name=op.f("fk_post_drafts_tenant_id_plan_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "plan_id", "user_id", name=op.f("pk_post_drafts")),
    )
    _kinds("'move', 'delete', 'approve'")


def downgrade() -> None:
    op.execute("DELETE FROM plan_acts WHERE kind = 'approve'")
    _kinds("'move', 'delete'")
    op.drop_table("post_drafts")


def _kinds(words: str) -> None:
    op.drop_constraint(op.f("ck_plan_acts_kind"), "plan_acts", type_="check")
    op.create_check_constraint(op.f("ck_plan_acts_kind"), "plan_acts", f"kind IN ({words})")
