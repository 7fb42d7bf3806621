"""Words that are put into posts again and again: hashtag sets, and templates of first comments. For everybody's posts, or for
one influencer's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator
from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy import delete as sql_delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend import events, influencers, undo
from backend.content_plans import rules
from backend.db.tables import PostSnippet
from backend.errors import Conflict, NotFound
from backend.kit.drafts import Draft
from backend.kit.ids import new_id
from backend.language import tr_lazy

Kind = Literal["hashtags", "comment"]
MAX_SETS = 200
_MISSING: dict[Kind, str] = {
    "hashtags": tr_lazy("This hashtag set does not exist here. It may have been deleted."),
    "comment": tr_lazy("This comment template does not exist here. It may have been deleted."),
}
_TOO_MANY: dict[Kind, str] = {
    "hashtags": tr_lazy("There are {n} hashtag sets already. Delete one first.", n=MAX_SETS),
    "comment": tr_lazy("There are {n} comment templates already. Delete one first.", n=MAX_SETS),
}
"""Of one kind in a workspace."""


class _SnippetDraft(Draft):
    name: str = Field(min_length=1, max_length=60)
    influencer_id: str = Field("", max_length=80)

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if not (normalized := " ".join(name.split())):
            raise ValueError(tr_lazy("Give it a name."))
        return normalized


class HashtagSetDraft(_SnippetDraft):
    """`hashtags`: words or a text, with or without #. `influencer_id` "": for everybody's posts."""

    hashtags: tuple[Annotated[str, Field(max_length=100)], ...] = Field(max_length=60)

    @field_validator("hashtags", mode="before")
    @classmethod
    def _hashtags(cls, value: Any) -> Any:
        hashtags = rules.parse_hashtags(value) if isinstance(value, (str, list, tuple)) else value
        if not hashtags:
            raise ValueError(tr_lazy("Write at least one hashtag."))
        return hashtags


class CommentTemplateDraft(_SnippetDraft):
    """`text`: of a first comment. `influencer_id` "": for everybody's posts."""

    text: str = Field(max_length=2200)

    @field_validator("text")
    @classmethod
    def _text(cls, text: str) -> str:
        if not text.strip():
            raise ValueError(tr_lazy("Write the comment."))
        return text.strip()


@dataclass(frozen=True, slots=True)
class HashtagSet:
    """`influencer_id` "": for everybody's posts. `hashtags`: without #, in order."""

    id: str
    name: str
    influencer_id: str
    hashtags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommentTemplate:
    """`influencer_id` "": for everybody's posts."""

    id: str
    name: str
    influencer_id: str
    text: str


def hashtag_sets(tx: Session, influencer_id: str = "") -> list[HashtagSet]:
    """Those for this influencer's posts, her own first, then everybody's; "": all of the workspace. By name."""
    return [_hashtag_set(row) for row in _rows(tx, "hashtags", influencer_id)]


def comment_templates(tx: Session, influencer_id: str = "") -> list[CommentTemplate]:
    """As `hashtag_sets`."""
    return [_comment_template(row) for row in _rows(tx, "comment", influencer_id)]


def save_hashtag_set(tx: Session, draft: HashtagSetDraft, *, set_id: str = "") -> HashtagSet:
    """Creates a set, or changes the one with this id. Raises NotFound, Conflict (the name is taken, too many)."""
    return _hashtag_set(_save(tx, "hashtags", draft, " ".join(f"#{tag}" for tag in draft.hashtags), set_id))


def save_comment_template(tx: Session, draft: CommentTemplateDraft, *, template_id: str = "") -> CommentTemplate:
    """Creates a template, or changes the one with this id. Raises NotFound, Conflict (the name is taken, too many)."""
    return _comment_template(_save(tx, "comment", draft, draft.text, template_id))


def delete_hashtag_set(tx: Session, set_id: str) -> HashtagSet:
    """Returns what it was. Posts keep the hashtags they took from it. Raises NotFound."""
    return _hashtag_set(_delete(tx, "hashtags", set_id))


