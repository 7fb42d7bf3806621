"""Streamlit's upload route, for people who are signed in. It keeps files in memory, so they are few and small.

Only small text files (JSON, CSV, TXT) come this way; pictures go to storage through /api/uploads.
"""

from __future__ import annotations

from collections import Counter

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config, runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from studio.shell.session import COOKIE

UPLOADS = "/_stcore/upload_file/"
FILES_OF_ONE_PAGE, FILES_OF_ONE_PERSON = 50, 200
BYTES_OF_ONE_PERSON = 32 << 20
_FRAME = 64 << 10
"""What a multipart body is longer than the file in it."""


class FileUploads:
    """`app`: Streamlit's. `person`: who is signed in, "" for nobody; `token`: of that sign-in."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.arriving: Counter[str] = Counter()
        self.people: dict[str, str] = {}
        """Page (Streamlit's session id) -> person, of pages that hold files."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send, *, token: str, person: str) -> None:
        page = scope["path"].removeprefix(UPLOADS).partition("/")[0]
        if not person:
            await PlainTextResponse("You are not signed in. Reload the page and sign in.", 401)(scope, receive, send)
        elif not _opened_by(page, token):
            await PlainTextResponse("This page is not open any more. Reload it and try again.", 404)(scope, receive, send)
        elif scope["method"] != "PUT":
            await self.app(scope, receive, send)
        else:
            await self._take(scope, receive, send, page=page, person=person)

    async def _take(self, scope: Scope, receive: Receive, send: Send, *, page: str, person: str) -> None:
        length = Headers(scope=scope).get("content-length", "")
        most = int(config.get_option("server.maxUploadSize")) << 20
        if not length.isdigit():
            answer = PlainTextResponse("Say how long the file is: Content-Length.", 411)
        elif int(length) > most + _FRAME:
            answer = PlainTextResponse(f"The file is larger than {most >> 20} MB.", 413)
        elif not self._has_room(page, person, int(length)):
            answer = PlainTextResponse("Too many files are waiting on your pages. Remove some, or close other tabs.", 413)
        else:
            self.arriving[person] += int(length)
            try:
                await self.app(scope, receive, send)
            finally:
                self.arriving[person] -= int(length)
                self.arriving += Counter()  # drops what is at zero
            return
        await answer(scope, receive, send)

    def _has_room(self, page: str, person: str, more: int) -> bool:
        held = _files()
        self.people = {known: owner for known, owner in self.people.items() if known in held} | {page: person}
        sizes = [len(file.data) for known, owner in self.people.items() if owner == person for file in held.get(known, ())]
        if len(held.get(page, ())) >= FILES_OF_ONE_PAGE or len(sizes) >= FILES_OF_ONE_PERSON:
            return False
        return sum(sizes) + self.arriving[person] + more <= BYTES_OF_ONE_PERSON


def _opened_by(page: str, token: str) -> bool:
    client = runtime.get_instance().get_client(page) if runtime.exists() else None
    context = client.client_context if client else None
    return context is not None and context.cookies.get(COOKIE) == token


def _files() -> dict[str, list[UploadedFileRec]]:
    manager = runtime.get_instance().uploaded_file_mgr
    assert isinstance(manager, MemoryUploadedFileManager)
    return {page: list(files.values()) for page, files in list(manager.file_storage.items())}
