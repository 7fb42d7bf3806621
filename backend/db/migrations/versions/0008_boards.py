"""Boards, favourites, search and similar pictures."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TENANT = sa.text("current_setting('app.tenant', true)")
NOW = sa.text("clock_timestamp()")
LIVE = sa.text("deleted_at IS NULL")


def _tenant(primary: bool = False) -> sa.Column[str]:
    return sa.Column("tenant_id", sa.Text, server_default=TENANT, nullable=False, primary_key=primary)


def _at(name: str, *, now: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=NOW if now else None, nullable=not now)


def upgrade() -> None:
    _pictures()
    _boards()
    _acts()


def _pictures() -> None:
    for column in (
        sa.Column("favourite", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.Column("model", sa.Text, server_default="", nullable=False),
        sa.Column("shape", sa.Text, server_default="square", nullable=False),
        sa.Column("source", sa.Text, server_default="made", nullable=False),
        sa.Column("origin", postgresql.JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("dhash", sa.Text),
        sa.Column("bands", postgresql.ARRAY(sa.Integer)),
    ):
        op.add_column("pictures", column)
    op.execute(
        "ALTER TABLE pictures ADD COLUMN search tsvector GENERATED ALWAYS AS "
        "(array_to_tsvector(ARRAY['#' || tenant_id]) || to_tsvector('simple'::regconfig, prompt)) STORED"
    )
    op.execute(
        "UPDATE pictures p SET model = coalesce(g.recipe->>'model', ''), shape = CASE WHEN a.width > a.height THEN 'landscape' "
        "WHEN a.width < a.height THEN 'portrait' ELSE 'square' END FROM generations g, assets a "
        "WHERE g.tenant_id = p.tenant_id AND g.id = p.generation_id AND a.tenant_id = p.tenant_id AND a.id = p.asset_id"
    )
    op.create_check_constraint("shape", "pictures", "shape IN ('square', 'portrait', 'landscape')")
    op.create_check_constraint("source", "pictures", "source IN ('made', 'imported')")
    favourite = sa.text("favourite AND deleted_at IS NULL")
    op.create_index("ix_pictures_favourite", "pictures", ["tenant_id", "id"], postgresql_where=favourite)
    for name in ("seed", "model", "source"):
        op.create_index(f"ix_pictures_{name}", "pictures", ["tenant_id", name, "id"], postgresql_where=LIVE)
    for name in ("search", "bands"):
        op.create_index(f"ix_pictures_{name}", "pictures", [name], postgresql_using="gin")


def _boards() -> None:
    op.create_table(
        "boards",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("notes", sa.Text, server_default="", nullable=False),
        sa.Column("cover_id", sa.Text),
        sa.Column("created_by", sa.Text),
        _at("updated_at", now=True),
        _at("archived_at"),
        _at("deleted_at"),
        _tenant(),
        _at("created_at", now=True),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_boards_tenant_id_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "cover_id"],
            ["pictures.tenant_id", "pictures.id"],
            name=op.f("fk_boards_tenant_id_cover_id"),
            ondelete="SET NULL (cover_id)",
        ),
    )
    op.create_index("uq_boards_name", "boards", ["tenant_id", "name"], unique=True, postgresql_where=LIVE)
    op.create_table(
        "board_pictures",
        _tenant(primary=True),
        sa.Column("board_id", sa.Text, primary_key=True),
        sa.Column("picture_id", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        _at("created_at", now=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "board_id"],
            ["boards.tenant_id", "boards.id"],
            name=op.f("fk_board_pictures_tenant_id_board_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "picture_id"],
            ["pictures.tenant_id", "pictures.id"],
            name=op.f("fk_board_pictures_tenant_id_picture_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_board_pictures_order", "board_pictures", ["tenant_id", "board_id", "position", "picture_id"])
    op.create_index(op.f("ix_board_pictures_tenant_id_picture_id"), "board_pictures", ["tenant_id", "picture_id"])


def _acts() -> None:
    kinds = (
        "'rate', 'favourite', 'delete', 'board-add', 'board-remove', 'board-move', 'board-order', 'board-delete', "
        "'board-archive'"
    )
    op.create_table(
        "picture_acts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("request_key", sa.Text, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("before", postgresql.JSONB, nullable=False),
        sa.Column("created_by", sa.Text),
        _at("undone_at"),
        _tenant(),
        _at("created_at", now=True),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_picture_acts_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "request_key", name=op.f("uq_picture_acts_tenant_id_request_key")),
        sa.CheckConstraint(f"kind IN ({kinds})", name=op.f("ck_picture_acts_kind")),
    )
    op.create_index(op.f("ix_picture_acts_tenant_id_created_by_id"), "picture_acts", ["tenant_id", "created_by", "id"])
