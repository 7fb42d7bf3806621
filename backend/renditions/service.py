"""Asking for files as they go out, finding those that are ready, clearing those that nobody asks for any more."""

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
from backend.renditions.schemas import KIND, NOUN, MediaPayload, Wanted

_CHAIN = 20


def ask(tx: Session, wanted: Wanted, *, title: str = "") -> JobCard | None:
    """A job that prepares what is missing; None: all of it is there, or cannot be made.

    Asked again while such a job waits or runs, it is the same one. Raises NotPermitted.
    """
    missing = want(tx, wanted).rendition_ids
    if not missing:
        return None
    said = title or f"Prepare {len(missing)} file{'' if len(missing) == 1 else 's'} for posting"
    key = f"media:{hashlib.sha256(' '.join(sorted(missing)).encode()).hexdigest()[:32]}"
    payload = MediaPayload(rendition_ids=missing)
    for _ in range(_CHAIN):
        card = jobs.enqueue(tx, kind=KIND, payload=payload, title=said, request_key=key)
        if card.state not in FINAL:
            return card
        key = f"media:{card.id}"  # that one failed, or its files are gone since: the next of the chain
    return card


def want(tx: Session, wanted: Wanted) -> MediaPayload:
    """Writes down what is asked for; the payload of a job that makes what is missing of it (perhaps nothing)."""
    rows = {(asset_id, recipe.digest): recipe for asset_id, recipe in wanted}
    if not rows:
        return MediaPayload(rendition_ids=[])
    values = [
        {"id": new_id("ren"), "asset_id": asset_id, "digest": digest, "recipe": recipe.model_dump(mode="json")}
        for (asset_id, digest), recipe in sorted(rows.items(), key=lambda one: one[0])
    ]
    asked = insert(Rendition).values([{**one, "used_at": func.clock_timestamp()} for one in values])
    again = asked.on_conflict_do_update(
        index_elements=["tenant_id", "asset_id", "digest"], set_={"used_at": func.clock_timestamp()}
    )
    ids = tx.scalars(again.returning(Rendition.id)).all()
    _forget_lost(tx, ids)
    left = select(Rendition.id).where(Rendition.id.in_(ids), Rendition.made_id.is_(None), Rendition.error == "")
    return MediaPayload(rendition_ids=list(tx.scalars(left.order_by(Rendition.id))))


def ready(tx: Session, wanted: Wanted) -> list[AssetCard] | None:
    """The files as they go out, in order; None: at least one is not made yet. Raises Invalid: why one cannot be made."""
    there = standing(tx, wanted)
    files = [there.get(key) for key in _keys(wanted)]
    for one in files:
        if isinstance(one, str):
            raise Invalid(one)
    made = [one for one in files if isinstance(one, AssetCard)]
    if len(made) < len(files):
        return None
    mine = Rendition.made_id.in_([one.id for one in made])
    tx.execute(update(Rendition).where(mine).values(used_at=func.clock_timestamp()))
    return made


def standing(tx: Session, wanted: Wanted) -> dict[tuple[str, str], AssetCard | str]:
    """(asset id, digest) -> the file that is there, or why it cannot be made; what is neither is left out."""
    rows = _rows(tx, wanted)
    cards = assets.get_many(tx, [row.made_id for row in rows.values() if row.made_id])
    there = {made_id: card for made_id, card in cards.items() if card.state == "stored"}
    found: dict[tuple[str, str], AssetCard | str] = {key: row.error for key, row in rows.items() if row.error}
    return found | {key: there[row.made_id] for key, row in rows.items() if row.made_id in there}


def forget(tx: Session, *, days: float, take: int = 500) -> int:
    """Clears files that nobody asked for in so many days: asked for again, they are made again. Returns how many."""
    old = Rendition.used_at < func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, days * 86_400.0)
    rows = tx.execute(select(Rendition.id, Rendition.made_id).where(old).limit(take).with_for_update(skip_locked=True)).all()
    if not rows:
        return 0
    ids, made = [row.id for row in rows], [row.made_id for row in rows if row.made_id]
    tx.execute(delete(Rendition).where(Rendition.id.in_(ids)))
    assets.unuse_all(tx, NOUN, ids)
    free = [one for one in made if not assets.uses(tx, one)]
    assets.delete(tx, free)
    return len(ids)


def _forget_lost(tx: Session, ids: object) -> None:
    """A prepared file that was deleted since is made anew."""
    gone = select(Rendition.id).join(Asset, Asset.id == Rendition.made_id)
    gone = gone.where(Rendition.id.in_(ids), Asset.state.not_in(("stored",)))  # type: ignore[arg-type]
    tx.execute(update(Rendition).where(Rendition.id.in_(gone)).values(made_id=None))


def _rows(tx: Session, wanted: Wanted) -> dict[tuple[str, str], Rendition]:
    keys = set(_keys(wanted))
    if not keys:
        return {}
    query = select(Rendition).where(Rendition.asset_id.in_({one for one, _ in keys}))
    rows = tx.scalars(query.execution_options(populate_existing=True))
    return {(row.asset_id, row.digest): row for row in rows if (row.asset_id, row.digest) in keys}


def _keys(wanted: Wanted) -> list[tuple[str, str]]:
    return [(asset_id, recipe.digest) for asset_id, recipe in wanted]
