"""Presets: all values of the Create form under a name; one of them may be what the form starts with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.db.tables import Preset
from backend.errors import Invalid, NotFound
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.prompt_library.schemas import PresetCard

_NOT_FOUND = tr_lazy("This preset does not exist here. It may have been deleted.")


def presets(tx: Session) -> list[PresetCard]:
    """The user's own, then everybody's, by name."""
    query = select(Preset).where(Preset.owner_id.in_(("", _user_id(tx)))).order_by(Preset.owner_id == "", Preset.name)
    return [_card(tx, row) for row in tx.scalars(query.execution_options(populate_existing=True))]


def preset(tx: Session, preset_id: str) -> PresetCard:
    """Raises NotFound, also for another user's own."""
    row = tx.scalars(select(Preset).where(Preset.id == preset_id, Preset.owner_id.in_(("", _user_id(tx))))).one_or_none()
    if row is None:
        raise NotFound(_NOT_FOUND)
    tx.refresh(row)
    return _card(tx, row)


def default_preset(tx: Session) -> PresetCard | None:
    """What the form starts with: the user's own choice, else the workspace's."""
    return next((card for card in presets(tx) if card.is_default), None)


def save_preset(tx: Session, *, name: str, draft: Mapping[str, Any], own: bool = True) -> PresetCard:
    """Saves a preset and overwrites one of the same name. `draft`: JSON values. Raises Invalid."""
    name = " ".join(name.split())
    if not 2 <= len(name) <= 60:
        raise Invalid(tr_lazy("Give the preset a name of 2 to 60 characters."))
    insert_stmt = insert(Preset).values(id=new_id("pre"), owner_id=_user_id(tx) if own else "", name=name, draft=dict(draft))
    upsert = insert_stmt.on_conflict_do_update(
        index_elements=["tenant_id", "owner_id", "name"], set_={"draft": dict(draft), "updated_at": func.clock_timestamp()}
    )
    return preset(tx, str(tx.scalar(upsert.returning(Preset.id))))


def set_default_preset(tx: Session, preset_id: str, *, on: bool = True) -> PresetCard:
    """At most one for each user, and one for the workspace. Raises NotFound."""
    card = preset(tx, preset_id)
    tx.execute(update(Preset).where(Preset.owner_id == (_user_id(tx) if card.is_own else "")).values(standard=False))
    tx.execute(update(Preset).where(Preset.id == preset_id).values(standard=on))
    return preset(tx, preset_id)


def delete_preset(tx: Session, preset_id: str) -> None:
    """Raises NotFound."""
    preset(tx, preset_id)
    tx.execute(delete(Preset).where(Preset.id == preset_id))


def _user_id(tx: Session) -> str:
    return str(tx.info.get("user_id") or "")


def _card(tx: Session, row: Preset) -> PresetCard:
    return PresetCard(row.id, row.name, row.owner_id != "", row.standard, row.draft, row.updated_at)
