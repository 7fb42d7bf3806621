"""What a click mends: files cropped, shortened or converted on their way out, texts cut to what a platform takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from backend import events
from backend.content_plans import checks, plans, posting_rules, queries, rules
from backend.content_plans.edits import FileEdit
from backend.content_plans.expected_version import NOT_SAID, Shown, require
from backend.content_plans.schemas import PostCard, VariantDraft
from backend.db.tables import ContentPlan
from backend.errors import Conflict, Invalid
from backend.platforms.port import Problem
from backend.platforms.text_limits import hashtags_in, measure, rules_of
from backend.platforms.text_shortening import shortened, with_hashtags

_ROUNDS = 4
"""Mending one thing may show the next: a film that is cropped is too narrow then."""


def fix(tx: Session, post_id: str, problems: Sequence[Problem] = (), *, shown: Shown = NOT_SAID) -> PostCard:
    """Mends these; none: all that block and can be mended. An approved post goes back to review where the rules want it.

    Raises NotFound, Conflict (it is out), ChangedSince, Invalid (nothing of it can be mended).
    """
    before = _as_shown(tx, post_id, shown)
    draft = before.draft()
    if problems:
        form = checks.request(tx, before).format
        for one in problems:
            draft = fixed(draft, one, platform=before.platform, form=form)
        return _keep(tx, before, draft)
    card = before
    for _ in range(_ROUNDS):
        found = [one for one in checks.problems(tx, card) if one.blocks and one.fix]
        if not found:
            break
        form, draft = checks.request(tx, card).format, card.draft()
        for one in found:
            draft = fixed(draft, one, platform=card.platform, form=form)
        if draft == card.draft():
            break
        card = _keep(tx, card, draft)
    if card is before:
        raise Invalid("There is nothing here that can be mended by itself.")
    return card


def edit_file(tx: Session, post_id: str, asset_id: str, edit: FileEdit | None, *, shown: Shown = NOT_SAID) -> PostCard:
    """Changes what is done to one of its files on its way out; None: it goes out as it is.

    Raises NotFound, Conflict, ChangedSince.
    """
    card = _as_shown(tx, post_id, shown)
    draft = card.draft()
    edits = {one: kept for one, kept in draft.edits.items() if one != asset_id}
    if edit:
        edits[asset_id] = edit
    return _keep(tx, card, draft.model_copy(update={"edits": edits}))


def put_back(tx: Session, post_id: str, words: VariantDraft, *, shown: Shown = NOT_SAID) -> PostCard:
    """Its words as they were in `words`. Raises NotFound, Conflict, ChangedSince."""
    card = _as_shown(tx, post_id, shown)
    same = ("caption", "hashtags", "title", "first_comment")
    return _keep(tx, card, card.draft().model_copy(update={name: getattr(words, name) for name in same}))


def _as_shown(tx: Session, post_id: str, shown: Shown) -> PostCard:
    require(tx, queries.get_post(tx, post_id).plan_id, shown)
    return queries.get_post(tx, post_id)  # read once more: it may have waited for the lock


def fixed(draft: VariantDraft, problem: Problem, *, platform: str, form: str) -> VariantDraft:
    """The draft with this mended (pure); what has no fix stays. `form`: the format it is published as."""
    fix = problem.fix
    if fix is None:
        return draft
    match fix.kind:
        case "crop" | "resize" | "enlarge" | "trim" | "transcode" if problem.media is not None and problem.media < len(
            draft.media
        ):
            said: dict[str, dict[str, Any]] = {
                "crop": {"ratio": fix.ratio},
                "resize": {"width": fix.width},
                "enlarge": {"least": fix.width},
                "trim": {"seconds": fix.seconds},
            }
            asset_id = draft.media[problem.media]
            now = draft.edits.get(asset_id, FileEdit())
            change = said.get(fix.kind, {"transcode": True})
            return draft.model_copy(update={"edits": {**draft.edits, asset_id: now.model_copy(update=change)}})
        case "shorten" if fix.to is not None:
            return draft.model_copy(update=_shorter(draft, problem.field, fix.to, platform, form))
        case "remove_hashtags" if fix.to is not None:
            return draft.model_copy(update=_fewer_tags(draft.caption, draft.hashtags, fix.to))
    return draft


def _shorter(draft: VariantDraft, field: str, to: int, platform: str, form: str) -> dict[str, Any]:
    say = rules_of(platform, form)
    if field == "title":
        return {"title": shortened(draft.title, say.heading.unit if say.heading else "characters", to)}
    unit = say.text.unit if say.text else "characters"
    if field == "first_comment":
        return {"first_comment": shortened(draft.first_comment, unit, to)}
    caption, tags = draft.caption, list(draft.hashtags)
    while tags and measure(_tail(caption, tags), unit) > to // 2:
        tags.pop()  # hashtags alone would fill it
    return {"caption": shortened(caption, unit, to - measure(_tail(caption, tags), unit)), "hashtags": tuple(tags)}


def _tail(caption: str, tags: Sequence[str]) -> str:
    """What is put under a caption when it is published."""
    return rules.whole_caption(f"{caption.strip()}.", tags)[len(caption.strip()) + 1 :]


def _fewer_tags(caption: str, tags: Sequence[str], to: int) -> dict[str, Any]:
    """The first `to` of them, those in the text first."""
    caption = with_hashtags(caption, to)
    there = [one.lstrip("#").casefold() for one in hashtags_in(caption)]
    under = [one for one in tags if one.casefold() not in there]
    keep = set(under[: max(0, to - len(there))])
    return {"caption": caption, "hashtags": tuple(one for one in tags if one in keep or one.casefold() in there)}


def _keep(tx: Session, card: PostCard, draft: VariantDraft) -> PostCard:
    if draft == card.draft():
        return card
    plan = queries.get(tx, card.plan_id)
    bumped = update(ContentPlan).where(ContentPlan.id == plan.id, ContentPlan.deleted_at.is_(None))
    bumped = bumped.values(version=ContentPlan.version + 1, updated_at=func.clock_timestamp())
    if tx.execute(bumped.returning(ContentPlan.id)).first() is None:
        raise Conflict("This plan was deleted meanwhile. Take that back first.")
    plans.edit_post(tx, card, draft, review=posting_rules.of(tx, plan.influencer_id).review)
    events.record(tx, "plan.saved", "plan", plan.id, {"post": card.id})
    return queries.get_post(tx, card.id)
