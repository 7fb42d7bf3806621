"""PDFs that come with a request to train: who sends them is asked first, then they go to storage one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request

from backend import assets, jobs, writing_styles
from backend.app import App
from backend.db.transactions import SignedIn
from backend.errors import Invalid
from backend.jobs import JobCard
from backend.kit.ids import new_id
from backend.writing_styles import WritingStyleCard

AT_ONCE_BYTES = 5
"""A request may be so many times as large as one PDF; more files go in several requests."""
_CHUNK = 256 * 1024
_PDF = {"type": "array", "items": {"type": "string", "format": "binary"}}
_SESSION = {"type": "string"}
DESCRIBED: dict[str, Any] = {
    "requestBody": {
        "content": {
            "multipart/form-data": {"schema": {"type": "object", "properties": {"file": _PDF, "session_id": _SESSION}}},
            "application/json": {"schema": {"type": "object", "properties": {"session_id": _SESSION}}},
        }
    }
}


async def taken(
    request: Request,
    app: App,
    caller: SignedIn,
    session_id: str,
    key: str,
    *,
    new_session: Callable[[Session], WritingStyleCard],
) -> tuple[str, JobCard]:
    """(session, training job). Raises Invalid (no PDF, too large), NotFound, Conflict."""
    await run_in_threadpool(_allowed, app, caller, session_id)
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        _check_length(request, app)
        try:
            async with request.form(max_files=writing_styles.MAX_FILES, max_fields=10) as form:
                chosen = session_id or str(form.get("session_id") or "")
                return await run_in_threadpool(_stored, app, caller, chosen, _files(form), key, new_session)
        except (MultiPartException, ClientDisconnect) as error:
            raise Invalid("The files did not arrive whole. Send them again, as multipart/form-data.") from error
    try:
        body = await request.json()
    except ValueError as error:
        raise Invalid("Send PDFs as multipart/form-data, or JSON with a session_id.") from error
    chosen = session_id or str(body.get("session_id") or "") if isinstance(body, dict) else session_id
    if not chosen:
        raise Invalid("Say which session: session_id. Or send PDFs as multipart/form-data.")
    return chosen, await run_in_threadpool(_train, app, caller, chosen, None, key)


def _allowed(app: App, caller: SignedIn, session_id: str) -> None:
    with app.db.transaction(caller, needs="editor") as tx:
        if session_id:
            writing_styles.get(tx, session_id)


def _check_length(request: Request, app: App) -> None:
    most = AT_ONCE_BYTES * app.settings.max_style_pdf_size
    if not request.headers.get("content-length", "").isdigit():
        raise Invalid("Say how long the request is: Content-Length.")
    if int(request.headers["content-length"]) > most:
        raise Invalid(f"Send at most {most >> 20} MB at a time. Several requests may go to one session.")


def _files(form: FormData) -> list[UploadFile]:
    found = [one for _, one in form.multi_items() if isinstance(one, UploadFile)]
    if not found:
        raise Invalid("There is no file in the request. Send one or more PDFs as `file`.")
    for one in found:
        head = one.file.read(1024)
        one.file.seek(0)
        if not (one.filename or "").lower().endswith(".pdf") or b"%PDF-" not in head:
            raise Invalid(f"{one.filename or 'One file'} is no PDF. A style learns from PDF files only.")
    return found


def _stored(
    app: App,
    caller: SignedIn,
    session_id: str,
    files: list[UploadFile],
    key: str,
    new_session: Callable[[Session], WritingStyleCard],
) -> tuple[str, JobCard]:
    with app.db.transaction(caller, needs="editor") as tx:
        known = jobs.find_by_key(tx, key) if key else None
        if known:
            return known.subject_id, known
        style = writing_styles.get(tx, session_id) if session_id else new_session(tx)
    sent = [_sent(app, caller, style.id, one) for one in files]
    return style.id, _train(app, caller, style.id, sent, key)


def _sent(app: App, caller: SignedIn, style_id: str, file: UploadFile) -> str:
    said: Any = {"noun": writing_styles.NOUN, "noun_id": style_id, "filename": file.filename or "", "client_key": new_id("api")}
    with app.db.transaction(caller, needs="editor") as tx:
        card = assets.uploads.announce(tx, settings=app.settings, size=file.size or 0, **said)
    assets.uploads.receive(
        lambda: app.db.transaction(caller, needs="editor"), app.storage, settings=app.settings, upload_id=card.id,
        chunks=_chunks(file),
    )  # fmt: skip
    return card.id


def _chunks(file: UploadFile) -> Iterator[bytes]:
    while chunk := file.file.read(_CHUNK):
        yield chunk


def _train(app: App, caller: SignedIn, style_id: str, upload_ids: list[str] | None, key: str) -> JobCard:
    with app.db.transaction(caller, needs="editor") as tx:
        return writing_styles.train(tx, style_id, upload_ids=upload_ids, request_key=key or new_id("key"))
