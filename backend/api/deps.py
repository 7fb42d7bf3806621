"""What routes ask for: the App, the caller (cookie and workspace), and that a write comes from our own page."""

from __future__ import annotations

from typing import Annotated, cast
from urllib.parse import urlsplit

from fastapi import Cookie, Depends, Header, Query, Request

from backend.bootstrap import App
from backend.errors import Invalid, NotPermitted, NotSignedIn
from backend.kit.db import SignedIn

COOKIE = "studio_sid"
_SAFE = {"GET", "HEAD", "OPTIONS"}


def studio(request: Request) -> App:
    return cast("App", request.app.state.get_app())


def own_origin(request: Request, app: Annotated[App, Depends(studio)]) -> None:
    """Cookies travel with other sites' requests too; a write must name our own origin. Raises NotPermitted."""
    if request.method in _SAFE:
        return
    origin = request.headers.get("origin", "")
    ours = {request.headers.get("host", ""), urlsplit(app.settings.base_url).netloc}
    if not origin or urlsplit(origin).netloc not in ours:
        raise NotPermitted("This request did not come from the studio's own page. Open the studio and try there.")


def token(studio_sid: Annotated[str, Cookie()] = "") -> str:
    if not studio_sid:
        raise NotSignedIn("You are not signed in. Open the studio and sign in.")
    return studio_sid


def caller_in(workspace: str, token: Annotated[str, Depends(token)]) -> SignedIn:
    """The caller in the workspace of the path. Whether they belong there, the transaction decides."""
    return SignedIn(token, workspace)


def caller(
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