def delete_comment_template(tx: Session, template_id: str) -> CommentTemplate:
    """Returns what it was. Posts keep their comments. Raises NotFound."""
    return _comment_template(_delete(tx, "comment", template_id))


def _hashtag_set(row: PostSnippet) -> HashtagSet:
    return HashtagSet(row.id, row.name, row.influencer_id or "", rules.parse_hashtags(row.text))


def _comment_template(row: PostSnippet) -> CommentTemplate:
    return CommentTemplate(row.id, row.name, row.influencer_id or "", row.text)


def _rows(tx: Session, kind: Kind, influencer_id: str) -> Sequence[PostSnippet]:
    where: list[ColumnElement[bool]] = [PostSnippet.kind == kind]
    if influencer_id:
        where.append(or_(PostSnippet.influencer_id == influencer_id, PostSnippet.influencer_id.is_(None)))
    query = select(PostSnippet).where(*where).order_by(PostSnippet.influencer_id.is_(None), func.lower(PostSnippet.name))
    return tx.scalars(query.execution_options(populate_existing=True)).all()


def _get(tx: Session, kind: Kind, snippet_id: str) -> PostSnippet:
    row = tx.get(PostSnippet, snippet_id, populate_existing=True)
    if row is None or row.kind != kind:
        raise NotFound(_MISSING[kind])
    return row


def _same_name(kind: Kind, name: str) -> str:
    if kind == "hashtags":
        return tr_lazy("There is a hashtag set called “{name}” already. Choose another name.", name=name)
    return tr_lazy("There is a comment template called “{name}” already. Choose another name.", name=name)


def _save(tx: Session, kind: Kind, draft: _SnippetDraft, text: str, snippet_id: str) -> PostSnippet:
    if draft.influencer_id:
        influencers.get(tx, draft.influencer_id)
    values: dict[str, Any] = {"name": draft.name, "influencer_id": draft.influencer_id or None, "text": text}
    is_new, snippet_id = not snippet_id, snippet_id or new_id("snip")
    try:
        with undo.watch(tx, "snippet", snippet_id), tx.begin_nested():
            if is_new:
                if len(_rows(tx, kind, "")) >= MAX_SETS:
                    raise Conflict(_TOO_MANY[kind])
                row = {"id": snippet_id, "kind": kind, "created_by": tx.info.get("user_id"), **values}
                tx.execute(insert(PostSnippet).values(**row))
            else:
                _get(tx, kind, snippet_id)
                changed = update(PostSnippet).where(PostSnippet.id == snippet_id)
                tx.execute(changed.values(**values, updated_at=func.clock_timestamp()))
            events.record(tx, "snippet.saved", "snippet", snippet_id, {"kind": kind, "name": draft.name})
    except IntegrityError as error:
        raise Conflict(_same_name(kind, draft.name)) from error
    return _get(tx, kind, snippet_id)


def recreate(tx: Session, snippet_id: str, values: dict[str, Any]) -> None:
    """Makes one that was deleted again, with the id and the values it had. Raises Conflict (another one has its name)."""
    row = insert(PostSnippet).values(id=snippet_id, created_by=tx.info.get("user_id"), **values)
    if tx.scalar(row.on_conflict_do_nothing().returning(PostSnippet.id)) is None:
        raise Conflict(_same_name(values["kind"], values["name"]))
    events.record(tx, "snippet.saved", "snippet", snippet_id, {"kind": values["kind"], "name": values["name"]})


def _delete(tx: Session, kind: Kind, snippet_id: str) -> PostSnippet:
    row = _get(tx, kind, snippet_id)
    tx.expunge(row)
    with undo.watch(tx, "snippet", snippet_id):
        tx.execute(sql_delete(PostSnippet).where(PostSnippet.id == snippet_id))
        events.record(tx, "snippet.deleted", "snippet", snippet_id, {"kind": kind, "name": row.name})
    return row
