"""Texts of a post against the platform's limits (backend.platforms.text_limits holds the numbers)."""

from __future__ import annotations

import re
from typing import Literal

from backend.platforms.limits import FormatLimits, PlatformLimits
from backend.platforms.port import Fix, PostRequest, Problem
from backend.platforms.text_limits import Field, TextRules, hashtags_in, measure, mentions_in, rules_of
from backend.platforms.text_shortening import tags_length

Where = Literal["caption", "title", "first_comment"]
_LINK = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)


def text_problems(platform: str, known: PlatformLimits, limits: FormatLimits, post: PostRequest) -> list[Problem]:
    say = rules_of(platform, post.format)
    label = known.label
    found: list[Problem] = []
    if say.text is None or not limits.caption:
        if post.caption.strip():
            found.append(_unseen("caption_unseen", f"{label} shows no caption with a story. It is left out.", "caption"))
    else:
        found += _long(label, "caption", post.caption, say.text) + _words(label, post.caption, say)
        found += _forbidden(label, "caption", post.caption, say)
    if say.heading is not None:
        found += _long(label, "title", post.title, say.heading) + _forbidden(label, "title", post.title, say)
    if platform == "youtube" and not post.title.strip():
        found.append(Problem("title_missing", "YouTube needs a title. Write one.", "title"))
    if platform == "youtube" and post.format == "short" and _LINK.search(post.caption):
        found.append(_unseen("links", "Links under a YouTube Short cannot be clicked.", "caption"))
    if say.tags_in_all is not None and tags_length(post.options.tags) > say.tags_in_all:
        found.append(Problem("tags", f"Tags have at most {say.tags_in_all} characters together. Take some out.", "options"))
    return found + _first_comment(known, limits, post, say) + _alt_texts(label, post, say)


def _long(label: str, where: Where, text: str, field: Field) -> list[Problem]:
    have, most = measure(text, field.unit), field.most
    if have <= most:
        return []
    unit = "bytes" if field.unit == "bytes" else "characters"
    name = "first comment" if where == "first_comment" else field.name
    said = f"The {name} has {have:,} {unit}, {label} takes {most:,}. Make it shorter by {have - most:,}."
    return [Problem(f"{where}_long", said, where, fix=Fix("shorten", "Shorten it", to=most))]


def _words(label: str, caption: str, say: TextRules) -> list[Problem]:
    found = []
    tags, names = len(hashtags_in(caption)), len(mentions_in(caption))
    if say.hashtags is not None and tags > say.hashtags:
        fix = Fix("remove_hashtags", f"Keep the first {say.hashtags}", to=say.hashtags)
        said = f"The caption has {tags} hashtags, {label} takes {say.hashtags}. Take some out."
        found.append(Problem("hashtags", said, "caption", fix=fix))
    if say.mentions is not None and names > say.mentions:
        said = f"The caption names {names} accounts with @, {label} takes {say.mentions}. Take some out."
        found.append(Problem("mentions", said, "caption"))
    return found


def _forbidden(label: str, where: Where, text: str, say: TextRules) -> list[Problem]:
    used = sorted(set(text) & set(say.forbidden))
    if not used:
        return []
    name = "description" if where == "caption" else where
    return [Problem("letters", f"{label} takes no {' and no '.join(used)} in the {name}. Take them out.", where)]


def _first_comment(known: PlatformLimits, limits: FormatLimits, post: PostRequest, say: TextRules) -> list[Problem]:
    if not post.first_comment.strip():
        return []
    if not known.comments or not limits.comment:
        where = known.label if not known.comments else f"a story on {known.label}"
        return [_unseen("comment_unseen", f"There is no first comment on {where}. It is left out.", "first_comment")]
    return _long(known.label, "first_comment", post.first_comment, say.text) if say.text else []


def _alt_texts(label: str, post: PostRequest, say: TextRules) -> list[Problem]:
    if say.alt is None:
        return []
    said = f"An alt text on {label} has at most {say.alt.most:,} characters. Make it shorter."
    return [
        Problem("alt_text_long", said, "media", n)
        for n, media in enumerate(post.media)
        if media.kind == "picture" and measure(media.alt_text, say.alt.unit) > say.alt.most
    ]


def _unseen(code: str, message: str, where: Where) -> Problem:
    return Problem(code, message, where, blocks=False)
