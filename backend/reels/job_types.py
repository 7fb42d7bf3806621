"""Kinds of jobs of reels, and what their webhooks hold."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import reels, webhooks
from backend.app import App
from backend.jobs import JobRequestType, JobType, Limits, register
from backend.reels.schemas import PREVIEW_KIND, RENDER_KIND, ReelOrder, RenderPayload, ScenePreviewPayload

_LIMITS: Limits = {"deadline_setting": "jobs.deadline_video_s", "stall_s": 300.0, "limit_setting": "jobs.concurrency_video"}


def _start_reel(app: App, tx: Session, order: ReelOrder, key: str) -> str:
    return reels.render(tx, order.reel_id, request_key=key).id


register(
    JobType(
        RENDER_KIND,
        "cpu",
        RenderPayload,
        "backend.reels.pipeline:run_render",
        "Reels",
        **_LIMITS,
        requests=(JobRequestType(RENDER_KIND, "videos:write", ReelOrder, _start_reel, {"reelId": "reel_…"}),),
    ),
    JobType(PREVIEW_KIND, "cpu", ScenePreviewPayload, "backend.reels.pipeline:run_preview", "Reels", **_LIMITS),
)
webhooks.register_body(reels.ENDED_MESSAGE, reels.ended_body)
webhooks.register_body(reels.UPDATE_MESSAGE, reels.update_body)
