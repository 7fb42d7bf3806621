"""Checks whether a post can be published as it is, its texts included (numbers: the platform's `platform.py`). Pure, so form,
service and worker get the same answer."""

from __future__ import annotations

import re
from typing import Literal

from backend.language import joined, tr_lazy
from backend.platforms.limits import FormatLimits, TextLimit, TextRules
from backend.platforms.platform import Platform
from backend.platforms.port import FORMAT_NAMES, Fix, Format, PlatformAccount, PostProblem, PostRequest
from backend.platforms.registry import PLATFORMS
from backend.platforms.rules_media import picture_problems, video_problems
from backend.platforms.text_limits import hashtags_in, mentions_in, tags_length, text_length

_AI_MENTION = re.compile(r"\bAI\b|#ai", re.IGNORECASE)
TextField = Literal["caption", "title", "first_comment"]
_LINK = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)


def formats(platform: str) -> tuple[Format, ...]:
    return tuple(PLATFORMS[platform].formats)


def problems(name: str, post: PostRequest, account: PlatformAccount | None = None) -> tuple[PostProblem, ...]:
    """Blocking problems first, then warnings. `account`: as just read. Raises KeyError for an unknown platform."""
    platform = PLATFORMS[name]
    limits = platform.formats.get(post.format)
    if limits is None:
        alternatives = joined(*(FORMAT_NAMES[format] for format in platform.formats), separator=", ")
        return (
            PostProblem(
                "format",
                tr_lazy(
                    "{platform} takes no {format}. Choose one of: {alternatives}.",
                    platform=platform.label,
                    format=FORMAT_NAMES[post.format],
                    alternatives=alternatives,
                ),
                "format",
            ),
        )
    all_problems = [
        *text_problems(platform, limits, post),
        *_count_problems(platform, limits, post),
        *_file_problems(platform, limits, post),
        *_privacy_problems(platform, post, account),
        *_option_problems(platform, post),
        *(_account_problems(platform, post, account) if account else ()),
    ]
    return tuple(sorted(all_problems, key=lambda format: not format.blocks))


def _count_problems(platform: Platform, limits: FormatLimits, post: PostRequest) -> list[PostProblem]:
    low, high = limits.count
    name, file_count = FORMAT_NAMES[post.format], len(post.media)
    if file_count < low:
        message = tr_lazy(
            "A {format} on {platform} has at least {least} files. Add {missing} more.",
            format=name,
            platform=platform.label,
            least=low,
            missing=low - file_count,
        )
        if low == 1 and limits.video is None:
            message = tr_lazy("Add a picture.")
        elif low == 1:
            message = tr_lazy("Add a video.") if limits.picture is None else tr_lazy("Add a picture or a video.")
        return [PostProblem("media_missing" if not file_count else "too_few_files", message, "media")]
    if file_count > high:
        message = (
            tr_lazy(
                "A {format} on {platform} has one file, this one has {count}. Remove some.",
                format=name,
                platform=platform.label,
                count=file_count,
            )
            if high == 1
            else tr_lazy(
                "A {format} on {platform} has at most {most} files, this one has {count}. Remove some.",
                format=name,
                platform=platform.label,
                most=high,
                count=file_count,
            )
        )
        return [PostProblem("too_many_files", message, "media")]
    return []


def _file_problems(platform: Platform, limits: FormatLimits, post: PostRequest) -> list[PostProblem]:
    all_problems: list[PostProblem] = []
    for n, media in enumerate(post.media):
        if media.kind == "picture":
            if limits.picture is None:
                all_problems.append(_wrong_kind(platform, post, n, "picture"))
            else:
                all_problems += picture_problems(platform.label, limits, limits.picture, media, n)
        elif limits.video is None:
            all_problems.append(_wrong_kind(platform, post, n, "video"))
        else:
            all_problems += video_problems(platform.label, limits, limits.video, media, n)
    return all_problems + _ratio_problems(platform, post)


def _wrong_kind(platform: Platform, post: PostRequest, n: int, kind: Literal["picture", "video"]) -> PostProblem:
    names = {"format": FORMAT_NAMES[post.format], "platform": platform.label}
    message = (
        tr_lazy("A {format} on {platform} takes no pictures. Put a video there.", **names)
        if kind == "picture"
        else tr_lazy("A {format} on {platform} takes no videos. Put a picture there.", **names)
    )
    return PostProblem("wrong_kind", message, "media", n)


