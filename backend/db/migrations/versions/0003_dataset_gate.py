"""Quality scores, crops, caption history and undo of datasets; who declared which rights, and when."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KINDS = "'made_up', 'myself', 'agreed'"


def upgrade() -> None:
    _columns()
    _captions()
    _edits()
    _rights()
    _carry_over()


def _text(name: str, default: str | None = None, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False, **more)


def _at(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def _shared() -> tuple[sa.Column[Any], sa.Column[Any]]:
    now = sa.text("clock_timestamp()")
    return (
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
    )


def _of_dataset(table: str) -> tuple[Any, ...]:
    """Constraints of a table whose rows belong to a dataset."""
    return (
        sa.ForeignKeyConstraint(
            ["tenant_id", "dataset_id"],
            ["datasets.tenant_id", "datasets.id"],
            name=f"fk_{table}_tenant_id_dataset_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("tenant_id", "id", name=f"uq_{table}_tenant_id_id"),
    )


def _columns() -> None:
    for column in (_text("rights_kind", ""), _text("rights_note", ""), _at("rights_until")):
        op.add_column("datasets", column)
    op.add_column("datasets", sa.Column("settings", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False))
    op.create_check_constraint(op.f("ck_datasets_rights_kind"), "datasets", f"rights_kind IN ('', {_KINDS})")
    for name in ("measured", "crop_version"):
        op.add_column("dataset_images", sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False))
    for name in ("brightness", "contrast", "clipped", "face_height"):
        op.add_column("dataset_images", sa.Column(name, sa.Double(), nullable=True))
    for name in ("faces", "crop_x", "crop_y", "crop_w", "crop_h"):
        op.add_column("dataset_images", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column("dataset_images", sa.Column("face_box", postgresql.JSONB(), nullable=True))
    op.add_column("dataset_images", sa.Column("alike", sa.Text(), nullable=True))
    op.add_column("dataset_images", _text("caption_source", ""))
    op.add_column("dataset_images", _text("colours", ""))
    whole = "num_nulls(crop_x, crop_y, crop_w, crop_h) = 4 OR num_nonnulls(crop_x, crop_y, crop_w, crop_h) = 4"
    op.create_check_constraint(op.f("ck_dataset_images_crop"), "dataset_images", whole)
    op.create_index(
        "ix_dataset_images_alike",
        "dataset_images",
        ["tenant_id", "dataset_id", "alike"],
        postgresql_where=sa.text("alike IS NOT NULL"),
    )


def _captions() -> None:
    op.create_table(
        "dataset_captions",
        sa.Column("image_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("caption"),
        _text("source", ""),
        _text("said_by", ""),
        sa.Column("edit_id", sa.Text(), nullable=True),
        *_shared(),
        sa.ForeignKeyConstraint(
            ["tenant_id", "image_id"],
            ["dataset_images.tenant_id", "dataset_images.id"],
            name="fk_dataset_captions_tenant_id_image_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "image_id", "version", name="pk_dataset_captions"),
    )


def _edits() -> None:
    op.create_table(
        "dataset_edits",
        _text("id"),
        _text("dataset_id"),
        _text("kind"),
        _text("title"),
        sa.Column("count", sa.Integer(), nullable=False),
        _text("said_by", ""),
        sa.Column("undo", postgresql.JSONB(), nullable=False),
        _text("request_key", ""),
        _at("undone_at"),
        _text("undone_by", ""),
        *_shared(),
        sa.CheckConstraint("kind IN ('captions', 'included', 'crops')", name=op.f("ck_dataset_edits_kind")),
        *_of_dataset("dataset_edits"),
    )
    op.create_index("ix_dataset_edits_tenant_id_dataset_id_id", "dataset_edits", ["tenant_id", "dataset_id", "id"])
    op.create_index(
        "uq_dataset_edits_request",
        "dataset_edits",
        ["tenant_id", "request_key"],
        unique=True,
        postgresql_where=sa.text("request_key <> ''"),
    )


def _rights() -> None:
    op.create_table(
        "dataset_rights",
        _text("id"),
        _text("dataset_id"),
        _text("kind"),
        _text("statement", ""),
        _text("note", ""),
        _at("until"),
        _text("said_by", ""),
        *_shared(),
        sa.CheckConstraint(f"kind IN ('withdrawn', '', {_KINDS})", name=op.f("ck_dataset_rights_kind")),
        *_of_dataset("dataset_rights"),
    )
    op.create_index("ix_dataset_rights_tenant_id_dataset_id_id", "dataset_rights", ["tenant_id", "dataset_id", "id"])


def _carry_over() -> None:
    """What was declared and written before there was a history becomes its first entry."""
    op.execute(
        "INSERT INTO dataset_rights (id, tenant_id, dataset_id, kind, statement, said_by, created_at) "
        "SELECT 'dr_' || id, tenant_id, id, '', rights_statement, coalesce(rights_by, ''), coalesce(rights_at, created_at) "
        "FROM datasets WHERE rights_statement <> ''"
    )
    op.execute(
        "INSERT INTO dataset_captions (tenant_id, image_id, version, caption, said_by, created_at) "
        "SELECT tenant_id, id, caption_version, caption, caption_by, created_at FROM dataset_images WHERE caption <> ''"
    )
    op.execute("UPDATE dataset_images SET alike = near_duplicate_of WHERE near_duplicate_of IS NOT NULL")
    op.execute(
        "UPDATE dataset_images d SET alike = d.id WHERE alike IS NULL "
        "AND EXISTS (SELECT FROM dataset_images x WHERE x.tenant_id = d.tenant_id AND x.alike = d.id)"
    )
