"""Channels: list, add, change, disconnect; and the two addresses of connecting one (redirect to the platform, and callback)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Field, StrictBool

from backend import channels
from backend.api.api_model import ApiModel, ApiRequest, Listing, Skip, Take, Worded, sliced
from backend.api.deps import Caller, Studio, Token, needs_scope
from backend.api.etags import IfMatch, require_match, set_etag
from backend.app import App
from backend.channels import ChannelCard, ChannelChange, OAuthResult
from backend.db.transactions import SignedIn
from backend.errors import EngineError, Refused

router = APIRouter(prefix="/channels", tags=["channels"], dependencies=[needs_scope("channels")])
Id = Annotated[str, Query(max_length=80)]
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class ChannelResponse(ApiModel):
    """`state`: connected, reconnect (a person must connect it again), off. `expiresAt`: when its permission ends unless it is
    renewed. `privacy`, `madeForKids`: the defaults of its posts, null where each post must choose."""

    id: str
    influencer_id: str
    platform: str
    name: str
    account_id: str
    state: str
    trouble: Worded
    privacy: str | None
    made_for_kids: bool | None
    expires_at: datetime | None
    created_at: datetime


class ChannelRequest(ApiRequest):
    """`platform`: sandbox, the only one whose channels need no account. For others ask `/api/channels/connections`."""

    influencer_id: str = Field(max_length=80, examples=["inf_0190"])
    platform: Literal["sandbox"] = "sandbox"
    name: str = Field("", max_length=80, examples=["Practice"])


class ChannelChangeRequest(ApiRequest):
    """What is left out stays. `on` false: nothing is published on it, its posts wait. `privacy`, `madeForKids` null: no
    default, each post must choose."""

    name: str | None = Field(None, examples=["Ada on Instagram"])
    on: StrictBool | None = None
    privacy: str | None = None
    made_for_kids: StrictBool | None = None


class ConnectionRequest(ApiRequest):
    """`influencerId` and `platform` of a new channel, or `channelId` of the one to connect again."""

    influencer_id: str = Field("", max_length=80, examples=["inf_0190"])
    platform: str = Field("", max_length=80, examples=["instagram"])
    channel_id: str = Field("", max_length=80)


class ConnectionResponse(ApiModel):
    """`url`: for a person to open in the browser in which they are signed in here. It leads on to the platform's consent page,
    and back to the studio."""

    url: str


class AccountResponse(ApiModel):
    """The account as its platform says it is now. `used`, `limit`: posts in the last `windowHours`; null where it does not say.
    `privacy`: what may be chosen. `maxVideoS`: seconds that a video may last, null where it does not say. `…Off`: turned off
    for the account there."""

    id: str
    name: str
    nickname: str
    used: int | None
    limit: int | None
    window_hours: float | None
    privacy: list[str]
    max_video_s: float | None
    comments_off: bool
    duet_off: bool
    stitch_off: bool


@router.get("")
def list_channels(
    app: Studio, caller: Caller, response: Response, influencer: Id = "", take: Take = None, skip: Skip = 0
) -> Listing[ChannelResponse]:
    """The channels of the workspace or of one influencer, by name."""
    with app.db.transaction(caller) as tx:
        cards = channels.of(tx, influencer)
    answers = [_channel_response(card) for card in cards]
    return sliced(response, answers, ChannelResponse, take=take, skip=skip)


@router.post("", status_code=201)
def create_channel(body: ChannelRequest, app: Studio, caller: Caller, response: Response) -> ChannelResponse:
    """A channel on the practice platform, which shows posts to nobody outside. Each influencer has one."""
    with app.db.transaction(caller, needs="editor") as tx:
        card = channels.add_sandbox(tx, body.influencer_id, body.name)
    response.headers["location"] = f"/api/channels/{card.id}?workspace={caller.tenant_id}"
    return _whole(response, card)


@router.post("/connections", status_code=201)
def create_connection(body: ConnectionRequest, app: Studio, caller: Caller, request: Request) -> ConnectionResponse:
    """The address at which a person connects an account. Only people can give consent, so a program hands it to one. 400 says
    what the platform needs to be set up first."""
    origin = _origin(app, request)
    channels.check_connectable(
        app, caller, origin=origin, name=body.platform, influencer_id=body.influencer_id, channel_id=body.channel_id
    )
    chosen = {"platform": body.platform, "influencer": body.influencer_id, "channel": body.channel_id}
    query = {"workspace": caller.tenant_id, **{name: value for name, value in chosen.items() if value}}
    return ConnectionResponse(url=f"{origin}/api/channels/connect?{urlencode(query)}")


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


@router.get("/{channel_id}")
def get_channel(channel_id: str, app: Studio, caller: Caller, response: Response) -> ChannelResponse:
    """One channel."""
    with app.db.transaction(caller) as tx:
        return _whole(response, channels.get(tx, channel_id, deleted=False))


@router.patch("/{channel_id}")
def change_channel(
    channel_id: str, body: ChannelChangeRequest, app: Studio, caller: Caller, response: Response, if_match: IfMatch = ""
) -> ChannelResponse:
    """Its name, whether it is on, and the defaults of its posts. 409 when it must be connected again first, or somebody else
    was quicker."""
    draft = ChannelChange(**body.model_dump(exclude_unset=True))
    with app.db.transaction(caller, needs="editor") as tx:
        require_match(if_match, _version(channels.get_locked(tx, channel_id)), "channel")
        return _whole(response, channels.change(tx, channel_id, draft))


@router.delete("/{channel_id}", status_code=204)
def delete_channel(channel_id: str, app: Studio, caller: Caller) -> None:
    """Disconnects it and erases its tokens. Posts of before stay; planned ones wait until the account is connected again."""
    with app.db.transaction(caller, needs="editor") as tx:
        channels.get(tx, channel_id, deleted=False)
        channels.remove(tx, channel_id)


@router.get("/{channel_id}/account")
def get_channel_account(channel_id: str, app: Studio, caller: Caller) -> AccountResponse:
    """Asks the platform now whether the account opens, and what it may still post today; for editors."""
    account = channels.check_account(app, lambda: app.db.transaction(caller, needs="editor"), channel_id)
    quota = account.quota
    return AccountResponse(
        id=account.id,
        name=account.name,
        nickname=account.nickname,
        used=quota.used if quota else None,
        limit=quota.total if quota else None,
        window_hours=quota.window_s / 3600 if quota else None,
        privacy=list(account.privacy),
        max_video_s=account.max_video_s,
        comments_off=account.comments_off,
        duet_off=account.duet_off,
        stitch_off=account.stitch_off,
    )


def _channel_response(card: ChannelCard) -> ChannelResponse:
    fields = {name: getattr(card, name) for name in ChannelResponse.model_fields if hasattr(card, name)}
    settings = {"privacy": card.settings.get("privacy"), "made_for_kids": card.settings.get("made_for_kids")}
    return ChannelResponse(**fields, **settings)


def _whole(response: Response, card: ChannelCard) -> ChannelResponse:
    set_etag(response, _version(card))
    return _channel_response(card)


def _version(card: ChannelCard) -> tuple[object, ...]:
    """Without when its permission ends: that is renewed every day, and nobody's change."""
    return card.name, card.state, card.trouble, card.account_id, sorted(card.settings.items())


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