def _ratio_problems(platform: Platform, post: PostRequest) -> list[PostProblem]:
    """Instagram crops all files of a carousel to the shape of the first: a warning."""
    if not platform.crops_carousels or post.format != "carousel" or len(post.media) < 2:
        return []
    first = post.media[0]
    ratio = first.width / max(1, first.height)
    differing = [n for n, media in enumerate(post.media) if abs(media.width / max(1, media.height) - ratio) > 0.01 * ratio]
    if not differing:
        return []
    message = tr_lazy(
        "{platform} crops every file of a carousel to the shape of the first. Some of these have another shape.",
        platform=platform.label,
    )
    return [PostProblem("mixed_ratios", message, "media", differing[0], blocks=False)]


def _privacy_problems(platform: Platform, post: PostRequest, account: PlatformAccount | None) -> list[PostProblem]:
    """TikTok demands that the user picks the audience, without a default, from what creator_info offers."""
    if platform.privacy == "none":
        return []
    if not post.privacy:
        if platform.privacy == "public by default":
            return []
        message = tr_lazy("Choose who can see it: {platform} asks for it each time.", platform=platform.label)
        return [PostProblem("privacy_missing", message, "privacy")]
    offered = account.privacy if account and account.privacy else platform.fixed_privacy
    if offered and post.privacy not in offered:
        message = tr_lazy(
            "{platform} does not offer this audience to the account now. Choose another one.", platform=platform.label
        )
        return [PostProblem("privacy_not_offered", message, "privacy")]
    return []


def _option_problems(platform: Platform, post: PostRequest) -> list[PostProblem]:
    all_problems = []
    options = post.options
    max_collaborators = platform.max_collaborators
    if max_collaborators is not None and len(options.collaborators) > max_collaborators:
        message = tr_lazy(
            "{platform} takes at most {most} collaborators. Remove some.", platform=platform.label, most=max_collaborators
        )
        all_problems.append(PostProblem("collaborators", message, "options"))
    if platform.only_me and options.paid_partnership and post.privacy == platform.only_me:
        message = tr_lazy(
            "A paid partnership on {platform} cannot be visible to you alone. Choose another audience.", platform=platform.label
        )
        all_problems.append(PostProblem("paid_but_private", message, "privacy"))
    if post.ai_made and not platform.formats[post.format].ai_label and not _AI_MENTION.search(post.caption):
        message = tr_lazy(
            "{platform} takes no AI label for pictures from other programs. Say in the caption that AI made it.",
            platform=platform.label,
        )
        all_problems.append(PostProblem("ai_unmarked", message, "caption", blocks=False))
    cover, video = options.cover_ms, next((media for media in post.media if media.kind == "video"), None)
    if cover is not None and video and video.duration_s is not None and not 0 <= cover < video.duration_s * 1000:
        message = tr_lazy("The cover's moment lies outside the video. Choose another one.")
        all_problems.append(PostProblem("cover", message, "options"))
    return all_problems


def _account_problems(platform: Platform, post: PostRequest, account: PlatformAccount) -> list[PostProblem]:
    """Limits of this account now (tiktok.md, 1: creator_info)."""
    all_problems = []
    for n, media in enumerate(post.media):
        if account.max_video_s and media.duration_s and media.duration_s > account.max_video_s:
            message = tr_lazy(
                "This account may post videos of at most {seconds:g} s on {platform}. Make it shorter.",
                seconds=account.max_video_s,
                platform=platform.label,
            )
            all_problems.append(PostProblem("account_duration", message, "media", n))
    for allowed, turned_off, feature, feature_name in (
        (post.options.allow_comments, account.comments_off, "comments", tr_lazy("comments")),
        (post.options.allow_duet, account.duet_off, "duets", tr_lazy("duets")),
        (post.options.allow_stitch, account.stitch_off, "stitches", tr_lazy("stitches")),
    ):
        if allowed and turned_off:
            message = tr_lazy(
                "The account has turned {feature} off on {platform}. Turn them off here too.",
                feature=feature_name,
                platform=platform.label,
            )
            all_problems.append(PostProblem(f"{feature}_off", message, "options"))
    return all_problems


