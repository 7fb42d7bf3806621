"""Guards Streamlit's upload route, which takes files from anybody and keeps them in memory: only for signed-in users, with
limits on number and size.

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

UPLOAD_PATH = "/_stcore/upload_file/"
MAX_FILES_PER_PAGE, MAX_FILES_PER_USER = 50, 200
MAX_BYTES_PER_USER = 32 << 20
_MULTIPART_OVERHEAD = 64 << 10
"""Bytes that a multipart body may be longer than the file in it."""


class FileUploads:
    """`app`: Streamlit's. Calls also take `user_id`, "" when nobody is signed in, and the `token` of that session."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.arriving_bytes: Counter[str] = Counter()
        self.user_by_page: dict[str, str] = {}
        """Page (Streamlit's session id) -> user id, of pages that hold files."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send, *, token: str, user_id: str) -> None:
        page = scope["path"].removeprefix(UPLOAD_PATH).partition("/")[0]
        if not user_id:
            await PlainTextResponse("You are not signed in. Reload the page and sign in.", 401)(scope, receive, send)
        elif not _is_page_of(page, token):
            await PlainTextResponse("This page is not open any more. Reload it and try again.", 404)(scope, receive, send)
        elif scope["method"] != "PUT":
            await self.app(scope, receive, send)
        else:
            await self._receive(scope, receive, send, page=page, user_id=user_id)

    async def _receive(self, scope: Scope, receive: Receive, send: Send, *, page: str, user_id: str) -> None:
        length = Headers(scope=scope).get("content-length", "")
        max_bytes = int(config.get_option("server.maxUploadSize")) << 20
        if not length.isdigit():
            response = PlainTextResponse("Say how long the file is: Content-Length.", 411)
        elif int(length) > max_bytes + _MULTIPART_OVERHEAD:
            response = PlainTextResponse(f"The file is larger than {max_bytes >> 20} MB.", 413)
        elif not self._has_room(page, user_id, int(length)):
            response = PlainTextResponse("Too many files are waiting on your pages. Remove some, or close other tabs.", 413)
        else:
            self.arriving_bytes[user_id] += int(length)
            try:
                await self.app(scope, receive, send)
            finally:
                self.arriving_bytes[user_id] -= int(length)
                self.arriving_bytes += Counter()  # drops what is at zero
            return
        await response(scope, receive, send)

    def _has_room(self, page: str, user_id: str, new_bytes: int) -> bool:
        files_by_page = _files_by_page()
        self.user_by_page = {
            open_page: owner for open_page, owner in self.user_by_page.items() if open_page in files_by_page
        } | {page: user_id}
        sizes = [
            len(file.data)
            for open_page, owner in self.user_by_page.items()
            if owner == user_id
            for file in files_by_page.get(open_page, ())
        ]
        if len(files_by_page.get(page, ())) >= MAX_FILES_PER_PAGE or len(sizes) >= MAX_FILES_PER_USER:
            return False
        return sum(sizes) + self.arriving_bytes[user_id] + new_bytes <= MAX_BYTES_PER_USER


def _is_page_of(page: str, token: str) -> bool:
    client = runtime.get_instance().get_client(page) if runtime.exists() else None
    context = client.client_context if client else None
    return context is not None and context.cookies.get(COOKIE) == token


def _files_by_page() -> dict[str, list[UploadedFileRec]]:
    manager = runtime.get_instance().uploaded_file_mgr
    assert isinstance(manager, MemoryUploadedFileManager)
    return {page: list(files.values()) for page, files in list(manager.file_storage.items())}
