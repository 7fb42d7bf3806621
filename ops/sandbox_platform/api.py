"""The API, in three phases: make a draft with its files, poll its state, publish. Errors: {"error": {"code", "message"}}."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from ops.sandbox_platform.store import DAY_S, SandboxAccount, SandboxDraft, SandboxPost, SandboxStore

MAX_FILE_BYTES, MAX_BODY_BYTES, MAX_FILES = 300_000_000, 100_000, 10
FORMATS = ("picture", "carousel", "reel", "story", "video", "short")
_MAGIC_BYTES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\x1a\x45\xdf\xa3", "video/webm"))
Handler = Callable[[Request, SandboxAccount], Awaitable[Response]]


class ApiRefusal(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message


class CutResponse(Response):
    """Fault: the connection ends before the answer is complete."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        raise ConnectionResetError("cut on purpose")


class SandboxApi:
    """`address(request)`: URL of the feed, without a trailing slash."""

    def __init__(self, store: SandboxStore, address: Callable[[Request], str]) -> None:
        self.store, self.address = store, address

    def routes(self) -> list[BaseRoute]:
        calls: list[tuple[str, str, str, Handler]] = [
            ("GET", "/api/me", "me", self._me),
            ("POST", "/api/drafts", "create", self._create),
            ("GET", "/api/drafts/{draft}", "draft", self._get_draft),
            ("PUT", "/api/drafts/{draft}/media/{n:int}", "media", self._put_file),
            ("POST", "/api/drafts/{draft}/publish", "publish", self._publish),
            ("POST", "/api/posts/{post}/comments", "comment", self._comment),
            ("GET", "/api/posts/{post}/comments", "comments", self._comments),
        ]
        return [Route(path, self._authorised(call, answer), methods=[method]) for method, path, call, answer in calls]

    def _authorised(self, call: str, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            try:
                account = self.store.account_of_token(request.headers.get("authorization", "").removeprefix("Bearer "))
                if account is None or self.store.faults.take("refuse_token"):
                    raise ApiRefusal(401, "token", "The token is not valid, or no longer.")
                self._raise_planned_fault(call)
                return await handler(request, account)
            except ApiRefusal as refusal:
                retry_after = self.store.faults.retry_after
                headers = {"Retry-After": retry_after} if refusal.status == 429 and retry_after else None
                return JSONResponse({"error": {"code": refusal.code, "message": refusal.message}}, refusal.status, headers)
            except ClientDisconnect:
                return Response(status_code=400)

        return handle

    def _raise_planned_fault(self, call: str) -> None:
        faults = self.store.faults
        if faults.take("too_many_calls"):
            faults.retry_after = faults.retry_after or "60"
            raise ApiRefusal(429, "rate", "Too many calls.")
        for n, (which, status, code) in enumerate(faults.refuse):
            if which == call:
                del faults.refuse[n]
                raise ApiRefusal(status, code, "Refused on purpose.")

    async def _me(self, request: Request, account: SandboxAccount) -> Response:
        used, total = self.store.used(account), self.store.faults.quota_total
        return JSONResponse({"id": account.id, "name": account.name, "used": used, "total": total})

    async def _create(self, request: Request, account: SandboxAccount) -> Response:
        body = await _json_body(request)
        files = body.get("files")
        if body.get("format") not in FORMATS or not isinstance(files, list) or not 1 <= len(files) <= MAX_FILES:
            raise ApiRefusal(400, "invalid", "A draft has a format and one to ten files.")
        caption, title = str(body.get("caption", "")), str(body.get("title", ""))
        if len(caption) > 2200 or len(title) > 100:
            raise ApiRefusal(400, "invalid", "The caption or the title is too long.")
        alts = [str(file.get("alt", ""))[:1000] for file in files if isinstance(file, dict)]
        fields = {"format": body["format"], "caption": caption, "title": title, "ai_made": bool(body.get("ai_made"))}
        draft = await run_in_threadpool(self.store.begin, account, {**fields, "files": alts})
        return CutResponse() if self.store.faults.take("lose_create") else JSONResponse(self._draft_json(draft, request), 201)

    async def _get_draft(self, request: Request, account: SandboxAccount) -> Response:
        return JSONResponse(self._draft_json(self._own_draft(request, account), request))

    async def _put_file(self, request: Request, account: SandboxAccount) -> Response:
        draft, n = self._own_draft(request, account), request.path_params["n"]
        if n >= draft.count or draft.post:
            raise ApiRefusal(400, "invalid", "There is no such file in the draft.")
        path = self.store.media(draft.id, n)
        path.parent.mkdir(parents=True, exist_ok=True)
        size, head = 0, b""
        with path.open("wb") as file:
            async for part in request.stream():
                size, head = size + len(part), (head + part)[:16] if len(head) < 16 else head
                if size > MAX_FILE_BYTES:
                    raise ApiRefusal(413, "too_large", "The file is larger than 300 MB.")
                await run_in_threadpool(file.write, part)
        mime = mime_of(head)
        await run_in_threadpool(self.store.filled, draft, n, mime)
        if not mime or self.store.faults.take("refuse_file"):
            await run_in_threadpool(self.store.fail, draft, f"file {n + 1} is no picture or video it can read")
        return JSONResponse(self._draft_json(draft, request), 201)

    async def _publish(self, request: Request, account: SandboxAccount) -> Response:
        faults = self.store.faults
        if faults.take("publish_down"):
            raise ApiRefusal(503, "down", "The sandbox is down on purpose.")
        post = await run_in_threadpool(self._publish_once, request, account)
        if faults.take("lose_publish"):
            return CutResponse()
        if faults.take("publish_500"):
            raise ApiRefusal(500, "fault", "Something went wrong on purpose.")
        return JSONResponse(self._draft_json(self.store.drafts[post.made_of], request))

    def _publish_once(self, request: Request, account: SandboxAccount) -> SandboxPost:
        with self.store.lock:
            draft = self._own_draft(request, account)
            match self._state(draft):
                case "published":
                    raise ApiRefusal(409, "published", "This draft is published already.")
                case "failed":
                    raise ApiRefusal(400, "failed", draft.failed)
                case "open" | "working":
                    raise ApiRefusal(425, "not_ready", "The files are not ready yet.")
            if self.store.faults.banned:
                raise ApiRefusal(403, "banned", "This account may not publish.")
            if self.store.used(account) >= self.store.faults.quota_total:
                raise ApiRefusal(429, "quota", "The account has published enough for today.")
            return self.store.publish(draft)

    async def _comment(self, request: Request, account: SandboxAccount) -> Response:
        post, text = self._own_post(request, account), str((await _json_body(request)).get("text", ""))
        if not 0 < len(text.strip()) <= 2200:
            raise ApiRefusal(400, "invalid", "A comment has 1 to 2,200 characters.")
        id = await run_in_threadpool(self.store.comment, post, text)
        return CutResponse() if self.store.faults.take("lose_comment") else JSONResponse({"id": id}, 201)

    async def _comments(self, request: Request, account: SandboxAccount) -> Response:
        comments = self._own_post(request, account).comments
        return JSONResponse({"data": [{"id": id, "text": text} for id, text in comments]})

    def _own_draft(self, request: Request, account: SandboxAccount) -> SandboxDraft:
        draft = self.store.drafts.get(request.path_params["draft"])
        if draft is None or draft.account != account.id:
            raise ApiRefusal(404, "unknown", "There is no such draft.")
        is_expired = not draft.post and self.store.now() - draft.made_at > DAY_S
        if is_expired or (not draft.post and self.store.faults.take("forget_draft")):
            self.store.forget(draft)
            raise ApiRefusal(410, "gone", "The draft has expired.")
        return draft

    def _own_post(self, request: Request, account: SandboxAccount) -> SandboxPost:
        post = next((candidate for candidate in self.store.posts if candidate.id == request.path_params["post"]), None)
        if post is None or post.account != account.id:
            raise ApiRefusal(404, "unknown", "There is no such post.")
        return post

    def _state(self, draft: SandboxDraft) -> str:
        if draft.post:
            return "published"
        if draft.failed:
            return "failed"
        if len(draft.stored) < draft.count:
            return "open"
        return "working" if self.store.now() < draft.ready_at else "ready"

    def _draft_json(self, draft: SandboxDraft, request: Request) -> dict[str, Any]:
        values: dict[str, Any] = {"id": draft.id, "state": self._state(draft), "stored": sorted(draft.stored)}
        if draft.post:
            values |= {"post_id": draft.post, "url": f"{self.address(request)}/p/{draft.post}"}
        return values | ({"reason": draft.failed} if draft.failed else {})


def mime_of(head: bytes) -> str:
    """The MIME type by the first bytes; "" for what is neither a picture nor a video."""
    if head[4:8] == b"ftyp":
        return "video/mp4"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((mime for start, mime in _MAGIC_BYTES if head.startswith(start)), "")


async def _json_body(request: Request) -> dict[str, Any]:
    data = b""
    async for part in request.stream():
        data += part
        if len(data) > MAX_BODY_BYTES:
            raise ApiRefusal(413, "too_large", "That is too much text.")
    try:
        value = json.loads(data or b"{}")
    except ValueError as error:
        raise ApiRefusal(400, "invalid", "That is no JSON.") from error
    if not isinstance(value, dict):
        raise ApiRefusal(400, "invalid", "That is no JSON object.")
    return value
