"""Adding channels and taking them away."""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import events, influencers
from backend.channels.queries import get
from backend.channels.schemas import PLATFORMS, PRIVACY, ChannelCard
from backend.errors import Conflict, Invalid
from backend.kit.ids import new_id
from backend.tables import Channel


def add_sandbox(tx: Session, influencer_id: str, name: str = "") -> ChannelCard:
    """A channel that behaves like a platform and shows posts to nobody outside: one click, no account.

    An influencer has one; asked again, it is returned. Raises NotFound.
    """
    owner = influencers.get(tx, influencer_id)
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"sandbox:{influencer_id}", 0))))
    mine = select(Channel.id).where(Channel.influencer_id == influencer_id, Channel.platform == "sandbox")
    if there := tx.scalar(mine.where(Channel.deleted_at.is_(None))):
        return get(tx, there)
    row = Channel(id=new_id("chn"), influencer_id=influencer_id, platform="sandbox", name=name.strip()[:80] or owner.name)
    row.account_id, row.created_by = row.id, tx.info.get("user_id")
    tx.add(row)
    tx.flush()
    events.record(tx, "channel.connected", "channel", row.id, {"platform": "sandbox", "name": row.name})
    return get(tx, row.id)


def switch(tx: Session, channel_id: str, *, on: bool) -> ChannelCard:
    """Off: nothing is published on it; its posts wait. Raises NotFound, Conflict (it must be connected again first)."""
    before = get(tx, channel_id)
    if before.state == "reconnect":
        raise Conflict(f"{before.name} must be connected again first: {before.trouble}")
    _set(tx, channel_id, state="connected" if on else "off")
    events.record(tx, f"channel.{'on' if on else 'off'}", "channel", channel_id, {})
    return get(tx, channel_id)


def rename(tx: Session, channel_id: str, name: str) -> ChannelCard:
    """What people call it here. Raises NotFound, Invalid."""
    if not 1 <= len(name.strip()) <= 80:
        raise Invalid("A channel's name must have 1 to 80 characters.")
    _set(tx, channel_id, name=name.strip())
    return get(tx, channel_id)


def save_settings(tx: Session, channel_id: str, *, privacy: str = "", made_for_kids: bool | None = None) -> ChannelCard:
    """For all posts of the channel; the AI flag is no setting, it is always sent. "" and None: not chosen, each post must say.

    Raises NotFound, Invalid.
    """
    card = get(tx, channel_id)
    known = PRIVACY.get(card.platform, {})
    if privacy and privacy not in known:
        raise Invalid(f"{PLATFORMS[card.platform]} has no such privacy. Choose one of: {', '.join(known.values()) or 'none'}.")
    if made_for_kids is not None and card.platform != "youtube":
        raise Invalid("Only YouTube asks whether videos are made for kids.")
    kept = {name: value for name, value in card.settings.items() if name not in ("privacy", "made_for_kids")}
    chosen = {"privacy": privacy or None, "made_for_kids": made_for_kids}
    _set(tx, channel_id, settings={**kept, **{name: value for name, value in chosen.items() if value is not None}})
    events.record(tx, "channel.settings", "channel", channel_id, chosen)
    return get(tx, channel_id)


def remove(tx: Session, channel_id: str) -> ChannelCard:
    """Its tokens are forgotten; posts of before still say where they went. Raises NotFound.

    A refresh that is on its way ends first, so that it does not bring them back.
    """
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"channel-token:{channel_id}", 0))))
    _set(tx, channel_id, deleted_at=func.clock_timestamp(), sealed=None, expires_at=None, trouble="", state="off")
    events.record(tx, "channel.removed", "channel", channel_id, {})
    return get(tx, channel_id)


def _set(tx: Session, channel_id: str, **values: object) -> None:
    get(tx, channel_id)
    tx.execute(update(Channel).where(Channel.id == channel_id).values(**values, updated_at=func.clock_timestamp()))
