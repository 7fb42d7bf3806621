"""Boards, their pictures, and undo entries of pictures and boards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import CURRENT_TENANT, Base, Dated, Tenanted, one_of, tenant_fk, tenant_key
from backend.db.tables.message_column import MessageColumn


class Board(Tenanted, Dated, Base):
    __tablename__ = "boards"
    __table_args__ = (
        tenant_key(),
        Index("uq_boards_name", "tenant_id", "name", unique=True, postgresql_where=text("deleted_at IS NULL")),
        Index("ix_boards_trash", "tenant_id", "deleted_at", "id", postgresql_where=text("deleted_at IS NOT NULL")),
        tenant_fk("cover_id", "pictures", ondelete="SET NULL"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    notes: Mapped[str] = mapped_column(server_default="")
    cover_id: Mapped[str | None]
    """A picture; empty: its first."""
    created_by: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    archived_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class BoardPicture(Tenanted, Dated, Base):
    """`position`: ascending, with gaps, so that a move writes one row. A deleted picture keeps its position."""

    __tablename__ = "board_pictures"
    __table_args__ = (
        tenant_fk("board_id", "boards", ondelete="CASCADE"),
        tenant_fk("picture_id", "pictures", ondelete="CASCADE"),
        Index("ix_board_pictures_order", "tenant_id", "board_id", "position", "picture_id"),
        Index(None, "tenant_id", "picture_id"),
    )
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    board_id: Mapped[str] = mapped_column(primary_key=True)
    picture_id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)


class PictureAct(Tenanted, Dated, Base):
    """An undo entry: an action on pictures or a board, and what was there before."""

    __tablename__ = "picture_acts"
    __table_args__ = (
        tenant_key(),
        tenant_key("request_key"),
        CheckConstraint(
            one_of(
                "kind",
                "rate",
                "favourite",
                "delete",
                "board-add",
                "board-remove",
                "board-move",
                "board-order",
                "board-delete",
                "board-archive",
            ),
            name="kind",
        ),
        Index(None, "tenant_id", "created_by", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    request_key: Mapped[str]
    count: Mapped[int]
    said: Mapped[str] = mapped_column(MessageColumn)
    """What was done, as a sentence."""
    before: Mapped[dict[str, Any]]
    """What `undo` needs; its shape is the kind's own."""
    created_by: Mapped[str | None]
    undone_at: Mapped[datetime | None]
