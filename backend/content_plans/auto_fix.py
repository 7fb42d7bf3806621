"""Automatic fixes of posts: files are cropped, shortened or converted for sending, texts cut to the platform's limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from backend import events
from backend.content_plans import checks, crop_focus, plans, posting_rules, queries, rules
from backend.content_plans.expected_version import ANY_VERSION, ExpectedPlans, require_unchanged
from backend.content_plans.schemas import FileEdit, PostCard, VariantDraft
from backend.db.tables import ContentPlan
from backend.errors import Conflict, Invalid
from backend.language import tr_lazy
from backend.platforms.port import PostProblem
from backend.platforms.text_limits import hashtags_in, limit_hashtags, shorten, text_length, text_rules_for

_MAX_ROUNDS = 4
"""Fixing one problem may uncover the next: a cropped video may be too narrow."""


def fix(tx: Session, post_id: str, problems: Sequence[PostProblem] = (), *, expected: ExpectedPlans = ANY_VERSION) -> PostCard:
    """Fixes `problems`, or, when empty, every blocking problem that has a fix.

    An approved post goes back to review where the posting rules want one. Raises NotFound, Conflict (already published),
    ChangedSince, Invalid (nothing can be fixed automatically).
    """
    before = _require_post_unchanged(tx, post_id, expected)
    draft = before.draft()
    if problems:
        post_format = checks.build_request(tx, before).format
        for problem in problems:
            draft = apply_fix(draft, problem, platform=before.platform, post_format=post_format)
        return _save(tx, before, draft)
    card = before
    for _ in range(_MAX_ROUNDS):
        fixable = [problem for problem in checks.problems(tx, card) if problem.blocks and problem.fix]
        if not fixable:
            break
        post_format, draft = checks.build_request(tx, card).format, card.draft()
        for problem in fixable:
            draft = apply_fix(draft, problem, platform=card.platform, post_format=post_format)
        if draft == card.draft():
            break
        card = _save(tx, card, draft)
    if card is before:
        raise Invalid(tr_lazy("Nothing here can be fixed automatically."))
    return card


def _require_post_unchanged(tx: Session, post_id: str, expected: ExpectedPlans) -> PostCard:
    require_unchanged(tx, queries.get_post(tx, post_id).plan_id, expected)
    return queries.get_post(tx, post_id)  # read again: require_unchanged may have waited for the plan's lock


def apply_fix(draft: VariantDraft, problem: PostProblem, *, platform: str, post_format: str) -> VariantDraft:
    """The draft with `problem` fixed (pure); unchanged when it has no fix. `post_format`: the format it is published as."""
    suggestion = problem.fix
    if suggestion is None:
        return draft
    match suggestion.kind:
        case "crop" | "resize" | "enlarge" | "trim" | "transcode" if problem.media is not None and problem.media < len(
            draft.media
        ):
            changes_by_fix: dict[str, dict[str, Any]] = {
                "crop": {"ratio": suggestion.ratio, "focus": None},  # of a crop to another shape a focus says nothing
                "resize": {"width": suggestion.width},
                "enlarge": {"least": suggestion.width},
                "trim": {"seconds": suggestion.seconds},
            }
            asset_id = draft.media[problem.media]
            edit = draft.edits.get(asset_id, FileEdit())
            change = changes_by_fix.get(suggestion.kind, {"transcode": True})
            return draft.model_copy(update={"edits": {**draft.edits, asset_id: edit.model_copy(update=change)}})
        case "shorten" if suggestion.to is not None:
            return draft.model_copy(update=_shorten(draft, problem.field, suggestion.to, platform, post_format))
        case "remove_hashtags" if suggestion.to is not None:
            return draft.model_copy(update=_limit_hashtags(draft.caption, draft.hashtags, suggestion.to))
    return draft


def _shorten(draft: VariantDraft, field: str, limit: int, platform: str, post_format: str) -> dict[str, Any]:
    text_rules = text_rules_for(platform, post_format)
    if field == "title":
        return {"title": shorten(draft.title, text_rules.heading.unit if text_rules.heading else "characters", limit)}
    unit = text_rules.text.unit if text_rules.text else "characters"
    if field == "first_comment":
        return {"first_comment": shorten(draft.first_comment, unit, limit)}
    caption, tags = draft.caption, list(draft.hashtags)
    while tags and text_length(_appended_hashtags(caption, tags), unit) > limit // 2:
        tags.pop()  # hashtags alone would fill it
    return {
        "caption": shorten(caption, unit, limit - text_length(_appended_hashtags(caption, tags), unit)),
        "hashtags": tuple(tags),
    }


def _appended_hashtags(caption: str, tags: Sequence[str]) -> str:
    """The hashtags that are put below a caption when it is published."""
    return rules.whole_caption(f"{caption.strip()}.", tags)[len(caption.strip()) + 1 :]


def _limit_hashtags(caption: str, tags: Sequence[str], limit: int) -> dict[str, Any]:
    """At most `limit` hashtags; those written in the caption itself are kept first."""
    caption = limit_hashtags(caption, limit)
    tags_in_text = [tag.lstrip("#").casefold() for tag in hashtags_in(caption)]
    tags_below = [tag for tag in tags if tag.casefold() not in tags_in_text]
    kept_below = set(tags_below[: max(0, limit - len(tags_in_text))])
    return {"caption": caption, "hashtags": tuple(tag for tag in tags if tag in kept_below or tag.casefold() in tags_in_text)}


def _save(tx: Session, card: PostCard, draft: VariantDraft) -> PostCard:
    if draft == card.draft():
        return card
    [draft] = crop_focus.with_focus(tx, [draft], [card.draft()])
    plan = queries.get(tx, card.plan_id)
    next_version = update(ContentPlan).where(ContentPlan.id == plan.id, ContentPlan.deleted_at.is_(None))
    next_version = next_version.values(version=ContentPlan.version + 1, updated_at=func.clock_timestamp())
    if tx.execute(next_version.returning(ContentPlan.id)).first() is None:
        raise Conflict(tr_lazy("This post was deleted meanwhile. Restore it first."))
    plans.edit_post(tx, card, draft, review=posting_rules.get_rules(tx, plan.influencer_id).review)
    events.record(tx, "plan.saved", "plan", plan.id, {"post": card.id})
    return queries.get_post(tx, card.id)
