"""Checkpoint trials, their pictures and votes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trials",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("judged", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("grid_asset_id", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "grid_asset_id"], ["assets.tenant_id", "assets.id"], name=op.f("fk_trials_tenant_id_grid_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"], ["jobs.tenant_id", "jobs.id"], name=op.f("fk_trials_tenant_id_job_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "run_id"],
            ["training_runs.tenant_id", "training_runs.id"],
            name=op.f("fk_trials_tenant_id_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trials")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_trials_tenant_id_id")),
    )
    op.create_index(op.f("ix_trials_tenant_id_run_id_id"), "trials", ["tenant_id", "run_id", "id"], unique=False)
    op.create_table(
        "trial_cells",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("trial_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("strength", sa.Double(), nullable=False),
        sa.Column("prompt_n", sa.Integer(), nullable=False),
        sa.Column("seed_n", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("dhash", sa.Text(), nullable=False),
        sa.Column("identity", sa.Double(), nullable=True),
        sa.Column("adherence", sa.Double(), nullable=True),
        sa.Column("seen", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "asset_id"], ["assets.tenant_id", "assets.id"], name=op.f("fk_trial_cells_tenant_id_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "trial_id"],
            ["trials.tenant_id", "trials.id"],
            name=op.f("fk_trial_cells_tenant_id_trial_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial_cells")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_trial_cells_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "trial_id", "n", name=op.f("uq_trial_cells_tenant_id_trial_id_n")),
    )
    op.create_table(
        "trial_votes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("trial_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("left_id", sa.Text(), nullable=False),
        sa.Column("right_id", sa.Text(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("choice IN ('left', 'right', 'tie', 'skip')", name=op.f("ck_trial_votes_choice")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "left_id"],
            ["trial_cells.tenant_id", "trial_cells.id"],
            name=op.f("fk_trial_votes_tenant_id_left_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "right_id"],
            ["trial_cells.tenant_id", "trial_cells.id"],
            name=op.f("fk_trial_votes_tenant_id_right_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "trial_id"],
            ["trials.tenant_id", "trials.id"],
            name=op.f("fk_trial_votes_tenant_id_trial_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial_votes")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_trial_votes_tenant_id_id")),
    )
    op.create_index(
        op.f("ix_trial_votes_tenant_id_trial_id_user_id_id"),
        "trial_votes",
        ["tenant_id", "trial_id", "user_id", "id"],
        unique=False,
    )
