"""Channels: their list, and the two addresses of connecting one (away to the platform, and back)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse

from backend import channels
from backend.api.api_model import Listing, Words
from backend.api.deps import Caller, Studio, Token
from backend.app import App
from backend.channels import OAuthResult
from backend.errors import EngineError, Refused

router = APIRouter(prefix="/channels", tags=["channels"])
Id = Annotated[str, Query(max_length=80)]
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class ChannelWords(Words):
    """`state`: connected, reconnect, off. `expiresAt`: when its permission ends for good unless it is renewed."""

    id: str
    influencer_id: str
    platform: str
    name: str
    account_id: str
    state: str
    trouble: str
    expires_at: datetime | None
    created_at: datetime


@router.get("")
def listing(app: Studio, caller: Caller, influencer: Id = "") -> Listing[ChannelWords]:
    with app.db.transaction(caller) as tx:
        found = channels.of(tx, influencer)
    data = [ChannelWords.model_validate(one) for one in found]
    return Listing(data=data, total=len(data), take=len(data), skip=0)


@router.get("/connect", status_code=303, response_class=RedirectResponse)
def connect(
    app: Studio, caller: Caller, request: Request, platform: Id = "", influencer: Id = "", channel: Id = ""
) -> RedirectResponse:
    """Sends the browser to the platform, or back to the page with what is lacking."""
    try:
        url = channels.start(
            app, caller, origin=_origin(app, request), name=platform, influencer_id=influencer, channel_id=channel
        )
    except (Refused, EngineError) as no:
        return _landing(app, caller.token, OAuthResult(caller.tenant_id, no.message))
    return RedirectResponse(url, 303)


@router.get("/back", status_code=303, response_class=RedirectResponse)
def back(app: Studio, token: Token, request: Request) -> RedirectResponse:
    """Where platforms send people back to: this address is registered with the app there."""
    said = {name: value[:4000] for name, value in request.query_params.items()}
    try:
        came = channels.callback(app, token, said)
    except (Refused, EngineError) as no:
        came = OAuthResult("", no.message)
    return _landing(app, token, came)


def _landing(app: App, token: str, came: OAuthResult) -> RedirectResponse:
    query = {"ws": came.tenant_id} if came.tenant_id else {}
    return RedirectResponse(f"/channels?{urlencode({**query, 'said': channels.store_flash(app, token, came)})}", 303)


def _origin(app: App, request: Request) -> str:
    """PUBLIC_URL; without one, on one's own machine, the name the browser uses: its cookie is of that name alone."""
    host = request.headers.get("host", "")
    if not app.settings.public_url and urlsplit(f"//{host}").hostname in _LOOPBACK:
        return f"http://{host}"
    return app.settings.base_url
