"""Middleware: a POST with an Idempotency-Key is run once; sent again, it gets the first answer (backend.access.idempotency)."""

from __future__ import annotations

import inspect
import json
import re
import threading
from functools import partial
from typing import Any

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend import access
from backend.access import RequestClaim, StoredAnswer
from backend.api import deps, errors
from backend.api.claim_renewal import claim_renewal
from backend.api.credentials import read_credentials
from backend.api.text_stream import FAILED_STATE
from backend.app import App
from backend.db.transactions import Member, SystemCaller, before_commit
from backend.errors import Invalid, StudioError
from backend.language import tr_lazy

REPLAYED = "idempotency-replayed"
MAX_KEY = 200
_MAX_STORED_BYTES = 512 * 1024
_KEPT_HEADERS = ("content-type", "location", "etag", "x-total-count")
SIGN_IN_PATHS = ("/auth/", "/session")
"""Signing in: there a repeated answer would hand out tokens."""
OWN_KEYS = ("/automation-hooks/",)
"""These need no session, so they keep the key with what it started."""
_SECRETS = re.compile(r"/(api-keys|members|webhook-endpoints)|/automations/[^/]+/hook$")
"""Answers of these hold a secret that is shown once: of them only id and status are repeated."""


class Idempotency:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = Headers(scope=scope).get("idempotency-key", "") if scope["type"] == "http" else ""
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if not key or scope.get("method") != "POST" or path.startswith((*SIGN_IN_PATHS, *OWN_KEYS)):
            await self.app(scope, receive, send)
            return
        try:
            if len(key) > MAX_KEY:
                raise Invalid(tr_lazy("An Idempotency-Key has at most {max_key} characters.", max_key=MAX_KEY))
            await self._run_once(scope, receive, send, key=key, path=path)
        except StudioError as error:
            await errors.refusal_response(error)(scope, receive, send)

    async def _run_once(self, scope: Scope, receive: Receive, send: Send, *, key: str, path: str) -> None:
        connection = HTTPConnection(scope)
        app = await deps.current_app_of(connection)
        credentials = read_credentials(connection, app.settings)
        workspace = connection.query_params.get("workspace") or connection.headers.get("x-workspace", "") or _in_path(path)
        if credentials.kind == "none" or (credentials.kind == "cookie" and not workspace):
            await self.app(scope, receive, send)  # the route refuses it with its own sentence
            return
        caller = await deps.member(connection, app, credentials, workspace)
        body, replayed_receive = await _body(scope, receive)
        request = f"POST {path}"
        started = await run_in_threadpool(_begin, app, caller, request, key, body)
        if isinstance(started, StoredAnswer):
            headers = {**started.headers, REPLAYED: "true"}
            await Response(started.body, started.status, headers)(scope, receive, send)
            return
        answer = _Recorder(send)
        ended_well = False
        over = threading.Event()
        outer = before_commit.set(partial(_note_change, scope, started, over))
        try:
            with claim_renewal.of(app, started):
                await self.app(scope, replayed_receive, answer.send)
            ended_well = True
        finally:
            before_commit.reset(outer)
            over.set()
            status = answer.status if ended_well else 500
            failed_answer = bool(scope.get("state", {}).get(FAILED_STATE))
            succeeded = 200 <= status < 400 and not failed_answer
            stored = answer.stored(without_secret=bool(_SECRETS.match(path))) if succeeded else None
            await run_in_threadpool(_end, app, started, stored, refused=status < 500 or failed_answer)


def _begin(app: App, caller: Member, request: str, key: str, body: bytes) -> StoredAnswer | RequestClaim:
    with app.db.transaction(caller) as tx:
        return access.idempotency.begin(tx, request=request, key=key, body=body)


def _end(app: App, claim: RequestClaim, answer: StoredAnswer | None, *, refused: bool) -> None:
    """As the studio: the request itself may have ended its caller's rights."""
    with app.db.transaction(SystemCaller(claim.tenant_id)) as tx:
        if answer is None:
            access.idempotency.release(tx, claim, refused=refused)
        else:
            access.idempotency.finish(tx, claim, answer)


def _note_change(scope: Scope, claim: RequestClaim, over: threading.Event, tx: Session) -> None:
    """Before a transaction of the request commits. What goes on after its end (a model's answer whose reader has left) is none
    of its steps. Routes that hand the key on to their verb need none: it starts the same job
    again. Coroutines work in several transactions, around a model's answer or a file, so only they know when all is done."""
    route = scope["route"]
    if over.is_set() or any(parameter.alias.lower() == "idempotency-key" for parameter in route.dependant.header_params):
        return
    status = None if inspect.iscoroutinefunction(route.endpoint) else route.status_code or 200
    access.idempotency.note_change(tx, claim, status)


def _in_path(path: str) -> str:
    """The workspace of /uploads/<workspace>."""
    return path.removeprefix("/uploads/").partition("/")[0] if path.startswith("/uploads/") else ""


async def _body(scope: Scope, receive: Receive) -> tuple[bytes, Receive]:
    """The whole body, and a `receive` that gives it once more. Files are too large for that: they count as equal if their
    headers say the same length."""
    headers = Headers(scope=scope)
    if headers.get("content-type", "").startswith("multipart/"):
        return headers.get("content-length", "").encode(), receive
    messages: list[Message] = []
    while True:
        message = await receive()
        messages.append(message)
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    waiting = iter(messages)

    async def receive_again() -> Message:
        return next(waiting, None) or await receive()

    return b"".join(message.get("body", b"") for message in messages), receive_again


class _Recorder:
    """Sends an answer on, and keeps a copy of it while it is small."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 500
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._whole = True

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = Headers(raw=message.get("headers", []))
            self._headers = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
        elif message["type"] == "http.response.body" and self._whole:
            self._body += message.get("body", b"")
            self._whole = len(self._body) <= _MAX_STORED_BYTES
        await self._send(message)

    def stored(self, *, without_secret: bool) -> StoredAnswer:
        if self._whole and not without_secret:
            return StoredAnswer(self.status, self._headers, bytes(self._body))
        reference = json.dumps({"id": _id_of(bytes(self._body)) if self._whole else None, "statusCode": self.status})
        return StoredAnswer(self.status, {**self._headers, "content-type": "application/json"}, reference.encode())


def _id_of(body: bytes) -> Any:
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    return answer.get("id") if isinstance(answer, dict) else None
