"""Making, teaching and using writing styles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend import events, jobs
from backend.assets import uploads
from backend.db.tables import FINAL, Job, StyleSource, StyleText, WritingStyle
from backend.errors import Conflict, Invalid, NotFound
from backend.jobs import JobCard
from backend.kit.ids import new_id
from backend.writing_styles import queries
from backend.writing_styles.rules import MOST_FILES
from backend.writing_styles.schemas import Style, StyleDraft, StyleTextCard, TextWish, TrainingPayload, WritingPayload

NOUN = "style"
"""Uploads for it: noun `style`, id of the style."""
TRAINING, WRITING = "style-training", "style-generation"


def create(tx: Session, draft: StyleDraft) -> Style:
    """An untrained one. Raises Conflict when the name is taken."""
    row = WritingStyle(id=new_id("sty"), name=draft.name, kept=draft.kept, created_by=tx.info.get("user_id"))
    with _named(tx, draft.name):
        tx.add(row)
    events.record(tx, "style.created", NOUN, row.id, {"name": draft.name})
    return queries.get(tx, row.id)


def edit(tx: Session, style_id: str, draft: StyleDraft) -> Style:
    """Raises NotFound, Conflict."""
    queries.get(tx, style_id)
    with _named(tx, draft.name):
        _touch(tx, style_id, name=draft.name, kept=draft.kept)
    events.record(tx, "style.saved", NOUN, style_id, {"name": draft.name})
    return queries.get(tx, style_id)


def train(tx: Session, style_id: str, *, request_key: str, upload_ids: Sequence[str] | None = None) -> JobCard:
    """Reads the PDFs that were uploaded for it (all of them, or these) and measures everything it has.

    Raises NotFound, Invalid (nothing to learn from, too many files), Conflict (one is at work already).
    """
    style = queries.get(tx, style_id)
    if known := jobs.find_by_key(tx, request_key):
        return known
    _lock(tx, style_id)
    if working := _working(tx, TRAINING, style_id):
        raise Conflict("This style is being trained already. Wait until it is done, then add more.", job_id=working)
    found = {one.id: one for one in uploads.listing(tx, NOUN, style_id, states=("stored",))}
    if missing := [one for one in upload_ids or () if one not in found]:
        raise NotFound("One of these files is not here. Upload it again.", missing=missing)
    wanted = [found[one] for one in (upload_ids if upload_ids is not None else found)]
    there = queries.sources(tx, style_id)
    taken = {one.upload_id for one in there}
    new = [one for one in wanted if one.id not in taken]
    anew = [one.id for one in there if one.state == "refused" and one.upload_id in {upload.id for upload in wanted}]
    tx.execute(update(StyleSource).where(StyleSource.id.in_(anew)).values(state="waiting", reason=""))
    if len(new) + sum(one.state == "read" for one in there) > MOST_FILES:
        raise Invalid(f"A style learns from at most {MOST_FILES} files. Leave some out, or join them into one PDF.")
    if not new and not anew and not any(one.state in ("waiting", "read") for one in there):
        raise Invalid("There is nothing to learn from yet. Add one or more PDFs by the author.")
    for one in new:
        tx.add(StyleSource(id=new_id("src"), style_id=style_id, upload_id=one.id, filename=one.filename))
    tx.flush()
    card = jobs.enqueue(
        tx, kind=TRAINING, payload=TrainingPayload(style_id=style_id), title=f"Learning “{style.name}”",
        request_key=request_key, subject=(NOUN, style_id),
    )  # fmt: skip
    _touch(tx, style_id, job_id=card.id)
    return card


def drop_source(tx: Session, source_id: str, *, request_key: str) -> JobCard | None:
    """Takes a file's text out of its style and measures the rest anew (None: nothing is left, it is untrained again)."""
    row = tx.get(StyleSource, source_id)
    if row is None:
        raise NotFound("This file is not part of the style any more. Reload the page.")
    style_id, was_read, name = row.style_id, row.state == "read", row.filename
    queries.get(tx, style_id)
    _lock(tx, style_id)
    if _working(tx, TRAINING, style_id):
        raise Conflict("This style is being trained. Wait until it is done, then take files out.")
    tx.delete(row)
    tx.flush()
    events.record(tx, "style.source_dropped", NOUN, style_id, {"filename": name})
    if not was_read:
        return None
    if any(one.state == "read" for one in queries.sources(tx, style_id)):
        return train(tx, style_id, request_key=request_key, upload_ids=())
    _touch(tx, style_id, card={}, trained_at=None)
    return None


