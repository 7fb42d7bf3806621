"""Voices of workspaces and influencers, the lexicon, and what was spoken."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0046"
down_revision = "0048"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def _tenant() -> sa.Column[Any]:
    return sa.Column("tenant_id", sa.Text, server_default=sa.text("current_setting('app.tenant', true)"), nullable=False)


def _created_at() -> sa.Column[Any]:
    return sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False)


def _key(column: str, table: str, name: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], name=op.f(name), ondelete=ondelete
    )


def upgrade() -> None:
    op.create_table(
        "voices",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, server_default="synthetic", nullable=False),
        sa.Column("engine", sa.Text, nullable=False),
        sa.Column("engine_voice", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("licence", sa.Text, nullable=False),
        sa.Column("quality", sa.Text, server_default="natural", nullable=False),
        sa.Column("weights_sha256", sa.Text, server_default="", nullable=False),
        sa.Column("created_by", sa.Text),
        _tenant(),
        _created_at(),
        sa.CheckConstraint("kind IN ('synthetic', 'recorded', 'cloned')", name=op.f("ck_voices_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voices")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_voices_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "engine", "engine_voice", name=op.f("uq_voices_tenant_id_engine_engine_voice")),
    )
    op.create_table(
        "influencer_voices",
        _tenant(),
        sa.Column("influencer_id", sa.Text, nullable=False),
        sa.Column("voice_id", sa.Text, nullable=False),
        sa.Column("speed", sa.Float, server_default="1.0", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("speed BETWEEN 0.5 AND 2", name=op.f("ck_influencer_voices_speed")),
        _key("influencer_id", "influencers", "fk_influencer_voices_tenant_id_influencer_id", ondelete="CASCADE"),
        _key("voice_id", "voices", "fk_influencer_voices_tenant_id_voice_id"),
        sa.PrimaryKeyConstraint("tenant_id", "influencer_id", name=op.f("pk_influencer_voices")),
    )
    op.create_index(op.f("ix_influencer_voices_tenant_id_voice_id"), "influencer_voices", ["tenant_id", "voice_id"])
    op.create_table(
        "lexicon_entries",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("written", sa.Text, nullable=False),
        sa.Column("spoken", sa.Text, nullable=False),
        _tenant(),
        _created_at(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lexicon_entries")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_lexicon_entries_tenant_id_id")),
    )
    op.create_index("uq_lexicon_entries_written", "lexicon_entries", ["tenant_id", sa.text("lower(written)")], unique=True)
    op.create_table(
        "spoken_audio",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("voice_id", sa.Text, nullable=False),
        sa.Column("asset_id", sa.Text),
        sa.Column("attempt_id", sa.Text),
        sa.Column("duration_s", sa.Float, server_default="0", nullable=False),
        sa.Column("timing_source", sa.Text, server_default="", nullable=False),
        sa.Column("words", postgresql.JSONB, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("characters", sa.Integer, server_default="0", nullable=False),
        sa.Column("usd", sa.Numeric(18, 9), server_default="0", nullable=False),
        _tenant(),
        _created_at(),
        sa.CheckConstraint(
            "timing_source IN ('', 'engine', 'aligned', 'sentence', 'none')", name=op.f("ck_spoken_audio_timing_source")
        ),
        _key("voice_id", "voices", "fk_spoken_audio_tenant_id_voice_id"),
        _key("asset_id", "assets", "fk_spoken_audio_tenant_id_asset_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spoken_audio")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_spoken_audio_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "digest", name=op.f("uq_spoken_audio_tenant_id_digest")),
    )
    op.create_index(op.f("ix_spoken_audio_tenant_id_asset_id"), "spoken_audio", ["tenant_id", "asset_id"])
    op.create_index(op.f("ix_spoken_audio_tenant_id_voice_id"), "spoken_audio", ["tenant_id", "voice_id"])


def downgrade() -> None:
    for table in ("spoken_audio", "lexicon_entries", "influencer_voices", "voices"):
        op.drop_table(table)
