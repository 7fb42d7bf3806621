"""All routes of the program: API, consent, pages."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit, urlunsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from backend.kit.hosts import hosts
from ops.sandbox_platform import pages
from ops.sandbox_platform.api import SandboxApi
from ops.sandbox_platform.faults import COUNTED_FAULTS, Faults
from ops.sandbox_platform.store import TOKEN_S, SandboxStore

_SECURITY_HEADERS = {
    "content-security-policy": "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; "
    "form-action *; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}


@dataclass
class Site:
    """`listens_on`: the address it is served at.

    `codes`: authorisation codes that were not used yet: code -> (account name, redirect URL, PKCE challenge)."""

    store: SandboxStore
    public_url: str = ""
    listens_on: str = ""
    codes: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def address(self, request: Request) -> str:
        return (self.public_url or f"{request.url.scheme}://{request.url.netloc}").rstrip("/")

    def own_form(self, request: Request) -> bool:
        """Whether a form was sent from our own page, under one of our host names (guards against CSRF and DNS rebinding)."""
        own_hosts = hosts(public_url=self.public_url, listens_on=self.listens_on)
        return own_hosts.own_origin(request.headers.get("origin", ""), request.headers.get("host", ""))

    async def feed(self, request: Request) -> Response:
        name = request.path_params.get("name", "")
        if name and not any(account.name == name for account in self.store.accounts.values()):
            return _page(pages.not_found_page("There is nobody of that name here."), 404)
        return _page(pages.feed_page(self.store, name))

    async def post(self, request: Request) -> Response:
        post = next((candidate for candidate in self.store.posts if candidate.id == request.path_params["post"]), None)
        if post is None:
            return _page(pages.not_found_page("This post is not here, or no longer."), 404)
        return _page(pages.post_page(self.store, post))

    async def file(self, request: Request) -> Response:
        post = next((candidate for candidate in self.store.posts if candidate.id == request.path_params["post"]), None)
        n = request.path_params["n"]
        if post is None or n >= len(post.media):
            return PlainTextResponse("There is no such file.", 404)
        headers = {"x-content-type-options": "nosniff", "cache-control": "max-age=31536000, immutable"}
        return FileResponse(self.store.media(post.made_of, n), media_type=post.media[n], headers=headers)

    async def switches(self, request: Request) -> Response:
        if request.method == "POST":
            if not self.own_form(request):
                return PlainTextResponse("Send this form from its own page.", 403)
            form = await request.form()
            if form.get("act") == "clear":
                await run_in_threadpool(self.store.clear)
            elif form.get("act") == "expire":
                await run_in_threadpool(self.store.expire_tokens)
            else:
                values = {name: str(value) for name, value in form.items()} if form.get("act") == "set" else {}
                await run_in_threadpool(self.store.set_faults, _faults_of_form(values))
            return RedirectResponse("/switches?done=1", 303)
        return _page(pages.switches_page(self.store, notice="Done." if request.query_params.get("done") else ""))

    async def consent(self, request: Request) -> Response:
        query = request.query_params
        redirect = query.get("redirect_uri", "")
        if urlsplit(redirect).scheme not in ("http", "https") or query.get("response_type") != "code":
            return _page(pages.not_found_page("The app that sent you here did not say where to go back to."), 400)
        if request.method == "GET":
            names = sorted(account.name for account in self.store.accounts.values())
            return _page(pages.consent_page(names, urlsplit(redirect).netloc))
        if not self.own_form(request):
            return PlainTextResponse("Send this form from its own page.", 403)
        form = await request.form()
        answer = {"state": query.get("state", "")}
        name = _account_name(str(form.get("account", "")))
        if form.get("answer") != "allow":
            answer |= {"error": "access_denied"}
        elif not name:
            return _page(
                pages.consent_page([], urlsplit(redirect).netloc, wrong="Choose a name of 2 to 30 letters and digits."), 400
            )
        else:
            answer["code"] = secrets.token_urlsafe(16)
            self.codes[answer["code"]] = (name, redirect, query.get("code_challenge", ""))
        return RedirectResponse(_with_query(redirect, answer), 302)

    async def token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        connected = None
        if form.get("grant_type") == "authorization_code":
            name, redirect, challenge = self.codes.pop(form.get("code", ""), ("", "", ""))
            if name and redirect == form.get("redirect_uri") and challenge == _challenge(form.get("code_verifier", "")):
                connected = await run_in_threadpool(self.store.connect, name)
        elif form.get("grant_type") == "refresh_token":
            connected = await run_in_threadpool(self.store.refresh_tokens, form.get("refresh_token", ""))
        if connected is None:
            body = {"code": "grant", "message": "The code or the refresh token is not valid, or was used."}
            return JSONResponse({"error": body}, 401)
        account, token, refresh = connected
        body = {"access_token": token, "refresh_token": refresh, "account_id": account.id}
        return JSONResponse({**body, "expires_in": TOKEN_S, "account_name": account.name})

    async def health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok", "posts": len(self.store.posts)})


def routes(store: SandboxStore, *, public_url: str = "", listens_on: str = "") -> Sequence[BaseRoute]:
    """`public_url`: where browsers reach it, when that is not where the request came in."""
    site = Site(store, public_url, listens_on)
    api = SandboxApi(store, site.address)
    return [
        *api.routes(),
        Route("/", site.feed),
        Route("/@{name}", site.feed),
        Route("/p/{post}", site.post),
        Route("/media/{post}/{n:int}", site.file),
        Route("/switches", site.switches, methods=["GET", "POST"]),
        Route("/oauth/authorize", site.consent, methods=["GET", "POST"]),
        Route("/oauth/token", site.token, methods=["POST"]),
        Route("/health", site.health),
    ]


def application(store: SandboxStore, *, public_url: str = "", listens_on: str = "") -> Starlette:
    return Starlette(routes=routes(store, public_url=public_url, listens_on=listens_on))


def _page(html: str, status: int = 200) -> Response:
    return HTMLResponse(html, status, headers=_SECURITY_HEADERS)


def _faults_of_form(values: dict[str, str]) -> Faults:
    """The faults of the switches form; a field that is no number counts as off."""

    def number(name: str, maximum: int) -> int:
        text = values.get(name, "").strip()
        return min(int(text), maximum) if text.isdecimal() else 0

    faults = Faults(processing_s=number("processing_s", 3600), banned=values.get("banned") == "on")
    faults.quota_total = number("quota_total", 10_000) if values.get("quota_total", "").strip().isdecimal() else 50
    faults.times = {name: n for name in COUNTED_FAULTS if (n := number(name, 1000))}
    return faults


def _account_name(text: str) -> str:
    name = text.strip().lstrip("@").lower()
    return name if 2 <= len(name) <= 30 and name.replace("_", "").replace(".", "").isalnum() and name.isascii() else ""


def _challenge(verifier: str) -> str:
    """PKCE challenge (S256) of a verifier; "" without one."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=") if verifier else ""


def _with_query(url: str, parameters: dict[str, str]) -> str:
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(parameters)) if part)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))
