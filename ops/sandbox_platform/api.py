"""Its API, in three phases: a draft with its files, a look, publish. Errors: {"error": {"code", "message"}}."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from ops.sandbox_platform.store import DAY_S, Account, Draft, Post, Store

MOST_BYTES, MOST_BODY, MOST_FILES = 300_000_000, 100_000, 10
FORMATS = ("picture", "carousel", "reel", "story", "video", "short")
_HEADS = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\x1a\x45\xdf\xa3", "video/webm"))
Answer = Callable[[Request, Account], Awaitable[Response]]


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message


class Cut(Response):
    """The connection ends before the answer is whole."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        raise ConnectionResetError("cut on purpose")


class Api:
    """`address(request)`: where people see the feed, without a trailing slash."""

    def __init__(self, store: Store, address: Callable[[Request], str]) -> None:
        self.store, self.address = store, address

    def routes(self) -> list[BaseRoute]:
        calls: list[tuple[str, str, str, Answer]] = [
            ("GET", "/api/me", "me", self._me),
            ("POST", "/api/drafts", "create", self._create),
            ("GET", "/api/drafts/{draft}", "draft", self._look),
            ("PUT", "/api/drafts/{draft}/media/{n:int}", "media", self._put),
            ("POST", "/api/drafts/{draft}/publish", "publish", self._publish),
            ("POST", "/api/posts/{post}/comments", "comment", self._comment),
            ("GET", "/api/posts/{post}/comments", "comments", self._comments),
        ]
        return [Route(path, self._guarded(call, answer), methods=[way]) for way, path, call, answer in calls]

    def _guarded(self, call: str, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def ask(request: Request) -> Response:
            try:
                account = self.store.opens(request.headers.get("authorization", "").removeprefix("Bearer "))
                if account is None or self.store.faults.take("refuse_token"):
                    raise Refused(401, "token", "The token is not valid, or no longer.")
                self._refuse(call)
                return await answer(request, account)
            except Refused as no:
                after = self.store.faults.retry_after
                heads = {"Retry-After": after} if no.status == 429 and after else None
                return JSONResponse({"error": {"code": no.code, "message": no.message}}, no.status, heads)
            except ClientDisconnect:
                return Response(status_code=400)

        return ask

    def _refuse(self, call: str) -> None:
        faults = self.store.faults
        if faults.take("too_many_calls"):
            faults.retry_after = faults.retry_after or "60"
            raise Refused(429, "rate", "Too many calls.")
        for n, (which, status, code) in enumerate(faults.refuse):
            if which == call:
                del faults.refuse[n]
                raise Refused(status, code, "Refused on purpose.")

    async def _me(self, request: Request, account: Account) -> Response:
        used, total = self.store.used(account), self.store.faults.quota_total
        return JSONResponse({"id": account.id, "name": account.name, "used": used, "total": total})

    async def _create(self, request: Request, account: Account) -> Response:
        said = await _body(request)
        files = said.get("files")
        if said.get("format") not in FORMATS or not isinstance(files, list) or not 1 <= len(files) <= MOST_FILES:
            raise Refused(400, "invalid", "A draft has a format and one to ten files.")
        caption, title = str(said.get("caption", "")), str(said.get("title", ""))
        if len(caption) > 2200 or len(title) > 100:
            raise Refused(400, "invalid", "The caption or the title is too long.")
        alts = [str(one.get("alt", ""))[:1000] for one in files if isinstance(one, dict)]
        kept = {"format": said["format"], "caption": caption, "title": title, "ai_made": bool(said.get("ai_made"))}
        draft = await run_in_threadpool(self.store.begin, account, {**kept, "files": alts})
        return Cut() if self.store.faults.take("lose_create") else JSONResponse(self._told(draft, request), 201)

    async def _look(self, request: Request, account: Account) -> Response:
        return JSONResponse(self._told(self._own(request, account), request))

    async def _put(self, request: Request, account: Account) -> Response:
        draft, n = self._own(request, account), request.path_params["n"]
        if n >= draft.count or draft.post:
            raise Refused(400, "invalid", "There is no such file in the draft.")
        path = self.store.media(draft.id, n)
        path.parent.mkdir(parents=True, exist_ok=True)
        size, head = 0, b""
        with path.open("wb") as file:
            async for part in request.stream():
                size, head = size + len(part), (head + part)[:16] if len(head) < 16 else head
                if size > MOST_BYTES:
                    raise Refused(413, "too_large", "The file is larger than 300 MB.")
                await run_in_threadpool(file.write, part)
        mime = sniffed(head)
        await run_in_threadpool(self.store.filled, draft, n, mime)
        if not mime or self.store.faults.take("refuse_file"):
            await run_in_threadpool(self.store.fail, draft, f"file {n + 1} is no picture or video it can read")
        return JSONResponse(self._told(draft, request), 201)

    async def _publish(self, request: Request, account: Account) -> Response:
        faults = self.store.faults
        if faults.take("publish_down"):
            raise Refused(503, "down", "The sandbox is down on purpose.")
        post = await run_in_threadpool(self._publish_once, request, account)
        if faults.take("lose_publish"):
            return Cut()
        if faults.take("publish_500"):
            raise Refused(500, "fault", "Something went wrong on purpose.")
        return JSONResponse(self._told(self.store.drafts[post.made_of], request))

    def _publish_once(self, request: Request, account: Account) -> Post:
        with self.store.lock:
            draft = self._own(request, account)
            match self._state(draft):
                case "published":
                    raise Refused(409, "published", "This draft is published already.")
                case "failed":
                    raise Refused(400, "failed", draft.failed)
                case "open" | "working":
                    raise Refused(425, "not_ready", "The files are not ready yet.")
            if self.store.faults.banned:
                raise Refused(403, "banned", "This account may not publish.")
            if self.store.used(account) >= self.store.faults.quota_total:
                raise Refused(429, "quota", "The account has published enough for today.")
            return self.store.publish(draft)

    async def _comment(self, request: Request, account: Account) -> Response:
        post, text = self._post(request, account), str((await _body(request)).get("text", ""))
        if not 0 < len(text.strip()) <= 2200:
            raise Refused(400, "invalid", "A comment has 1 to 2,200 characters.")
        id = await run_in_threadpool(self.store.comment, post, text)
        return Cut() if self.store.faults.take("lose_comment") else JSONResponse({"id": id}, 201)

    async def _comments(self, request: Request, account: Account) -> Response:
        listed = self._post(request, account).comments
        return JSONResponse({"data": [{"id": id, "text": text} for id, text in listed]})

    def _own(self, request: Request, account: Account) -> Draft:
        draft = self.store.drafts.get(request.path_params["draft"])
        if draft is None or draft.account != account.id:
            raise Refused(404, "unknown", "There is no such draft.")
        old = not draft.post and self.store.now() - draft.made_at > DAY_S
        if old or (not draft.post and self.store.faults.take("forget_draft")):
            self.store.forget(draft)
            raise Refused(410, "gone", "The draft has expired.")
        return draft

    def _post(self, request: Request, account: Account) -> Post:
        post = next((one for one in self.store.posts if one.id == request.path_params["post"]), None)
        if post is None or post.account != account.id:
            raise Refused(404, "unknown", "There is no such post.")
        return post

    def _state(self, draft: Draft) -> str:
        if draft.post:
            return "published"
        if draft.failed:
            return "failed"
        if len(draft.stored) < draft.count:
            return "open"
        return "working" if self.store.now() < draft.ready_at else "ready"

    def _told(self, draft: Draft, request: Request) -> dict[str, Any]:
        said: dict[str, Any] = {"id": draft.id, "state": self._state(draft), "stored": sorted(draft.stored)}
        if draft.post:
            said |= {"post_id": draft.post, "url": f"{self.address(request)}/p/{draft.post}"}
        return said | ({"reason": draft.failed} if draft.failed else {})


def sniffed(head: bytes) -> str:
    """The kind by the first bytes; "" for what is neither a picture nor a film."""
    if head[4:8] == b"ftyp":
        return "video/mp4"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((mime for start, mime in _HEADS if head.startswith(start)), "")


async def _body(request: Request) -> dict[str, Any]:
    data = b""
    async for part in request.stream():
        data += part
        if len(data) > MOST_BODY:
            raise Refused(413, "too_large", "That is too much text.")
    try:
        said = json.loads(data or b"{}")
    except ValueError as error:
        raise Refused(400, "invalid", "That is no JSON.") from error
    if not isinstance(said, dict):
        raise Refused(400, "invalid", "That is no JSON object.")
    return said
