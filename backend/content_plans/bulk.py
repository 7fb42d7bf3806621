"""Many plans at once, for bulk planning: taken times, words and files that come later, deleting several with one undo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import assets, events
from backend.content_plans import checks, plans, posting_rules, queries, rules, schedule, undo_entries
from backend.content_plans.expected_version import ANY_VERSION, ExpectedPlans, lock_plans, require_unchanged
from backend.content_plans.schemas import (
    MAX_PLANS_AT_ONCE,
    Outcome,
    PlanCard,
    PlanFilters,
    PlanUndoEntry,
    PostCard,
    VariantDraft,
)
from backend.db.tables import ContentPlan, Post, PostState
from backend.errors import Invalid, StudioError
from backend.language import tr_lazy, tr_lazy_plural
from backend.platforms.port import Format
from backend.platforms.registry import PLATFORMS

S = PostState
_WORDS = ("caption", "title", "hashtags")
TakenTime = tuple[str, datetime]
"""(channel id, instant); an empty channel id stands for the influencer's plan itself."""


def taken_times(tx: Session, influencer_id: str) -> list[TakenTime]:
    """Times of the influencer's plans, and of their posts by channel, from a day ago on."""
    is_recent = ContentPlan.due_at > func.clock_timestamp() - func.make_interval(0, 0, 0, 1)
    conditions = queries.NOT_DELETED, ContentPlan.influencer_id == influencer_id, is_recent
    plan_times = select(ContentPlan.due_at).where(*conditions)
    post_times = select(Post.channel_id, Post.due_at).join(ContentPlan, ContentPlan.id == Post.plan_id).where(*conditions)
    marks: list[TakenTime] = [("", at) for at in tx.scalars(plan_times) if at]
    return [*marks, *((channel_id, at) for channel_id, at in tx.execute(post_times) if at)]


def plans_in_series(tx: Session, prefix: str) -> list[PlanCard]:
    """Plans whose request key (as given to `create`) begins with `prefix`, by date; deleted ones are left out."""
    return queries.page(tx, PlanFilters(series=prefix), take=MAX_PLANS_AT_ONCE).cards


def attach_files(tx: Session, plan_id: str, asset_ids: Sequence[str], *, alt_text: str = "") -> list[str]:
    """Gives pictures, or a video, to the plan's editable posts that have no files and whose format takes such. Returns their
    channel ids.

    Files chosen by somebody meanwhile stay. Approved posts are reviewed again where the posting rules want it, because
    what will be seen has changed. A deleted plan gets nothing.
    """
    schedule.lock_posts(tx, plan_id)
    card = queries.get(tx, plan_id)
    if card.deleted_at or not asset_ids:
        return []
    review, channel_ids = posting_rules.get_rules(tx, card.influencer_id).review, []
    for post in card.posts:
        draft = _draft_with_files(tx, post, asset_ids, alt_text)
        if draft and not post.media and post.state in rules.EDITABLE:
            plans.edit_post(tx, post, draft, review=review)
            channel_ids.append(post.channel_id)
    if channel_ids:
        next_version = update(ContentPlan).where(ContentPlan.id == plan_id)
        tx.execute(next_version.values(version=ContentPlan.version + 1, updated_at=func.clock_timestamp()))
        events.record(tx, "plan.illustrated", "plan", plan_id, {"pictures": len(asset_ids)})
        schedule.schedule_approved(tx, plan_id)
    return channel_ids


def fill_in_words(tx: Session, plan_id: str, text_id: str, variants: Sequence[VariantDraft]) -> list[str]:
    """Gives caption, title and hashtags of `variants` to the plan's editable posts that have none, and notes the text that they
    come from. Returns their channel ids. Words written by somebody meanwhile stay; a deleted plan gets nothing."""
    schedule.lock_posts(tx, plan_id)
    card = queries.get(tx, plan_id)
    if card.deleted_at:
        return []
    words = {variant.channel_id: {name: getattr(variant, name) for name in _WORDS} for variant in variants}
    review, channel_ids = posting_rules.get_rules(tx, card.influencer_id).review, []
    for post in card.posts:
        if post.channel_id in words and lacks_words(post) and post.state in rules.EDITABLE:
            plans.edit_post(tx, post, post.draft().model_copy(update=words[post.channel_id]), review=review)
            channel_ids.append(post.channel_id)
    if channel_ids:
        values = {"version": ContentPlan.version + 1, "updated_at": func.clock_timestamp(), "text_id": text_id}
        tx.execute(update(ContentPlan).where(ContentPlan.id == plan_id).values(**values))
        events.record(tx, "plan.worded", "plan", plan_id, {"text_id": text_id})
        schedule.schedule_approved(tx, plan_id)
    return channel_ids


