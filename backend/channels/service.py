"""The verbs of channels: add a practice channel, switch on and off, rename, change settings, remove, read the account from its
platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import events, influencers
from backend.channels.queries import get
from backend.channels.schemas import PLATFORMS, PRIVACY, ChannelCard, ChannelChange
from backend.channels.tokens import Transact, with_access
from backend.db.tables import Channel
from backend.errors import Conflict, Invalid
from backend.kit.ids import new_id
from backend.language import joined, tr_lazy
from backend.platforms import registry
from backend.platforms.port import PlatformAccount
from backend.platforms.registry import create_adapter
from backend.undo import undoable

if TYPE_CHECKING:
    from backend.app import App


def add_sandbox(tx: Session, influencer_id: str, name: str = "") -> ChannelCard:
    """Adds a channel on the practice platform, which shows posts to nobody outside and needs no account.

    Each influencer has one; further calls return it. Raises NotFound.
    """
    owner = influencers.get(tx, influencer_id)
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"sandbox:{influencer_id}", 0))))
    is_sandbox = Channel.influencer_id == influencer_id, Channel.platform == "sandbox", Channel.deleted_at.is_(None)
    if existing_id := tx.scalar(select(Channel.id).where(*is_sandbox)):
        return get(tx, existing_id)
    row = Channel(id=new_id("chn"), influencer_id=influencer_id, platform="sandbox", name=name.strip()[:80] or owner.name)
    row.account_id, row.created_by = row.id, tx.info.get("user_id")
    tx.add(row)
    tx.flush()
    events.record(tx, "channel.connected", "channel", row.id, {"platform": "sandbox", "name": row.name})
    return get(tx, row.id)


@undoable("channel.on")
def switch(tx: Session, channel_id: str, *, on: bool) -> ChannelCard:
    """Switches a channel on or off. While it is off nothing is published on it; its posts wait.

    Raises NotFound, Conflict (it must be connected again first).
    """
    channel = get(tx, channel_id)
    if channel.state == "reconnect":
        raise Conflict(tr_lazy("{name} must be connected again first: {trouble}", name=channel.name, trouble=channel.trouble))
    state = "connected" if on else "off"
    if state == channel.state:
        return channel
    _set(tx, channel_id, state=state)
    events.record(tx, f"channel.{'on' if on else 'off'}", "channel", channel_id, {})
    return get(tx, channel_id)


def change(tx: Session, channel_id: str, draft: ChannelChange) -> ChannelCard:
    """Changes what was set in `draft`; the rest stays. Raises NotFound, Invalid, Conflict as `rename`, `save_settings` and
    `switch`."""
    card, fields = get(tx, channel_id, deleted=False), draft.model_fields_set
    if draft.name is not None and draft.name != card.name:
        card = rename(tx, channel_id, draft.name)
    if fields & {"privacy", "made_for_kids"}:
        privacy = draft.privacy if "privacy" in fields else card.settings.get("privacy")
        kids = draft.made_for_kids if "made_for_kids" in fields else card.settings.get("made_for_kids")
        card = save_settings(tx, channel_id, privacy=privacy or "", made_for_kids=kids)
    if draft.on is not None and draft.on != (card.state == "connected"):
        card = switch(tx, channel_id, on=draft.on)
    return card


@undoable("channel.name")
def rename(tx: Session, channel_id: str, name: str) -> ChannelCard:
    """Changes the name that the channel has in the studio. Raises NotFound, Invalid."""
    if not 1 <= len(name.strip()) <= 80:
        raise Invalid(tr_lazy("A channel's name must have 1 to 80 characters."))
    card = get(tx, channel_id)
    if card.name == name.strip():
        return card
    _set(tx, channel_id, name=name.strip())
    events.record(tx, "channel.renamed", "channel", channel_id, {"from": card.name, "to": name.strip()})
    return get(tx, channel_id)


@undoable("channel.defaults")
def save_settings(tx: Session, channel_id: str, *, privacy: str = "", made_for_kids: bool | None = None) -> ChannelCard:
    """Sets the defaults for all posts of the channel. "" and None: no default, each post must choose. The AI flag is no
    setting: it is always sent.

    Raises NotFound, Invalid.
    """
    card = get(tx, channel_id)
    labels = PRIVACY.get(card.platform, {})
    if privacy and privacy not in labels:
        raise Invalid(
            tr_lazy(
                "{platform} has no such privacy. Choose one of: {choices}.",
                platform=PLATFORMS[card.platform],
                choices=joined(*labels.values(), separator=", ") if labels else tr_lazy("none"),
            )
        )
    if made_for_kids is not None and not registry.PLATFORMS[card.platform].asks_made_for_kids:
        platform_names = " and ".join(platform.label for platform in registry.PLATFORMS.values() if platform.asks_made_for_kids)
        raise Invalid(tr_lazy("Only {platform_names} asks whether videos are made for kids.", platform_names=platform_names))
    others = {name: value for name, value in card.settings.items() if name not in ("privacy", "made_for_kids")}
    chosen = {"privacy": privacy or None, "made_for_kids": made_for_kids}
    _set(tx, channel_id, settings={**others, **{name: value for name, value in chosen.items() if value is not None}})
    events.record(tx, "channel.settings", "channel", channel_id, chosen)
    return get(tx, channel_id)


def remove(tx: Session, channel_id: str) -> ChannelCard:
    """Disconnects a channel and deletes its tokens. Its row stays, for posts that were published on it. Raises NotFound.

    Waits for a refresh that is under way, which would otherwise store a token again.
    """
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"channel-token:{channel_id}", 0))))
    _set(tx, channel_id, deleted_at=func.clock_timestamp(), sealed=None, expires_at=None, trouble="", state="off")
    events.record(tx, "channel.removed", "channel", channel_id, {})
    return get(tx, channel_id)


def _set(tx: Session, channel_id: str, **values: object) -> None:
    get(tx, channel_id)
    tx.execute(update(Channel).where(Channel.id == channel_id).values(**values, updated_at=func.clock_timestamp()))


def check_account(app: App, transact: Transact, channel_id: str) -> PlatformAccount:
    """The account's name, quota and the privacy that may be chosen (TikTok: creator_info). Raises as `access`, and
    PlatformError."""
    with transact() as tx:
        name = get(tx, channel_id).platform
    adapter = create_adapter(name, app.settings)
    try:
        return with_access(app, transact, channel_id, adapter.account)
    finally:
        adapter.close()
