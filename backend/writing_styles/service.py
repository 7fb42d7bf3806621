"""Creates, trains, uses and deletes writing styles."""

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
from backend.language import tr_lazy
from backend.undo import undoable
from backend.writing_styles import queries
from backend.writing_styles.rules import MAX_FILES
from backend.writing_styles.schemas import (
    StyleTextCard,
    StyleTextDraft,
    StyleTrainingPayload,
    StyleWritingPayload,
    WritingStyleCard,
    WritingStyleDraft,
)

NOUN = "style"
"""Owner type of its uploads, with the style's id."""
TRAINING_KIND, WRITING_KIND = "style-training", "style-generation"


def create(tx: Session, draft: WritingStyleDraft) -> WritingStyleCard:
    """Creates an untrained style. Raises Conflict when the name is taken."""
    row = WritingStyle(id=new_id("sty"), name=draft.name, kept=draft.kept, model=draft.model)
    row.created_by = tx.info.get("user_id")
    with _unique_name(tx, draft.name):
        tx.add(row)
    events.record(tx, "style.created", NOUN, row.id, {"name": draft.name})
    return queries.get(tx, row.id)


@undoable("writing_style.saved")
def edit(tx: Session, style_id: str, draft: WritingStyleDraft) -> WritingStyleCard:
    """Raises NotFound, Conflict."""
    queries.get(tx, style_id)
    with _unique_name(tx, draft.name):
        _touch(tx, style_id, name=draft.name, kept=draft.kept, model=draft.model)
    events.record(tx, "style.saved", NOUN, style_id, {"name": draft.name})
    return queries.get(tx, style_id)


def reset(tx: Session, style_id: str) -> WritingStyleCard:
    """Empties the conversation: the next text sees none of the earlier ones, which stay. Raises NotFound."""
    queries.get(tx, style_id)
    _touch(tx, style_id, conversation_from=func.clock_timestamp())
    events.record(tx, "style.reset", NOUN, style_id, {})
    return queries.get(tx, style_id)


def train(tx: Session, style_id: str, *, request_key: str, upload_ids: Sequence[str] | None = None) -> JobCard:
    """Starts a training: reads the PDFs that were uploaded for the style (all, or these) and measures everything it has.

    Raises NotFound, Invalid (nothing to learn from, too many files), Conflict (one is under way).
    """
    style = queries.get(tx, style_id)
    if existing_job := jobs.find_by_key(tx, request_key):
        return existing_job
    _lock_style(tx, style_id)
    if active_job_id := _active_job(tx, TRAINING_KIND, style_id):
        raise Conflict(
            tr_lazy("This style is being trained already. Wait until it is done, then add more."), job_id=active_job_id
        )
    uploads_by_id = {upload.id: upload for upload in uploads.listing(tx, NOUN, style_id, states=("stored",))}
    if missing := [upload_id for upload_id in upload_ids or () if upload_id not in uploads_by_id]:
        raise NotFound(tr_lazy("One of these files is not here. Upload it again."), missing=missing)
    chosen = [uploads_by_id[upload_id] for upload_id in (upload_ids if upload_ids is not None else uploads_by_id)]
    sources = queries.sources(tx, style_id)
    source_upload_ids = {source.upload_id for source in sources}
    new = [upload for upload in chosen if upload.id not in source_upload_ids]
    retried = [
        source.id for source in sources if source.state == "refused" and source.upload_id in {upload.id for upload in chosen}
    ]
    tx.execute(update(StyleSource).where(StyleSource.id.in_(retried)).values(state="waiting", reason=""))
    if len(new) + sum(source.state == "read" for source in sources) > MAX_FILES:
        raise Invalid(
            tr_lazy(
                "A style learns from at most {max_files} files. Leave some out, or join them into one PDF.", max_files=MAX_FILES
            )
        )
    if not new and not retried and not any(source.state in ("waiting", "read") for source in sources):
        raise Invalid(tr_lazy("There is nothing to learn from yet. Add one or more PDFs by the author."))
    for upload in new:
        tx.add(StyleSource(id=new_id("src"), style_id=style_id, upload_id=upload.id, filename=upload.filename))
    tx.flush()
    card = jobs.enqueue(
        tx,
        kind=TRAINING_KIND,
        payload=StyleTrainingPayload(style_id=style_id),
        title=tr_lazy("Learning “{name}”", name=style.name),
        request_key=request_key,
        subject=(NOUN, style_id),
    )
    _touch(tx, style_id, job_id=card.id)
    return card


