"""Music of workspaces; reels choose it. Videos may be uploaded: those are made of no picture."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0047"
down_revision = "0049"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def _key(column: str, table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_tracks_tenant_id_{column}_{table}")
    return sa.ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], name=name)


def upgrade() -> None:
    tenant: Any = sa.text("current_setting('app.tenant', true)")
    op.create_table(
        "tracks",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("licence", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("credit", sa.Text, server_default="", nullable=False),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("asset_id", sa.Text),
        sa.Column("seconds", sa.Float, server_default="0", nullable=False),
        sa.Column("lufs", sa.Float, server_default="0", nullable=False),
        sa.Column("peaks", postgresql.JSONB, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("created_by", sa.Text),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.Column("erased_at", sa.DateTime(timezone=True)),
        sa.Column("tenant_id", sa.Text, server_default=tenant, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracks")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_tracks_tenant_id_id")),
        _key("job_id", "jobs"),
        _key("asset_id", "assets"),
    )
    listed, in_trash = sa.text("deleted_at IS NULL"), sa.text("deleted_at IS NOT NULL AND erased_at IS NULL")
    op.create_index(op.f("ix_tracks_tenant_id_job_id"), "tracks", ["tenant_id", "job_id"])
    op.create_index("ix_tracks_asset", "tracks", ["tenant_id", "asset_id"])
    op.create_index("ix_tracks_listed", "tracks", ["tenant_id", "id"], postgresql_where=listed)
    op.create_index("ix_tracks_trash", "tracks", ["tenant_id", "deleted_at", "id"], postgresql_where=in_trash)
    op.add_column("reels", sa.Column("music_track_id", sa.Text))
    op.add_column("reels", sa.Column("music_db", sa.Float, server_default="-6", nullable=False))
    op.alter_column("clips", "picture_id", nullable=True)
    op.add_column("reel_scenes", sa.Column("sound", sa.Text, server_default="quiet", nullable=False))
    op.create_check_constraint(op.f("ck_reel_scenes_sound"), "reel_scenes", "sound IN ('quiet', 'full', 'mute')")


def downgrade() -> None:
    op.drop_column("reel_scenes", "sound")
    op.execute("DELETE FROM clips WHERE picture_id IS NULL")
    op.alter_column("clips", "picture_id", nullable=False)
    op.drop_column("reels", "music_db")
    op.drop_column("reels", "music_track_id")
    op.drop_table("tracks")
