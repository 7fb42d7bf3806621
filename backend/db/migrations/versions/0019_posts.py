"""Posts on the calendar, and what was tried to publish them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TENANT = sa.text("current_setting('app.tenant', true)")
NOW = sa.text("clock_timestamp()")


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant_id", sa.Text, server_default=TENANT, nullable=False)


def _at(name: str, *, now: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=NOW if now else None, nullable=not now)


def upgrade() -> None:
    _content_plans()
    _posts()
    _post_attempts()
    _posting_rules()
    _posting_slots()
    _plan_acts()


def _content_plans() -> None:
    op.create_table(
        "content_plans",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("influencer_id", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), server_default="", nullable=False),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column("wall", sa.DateTime(), nullable=True),
        sa.Column("zone", sa.Text(), server_default="UTC", nullable=False),
        _at("due_at"),
        sa.Column("repurposed_from", sa.Text(), nullable=True),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_by", sa.Text(), nullable=True),
        _at("updated_at", now=True),
        _at("deleted_at"),
        _tenant(),
        _at("created_at", now=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "influencer_id"],
            ["influencers.tenant_id", "influencers.id"],
            name=op.f("fk_content_plans_tenant_id_influencer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "repurposed_from"],
            ["content_plans.tenant_id", "content_plans.id"],
            name=op.f("fk_content_plans_tenant_id_repurposed_from"),
            ondelete="SET NULL (repurposed_from)",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_plans")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_content_plans_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "request_key", name=op.f("uq_content_plans_tenant_id_request_key")),
    )
    op.create_index(
        op.f("ix_content_plans_tenant_id_due_at_id"),
        "content_plans",
        ["tenant_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        op.f("ix_content_plans_tenant_id_influencer_id_wall"),
        "content_plans",
        ["tenant_id", "influencer_id", "wall"],
        unique=False,
    )


def _posts() -> None:
    op.create_table(
        "posts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("format", sa.Text(), server_default="", nullable=False),
        sa.Column("caption", sa.Text(), server_default="", nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("hashtags", postgresql.JSONB, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("media", postgresql.JSONB, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("cover_id", sa.Text(), server_default="", nullable=False),
        sa.Column("first_comment", sa.Text(), server_default="", nullable=False),
        sa.Column("alt_texts", postgresql.JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("privacy", sa.Text(), server_default="", nullable=False),
        sa.Column("options", postgresql.JSONB, server_default=sa.text("'{}'"), nullable=False),
        _at("due_at"),
        sa.Column("fingerprint", sa.Text(), server_default="", nullable=False),
        sa.Column("held_from", sa.Text(), server_default="", nullable=False),
        sa.Column("held_by", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("error_code", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("phase", sa.Text(), server_default="", nullable=False),
        sa.Column("handle", sa.LargeBinary(), nullable=True),
        _at("submitted_at"),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("remote_id", sa.Text(), server_default="", nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        _at("published_at"),
        sa.Column("by_hand", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        _at("approved_at"),
        _at("updated_at", now=True),
        _tenant(),
        _at("created_at", now=True),
        sa.CheckConstraint("phase IN ('', 'preparing', 'ready', 'submitting')", name=op.f("ck_posts_phase")),
        sa.CheckConstraint(
            "state IN ('publishing', 'unknown', 'failed', 'missed', "
            "'on_hold', 'draft', 'in_review', 'approved', 'scheduled', 'published')",
            name=op.f("ck_posts_state"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "channel_id"], ["channels.tenant_id", "channels.id"], name=op.f("fk_posts_tenant_id_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "plan_id"],
            ["content_plans.tenant_id", "content_plans.id"],
            name=op.f("fk_posts_tenant_id_plan_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_posts_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "plan_id", "channel_id", name=op.f("uq_posts_tenant_id_plan_id_channel_id")),
    )
    op.create_index("ix_posts_channel", "posts", ["tenant_id", "channel_id", "due_at"], unique=False)
    op.create_index("ix_posts_due", "posts", ["due_at"], unique=False, postgresql_where=sa.text("state = 'scheduled'"))
    op.create_index("ix_posts_state", "posts", ["tenant_id", "state", "id"], unique=False)
    op.create_index(
        "uq_posts_remote",
        "posts",
        ["tenant_id", "channel_id", "remote_id"],
        unique=True,
        postgresql_where=sa.text("remote_id <> ''"),
    )


def _post_attempts() -> None:
    op.create_table(
        "post_attempts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("post_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), server_default="running", nullable=False),
        sa.Column("phase", sa.Text(), server_default="preparing", nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("said", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("sent", postgresql.JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        _at("ended_at"),
        _tenant(),
        _at("created_at", now=True),
        sa.CheckConstraint(
            "outcome IN ('running', 'published', 'failed', 'unknown', 'released', 'held', 'missed')",
            name=op.f("ck_post_attempts_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "post_id"],
            ["posts.tenant_id", "posts.id"],
            name=op.f("fk_post_attempts_tenant_id_post_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_attempts")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_post_attempts_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "post_id", "n", name=op.f("uq_post_attempts_tenant_id_post_id_n")),
    )


def _posting_rules() -> None:
    op.create_table(
        "posting_rules",
        _tenant(),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("influencer_id", sa.Text(), nullable=True),
        sa.Column("policy", sa.Text(), server_default="all", nullable=False),
        sa.Column("first_n", sa.Integer(), server_default="5", nullable=False),
        sa.Column("gap_minutes", sa.Integer(), server_default="60", nullable=False),
        sa.Column("cooldown_days", sa.Integer(), server_default="60", nullable=False),
        _at("stopped_at"),
        sa.Column("stopped_by", sa.Text(), nullable=True),
        _at("updated_at", now=True),
        _at("created_at", now=True),
        sa.CheckConstraint("policy IN ('all', 'first', 'auto')", name=op.f("ck_posting_rules_policy")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "influencer_id"],
            ["influencers.tenant_id", "influencers.id"],
            name=op.f("fk_posting_rules_tenant_id_influencer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "scope", name=op.f("pk_posting_rules")),
    )


def _posting_slots() -> None:
    op.create_table(
        "posting_slots",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("influencer_id", sa.Text(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        _tenant(),
        _at("created_at", now=True),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_posting_slots_weekday")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "influencer_id"],
            ["influencers.tenant_id", "influencers.id"],
            name=op.f("fk_posting_slots_tenant_id_influencer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting_slots")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_posting_slots_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "influencer_id", "weekday", "at", name=op.f("uq_posting_slots_tenant_id_influencer_id_weekday_at")
        ),
    )


def _plan_acts() -> None:
    op.create_table(
        "plan_acts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("before", postgresql.JSONB, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=True),
        _at("undone_at"),
        _tenant(),
        _at("created_at", now=True),
        sa.CheckConstraint("kind IN ('move', 'delete')", name=op.f("ck_plan_acts_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_acts")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_plan_acts_tenant_id_id")),
    )
    op.create_index(op.f("ix_plan_acts_tenant_id_created_by_id"), "plan_acts", ["tenant_id", "created_by", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("plan_acts")
    op.drop_table("posting_slots")
    op.drop_table("posting_rules")
    op.drop_table("post_attempts")
    op.drop_table("posts")
    op.drop_table("content_plans")
