"""Creating, changing, copying and deleting plans. Posts that are published, or being published, are never touched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete as sql_delete
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import assets, channels, events, influencers
from backend.content_plans import dates, files, posting_rules, queries, rules, undo_entries, versions
from backend.content_plans.expected_version import ANY_VERSION, ChangedSince, ExpectedPlans, lock_plans, require_unchanged
from backend.content_plans.schemas import PlanCard, PlanDraft, PlanUndoEntry, PostCard, VariantDraft
from backend.content_plans.times import due_time, offset_of, to_instant
from backend.content_plans.transitions import move, state_changed_error, update_in_state
from backend.db.tables import ContentPlan, Post, PostDraft, PostState
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.clock import now
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.platforms import rules as platforms

S = PostState
_SENT_STATES = frozenset({S.PUBLISHING, S.PUBLISHED, S.UNKNOWN})
"""Published, or perhaps published: the text stays as it was sent."""


def create(
    tx: Session,
    draft: PlanDraft,
    *,
    request_key: str,
    repurposed_from: str | None = None,
    text_id: str | None = None,
    campaign_id: str | None = None,
) -> PlanCard:
    """Creates a plan with its posts as drafts. The same `request_key` returns the first plan. Raises NotFound, Invalid."""
    influencer = influencers.get(tx, draft.influencer_id)
    plan_id = new_id("cp")
    values = {"influencer_id": influencer.id, "topic": draft.topic, "notes": draft.notes, "campaign_id": campaign_id}
    origin = {"repurposed_from": repurposed_from, "text_id": text_id, "created_by": tx.info.get("user_id")}
    row = {"id": plan_id, "request_key": request_key, **values, **origin}
    row |= dates.date_columns(draft.wall, draft.zone or influencer.time_zone)
    inserted = tx.execute(insert(ContentPlan).values(**row).on_conflict_do_nothing().returning(ContentPlan.id)).first()
    if inserted is None:
        first_id = tx.scalar(select(ContentPlan.id).where(ContentPlan.request_key == request_key))
        return queries.get(tx, first_id or "")
    for variant in draft.variants:
        _add_post(tx, plan_id, influencer.id, variant, row["due_at"])
    events.record(tx, "plan.created", "plan", plan_id, {"influencer": influencer.id, "wall": _iso(draft.wall)})
    return queries.get(tx, plan_id)


def save(tx: Session, plan_id: str, draft: PlanDraft, *, version: int, typing: bool = False) -> PlanCard:
    """Saves everything the form holds. A change of what the audience sees reopens the review, where the posting rules want one.

    A new date moves the posts with it. The post of a channel that is left out is removed unless it was published already.
    What was there before stays as an earlier version; saves while somebody is `typing` become one version.
    Raises NotFound, Invalid, Conflict (ChangedSince; a post is being published).
    """
    current_version = lock_plans(tx, [plan_id]).get(plan_id, version)
    before = queries.get_existing(tx, plan_id)
    if draft.influencer_id != before.influencer_id:
        raise Invalid(tr_lazy("A post stays with its influencer. Duplicate it for another one."))
    change = update(ContentPlan).where(ContentPlan.id == plan_id, ContentPlan.version == version)
    change = change.values(topic=draft.topic, notes=draft.notes, version=version + 1, updated_at=func.clock_timestamp())
    if tx.execute(change.returning(ContentPlan.id)).first() is None:
        raise ChangedSince(
            tr_lazy("Somebody else changed this post while you were editing. Load it again, then repeat your change."),
            version=current_version,
        )
    _save_posts(tx, before, draft)
    zone = draft.zone or before.zone
    if (draft.wall, zone) != (before.wall, before.zone):
        dates.set_date(tx, plan_id, draft.wall, zone)
    after = queries.get(tx, plan_id)
    if versions.record(tx, before, after, typing=typing) or not typing:
        events.record(tx, "plan.saved", "plan", plan_id, {"version": after.version})
    return after


def restore_version(tx: Session, plan_id: str, earlier_version: int, *, version: int) -> PlanCard:
    """Saves the plan as it was in `earlier_version`, as a new version. `version`: of the plan as the caller has seen it.

    What is out stays as it went out; a date that has passed, and posts of channels that are gone, are left out.
    Raises NotFound, Invalid, Conflict (ChangedSince).
    """
    card = queries.get_existing(tx, plan_id)
    earlier = versions.get_version(tx, plan_id, earlier_version).draft
    channel_ids = {channel.id for channel in channels.of(tx, card.influencer_id)}
    sent = {post.channel_id: post.draft() for post in card.posts if post.state in _SENT_STATES}
    variants = [
        sent.pop(variant.channel_id, variant)
        for variant in earlier.variants
        if variant.channel_id in channel_ids or variant.channel_id in sent
    ]
    keeps_date = any(post.state in _SENT_STATES for post in card.posts) or _has_passed(earlier)
    values: dict[str, Any] = {"variants": (*variants, *sent.values())}
    values |= {"wall": card.wall, "zone": card.zone} if keeps_date else {}
    return save(tx, plan_id, earlier.model_copy(update=values), version=version)


def _has_passed(draft: PlanDraft) -> bool:
    return draft.wall is not None and to_instant(draft.wall, draft.zone).at <= now()


def _save_posts(tx: Session, before: PlanCard, draft: PlanDraft) -> None:
    posts_by_channel = {post.channel_id: post for post in before.posts}
    variants_by_channel = {variant.channel_id: variant for variant in draft.variants}
    review = posting_rules.get_rules(tx, before.influencer_id).review if posts_by_channel else False
    for channel_id, card in posts_by_channel.items():
        if channel_id not in variants_by_channel:
            _remove_post(tx, card)
        elif variants_by_channel[channel_id] != card.draft():
            edit_post(tx, card, variants_by_channel[channel_id], review=review)
    for channel_id, variant in variants_by_channel.items():
        if channel_id not in posts_by_channel:
            _add_post(tx, before.id, before.influencer_id, variant, before.due_at)


def edit_post(tx: Session, card: PostCard, variant: VariantDraft, *, review: bool) -> None:
    """Raises Conflict: the post is published, or being published."""
    if card.state in _SENT_STATES:
        raise Conflict(
            tr_lazy(
                "The post on {channel_name} is {state}: its text stays as it was sent.",
                channel_name=card.channel_name,
                state=rules.STATE_LABELS[card.state].lower(),
            )
        )
    review = (
        review and variant.without_offset() != card.draft().without_offset()
    )  # another offset alone needs no second approval
    target, values = rules.state_after_edit(card.state, review=review), _content_columns(variant)
    if card.due_at:
        values["due_at"] = due_time(card.due_at - offset_of(card.options), variant.options)
    if card.state == S.ON_HOLD:
        state_before_hold = rules.state_after_edit(S(card.held_from), review=review)
        values |= {"held_from": state_before_hold}
        reopened = state_before_hold == S.IN_REVIEW
    else:
        reopened = target == S.IN_REVIEW
    values |= {"error": "", "error_code": ""} | ({"approved_by": None, "approved_at": None} if reopened else {})
    # a handle of the older text may remain: publishing discards it, since the text's fingerprint differs
    if target == card.state:
        update_in_state(tx, card.id, card.state, **values)
    elif move(tx, card.id, card.state, target, **values) is None:
        raise state_changed_error(card.state)
    _update_asset_uses(tx, card.id, card.media, variant.media)
    if target == S.SCHEDULED:
        files.request_renditions(tx, queries.get_post(tx, card.id))


def _add_post(tx: Session, plan_id: str, influencer_id: str, variant: VariantDraft, due_at: Any) -> str:
    channel = channels.get(tx, variant.channel_id)
    if channel.influencer_id != influencer_id or channel.deleted_at:
        raise NotFound(tr_lazy("This channel is not one of the influencer's. Choose another one."))
    formats = platforms.formats(channel.platform)
    if variant.format and variant.format not in formats:
        raise Invalid(
            tr_lazy(
                "{label} takes no {format}. Choose one of: {formats}.",
                label=channel.label,
                format=variant.format,
                formats=", ".join(formats),
            )
        )
    post_id = new_id("post")
    row = {"id": post_id, "plan_id": plan_id, "channel_id": channel.id, **_content_columns(variant)}
    row["due_at"] = due_time(due_at, variant.options)
    tx.execute(insert(Post).values(**row))
    _update_asset_uses(tx, post_id, (), variant.media)
    events.record(tx, "post.draft", "post", post_id, {"plan": plan_id, "channel": channel.id})
    return post_id


def _content_columns(variant: VariantDraft) -> dict[str, Any]:
    values = variant.model_dump(mode="json", exclude={"channel_id", "edits"})
    edits = {
        asset_id: edit.model_dump(mode="json", exclude_defaults=True)
        for asset_id, edit in variant.edits.items()
        if edit and asset_id in variant.media
    }
    return {**values, "edits": edits, "fingerprint": rules.fingerprint(rules.whole_caption(variant.caption, variant.hashtags))}


def _update_asset_uses(tx: Session, post_id: str, before: tuple[str, ...], after: tuple[str, ...]) -> None:
    asset_cards = assets.get_many(tx, after)
    for asset_id in after:
        if asset_id not in asset_cards and asset_id in before:
            continue  # the file was deleted since: the checks report it, and the rest of the post stays editable
        if asset_id not in asset_cards or asset_cards[asset_id].kind not in ("image", "video"):
            raise NotFound(tr_lazy("A picture or video of this post is gone. Remove it and choose another one."))
        assets.use(tx, asset_id, "post", post_id)
    for asset_id in set(before) - set(after):
        assets.unuse(tx, asset_id, "post", post_id)


def _remove_post(tx: Session, card: PostCard) -> None:
    if card.state in _SENT_STATES:
        raise Conflict(
            tr_lazy(
                "The post on {channel_name} is {state} and cannot be removed.",
                channel_name=card.channel_name,
                state=rules.STATE_LABELS[card.state].lower(),
            )
        )
    deleted = sql_delete(Post).where(Post.id == card.id, Post.state == card.state).returning(Post.id)
    if tx.execute(deleted).first() is None:
        raise state_changed_error(card.state)
    assets.unuse_all(tx, "post", [card.id])
    events.record(tx, "post.removed", "post", card.id, {"plan": card.plan_id})


def delete(tx: Session, plan_id: str, *, expected: ExpectedPlans = ANY_VERSION) -> PlanUndoEntry:
    """Deletes a plan; its scheduled posts become approved. Undone by `undo`. Raises NotFound, Conflict (being published)."""
    require_unchanged(tx, plan_id, expected)
    card = queries.get_existing(tx, plan_id)
    mark_deleted(tx, card)
    return undo_entries.record(tx, "delete", tr_lazy("“{title}” deleted.", title=card.title), 1, {"plans": [{"id": plan_id}]})


def discard_untouched(tx: Session, plan_id: str) -> bool:
    """Removes a plan for good if it is as it was created, with nothing in it. Returns whether it was removed."""
    lock_plans(tx, [plan_id])
    card = next(iter(queries.get_many(tx, [plan_id])), None)
    if card is None or card.deleted_at or card.version > 1 or card.topic or card.notes:
        return False
    if any(post.state != S.DRAFT or post.draft() != VariantDraft(channel_id=post.channel_id) for post in card.posts):
        return False
    if tx.scalar(select(PostDraft.plan_id).where(PostDraft.plan_id == plan_id).limit(1)):
        return False
    tx.execute(sql_delete(ContentPlan).where(ContentPlan.id == plan_id))
    events.record(tx, "plan.discarded", "plan", plan_id, {})
    return True


def mark_deleted(tx: Session, card: PlanCard) -> None:
    """Marks the plan as deleted. Raises Conflict (it is being published)."""
    if any(post.state == S.PUBLISHING for post in card.posts):
        raise Conflict(tr_lazy("This post is being published right now. Wait until that has ended."))
    for post in card.posts:
        if post.state == S.SCHEDULED and move(tx, post.id, S.SCHEDULED, S.APPROVED) is None:
            raise state_changed_error(post.state)
    tx.execute(update(ContentPlan).where(ContentPlan.id == card.id).values(deleted_at=func.clock_timestamp()))
    events.record(tx, "plan.deleted", "plan", card.id, {})


def erase(tx: Session, plan_ids: Sequence[str]) -> int:
    """Deletes deleted plans for good, with their posts, attempts and versions; others are left alone. What was published stays
    on its platform. Returns how many."""
    deleted = ContentPlan.id.in_(plan_ids), ContentPlan.deleted_at.is_not(None)
    ids = tx.scalars(select(ContentPlan.id).where(*deleted).with_for_update()).all()
    if not ids:
        return 0
    assets.unuse_all(tx, "post", tx.scalars(select(Post.id).where(Post.plan_id.in_(ids))).all())
    tx.execute(sql_delete(ContentPlan).where(ContentPlan.id.in_(ids)))
    events.record(tx, "plans.erased", "plan", ids[0], {"ids": list(ids)})
    return len(ids)


def duplicate(tx: Session, plan_id: str, *, request_key: str, expected: ExpectedPlans = ANY_VERSION) -> PlanCard:
    """A new plan with the same texts and files, as drafts without a date."""
    require_unchanged(tx, plan_id, expected)
    card = queries.get(tx, plan_id)
    return create(tx, _copy(card), request_key=request_key, text_id=card.text_id, campaign_id=card.campaign_id)


def repurpose(
    tx: Session, plan_id: str, *, request_key: str, ignore_cooldown: bool = False, expected: ExpectedPlans = ANY_VERSION
) -> PlanCard:
    """A copy of a published plan, as drafts. Raises Conflict when it was never published, or (unless `ignore_cooldown`)
    during its cooldown."""
    require_unchanged(tx, plan_id, expected)
    card = queries.get(tx, plan_id)
    if not any(post.published_at for post in card.posts):
        raise Conflict(tr_lazy("This post was never published, so there is nothing to use again. Duplicate it instead."))
    if not ignore_cooldown and (reason := cooldown_message(tx, card)):
        raise Conflict(reason)
    return create(tx, _copy(card), request_key=request_key, repurposed_from=plan_id, text_id=card.text_id)


def cooldown_message(tx: Session, card: PlanCard) -> str:
    """Why a published plan should not be used again yet, as a sentence; "" when it may."""
    last_reuse = select(func.max(Post.published_at)).join(ContentPlan, ContentPlan.id == Post.plan_id)
    last_reuse = last_reuse.where(ContentPlan.repurposed_from == card.id)
    last_published = max(
        (at for at in (tx.scalar(last_reuse), *(post.published_at for post in card.posts)) if at), default=None
    )
    days = posting_rules.get_rules(tx, card.influencer_id).cooldown_days
    if last_published is None or not (remaining := rules.remaining_cooldown(last_published, now(), days=days)):
        return ""
    return tr_lazy(
        "This was published {ago} days ago; {influencer}'s posts rest for {days} days. Wait {left} more, or use it anyway.",
        ago=(now() - last_published).days,
        influencer=card.influencer_name,
        days=days,
        left=remaining.days + 1,
    )


def _copy(card: PlanCard) -> PlanDraft:
    draft = card.draft()
    return draft.model_copy(update={"wall": None, "variants": tuple(variant.model_copy() for variant in draft.variants)})


def _iso(local_time: Any) -> str | None:
    return local_time.isoformat() if local_time else None
