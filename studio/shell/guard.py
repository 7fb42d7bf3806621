"""What stands before Streamlit's own routes, which ask nobody who they are: known hosts, own pages, a place for each visitor.

What Streamlit leaves open: docs/contracts/streamlit.md, 4.

Plain ASGI. Streamlit takes uploads and WebSockets from anybody and keeps what they send in memory; so uploads are taken
only from people who are signed in, for a page that this sign-in opened, and strangers have few connections with small messages.
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

from backend import accounts, api
from backend.app import App
from backend.db.transactions import Anonymous
from backend.errors import StudioError
from backend.settings import Settings
from studio.shell.connections import RAISE_LIMIT
from studio.shell.file_uploads import UPLOADS, FileUploads
from studio.shell.session import COOKIE

log = structlog.get_logger(__name__)

STRANGERS_OF_ONE_ADDRESS, STRANGERS = 60, 400
"""Pages that people who are not signed in may have open at once."""
PAGES_OF_ONE_PERSON = 100
STRANGER_IDLE_S = 900.0
"""A stranger's page from which nothing was heard for so long is closed; the browser opens it again when it is looked at."""
_PROBES = {"/health", "/ready", "/_stcore/health", *api.METRICS}
"""Asked under whatever name a probe knows; they tell no secrets, or ask for a token."""


class Guard:
    def __init__(self, app: ASGIApp, get_app: Callable[[], App]) -> None:
        self.app = app
        self.get_app = get_app
        self.settings = Settings()
        self.hosts = self.settings.hosts
        self.uploads = FileUploads(app)
        self.open: Counter[str] = Counter()
        self.told: set[str] = set()

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
        refused: Response | None = None
        if "content-length" in headers and "transfer-encoding" in headers:
            # Two readers could take its end for different places: nothing after it is read.
            refused = PlainTextResponse("Send Content-Length or Transfer-Encoding, not both.", 400, {"connection": "close"})
        elif path not in _PROBES and not self.hosts.known(headers.get("host", "")):
            refused = api.unknown_host(scope)
        elif path.startswith("/api/") and "\n" in path:
            refused = api.no_address()  # the mounted API is not asked for such a path
        elif path in api.METRICS and not api.may_read_metrics(scope, self.settings):
            refused = PlainTextResponse(api.NO_METRICS, 403)
        elif path.startswith(UPLOADS) and scope["method"] != "OPTIONS":
            if not self.hosts.own_origin(headers.get("origin", ""), headers.get("host", "")):
                refused = PlainTextResponse("This file did not come from the studio's own page.", 403)
            else:
                await self.uploads(scope, receive, send, token=_token(scope), person=await self._person(scope))
                return
        await (refused or self.app)(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if not self.hosts.own_origin(headers.get("origin", ""), headers.get("host", "")):
            log.warning("page of another origin refused", origin=headers.get("origin", ""), host=headers.get("host", ""))
            await _refuse(receive, send)
            return
        person = await self._person(scope)
        place = person or f"address {scope['client'][0] if scope.get('client') else ''}"
        most = PAGES_OF_ONE_PERSON if person else STRANGERS_OF_ONE_ADDRESS
        if self.open[place] >= most or (not person and self.open["strangers"] >= STRANGERS):
            if place not in self.told:
                log.warning("too many pages open", place=place, at_once=most)
            self.told.add(place)
            await _refuse(receive, send)
            return
        counted = [place] if person else [place, "strangers"]
        self.open.update(counted)
        try:
            if person:
                scope.get("extensions", {}).get(RAISE_LIMIT, lambda: None)()
                await self.app(scope, receive, send)
            else:
                await self.app(scope, _until_idle(receive, send), send)
        finally:
            self.open.subtract(counted)
            self.told.discard(place)
            self.open += Counter()  # drops what is at zero

    async def _person(self, scope: Scope) -> str:
        """The id of the person who is signed in; "" for strangers, and while the database is away."""
        token = _token(scope)
        return await run_in_threadpool(self._arrive, token) if token else ""

    def _arrive(self, token: str) -> str:
        try:
            with self.get_app().db.transaction(Anonymous()) as tx:
                arrival = accounts.resolve_session(tx, token)
        except StudioError:
            return ""
        return arrival.user.id if arrival else ""


def _token(scope: Scope) -> str:
    return cookie_parser(Headers(scope=scope).get("cookie", "")).get(COOKIE, "")


async def _refuse(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1008})


def _until_idle(receive: Receive, send: Send) -> Receive:
    async def heard() -> Message:
        try:
            async with asyncio.timeout(STRANGER_IDLE_S):
                return await receive()
        except TimeoutError:
            await send({"type": "websocket.close", "code": 1001})
            return {"type": "websocket.disconnect", "code": 1001}

    return heard
