"""Making, changing, copying and deleting plans. What is out, or on its way out, is never touched."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete as sql_delete
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import assets, channels, events, influencers
from backend.content_plans import dates, files, history, posting_rules, queries, rules
from backend.content_plans.expected_version import NOT_SAID, ChangedSince, Shown, lock, require
from backend.content_plans.offsets import due, later, timing_aside
from backend.content_plans.schemas import PlanCard, PlanDraft, PostCard, UndoEntry, VariantDraft
from backend.content_plans.transitions import changed, move, stay
from backend.db.tables import ContentPlan, Post, PostState
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.clock import now
from backend.kit.ids import new_id
from backend.platforms import rules as platforms

S = PostState
_GONE = frozenset({S.PUBLISHING, S.PUBLISHED, S.UNKNOWN})
"""Out, or perhaps out: the text stays as it was sent."""


def create(tx: Session, draft: PlanDraft, *, request_key: str, repurposed_from: str | None = None) -> PlanCard:
    """The same `request_key` returns the first plan. Raises NotFound, Invalid."""
    owner = influencers.get(tx, draft.influencer_id)
    plan_id = new_id("cp")
    values = {"influencer_id": owner.id, "topic": draft.topic, "notes": draft.notes, "repurposed_from": repurposed_from}
    row = {"id": plan_id, "request_key": request_key, "created_by": tx.info.get("user_id"), **values}
    row |= dates.placed(draft.wall, draft.zone or owner.time_zone)
    made = tx.execute(insert(ContentPlan).values(**row).on_conflict_do_nothing().returning(ContentPlan.id)).first()
    if made is None:
        first = tx.scalar(select(ContentPlan.id).where(ContentPlan.request_key == request_key))
        return queries.get(tx, first or "")
    for variant in draft.variants:
        _add(tx, plan_id, owner.id, variant, row["due_at"])
    events.record(tx, "plan.created", "plan", plan_id, {"influencer": owner.id, "wall": _iso(draft.wall)})
    return queries.get(tx, plan_id)


def save(tx: Session, plan_id: str, draft: PlanDraft, *, version: int) -> PlanCard:
    """Everything a form holds. A change of what will be seen reopens the review of approved posts, if the rules want one.

    A new date moves the posts with it. A channel left out loses its post unless that is out already.
    Raises NotFound, Invalid, Conflict (ChangedSince; a post is being published).
    """
    there = lock(tx, [plan_id]).get(plan_id, version)
    before = alive(tx, plan_id)
    if draft.influencer_id != before.influencer_id:
        raise Invalid("A plan stays with its influencer. Duplicate it for another one.")
    change = update(ContentPlan).where(ContentPlan.id == plan_id, ContentPlan.version == version)
    change = change.values(topic=draft.topic, notes=draft.notes, version=version + 1, updated_at=func.clock_timestamp())
    if tx.execute(change.returning(ContentPlan.id)).first() is None:
        raise ChangedSince(
            "This plan was changed by someone else while you were editing. Load it again, then repeat your change.",
            version=there,
        )
    _variants(tx, before, draft)
    zone = draft.zone or before.zone
    if (draft.wall, zone) != (before.wall, before.zone):
        dates.place(tx, plan_id, draft.wall, zone)
    events.record(tx, "plan.saved", "plan", plan_id, {"version": version + 1})
    return queries.get(tx, plan_id)


def _variants(tx: Session, before: PlanCard, draft: PlanDraft) -> None:
    there = {one.channel_id: one for one in before.posts}
    wanted = {one.channel_id: one for one in draft.variants}
    review = posting_rules.of(tx, before.influencer_id).review if there else False
    for channel_id, card in there.items():
        if channel_id not in wanted:
            _take_out(tx, card)
        elif _different(wanted[channel_id], card):
            edit_post(tx, card, wanted[channel_id], review=review)
    for channel_id, variant in wanted.items():
        if channel_id not in there:
            _add(tx, before.id, before.influencer_id, variant, before.due_at)


def edit_post(tx: Session, card: PostCard, variant: VariantDraft, *, review: bool) -> None:
    """Raises Conflict: it is out, or just being published."""
    if card.state in _GONE:
        raise Conflict(f"The post on {card.channel_name} is {rules.WORDS[card.state].lower()}: its text stays as it was sent.")
    review = review and timing_aside(variant) != timing_aside(card.draft())  # a later minute is not another post
    target, values = rules.after_edit(card.state, review=review), _content(variant)
    if card.due_at:
        values["due_at"] = due(card.due_at - later(card.options), variant.options)
    if card.state == S.ON_HOLD:
        held = rules.after_edit(S(card.held_from), review=review)
        values |= {"held_from": held}
        reopened = held == S.IN_REVIEW
    else:
        reopened = target == S.IN_REVIEW
    values |= {"error": "", "error_code": ""} | ({"approved_by": None, "approved_at": None} if reopened else {})
    # what was prepared there is of the older text: the platform port throws it away by its fingerprint
    if target == card.state:
        stay(tx, card.id, card.state, **values)
    elif move(tx, card.id, card.state, target, **values) is None:
        raise changed(card.state)
    _use(tx, card.id, card.media, variant.media)
    if target == S.SCHEDULED:
        files.prepare(tx, queries.get_post(tx, card.id))


def _different(draft: VariantDraft, card: PostCard) -> bool:
    return draft != card.draft()


def _add(tx: Session, plan_id: str, influencer_id: str, variant: VariantDraft, due_at: Any) -> str:
    channel = channels.get(tx, variant.channel_id)
    if channel.influencer_id != influencer_id or channel.deleted_at:
        raise NotFound("This channel is not one of the influencer's. Choose another one.")
    known = platforms.formats(channel.platform)
    if variant.format and variant.format not in known:
        raise Invalid(f"{channel.label} takes no {variant.format}. Choose one of: {', '.join(known)}.")
    post_id = new_id("post")
    row = {"id": post_id, "plan_id": plan_id, "channel_id": channel.id, **_content(variant)}
    row["due_at"] = due(due_at, variant.options)
    tx.execute(insert(Post).values(**row))
    _use(tx, post_id, (), variant.media)
    events.record(tx, "post.draft", "post", post_id, {"plan": plan_id, "channel": channel.id})
    return post_id


def _content(variant: VariantDraft) -> dict[str, Any]:
    values = variant.model_dump(mode="json", exclude={"channel_id", "edits"})
    edits = {
        one: edit.model_dump(mode="json", exclude_defaults=True)
        for one, edit in variant.edits.items()
        if edit and one in variant.media
    }
    return {**values, "edits": edits, "fingerprint": rules.fingerprint(rules.whole_caption(variant.caption, variant.hashtags))}


def _use(tx: Session, post_id: str, before: tuple[str, ...], after: tuple[str, ...]) -> None:
    there = assets.get_many(tx, after)
    for asset_id in after:
        if asset_id not in there and asset_id in before:
            continue  # gone since: the checks say so, and everything else can still be changed
        if asset_id not in there or there[asset_id].kind not in ("image", "video"):
            raise NotFound("A picture or video of this post is not here any more. Take it out and choose another one.")
        assets.use(tx, asset_id, "post", post_id)
    for asset_id in set(before) - set(after):
        assets.unuse(tx, asset_id, "post", post_id)


def _take_out(tx: Session, card: PostCard) -> None:
    if card.state in _GONE:
        raise Conflict(f"The post on {card.channel_name} is {rules.WORDS[card.state].lower()} and stays in its plan.")
    gone = sql_delete(Post).where(Post.id == card.id, Post.state == card.state).returning(Post.id)
    if tx.execute(gone).first() is None:
        raise changed(card.state)
    assets.unuse_all(tx, "post", [card.id])
    events.record(tx, "post.removed", "post", card.id, {"plan": card.plan_id})


def alive(tx: Session, plan_id: str) -> PlanCard:
    """Raises NotFound, also for a deleted one."""
    card = queries.get(tx, plan_id)
    if card.deleted_at:
        raise NotFound("This plan was deleted. Take that back first, or make a new one.")
    return card


def delete(tx: Session, plan_id: str, *, shown: Shown = NOT_SAID) -> UndoEntry:
    """Scheduled posts leave the clock's list. Undone by `undo`. Raises NotFound, Conflict (it is being published)."""
    require(tx, plan_id, shown)
    card = alive(tx, plan_id)
    put_away(tx, card)
    return history.record(tx, "delete", f"“{card.title}” deleted.", 1, {"plans": [{"id": plan_id}]})


