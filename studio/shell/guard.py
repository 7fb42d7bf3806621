"""Guards Streamlit's own routes, which authenticate nobody: checks host and origin, and limits connections per visitor.

Streamlit takes uploads and WebSockets from anybody and keeps what they send in memory (docs/contracts/streamlit.md, 4). So
uploads are taken only from signed-in users, for a page that the same session opened, with limits on number and size, and
anonymous visitors get few connections with small messages. Only small text files (JSON, CSV, TXT) are uploaded this way;
pictures go to storage through /api/uploads. Plain ASGI.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config, runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from backend import accounts, api
from backend.app import App
from backend.db.transactions import Anonymous
from backend.errors import StudioError
from backend.settings import Settings
from studio.shell.connections import RAISE_LIMIT
from studio.shell.session import COOKIE

UPLOAD_PATH = "/_stcore/upload_file/"
MAX_FILES_PER_PAGE, MAX_FILES_PER_USER = 50, 200
MAX_BYTES_PER_USER = 32 << 20
_MULTIPART_OVERHEAD = 64 << 10
"""Bytes that a multipart body may be longer than the file in it."""
log = structlog.get_logger(__name__)

MAX_ANONYMOUS_PER_ADDRESS, MAX_ANONYMOUS_PAGES = 60, 400
"""Pages that visitors who are not signed in may have open at once, from one address and in all."""
MAX_PAGES_PER_USER = 100
ANONYMOUS_IDLE_S = 900.0
"""A page of an anonymous visitor that has sent nothing for this long is disconnected; the browser reconnects when it is
used."""
_PROBES = {"/health", "/ready", "/_stcore/health", *api.METRICS_PATHS}
"""Answered under any host name, because probes use all kinds; they show no secrets, or require a token."""


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


class AccessGuard:
    def __init__(self, app: ASGIApp, get_app: Callable[[], App]) -> None:
        self.app = app
        self.get_app = get_app
        self.settings = Settings.read()
        self.hosts = self.settings.web.hosts
        self.uploads = FileUploads(app)
        self.open_pages: Counter[str] = Counter()
        self.warned: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "websocket":
                await self._websocket(scope, receive, send)
            case _:
                await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers, path = Headers(scope=scope), scope["path"]
        refusal: Response | None = None
        if "content-length" in headers and "transfer-encoding" in headers:
            # Request smuggling: a proxy and we could disagree on where the request ends. The connection is closed after it.
            refusal = PlainTextResponse("Send Content-Length or Transfer-Encoding, not both.", 400, {"connection": "close"})
        elif path not in _PROBES and not self.hosts.includes(headers.get("host", "")):
            refusal = api.unknown_host_response(scope)
        elif path.startswith("/api/") and "\n" in path:
            refusal = api.not_found_response()  # the mounted API is not asked for such a path
        elif path in api.METRICS_PATHS and not api.may_read_details(scope, self.settings):
            refusal = PlainTextResponse(api.METRICS_REFUSED, 403)
        elif path.startswith(UPLOAD_PATH) and scope["method"] != "OPTIONS":
            if not self.hosts.own_origin(headers.get("origin", ""), headers.get("host", "")):
                refusal = PlainTextResponse("This file did not come from the studio's own page.", 403)
            else:
                await self.uploads(scope, receive, send, token=_token(scope), user_id=await self._user_id(scope))
                return
        await (refusal or self.app)(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if scope["path"].startswith("/api/") and self.hosts.includes(headers.get("host", "")):
            await self.app(scope, receive, send)  # programs have no origin; the API asks for a key, or for our own origin
            return
        if not self.hosts.own_origin(headers.get("origin", ""), headers.get("host", "")):
            log.warning("page of another origin refused", origin=headers.get("origin", ""), host=headers.get("host", ""))
            await _refuse_socket(receive, send)
            return
        user_id = await self._user_id(scope)
        visitor = user_id or f"address:{scope['client'][0] if scope.get('client') else ''}"
        max_pages = MAX_PAGES_PER_USER if user_id else MAX_ANONYMOUS_PER_ADDRESS
        if self.open_pages[visitor] >= max_pages or (not user_id and self.open_pages["strangers"] >= MAX_ANONYMOUS_PAGES):
            if visitor not in self.warned:
                log.warning("too many pages open", place=visitor, at_once=max_pages)
            self.warned.add(visitor)
            await _refuse_socket(receive, send)
            return
        counter_keys = [visitor] if user_id else [visitor, "strangers"]
        self.open_pages.update(counter_keys)
        try:
            if user_id:
                scope.get("extensions", {}).get(RAISE_LIMIT, lambda: None)()
                await self.app(scope, receive, send)
            else:
                await self.app(scope, _until_idle(receive, send), send)
        finally:
            self.open_pages.subtract(counter_keys)
            self.warned.discard(visitor)
            self.open_pages += Counter()  # drops what is at zero

    async def _user_id(self, scope: Scope) -> str:
        """The id of the signed-in user; "" for anonymous visitors, and while the database is away."""
        token = _token(scope)
        return await run_in_threadpool(self._resolve_user, token) if token else ""

    def _resolve_user(self, token: str) -> str:
        try:
            with self.get_app().db.transaction(Anonymous()) as tx:
                session_info = accounts.resolve_session(tx, token)
        except StudioError:
            return ""
        return session_info.user.id if session_info else ""


def _token(scope: Scope) -> str:
    return cookie_parser(Headers(scope=scope).get("cookie", "")).get(COOKIE, "")


async def _refuse_socket(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1008})


def _until_idle(receive: Receive, send: Send) -> Receive:
    async def receive_or_close() -> Message:
        try:
            async with asyncio.timeout(ANONYMOUS_IDLE_S):
                return await receive()
        except TimeoutError:
            await send({"type": "websocket.close", "code": 1001})
            return {"type": "websocket.disconnect", "code": 1001}

    return receive_or_close
