"""Notices, how people want to hear of them, and the messages that carry them outside; when a budget was used up."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0059"
branch_labels = None
depends_on = None

NOW, EMPTY = sa.text("clock_timestamp()"), ""
TIME = sa.DateTime(timezone=True)


def tenant() -> sa.Column[str]:
    return sa.Column("tenant_id", sa.Text, server_default=sa.text("current_setting('app.tenant', true)"), nullable=False)


def created() -> sa.Column[datetime]:
    return sa.Column("created_at", TIME, server_default=NOW, nullable=False)


def text_column(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, server_default=default, nullable=False)


def user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=f"fk_{table}_user_id", ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "notice_feeds",
        tenant(),
        sa.Column("position", sa.BigInteger, server_default="0", nullable=False),
        text_column("reported_week", EMPTY),
        sa.ForeignKeyConstraint(["tenant_id"], ["workspaces.id"], name="fk_notice_feeds_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_notice_feeds"),
    )
    # What happened before this release is told to nobody
    op.execute(
        "INSERT INTO notice_feeds (tenant_id, position) "
        "SELECT id, coalesce((SELECT max(position) FROM events), 0) FROM workspaces"
    )
    op.create_table(
        "notices",
        tenant(),
        text_column("id"),
        text_column("user_id"),
        text_column("kind"),
        text_column("subject"),
        sa.Column("episode", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("count", sa.Integer, server_default="1", nullable=False),
        text_column("title"),
        text_column("message", EMPTY),
        text_column("noun", EMPTY),
        text_column("noun_id", EMPTY),
        sa.Column("in_app", sa.Boolean, server_default=sa.text("true"), nullable=False),
        sa.Column("first_at", TIME, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.Column("read_at", TIME),
        created(),
        user("notices"),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_notices_tenant_id_id"),
        sa.UniqueConstraint(
            "tenant_id", "user_id", "kind", "subject", "episode", name="uq_notices_tenant_id_user_id_kind_subject_episode"
        ),
    )
    op.create_index("ix_notices_latest", "notices", ["tenant_id", "user_id", "last_at", "id"])
    unread = sa.text("read_at IS NULL")
    op.create_index("ix_notices_unread", "notices", ["tenant_id", "user_id", "kind"], postgresql_where=unread)
    op.create_table(
        "notice_settings",
        tenant(),
        text_column("user_id"),
        text_column("zone", "UTC"),
        text_column("quiet_from", EMPTY),
        text_column("quiet_to", EMPTY),
        text_column("digest_at", "08:00"),
        sa.Column("digest_weekday", sa.Integer, server_default="0", nullable=False),
        text_column("refused_email", EMPTY),
        text_column("refusal", EMPTY),
        created(),
        user("notice_settings"),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name="pk_notice_settings"),
    )
    op.create_table(
        "notice_preferences",
        tenant(),
        text_column("user_id"),
        text_column("kind"),
        sa.Column("in_app", sa.Boolean, nullable=False),
        text_column("email"),
        sa.Column("webhook", sa.Boolean, nullable=False),
        sa.Column("apprise", sa.Boolean, nullable=False),
        user("notice_preferences"),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "kind", name="pk_notice_preferences"),
        sa.CheckConstraint("email IN ('off', 'now', 'daily', 'weekly')", name=op.f("ck_notice_preferences_email")),
    )
    op.create_table(
        "notice_targets",
        tenant(),
        text_column("id"),
        text_column("user_id"),
        text_column("way"),
        text_column("label"),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        text_column("last_error", EMPTY),
        sa.Column("last_sent_at", TIME),
        created(),
        user("notice_targets"),
        sa.PrimaryKeyConstraint("id", name="pk_notice_targets"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_notice_targets_tenant_id_id"),
        sa.CheckConstraint("way IN ('webhook', 'apprise')", name=op.f("ck_notice_targets_way")),
    )
    op.create_table(
        "notice_deliveries",
        tenant(),
        text_column("id"),
        text_column("user_id"),
        text_column("notice_id"),
        text_column("way"),
        sa.Column("target_id", sa.Text),
        text_column("state", "pending"),
        sa.Column("attempts", sa.Integer, server_default="0", nullable=False),
        sa.Column("next_at", TIME, server_default=NOW, nullable=False),
        text_column("last_error", EMPTY),
        sa.Column("delivered_at", TIME),
        created(),
        user("notice_deliveries"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "notice_id"],
            ["notices.tenant_id", "notices.id"],
            name="fk_notice_deliveries_tenant_id_notice_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "target_id"],
            ["notice_targets.tenant_id", "notice_targets.id"],
            name="fk_notice_deliveries_tenant_id_target_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_notice_deliveries"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_notice_deliveries_tenant_id_id"),
        sa.CheckConstraint("way IN ('email', 'digest', 'webhook', 'apprise')", name=op.f("ck_notice_deliveries_way")),
        sa.CheckConstraint("state IN ('pending', 'delivered', 'failed', 'dropped')", name=op.f("ck_notice_deliveries_state")),
    )
    way: list[str | sa.TextClause] = ["tenant_id", "notice_id", "way", sa.text("coalesce(target_id, '')")]
    op.create_index("uq_notice_deliveries_way", "notice_deliveries", way, unique=True)
    pending = sa.text("state = 'pending'")
    op.create_index("ix_notice_deliveries_due", "notice_deliveries", ["next_at"], postgresql_where=pending)
    op.create_index("ix_notice_deliveries_person", "notice_deliveries", ["tenant_id", "user_id"], postgresql_where=pending)
    op.add_column("budgets", sa.Column("refused_day", sa.Integer, server_default="0", nullable=False))
    op.add_column("budgets", sa.Column("refused_month", sa.Integer, server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("budgets", "refused_month")
    op.drop_column("budgets", "refused_day")
    for table in (
        "notice_deliveries",
        "notice_targets",
        "notice_preferences",
        "notice_settings",
        "notices",
        "notice_feeds",
    ):
        op.drop_table(table)
