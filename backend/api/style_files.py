"""Receives the PDFs of a request to train a writing style: authorises the caller before the body is read, then stores them one
by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request

from backend import jobs, writing_styles
from backend.api.multipart import files_of, is_multipart, require_length, store_file
from backend.app import App
from backend.db.transactions import Member
from backend.errors import Invalid
from backend.jobs import JobCard
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.writing_styles import WritingStyleCard

MAX_REQUEST_PDFS = 5
"""A request may be this many times as large as the largest PDF; more files go in several requests."""
_PDF = {"type": "array", "items": {"type": "string", "format": "binary"}}
_SESSION = {"type": "string"}
OPENAPI_BODY: dict[str, Any] = {
    "requestBody": {
        "content": {
            "multipart/form-data": {"schema": {"type": "object", "properties": {"file": _PDF, "session_id": _SESSION}}},
            "application/json": {"schema": {"type": "object", "properties": {"session_id": _SESSION}}},
        }
    }
}


async def receive_and_train(
    request: Request,
    app: App,
    caller: Member,
    session_id: str,
    key: str,
    *,
    new_session: Callable[[Session], WritingStyleCard],
) -> tuple[str, JobCard]:
    """Stores the PDFs of the request and starts the training: (session id, job). Without PDFs it learns from earlier uploads.

    Raises Invalid (no PDF, too large), NotFound, Conflict.
    """
    await run_in_threadpool(_check_allowed, app, caller, session_id)
    if is_multipart(request):
        max_bytes = MAX_REQUEST_PDFS * app.settings.uploads.max_style_pdf_size
        require_length(request, max_bytes, "Several requests may go to one session.")
        try:
            async with request.form(max_files=writing_styles.MAX_FILES, max_fields=10) as form:
                chosen_id = session_id or str(form.get("session_id") or "")
                return await run_in_threadpool(_store_and_train, app, caller, chosen_id, _files(form), key, new_session)
        except (MultiPartException, ClientDisconnect) as error:
            raise Invalid(tr_lazy("The files did not arrive whole. Send them again, as multipart/form-data.")) from error
    try:
        body = await request.json()
    except ValueError as error:
        raise Invalid(tr_lazy("Send PDFs as multipart/form-data, or JSON with a session_id.")) from error
    chosen_id = session_id or str(body.get("session_id") or "") if isinstance(body, dict) else session_id
    if not chosen_id:
        raise Invalid(tr_lazy("Say which session: session_id. Or send PDFs as multipart/form-data."))
    return chosen_id, await run_in_threadpool(_train, app, caller, chosen_id, None, key)


def _check_allowed(app: App, caller: Member, session_id: str) -> None:
    with app.db.transaction(caller, needs="editor") as tx:
        if session_id:
            writing_styles.get(tx, session_id)


def _files(form: FormData) -> list[UploadFile]:
    files = files_of(form)
    if not files:
        raise Invalid(tr_lazy("There is no file in the request. Send one or more PDFs as `file`."))
    for file in files:
        head = file.file.read(1024)
        file.file.seek(0)
        if not (file.filename or "").lower().endswith(".pdf") or b"%PDF-" not in head:
            raise Invalid(tr_lazy("{name} is not a PDF. A style learns from PDF files only.", name=file.filename or "file"))
    return files


def _store_and_train(
    app: App,
    caller: Member,
    session_id: str,
    files: list[UploadFile],
    key: str,
    new_session: Callable[[Session], WritingStyleCard],
) -> tuple[str, JobCard]:
    with app.db.transaction(caller, needs="editor") as tx:
        existing_job = jobs.find_by_key(tx, key) if key else None
        if existing_job:
            return existing_job.subject_id, existing_job
        style = writing_styles.get(tx, session_id) if session_id else new_session(tx)
    upload_ids = [store_file(app, caller, file, noun=writing_styles.NOUN, noun_id=style.id) for file in files]
    return style.id, _train(app, caller, style.id, upload_ids, key)


def _train(app: App, caller: Member, style_id: str, upload_ids: list[str] | None, key: str) -> JobCard:
    with app.db.transaction(caller, needs="editor") as tx:
        return writing_styles.train(tx, style_id, upload_ids=upload_ids, request_key=key or new_id("key"))
