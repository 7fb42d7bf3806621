"""Dependencies of routes: the App, the caller (who, and in which workspace), and whether this request may do what it asks.

They never block, so they are `async`: FastAPI runs plain functions in a thread, and going there and back takes longer than a
request's query. Only a key that was not seen for a minute is looked up, in a thread.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import replace
from typing import Annotated, Any, cast

from fastapi import Depends, Header, Query, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from backend import access
from backend.api.credentials import COOKIE, Credentials, read_credentials
from backend.app import App
from backend.db.callers import Origin, OriginSource
from backend.db.transactions import KEY_INVALID, KeyHolder, Member, ProgramSession, SignedIn, hash_token
from backend.errors import Invalid, NotPermitted, NotSignedIn
from backend.language import tr_lazy

DEVICE_COOKIE = "studio_device"
"""Kept when the user signs out; see accounts.devices."""
NOT_SIGNED_IN = tr_lazy("You are not signed in. Open the studio and sign in, or send an API key as Authorization: Bearer ….")
_SAFE = {"GET", "HEAD", "OPTIONS"}
_KEY_CACHE_S, _KEY_CACHE_SIZE = 60.0, 1000
# For the description alone: the credentials are read by `credentials_of`.
_COOKIE_SCHEME = APIKeyCookie(
    name=COOKIE, scheme_name="session", description="Of a browser that is signed in.", auto_error=False
)
_BEARER_SCHEME = HTTPBearer(
    scheme_name="bearer", description="An API key, or an access token of /api/auth/login.", auto_error=False
)


class KeyCache:
    """Which workspace and scopes an API key has, for a minute. These never change; whether the key is still valid is asked by
    each transaction, so a revoked key is refused at once."""

    def __init__(self) -> None:
        self._holders: OrderedDict[str, tuple[float, KeyHolder]] = OrderedDict()

    def holds(self, secret: str) -> bool:
        """Whether `holder` will answer without asking the database."""
        return self._recent(hash_token(secret)) is not None

    def _recent(self, key_hash: str) -> KeyHolder | None:
        found_at, holder = self._holders.get(key_hash, (float("-inf"), None))
        return holder if time.monotonic() - found_at < _KEY_CACHE_S else None

    async def holder(self, app: App, secret: str) -> KeyHolder:
        """Raises NotSignedIn."""
        key_hash = hash_token(secret)
        if (holder := self._recent(key_hash)) is not None:
            return holder
        holder = await run_in_threadpool(access.find_holder, app.db, secret)
        if holder is None:
            raise NotSignedIn(KEY_INVALID)
        self._holders[key_hash] = time.monotonic(), holder
        self._holders.move_to_end(key_hash)
        while len(self._holders) > _KEY_CACHE_SIZE:
            self._holders.popitem(last=False)
        return holder


async def current_app_of(connection: HTTPConnection) -> App:
    """The App. Made once, in a thread, because that may wait for the database; after a failure the next request tries again."""
    state = connection.app.state
    app = getattr(state, "app", None)
    if app is None:
        app = state.app = await run_in_threadpool(state.get_app)
    return cast("App", app)


async def current_app(request: Request) -> App:
    return await current_app_of(request)


Studio = Annotated[App, Depends(current_app)]


async def credentials_of(request: Request, app: Studio) -> Credentials:
    return read_credentials(request, app.settings)


Sent = Annotated[Credentials, Depends(credentials_of)]


async def require_own_origin(request: Request, app: Studio, credentials: Sent) -> None:
    """Guards against CSRF: browsers send cookies with other sites' requests too, so a write must name our own origin. Tokens
    and keys are sent by nobody's browser on its own. Raises NotPermitted."""
    if request.method in _SAFE or credentials.kind not in ("cookie", "none"):
        return
    if not app.settings.web.hosts.own_origin(request.headers.get("origin", ""), request.headers.get("host", "")):
        raise NotPermitted(tr_lazy("This request did not come from a page of the studio. Open the studio and try there."))


