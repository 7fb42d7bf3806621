"""Channels: accounts on platforms, their tokens."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TENANT = sa.text("current_setting('app.tenant', true)")
NOW = sa.text("clock_timestamp()")


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant_id", sa.Text, server_default=TENANT, nullable=False)


def _at(name: str, *, now: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=NOW if now else None, nullable=not now)


def upgrade() -> None:
    _channels()


def _channels() -> None:
    op.create_table(
        "channels",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("influencer_id", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="connected", nullable=False),
        sa.Column("account_id", sa.Text(), server_default="", nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        _at("expires_at"),
        _at("refreshed_at"),
        sa.Column("settings", postgresql.JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("trouble", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by", sa.Text(), nullable=True),
        _at("updated_at", now=True),
        _at("deleted_at"),
        _tenant(),
        _at("created_at", now=True),
        sa.CheckConstraint("platform IN ('instagram', 'tiktok', 'youtube', 'sandbox')", name=op.f("ck_channels_platform")),
        sa.CheckConstraint("state IN ('connected', 'reconnect', 'off')", name=op.f("ck_channels_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "influencer_id"],
            ["influencers.tenant_id", "influencers.id"],
            name=op.f("fk_channels_tenant_id_influencer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channels")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_channels_tenant_id_id")),
    )
    op.create_index(op.f("ix_channels_tenant_id_influencer_id"), "channels", ["tenant_id", "influencer_id"], unique=False)
    op.create_index(
        "uq_channels_account",
        "channels",
        ["tenant_id", "platform", "account_id"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL AND account_id <> ''"),
    )


def downgrade() -> None:
    op.drop_table("channels")
