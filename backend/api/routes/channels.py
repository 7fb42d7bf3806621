"""Channels: their list, and the two addresses of connecting one (redirect to the platform, and callback)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse

from backend import channels
from backend.api.api_model import ApiModel, Listing
from backend.api.deps import Caller, Studio, Token, needs_scope
from backend.app import App
from backend.channels import OAuthResult
from backend.db.transactions import SignedIn
from backend.errors import EngineError, Refused

router = APIRouter(prefix="/channels", tags=["channels"], dependencies=[needs_scope("channels")])
Id = Annotated[str, Query(max_length=80)]
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class ChannelWords(ApiModel):
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
        cards = channels.of(tx, influencer)
    data = [ChannelWords.model_validate(card) for card in cards]
    return Listing(data=data, total=len(data), take=len(data), skip=0)


@router.get("/connect", status_code=303, response_class=RedirectResponse)
def connect(
    app: Studio, caller: Caller, token: Token, request: Request, platform: Id = "", influencer: Id = "", channel: Id = ""
) -> RedirectResponse:
    """Sends the browser to the platform, or back to the page with what is lacking."""
    try:
        url = channels.start(
            app,
            SignedIn(token, caller.tenant_id),
            origin=_origin(app, request),
            name=platform,
            influencer_id=influencer,
            channel_id=channel,
        )
    except (Refused, EngineError) as error:
        return _redirect_to_page(app, token, OAuthResult(caller.tenant_id, error.message))
    return RedirectResponse(url, 303)


@router.get("/back", status_code=303, response_class=RedirectResponse)
def back(app: Studio, token: Token, request: Request) -> RedirectResponse:
    """OAuth callback: the address that is registered with the app at the platform."""
    parameters = {name: value[:4000] for name, value in request.query_params.items()}
    try:
        result = channels.callback(app, token, parameters)
    except (Refused, EngineError) as error:
        result = OAuthResult("", error.message)
    return _redirect_to_page(app, token, result)


def _redirect_to_page(app: App, token: str, result: OAuthResult) -> RedirectResponse:
    query = {"ws": result.tenant_id} if result.tenant_id else {}
    return RedirectResponse(f"/channels?{urlencode({**query, 'said': channels.store_flash(app, token, result)})}", 303)


def _origin(app: App, request: Request) -> str:
    """Origin of the callback address: PUBLIC_URL; without it, on the studio's own machine, the host name that the browser uses,
    because the session cookie is sent to that name only."""
    host = request.headers.get("host", "")
    if not app.settings.web.public_url and urlsplit(f"//{host}").hostname in _LOOPBACK:
        return f"http://{host}"
    return app.settings.web.base_url
