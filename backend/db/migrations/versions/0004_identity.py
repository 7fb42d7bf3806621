"""Identity references of influencers and scores of pictures."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TENANT = sa.text("current_setting('app.tenant', true)")
NOW = sa.text("clock_timestamp()")


def _text(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=null, server_default=None if null else "")


def _json(name: str, empty: str) -> sa.Column[Any]:
    return sa.Column(name, postgresql.JSONB(), server_default=sa.text(f"'{empty}'"), nullable=False)


def _at(name: str, *, now: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=NOW if now else None, nullable=not now)


def _belongs(table: str, column: str, to: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_tenant_id_{column}"
    return sa.ForeignKeyConstraint(["tenant_id", column], [f"{to}.tenant_id", f"{to}.id"], name=name, ondelete=ondelete)


def upgrade() -> None:
    _profiles()
    _checks()
    _pictures()


def _profiles() -> None:
    op.create_table(
        "identity_profiles",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("influencer_id", sa.Text(), nullable=False),
        _text("embedder"),
        _json("reference", "{}"),
        _json("shots", "[]"),
        _text("source"),
        _json("picked", "[]"),
        sa.Column("calibrated_line", sa.Double(), nullable=True),
        sa.Column("line", sa.Double(), nullable=True),
        sa.Column("gate", sa.Text(), server_default="mark", nullable=False),
        sa.Column("extra_max", sa.Integer(), server_default="4", nullable=False),
        _text("job_id", null=True),
        _at("calibrated_at"),
        _at("updated_at", now=True),
        sa.Column("tenant_id", sa.Text(), server_default=TENANT, nullable=False),
        _at("created_at", now=True),
        sa.CheckConstraint("gate IN ('off', 'mark', 'hold', 'regenerate', 'reject')", name=op.f("ck_identity_profiles_gate")),
        sa.CheckConstraint("extra_max BETWEEN 0 AND 16", name=op.f("ck_identity_profiles_extra_max")),
        sa.CheckConstraint("line BETWEEN 0 AND 1", name=op.f("ck_identity_profiles_line")),
        _belongs("identity_profiles", "influencer_id", "influencers", "CASCADE"),
        _belongs("identity_profiles", "job_id", "jobs", "SET NULL (job_id)"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_profiles")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_identity_profiles_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "influencer_id", name=op.f("uq_identity_profiles_tenant_id_influencer_id")),
    )


def _checks() -> None:
    op.create_table(
        "picture_checks",
        sa.Column("tenant_id", sa.Text(), server_default=TENANT, nullable=False),
        sa.Column("picture_id", sa.Text(), nullable=False),
        _text("embedder"),
        _text("why"),
        _json("loras", "[]"),
        _json("template", "{}"),
        _text("near_picture_id", null=True),
        sa.Column("near_bits", sa.Integer(), nullable=True),
        _text("decision"),
        _text("decided_by", null=True),
        _at("decided_at"),
        _at("scored_at"),
        _at("created_at", now=True),
        sa.CheckConstraint("decision IN ('', 'approved', 'rejected')", name=op.f("ck_picture_checks_decision")),
        _belongs("picture_checks", "picture_id", "pictures", "CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "picture_id", name=op.f("pk_picture_checks")),
    )
    near = sa.text("near_picture_id IS NOT NULL")
    op.create_index("ix_picture_checks_near", "picture_checks", ["tenant_id", "near_picture_id"], postgresql_where=near)


def _pictures() -> None:
    for column in (
        sa.Column("identity_score", sa.Double(), nullable=True),
        sa.Column("identity_line", sa.Double(), nullable=True),
        sa.Column("gate", sa.Text(), server_default="open", nullable=False),
    ):
        op.add_column("pictures", column)
    op.create_check_constraint(op.f("ck_pictures_gate"), "pictures", "gate IN ('open', 'held', 'rejected')")
    shut = sa.text("gate <> 'open' AND deleted_at IS NULL")
    op.create_index("ix_pictures_gate", "pictures", ["tenant_id", "gate", "id"], postgresql_where=shut)