def remove_source(tx: Session, source_id: str, *, request_key: str) -> JobCard | None:
    """Removes a file's text from its style and measures the rest again. None: no training is needed, or no text is left and the
    style is untrained.

    Raises NotFound, Conflict (a training is under way).
    """
    row = tx.get(StyleSource, source_id)
    if row is None:
        raise NotFound(tr_lazy("This file is not part of the style any more. Reload the page."))
    style_id, was_read, name = row.style_id, row.state == "read", row.filename
    queries.get(tx, style_id)
    _lock_style(tx, style_id)
    if _active_job(tx, TRAINING_KIND, style_id):
        raise Conflict(tr_lazy("This style is being trained. Wait until it is done, then take files out."))
    tx.delete(row)
    tx.flush()
    events.record(tx, "style.source_dropped", NOUN, style_id, {"filename": name})
    if not was_read:
        return None
    if any(source.state == "read" for source in queries.sources(tx, style_id)):
        return train(tx, style_id, request_key=request_key, upload_ids=())
    _touch(tx, style_id, card={}, trained_at=None)
    return None


def write(tx: Session, style_id: str, draft: StyleTextDraft, *, request_key: str) -> StyleTextCard:
    """Starts a text. Raises NotFound, and Conflict until the style is trained."""
    style = queries.get(tx, style_id)
    if existing_job := jobs.find_by_key(tx, request_key):
        return queries.text(tx, existing_job.subject_id)
    if style.card is None:
        raise Conflict(
            tr_lazy("This style has not learned anything yet. Train it on one or more PDFs first, then write with it.")
        )
    text_id = new_id("txt")
    short = draft.topic if len(draft.topic) <= 60 else f"{draft.topic[:57]}…"
    job = jobs.enqueue(
        tx,
        kind=WRITING_KIND,
        payload=StyleWritingPayload(text_id=text_id),
        title=tr_lazy("{n:,} words on “{topic}”", n=draft.words, topic=short),
        request_key=request_key,
        subject=("style-text", text_id),
    )
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
    """Deletes a style; it can be brought back until its rows are purged. Its jobs are cancelled.

    Raises NotFound, and Conflict naming the influencers whose voice it is, unless `force`.
    """
    style = queries.get(tx, style_id)
    if (speakers := queries.speakers(tx, style_id)) and not force:
        raise Conflict(
            tr_lazy(
                "{name} is the voice of {speakers}. Delete it anyway? They then speak without it.",
                name=style.name,
                speakers=", ".join(speakers),
            ),
            uses=speakers,
        )
    for job_id in _active_jobs(tx, style_id):
        jobs.cancel(tx, job_id)
    tx.execute(update(WritingStyle).where(WritingStyle.id == style_id).values(deleted_at=func.clock_timestamp()))
    events.record(tx, "style.deleted", NOUN, style_id, {"name": style.name})


def undelete(tx: Session, style_id: str) -> WritingStyleCard:
    """Raises NotFound (purged), Conflict (its name was taken since)."""
    style = queries.get(tx, style_id, deleted=True)
    with _unique_name(tx, style.name):
        _touch(tx, style_id, deleted_at=None)
    return queries.get(tx, style_id)


def delete_text(tx: Session, text_id: str) -> None:
    """Deletes a text; one that is being written is cancelled. Raises NotFound."""
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


def _lock_style(tx: Session, style_id: str) -> None:
    """Locks the style's row, so that two trainings asked for at once do not both start."""
    tx.execute(select(WritingStyle.id).where(WritingStyle.id == style_id).with_for_update())


def _active_job(tx: Session, kind: str, style_id: str) -> str | None:
    return tx.scalar(select(Job.id).where(Job.kind == kind, Job.subject_id == style_id, Job.state.not_in(FINAL)).limit(1))


def _active_jobs(tx: Session, style_id: str) -> list[str]:
    text_ids = select(StyleText.id).where(StyleText.style_id == style_id)
    of_style = (Job.subject_id == style_id) | Job.subject_id.in_(text_ids)
    return list(
        tx.scalars(select(Job.id).where(Job.kind.in_((TRAINING_KIND, WRITING_KIND)), of_style, Job.state.not_in(FINAL)))
    )


@contextmanager
def _unique_name(tx: Session, name: str) -> Iterator[None]:
    try:
        with tx.begin_nested():
            yield
            tx.flush()
    except IntegrityError as error:
        raise Conflict(tr_lazy("There is already a writing style called {name}. Choose another name.", name=name)) from error
