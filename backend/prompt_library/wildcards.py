"""Wildcards: lists that prompts draw lines from."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend import events, undo
from backend.db.tables import Wildcard
from backend.errors import Conflict, NotFound
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.prompt_library import prompts
from backend.prompt_library.schemas import WildcardCard, WildcardDraft


def wildcards(tx: Session) -> list[WildcardCard]:
    """All of the workspace, by name."""
    return [
        _card(row) for row in tx.scalars(select(Wildcard).order_by(Wildcard.name).execution_options(populate_existing=True))
    ]


def wildcard(tx: Session, wildcard_id: str) -> WildcardCard:
    """Raises NotFound."""
    row = tx.get(Wildcard, wildcard_id, populate_existing=True)
    if row is None:
        raise NotFound(tr_lazy("This list does not exist here. It may have been deleted."))
    return _card(row)


def wildcard_names(tx: Session) -> list[str]:
    return list(tx.scalars(select(Wildcard.name).order_by(Wildcard.name)))


def save_wildcard(tx: Session, draft: WildcardDraft, *, wildcard_id: str | None = None, version: int = 0) -> WildcardCard:
    """Creates a list, or saves the next version of one (`version`: of the card the form was filled from).

    Raises Conflict (name taken, changed meanwhile), NotFound, Invalid (a circle).
    """
    saved_id = wildcard_id or new_id("wild")
    with undo.watch(tx, "wildcard", saved_id):
        return _save(tx, draft, saved_id, version, is_new=wildcard_id is None)


def _save(tx: Session, draft: WildcardDraft, wildcard_id: str, version: int, *, is_new: bool) -> WildcardCard:
    lines = list(draft.lines)
    try:
        with tx.begin_nested():
            if is_new:
                tx.add(Wildcard(id=wildcard_id, name=draft.name, lines=lines))
                tx.flush()
            else:
                _update(tx, wildcard_id, draft.name, lines, version)
    except IntegrityError as error:
        raise Conflict(
            tr_lazy("There is already a list called {name}. Choose another name, or open that one.", name=draft.name)
        ) from error
    _check_no_circle(tx, draft)
    events.record(tx, "wildcard.saved", "wildcard", wildcard_id, {"name": draft.name, "lines": len(lines)})
    return _card(tx.get_one(Wildcard, wildcard_id, populate_existing=True))


@undo.undoable("wildcard")
def delete_wildcard(tx: Session, wildcard_id: str) -> None:
    """Pictures keep the words they were drawn with. Raises NotFound."""
    name = tx.scalar(delete(Wildcard).where(Wildcard.id == wildcard_id).returning(Wildcard.name))
    if name is None:
        raise NotFound(tr_lazy("This list does not exist here. It may have been deleted."))
    events.record(tx, "wildcard.deleted", "wildcard", wildcard_id, {"name": name})


def recreate(tx: Session, wildcard_id: str, draft: WildcardDraft) -> None:
    """Makes one that was deleted again, with the id it had. Raises as `save_wildcard`."""
    _save(tx, draft, wildcard_id, 0, is_new=True)


def load_lists(tx: Session, texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Every list these texts can lead to, checked. Raises Invalid: no such list (naming the existing ones), circle, depth."""
    texts = list(texts)
    lists: dict[str, tuple[str, ...]] = {}
    names = {name for text in texts for name in prompts.wildcards_in(text)}
    while missing := names - lists.keys():
        rows = tx.execute(select(Wildcard.name, Wildcard.lines).where(Wildcard.name.in_(missing)))
        loaded = {name: tuple(lines) for name, lines in rows}
        if not loaded:
            break
        lists |= loaded
        names = {name for lines in loaded.values() for line in lines for name in prompts.wildcards_in(line)}
    list_names = wildcard_names(tx) if any(map(prompts.wildcards_in, texts)) else []
    for text in texts:
        prompts.check_resolvable(text, lists, list_names)
    return lists


def _update(tx: Session, wildcard_id: str, name: str, lines: list[str], version: int) -> None:
    change = update(Wildcard).where(Wildcard.id == wildcard_id, Wildcard.version == version)
    values = {"name": name, "lines": lines, "version": version + 1, "updated_at": func.clock_timestamp()}
    if tx.scalar(change.values(**values).returning(Wildcard.id)):
        return
    if tx.get(Wildcard, wildcard_id) is None:
        raise NotFound(tr_lazy("This list does not exist here. It may have been deleted."))
    raise Conflict(tr_lazy("Somebody else changed this list while you were editing. Load it again, then repeat your change."))


def _check_no_circle(tx: Session, draft: WildcardDraft) -> None:
    """A list may name one that does not exist yet; it may not lead back to itself."""
    rows = tx.execute(select(Wildcard.name, Wildcard.lines))
    lists = {name: tuple(lines) for name, lines in rows}
    all_lists = lists | {
        name: ("x",) for lines in lists.values() for line in lines for name in prompts.wildcards_in(line) - lists.keys()
    }
    prompts.check_resolvable(f"__{draft.name}__", all_lists, sorted(lists))


def _card(row: Wildcard) -> WildcardCard:
    return WildcardCard(row.id, row.name, tuple(row.lines), row.version, row.updated_at)
