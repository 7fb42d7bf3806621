"""Whether a post may be published as it is: the platform's rules (pure, backend/platforms/rules) applied to our rows."""

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
from backend.language import joined, tr_lazy
from backend.platforms import rules as platforms
from backend.platforms.port import Format, Media, Options, PostProblem, PostRequest
from backend.platforms.registry import PLATFORMS

_OPTION_NAMES = {option.name for option in fields(Options)}


def problems(tx: Session, post: PostCard) -> tuple[PostProblem, ...]:
    """Blocking problems first. Files are checked as what they will be once prepared: JPEG, cropped, shortened."""
    channel = channels.get(tx, post.channel_id)
    request, troubles = _build_request(tx, post, channel)
    post_problems = list(platforms.problems(post.platform, request))
    if len(request.media) < len(post.media):  # the rules count only those that are there
        positions = files.present_positions(tx, post)
        post_problems = [
            problem if problem.media is None else replace(problem, media=positions[problem.media]) for problem in post_problems
        ]
    post_problems[:0] = [PostProblem("media_unprepared", trouble, "media", n) for n, trouble in troubles.items()]
    if reason := rules.missing_picture_reason(post.options, post.media):
        post_problems = [
            replace(problem, message=reason) if problem.code == "media_missing" else problem for problem in post_problems
        ]
    if channel.deleted_at:
        message = tr_lazy("The channel {channel} was removed. Remove this post.", channel=channel.name)
        post_problems.insert(0, PostProblem("channel_gone", message, "options"))
    elif channel.state != "connected":
        message = (
            tr_lazy("{channel} is paused. Resume it first.", channel=channel.name)
            if channel.state == "off"
            else tr_lazy("{channel} must be connected again: {trouble}", channel=channel.name, trouble=channel.trouble)
        )
        post_problems.insert(0, PostProblem("channel_off", message, "options"))
    return tuple(post_problems)


def blocking_problems(tx: Session, card: PlanCard) -> str:
    """Everything that keeps a plan from being scheduled, as sentences that begin with the channel; empty: nothing does."""
    sentences = [
        tr_lazy("{channel}: {problem}", channel=post.channel_name, problem=problem.message)
        for post in card.posts
        for problem in problems(tx, post)
        if problem.blocks
    ]
    return joined(*dict.fromkeys(sentences))


def build_request(tx: Session, post: PostCard) -> PostRequest:
    """The post as it would be sent, without the URLs of its files. It is always marked as AI-made."""
    return _build_request(tx, post, channels.get(tx, post.channel_id))[0]


def _build_request(tx: Session, post: PostCard, channel: ChannelCard) -> tuple[PostRequest, dict[int, str]]:
    media, troubles = files.platform_media(tx, post)
    options: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in post.options.items()
        if name in _OPTION_NAMES
    }
    return PostRequest(
        format=files.choose_format(post.platform, post.format, [file.kind for file in media]),
        media=media,
        caption=rules.whole_caption(post.caption, post.hashtags),
        title=post.title,
        first_comment=post.first_comment,
        ai_made=True,
        privacy=post.privacy or _default_privacy(channel),
        options=Options(**{**_channel_options(channel), **options}),
    ), troubles


def _default_privacy(channel: ChannelCard) -> str:
    """The channel's privacy setting, for posts without one. TikTok has no default (docs/contracts/tiktok.md, 1)."""
    return str(channel.settings.get("privacy") or "")


def _channel_options(channel: ChannelCard) -> dict[str, Any]:
    made_for_kids = channel.settings.get("made_for_kids")
    asks_made_for_kids = PLATFORMS[channel.platform].asks_made_for_kids
    return {"made_for_kids": bool(made_for_kids)} if asks_made_for_kids and made_for_kids is not None else {}


def original_media(card: AssetCard, alt_texts: Mapping[str, str]) -> Media:
    """An unedited asset as the platform's rules see it: a picture as the JPEG it will become."""
    facts = renditions.expected_facts_of(card, files.recipe_of(card, {}, max_bytes=None))
    return files.to_media(card, facts, sha256=card.sha256, alt_text=alt_texts.get(card.id, ""))


def fitting_format(post: PostCard, media: tuple[Media, ...]) -> Format:
    """The post's format, or the one that suits these files."""
    return files.choose_format(post.platform, post.format, [file.kind for file in media])
