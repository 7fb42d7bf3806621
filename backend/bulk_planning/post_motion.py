"""The job that makes a video of the picture of one post, and puts it in the picture's place."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from backend import content_plans, jobs, videos
from backend.bulk_planning.schemas import MotionPayload
from backend.content_plans import PlanCard
from backend.errors import Invalid
from backend.jobs.context import JobContext, no_work
from backend.language import tr_lazy
from backend.videos import VideoOrder


def run(ctx: JobContext, payload: MotionPayload) -> dict[str, Any]:
    """Waits for the video without a worker slot. Result: {videoId, assetId}; {} where the post was deleted meanwhile. Raises
    Invalid: the post has no single picture."""
    ordered = ctx.write_step("order", no_work, lambda tx, _: _order(tx, ctx, payload)) or {}
    if not ordered["video_id"]:
        return {}
    ctx.progress(0, 0, tr_lazy("making the video"))
    ctx.wait_for_children()
    return ctx.write_step("land", no_work, lambda tx, _: _replace(tx, payload, **ordered)) or {}


def _order(tx: Session, ctx: JobContext, payload: MotionPayload) -> dict[str, Any]:
    plan = content_plans.get(tx, payload.plan_id)
    if plan.deleted_at:
        return {"video_id": "", "picture_asset_id": ""}
    asset_id = single_picture(plan)
    if not asset_id:
        raise Invalid(tr_lazy("This post has no single picture that could move. Give it one first."))
    order = VideoOrder(asset_id=asset_id, seconds=payload.seconds)
    engines = ctx.app.engines
    video = videos.start_order(
        tx, order=order, models=engines.motion.models(), checkpoints=engines.image.models(), request_key=f"{ctx.job_id}/video"
    )
    jobs.adopt(tx, ctx.job_id, [video.job_id])
    return {"video_id": video.id, "picture_asset_id": asset_id}


def single_picture(plan: PlanCard) -> str:
    """The file that every post of the plan with files shows alone; "": there is none."""
    shown = {post.media for post in plan.posts if post.media}
    media = next(iter(shown), ())
    return media[0] if len(shown) == 1 and len(media) == 1 else ""


def _replace(tx: Session, payload: MotionPayload, *, video_id: str, picture_asset_id: str) -> dict[str, Any]:
    asset_id = videos.get(tx, video_id).asset_id
    if asset_id:
        content_plans.replace_file(tx, payload.plan_id, picture_asset_id, asset_id)
    return {"videoId": video_id, "assetId": asset_id}
