"""Reels, their scenes, and the clips that were rendered of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0049"
down_revision = "0046"
branch_labels = None
depends_on = None

KINDS = ("image", "video", "audio", "lora", "state", "archive")
NOW = sa.text("clock_timestamp()")


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant_id", sa.Text, server_default=sa.text("current_setting('app.tenant', true)"), nullable=False)


def _created() -> sa.Column[object]:
    return sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False)


def _reference(table: str, column: str, to: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_tenant_id_{column}_{to}")
    return sa.ForeignKeyConstraint(["tenant_id", column], [f"{to}.tenant_id", f"{to}.id"], name=name, ondelete=ondelete)


def _allow_asset_kinds(*kinds: str) -> None:
    op.drop_constraint(op.f("ck_assets_kind"), "assets")
    allowed = ", ".join(repr(kind) for kind in kinds)
    op.create_check_constraint(op.f("ck_assets_kind"), "assets", f"kind IN ({allowed})")


def upgrade() -> None:
    _allow_asset_kinds(*KINDS, "clip", "text")
    op.create_table(
        "reels",
        _tenant(),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("influencer_id", sa.Text()),
        sa.Column("script", sa.Text(), server_default="", nullable=False),
        sa.Column("caption", sa.Text(), server_default="", nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("voice_id", sa.Text()),
        sa.Column("speed", sa.Float(), server_default="1", nullable=False),
        sa.Column("style", postgresql.JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("run_id", sa.Text()),
        sa.Column("job_id", sa.Text()),
        sa.Column("asset_id", sa.Text()),
        sa.Column("files", postgresql.JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("rendered_revision", sa.Integer()),
        sa.Column("created_by", sa.Text()),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        _created(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reels")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_reels_tenant_id_id")),
        _reference("reels", "influencer_id", "influencers", "SET NULL (influencer_id)"),
        _reference("reels", "asset_id", "assets"),
    )
    listed, with_run = sa.text("deleted_at IS NULL"), sa.text("run_id IS NOT NULL")
    op.create_index("ix_reels_listed", "reels", ["tenant_id", "id"], postgresql_where=listed)
    op.create_index("uq_reels_run_id", "reels", ["tenant_id", "run_id"], unique=True, postgresql_where=with_run)
    for name in ("job", "influencer", "asset"):
        op.create_index(f"ix_reels_{name}", "reels", ["tenant_id", f"{name}_id"])
    op.create_table(
        "reel_scenes",
        _tenant(),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("reel_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("prompt", sa.Text(), server_default="", nullable=False),
        sa.Column("asset_id", sa.Text()),
        sa.Column("movement", sa.Text(), nullable=False),
        sa.Column("strength", sa.Float(), server_default="0.5", nullable=False),
        sa.Column("seconds", sa.Float()),
        sa.Column("transition", sa.Text(), server_default="cut", nullable=False),
        _created(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reel_scenes")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_reel_scenes_tenant_id_id")),
        sa.CheckConstraint("transition IN ('cut', 'fade', 'slide', 'zoom', 'black')", name=op.f("ck_reel_scenes_transition")),
        _reference("reel_scenes", "reel_id", "reels", "CASCADE"),
        _reference("reel_scenes", "asset_id", "assets"),
    )
    op.create_index(op.f("ix_reel_scenes_tenant_id_reel_id_position"), "reel_scenes", ["tenant_id", "reel_id", "position"])
    op.create_index("ix_reel_scenes_asset", "reel_scenes", ["tenant_id", "asset_id"])
    op.create_table(
        "reel_clips",
        _tenant(),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        _created(),
        sa.PrimaryKeyConstraint("tenant_id", "digest", name=op.f("pk_reel_clips")),
        _reference("reel_clips", "asset_id", "assets"),
    )
    op.create_index("ix_reel_clips_asset", "reel_clips", ["tenant_id", "asset_id"])
    op.create_index("ix_reel_clips_used", "reel_clips", ["tenant_id", "used_at"])


def downgrade() -> None:
    op.drop_table("reel_clips")
    op.drop_table("reel_scenes")
    op.drop_table("reels")
    _allow_asset_kinds(*KINDS)