def lacks_words(post: PostCard) -> bool:
    """Whether nothing has been written for it: no caption, title or hashtags, though its format shows some."""
    limits = PLATFORMS[post.platform].formats.get(cast("Format", post.format))
    return not (post.caption or post.title or post.hashtags) and (limits is None or limits.caption)


def replace_file(tx: Session, plan_id: str, old_asset_id: str, new_asset_id: str) -> list[str]:
    """Puts another file in the place of one, in the plan's editable posts that show only that one and can show the other.
    Returns their channel ids. A deleted plan keeps what it has."""
    schedule.lock_posts(tx, plan_id)
    card = queries.get(tx, plan_id)
    if card.deleted_at:
        return []
    review, channel_ids = posting_rules.get_rules(tx, card.influencer_id).review, []
    for post in card.posts:
        alt_text = post.alt_texts.get(old_asset_id, "")
        draft = _draft_with_files(tx, replace(post, media=(), format=""), [new_asset_id], alt_text)
        if draft and post.media == (old_asset_id,) and post.state in rules.EDITABLE:
            plans.edit_post(tx, post, draft, review=review)
            channel_ids.append(post.channel_id)
    if channel_ids:
        next_version = update(ContentPlan).where(ContentPlan.id == plan_id)
        tx.execute(next_version.values(version=ContentPlan.version + 1, updated_at=func.clock_timestamp()))
        events.record(tx, "plan.illustrated", "plan", plan_id, {"pictures": 1})
        schedule.schedule_approved(tx, plan_id)
    return channel_ids


def mark_picture_missing(tx: Session, plan_id: str, reason: str) -> None:
    """Stores `reason` with the plan's editable posts that have no files; it is shown until they have one."""
    schedule.lock_posts(tx, plan_id)
    for post in queries.get(tx, plan_id).posts:
        if not post.media and post.state in rules.EDITABLE:
            options = {**post.options, rules.NEEDS_PICTURE: reason[:500]}
            tx.execute(update(Post).where(Post.id == post.id).values(options=options, updated_at=func.clock_timestamp()))


def _draft_with_files(tx: Session, post: PostCard, asset_ids: Sequence[str], alt_text: str) -> VariantDraft | None:
    """The post with these files, as many as its format takes. None: its format takes none, or the files are gone."""
    formats = PLATFORMS[post.platform].formats
    asset_cards = assets.get_many(tx, asset_ids)
    files = tuple(checks.original_media(asset_cards[asset_id], {}) for asset_id in asset_ids if asset_id in asset_cards)
    limits = formats[checks.fitting_format(post, files)]
    if not files or (limits.video if files[0].kind == "video" else limits.picture) is None:
        return None
    media = tuple(asset_ids)[: limits.count[1]]
    alts = {media[0]: alt_text[:1000]} if alt_text else {}
    return post.draft().model_copy(update={"media": media, "alt_texts": alts})


def delete_many(
    tx: Session, plan_ids: Sequence[str], *, expected: ExpectedPlans = ANY_VERSION
) -> tuple[PlanUndoEntry | None, Outcome]:
    """Deletes each plan separately; `Outcome.refused` says why one stays. One `undo` brings all back (None: nothing deleted).

    Raises Invalid (too many at once).
    """
    if len(plan_ids) > MAX_PLANS_AT_ONCE:
        raise Invalid(tr_lazy("At most {max_plans_at_once} posts at once. Choose fewer.", max_plans_at_once=MAX_PLANS_AT_ONCE))
    outcome = Outcome()
    lock_plans(tx, plan_ids)
    for plan_id in dict.fromkeys(plan_ids):
        try:
            require_unchanged(tx, plan_id, expected)
            with tx.begin_nested():
                plans.mark_deleted(tx, queries.get_existing(tx, plan_id))
                outcome.done.append(plan_id)
        except StudioError as error:
            outcome.refused[plan_id] = error.message
    if not outcome.done:
        return None, outcome
    n = len(outcome.done)
    sentence = tr_lazy_plural("{n} post deleted.", "{n} posts deleted.", n)
    return undo_entries.record(tx, "delete", sentence, n, {"plans": [{"id": plan_id} for plan_id in outcome.done]}), outcome
