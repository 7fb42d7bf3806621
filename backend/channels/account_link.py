"""Links an authorised account to a channel. An account that was linked before keeps its channel and its history."""

from __future__ import annotations

import base64
import io
from typing import Any

import structlog
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend import events, influencers
from backend.channels.queries import get
from backend.channels.schemas import PLATFORMS, ChannelCard
from backend.channels.tokens import store, update_channel
from backend.db.tables import Channel
from backend.errors import Conflict
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.platforms.http_base import ConnectError, HttpClient, ResponseLost
from backend.platforms.oauth_port import Grant
from backend.platforms.port import PlatformAccount
from backend.settings import Settings

log = structlog.get_logger(__name__)
AVATAR_PX, AVATAR_BYTES, AVATAR_S = 96, 2_000_000, 5.0


def link_account(
    tx: Session,
    settings: Settings,
    *,
    name: str,
    influencer_id: str,
    channel_id: str,
    grant: Grant,
    account: PlatformAccount,
    ahead_s: float,
) -> ChannelCard:
    """Stores the grant and returns the channel. `name`: the platform. `channel_id` "": a new channel, or the account's
    earlier one.

    Raises NotFound, Conflict (another account than the channel's, or an account of another influencer).
    """
    account_id = grant.account_id or account.id
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"channel-account:{name}:{account_id}", 0))))
    row = _row(tx, name, influencer_id, channel_id, account_id, account)
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"channel-token:{row.id}", 0))))
    profile = {"name": account.name, "nickname": account.nickname, "avatar": avatar(account.avatar_url)}
    state: dict[str, Any] = {"state": "connected", "trouble": "", "deleted_at": None, "account_id": account_id}
    store(tx, row, grant, settings=settings, ahead_s=ahead_s, **state)
    update_channel(tx, row.id, settings={**row.settings, "profile": profile})
    events.record(tx, "channel.connected", "channel", row.id, {"platform": name, "name": row.name})
    return get(tx, row.id)


def _row(tx: Session, name: str, influencer_id: str, channel_id: str, account_id: str, account: PlatformAccount) -> Channel:
    label = PLATFORMS[name]
    influencer = influencers.get(tx, influencer_id)
    same_account = select(Channel).where(Channel.platform == name, Channel.account_id == account_id)
    connected = tx.scalar(same_account.where(Channel.deleted_at.is_(None)))
    if connected is not None and connected.influencer_id != influencer_id:
        other = influencers.get(tx, connected.influencer_id).name
        raise Conflict(
            tr_lazy(
                "The {label} account {name} is connected for {other} already. Disconnect it there first.",
                label=label,
                name=account.name,
                other=other,
            )
        )
    if channel_id:
        row = tx.get(Channel, channel_id)
        assert row is not None  # `oauth.start` has read it, and rows of channels are never deleted
        if row.account_id not in ("", account_id):
            raise Conflict(
                tr_lazy(
                    "You signed in to {platform} as {account}, which is not the account of {channel}. "
                    "Sign out there, then connect again as {channel}; or connect this account as a new channel.",
                    platform=label,
                    account=account.name,
                    channel=row.name,
                )
            )
        return row
    earlier = same_account.where(Channel.influencer_id == influencer_id).order_by(Channel.deleted_at.desc()).limit(1)
    if existing := connected or tx.scalar(earlier):
        return existing
    title = (account.nickname or account.name or influencer.name)[:80]
    row = Channel(id=new_id("chn"), influencer_id=influencer_id, platform=name, name=title, account_id=account_id, settings={})
    row.created_by = tx.info.get("user_id")
    tx.add(row)
    tx.flush()
    return row


def avatar(url: str) -> str:
    """The account's picture, at most 96 px, as a data URL, because platforms' own addresses expire after days. "" when it
    cannot be loaded."""
    if not url.startswith(("https://", "http://127.0.0.1")):
        return ""
    client = HttpClient(url, timeout_s=AVATAR_S)
    try:
        response = client.send("GET", url)
        if response.status_code != 200 or len(response.content) > AVATAR_BYTES:
            return ""
        with Image.open(io.BytesIO(response.content)) as picture:
            small = picture.convert("RGB")
        small.thumbnail((AVATAR_PX, AVATAR_PX))
    except (ConnectError, ResponseLost, OSError, ValueError, Image.DecompressionBombError) as error:
        log.info("no avatar", reason=type(error).__name__)
        return ""
    finally:
        client.close()
    jpeg = io.BytesIO()
    small.save(jpeg, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg.getvalue()).decode()}"
