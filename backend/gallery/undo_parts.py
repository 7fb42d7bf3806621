"""What of boards can be undone beside actions, and how actions are."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import undo
from backend.db.tables import Board, Picture
from backend.gallery import boards, bulk_actions, review
from backend.gallery.schemas import BoardDraft
from backend.undo import Values

_IS_THERE = Board.deleted_at.is_(None)


def _read_gates(tx: Session, picture_ids: str) -> Values:
    """`picture_ids`: with spaces between them."""
    conditions = Picture.id.in_(picture_ids.split()), Picture.deleted_at.is_(None)
    return dict(tx.execute(select(Picture.id, Picture.gate).where(*conditions).order_by(Picture.id).with_for_update()).all())


def register_parts() -> None:
    undo.register(undo.Part("pictures.gate", read=_read_gates, write=lambda tx, _, values: review.undo_decision(tx, values)))
    undo.register(
        undo.Part(
            "board.saved",
            read=undo.columns(Board, "name", "notes", where=_IS_THERE),
            write=lambda tx, board_id, values: boards.edit_board(tx, board_id, draft=BoardDraft(**values)),
        )
    )
    undo.register(
        undo.Part(
            "board.cover",
            read=undo.columns(Board, "cover_id", where=_IS_THERE),
            write=lambda tx, board_id, values: boards.set_board_cover(tx, board_id, values["cover_id"]),
        )
    )
    undo.register_act("picture", bulk_actions.undo)
    undo.register_act("board", bulk_actions.undo)
