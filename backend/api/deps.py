"""What routes ask for: the App, the caller (cookie and workspace), and that a write comes from our own page.

None of it waits, so all of it is `async`: FastAPI would send each plain function to a thread and back, which costs a request
more than its query.
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
"""Stays when its person signs out: see accounts.devices."""
_COOKIE = APIKeyCookie(name=COOKIE, scheme_name="session", description="Of a browser that is signed in.", auto_error=False)
_SAFE = {"GET", "HEAD", "OPTIONS"}


async def studio(request: Request) -> App:
    """The App: made in a thread once, for that may wait for the database; a failure is not kept."""
    made = getattr(request.app.state, "app", None)
    if made is None:
        made = request.app.state.app = await run_in_threadpool(request.app.state.get_app)
    return cast("App", made)


async def own_origin(request: Request, app: Annotated[App, Depends(studio)]) -> None:
    """Cookies travel with other sites' requests too; a write must name our own origin. Raises NotPermitted."""
    if request.method in _SAFE:
        return
    if not app.settings.hosts.own_origin(request.headers.get("origin", ""), request.headers.get("host", "")):
        raise NotPermitted("This request did not come from the studio's own page. Open the studio and try there.")


async def token(studio_sid: Annotated[str | None, Security(_COOKIE)] = None) -> str:
    if not studio_sid:
        raise NotSignedIn("You are not signed in. Open the studio and sign in.")
    return studio_sid


async def caller_in(workspace: str, token: Annotated[str, Depends(token)]) -> SignedIn:
    """The caller in the workspace of the path. Whether they belong there, the transaction decides."""
    return SignedIn(token, workspace)


async def caller(
    token: Annotated[str, Depends(token)],
    workspace: Annotated[str, Query(description="The workspace's id")] = "",
    x_workspace: Annotated[str, Header()] = "",
) -> SignedIn:
    """The caller in the workspace of `?workspace=` or the header `X-Workspace`."""
    if not (chosen := workspace or x_workspace):
        raise Invalid("Say which workspace: ?workspace=… or the header X-Workspace.")
    return SignedIn(token, chosen)


Studio = Annotated[App, Depends(studio)]
Token = Annotated[str, Depends(token)]
Caller = Annotated[SignedIn, Depends(caller)]
CallerIn = Annotated[SignedIn, Depends(caller_in)]
OwnOrigin = Depends(own_origin)
