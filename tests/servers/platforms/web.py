"""The base of the platform servers: a thread, a clock that tests can put forward, accounts, posts, cut connections."""

from __future__ import annotations

import base64
import hashlib
import itertools
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from tests.servers.in_thread import ThreadedServer
from tests.servers.platforms import pages


@dataclass
class Clock:
    """Seconds since 1970, plus what a test has put it forward."""

    ahead: float = 0.0

    def now(self) -> float:
        return time.time() + self.ahead

    def forward(self, seconds: float) -> None:
        self.ahead += seconds


@dataclass
class Post:
    """A published post. `ai`: it has the AI label. `made_of`: the container, publish_id or session it was made from."""

    id: str
    account: str
    made_of: str
    caption: str = ""
    title: str = ""
    format: str = ""
    ai: bool = False
    privacy: str = ""
    media: list[tuple[str, bytes]] = field(default_factory=list)
    comments: list[tuple[str, str]] = field(default_factory=list)
    sent: dict[str, Any] = field(default_factory=dict)


@dataclass
class Account:
    """`token`s that open it, with when they expire."""

    id: str
    name: str
    tokens: dict[str, float] = field(default_factory=dict)
    refresh: str = ""
    made_at: float = 0.0


@dataclass
class AuthorisationCode:
    """An authorisation code of the consent page; can be used once."""

    account: Account
    redirect: str
    challenge: str
    client: str


class CutResponse(Response):
    """Fault: the connection ends before the answer is complete."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        raise ConnectionResetError("cut on purpose")


class PlatformServer:
    """In a thread of this process; several at once. `posts`: what is visible, in order. `asked`: "POST /path", in order."""

    name = "platform"
    challenge_is_hex = False
    token_s = 3600.0

    def __init__(self, *, port: int = 0) -> None:
        self.clock = Clock()
        self.posts: list[Post] = []
        self.asked: list[str] = []
        self.accounts: dict[str, Account] = {}
        self.codes: dict[str, AuthorisationCode] = {}
        self.lock = threading.RLock()
        self._ids = itertools.count(1)
        self._running = ThreadedServer(self.name, port)

    @property
    def url(self) -> str:
        return self._running.url

    def routes(self) -> Sequence[BaseRoute]:
        raise NotImplementedError

    def id(self, head: str = "") -> str:
        return f"{head}{next(self._ids) + int(head == '') * 17_900_000_000_000_000}"

    # Accounts

    def account(self, name: str = "bella") -> tuple[str, str]:
        """(token, id) of an account with this name; made when it is new."""
        account = next((account for account in self.accounts.values() if account.name == name), None)
        if account is None:
            account = Account(self.account_id(name), name, made_at=self.clock.now())
            self.accounts[account.id] = account
        return self.new_token(account), account.id

    def account_id(self, name: str) -> str:
        return str(17_841_400_000_000_000 + int(hashlib.sha256(name.encode()).hexdigest()[:9], 16))

    def new_token(self, account: Account, seconds: float | None = None) -> str:
        token = f"{self.name[:2]}-{secrets.token_hex(12)}"
        account.tokens[token] = self.clock.now() + (self.token_s if seconds is None else seconds)
        return token

    def expire_tokens(self) -> None:
        for account in self.accounts.values():
            account.tokens.clear()

    def account_of_token(self, token: str) -> Account | None:
        """The account of a token that has not expired."""
        for account in self.accounts.values():
            if account.tokens.get(token, 0.0) > self.clock.now():
                return account
        return None

    def token_of(self, request: Request) -> str:
        head = request.headers.get("authorization", "")
        return head.partition(" ")[2] if head.lower().startswith(("bearer ", "oauth ")) else ""

    # Consent: a page with buttons, so that it can be clicked by hand

    async def consent(self, request: Request) -> Response:
        query = request.query_params
        client = query.get("client_id") or query.get("client_key") or ""
        redirect = query.get("redirect_uri", "")
        if not client or "://" not in redirect or query.get("response_type") != "code":
            return PlainTextResponse("client, redirect_uri or response_type is missing", 400)
        form = await request.form() if request.method == "POST" else {}
        if request.method == "GET":
            return HTMLResponse(pages.consent(self.name, query.get("scope", "")))
        back = {"state": query.get("state", "")}
        if form.get("answer") != "allow":
            back |= {"error": "access_denied", "error_description": "The person said no"}
        else:
            _, id = self.account(str(form.get("account") or "bella"))
            code = secrets.token_hex(8)
            self.codes[code] = AuthorisationCode(self.accounts[id], redirect, query.get("code_challenge", ""), client)
            back["code"] = code
        return RedirectResponse(pages.with_query(redirect, back), 302)

    def use_code(self, code: str, *, redirect: str, verifier: str, client: str, secret: str) -> Account | None:
        """Redeems a code, once, with the same redirect address and the verifier of its challenge; None when it does not fit."""
        code_entry = self.codes.pop(code, None)
        if code_entry is None or code_entry.redirect != redirect or code_entry.client != client or not secret:
            return None
        if code_entry.challenge and self._challenge(verifier) != code_entry.challenge:
            return None
        return code_entry.account

    def _challenge(self, verifier: str) -> str:
        digest = hashlib.sha256(verifier.encode())
        if self.challenge_is_hex:
            return digest.hexdigest()
        return base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")

    # Life

    def __enter__(self) -> Self:
        shared = [
            Route("/", self._feed),
            Route("/feed/{post}/{n:int}", self._file),
            Route("/switches", self._switches, methods=["GET", "POST"]),
        ]
        self._running.start(Starlette(routes=[*self.routes(), *shared]), lifespan="off")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._running.stop()

    async def _feed(self, request: Request) -> Response:
        return HTMLResponse(pages.feed(self.name, self.posts, {account.id: account.name for account in self.accounts.values()}))

    async def _switches(self, request: Request) -> Response:
        """A page to set by hand what tests set as attributes of `faults`."""
        faults: Any = getattr(self, "faults", None)
        if faults is None:
            return PlainTextResponse("nothing to switch", 404)
        if request.method == "POST":
            form = {name: str(value) for name, value in (await request.form()).items()}
            pages.set_faults(faults, form)
            if form.get("expire"):
                self.expire_tokens()
            if form.get("forward", "").isdecimal():
                self.clock.forward(float(form["forward"]))
            return RedirectResponse("/switches", 303)
        return HTMLResponse(pages.switches(self.name, faults))

    async def _file(self, request: Request) -> Response:
        post = next((post for post in self.posts if post.id == request.path_params["post"]), None)
        n = request.path_params["n"]
        if post is None or n >= len(post.media):
            return PlainTextResponse("no such file", 404)
        mime, data = post.media[n]
        return Response(data, media_type=mime)
