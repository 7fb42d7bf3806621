"""Sessions, videos, comments, tokens."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tests.servers.platforms.web import Account, CutResponse, PlatformServer, Post
from tests.servers.youtube.faults import Faults

Answer = Callable[[Request, Account], Awaitable[Response]]
STEP, DAY_S = 256 * 1024, 86_400.0
_PUT = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)")


class Refused(Exception):
    """{"error": {"code", "message", "errors": [{domain, reason, message}]}}: youtube.md, 3."""

    def __init__(self, status: int, reason: str, message: str = "") -> None:
        self.status, self.reason, self.message = status, reason, message or reason

    def answer(self, headers: dict[str, str] | None = None) -> Response:
        detail = {"domain": "youtube.video", "reason": self.reason, "message": self.message}
        return JSONResponse({"error": {"code": self.status, "message": self.message, "errors": [detail]}}, self.status, headers)


@dataclass
class Session:
    """`video`: the id, once the last byte is there. `ends`: (uploadStatus, reason) after processing."""

    id: str
    account: str
    resource: dict[str, Any]
    size: int
    mime: str
    data: bytearray = field(default_factory=bytearray)
    video: str = ""
    whole_at: float = 0.0
    ends: tuple[str, str] = ("processed", "")


class YouTubeServer(PlatformServer):
    """`sessions`: all that were begun, by id; delete one and it is gone (404)."""

    name = "youtube"

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.faults = Faults()
        self.sessions: dict[str, Session] = {}
        self.inserts: list[float] = []

    def settings(self) -> dict[str, str]:
        return {
            "YOUTUBE_API_URL": self.url,
            "YOUTUBE_AUTHORIZE_URL": f"{self.url}/o/oauth2/v2/auth",
            "YOUTUBE_TOKEN_URL": f"{self.url}/token",
            "YOUTUBE_CLIENT_ID": "test-app",
            "YOUTUBE_CLIENT_SECRET": "test-secret",
        }

    def account_id(self, name: str) -> str:
        return f"UC{name}"

    def routes(self) -> Sequence[BaseRoute]:
        upload = "/upload/youtube/v3/videos"
        threads = "/youtube/v3/commentThreads"
        return [
            Route("/o/oauth2/v2/auth", self.consent, methods=["GET", "POST"]),
            Route("/token", self._token, methods=["POST"]),
            Route(upload, self._guarded("start", self._start), methods=["POST"]),
            Route(upload, self._put, methods=["PUT"]),
            Route("/youtube/v3/videos", self._guarded("video", self._video)),
            Route("/youtube/v3/channels", self._guarded("channel", self._channel)),
            Route(threads, self._guarded("comment", self._comment), methods=["POST"]),
            Route(threads, self._guarded("comments", self._comments)),
        ]

    def _guarded(self, call: str, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def ask(request: Request) -> Response:
            self.asked.append(f"{request.method} {request.url.path}")
            try:
                account = self.account_of_token(self.token_of(request))
                if account is None:
                    raise Refused(401, "authError", "Invalid Credentials")
                self._refuse(call)
                return await answer(request, account)
            except Refused as refusal:
                after = self.faults.retry_after if refusal.status == 429 else None
                return refusal.answer({"Retry-After": after} if after else None)

        return ask

    def _refuse(self, call: str) -> None:
        for n, (which, status, reason) in enumerate(self.faults.refuse):
            if which == call:
                del self.faults.refuse[n]
                raise Refused(status, reason)

    async def _start(self, request: Request, account: Account) -> Response:
        """B3 Start."""
        resource = await request.json()
        snippet, status = resource.get("snippet") or {}, resource.get("status") or {}
        title, text = str(snippet.get("title", "")), str(snippet.get("description", ""))
        if request.query_params.get("uploadType") != "resumable":
            raise Refused(400, "mediaBodyRequired")
        if not title.strip() or len(title) > 100 or set("<>") & set(title):
            raise Refused(400, "invalidTitle")
        if len(text.encode()) > 5000 or set("<>") & set(text):
            raise Refused(400, "invalidDescription")
        if status.get("privacyStatus") not in ("public", "unlisted", "private"):
            raise Refused(400, "invalidVideoMetadata")
        now = self.clock.now()
        if sum(1 for at in self.inserts if at > now - DAY_S) >= self.faults.inserts_a_day:
            raise Refused(403, "quotaExceeded")
        own_sessions = [session for session in self.sessions.values() if session.account == account.id and session.video]
        if len(own_sessions) >= self.faults.uploads_a_day:
            raise Refused(400, "uploadLimitExceeded", "The user has exceeded the number of videos they may upload.")
        self.inserts.append(now)
        size, mime = int(request.headers["x-upload-content-length"]), request.headers["x-upload-content-type"]
        session = Session(secrets.token_hex(10), account.id, resource, size, mime)
        self.sessions[session.id] = session
        if self.faults.take("lose_start"):
            return CutResponse()
        where = f"{self.url}/upload/youtube/v3/videos?uploadType=resumable&upload_id={session.id}"
        return Response(status_code=200, headers={"Location": where})

    async def _put(self, request: Request) -> Response:
        """B3 Send and Probe. The session's address is enough, no token."""
        self.asked.append(f"PUT {request.url.path}")
        session = self.sessions.get(request.query_params.get("upload_id", ""))
        match = _PUT.fullmatch(request.headers.get("content-range", ""))
        data = await request.body()
        if session is None:
            return Response(status_code=404)
        if match is None or int(match[3]) != session.size:
            return Refused(400, "badContent").answer()
        try:
            self._refuse("put" if match[1] else "probe")
        except Refused as refusal:
            return refusal.answer({"Retry-After": self.faults.retry_after} if self.faults.retry_after else None)
        if session.video:
            return JSONResponse(self._resource(session), 200)
        return self._so_far(session) if match[1] is None else self._stored(session, int(match[1]), int(match[2]), data)

    def _stored(self, session: Session, first: int, last: int, data: bytes) -> Response:
        final = last + 1 == session.size
        if len(data) != last - first + 1 or first != len(session.data) or (len(data) % STEP and not final):
            return Refused(400, "badContent").answer()
        if self.faults.take("chunk_503"):
            return Refused(503, "backendError").answer()
        if self.faults.take("nothing_stored"):
            return self._so_far(session)
        if self.faults.take("half_chunk") and len(data) > STEP:
            session.data += data[: len(data) // 2 // STEP * STEP or STEP]
            return self._so_far(session)
        session.data += data
        if not final:
            return CutResponse() if self.faults.take("lose_chunk") else self._so_far(session)
        self._make(session)
        if self.faults.take("lose_last"):
            return CutResponse()
        if self.faults.take("last_500"):
            return Refused(503, "backendError").answer()
        return JSONResponse(self._resource(session), 201)

    def _so_far(self, session: Session) -> Response:
        """308 + Range: bytes=0-N; no Range = 0 bytes stored."""
        heads = {"Range": f"bytes=0-{len(session.data) - 1}"} if session.data else {}
        return Response(status_code=308, headers=heads)

    def _make(self, session: Session) -> None:
        """The video exists only after the last byte."""
        session.video, session.whole_at = f"vid{next(self._ids):08d}", self.clock.now()
        if self.faults.failure:
            session.ends, self.faults.failure = ("failed", self.faults.failure), ""
        elif self.faults.rejection:
            session.ends, self.faults.rejection = ("rejected", self.faults.rejection), ""
        snippet, status = session.resource["snippet"], session.resource["status"]
        post = Post(session.video, session.account, session.id, snippet.get("description", ""), snippet["title"], "video")
        post.ai, post.privacy = bool(status.get("containsSyntheticMedia")), status["privacyStatus"]
        post.media, post.sent = [(session.mime, bytes(session.data))], session.resource
        if session.ends[0] == "processed":
            self.posts.append(post)

    def _resource(self, session: Session) -> dict[str, Any]:
        done = self.clock.now() >= session.whole_at + self.faults.processing_s
        ends, reason = session.ends if done else ("uploaded", "")
        status: dict[str, Any] = {"uploadStatus": ends, "privacyStatus": session.resource["status"]["privacyStatus"]}
        if ends in ("failed", "rejected"):
            status["failureReason" if ends == "failed" else "rejectionReason"] = reason
        processing = {"processingStatus": "succeeded" if ends == "processed" else "failed" if done else "processing"}
        whole = {"kind": "youtube#video", "id": session.video, "snippet": session.resource["snippet"], "status": status}
        return {**whole, "processingDetails": processing}

    async def _video(self, request: Request, account: Account) -> Response:
        sessions = [
            session for session in self.sessions.values() if session.video and session.video == request.query_params.get("id")
        ]
        return JSONResponse({"kind": "youtube#videoListResponse", "items": [self._resource(session) for session in sessions]})

    async def _channel(self, request: Request, account: Account) -> Response:
        snippet = {"title": account.name.title(), "customUrl": f"@{account.name}", "thumbnails": {}}
        return JSONResponse({"items": [{"kind": "youtube#channel", "id": account.id, "snippet": snippet}]})

    async def _comment(self, request: Request, account: Account) -> Response:
        thread = (await request.json())["snippet"]
        post = next((post for post in self.posts if post.id == thread["videoId"]), None)
        if post is None:
            raise Refused(404, "videoNotFound")
        post.comments.insert(0, (self.id("Ug"), thread["topLevelComment"]["snippet"]["textOriginal"]))
        return CutResponse() if self.faults.take("lose_comment") else JSONResponse({"id": post.comments[0][0]})

    async def _comments(self, request: Request, account: Account) -> Response:
        post = next((post for post in self.posts if post.id == request.query_params.get("videoId")), None)
        tops = (
            [{"id": id, "snippet": {"topLevelComment": {"snippet": {"textOriginal": text}}}} for id, text in post.comments]
            if post
            else []
        )
        return JSONResponse({"items": tops})

    async def _token(self, request: Request) -> Response:
        """Google: a refresh token comes with the first consent only; refreshing returns none."""
        form = {name: str(value) for name, value in (await request.form()).items()}
        account, refresh = None, {}
        if form.get("grant_type") == "authorization_code":
            client, secret, verifier = form.get("client_id", ""), form.get("client_secret", ""), form.get("code_verifier", "")
            redirect = form.get("redirect_uri", "")
            account = self.use_code(form.get("code", ""), redirect=redirect, verifier=verifier, client=client, secret=secret)
            if account:
                account.refresh = account.refresh or f"1//{secrets.token_hex(8)}"
                refresh = {"refresh_token": account.refresh}
        elif form.get("grant_type") == "refresh_token":
            account = next(
                (account for account in self.accounts.values() if account.refresh == form.get("refresh_token")), None
            )
        if account is None:
            return JSONResponse({"error": "invalid_grant", "error_description": "Bad Request"}, 400)
        scope = "https://www.googleapis.com/auth/youtube.upload https://www.googleapis.com/auth/youtube.force-ssl"
        body = {"access_token": self.new_token(account), "expires_in": 3599, "token_type": "Bearer", "scope": scope}
        return JSONResponse({**body, **refresh})
