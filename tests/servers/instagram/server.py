"""The graph, the token endpoints and the consent page."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tests.servers.instagram.containers import Container, Refused, check_fields, fill
from tests.servers.instagram.faults import Faults
from tests.servers.platforms.web import Account, CutResponse, PlatformServer, Post

Answer = Callable[[Request, Account, dict[str, str]], Awaitable[Response]]
_KINDS = {"IMAGE": "FEED", "CAROUSEL": "FEED", "VIDEO": "REELS", "REELS": "REELS", "STORIES": "STORY"}


class InstagramServer(PlatformServer):
    """`containers`: all that were made, by id. Tokens: an hour, 60 days once exchanged (instagram.md, 6)."""

    name = "instagram"

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.faults = Faults()
        self.containers: dict[str, Container] = {}
        self.published_at: list[tuple[str, float]] = []

    def settings(self) -> dict[str, str]:
        return {
            "INSTAGRAM_GRAPH_URL": self.url,
            "INSTAGRAM_AUTHORIZE_URL": f"{self.url}/oauth/authorize",
            "INSTAGRAM_TOKEN_URL": f"{self.url}/oauth/access_token",
            "INSTAGRAM_APP_ID": "test-app",
            "INSTAGRAM_APP_SECRET": "test-secret",
        }

    def routes(self) -> Sequence[BaseRoute]:
        graph: list[tuple[str, str, str, Answer]] = [
            ("GET", "/me", "me", self._me),
            ("POST", "/{user}/media", "create", self._create),
            ("POST", "/{user}/media_publish", "publish", self._publish),
            ("GET", "/{user}/content_publishing_limit", "usage", self._usage),
            ("POST", "/{media}/comments", "comment", self._comment),
            ("GET", "/{media}/comments", "comments", self._comments),
            ("GET", "/{id}", "container", self._read),
        ]
        return [
            Route("/oauth/authorize", self.consent, methods=["GET", "POST"]),
            Route("/oauth/access_token", self._exchange, methods=["POST"]),
            Route("/access_token", self._long_lived),
            Route("/refresh_access_token", self._refresh),
            *[
                Route(f"/{{version}}{path}", self._guarded(call, answer), methods=[method])
                for method, path, call, answer in graph
            ],
        ]

    def _guarded(self, call: str, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def ask(request: Request) -> Response:
            self.asked.append(f"{request.method} {request.url.path}")
            form = {**request.query_params, **(await request.form() if request.method == "POST" else {})}
            fields = {name: str(value) for name, value in form.items()}
            try:
                account = self.account_of_token(fields.pop("access_token", "") or self.token_of(request))
                if account is None:
                    raise Refused(190, 463, "Error validating access token: Session has expired.")
                self._refuse(call)
                return await answer(request, account, fields)
            except Refused as refusal:
                return refusal.answer(
                    self._usage_header(account) if refusal.code in (4, 17, 32, 613, 80002) and account else None
                )

        return ask

    def _refuse(self, call: str) -> None:
        for n, (which, status, code, subcode) in enumerate(self.faults.refuse):
            if which == call:
                del self.faults.refuse[n]
                raise Refused(code, subcode, f"(#{code}) refused on purpose", status=status)

    def _usage_header(self, account: Account) -> dict[str, str]:
        """B1 Limits: minutes until access is back."""
        if self.faults.regain_minutes is None:
            return {}
        entry = {"type": "instagram", "call_count": 100, "total_cputime": 25, "total_time": 25}
        entry["estimated_time_to_regain_access"] = self.faults.regain_minutes
        return {"X-Business-Use-Case-Usage": json.dumps({account.id: [entry]})}

    async def _me(self, request: Request, account: Account, fields: dict[str, str]) -> Response:
        return JSONResponse({"id": account.id, "user_id": account.id, "username": account.name, "name": account.name.title()})

    async def _create(self, request: Request, account: Account, fields: dict[str, str]) -> Response:
        self._own(request.path_params["user"], account)
        check_fields(self, fields)
        now = self.clock.now()
        container = Container(self.id(), account.id, fields, now, now + self.faults.processing_s)
        children = [element for element in fields.get("children", "").split(",") if element]
        if children:
            container.media = [file for id in children for file in self.containers[id].media]
        else:
            await fill(self, container)
        if self.faults.container_error:
            container.error, self.faults.container_error = self.faults.container_error, 0
        self.containers[container.id] = container
        return CutResponse() if self.faults.take("lose_create") else JSONResponse({"id": container.id})

    async def _publish(self, request: Request, account: Account, fields: dict[str, str]) -> Response:
        self._own(request.path_params["user"], account)
        if self.faults.take("publish_down"):
            raise Refused(2, 0, "An unexpected error has occurred. Please retry later.", status=503, transient=True)
        with self.lock:
            media = self._make_visible(fields.get("creation_id", ""), account)
        if self.faults.take("lose_publish"):
            return CutResponse()
        if self.faults.take("publish_500"):
            raise Refused(2, 0, "An unexpected error has occurred.", status=500, transient=True)
        if self.faults.take("spam_but_live"):
            raise Refused(4, 2207051)
        return JSONResponse({"id": media})

    def _make_visible(self, id: str, account: Account) -> str:
        container = self.containers.get(id)
        if container is None or container.account != account.id:
            raise Refused(24, 2207008)
        match container.state(self.clock.now()):
            case "PUBLISHED" if self.faults.republish == "error":
                raise Refused(100, 2207006, "The container has been published already.")
            case "IN_PROGRESS":
                raise Refused(9007, 2207027)  # publish before FINISHED
            case "EXPIRED":
                raise Refused(-2, 2207020)
            case "ERROR":
                raise Refused(-1, container.error)
        if self._used(account) >= self.faults.quota_total:
            raise Refused(9, 2207042)
        container.media_id = self.id()
        self.published_at.append((account.id, self.clock.now()))
        kind = container.fields.get("media_type", "IMAGE")
        text = container.fields.get("caption", "") if kind != "STORIES" else ""
        ai = container.fields.get("is_ai_generated") == "true"
        post = Post(container.media_id, account.id, id, text, format=_KINDS[kind], ai=ai, media=container.media)
        post.sent = dict(container.fields)
        self.posts.append(post)
        return container.media_id

    async def _read(self, request: Request, account: Account, fields: dict[str, str]) -> Response:
        """A container's status, or a media's permalink."""
        id = request.path_params["id"]
        if self.faults.take("missing"):
            raise Refused(100, 33, "Unsupported get request. Object does not exist or cannot be loaded.")
        post = next((post for post in self.posts if post.id == id), None)
        if post is not None:
            self._refuse("permalink")
            link = {"permalink": f"{self.url}/p/{id}/", "media_product_type": post.format, "is_ai_generated": post.ai}
            return JSONResponse({"id": id, **link})
        container = self.containers.get(id)
        if container is None or container.account != account.id:
            raise Refused(100, 33, "Unsupported get request. Object does not exist or cannot be loaded.")
        state = container.state(self.clock.now())
        status_text = f"Error: Media upload has failed with error code {container.error}" if state == "ERROR" else state.title()
        return JSONResponse({"status_code": state, "status": status_text, "id": id})

    async def _usage(self, request: Request, account: Account, fields: dict[str, str]) -> Response:
        self._own(request.path_params["user"], account)
        config = {"quota_total": self.faults.quota_total, "quota_duration": 86_400}
        return JSONResponse({"data": [{"quota_usage": self._used(account), "config": config}]})

    def _used(self, account: Account) -> int:
        since = self.clock.now() - 86_400
        return sum(1 for id, at in self.published_at if id == account.id and at > since)

    async def _comment(self, request: Request, account: Account, fields: dict[str, str]) -> Response:
        post = self._post(request.path_params["media"])
        post.comments.insert(0, (self.id(), fields.get("message", "")))
        if self.faults.take("lose_comment"):
            return CutResponse()
        if "fields" in fields or self.faults.take("comment_400"):
            raise Refused(20, 1772107)
        return JSONResponse({"id": post.comments[0][0]})

    async def _comments(self, request: Request, account: Account, fields: dict[str, str]) -> Response:
        post = self._post(request.path_params["media"])
        return JSONResponse({"data": [{"id": id, "text": text} for id, text in post.comments]})

    def _post(self, id: str) -> Post:
        post = next((post for post in self.posts if post.id == id), None)
        if post is None:
            raise Refused(100, 33)
        return post

    def _own(self, user: str, account: Account) -> None:
        if user != account.id:
            raise Refused(100, 33, f"Object with ID '{user}' does not exist, or missing permissions.")

    # Tokens

    async def _exchange(self, request: Request) -> Response:
        form = await request.form()
        values = {name: str(form.get(name, "")) for name in ("code", "redirect_uri", "client_id", "client_secret")}
        client, secret = values["client_id"], values["client_secret"]
        account = self.use_code(values["code"], redirect=values["redirect_uri"], verifier="", client=client, secret=secret)
        if account is None:
            wrong = {"error_type": "OAuthException", "code": 400, "error_message": "Matching code was not found"}
            return JSONResponse(wrong, 400)
        allowed = "instagram_business_basic,instagram_business_content_publish,instagram_business_manage_comments"
        token = self.new_token(account, 3600)
        return JSONResponse({"data": [{"access_token": token, "user_id": account.id, "permissions": allowed}]})

    async def _long_lived(self, request: Request) -> Response:
        """Short 1 h → long 60 d."""
        account = self.account_of_token(request.query_params.get("access_token", ""))
        if account is None or request.query_params.get("grant_type") != "ig_exchange_token":
            return Refused(190, 463, "Session key invalid").answer()
        return self._sixty_days(account)

    async def _refresh(self, request: Request) -> Response:
        """The token must be ≥24 h old and unexpired; else re-auth."""
        token = request.query_params.get("access_token", "")
        account = self.account_of_token(token)
        if account is None or account.tokens[token] - self.clock.now() > 59 * 86_400:
            return Refused(190, 463, "The token is expired or younger than 24 hours").answer()
        return self._sixty_days(account)

    def _sixty_days(self, account: Account) -> Response:
        seconds = 60 * 86_400
        token = self.new_token(account, seconds)
        return JSONResponse({"access_token": token, "token_type": "bearer", "expires_in": seconds})
