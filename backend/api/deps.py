"""Dependencies of routes: the App, the caller (cookie and workspace), and the check that a write comes from our own page.

They never block, so they are `async`: FastAPI runs plain functions in a thread, and going there and back takes longer than a
request's query.
"""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Header, Query, Request, Security
from fastapi.security import APIKeyCookie
from starlette.concurrency import run_in_threadpool

from backend.app import App
from backend.db.transactions import SignedIn
from backend.errors import Invalid, NotPermitted, NotSignedIn

COOKIE = "studio_sid"
DEVICE_COOKIE = "studio_device"
"""Kept when the user signs out; see accounts.devices."""
_COOKIE = APIKeyCookie(name=COOKIE, scheme_name="session", description="Of a browser that is signed in.", auto_error=False)
_SAFE = {"GET", "HEAD", "OPTIONS"}


async def current_app(request: Request) -> App:
    """The App. Made once, in a thread, because that may wait for the database; after a failure the next request tries again."""
    app = getattr(request.app.state, "app", None)
    if app is None:
        app = request.app.state.app = await run_in_threadpool(request.app.state.get_app)
    return cast("App", app)


async def require_own_origin(request: Request, app: Annotated[App, Depends(current_app)]) -> None:
    """Guards against CSRF: browsers send cookies with other sites' requests too, so a write must name our own origin.

    Raises NotPermitted.
    """
    if request.method in _SAFE:
        return
    if not app.settings.web.hosts.own_origin(request.headers.get("origin", ""), request.headers.get("host", "")):
        raise NotPermitted("This request did not come from the studio's own page. Open the studio and try there.")


async def session_token(studio_sid: Annotated[str | None, Security(_COOKIE)] = None) -> str:
    if not studio_sid:
        raise NotSignedIn("You are not signed in. Open the studio and sign in.")
    return studio_sid


async def caller_from_path(workspace: str, token: Annotated[str, Depends(session_token)]) -> SignedIn:
    """The caller in the workspace of the path. Whether they are a member is checked by the transaction."""
    return SignedIn(token, workspace)


async def caller_from_query(
    token: Annotated[str, Depends(session_token)],
    workspace: Annotated[str, Query(description="The workspace's id")] = "",
    x_workspace: Annotated[str, Header()] = "",
) -> SignedIn:
    """The caller in the workspace of `?workspace=` or the header `X-Workspace`."""
    if not (chosen := workspace or x_workspace):
        raise Invalid("Say which workspace: ?workspace=… or the header X-Workspace.")
    return SignedIn(token, chosen)


Studio = Annotated[App, Depends(current_app)]
Token = Annotated[str, Depends(session_token)]
Caller = Annotated[SignedIn, Depends(caller_from_query)]
CallerIn = Annotated[SignedIn, Depends(caller_from_path)]
OwnOrigin = Depends(require_own_origin)