async def session_token(credentials: Sent, _cookie: Annotated[str | None, Security(_COOKIE_SCHEME)] = None) -> str:
    """The token of a browser's session, for addresses that only browsers use."""
    if credentials.kind != "cookie":
        raise NotSignedIn(NOT_SIGNED_IN)
    return credentials.secret


async def member(connection: HTTPConnection, app: App, credentials: Credentials, workspace: str) -> Member:
    """The caller in `workspace`; "": the one of the token or key. The transaction checks whether they are a member of it.

    Raises NotSignedIn, Invalid (a browser must say which workspace), NotPermitted (a token or key of another workspace).
    """
    match credentials.kind:
        case "none":
            raise NotSignedIn(NOT_SIGNED_IN)
        case "cookie":
            if not workspace:
                raise Invalid(tr_lazy("Say which workspace: ?workspace=… or the header X-Workspace."))
            return SignedIn(credentials.secret, workspace, origin_of(connection, "page"))
        case "token":
            assert credentials.claims
            caller: Member = ProgramSession(
                credentials.claims.session_id, credentials.claims.tenant_id, origin_of(connection, "program")
            )
        case "key":
            holder = await key_cache_of(connection).holder(app, credentials.secret)
            caller = replace(holder, origin=origin_of(connection, "key"))
    if workspace and workspace != caller.tenant_id:
        raise NotPermitted(
            tr_lazy("This token or key is for another workspace. Leave X-Workspace out, or use one of that workspace.")
        )
    return caller


def origin_of(connection: HTTPConnection, source: OriginSource) -> Origin:
    """What the audit log says of where this request came from."""
    address = connection.client.host if connection.client else ""
    return Origin(source, address, connection.headers.get("user-agent", ""))


async def caller_from_path(
    workspace: str,
    request: Request,
    app: Studio,
    credentials: Sent,
    _cookie: Annotated[str | None, Security(_COOKIE_SCHEME)] = None,
    _bearer: Annotated[Any, Security(_BEARER_SCHEME)] = None,
) -> Member:
    """The caller in the workspace of the path."""
    return await member(request, app, credentials, workspace)


async def caller_from_query(
    request: Request,
    app: Studio,
    credentials: Sent,
    workspace: Annotated[str, Query(description="The workspace's id; tokens and keys have one", max_length=80)] = "",
    x_workspace: Annotated[str, Header(max_length=80)] = "",
    _cookie: Annotated[str | None, Security(_COOKIE_SCHEME)] = None,
    _bearer: Annotated[Any, Security(_BEARER_SCHEME)] = None,
) -> Member:
    """The caller in the workspace of `?workspace=`, of the header `X-Workspace`, or of the token or key."""
    return await member(request, app, credentials, workspace or x_workspace)


def needs_scope(noun: str, verb: str = "") -> Any:
    """A dependency of a router or route: the request comes from our own page, or its key has the scope. `verb` "": read for
    GET, write for everything else (admin for nouns of owners). A test holds that each route has one."""

    async def check(request: Request, app: Studio, credentials: Sent) -> None:
        await require_own_origin(request, app, credentials)
        if credentials.kind == "key":
            holder = await key_cache_of(request).holder(app, credentials.secret)
            require_scope(holder, f"{noun}:{verb or ('read' if request.method in _SAFE else access.scopes.write_verb(noun))}")

    cast("Any", check).scope = (noun, verb)
    return Depends(check)


def require_scope(caller: Member, scope: str) -> None:
    """Raises NotPermitted for an API key without `scope`; people and their programs have all of their role."""
    if isinstance(caller, KeyHolder) and not access.scopes.allows(caller.scopes, scope):
        raise NotPermitted(tr_lazy("This API key lacks the scope {scope}. Ask an owner for a key that has it.", scope=scope))


def key_cache_of(connection: HTTPConnection) -> KeyCache:
    return cast("KeyCache", connection.app.state.key_cache)


Token = Annotated[str, Depends(session_token)]
Caller = Annotated[Member, Depends(caller_from_query)]
CallerIn = Annotated[Member, Depends(caller_from_path)]
OwnOrigin = Depends(require_own_origin)
