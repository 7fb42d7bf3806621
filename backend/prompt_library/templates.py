"""Prompt templates. An edit makes a new version; pictures name the version they were made with, so versions stay."""

from __future__ import annotations

from sqlalchemy import Select, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend import events, undo
from backend.db.tables import PromptTemplate, TemplateVersion
from backend.errors import Conflict, NotFound
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.prompt_library.schemas import TemplateCard, TemplateDraft

_NOT_FOUND = tr_lazy("This template does not exist here. It may have been deleted.")


def templates(tx: Session) -> list[TemplateCard]:
    """The newest version of each, by name."""
    newest = TemplateVersion.version == PromptTemplate.version, PromptTemplate.deleted_at.is_(None)
    return [_card(*row) for row in tx.execute(_cards_query().where(*newest).order_by(PromptTemplate.name))]


def template(tx: Session, template_id: str, version: int | None = None) -> TemplateCard:
    """One version, the newest unless it is named; also of a deleted template. Raises NotFound."""
    chosen_version = TemplateVersion.version == (PromptTemplate.version if version is None else version)
    row = tx.execute(_cards_query().where(PromptTemplate.id == template_id, chosen_version)).first()
    if row is None:
        raise NotFound(_NOT_FOUND)
    return _card(*row)


def template_versions(tx: Session, template_id: str) -> list[TemplateCard]:
    """Newest first."""
    query = _cards_query().where(PromptTemplate.id == template_id).order_by(TemplateVersion.version.desc())
    return [_card(*row) for row in tx.execute(query)]


def save_template(tx: Session, draft: TemplateDraft, *, template_id: str | None = None, version: int = 0) -> TemplateCard:
    """Creates a template, or saves the next version of one. No version is written when the texts are those of `version`.

    Raises Conflict (name taken, changed meanwhile), NotFound.
    """
    saved_id = template_id or new_id("tpl")
    with undo.watch(tx, "template", saved_id):
        return _save(tx, draft, saved_id, version, is_new=template_id is None)


def _save(tx: Session, draft: TemplateDraft, template_id: str, version: int, *, is_new: bool) -> TemplateCard:
    try:
        with tx.begin_nested():
            if is_new:
                tx.add(PromptTemplate(id=template_id, name=draft.name))
                tx.flush()
                version = 1
            else:
                before = template(tx, template_id)
                unchanged = (before.prompt, before.negative) == (draft.prompt, draft.negative)
                version = _next_version(tx, template_id, draft.name, version, unchanged)
                if unchanged:
                    events.record(tx, "template.renamed", "template", template_id, {"name": draft.name})
                    return template(tx, template_id)
    except IntegrityError as error:
        raise Conflict(
            tr_lazy("There is already a template called {name}. Choose another name, or open that one.", name=draft.name)
        ) from error
    row = TemplateVersion(template_id=template_id, version=version, prompt=draft.prompt, negative=draft.negative)
    row.created_by = tx.info["user_id"]
    tx.add(row)
    tx.flush()
    events.record(tx, "template.saved", "template", template_id, {"name": draft.name, "version": version})
    return template(tx, template_id)


@undo.undoable("template")
def delete_template(tx: Session, template_id: str) -> None:
    """Pictures that name it can still be read. Raises NotFound."""
    delete_stmt = update(PromptTemplate).where(PromptTemplate.id == template_id, PromptTemplate.deleted_at.is_(None))
    name = tx.scalar(delete_stmt.values(deleted_at=func.clock_timestamp()).returning(PromptTemplate.name))
    if name is None:
        raise NotFound(_NOT_FOUND)
    events.record(tx, "template.deleted", "template", template_id, {"name": name})


def undelete_template(tx: Session, template_id: str) -> None:
    """Raises NotFound, Conflict (the name is taken)."""
    deleted = PromptTemplate.id == template_id, PromptTemplate.deleted_at.is_not(None)
    try:
        with tx.begin_nested():
            name = tx.scalar(update(PromptTemplate).where(*deleted).values(deleted_at=None).returning(PromptTemplate.name))
    except IntegrityError as error:
        raise Conflict(tr_lazy("Another template has its name now. Rename that one first.")) from error
    if name is None:
        raise NotFound(_NOT_FOUND)
    events.record(tx, "template.saved", "template", template_id, {"name": name})


def _next_version(tx: Session, template_id: str, name: str, version: int, unchanged: bool) -> int:
    change = update(PromptTemplate).where(PromptTemplate.id == template_id, PromptTemplate.version == version)
    values = {"name": name, "version": version + (not unchanged), "updated_at": func.clock_timestamp()}
    changed = tx.scalar(change.values(**values).returning(PromptTemplate.version))
    if changed is None:
        raise Conflict(
            tr_lazy("Somebody else changed this template while you were editing. Load it again, then repeat your change.")
        )
    return int(changed)


def _cards_query() -> Select[PromptTemplate, TemplateVersion]:
    return (
        select(PromptTemplate, TemplateVersion)
        .join(TemplateVersion, TemplateVersion.template_id == PromptTemplate.id)
        .execution_options(populate_existing=True)
    )


def _card(head: PromptTemplate, version: TemplateVersion) -> TemplateCard:
    rest = version.prompt, version.negative, version.created_at
    return TemplateCard(head.id, head.name, version.version, head.version, *rest, deleted=head.deleted_at is not None)
