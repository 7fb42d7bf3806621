"""creator_info, the two inits, the upload address, status, tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tests.servers.platforms.files import fetch, sniffed
from tests.servers.platforms.web import Account, CutResponse, PlatformServer, Post
from tests.servers.tiktok.faults import Faults
from tests.servers.tiktok.uploads import Publish, Refused, check_info, check_source, take_chunk

Answer = Callable[[dict[str, Any], Account], Awaitable[Response]]
DAY_S, HOUR_S = 86_400.0, 3600.0


class TikTokServer(PlatformServer):
    """`publishes`: all that were begun, by publish_id. Access 24 h, refresh 365 d and rotating (tiktok.md, 8)."""

    name = "tiktok"
    challenge_is_hex = True
    token_s = DAY_S

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.faults = Faults()
        self.publishes: dict[str, Publish] = {}
        self._calls: dict[tuple[str, str], list[float]] = {}

    def settings(self) -> dict[str, str]:
        return {
            "TIKTOK_API_URL": self.url,
            "TIKTOK_AUTHORIZE_URL": f"{self.url}/v2/auth/authorize/",
            "TIKTOK_CLIENT_KEY": "test-app",
            "TIKTOK_CLIENT_SECRET": "test-secret",
        }

    def account_id(self, name: str) -> str:
        return f"-000open{name}"

    def routes(self) -> Sequence[BaseRoute]:
        publish = "/v2/post/publish"
        calls: list[tuple[str, str, float, Answer]] = [
            (f"{publish}/creator_info/query/", "creator", 1e9, self._creator),
            (f"{publish}/video/init/", "init", 6, self._init_video),
            (f"{publish}/content/init/", "content", 6, self._init_pictures),
            (f"{publish}/status/fetch/", "status", 30, self._status),
        ]
        return [
            Route("/v2/auth/authorize/", self.consent, methods=["GET", "POST"]),
            Route("/v2/oauth/token/", self._token, methods=["POST"]),
            Route("/upload/{publish}", self._put, methods=["PUT"]),
            *[Route(path, self._guarded(call, limit, answer), methods=["POST"]) for path, call, limit, answer in calls],
        ]

    def _guarded(self, call: str, limit: float, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def ask(request: Request) -> Response:
            self.asked.append(f"{request.method} {request.url.path}")
            try:
                token = self.token_of(request)
                account = self.account_of_token(token)
                if account is None:
                    raise Refused("access_token_invalid", 401)
                self._refuse(call)
                self._count(call, token, limit)
                return await answer(await request.json(), account)
            except Refused as refusal:
                after = self.faults.retry_after if refusal.status == 429 else None
                return refusal.answer({"Retry-After": after} if after else None)

        return ask

    def _refuse(self, call: str) -> None:
        for n, (which, status, code) in enumerate(self.faults.refuse):
            if which == call:
                del self.faults.refuse[n]
                raise Refused(code, status)

    def _count(self, call: str, token: str, limit: float) -> None:
        """B2: 6 inits and 30 status calls a minute per user token."""
        now = self.clock.now()
        recent = [at for at in self._calls.get((call, token), []) if at > now - 60]
        if len(recent) >= limit and not self.faults.unlimited:
            raise Refused("rate_limit_exceeded", 429)
        self._calls[call, token] = [*recent, now]

    async def _creator(self, body: dict[str, Any], account: Account) -> Response:
        return _ok(
            creator_avatar_url=f"{self.url}/avatar.jpg",
            creator_username=account.name,
            creator_nickname=account.name.title(),
            privacy_level_options=self.faults.privacy,
            comment_disabled=self.faults.comments_off,
            duet_disabled=False,
            stitch_disabled=False,
            max_video_post_duration_sec=self.faults.max_video_s,
        )

    async def _init_video(self, body: dict[str, Any], account: Account) -> Response:
        info, source = body.get("post_info") or {}, body.get("source_info") or {}
        if source.get("source") != "FILE_UPLOAD":
            raise Refused("url_ownership_unverified", 403)  # tiktok.md, 3: PULL_FROM_URL needs a verified domain
        size, chunk, count = check_source(source)
        check_info(self, info, self._used(account))
        publish = Publish(self.id("v_pub_file~v2."), account.id, info, "video", size, chunk, count, made_at=self.clock.now())
        return self._begun(publish, upload_url=f"{self.url}/upload/{publish.id}?upload_token=secret")

    async def _init_pictures(self, body: dict[str, Any], account: Account) -> Response:
        """B2 Photos: DIRECT_POST posts them without another call."""
        info, source = body.get("post_info") or {}, body.get("source_info") or {}
        urls = source.get("photo_images") or []
        if body.get("media_type") != "PHOTO" or source.get("source") != "PULL_FROM_URL" or not 1 <= len(urls) <= 35:
            raise Refused("invalid_param")
        if len(info.get("title", "").encode("utf-16-le")) > 180 or len(info.get("description", "").encode("utf-16-le")) > 8000:
            raise Refused("invalid_param", message="title or description is too long")
        check_info(self, {**info, "title": ""}, self._used(account))
        publish = Publish(self.id("p_pub_url~v2."), account.id, info, "photo", made_at=self.clock.now())
        files = []
        for url in urls:
            try:
                data = await fetch(url, timeout_s=self.faults.fetch_timeout_s)
            except (TimeoutError, OSError):
                publish.failed = "photo_pull_failed"
                break
            if sniffed(data) not in ("image/jpeg", "image/webp"):
                publish.failed = "file_format_check_failed"
                break
            files.append((sniffed(data), data))
        self._complete(publish, files)
        return self._begun(publish)

    def _begun(self, publish: Publish, **more: str) -> Response:
        self.publishes[publish.id] = publish
        if self.faults.take("lose_init"):
            return CutResponse()
        if self.faults.take("init_500"):
            raise Refused("internal_error", 500)
        return _ok(publish_id=publish.id, **more)

    async def _put(self, request: Request) -> Response:
        self.asked.append(f"PUT {request.url.path}")
        publish = self.publishes.get(request.path_params["publish"])
        data = await request.body()
        if publish is None or request.query_params.get("upload_token") != "secret":
            return Response(status_code=403)
        if self.clock.now() - publish.made_at > HOUR_S or self.faults.take("url_expired"):  # valid 1 h
            return Response(status_code=403)
        if request.headers.get("content-type") not in ("video/mp4", "video/quicktime", "video/webm"):
            return Response(status_code=415)
        if self.faults.take("chunk_500"):
            return Response(status_code=500)
        length = int(request.headers.get("content-length", 0))
        with self.lock:
            status = take_chunk(publish, request.headers.get("content-range", ""), length, data)
            if status == 201:
                publish.mime = request.headers["content-type"]
                self._complete(publish, [(publish.mime, bytes(publish.data))])
        if status == 201 and self.faults.take("lose_last"):
            return CutResponse()
        if status == 201 and self.faults.take("last_500"):
            return Response(status_code=500)
        if status == 206 and self.faults.take("lose_chunk"):
            return CutResponse()
        return Response(status_code=status)

    def _complete(self, publish: Publish, files: list[tuple[str, bytes]]) -> None:
        """All bytes have arrived. Whether it becomes a post is only seen in its status."""
        publish.whole_at = self.clock.now()
        if self.faults.fail_reason:
            publish.failed, self.faults.fail_reason = self.faults.fail_reason, ""
        if publish.failed:
            return
        publish.post_id = str(7_400_000_000_000_000_000 + len(self.posts))
        info = publish.info
        text = info.get("description") if publish.kind == "photo" else info.get("title")
        title = info.get("title", "") if publish.kind == "photo" else ""
        post = Post(publish.post_id, publish.account, publish.id, text or "", title, publish.kind)
        post.ai, post.privacy, post.media, post.sent = bool(info.get("is_aigc")), info["privacy_level"], files, info
        self.posts.append(post)

    def _used(self, account: Account) -> int:
        since = self.clock.now() - DAY_S
        own_publishes = [publish for publish in self.publishes.values() if publish.account == account.id and publish.post_id]
        return sum(1 for publish in own_publishes if (publish.whole_at or 0) > since)

    async def _status(self, body: dict[str, Any], account: Account) -> Response:
        publish = self.publishes.get(body.get("publish_id", ""))
        if publish is None:
            raise Refused("invalid_publish_id")
        if publish.account != account.id:
            raise Refused("token_not_authorized_for_specified_publish_id")
        now, whole = self.clock.now(), publish.whole_at
        data: dict[str, Any] = {"status": "PROCESSING_UPLOAD", "uploaded_bytes": len(publish.data)}
        if whole is not None and now >= whole + self.faults.processing_s:
            data["status"] = "FAILED" if publish.failed else "PUBLISH_COMPLETE"
            if publish.failed:
                data["fail_reason"] = publish.failed
            elif now >= whole + self.faults.processing_s + self.faults.moderation_s:
                data["publicaly_available_post_id"] = [int(publish.post_id)]
        elif publish.kind == "photo":
            data = {"status": "PROCESSING_DOWNLOAD", "downloaded_bytes": 0}
        return _ok(**data)

    async def _token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        account: Account | None = None
        if form.get("grant_type") == "authorization_code":
            client, secret, verifier = form.get("client_key", ""), form.get("client_secret", ""), form.get("code_verifier", "")
            redirect = form.get("redirect_uri", "")
            account = self.use_code(form.get("code", ""), redirect=redirect, verifier=verifier, client=client, secret=secret)
        elif form.get("grant_type") == "refresh_token" and form.get("refresh_token"):
            account = next((account for account in self.accounts.values() if account.refresh == form["refresh_token"]), None)
        if account is None:
            wrong = {"error": "invalid_grant", "error_description": "The code or token is not valid", "log_id": "1"}
            return JSONResponse(wrong, 400)
        account.refresh = self.new_token(account, 0)  # rotates: store the new one
        body = {"access_token": self.new_token(account), "expires_in": 86_400, "open_id": account.id, "token_type": "Bearer"}
        body |= {"refresh_token": account.refresh, "refresh_expires_in": 365 * 86_400, "scope": "user.info.basic,video.publish"}
        return JSONResponse(body)


def _ok(**data: Any) -> Response:
    return JSONResponse({"data": data, "error": {"code": "ok", "message": "", "log_id": "1"}})
