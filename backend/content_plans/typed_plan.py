"""A plan as it would be if what somebody is typing were saved: what checks and previews are about before it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from backend import channels
from backend.channels import ChannelCard
from backend.content_plans import auto_fix, checks, crop_focus
from backend.content_plans.schemas import PlanCard, PlanDraft, PostCard, VariantDraft
from backend.db.tables import PostState
from backend.errors import NotFound
from backend.language import tr_lazy

_MAX_ROUNDS = 4
"""Fixing one problem may uncover the next: a cropped video may be too narrow."""


def as_typed(tx: Session, card: PlanCard, draft: PlanDraft) -> PlanCard:
    """The plan with the draft's texts, files and date. Posts keep their states; one on a new channel is a draft without id."""
    posts_by_channel = {post.channel_id: post for post in card.posts}
    new_ids = [variant.channel_id for variant in draft.variants if variant.channel_id not in posts_by_channel]
    channels_by_id = channels.get_many(tx, new_ids)
    posts = []
    for variant in draft.variants:
        post = posts_by_channel.get(variant.channel_id)
        if post is None and variant.channel_id in channels_by_id:
            post = _new_post(card, channels_by_id[variant.channel_id])
        if post is not None:
            posts.append(replace(post, **_content(variant)))
    values: dict[str, Any] = {name: getattr(draft, name) for name in ("topic", "notes", "wall")}
    return replace(card, **values, zone=draft.zone or card.zone, posts=tuple(posts))


def fixed_draft(tx: Session, card: PlanCard, draft: PlanDraft, *, channel_id: str = "", code: str = "") -> PlanDraft:
    """The draft with problems fixed; nothing is stored. `code`: only these of `channel_id`; "": all that block and can be.

    Raises NotFound: there is no such problem, or it cannot be fixed by itself.
    """
    fixed = draft
    for _ in range(_MAX_ROUNDS if not code else 1):
        variants = tuple(
            _fix_variant(tx, post, code=code) if channel_id in ("", post.channel_id) else post.draft()
            for post in as_typed(tx, card, fixed).posts
        )
        if variants == fixed.variants:
            break
        fixed = fixed.model_copy(update={"variants": variants})
    if fixed == draft:
        raise NotFound(tr_lazy("Nothing here can be fixed automatically."))
    return fixed.model_copy(update={"variants": crop_focus.with_focus(tx, fixed.variants, draft.variants)})


def _fix_variant(tx: Session, post: PostCard, *, code: str) -> VariantDraft:
    variant = post.draft()
    if post.state in (PostState.PUBLISHING, PostState.PUBLISHED, PostState.UNKNOWN):
        return variant
    post_format = checks.build_request(tx, post).format
    for problem in checks.problems(tx, post):
        if problem.fix and (problem.code == code if code else problem.blocks):
            variant = auto_fix.apply_fix(variant, problem, platform=post.platform, post_format=post_format)
    return variant


def _content(variant: VariantDraft) -> dict[str, Any]:
    edits = {asset_id: edit.model_dump(mode="json", exclude_defaults=True) for asset_id, edit in variant.edits.items()}
    return {name: getattr(variant, name) for name in VariantDraft.model_fields if name != "channel_id"} | {"edits": edits}


def _new_post(card: PlanCard, channel: ChannelCard) -> PostCard:
    return PostCard(
        id="",
        plan_id=card.id,
        channel_id=channel.id,
        channel_name=channel.name,
        platform=channel.platform,
        state=PostState.DRAFT,
        format="",
        caption="",
        title="",
        hashtags=(),
        media=(),
        edits={},
        cover_id="",
        first_comment="",
        alt_texts={},
        privacy="",
        options={},
        due_at=None,
        held_from="",
        held_by="",
        note="",
        error_code="",
        error="",
        phase="",
        tries=0,
        not_before=None,
        job_id=None,
        remote_id="",
        url="",
        published_at=None,
        by_hand=False,
        approved_by=None,
        approved_at=None,
        updated_at=card.updated_at,
    )
