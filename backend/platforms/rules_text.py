"""Checks the texts of a post against the platform's limits (numbers: its `platform.py`)."""

from __future__ import annotations

import re
from typing import Literal

from backend.platforms.limits import FormatLimits, TextLimit, TextRules
from backend.platforms.platform import Platform
from backend.platforms.port import FORMAT_NAMES, Fix, PostProblem, PostRequest
from backend.platforms.text_limits import hashtags_in, mentions_in, tags_length, text_length

TextField = Literal["caption", "title", "first_comment"]
_LINK = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)


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
        all_problems += _length_problems(label, "caption", post.caption, rules.text) + _count_problems(
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


def _count_problems(label: str, caption: str, rules: TextRules) -> list[PostProblem]:
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
