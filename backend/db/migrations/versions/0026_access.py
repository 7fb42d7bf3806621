"""API keys, sessions of programs, repeated requests, and positions of events that are given after the commit."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")
TENANT = sa.text("current_setting('app.tenant', true)")


def _at(name: str, *, now: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=NOW if now else None, nullable=not now)


def upgrade() -> None:
    _api_keys()
    _idempotent_requests()
    op.add_column("sessions", sa.Column("kind", sa.Text, server_default="browser", nullable=False))
    op.create_check_constraint(op.f("ck_sessions_kind"), "sessions", "kind IN ('browser', 'program')")
    op.add_column("sessions", sa.Column("refreshes", sa.Integer, server_default="0", nullable=False))
    op.add_column("jobs", sa.Column("api_key_id", sa.Text))
    op.create_index("ix_jobs_api_key", "jobs", ["api_key_id", "created_at"], postgresql_where=sa.text("api_key_id IS NOT NULL"))
    _positions()


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("key_hash", sa.Text, nullable=False),
        sa.Column("last_four", sa.Text, nullable=False),
        sa.Column("scopes", postgresql.JSONB, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("jobs_per_day", sa.Integer),
        sa.Column("usd_per_month", sa.Numeric(18, 9)),
        sa.Column("created_by", sa.Text, nullable=False),
        _at("expires_at"),
        _at("last_used_at"),
        _at("revoked_at"),
        sa.Column("tenant_id", sa.Text, server_default=TENANT, nullable=False),
        _at("created_at", now=True),
        sa.CheckConstraint("role IN ('viewer', 'editor', 'owner')", name=op.f("ck_api_keys_role")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_api_keys_created_by"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_api_keys_tenant_id_id")),
    )


def _idempotent_requests() -> None:
    op.create_table(
        "idempotent_requests",
        sa.Column("tenant_id", sa.Text, server_default=TENANT, nullable=False),
        sa.Column("key_hash", sa.Text, nullable=False),
        sa.Column("body_hash", sa.Text, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("headers", postgresql.JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("body", sa.LargeBinary),
        _at("created_at", now=True),
        sa.PrimaryKeyConstraint("tenant_id", "key_hash", name=op.f("pk_idempotent_requests")),
    )
    op.create_index(op.f("ix_idempotent_requests_created_at"), "idempotent_requests", ["created_at"])


def _positions() -> None:
    op.execute("CREATE SEQUENCE event_positions")
    op.add_column("events", sa.Column("position", sa.BigInteger))
    op.execute(
        "UPDATE events SET position = numbered.position FROM "
        "(SELECT id, nextval('event_positions') AS position FROM (SELECT id FROM events ORDER BY created_at, id) s) numbered "
        "WHERE events.id = numbered.id"
    )
    op.create_index("ix_events_tenant_id_position", "events", ["tenant_id", "position"])
    op.create_index("ix_events_position", "events", ["position"])
    op.create_index("ix_events_unnumbered", "events", ["created_at", "id"], postgresql_where=sa.text("position IS NULL"))


def downgrade() -> None:
    op.execute("DROP TRIGGER IF EXISTS announce_events ON events")
    for function in ("announce_events()", "number_events()", "last_event_position()", "latest_positions(bigint)"):
        op.execute(f"DROP FUNCTION IF EXISTS {function}")
    for index in ("ix_events_unnumbered", "ix_events_position", "ix_events_tenant_id_position"):
        op.drop_index(index, "events")
    op.drop_column("events", "position")
    op.execute("DROP SEQUENCE event_positions")
    op.drop_index("ix_jobs_api_key", "jobs")
    op.drop_column("jobs", "api_key_id")
    op.drop_column("sessions", "refreshes")
    op.drop_constraint("ck_sessions_kind", "sessions")
    op.drop_column("sessions", "kind")
    op.execute("DROP FUNCTION IF EXISTS enter_by_api_key(text), enter_by_session(text, text), find_api_key(text)")
    op.drop_table("idempotent_requests")
    op.drop_table("api_keys")
