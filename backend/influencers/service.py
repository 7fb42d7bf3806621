"""Creating and changing influencers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend import assets, events, loras
from backend.db.tables import Influencer
from backend.engines.ports.image import DEFAULT_LORA_WEIGHT
from backend.errors import Conflict, Invalid
from backend.influencers.queries import get
from backend.influencers.schemas import InfluencerCard, InfluencerDraft
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.undo import undoable


def create(tx: Session, draft: InfluencerDraft, *, is_sample: bool = False) -> InfluencerCard:
    """Raises Conflict when the name is taken. A workspace has one sample at most."""
    _check_name_free(tx, draft.name)
    row = Influencer(id=new_id("inf"), is_sample=is_sample, **draft.model_dump(mode="json"))
    with _name_conflict(tx, draft.name):
        tx.add(row)
    events.record(tx, "influencer.created", "influencer", row.id, {"name": draft.name})
    return get(tx, row.id)


@undoable("influencer.saved")
def save(tx: Session, influencer_id: str, draft: InfluencerDraft, *, version: int) -> InfluencerCard:
    """`version`: of the card the form was filled from. Raises NotFound, Conflict (changed meanwhile, or name taken)."""
    before = get(tx, influencer_id)
    if before.name != draft.name:
        _check_name_free(tx, draft.name)
    change = update(Influencer).where(Influencer.id == influencer_id, Influencer.version == version)
    change = change.values(**draft.model_dump(mode="json"), version=version + 1, updated_at=func.clock_timestamp())
    with _name_conflict(tx, draft.name):
        changed = tx.execute(change.returning(Influencer.id)).first()
    if changed is None:
        raise Conflict(
            tr_lazy(
                "Somebody else changed {name} while you were editing. Load it again, then repeat your change.",
                name=before.name,
            )
        )
    events.record(tx, "influencer.saved", "influencer", influencer_id, {"version": version + 1})
    return get(tx, influencer_id)


@undoable("influencer.archived")
def archive(tx: Session, influencer_id: str) -> InfluencerCard:
    """Hides it from lists; pictures, datasets and LoRAs stay."""
    return _update(tx, influencer_id, "influencer.archived", archived_at=func.clock_timestamp())


@undoable("influencer.archived")
def restore(tx: Session, influencer_id: str) -> InfluencerCard:
    return _update(tx, influencer_id, "influencer.restored", archived_at=None)


@undoable("influencer.lora")
def set_default_lora(
    tx: Session, influencer_id: str, lora_id: str | None, weight: float = DEFAULT_LORA_WEIGHT
) -> InfluencerCard:
    """The LoRA that draws them (None: none). `weight` -2..2. Raises NotFound, Invalid."""
    if not -2 <= weight <= 2:
        raise Invalid(tr_lazy("The weight of a LoRA must be between -2 and 2."))
    if lora_id is not None:
        loras.get(tx, lora_id)
    return _update(tx, influencer_id, "influencer.lora_chosen", default_lora_id=lora_id, default_lora_weight=weight)


@undoable("influencer.cover")
def set_cover(tx: Session, influencer_id: str, asset_id: str | None) -> InfluencerCard:
    """The picture on their card. Raises NotFound, Invalid (no picture)."""
    before = get(tx, influencer_id).cover_asset_id
    if asset_id is not None:
        if assets.get(tx, asset_id).kind != "image":
            raise Invalid(tr_lazy("The cover of an influencer is a picture. Choose one from the gallery."))
        assets.use(tx, asset_id, "influencer", influencer_id)
    if before and before != asset_id:
        assets.unuse(tx, before, "influencer", influencer_id)
    return _update(tx, influencer_id, "influencer.cover_chosen", cover_asset_id=asset_id)


def save_setup(tx: Session, influencer_id: str, **setup: Any) -> InfluencerCard:
    """Stores how far the wizard came; the keys are merged into those stored."""
    return _update(tx, influencer_id, "", setup={**get(tx, influencer_id).setup, **setup})


def _update(tx: Session, influencer_id: str, event: str, **values: Any) -> InfluencerCard:
    """`event`: its kind; "": nobody is told."""
    get(tx, influencer_id)
    tx.execute(update(Influencer).where(Influencer.id == influencer_id).values(**values, updated_at=func.clock_timestamp()))
    if event:
        events.record(tx, event, "influencer", influencer_id)
    return get(tx, influencer_id)


def _check_name_free(tx: Session, name: str) -> None:
    row = tx.scalars(select(Influencer).where(Influencer.name == name)).first()
    if row is None:
        return
    if row.archived_at:
        raise Conflict(tr_lazy("{name} is the name of an archived influencer. Restore it, or choose another name.", name=name))
    raise Conflict(tr_lazy("There is already an influencer called {name}. Choose another name.", name=name))


@contextmanager
def _name_conflict(tx: Session, name: str) -> Iterator[None]:
    """Turns the unique constraint's error into the same Conflict: two users may take a name at the same moment, which
    `_check_name_free` cannot see."""
    try:
        with tx.begin_nested():
            yield
    except IntegrityError as error:
        raise Conflict(tr_lazy("There is already an influencer called {name}. Choose another name.", name=name)) from error
