"""An account that was allowed becomes a channel; one that was here before keeps its row and its history."""

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
from backend.channels.tokens import put, store
from backend.clients.wire import Away, Lost, Wire
from backend.engines.platform.connecting import Grant
from backend.engines.platform.port import Account
from backend.errors import Conflict
from backend.kit.ids import new_id
from backend.settings import Settings
from backend.tables import Channel

log = structlog.get_logger(__name__)
AVATAR_PX, AVATAR_BYTES, AVATAR_S = 96, 2_000_000, 5.0


def keep(
    tx: Session, settings: Settings, *, name: str, influencer_id: str, channel_id: str, grant: Grant, account: Account,
    ahead_s: float,
) -> ChannelCard:  # fmt: skip
    """Raises NotFound, Conflict (another account than the channel's, or an account of another influencer)."""
    account_id = grant.account_id or account.id
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"channel-account:{name}:{account_id}", 0))))
    row = _row(tx, name, influencer_id, channel_id, account_id, account)
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"channel-token:{row.id}", 0))))
    profile = {"name": account.name, "nickname": account.nickname, "avatar": avatar(account.avatar_url)}
    state: dict[str, Any] = {"state": "connected", "trouble": "", "deleted_at": None, "account_id": account_id}
    store(tx, row, grant, settings=settings, ahead_s=ahead_s, **state)
    put(tx, row.id, settings={**row.settings, "profile": profile})
    events.record(tx, "channel.connected", "channel", row.id, {"platform": name, "name": row.name})
    return get(tx, row.id)


def _row(tx: Session, name: str, influencer_id: str, channel_id: str, account_id: str, account: Account) -> Channel:
    label = PLATFORMS[name]
    who = influencers.get(tx, influencer_id)
    same = select(Channel).where(Channel.platform == name, Channel.account_id == account_id)
    there = tx.scalar(same.where(Channel.deleted_at.is_(None)))
    if there is not None and there.influencer_id != influencer_id:
        other = influencers.get(tx, there.influencer_id).name
        raise Conflict(f"The {label} account {account.name} is connected for {other} already. Disconnect it there first.")
    if channel_id:
        row = tx.get(Channel, channel_id)
        assert row is not None  # read when it was begun, and rows stay
        if row.account_id not in ("", account_id):
            say = f"You signed in to {label} as {account.name}, which is not the account of {row.name}."
            raise Conflict(f"{say} Sign out there, then connect again as {row.name}; or connect this account as a new channel.")
        return row
    before = same.where(Channel.influencer_id == influencer_id).order_by(Channel.deleted_at.desc()).limit(1)
    if found := there or tx.scalar(before):
        return found
    named = (account.nickname or account.name or who.name)[:80]
    row = Channel(id=new_id("chn"), influencer_id=influencer_id, platform=name, name=named, account_id=account_id, settings={})
    row.created_by = tx.info.get("user_id")
    tx.add(row)
    tx.flush()
    return row


def avatar(url: str) -> str:
    """The account's picture, small, as a data URL: platforms' own addresses end after days. "" when it cannot be had."""
    if not url.startswith(("https://", "http://127.0.0.1")):
        return ""
    wire = Wire(url, timeout_s=AVATAR_S)
    try:
        answer = wire.send("GET", url)
        if answer.status_code != 200 or len(answer.content) > AVATAR_BYTES:
            return ""
        with Image.open(io.BytesIO(answer.content)) as picture:
            small = picture.convert("RGB")
        small.thumbnail((AVATAR_PX, AVATAR_PX))
    except (Away, Lost, OSError, ValueError, Image.DecompressionBombError) as error:
        log.info("no avatar", reason=type(error).__name__)
        return ""
    finally:
        wire.close()
    out = io.BytesIO()
    small.save(out, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}"
