"""What a click mends, and what is judged: the files as they will be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import content_plans, jobs, renditions
from backend.content_plans import FileEdit, PostCard, PostState, VariantDraft, files
from backend.content_plans.auto_fix import apply_fix
from backend.content_plans.rules import whole_caption
from backend.db.tables import Asset, Job, Post, Rendition
from backend.db.transactions import Database
from backend.errors import Conflict, Invalid
from backend.platforms.port import Fix, PostProblem
from backend.platforms.text_limits import hashtags_in
from tests.factories.account import Tenant
from tests.factories.making import make_asset
from tests.factories.posts import Planner, local_time_ahead, make_channel, make_planner

S = PostState


def codes(tx: Any, card: PostCard) -> list[str]:
    return [problem.code for problem in content_plans.problems(tx, card)]


def on(tx: Any, bella: Planner, platform: str, *asset_ids: str, **values: Any) -> PostCard:
    """A post on this platform, dated."""
    channel = make_channel(tx, bella.influencer.id, platform, name=f"bella.{platform}")
    variant = bella.variant(channel_id=channel.id, media=asset_ids or (bella.asset_id,), **values)
    return bella.plan(tx, wall=local_time_ahead(), variants=(variant,)).posts[0]


def film(tx: Any, **meta: Any) -> str:
    video_meta = {"duration_s": 5.0, "fps": 8.0, "codec": "h264", **meta}
    return make_asset(tx, kind="video", content_type="video/mp4", width=1024, height=576, meta=video_meta)


def with_edit(tx: Session, card: PostCard, asset_id: str, edit: FileEdit | None) -> PostCard:
    """Saves how one of the post's files is changed."""
    plan = content_plans.get(tx, card.plan_id)
    variant = card.draft().model_copy(update={"edits": {asset_id: edit} if edit else {}})
    content_plans.save(tx, plan.id, plan.draft().model_copy(update={"variants": (variant,)}), version=plan.version)
    return content_plans.get_post(tx, card.id)


