"""Whether a post may be published as it is: the platform's own rules (pure, engines/platform) on our rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy.orm import Session

from backend import assets, channels, influencers
from backend.assets import AssetCard
from backend.engines.platform import rules as platforms
from backend.engines.platform.port import Format, Media, Options, PostRequest, Problem
from backend.posts import rules
from backend.posts.schemas import PlanCard, PostCard

_OPTIONS = {one.name for one in fields(Options)}


def problems(tx: Session, post: PostCard) -> tuple[Problem, ...]:
    """What blocks first. Pictures are made JPEG before they are published, so another format is no problem."""
    found = list(platforms.problems(post.platform, request(tx, post)))
    channel = channels.get(tx, post.channel_id)
    if channel.deleted_at:
        found.insert(0, Problem("channel_gone", f"The channel {channel.name} was removed. Take this post out.", "options"))
    elif channel.state != "connected":
        say = (
            "is switched off. Switch it on first." if channel.state == "off" else f"must be connected again: {channel.trouble}"
        )
        found.insert(0, Problem("channel_off", f"{channel.name} {say}", "options"))
    return tuple(found)


def blocking(tx: Session, card: PlanCard) -> str:
    """Everything that keeps a plan from being scheduled, as sentences led by the channel; empty: nothing does."""
    said = [f"{post.channel_name}: {one.message}" for post in card.posts for one in problems(tx, post) if one.blocks]
    return " ".join(dict.fromkeys(said))


def request(tx: Session, post: PostCard) -> PostRequest:
    """As it would be sent, but for the addresses of its files."""
    from_plan = influencer_of(tx, post)
    there = assets.get_many(tx, post.media)
    files = tuple(media(there[one], post.alt_texts) for one in post.media if one in there)
    said: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in post.options.items() if name in _OPTIONS
    }
    return PostRequest(
        format=fitting(post, files), media=files, caption=rules.whole_caption(post.caption, post.hashtags), title=post.title,
        first_comment=post.first_comment, ai_made=from_plan.ai_mark, privacy=post.privacy, options=Options(**said),
    )  # fmt: skip


def influencer_of(tx: Session, post: PostCard) -> influencers.InfluencerCard:
    return influencers.get(tx, channels.get(tx, post.channel_id).influencer_id)


def media(card: AssetCard, alt_texts: Mapping[str, str]) -> Media:
    """An asset as the platform's rules see it: a picture as the JPEG it will be."""
    film, meta = card.kind == "video", card.meta
    return Media(
        kind="video" if film else "picture", mime=card.content_type if film else "image/jpeg", width=card.width or 0,
        height=card.height or 0, size=card.size_bytes, sha256=card.sha256, alt_text=alt_texts.get(card.id, ""),
        duration_s=_number(meta, "duration_s"), fps=_number(meta, "fps"), codec=str(meta.get("codec", "")),
        audio=str(meta.get("audio", "")),
    )  # fmt: skip


def fitting(post: PostCard, files: tuple[Media, ...]) -> Format:
    """The chosen format, else the one that suits the files: several are a carousel, a film is a reel, a Short or a video."""
    if post.format:
        return post.format  # type: ignore[return-value]
    known = platforms.formats(post.platform)
    film = any(one.kind == "video" for one in files)
    wish: tuple[Format, ...] = (
        ("carousel",) if len(files) > 1 else ("reel", "short", "video") if film else ("picture", "carousel")
    )
    return next((one for one in wish if one in known), known[0])


def _number(meta: Mapping[str, Any], name: str) -> float | None:
    value = meta.get(name)
    return float(value) if isinstance(value, (int, float)) else None
