"""The same file twice: brought in before, or a download of ours that comes back. Found by hash, within the workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend.boards.schemas import INBOX, NOUN
from backend.tables import Asset, Picture, Upload

REASON = "The gallery has this picture already."


@dataclass(frozen=True, slots=True)
class Twin:
    """A file that was left out (its bytes are kept for a while), and the picture it is the same as."""

    upload_id: str
    filename: str
    picture_id: str
    asset_id: str


def twin_of(tx: Session, upload_id: str) -> str | None:
    """The picture of the gallery that this file is. Others with the same file wait until `tx` ends."""
    sha256 = tx.scalar(select(Upload.sha256).where(Upload.id == upload_id))
    if not sha256:
        return None
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(tx.info["tenant_id"] + sha256, 0))))
    return next((picture_id for _, picture_id, _ in _same(tx, [sha256])), None)


def already(tx: Session, *, take: int = 200) -> list[Twin]:
    """Files left out because the gallery has them, latest first. One whose picture was deleted since is no twin any more."""
    mine = Upload.noun == NOUN, Upload.noun_id == INBOX, Upload.state == "refused", Upload.reason == REASON
    left = tx.execute(
        select(Upload.id, Upload.filename, Upload.sha256).where(*mine).order_by(Upload.id.desc()).limit(take)
    ).all()
    found = {sha256: (picture_id, asset_id) for sha256, picture_id, asset_id in _same(tx, [one.sha256 for one in left])}
    return [Twin(one.id, one.filename, *found[one.sha256]) for one in left if one.sha256 in found]


def let_in(tx: Session, upload_ids: Sequence[str]) -> int:
    """Files left out as twins wait to be brought in again. Returns how many."""
    mine = Upload.noun == NOUN, Upload.noun_id == INBOX, Upload.state == "refused", Upload.reason == REASON
    again = update(Upload).where(Upload.id.in_(upload_ids), *mine).values(state="stored", reason="")
    return len(tx.scalars(again.returning(Upload.id)).all())


def leave_out(tx: Session, upload_ids: Sequence[str]) -> None:
    """Nobody is asked about these any more."""
    mine = Upload.noun == NOUN, Upload.noun_id == INBOX, Upload.state == "refused", Upload.reason == REASON
    tx.execute(update(Upload).where(Upload.id.in_(upload_ids), *mine).values(state="taken"))


def still_waits(tx: Session, upload_id: str) -> bool:
    """Whether nobody else took this file meanwhile; it is ours until `tx` ends."""
    waiting = select(Upload.id).where(Upload.id == upload_id, Upload.state == "stored").with_for_update()
    return tx.scalar(waiting) is not None


def _same(tx: Session, hashes: Sequence[str]) -> list[tuple[str, str, str]]:
    """(hash, picture, asset): of pictures brought in from such a file, and of those whose kept file it is."""
    here = Picture.deleted_at.is_(None)
    brought = select(Picture.file_sha256, Picture.id, Picture.asset_id).where(Picture.file_sha256.in_(hashes), here)
    ours = Asset.sha256.in_(hashes), Asset.kind == "image", Asset.state == "stored"
    kept = select(Asset.sha256, Picture.id, Picture.asset_id).join(Picture, Picture.asset_id == Asset.id).where(*ours, here)
    return [(str(sha), picture_id, asset_id) for sha, picture_id, asset_id in tx.execute(brought.union_all(kept))]
