"""Whether a post can be published as it is: pure, the same answer in the form, in the service and in the worker."""

from __future__ import annotations

import re

from backend.platforms.limits import PLATFORMS, FormatLimits, PlatformLimits
from backend.platforms.port import Account, Format, PostRequest, Problem
from backend.platforms.rules_media import film_problems, picture_problems
from backend.platforms.rules_text import text_problems

_SAYS_AI = re.compile(r"\bAI\b|#ai", re.IGNORECASE)
FORMAT_NAMES: dict[Format, str] = {
    "picture": "picture", "carousel": "carousel", "reel": "reel", "story": "story", "video": "video", "short": "Short",
}  # fmt: skip


def formats(platform: str) -> tuple[Format, ...]:
    return tuple(PLATFORMS[platform].formats)


def problems(platform: str, post: PostRequest, account: Account | None = None) -> tuple[Problem, ...]:
    """What blocks first, in reading order. `account`: as read just now. Raises KeyError for a platform nobody knows."""
    known = PLATFORMS[platform]
    limits = known.formats.get(post.format)
    if limits is None:
        can = ", ".join(FORMAT_NAMES[one] for one in known.formats)
        return (Problem("format", f"{known.label} takes no {FORMAT_NAMES[post.format]}. Choose one of: {can}.", "format"),)
    found = [
        *text_problems(platform, known, limits, post),
        *_count(known, limits, post),
        *_files(known, limits, post),
        *_privacy(known, post, account),
        *_options(known, post),
        *(_today(known, post, account) if account else ()),
    ]
    return tuple(sorted(found, key=lambda one: not one.blocks))


def _count(known: PlatformLimits, limits: FormatLimits, post: PostRequest) -> list[Problem]:
    low, high = limits.count
    name, have = FORMAT_NAMES[post.format], len(post.media)
    if have < low:
        what = "a picture" if limits.film is None else "a video" if limits.picture is None else "a picture or a video"
        say = f"Add {what}." if low == 1 else f"A {name} on {known.label} has at least {low} files. Add {low - have} more."
        return [Problem("media_missing" if not have else "too_few_files", say, "media")]
    if have > high:
        number = "one file" if high == 1 else f"at most {high} files"
        return [
            Problem("too_many_files", f"A {name} on {known.label} has {number}, this one has {have}. Take some out.", "media")
        ]
    return []


def _files(known: PlatformLimits, limits: FormatLimits, post: PostRequest) -> list[Problem]:
    found: list[Problem] = []
    for n, media in enumerate(post.media):
        if media.kind == "picture":
            if limits.picture is None:
                found.append(_wrong_kind(known, post, n, "pictures", "a video"))
            else:
                found += picture_problems(known.label, limits, limits.picture, media, n)
        elif limits.film is None:
            found.append(_wrong_kind(known, post, n, "videos", "a picture"))
        else:
            found += film_problems(known.label, limits, limits.film, media, n)
    return found + _mixed(known, post)


def _wrong_kind(known: PlatformLimits, post: PostRequest, n: int, has: str, instead: str) -> Problem:
    name = FORMAT_NAMES[post.format]
    return Problem("wrong_kind", f"A {name} on {known.label} takes no {has}. Put {instead} there.", "media", n)


def _mixed(known: PlatformLimits, post: PostRequest) -> list[Problem]:
    """B1: all files of a carousel are cropped to the first."""
    if known is not PLATFORMS["instagram"] or post.format != "carousel" or len(post.media) < 2:
        return []
    first = post.media[0]
    ratio = first.width / max(1, first.height)
    other = [n for n, one in enumerate(post.media) if abs(one.width / max(1, one.height) - ratio) > 0.01 * ratio]
    if not other:
        return []
    say = "Instagram crops every file of a carousel to the shape of the first. Some of these have another shape."
    return [Problem("mixed_ratios", say, "media", other[0], blocks=False)]


def _privacy(known: PlatformLimits, post: PostRequest, account: Account | None) -> list[Problem]:
    """B2: TikTok's is picked by hand, without a default, out of what creator_info offers."""
    if known.privacy == "none":
        return []
    if not post.privacy:
        if known.privacy == "public by default":
            return []
        return [Problem("privacy_missing", f"Choose who can see it: {known.label} asks for it each time.", "privacy")]
    offered = account.privacy if account and account.privacy else known.values
    if offered and post.privacy not in offered:
        say = f"{known.label} does not offer this audience to the account now. Choose another one."
        return [Problem("privacy_not_offered", say, "privacy")]
    return []


def _options(known: PlatformLimits, post: PostRequest) -> list[Problem]:
    found = []
    options = post.options
    if known is PLATFORMS["instagram"] and len(options.collaborators) > 3:
        found.append(Problem("collaborators", "Instagram takes at most 3 collaborators. Take some out.", "options"))
    if known is PLATFORMS["tiktok"] and options.paid_partnership and post.privacy == "SELF_ONLY":
        say = "A paid partnership on TikTok cannot be visible to you alone. Choose another audience."
        found.append(Problem("paid_but_private", say, "privacy"))
    if known is PLATFORMS["tiktok"] and post.ai_made and post.format != "video" and not _SAYS_AI.search(post.caption):
        say = "TikTok takes no AI label for pictures from other programs. Say in the caption that AI made it."
        found.append(Problem("ai_unmarked", say, "caption", blocks=False))
    cover, film = options.cover_ms, next((one for one in post.media if one.kind == "video"), None)
    if cover is not None and film and film.duration_s is not None and not 0 <= cover < film.duration_s * 1000:
        found.append(Problem("cover", "The cover's moment lies outside the video. Choose another one.", "options"))
    return found


def _today(known: PlatformLimits, post: PostRequest, account: Account) -> list[Problem]:
    """What this account may not do now (tiktok.md, 1: creator_info)."""
    found = []
    for n, media in enumerate(post.media):
        if account.max_video_s and media.duration_s and media.duration_s > account.max_video_s:
            say = f"This account may post videos of at most {account.max_video_s:g} s on {known.label}. Make it shorter."
            found.append(Problem("account_duration", say, "media", n))
    for wanted, off, what in (
        (post.options.allow_comments, account.comments_off, "comments"),
        (post.options.allow_duet, account.duet_off, "duets"),
        (post.options.allow_stitch, account.stitch_off, "stitches"),
    ):
        if wanted and off:
            found.append(
                Problem(
                    f"{what}_off", f"The account has turned {what} off on {known.label}. Turn them off here too.", "options"
                )
            )
    return found