def put_away(tx: Session, card: PlanCard) -> None:
    """Raises Conflict (it is being published)."""
    if any(one.state == S.PUBLISHING for one in card.posts):
        raise Conflict("This plan is being published right now. Wait until that has ended.")
    for one in card.posts:
        if one.state == S.SCHEDULED and move(tx, one.id, S.SCHEDULED, S.APPROVED) is None:
            raise changed(one.state)
    tx.execute(update(ContentPlan).where(ContentPlan.id == card.id).values(deleted_at=func.clock_timestamp()))
    events.record(tx, "plan.deleted", "plan", card.id, {})


def duplicate(tx: Session, plan_id: str, *, request_key: str, shown: Shown = NOT_SAID) -> PlanCard:
    """The same words and media as drafts without a date."""
    require(tx, plan_id, shown)
    return create(tx, _copy(queries.get(tx, plan_id)), request_key=request_key)


def repurpose(tx: Session, plan_id: str, *, request_key: str, anyway: bool = False, shown: Shown = NOT_SAID) -> PlanCard:
    """A published plan once more, as drafts. Raises Conflict while it cools down (unless `anyway`), or was never out."""
    require(tx, plan_id, shown)
    card = queries.get(tx, plan_id)
    if not any(one.published_at for one in card.posts):
        raise Conflict("This plan was never published, so there is nothing to use again. Duplicate it instead.")
    if not anyway and (why := rests(tx, card)):
        raise Conflict(why)
    return create(tx, _copy(card), request_key=request_key, repurposed_from=plan_id)


def rests(tx: Session, card: PlanCard) -> str:
    """Why a published plan should not be used again yet, as a sentence; "": it may."""
    again = select(func.max(Post.published_at)).join(ContentPlan, ContentPlan.id == Post.plan_id)
    again = again.where(ContentPlan.repurposed_from == card.id)
    last = max((at for at in (tx.scalar(again), *(one.published_at for one in card.posts)) if at), default=None)
    days = posting_rules.of(tx, card.influencer_id).cooldown_days
    if last is None or not (rest := rules.cooled(last, now(), days=days)):
        return ""
    return (
        f"This was published {(now() - last).days} days ago; {card.influencer_name}'s posts rest for {days} days. "
        f"Wait {rest.days + 1} more, or use it anyway."
    )


def _copy(card: PlanCard) -> PlanDraft:
    draft = card.draft()
    return draft.model_copy(update={"wall": None, "variants": tuple(one.model_copy() for one in draft.variants)})


def _iso(wall: Any) -> str | None:
    return wall.isoformat() if wall else None
