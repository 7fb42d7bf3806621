"""Reads assets and what uses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.assets.schemas import AssetCard, AssetPage, Use
from backend.db.row_counts import bounded_count
from backend.db.tables import Asset, AssetUse
from backend.errors import NotFound
from backend.language import tr_lazy


def get(tx: Session, asset_id: str) -> AssetCard:
    """Raises NotFound, also for another workspace's asset and for one whose bytes were removed."""
    row = tx.get(Asset, asset_id, populate_existing=True)
    if row is None or row.state == "purged":
        raise NotFound(tr_lazy("This file does not exist here. It may have been deleted."))
    return card(row)


def get_many(tx: Session, asset_ids: Sequence[str]) -> dict[str, AssetCard]:
    """Asset id -> card, of those that exist."""
    if not asset_ids:
        return {}
    return {row.id: card(row) for row in tx.scalars(select(Asset).where(Asset.id.in_(asset_ids), Asset.state != "purged"))}


def first_with_thumbnail(tx: Session, candidates: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Key -> the first of its asset ids that is a picture or video and still there, of those that have one."""
    asset_ids = {asset_id for ids in candidates.values() for asset_id in ids}
    if not asset_ids:
        return {}
    with_thumbnail = Asset.kind.in_(("image", "video")), Asset.state == "stored"
    shown = set(tx.scalars(select(Asset.id).where(Asset.id.in_(asset_ids), *with_thumbnail)))
    first = {key: next((asset_id for asset_id in ids if asset_id in shown), "") for key, ids in candidates.items()}
    return {key: asset_id for key, asset_id in first.items() if asset_id}


def stored(tx: Session) -> tuple[int, int]:
    """How many files the workspace has in storage, and their bytes without thumbnails."""
    files, size_bytes = tx.execute(
        select(func.count(), func.coalesce(func.sum(Asset.size_bytes), 0)).where(Asset.state == "stored")
    ).one()
    return files, int(size_bytes)


def page(
    tx: Session,
    *,
    kinds: Sequence[str],
    job_id: str | None = None,
    cursor: str | None = None,
    take: int = 50,
    skip: int = 0,
) -> AssetPage:
    """Stored files of these kinds, newest first. `cursor` is the id the last page ended with. `total` counts up to COUNT_TO."""
    where = [Asset.state == "stored", Asset.kind.in_(kinds)]
    if job_id:
        where.append(Asset.job_id == job_id)
    query = select(Asset).where(*where).order_by(Asset.id.desc()).limit(take + 1).offset(skip)
    rows = tx.scalars(query.where(Asset.id < cursor) if cursor else query).all()
    total = tx.scalar(bounded_count(Asset, *where)) or 0
    return AssetPage([card(row) for row in rows[:take]], rows[take - 1].id if len(rows) > take else None, total)


def uses(tx: Session, asset_id: str) -> list[Use]:
    rows = tx.scalars(select(AssetUse).where(AssetUse.asset_id == asset_id).order_by(AssetUse.noun, AssetUse.noun_id))
    return [Use(row.noun, row.noun_id) for row in rows]


def card(row: Asset) -> AssetCard:
    return AssetCard(
        id=row.id,
        kind=row.kind,
        key=row.key,
        content_type=row.content_type,
        filename=row.filename,
        size_bytes=row.size_bytes,
        sha256=row.sha256 or "",
        width=row.width,
        height=row.height,
        thumbs=tuple(row.thumbs),
        state=row.state,
        created_at=row.created_at,
        meta=row.meta,
        job_id=row.job_id,
    )
