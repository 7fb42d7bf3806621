"""Clips: pictures that were made to move."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")
NO = sa.text("false")


def _fk(column: str, table: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{table}.tenant_id", f"{table}.id"],
        name=op.f(f"fk_clips_tenant_id_{column}"),
        ondelete=ondelete,
    )


def upgrade() -> None:
    op.create_table(
        "clips",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("picture_id", sa.Text, nullable=False),
        sa.Column("asset_id", sa.Text),
        sa.Column("influencer_id", sa.Text),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("recipe", postgresql.JSONB, nullable=False),
        sa.Column("frames", sa.Integer, server_default="0", nullable=False),
        sa.Column("fps", sa.Integer, server_default="0", nullable=False),
        sa.Column("rating", sa.Integer, server_default="0", nullable=False),
        sa.Column("favourite", sa.Boolean, server_default=NO, nullable=False),
        sa.Column("created_by", sa.Text),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.Column("tenant_id", sa.Text, server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clips")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_clips_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "job_id", name=op.f("uq_clips_tenant_id_job_id")),
        _fk("job_id", "jobs"),
        _fk("picture_id", "pictures"),
        _fk("asset_id", "assets"),
        _fk("influencer_id", "influencers", "SET NULL (influencer_id)"),
        sa.CheckConstraint("rating BETWEEN 0 AND 5", name=op.f("ck_clips_rating")),
        sa.CheckConstraint("format IN ('as-is', '9:16', '4:5', '1:1', '16:9')", name=op.f("ck_clips_format")),
    )
    here = "deleted_at IS NULL"
    for name, columns, where in (
        ("ix_clips_made", ["tenant_id", "id"], f"asset_id IS NOT NULL AND {here}"),
        ("ix_clips_influencer", ["tenant_id", "influencer_id", "id"], here),
        ("ix_clips_favourite", ["tenant_id", "id"], f"favourite AND {here}"),
    ):
        op.create_index(name, "clips", columns, postgresql_where=sa.text(where))
    op.create_index("ix_clips_tenant_id_picture_id_id", "clips", ["tenant_id", "picture_id", "id"])
    op.create_index("ix_clips_asset", "clips", ["tenant_id", "asset_id"])


def downgrade() -> None:
    op.drop_table("clips")
