"""How long finished work took, for what is said before a start."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "work_times",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("cost", sa.Float(), nullable=False),
        sa.Column("measured", sa.Boolean(), nullable=False),
        sa.Column("cold", sa.Boolean(), nullable=False),
        sa.Column("load_s", sa.Float(), nullable=False),
        sa.Column("work_s", sa.Float(), nullable=False),
        sa.Column("tail_s", sa.Float(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=True),
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("loaded_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_times")),
    )
    op.create_index(op.f("ix_work_times_what_model_id"), "work_times", ["what", "model", "id"], unique=False)
    op.create_index(op.f("ix_work_times_device_id_id"), "work_times", ["device_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("work_times")
