"""Reading the LoRA library."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from backend.db.tables import Asset, Influencer, Lora, Picture, PictureLora
from backend.errors import Invalid, NotFound
from backend.language import joined, tr_lazy, tr_lazy_plural
from backend.loras.schemas import LoraCard, LoraPage


def get(tx: Session, lora_id: str) -> LoraCard:
    """Raises NotFound."""
    row = tx.execute(_cards().where(Lora.id == lora_id)).first()
    if row is None:
        raise NotFound(tr_lazy("This LoRA is not in the library. It may have been deleted; choose another one."))
    return _card(*row)


def get_many(tx: Session, lora_ids: Sequence[str]) -> dict[str, LoraCard]:
    """LoRAs that exist and are not deleted, by id."""
    rows = tx.execute(_cards().where(Lora.id.in_(lora_ids))).all() if lora_ids else []
    return {card.id: card for card in (_card(*row) for row in rows)}


def page(
    tx: Session,
    *,
    influencer_id: str | None = None,
    base: str | None = None,
    text: str = "",
    cursor: str | None = None,
    take: int = 50,
    skip: int = 0,
) -> LoraPage:
    """Newest first. `cursor` is the id the last page ended with; `skip` leaves out the first ones."""
    where: list[ColumnElement[bool]] = [Lora.deleted_at.is_(None)]
    if influencer_id:
        where.append(Lora.influencer_id == influencer_id)
    if base:
        where.append(Lora.base == base)
    if text.strip():
        where.append(Lora.name.contains(text.strip().lower(), autoescape=True))
    query = _cards().where(*where).order_by(Lora.id.desc()).limit(take + 1).offset(skip)
    rows = tx.execute(query.where(Lora.id < cursor) if cursor else query).all()
    total = tx.scalar(select(func.count()).select_from(Lora).where(*where)) or 0
    cards = [_card(*row) for row in rows[:take]]
    return LoraPage(cards, cards[-1].id if len(rows) > take else None, total)


def by_name(tx: Session, name: str) -> LoraCard:
    """Names are compared without regard to case. Raises Invalid listing close ones."""
    row = tx.execute(_cards().where(Lora.name == name.strip().lower())).first()
    if row is None:
        raise Invalid(_unknown_message(name, names(tx)))
    return _card(*row)


def names(tx: Session) -> list[str]:
    return list(tx.scalars(select(Lora.name).where(Lora.deleted_at.is_(None)).order_by(Lora.name)))


def usages(tx: Session, lora_id: str) -> list[str]:
    """What uses the LoRA, as phrases: `the default of Bella`, `12 pictures`."""
    defaults = tx.scalars(select(Influencer.name).where(Influencer.default_lora_id == lora_id).order_by(Influencer.name))
    drawn = (
        select(func.count())
        .select_from(PictureLora)
        .join(Picture, Picture.id == PictureLora.picture_id)
        .where(PictureLora.lora_id == lora_id, Picture.deleted_at.is_(None))
    )
    pictures = tx.scalar(drawn) or 0
    usage_texts: list[str] = [tr_lazy("the default of {name}", name=name) for name in defaults]
    return usage_texts + ([tr_lazy_plural("{n:,} picture", "{n:,} pictures", pictures)] if pictures else [])


def _unknown_message(name: str, existing_names: list[str]) -> str:
    close = get_close_matches(name.lower(), existing_names, n=3, cutoff=0.4)
    if len(close) == 1:
        return tr_lazy("There is no LoRA called “{name}”. Did you mean {suggestion}?", name=name, suggestion=close[0])
    if close:
        return tr_lazy(
            "There is no LoRA called “{name}”. Did you mean one of these: {names}?", name=name, names=", ".join(close)
        )
    listed = (
        tr_lazy("It has: {names}.", names=", ".join(existing_names[:5]))
        if existing_names
        else tr_lazy("It is empty: train or upload one first.")
    )
    return joined(tr_lazy("There is no LoRA called “{name}” in the library.", name=name), listed)


def _cards() -> Select[Lora, str, int, str | None]:
    query = select(Lora, Asset.key, Asset.size_bytes, Asset.sha256).join(Asset, Asset.id == Lora.asset_id)
    return query.where(Lora.deleted_at.is_(None)).execution_options(populate_existing=True)


def _card(row: Lora, key: str, size_bytes: int, sha256: str | None) -> LoraCard:
    columns = (
        "id",
        "name",
        "trigger_word",
        "base",
        "dim",
        "alpha",
        "source",
        "asset_id",
        "influencer_id",
        "run_id",
        "step",
        "notes",
    )
    return LoraCard(
        **{name: getattr(row, name) for name in columns},
        weight=float(row.meta.get("weight", 1.0)),  # what an uploaded one was drawn at up to 0.6
        created_at=row.created_at,
        key=key,
        size_bytes=size_bytes,
        sha256=sha256 or "",
    )
