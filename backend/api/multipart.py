"""Files that come as multipart/form-data. Routes authorise the caller and check the length before they read the body."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from backend import assets
from backend.app import App
from backend.db.transactions import Member
from backend.errors import Invalid
from backend.kit.ids import new_id
from backend.language import tr_lazy

_CHUNK = 256 * 1024


def is_multipart(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("multipart/form-data")


def require_length(request: Request, max_bytes: int, advice: str) -> None:
    """Raises Invalid for a body of unknown length or of more than `max_bytes`, which says so and then `advice`."""
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        raise Invalid(tr_lazy("Say how long the request is: Content-Length."))
    if int(length) > max_bytes:
        raise Invalid(tr_lazy("Send at most {max_bytes} MB at a time. {advice}", max_bytes=max_bytes >> 20, advice=advice))


def files_of(form: FormData) -> list[UploadFile]:
    return [file for _, file in form.multi_items() if isinstance(file, UploadFile)]


def store_file(app: App, caller: Member, file: UploadFile, *, noun: str, noun_id: str) -> str:
    """Stores a file as an upload for a noun; returns its id. Raises Invalid (empty, too large), NotFound, Unavailable."""
    with app.db.transaction(caller, needs="editor") as tx:
        upload = assets.uploads.announce(
            tx,
            settings=app.settings,
            noun=noun,
            noun_id=noun_id,
            filename=file.filename or "",
            size=file.size or 0,
            client_key=new_id("api"),
        )
    assets.uploads.receive(
        lambda: app.db.transaction(caller, needs="editor"),
        app.storage,
        settings=app.settings,
        upload_id=upload.id,
        chunks=_chunks(file),
    )
    return upload.id


def _chunks(file: UploadFile) -> Iterator[bytes]:
    while chunk := file.file.read(_CHUNK):
        yield chunk
