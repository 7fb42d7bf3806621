"""Reading influencers."""

from __future__ import annotations

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from backend.db.tables import Influencer, Lora
from backend.errors import NotFound
from backend.influencers.schemas import InfluencerCard, InfluencerPage, Persona
from backend.language import tr_lazy


def get(tx: Session, influencer_id: str) -> InfluencerCard:
    """Raises NotFound."""
    row = tx.execute(_cards().where(Influencer.id == influencer_id)).first()
    if row is None:
        raise NotFound(tr_lazy("This influencer does not exist here. It may have been made in another workspace."))
    return _card(*row)


def get_locked(tx: Session, influencer_id: str) -> InfluencerCard:
    """The influencer; until `tx` ends nobody else saves it, or its posting rules and face check, which lock it too. Raises
    NotFound."""
    tx.execute(select(Influencer.id).where(Influencer.id == influencer_id).with_for_update(key_share=True))
    return get(tx, influencer_id)


def page(
    tx: Session, *, archived: bool = False, text: str = "", cursor: str | None = None, take: int = 50, skip: int = 0
) -> InfluencerPage:
    """Newest first; `text` looks in names. `cursor` is the id the last page ended with; `skip` leaves out the first ones."""
    in_archive_or_not = Influencer.archived_at.is_not(None) if archived else Influencer.archived_at.is_(None)
    name_contains = func.lower(Influencer.name).contains(text.strip().lower(), autoescape=True)
    where = (in_archive_or_not, name_contains) if text.strip() else (in_archive_or_not,)
    query = _cards().where(*where).order_by(Influencer.id.desc()).limit(take + 1).offset(skip)
    rows = tx.execute(query.where(Influencer.id < cursor) if cursor else query).all()
    total = tx.scalar(select(func.count()).select_from(Influencer).where(*where)) or 0
    cards = [_card(*row) for row in rows[:take]]
    return InfluencerPage(cards, cards[-1].id if len(rows) > take else None, total)


def names(tx: Session, *, take: int = 200) -> dict[str, str]:
    """Names by id of influencers that are not archived, newest first."""
    query = select(Influencer.id, Influencer.name).where(Influencer.archived_at.is_(None))
    return {influencer_id: name for influencer_id, name in tx.execute(query.order_by(Influencer.id.desc()).limit(take))}


def _cards() -> Select[Influencer, str]:
    return (
        select(Influencer, Lora.name)
        .outerjoin(Lora, (Lora.id == Influencer.default_lora_id) & Lora.deleted_at.is_(None))
        .execution_options(populate_existing=True)
    )


def _card(row: Influencer, lora_name: str | None) -> InfluencerCard:
    columns = ("id", "name", "trigger_word", "language", "time_zone", "look_prompt", "look_negative", "default_lora_weight")
    other_columns = ("ai_mark", "cover_asset_id", "setup", "version", "created_at", "updated_at", "archived_at", "is_sample")
    return InfluencerCard(
        **{name: getattr(row, name) for name in columns + other_columns},
        persona=Persona(**row.persona),
        default_lora_id=row.default_lora_id if lora_name else None,
        default_lora_name=lora_name,
    )
