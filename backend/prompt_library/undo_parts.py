"""What of the prompt library can be undone: changes and deletions of templates, wildcards and prompt styles."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import undo
from backend.db.tables import PromptTemplate, Style, Wildcard
from backend.prompt_library import styles, templates, wildcards
from backend.prompt_library.schemas import PromptStyleDraft, TemplateDraft, WildcardDraft
from backend.undo import Values


def _read_template(tx: Session, template_id: str) -> Values | None:
    """Name and text of the newest version."""
    if undo.columns(PromptTemplate, "id", where=PromptTemplate.deleted_at.is_(None))(tx, template_id) is None:
        return None
    card = templates.template(tx, template_id)
    return {"name": card.name, "prompt": card.prompt, "negative": card.negative}


def _save_template(tx: Session, template_id: str, values: Values) -> None:
    version = templates.template(tx, template_id).version
    templates.save_template(tx, TemplateDraft(**values), template_id=template_id, version=version)


def _save_wildcard(tx: Session, wildcard_id: str, values: Values) -> None:
    version = wildcards.wildcard(tx, wildcard_id).version
    wildcards.save_wildcard(tx, WildcardDraft(**values), wildcard_id=wildcard_id, version=version)


def _save_style(tx: Session, style_id: str, values: Values) -> None:
    styles.save_style(tx, PromptStyleDraft(**values), style_id=style_id, version=styles.style(tx, style_id).version)


def register_parts() -> None:
    undo.register(
        undo.Part(
            "template",
            read=_read_template,
            write=_save_template,
            create=lambda tx, template_id, _: templates.undelete_template(tx, template_id),
            remove=templates.delete_template,
        )
    )
    undo.register(
        undo.Part(
            "wildcard",
            read=undo.columns(Wildcard, "name", "lines"),
            write=_save_wildcard,
            create=lambda tx, wildcard_id, values: wildcards.recreate(tx, wildcard_id, WildcardDraft(**values)),
            remove=wildcards.delete_wildcard,
        )
    )
    undo.register(
        undo.Part(
            "prompt_style",
            read=undo.columns(Style, *PromptStyleDraft.model_fields, where=Style.deleted_at.is_(None)),
            write=_save_style,
            create=lambda tx, style_id, _: styles.undelete_style(tx, style_id),
            remove=styles.delete_style,
        )
    )
