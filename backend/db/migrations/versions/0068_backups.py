"""Backups, as ops/backup reports them, and restores."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None


def _at(name: str, *, default: bool = True, nullable: bool = False) -> sa.Column[Any]:
    now = sa.text("clock_timestamp()") if default else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=now, nullable=nullable)


def _text(name: str, *, default: str | None = None, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, server_default=default, nullable=nullable)


def _big(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger, server_default="0", nullable=False)


def upgrade() -> None:
    op.create_table(
        "backups",
        sa.Column("id", sa.Text, primary_key=True),
        _text("kind", default=""),
        _text("state"),
        _text("requested_by", nullable=True),
        _text("phase", default=""),
        _text("error", default=""),
        _at("finished_at", default=False, nullable=True),
        sa.Column("seconds", sa.Float, server_default="0", nullable=False),
        _big("size_bytes"),
        _big("objects"),
        _big("object_bytes"),
        _at("created_at"),
        sa.CheckConstraint("state IN ('requested', 'running', 'complete', 'failed')", name="state"),
        sa.CheckConstraint("kind IN ('', 'full', 'incremental', 'dump')", name="kind"),
    )
    unfinished = sa.text("state IN ('requested', 'running')")
    op.create_index("ix_backups_requested", "backups", ["id"], postgresql_where=unfinished)
    op.create_table(
        "backup_status",
        sa.Column("id", sa.Text, primary_key=True),
        _at("seen_at"),
        _text("target"),
        _text("method"),
        _text("reason", default=""),
        _big("log_bytes"),
        _at("log_since", default=False, nullable=True),
        _text("trouble", default=""),
        sa.Column("key_is_here", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.Column("drill", JSONB, server_default=sa.text("'{}'"), nullable=False),
    )
    op.create_table(
        "restores",
        sa.Column("id", sa.Text, primary_key=True),
        _at("restored_at"),
        _at("restored_to", default=False),
        sa.Column("figures", JSONB, server_default=sa.text("'{}'"), nullable=False),
    )


def downgrade() -> None:
    for table in ("restores", "backup_status", "backups"):
        op.drop_table(table)
