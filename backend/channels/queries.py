"""Reads channels; addresses of their public pages."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.channels.schemas import ChannelCard
from backend.db.tables import Channel
from backend.errors import NotFound
from backend.language import tr_lazy
from backend.platforms.registry import PLATFORMS
from backend.settings import Settings


def get(tx: Session, channel_id: str, *, deleted: bool = True) -> ChannelCard:
    """A channel; `deleted`: also one that was disconnected (`deleted_at` is set then). Raises NotFound."""
    row = tx.get(Channel, channel_id, populate_existing=True)
    if row is None or (row.deleted_at is not None and not deleted):
        raise NotFound(tr_lazy("This channel does not exist here. It may have been made in another workspace."))
    return card(row)


def get_locked(tx: Session, channel_id: str) -> ChannelCard:
    """A channel that is not deleted, as nobody else can change it until `tx` ends. Raises NotFound."""
    tx.execute(select(Channel.id).where(Channel.id == channel_id).with_for_update(key_share=True))
    return get(tx, channel_id, deleted=False)


def of(tx: Session, influencer_id: str = "", *, deleted: bool = False) -> list[ChannelCard]:
    """The channels of an influencer, or all of the workspace, by name. `deleted`: with deleted ones."""
    query = select(Channel).order_by(Channel.name, Channel.id).execution_options(populate_existing=True)
    if influencer_id:
        query = query.where(Channel.influencer_id == influencer_id)
    return [card(row) for row in tx.scalars(query if deleted else query.where(Channel.deleted_at.is_(None)))]


def get_many(tx: Session, ids: Sequence[str]) -> dict[str, ChannelCard]:
    """Channel id -> card, of those that exist."""
    return {row.id: card(row) for row in tx.scalars(select(Channel).where(Channel.id.in_(ids)))} if ids else {}


def card(row: Channel) -> ChannelCard:
    copied = (
        "id",
        "influencer_id",
        "platform",
        "name",
        "state",
        "account_id",
        "expires_at",
        "settings",
        "trouble",
        "created_at",
    )
    return ChannelCard(**{name: getattr(row, name) for name in (*copied, "deleted_at")})


def feed_url(settings: Settings) -> str:
    """The practice platform's feed as browsers reach it; "" when there is none."""
    return PLATFORMS["sandbox"].profile_url(settings, "", "")


def profile_url(card: ChannelCard, settings: Settings) -> str:
    """The account's public page; "" when it is not known."""
    name = quote(card.profile.get("name", "").lstrip("@"), safe=".")
    return PLATFORMS[card.platform].profile_url(settings, name, card.account_id)
