"""Reads the PDFs of a style in a child process and keeps their text; the files themselves are deleted."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.assets import UploadCard, uploads
from backend.db.tables import StyleSource
from backend.errors import NotFound
from backend.jobs.context import JobContext
from backend.language import joined, tr_lazy, tr_lazy_plural
from backend.media.documents.pdf import PdfLimits, PdfReader, PdfText
from backend.writing_styles.rules import MAX_SOURCE_WORDS
from backend.writing_styles.words import count_words

_LETTERS_PER_WORD = 8


def read_all(ctx: JobContext, style_id: str) -> None:
    """Reads every waiting PDF, or refuses it. Each is a step: a later attempt goes on with the next one."""
    settings = ctx.app.settings
    limits = PdfLimits(
        settings.uploads.max_style_pdf_size, settings.uploads.max_style_pages, MAX_SOURCE_WORDS * _LETTERS_PER_WORD
    )
    listed = ctx.step("list", partial(_list_waiting, ctx, style_id)) or {}
    sources: list[dict[str, str]] = listed["sources"]
    with PdfReader(limits) as reader:
        for n, source in enumerate(sources):
            ctx.progress(n, len(sources), tr_lazy("reading"))
            ctx.check()
            if key := _read_in_step(ctx, reader, source, n, len(sources)).get("key"):
                ctx.app.storage.delete([key])


def _list_waiting(ctx: JobContext, style_id: str) -> dict[str, Any]:
    waiting_sources = StyleSource.style_id == style_id, StyleSource.state == "waiting"
    with ctx.transaction() as tx:
        rows = tx.execute(select(StyleSource.id, StyleSource.upload_id, StyleSource.filename).where(*waiting_sources))
        ordered = sorted(tuple(row) for row in rows)
        return {"sources": [{"id": source[0], "upload_id": source[1], "filename": source[2]} for source in ordered]}


def _read_in_step(ctx: JobContext, reader: PdfReader, source: dict[str, str], n: int, total: int) -> dict[str, Any]:
    """Reads one PDF and saves its text. Result: as `_save_source`."""
    result = ctx.write_step(
        f"read-{source['id']}",
        lambda: _read_source(ctx, reader, source, n, total),
        lambda tx, read: _save_source(tx, source["id"], *read),
    )
    return result or {}


def _read_source(
    ctx: JobContext, reader: PdfReader, source: dict[str, str], n: int, total: int
) -> tuple[UploadCard | None, PdfText]:
    """The upload (None: it is gone) and what was read of it."""
    with ctx.transaction() as tx:
        upload = _upload(tx, source["upload_id"])
    if upload is None:
        read = PdfText(ok=False, reason=tr_lazy("The file is not there any more. Upload it again."))
    else:
        path = ctx.workdir / f"{source['id']}.pdf"
        try:
            ctx.app.storage.get_file(upload.key, path)
            read = reader.read(path, on_page=partial(_on_page, ctx, source["filename"], n, total))
        except NotFound:
            read = PdfText(ok=False, reason=tr_lazy("The file is not there any more. Upload it again."))
        finally:
            path.unlink(missing_ok=True)
    ctx.log(
        joined(
            str(source["filename"]),
            tr_lazy_plural("{n:,} page", "{n:,} pages", read.pages) if read.ok else read.reason,
            separator=": ",
        )
    )
    return upload, read


def _on_page(ctx: JobContext, filename: str, n: int, total: int, page: int, n_pages: int) -> None:
    ctx.progress(page or n, n_pages or total, tr_lazy("reading {filename}", filename=filename))
    ctx.check()


def _upload(tx: Session, upload_id: str) -> UploadCard | None:
    try:
        return uploads.get(tx, upload_id)
    except NotFound:
        return None


def _save_source(tx: Session, source_id: str, upload: UploadCard | None, read: PdfText) -> dict[str, Any]:
    """Saves what was read, and accepts or rejects the upload. Result: the storage key that may be deleted."""
    row = tx.get(StyleSource, source_id, with_for_update=True)
    if row is None:
        return {}
    digest = hashlib.sha256(" ".join(read.text.lower().split()).encode()).hexdigest() if read.ok else ""
    refusal = read.reason or _refusal_reason(tx, row, digest, read)
    if refusal:
        row.state, row.reason = "refused", refusal
    else:
        row.state, row.text, row.sha256, row.pages = "read", read.text, digest, read.pages
        row.words, row.notes = count_words(read.text), _notes(read)
    if upload is None:
        return {}
    if refusal:
        uploads.reject(tx, {upload.id: refusal})
    else:
        uploads.accept(tx, [upload.id])
    return {"key": upload.key}


def _refusal_reason(tx: Session, row: StyleSource, digest: str, read: PdfText) -> str:
    other_sources = StyleSource.style_id == row.style_id, StyleSource.state == "read", StyleSource.id != row.id
    if duplicate := tx.scalar(select(StyleSource.filename).where(*other_sources, StyleSource.sha256 == digest).limit(1)):
        return tr_lazy("It has the same text as {file}, which is there already.", file=duplicate)
    n_words = tx.scalar(select(func.sum(StyleSource.words)).where(*other_sources)) or 0
    if n_words + count_words(read.text) > MAX_SOURCE_WORDS:
        return tr_lazy(
            "With it the style would have more than {most:,} words. Leave it out, or take another file out.",
            most=MAX_SOURCE_WORDS,
        )
    return ""


def _notes(read: PdfText) -> list[str]:
    notes: list[str] = []
    if read.empty:
        notes.append(tr_lazy("{n:,} of {pages:,} pages have no text (pictures or empty).", n=read.empty, pages=read.pages))
    if read.dropped:
        notes.append(tr_lazy("{n:,} headers, footers and page numbers were left out.", n=read.dropped))
    return notes


def refused_files(tx: Session, style_id: str) -> list[tuple[str, str]]:
    """(file name, reason) of the files that were refused."""
    refused_sources = StyleSource.style_id == style_id, StyleSource.state == "refused"
    return [
        (name, reason) for name, reason in tx.execute(select(StyleSource.filename, StyleSource.reason).where(*refused_sources))
    ]
