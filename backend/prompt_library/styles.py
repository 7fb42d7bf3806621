"""Prompt styles: words and settings that an influencer's pictures are drawn with again and again."""

from __future__ import annotations

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend import events, influencers, undo
from backend.db.tables import Style
from backend.errors import Conflict, NotFound
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.prompt_library.schemas import PromptStyleCard, PromptStyleDraft, PromptStyleSettings

_NOT_FOUND = tr_lazy("This style does not exist here. It may have been deleted.")


def styles(tx: Session, *, influencer_id: str | None = None, every: bool = False) -> list[PromptStyleCard]:
    """Those of the workspace and of this influencer (`every`: of all), by name."""
    query = select(Style).where(Style.deleted_at.is_(None)).order_by(Style.name)
    if not every:
        query = query.where(or_(Style.influencer_id.is_(None), Style.influencer_id == influencer_id))
    return [_card(row) for row in tx.scalars(query.execution_options(populate_existing=True))]


def style(tx: Session, style_id: str) -> PromptStyleCard:
    """Raises NotFound."""
    row = tx.scalars(select(Style).where(Style.id == style_id, Style.deleted_at.is_(None))).one_or_none()
    if row is None:
        raise NotFound(_NOT_FOUND)
    tx.refresh(row)
    return _card(row)


def save_style(tx: Session, draft: PromptStyleDraft, *, style_id: str | None = None, version: int = 0) -> PromptStyleCard:
    """A new style, or the next version of one. Raises Conflict (name taken, changed meanwhile), NotFound."""
    if draft.influencer_id:
        influencers.get(tx, draft.influencer_id)
    values = draft.model_dump() | {"settings": draft.settings.model_dump(exclude_none=True)}
    is_new, style_id = style_id is None, style_id or new_id("sty")
    try:
        with undo.watch(tx, "prompt_style", style_id), tx.begin_nested():
            if is_new:
                tx.add(Style(id=style_id, **values))
                tx.flush()
            else:
                style(tx, style_id)
                change = update(Style).where(Style.id == style_id, Style.version == version)
                change = change.values(**values, version=version + 1, updated_at=func.clock_timestamp())
                if tx.scalar(change.returning(Style.id)) is None:
                    raise Conflict(
                        tr_lazy("Somebody else changed this style meanwhile. Load it again, then repeat your change.")
                    )
            events.record(tx, "prompt_style.saved", "style", style_id, {"name": draft.name})
    except IntegrityError as error:
        raise Conflict(
            tr_lazy("There is already a style called {name}. Choose another name, or open that one.", name=draft.name)
        ) from error
    return style(tx, style_id)


@undo.undoable("prompt_style")
def delete_style(tx: Session, style_id: str) -> None:
    """Pictures keep what they were drawn with. Raises NotFound."""
    delete_stmt = update(Style).where(Style.id == style_id, Style.deleted_at.is_(None))
    name = tx.scalar(delete_stmt.values(deleted_at=func.clock_timestamp()).returning(Style.name))
    if name is None:
        raise NotFound(_NOT_FOUND)
    events.record(tx, "prompt_style.deleted", "style", style_id, {"name": name})


def undelete_style(tx: Session, style_id: str) -> None:
    """Raises NotFound, Conflict (the name is taken)."""
    undelete_stmt = update(Style).where(Style.id == style_id, Style.deleted_at.is_not(None)).values(deleted_at=None)
    try:
        with tx.begin_nested():
            name = tx.scalar(undelete_stmt.returning(Style.name))
    except IntegrityError as error:
        raise Conflict(tr_lazy("Another style has its name now. Rename that one first.")) from error
    if name is None:
        raise NotFound(_NOT_FOUND)
    events.record(tx, "prompt_style.saved", "style", style_id, {"name": name})


def _card(row: Style) -> PromptStyleCard:
    rest = row.prompt, row.negative, PromptStyleSettings(**row.settings), row.version, row.updated_at
    return PromptStyleCard(row.id, row.name, row.influencer_id, *rest)
