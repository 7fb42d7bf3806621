"""Checks whether a post can be published as it is, its texts included (numbers: the platform's `platform.py`). Pure, so form,
service and worker get the same answer."""

from __future__ import annotations

import re
from typing import Literal

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
        alternatives = ", ".join(FORMAT_NAMES[format] for format in platform.formats)
        return (
            PostProblem(
                "format",
                f"{platform.label} takes no {FORMAT_NAMES[post.format]}. Choose one of: {alternatives}.",
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
        missing = "a picture" if limits.video is None else "a video" if limits.picture is None else "a picture or a video"
        message = (
            f"Add {missing}."
            if low == 1
            else f"A {name} on {platform.label} has at least {low} files. Add {low - file_count} more."
        )
        return [PostProblem("media_missing" if not file_count else "too_few_files", message, "media")]
    if file_count > high:
        limit_text = "one file" if high == 1 else f"at most {high} files"
        return [
            PostProblem(
                "too_many_files",
                f"A {name} on {platform.label} has {limit_text}, this one has {file_count}. Take some out.",
                "media",
            )
        ]
    return []


def _file_problems(platform: Platform, limits: FormatLimits, post: PostRequest) -> list[PostProblem]:
    all_problems: list[PostProblem] = []
    for n, media in enumerate(post.media):
        if media.kind == "picture":
            if limits.picture is None:
                all_problems.append(_wrong_kind(platform, post, n, "pictures", "a video"))
            else:
                all_problems += picture_problems(platform.label, limits, limits.picture, media, n)
        elif limits.video is None:
            all_problems.append(_wrong_kind(platform, post, n, "videos", "a picture"))
        else:
            all_problems += video_problems(platform.label, limits, limits.video, media, n)
    return all_problems + _ratio_problems(platform, post)


def _wrong_kind(platform: Platform, post: PostRequest, n: int, kind_text: str, replacement: str) -> PostProblem:
    name = FORMAT_NAMES[post.format]
    return PostProblem("wrong_kind", f"A {name} on {platform.label} takes no {kind_text}. Put {replacement} there.", "media", n)


def _ratio_problems(platform: Platform, post: PostRequest) -> list[PostProblem]:
    """Instagram crops all files of a carousel to the shape of the first: a warning."""
    if not platform.crops_carousels or post.format != "carousel" or len(post.media) < 2:
        return []
    first = post.media[0]
    ratio = first.width / max(1, first.height)
    differing = [n for n, media in enumerate(post.media) if abs(media.width / max(1, media.height) - ratio) > 0.01 * ratio]
    if not differing:
        return []
    message = f"{platform.label} crops every file of a carousel to the shape of the first. Some of these have another shape."
    return [PostProblem("mixed_ratios", message, "media", differing[0], blocks=False)]


def _privacy_problems(platform: Platform, post: PostRequest, account: PlatformAccount | None) -> list[PostProblem]:
    """TikTok demands that the user picks the audience, without a default, from what creator_info offers."""
    if platform.privacy == "none":
        return []
    if not post.privacy:
        if platform.privacy == "public by default":
            return []
        return [PostProblem("privacy_missing", f"Choose who can see it: {platform.label} asks for it each time.", "privacy")]
    offered = account.privacy if account and account.privacy else platform.fixed_privacy
    if offered and post.privacy not in offered:
        message = f"{platform.label} does not offer this audience to the account now. Choose another one."
        return [PostProblem("privacy_not_offered", message, "privacy")]
    return []


def _option_problems(platform: Platform, post: PostRequest) -> list[PostProblem]:
    all_problems = []
    options = post.options
    max_collaborators = platform.max_collaborators
    if max_collaborators is not None and len(options.collaborators) > max_collaborators:
        message = f"{platform.label} takes at most {max_collaborators} collaborators. Take some out."
        all_problems.append(PostProblem("collaborators", message, "options"))
    if platform.only_me and options.paid_partnership and post.privacy == platform.only_me:
        message = f"A paid partnership on {platform.label} cannot be visible to you alone. Choose another audience."
        all_problems.append(PostProblem("paid_but_private", message, "privacy"))
    if post.ai_made and not platform.formats[post.format].ai_label and not _AI_MENTION.search(post.caption):
        message = f"{platform.label} takes no AI label for pictures from other programs. Say in the caption that AI made it."
        all_problems.append(PostProblem("ai_unmarked", message, "caption", blocks=False))
    cover, video = options.cover_ms, next((media for media in post.media if media.kind == "video"), None)
    if cover is not None and video and video.duration_s is not None and not 0 <= cover < video.duration_s * 1000:
        all_problems.append(PostProblem("cover", "The cover's moment lies outside the video. Choose another one.", "options"))
    return all_problems


def _account_problems(platform: Platform, post: PostRequest, account: PlatformAccount) -> list[PostProblem]:
    """Limits of this account now (tiktok.md, 1: creator_info)."""
    all_problems = []
    for n, media in enumerate(post.media):
        if account.max_video_s and media.duration_s and media.duration_s > account.max_video_s:
            limit = f"at most {account.max_video_s:g} s on {platform.label}"
            message = f"This account may post videos of {limit}. Make it shorter."
            all_problems.append(PostProblem("account_duration", message, "media", n))
    for allowed, turned_off, feature in (
        (post.options.allow_comments, account.comments_off, "comments"),
        (post.options.allow_duet, account.duet_off, "duets"),
        (post.options.allow_stitch, account.stitch_off, "stitches"),
    ):
        if allowed and turned_off:
            all_problems.append(
                PostProblem(
                    f"{feature}_off",
                    f"The account has turned {feature} off on {platform.label}. Turn them off here too.",
                    "options",
                )
            )
    return all_problems


def text_problems(platform: Platform, limits: FormatLimits, post: PostRequest) -> list[PostProblem]:
    rules = platform.text_rules_for(post.format)
    label = platform.label
    all_problems: list[PostProblem] = []
    if rules.text is None or not limits.caption:
        if post.caption.strip():
            all_problems.append(
                _not_shown("caption_unseen", f"{label} shows no caption with a story. It is left out.", "caption")
            )
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
        all_problems.append(PostProblem("title_missing", f"{label} needs a title. Write one.", "title"))
    if not limits.links and _LINK.search(post.caption):
        message = f"Links under a {label} {FORMAT_NAMES[post.format]} cannot be clicked."
        all_problems.append(_not_shown("links", message, "caption"))
    if rules.tags_in_all is not None and tags_length(post.options.tags) > rules.tags_in_all:
        all_problems.append(
            PostProblem("tags", f"Tags have at most {rules.tags_in_all} characters together. Take some out.", "options")
        )
    return all_problems + _first_comment_problems(platform, limits, post, rules) + _alt_text_problems(label, post, rules)


def _length_problems(label: str, where: TextField, text: str, field: TextLimit) -> list[PostProblem]:
    length, limit = text_length(text, field.unit), field.limit
    if length <= limit:
        return []
    unit = "bytes" if field.unit == "bytes" else "characters"
    name = "first comment" if where == "first_comment" else field.name
    message = f"The {name} has {length:,} {unit}, {label} takes {limit:,}. Make it shorter by {length - limit:,}."
    return [PostProblem(f"{where}_long", message, where, fix=Fix("shorten", "Shorten it", to=limit))]


def _hashtag_problems(label: str, caption: str, rules: TextRules) -> list[PostProblem]:
    all_problems = []
    hashtag_count, mention_count = len(hashtags_in(caption)), len(mentions_in(caption))
    if rules.hashtags is not None and hashtag_count > rules.hashtags:
        fix = Fix("remove_hashtags", f"Keep the first {rules.hashtags}", to=rules.hashtags)
        message = f"The caption has {hashtag_count} hashtags, {label} takes {rules.hashtags}. Take some out."
        all_problems.append(PostProblem("hashtags", message, "caption", fix=fix))
    if rules.mentions is not None and mention_count > rules.mentions:
        message = f"The caption names {mention_count} accounts with @, {label} takes {rules.mentions}. Take some out."
        all_problems.append(PostProblem("mentions", message, "caption"))
    return all_problems


def _character_problems(label: str, where: TextField, text: str, rules: TextRules) -> list[PostProblem]:
    used_characters = sorted(set(text) & set(rules.forbidden))
    if not used_characters:
        return []
    name = "description" if where == "caption" else where
    return [PostProblem("letters", f"{label} takes no {' and no '.join(used_characters)} in the {name}. Take them out.", where)]


def _first_comment_problems(platform: Platform, limits: FormatLimits, post: PostRequest, rules: TextRules) -> list[PostProblem]:
    if not post.first_comment.strip():
        return []
    if not platform.comments or not limits.comment:
        where = platform.label if not platform.comments else f"a story on {platform.label}"
        return [_not_shown("comment_unseen", f"There is no first comment on {where}. It is left out.", "first_comment")]
    return _length_problems(platform.label, "first_comment", post.first_comment, rules.text) if rules.text else []


def _alt_text_problems(label: str, post: PostRequest, rules: TextRules) -> list[PostProblem]:
    if rules.alt is None:
        return []
    message = f"An alt text on {label} has at most {rules.alt.limit:,} characters. Make it shorter."
    return [
        PostProblem("alt_text_long", message, "media", n)
        for n, media in enumerate(post.media)
        if media.kind == "picture" and text_length(media.alt_text, rules.alt.unit) > rules.alt.limit
    ]


def _not_shown(code: str, message: str, where: TextField) -> PostProblem:
    return PostProblem(code, message, where, blocks=False)
