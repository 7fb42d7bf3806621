"""Consents, and the voices that are copies of somebody's."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0050"
down_revision = "0047"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    tenant: Any = sa.text("current_setting('app.tenant', true)")
    op.create_table(
        "consents",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("subject_kind", sa.Text, nullable=False),
        sa.Column("subject_name", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("words", postgresql.JSONB, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("influencer_id", sa.Text),
        sa.Column("expires_on", sa.Date),
        sa.Column("job_id", sa.Text),
        sa.Column("asset_id", sa.Text),
        sa.Column("recorded_at", sa.DateTime(timezone=True)),
        sa.Column("transcript", sa.Text, server_default="", nullable=False),
        sa.Column("match", sa.Float),
        sa.Column("transcript_check", sa.Text, server_default="", nullable=False),
        sa.Column("confirmed_by", sa.Text),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_by", sa.Text),
        sa.Column("revoke_reason", sa.Text, server_default="", nullable=False),
        sa.Column("created_by", sa.Text),
        sa.Column("tenant_id", sa.Text, server_default=tenant, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_consents_tenant_id_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "asset_id"],
            ["assets.tenant_id", "assets.id"],
            name=op.f("fk_consents_tenant_id_asset_id_assets"),
        ),
        sa.CheckConstraint("subject_kind IN ('voice', 'face')", name=op.f("ck_consents_subject_kind")),
        sa.CheckConstraint(
            "transcript_check IN ('', 'matched', 'differs', 'unchecked', 'confirmed')",
            name=op.f("ck_consents_transcript_check"),
        ),
    )
    op.create_index(op.f("ix_consents_tenant_id_influencer_id"), "consents", ["tenant_id", "influencer_id"])
    op.create_index(op.f("ix_consents_tenant_id_asset_id"), "consents", ["tenant_id", "asset_id"])
    op.add_column("voices", sa.Column("consent_id", sa.Text))
    op.create_foreign_key(
        op.f("fk_voices_tenant_id_consent_id_consents"),
        "voices",
        "consents",
        ["tenant_id", "consent_id"],
        ["tenant_id", "id"],
    )
    op.create_check_constraint(op.f("ck_voices_consent"), "voices", "kind <> 'cloned' OR consent_id IS NOT NULL")
    op.create_index(op.f("ix_voices_tenant_id_consent_id"), "voices", ["tenant_id", "consent_id"])


def downgrade() -> None:
    op.drop_column("voices", "consent_id")
    op.drop_table("consents")
