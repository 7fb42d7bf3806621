"""Duplicate imports: files that were imported before, or that were downloaded from this gallery. Found by SHA-256 within the
workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend.db.tables import Asset, Picture, Upload
from backend.gallery.schemas import INBOX, NOUN
from backend.language import tr_lazy

REASON = tr_lazy("The gallery has this picture already.")
_IS_DUPLICATE = (
    Upload.noun == NOUN,
    Upload.noun_id == INBOX,
    Upload.state == "refused",
    Upload.reason["text"].astext == str(REASON),
)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An upload that was not imported (its bytes are kept for a while), and the picture that is the same file."""

    upload_id: str
    filename: str
    picture_id: str
    asset_id: str


def duplicate_of(tx: Session, upload_id: str) -> str | None:
    """The id of the picture that is this file, or None. Takes a lock on the file's hash until `tx` ends, so that two imports
    of the same file run one after the other."""
    sha256 = tx.scalar(select(Upload.sha256).where(Upload.id == upload_id))
    if not sha256:
        return None
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(tx.info["tenant_id"] + sha256, 0))))
    return next((picture_id for _, picture_id, _ in _pictures_with_hash(tx, [sha256])), None)


def find_duplicates(tx: Session, *, take: int = 200) -> list[Duplicate]:
    """Uploads that were not imported because the gallery has them, newest first. One whose picture was deleted since is no
    longer a duplicate."""
    columns = select(Upload.id, Upload.filename, Upload.sha256)
    uploads = tx.execute(columns.where(*_IS_DUPLICATE).order_by(Upload.id.desc()).limit(take)).all()
    pictures = _pictures_with_hash(tx, [upload.sha256 for upload in uploads])
    ids_by_hash = {sha256: (picture_id, asset_id) for sha256, picture_id, asset_id in pictures}
    return [
        Duplicate(upload.id, upload.filename, *ids_by_hash[upload.sha256]) for upload in uploads if upload.sha256 in ids_by_hash
    ]


def pictures_of(tx: Session, upload_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Upload id -> (picture id, asset id) of each of these files that the gallery has."""
    hashes = {
        upload_id: sha256
        for upload_id, sha256 in tx.execute(select(Upload.id, Upload.sha256).where(Upload.id.in_(upload_ids)))
        if sha256
    }
    pictures = {
        sha256: (picture_id, asset_id) for sha256, picture_id, asset_id in _pictures_with_hash(tx, list(hashes.values()))
    }
    return {upload_id: pictures[sha256] for upload_id, sha256 in hashes.items() if sha256 in pictures}


def accept_anyway(tx: Session, upload_ids: Sequence[str]) -> int:
    """Makes these duplicates wait for import again. Returns how many."""
    waiting = update(Upload).where(Upload.id.in_(upload_ids), *_IS_DUPLICATE).values(state="stored", reason="")
    return len(tx.scalars(waiting.returning(Upload.id)).all())


def dismiss_duplicates(tx: Session, upload_ids: Sequence[str]) -> None:
    """Marks these duplicates as dealt with: `find_duplicates` no longer returns them."""
    tx.execute(update(Upload).where(Upload.id.in_(upload_ids), *_IS_DUPLICATE).values(state="taken"))


def lock_waiting(tx: Session, upload_id: str) -> bool:
    """Whether this upload still waits for import; locks it until `tx` ends."""
    waiting = select(Upload.id).where(Upload.id == upload_id, Upload.state == "stored").with_for_update()
    return tx.scalar(waiting) is not None


def _pictures_with_hash(tx: Session, hashes: Sequence[str]) -> list[tuple[str, str, str]]:
    """(hash, picture id, asset id) of pictures that were imported from such a file, and of those whose stored file has the
    hash."""
    not_deleted = Picture.deleted_at.is_(None)
    imported = select(Picture.file_sha256, Picture.id, Picture.asset_id).where(Picture.file_sha256.in_(hashes), not_deleted)
    same_file = Asset.sha256.in_(hashes), Asset.kind == "image", Asset.state == "stored"
    stored = select(Asset.sha256, Picture.id, Picture.asset_id).join(Picture, Picture.asset_id == Asset.id)
    stored = stored.where(*same_file, not_deleted)
    return [(str(sha256), picture_id, asset_id) for sha256, picture_id, asset_id in tx.execute(imported.union_all(stored))]
