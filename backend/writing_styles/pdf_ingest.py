"""The PDFs of a style: fetched, read in a child, kept as text; the files themselves go."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.assets import UploadCard, uploads
from backend.db.tables import StyleSource
from backend.errors import NotFound
from backend.jobs.context import JobContext
from backend.media.documents.pdf import Limits, PdfReader, Read
from backend.writing_styles.rules import MOST_SOURCE_WORDS
from backend.writing_styles.words import count

_LETTERS_A_WORD = 8


def read_all(ctx: JobContext, style_id: str) -> None:
    """Every waiting PDF becomes read or refused, each once: a later attempt goes on with the next."""
    settings = ctx.app.settings
    limits = Limits(settings.max_style_pdf_size, settings.max_style_pages, MOST_SOURCE_WORDS * _LETTERS_A_WORD)
    waiting = ctx.step("list", partial(_waiting, ctx, style_id)) or {}
    found: list[dict[str, str]] = waiting["sources"]
    with PdfReader(limits) as reader:
        for n, source in enumerate(found):
            ctx.progress(n, len(found), "reading")
            ctx.check()
            told = ctx.step(f"read-{source['id']}", partial(_one, ctx, reader, source, n, len(found))) or {}
            if key := told.get("key"):
                ctx.app.storage.delete([key])


def _waiting(ctx: JobContext, style_id: str) -> dict[str, Any]:
    where = StyleSource.style_id == style_id, StyleSource.state == "waiting"
    with ctx.transaction() as tx:
        rows = tx.execute(select(StyleSource.id, StyleSource.upload_id, StyleSource.filename).where(*where))
        ordered = sorted(tuple(row) for row in rows)
        return {"sources": [{"id": one[0], "upload_id": one[1], "filename": one[2]} for one in ordered]}


def _one(ctx: JobContext, reader: PdfReader, source: dict[str, str], n: int, total: int) -> Callable[[Session], dict[str, Any]]:
    with ctx.transaction() as tx:
        upload = _upload(tx, source["upload_id"])
    if upload is None:
        read = Read(ok=False, reason="The file is not there any more. Upload it again.")
    else:
        path = ctx.workdir / f"{source['id']}.pdf"
        try:
            ctx.app.storage.get_file(upload.key, path)
            read = reader.read(path, on_page=partial(_on_page, ctx, source["filename"], n, total))
        except NotFound:
            read = Read(ok=False, reason="The file is not there any more. Upload it again.")
        finally:
            path.unlink(missing_ok=True)
    ctx.log(f"{source['filename']}: {f'{read.pages} pages' if read.ok else read.reason}")
    return partial(_keep, source["id"], upload, read)


def _on_page(ctx: JobContext, filename: str, n: int, total: int, page: int, of: int) -> None:
    ctx.progress(page or n, of or total, f"reading {filename}")
    ctx.check()


def _upload(tx: Session, upload_id: str) -> UploadCard | None:
    try:
        return uploads.get(tx, upload_id)
    except NotFound:
        return None


def _keep(source_id: str, upload: UploadCard | None, read: Read, tx: Session) -> dict[str, Any]:
    """The row, and that its upload is done with. Result: the key of the bytes that may go."""
    row = tx.get(StyleSource, source_id, with_for_update=True)
    if row is None:
        return {}
    digest = hashlib.sha256(" ".join(read.text.lower().split()).encode()).hexdigest() if read.ok else ""
    refusal = read.reason or _refusal(tx, row, digest, read)
    if refusal:
        row.state, row.reason = "refused", refusal
    else:
        row.state, row.text, row.sha256, row.pages = "read", read.text, digest, read.pages
        row.words, row.notes = count(read.text), _notes(read)
    if upload is None:
        return {}
    if refusal:
        uploads.reject(tx, {upload.id: refusal})
    else:
        uploads.accept(tx, [upload.id])
    return {"key": upload.key}


def _refusal(tx: Session, row: StyleSource, digest: str, read: Read) -> str:
    others = StyleSource.style_id == row.style_id, StyleSource.state == "read", StyleSource.id != row.id
    if same := tx.scalar(select(StyleSource.filename).where(*others, StyleSource.sha256 == digest).limit(1)):
        return f"It has the same text as {same}, which is there already."
    have = tx.scalar(select(func.sum(StyleSource.words)).where(*others)) or 0
    if have + count(read.text) > MOST_SOURCE_WORDS:
        return f"With it the style would have more than {MOST_SOURCE_WORDS:,} words. Leave it out, or take another file out."
    return ""


def _notes(read: Read) -> list[str]:
    notes = []
    if read.empty:
        notes.append(f"{read.empty:,} of {read.pages:,} pages have no text (pictures or empty).")
    if read.dropped:
        notes.append(f"{read.dropped:,} headers, footers and page numbers were left out.")
    return notes


def refused(tx: Session, style_id: str) -> list[tuple[str, str]]:
    """(file name, reason)."""
    where = StyleSource.style_id == style_id, StyleSource.state == "refused"
    return [(name, why) for name, why in tx.execute(select(StyleSource.filename, StyleSource.reason).where(*where))]