def text_problems(platform: Platform, limits: FormatLimits, post: PostRequest) -> list[PostProblem]:
    rules = platform.text_rules_for(post.format)
    label = platform.label
    all_problems: list[PostProblem] = []
    if rules.text is None or not limits.caption:
        if post.caption.strip():
            message = tr_lazy("{platform} shows no caption with a story. It is left out.", platform=label)
            all_problems.append(_not_shown("caption_unseen", message, "caption"))
    else:
        all_problems += _length_problems(label, "caption", post.caption, rules.text) + _hashtag_problems(
            label, post.caption, rules
        )
        all_problems += _character_problems(label, "caption", post.caption, rules)
    if rules.heading is not None:
        all_problems += _length_problems(label, "title", post.title, rules.heading) + _character_problems(
            label, "title", post.title, rules
        )
    if platform.title_required and not post.title.strip():
        message = tr_lazy("{platform} needs a title. Write one.", platform=label)
        all_problems.append(PostProblem("title_missing", message, "title"))
    if not limits.links and _LINK.search(post.caption):
        message = tr_lazy(
            "Links under a {platform} {format} cannot be clicked.", platform=label, format=FORMAT_NAMES[post.format]
        )
        all_problems.append(_not_shown("links", message, "caption"))
    if rules.tags_in_all is not None and tags_length(post.options.tags) > rules.tags_in_all:
        message = tr_lazy("Tags have at most {most} characters together. Remove some.", most=rules.tags_in_all)
        all_problems.append(PostProblem("tags", message, "options"))
    return all_problems + _first_comment_problems(platform, limits, post, rules) + _alt_text_problems(label, post, rules)


def _length_problems(label: str, where: TextField, text: str, field: TextLimit) -> list[PostProblem]:
    length, limit = text_length(text, field.unit), field.limit
    if length <= limit:
        return []
    name = tr_lazy("first comment") if where == "first_comment" else field.name
    lengths = {"length": length, "limit": limit, "excess": length - limit}
    message = (
        tr_lazy(
            "The {field} has {length:,} bytes, {platform} takes {limit:,}. Make it shorter by {excess:,}.",
            field=name,
            platform=label,
            **lengths,
        )
        if field.unit == "bytes"
        else tr_lazy(
            "The {field} has {length:,} characters, {platform} takes {limit:,}. Make it shorter by {excess:,}.",
            field=name,
            platform=label,
            **lengths,
        )
    )
    return [PostProblem(f"{where}_long", message, where, fix=Fix("shorten", tr_lazy("Shorten it"), to=limit))]


def _hashtag_problems(label: str, caption: str, rules: TextRules) -> list[PostProblem]:
    all_problems = []
    hashtag_count, mention_count = len(hashtags_in(caption)), len(mentions_in(caption))
    if rules.hashtags is not None and hashtag_count > rules.hashtags:
        fix = Fix("remove_hashtags", tr_lazy("Keep the first {count}", count=rules.hashtags), to=rules.hashtags)
        message = tr_lazy(
            "The caption has {count} hashtags, {platform} takes {most}. Remove some.",
            count=hashtag_count,
            platform=label,
            most=rules.hashtags,
        )
        all_problems.append(PostProblem("hashtags", message, "caption", fix=fix))
    if rules.mentions is not None and mention_count > rules.mentions:
        message = tr_lazy(
            "The caption names {count} accounts with @, {platform} takes {most}. Remove some.",
            count=mention_count,
            platform=label,
            most=rules.mentions,
        )
        all_problems.append(PostProblem("mentions", message, "caption"))
    return all_problems


def _character_problems(label: str, where: TextField, text: str, rules: TextRules) -> list[PostProblem]:
    used_characters = sorted(set(text) & set(rules.forbidden))
    if not used_characters:
        return []
    characters: str = used_characters[0]
    for character in used_characters[1:]:
        characters = tr_lazy("{characters} and no {character}", characters=characters, character=character)
    message = (
        tr_lazy("{platform} takes no {characters} in the description. Remove them.", platform=label, characters=characters)
        if where == "caption"
        else tr_lazy("{platform} takes no {characters} in the title. Remove them.", platform=label, characters=characters)
    )
    return [PostProblem("letters", message, where)]


def _first_comment_problems(platform: Platform, limits: FormatLimits, post: PostRequest, rules: TextRules) -> list[PostProblem]:
    if not post.first_comment.strip():
        return []
    if not platform.comments or not limits.comment:
        message = (
            tr_lazy("There is no first comment on a story on {platform}. It is left out.", platform=platform.label)
            if platform.comments
            else tr_lazy("There is no first comment on {platform}. It is left out.", platform=platform.label)
        )
        return [_not_shown("comment_unseen", message, "first_comment")]
    return _length_problems(platform.label, "first_comment", post.first_comment, rules.text) if rules.text else []


def _alt_text_problems(label: str, post: PostRequest, rules: TextRules) -> list[PostProblem]:
    if rules.alt is None:
        return []
    message = tr_lazy(
        "An alt text on {platform} has at most {most:,} characters. Make it shorter.", platform=label, most=rules.alt.limit
    )
    return [
        PostProblem("alt_text_long", message, "media", n)
        for n, media in enumerate(post.media)
        if media.kind == "picture" and text_length(media.alt_text, rules.alt.unit) > rules.alt.limit
    ]


def _not_shown(code: str, message: str, where: TextField) -> PostProblem:
    return PostProblem(code, message, where, blocks=False)
