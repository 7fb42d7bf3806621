"""The job that makes the reel of one post: script, reel, video, and the video in the post."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from backend import content_plans, reels
from backend.bulk_planning.schemas import ReelPayload
from backend.errors import NotFound, Unavailable
from backend.jobs.context import JobContext, no_work
from backend.language import tr_lazy
from backend.reels import TopicOrder

_MAX_TOPIC = 200


def run(ctx: JobContext, payload: ReelPayload) -> dict[str, Any]:
    """Waits for the render without a worker slot. Result: {reelId, assetId, cost}; {} where the post was deleted meanwhile."""
    with ctx.transaction() as tx:
        if not _is_there(tx, payload.plan_id):
            return {}
    ctx.progress(0, 0, tr_lazy("writing the script"))
    order = TopicOrder(
        influencer_id=payload.influencer_id,
        topic=payload.topic[:_MAX_TOPIC],
        hook=payload.hook,
        style=payload.style,
        seconds=payload.seconds,
    )
    written = reels.write_reel(ctx, order)
    reel_id = written["reel_id"]
    ctx.write_step("render", no_work, lambda tx, _: _render(tx, ctx, reel_id))
    ctx.progress(0, 0, tr_lazy("making the reel"))
    ctx.wait_for_children()
    landed = ctx.write_step("land", no_work, lambda tx, _: _attach(tx, payload, reel_id)) or {}
    return {"reelId": reel_id, "cost": float(written["usd"]), **landed}


def _render(tx: Session, ctx: JobContext, reel_id: str) -> dict[str, Any]:
    job = reels.render(tx, reel_id, request_key=f"{ctx.job_id}/render", parent_id=ctx.job_id)
    if job.parent_id != ctx.job_id:
        raise Unavailable(tr_lazy("Somebody is rendering this reel already. Its post gets it when that has ended."))
    return {"job_id": job.id}


def _attach(tx: Session, payload: ReelPayload, reel_id: str) -> dict[str, Any]:
    card = reels.get(tx, reel_id)
    if card.asset_id and _is_there(tx, payload.plan_id):
        content_plans.attach_files(tx, payload.plan_id, [card.asset_id], alt_text=card.title)
    return {"assetId": card.asset_id}


def _is_there(tx: Session, plan_id: str) -> bool:
    try:
        return content_plans.get(tx, plan_id).deleted_at is None
    except NotFound:
        return False
