"""Requesting renditions, finding those that are ready, deleting those that nobody asks for any more."""

from __future__ import annotations

import hashlib

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import assets, jobs
from backend.assets import AssetCard
from backend.db.tables import FINAL, Asset, Rendition
from backend.errors import Invalid
from backend.jobs import JobCard
from backend.kit.ids import new_id
from backend.language import tr_lazy_plural
from backend.renditions.schemas import KIND, OWNER_TYPE, MediaPayload, RenditionRequests

_MAX_CHAIN = 20


def start_preparation(tx: Session, requests: RenditionRequests, *, title: str = "") -> JobCard | None:
    """Starts a job that prepares what is missing; None: everything is prepared, or cannot be.

    While such a job waits or runs, the same call returns it. Raises NotPermitted.
    """
    missing = request_renditions(tx, requests).rendition_ids
    if not missing:
        return None
    job_title = title or tr_lazy_plural("Prepare {n} file for posting", "Prepare {n} files for posting", len(missing))
    key = f"media:{hashlib.sha256(' '.join(sorted(missing)).encode()).hexdigest()[:32]}"
    payload = MediaPayload(rendition_ids=missing)
    for _ in range(_MAX_CHAIN):
        card = jobs.enqueue(tx, kind=KIND, payload=payload, title=job_title, request_key=key)
        if card.state not in FINAL:
            return card
        key = f"media:{card.id}"  # that job has ended, so its key is used up: the next key is made from its id
    return card


def request_renditions(tx: Session, requests: RenditionRequests) -> MediaPayload:
    """Records the requests; returns the payload of a job that makes what is missing (its list may be empty)."""
    recipes_by_key = {(asset_id, recipe.digest): recipe for asset_id, recipe in requests}
    if not recipes_by_key:
        return MediaPayload(rendition_ids=[])
    values = [
        {"id": new_id("ren"), "asset_id": asset_id, "digest": digest, "recipe": recipe.model_dump(mode="json")}
        for (asset_id, digest), recipe in sorted(recipes_by_key.items(), key=lambda item: item[0])
    ]
    statement = insert(Rendition).values([{**row, "used_at": func.clock_timestamp()} for row in values])
    upsert = statement.on_conflict_do_update(
        index_elements=["tenant_id", "asset_id", "digest"], set_={"used_at": func.clock_timestamp()}
    )
    ids = tx.scalars(upsert.returning(Rendition.id)).all()
    _clear_deleted(tx, ids)
    missing = select(Rendition.id).where(
        Rendition.id.in_(ids), Rendition.made_id.is_(None), Rendition.error["text"].astext == ""
    )
    return MediaPayload(rendition_ids=list(tx.scalars(missing.order_by(Rendition.id))))


def ready_files(tx: Session, requests: RenditionRequests) -> list[AssetCard] | None:
    """The prepared files, in order; None: at least one is not made yet. Raises Invalid: why one cannot be made."""
    status_by_key = rendition_status(tx, requests)
    files = [status_by_key.get(key) for key in _keys(requests)]
    for file in files:
        if isinstance(file, str):
            raise Invalid(file)
    prepared = [file for file in files if isinstance(file, AssetCard)]
    if len(prepared) < len(files):
        return None
    used = Rendition.made_id.in_([card.id for card in prepared])
    tx.execute(update(Rendition).where(used).values(used_at=func.clock_timestamp()))
    return prepared


def rendition_status(tx: Session, requests: RenditionRequests) -> dict[tuple[str, str], AssetCard | str]:
    """(asset id, digest) -> the prepared file, or why it cannot be made; those that are not made yet are left out."""
    rows = _rows(tx, requests)
    cards = assets.get_many(tx, [row.made_id for row in rows.values() if row.made_id])
    stored_by_id = {made_id: card for made_id, card in cards.items() if card.state == "stored"}
    errors: dict[tuple[str, str], AssetCard | str] = {key: row.error for key, row in rows.items() if row.error}
    return errors | {key: stored_by_id[row.made_id] for key, row in rows.items() if row.made_id in stored_by_id}


def delete_unused(tx: Session, *, days: float, take: int = 500) -> int:
    """Deletes renditions that nobody asked for in `days`; requested again, they are made again. Returns how many."""
    old = Rendition.used_at < func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, days * 86_400.0)
    rows = tx.execute(select(Rendition.id, Rendition.made_id).where(old).limit(take).with_for_update(skip_locked=True)).all()
    if not rows:
        return 0
    ids, prepared_ids = [row.id for row in rows], [row.made_id for row in rows if row.made_id]
    tx.execute(delete(Rendition).where(Rendition.id.in_(ids)))
    assets.unuse_all(tx, OWNER_TYPE, ids)
    unused_ids = [asset_id for asset_id in prepared_ids if not assets.uses(tx, asset_id)]
    assets.delete(tx, unused_ids)
    return len(ids)


def _clear_deleted(tx: Session, ids: object) -> None:
    """Clears `made_id` where the prepared file was deleted, so that it is made again."""
    deleted = select(Rendition.id).join(Asset, Asset.id == Rendition.made_id)
    deleted = deleted.where(Rendition.id.in_(ids), Asset.state.not_in(("stored",)))  # type: ignore[arg-type]
    tx.execute(update(Rendition).where(Rendition.id.in_(deleted)).values(made_id=None))


def _rows(tx: Session, requests: RenditionRequests) -> dict[tuple[str, str], Rendition]:
    keys = set(_keys(requests))
    if not keys:
        return {}
    query = select(Rendition).where(Rendition.asset_id.in_({asset_id for asset_id, _ in keys}))
    rows = tx.scalars(query.execution_options(populate_existing=True))
    return {(row.asset_id, row.digest): row for row in rows if (row.asset_id, row.digest) in keys}


def _keys(requests: RenditionRequests) -> list[tuple[str, str]]:
    return [(asset_id, recipe.digest) for asset_id, recipe in requests]
