"""Prompt templates, wildcards, presets, style presets and prompt history."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TENANT = sa.text("current_setting('app.tenant', true)")
NOW = sa.text("clock_timestamp()")
LIVE = sa.text("deleted_at IS NULL")
EMPTY = sa.text("'{}'")


def _text(name: str, *, nullable: bool = False, primary: bool = False, default: str | None = None) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=nullable, primary_key=primary, server_default=default)


def _tenant(primary: bool = False) -> "sa.Column[str]":
    return sa.Column("tenant_id", sa.Text, server_default=TENANT, nullable=False, primary_key=primary)


def _at(name: str, *, now: bool = True) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), server_default=NOW if now else None, nullable=not now)


def _version() -> "sa.Column[int]":
    return sa.Column("version", sa.Integer, server_default="1", nullable=False)


def _key(table: str, *columns: str) -> sa.UniqueConstraint:
    names = ("tenant_id", *(columns or ("id",)))
    return sa.UniqueConstraint(*names, name=op.f(f"uq_{table}_{'_'.join(names)}"))


def _fk(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_tenant_id_{column}")
    ours, theirs = ["tenant_id", column], [f"{target}.tenant_id", f"{target}.id"]
    return sa.ForeignKeyConstraint(ours, theirs, name=name, ondelete="CASCADE")


def _table(name: str, *parts: "sa.schema.SchemaItem") -> None:
    op.create_table(name, _text("id", primary=True), *parts, _tenant(), _at("created_at"), _key(name))


def upgrade() -> None:
    _generations()
    _table(
        "wildcards", _text("name"), sa.Column("lines", postgresql.JSONB, nullable=False), _version(), _at("updated_at"),
        _key("wildcards", "name"),
    )  # fmt: skip
    _table("prompt_templates", _text("name"), _version(), _at("updated_at"), _at("deleted_at", now=False))
    op.create_index("uq_prompt_templates_name", "prompt_templates", ["tenant_id", "name"], unique=True, postgresql_where=LIVE)
    op.create_table(
        "template_versions",
        _tenant(primary=True),
        _text("template_id", primary=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        _text("prompt"),
        _text("negative", default=""),
        _text("created_by", nullable=True),
        _at("created_at"),
        _fk("template_versions", "template_id", "prompt_templates"),
    )
    _table(
        "styles", _text("name"), _text("influencer_id", nullable=True), _text("prompt", default=""),
        _text("negative", default=""), sa.Column("settings", postgresql.JSONB, server_default=EMPTY, nullable=False),
        _version(), _at("updated_at"), _at("deleted_at", now=False), _fk("styles", "influencer_id", "influencers"),
    )  # fmt: skip
    op.create_index("uq_styles_name", "styles", ["tenant_id", "name"], unique=True, postgresql_where=LIVE)
    op.create_index(op.f("ix_styles_tenant_id_influencer_id"), "styles", ["tenant_id", "influencer_id"])
    _table(
        "presets", _text("owner_id", default=""), _text("name"), sa.Column("draft", postgresql.JSONB, nullable=False),
        sa.Column("standard", sa.Boolean, server_default=sa.text("false"), nullable=False), _at("updated_at"),
        _key("presets", "owner_id", "name"),
    )  # fmt: skip
    op.create_index(
        "uq_presets_standard", "presets", ["tenant_id", "owner_id"], unique=True, postgresql_where=sa.text("standard")
    )
    _table(
        "prompt_uses", _text("user_id", default=""), _text("digest"), _text("prompt"), _text("negative", default=""),
        sa.Column("uses", sa.Integer, server_default="1", nullable=False), _at("used_at"),
        _key("prompt_uses", "user_id", "digest"),
    )  # fmt: skip
    for columns in (["tenant_id", "used_at"], ["tenant_id", "user_id", "used_at"]):
        op.create_index(op.f(f"ix_prompt_uses_{'_'.join(columns)}"), "prompt_uses", columns)


def _generations() -> None:
    for column in (
        _text("form", default="pictures"),
        sa.Column("grid", postgresql.JSONB),
        sa.Column("shots", postgresql.JSONB),
    ):
        op.add_column("generations", column)
    op.create_check_constraint("form", "generations", "form IN ('pictures', 'list', 'grid', 'upscale')")
    op.add_column("pictures", sa.Column("shot", postgresql.JSONB, server_default=EMPTY, nullable=False))
