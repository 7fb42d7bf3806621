"""Captions written by a model."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")
TENANT = sa.text("current_setting('app.tenant', true)")
KINDS = "'captions', 'included', 'crops', 'masks', 'removed'"


def upgrade() -> None:
    _runs()
    _results()
    op.drop_constraint(op.f("ck_dataset_edits_kind"), "dataset_edits", type_="check")
    op.create_check_constraint(op.f("ck_dataset_edits_kind"), "dataset_edits", f"kind IN ({KINDS}, 'auto-captions')")


def _runs() -> None:
    op.create_table(
        "caption_runs",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("dataset_id", sa.Text, nullable=False),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("edit_id", sa.Text, nullable=False),
        sa.Column("captioner", sa.Text, nullable=False),
        sa.Column("rules", postgresql.JSONB, nullable=False),
        sa.Column("preview", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.Column("total", sa.Integer, server_default=sa.text("0"), nullable=False),
        sa.Column("kept", sa.Integer, server_default=sa.text("0"), nullable=False),
        sa.Column("created_by", sa.Text),
        sa.Column("tenant_id", sa.Text, server_default=TENANT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_caption_runs")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_caption_runs_tenant_id_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "dataset_id"], ["datasets.tenant_id", "datasets.id"],
            name=op.f("fk_caption_runs_tenant_id_dataset_id"), ondelete="CASCADE",
        ),
        sa.CheckConstraint("captioner IN ('vision', 'blip', 'template')", name=op.f("ck_caption_runs_captioner")),
        sa.CheckConstraint("total >= 0 AND kept >= 0", name=op.f("ck_caption_runs_counts")),
    )  # fmt: skip
    op.create_index(op.f("ix_caption_runs_tenant_id_dataset_id_id"), "caption_runs", ["tenant_id", "dataset_id", "id"])


def _results() -> None:
    op.create_table(
        "caption_results",
        sa.Column("tenant_id", sa.Text, server_default=TENANT, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("image_id", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("caption", sa.Text, server_default="", nullable=False),
        sa.Column("reason", sa.Text, server_default="", nullable=False),
        sa.Column("doubts", postgresql.JSONB, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("before", sa.Text, server_default="", nullable=False),
        sa.Column("before_source", sa.Text, server_default="", nullable=False),
        sa.Column("version", sa.Integer, server_default=sa.text("0"), nullable=False),
        sa.Column("model", sa.Text, server_default="", nullable=False),
        sa.Column("cost_usd", sa.Numeric(18, 9), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", "image_id", name=op.f("pk_caption_results")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "run_id"], ["caption_runs.tenant_id", "caption_runs.id"],
            name=op.f("fk_caption_results_tenant_id_run_id"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "image_id"], ["dataset_images.tenant_id", "dataset_images.id"],
            name=op.f("fk_caption_results_tenant_id_image_id"), ondelete="CASCADE",
        ),
        sa.CheckConstraint("outcome IN ('written', 'kept', 'refused', 'shown')", name=op.f("ck_caption_results_outcome")),
        sa.CheckConstraint("cost_usd >= 0", name=op.f("ck_caption_results_cost")),
    )  # fmt: skip
    op.create_index(op.f("ix_caption_results_tenant_id_image_id"), "caption_results", ["tenant_id", "image_id"])


def downgrade() -> None:
    op.execute("DELETE FROM dataset_edits WHERE kind = 'auto-captions'")
    op.drop_constraint(op.f("ck_dataset_edits_kind"), "dataset_edits", type_="check")
    op.create_check_constraint(op.f("ck_dataset_edits_kind"), "dataset_edits", f"kind IN ({KINDS})")
    op.drop_table("caption_results")
    op.drop_table("caption_runs")