def test_a_post_is_judged_on_what_its_files_will_be(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        tall = make_asset(tx, width=512, height=1024, content_type="image/png")
        card = on(tx, bella, "instagram", tall)
        assert codes(tx, card) == ["ratio"], "a PNG goes out as JPEG: that is no problem"
        card = content_plans.fix(tx, card.id)
        assert card.edits == {tall: {"ratio": 0.8}}
        assert codes(tx, card) == []
        card = with_edit(tx, card, tall, None)
        assert codes(tx, card) == ["ratio"], "as it was"


def test_a_slow_wide_film_is_mended_in_one_go(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        long = film(tx, duration_s=16 * 60.0)
        card = on(tx, bella, "instagram", long)
        assert codes(tx, card) == ["video_format", "video_long", "ratio_advised"]
        card = content_plans.fix(tx, card.id)
        assert card.edits == {long: {"transcode": True, "seconds": 900.0}}
        assert codes(tx, card) == ["ratio_advised"], "advice is followed only when asked for"
        [advice] = content_plans.problems(tx, card)
        card = content_plans.fix(tx, card.id, [advice])
        assert card.edits[long]["ratio"] == pytest.approx(9 / 16)
        assert codes(tx, card) == []
        with pytest.raises(Invalid, match="Nothing here"):
            content_plans.fix(tx, card.id)


def test_scheduling_asks_for_the_files_and_an_edit_asks_anew(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        plan = bella.plan(tx, wall=local_time_ahead())
        content_plans.schedule(tx, [plan.id])
        [card] = content_plans.get(tx, plan.id).posts
        recipes = files.rendition_recipes(tx, card)
        assert [recipe.kind for _, recipe in recipes] == ["picture"]
        assert all(recipe.ai_mark for _, recipe in recipes)
        [job_id] = tx.scalars(select(Job.id).where(Job.kind == renditions.KIND)).all()
        assert jobs.get(tx, job_id).title == "Prepare files: Good morning"
        edited = with_edit(tx, card, bella.asset_id, FileEdit(ratio=0.8))
        assert edited.state == S.SCHEDULED
        assert len(tx.scalars(select(Job.id).where(Job.kind == renditions.KIND)).all()) == 2
        draft = content_plans.get(tx, plan.id).draft()
        assert draft.variants[0].edits == {bella.asset_id: FileEdit(ratio=0.8)}
        without = draft.variants[0].model_copy(update={"media": ()})
        content_plans.save(tx, plan.id, draft.model_copy(update={"variants": (without,)}), version=2)
        assert content_plans.get(tx, plan.id).posts[0].edits == {}, "what is done to a file goes with it"


def test_a_file_that_cannot_be_made_blocks_with_its_sentence(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        plan = bella.plan(tx, wall=local_time_ahead())
        [card] = plan.posts
        payload = renditions.request_renditions(tx, files.rendition_recipes(tx, card))
        tx.get_one(Rendition, payload.rendition_ids[0]).error = "This picture cannot be read."
        tx.flush()
        [problem] = [problem for problem in content_plans.problems(tx, card) if problem.blocks]
        assert (problem.message, problem.media) == ("This picture cannot be read.", 0)


def test_a_file_that_is_gone_blocks_and_the_others_keep_their_numbers(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        deleted, tall = make_asset(tx, width=900, height=1000), make_asset(tx, width=512, height=1024)
        card = on(tx, bella, "instagram", bella.asset_id, deleted, tall)
        tx.get_one(Asset, deleted).state = "purged"
        tx.flush()
        positions = {problem.code: problem.media for problem in content_plans.problems(tx, card) if problem.blocks}
        assert positions == {"media_unprepared": 1, "ratio": 2}
        assert content_plans.fix(tx, card.id).edits == {tall: {"ratio": 0.8}}


def test_an_approved_post_is_reviewed_again_and_one_that_is_out_stays(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx, policy="all")
        plan = bella.plan(tx, wall=local_time_ahead())
        content_plans.approve(tx, [plan.id])
        [card] = content_plans.get(tx, plan.id).posts
        assert with_edit(tx, card, bella.asset_id, FileEdit(width=320)).state == S.IN_REVIEW
        tx.get_one(Post, card.id).state = S.PUBLISHED
        tx.flush()
        with pytest.raises(Conflict, match="stays as it was sent"):
            with_edit(tx, card, bella.asset_id, None)


@given(st.text(max_size=3000), st.lists(st.from_regex(r"[a-z]{1,30}", fullmatch=True), max_size=60, unique=True))
def test_a_shortened_caption_fits_with_its_hashtags(caption: str, tags: list[str]) -> None:
    draft = VariantDraft(channel_id="c", caption=caption, hashtags=tuple(tags))
    whole = whole_caption(draft.caption, draft.hashtags)
    problem = PostProblem("caption_long", "", "caption", fix=Fix("shorten", "", to=2200))
    mended = apply_fix(draft, problem, platform="instagram", post_format="picture")
    if len(whole) > 2200:
        assert len(whole_caption(mended.caption, mended.hashtags)) <= 2200


@given(st.lists(st.from_regex(r"[a-z]{1,9}", fullmatch=True), max_size=40, unique=True), st.integers(0, 40))
def test_the_first_hashtags_stay(tags: list[str], inside: int) -> None:
    text = " ".join(["Sun", *(f"#{tag}" for tag in tags[:inside])])
    draft = VariantDraft(channel_id="c", caption=text, hashtags=tuple(tags))
    problem = PostProblem("hashtags", "", "caption", fix=Fix("remove_hashtags", "", to=30))
    mended = apply_fix(draft, problem, platform="instagram", post_format="picture")
    remaining = [tag.lstrip("#") for tag in hashtags_in(whole_caption(mended.caption, mended.hashtags))]
    assert remaining == tags[:30]
