"""Campaigns of posts, addresses of the calendar for other programs, and whose public holidays are shown."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0044"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")
TENANT = sa.text("current_setting('app.tenant', true)")


def _at(name: str, *, now: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=NOW if now else None, nullable=not now)


def upgrade() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        _at("updated_at", now=True),
        sa.Column("tenant_id", sa.Text, server_default=TENANT, nullable=False),
        _at("created_at", now=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_campaigns_tenant_id_id")),
    )
    op.create_index("uq_campaigns_name", "campaigns", ["tenant_id", sa.text("lower(name)")], unique=True)
    op.add_column("content_plans", sa.Column("campaign_id", sa.Text))
    op.execute(
        "ALTER TABLE content_plans ADD CONSTRAINT fk_content_plans_tenant_id_campaign_id FOREIGN KEY (tenant_id, campaign_id) "
        "REFERENCES campaigns (tenant_id, id) ON DELETE SET NULL (campaign_id)"
    )
    op.create_index(
        "ix_content_plans_campaign",
        "content_plans",
        ["tenant_id", "campaign_id"],
        postgresql_where=sa.text("campaign_id IS NOT NULL"),
    )
    op.add_column("posting_rules", sa.Column("holiday_country", sa.Text, server_default="", nullable=False))
    op.create_table(
        "calendar_feeds",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("influencer_id", sa.Text),
        sa.Column("with_drafts", sa.Boolean, server_default=sa.text("true"), nullable=False),
        sa.Column("token_hash", sa.Text, nullable=False),
        sa.Column("last_four", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        _at("last_read_at"),
        _at("revoked_at"),
        sa.Column("tenant_id", sa.Text, server_default=TENANT, nullable=False),
        _at("created_at", now=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "influencer_id"],
            ["influencers.tenant_id", "influencers.id"],
            name=op.f("fk_calendar_feeds_tenant_id_influencer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_calendar_feeds_created_by"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feeds")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feeds_token_hash")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_calendar_feeds_tenant_id_id")),
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION IF EXISTS find_calendar_feed(text)")
    op.drop_table("calendar_feeds")
    op.drop_column("posting_rules", "holiday_country")
    op.drop_index("ix_content_plans_campaign", "content_plans")
    op.drop_column("content_plans", "campaign_id")
    op.drop_table("campaigns")
