"""Whether a post may be published as it is: the platform's own rules (pure, engines/platform) on our rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from sqlalchemy.orm import Session

from backend import channels, renditions
from backend.assets import AssetCard
from backend.channels import ChannelCard
from backend.content_plans import files, rules
from backend.content_plans.schemas import PlanCard, PostCard
from backend.platforms import rules as platforms
from backend.platforms.port import Format, Media, Options, PostRequest, Problem

_OPTIONS = {one.name for one in fields(Options)}


def problems(tx: Session, post: PostCard) -> tuple[Problem, ...]:
    """What blocks first. Its files are judged as what they will be once they are prepared: JPEG, cropped, shortened."""
    channel = channels.get(tx, post.channel_id)
    said, troubles = _request(tx, post, channel)
    found = list(platforms.problems(post.platform, said))
    if len(said.media) < len(post.media):  # the rules count only those that are there
        at = files.numbers(tx, post)
        found = [one if one.media is None else replace(one, media=at[one.media]) for one in found]
    found[:0] = [Problem("media_unprepared", trouble, "media", n) for n, trouble in troubles.items()]
    if why := rules.needs_picture(post.options, post.media):
        found = [replace(one, message=why) if one.code == "media_missing" else one for one in found]
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
    """As it would be sent, but for the addresses of its files. It always says that it is AI-made."""
    return _request(tx, post, channels.get(tx, post.channel_id))[0]


def _request(tx: Session, post: PostCard, channel: ChannelCard) -> tuple[PostRequest, dict[int, str]]:
    media, troubles = files.media(tx, post)
    said: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in post.options.items() if name in _OPTIONS
    }
    return PostRequest(
        format=files.fitting(post, tuple(one.kind for one in media)), media=media,
        caption=rules.whole_caption(post.caption, post.hashtags), title=post.title, first_comment=post.first_comment,
        ai_made=True, privacy=post.privacy or _usual(channel), options=Options(**{**_settings(channel), **said}),
    ), troubles  # fmt: skip


def _usual(channel: ChannelCard) -> str:
    """Who may see it where nobody said for this post: what was picked for the channel. TikTok has no default (tiktok.md, 1)."""
    return str(channel.settings.get("privacy") or "")


def _settings(channel: ChannelCard) -> dict[str, Any]:
    kids = channel.settings.get("made_for_kids")
    return {"made_for_kids": bool(kids)} if channel.platform == "youtube" and kids is not None else {}


def media(card: AssetCard, alt_texts: Mapping[str, str]) -> Media:
    """An asset that nothing is changed of, as the platform's rules see it: a picture as the JPEG it will be."""
    facts = renditions.expected(card, files.recipe_of(card, {}, most=None))
    return files.seen(card, facts, sha256=card.sha256, alt_text=alt_texts.get(card.id, ""))


def fitting(post: PostCard, media: tuple[Media, ...]) -> Format:
    """The format it has, or gets by its files."""
    return files.fitting(post, tuple(one.kind for one in media))