def write(tx: Session, style_id: str, draft: TextWish, *, request_key: str) -> StyleTextCard:
    """Starts a text. Raises NotFound, Conflict until the style is trained."""
    style = queries.get(tx, style_id)
    if known := jobs.find_by_key(tx, request_key):
        return queries.text(tx, known.subject_id)
    if style.card is None:
        raise Conflict("This style has not learned anything yet. Train it on one or more PDFs first, then write with it.")
    text_id = new_id("txt")
    short = draft.topic if len(draft.topic) <= 60 else f"{draft.topic[:57]}…"
    job = jobs.enqueue(
        tx, kind=WRITING, payload=WritingPayload(text_id=text_id), title=f"{draft.words:,} words on “{short}”",
        request_key=request_key, subject=("style-text", text_id),
    )  # fmt: skip
    tx.add(
        StyleText(
            id=text_id,
            style_id=style_id,
            job_id=job.id,
            topic=draft.topic,
            words_wanted=draft.words,
            variant=draft.variant,
            language=draft.language or style.card.language,
            created_by=tx.info.get("user_id"),
        )
    )
    tx.flush()
    _touch(tx, style_id)
    return queries.text(tx, text_id)


def delete(tx: Session, style_id: str, *, force: bool = False) -> None:
    """Takes it out; it can be brought back while its texts are there. What works for it is cancelled.

    Raises NotFound, and Conflict naming the influencers whose voice it is, unless `force`.
    """
    style = queries.get(tx, style_id)
    if (who := queries.speakers(tx, style_id)) and not force:
        raise Conflict(
            f"{style.name} is the voice of {', '.join(who)}. Delete it anyway? They then speak without it.", uses=who
        )
    for job_id in _all_working(tx, style_id):
        jobs.cancel(tx, job_id)
    tx.execute(update(WritingStyle).where(WritingStyle.id == style_id).values(deleted_at=func.clock_timestamp()))
    events.record(tx, "style.deleted", NOUN, style_id, {"name": style.name})


def undelete(tx: Session, style_id: str) -> Style:
    """Raises NotFound (gone for good), Conflict (its name was taken meanwhile)."""
    style = queries.get(tx, style_id, deleted=True)
    with _named(tx, style.name):
        _touch(tx, style_id, deleted_at=None)
    return queries.get(tx, style_id)


def delete_text(tx: Session, text_id: str) -> None:
    """Raises NotFound. One that is being written is cancelled."""
    card = queries.text(tx, text_id)
    for job_id in tx.scalars(select(Job.id).where(Job.id == card.job_id, Job.state.not_in(FINAL))):
        jobs.cancel(tx, job_id)
    tx.execute(update(StyleText).where(StyleText.id == text_id).values(deleted_at=func.clock_timestamp()))


def undelete_text(tx: Session, text_id: str) -> StyleTextCard:
    tx.execute(update(StyleText).where(StyleText.id == text_id).values(deleted_at=None))
    return queries.text(tx, text_id)


def _touch(tx: Session, style_id: str, **values: object) -> None:
    change = update(WritingStyle).where(WritingStyle.id == style_id)
    tx.execute(change.values(**values, last_activity_at=func.clock_timestamp()))


def _lock(tx: Session, style_id: str) -> None:
    """Two trainings asked for at once must not both begin."""
    tx.execute(select(WritingStyle.id).where(WritingStyle.id == style_id).with_for_update())


def _working(tx: Session, kind: str, style_id: str) -> str | None:
    return tx.scalar(select(Job.id).where(Job.kind == kind, Job.subject_id == style_id, Job.state.not_in(FINAL)).limit(1))


def _all_working(tx: Session, style_id: str) -> list[str]:
    mine = select(StyleText.id).where(StyleText.style_id == style_id)
    about = (Job.subject_id == style_id) | Job.subject_id.in_(mine)
    return list(tx.scalars(select(Job.id).where(Job.kind.in_((TRAINING, WRITING)), about, Job.state.not_in(FINAL))))


@contextmanager
def _named(tx: Session, name: str) -> Iterator[None]:
    try:
        with tx.begin_nested():
            yield
            tx.flush()
    except IntegrityError as error:
        raise Conflict(f"There is already a writing style called {name}. Choose another name.") from error
