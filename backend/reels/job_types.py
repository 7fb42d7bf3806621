"""Kinds of jobs of reels, and what their webhooks hold."""

from __future__ import annotations

from contextlib import nullcontext

from sqlalchemy.orm import Session

from backend import budgets, reels, webhooks
from backend.app import App
from backend.jobs import JobRequestType, JobType, Limits, register
from backend.language import tr_lazy
from backend.reels.schemas import (
    PREVIEW_KIND,
    RECORDING_KIND,
    RENDER_KIND,
    SCRIPT_KIND,
    ReelOrder,
    RenderPayload,
    ScenePreviewPayload,
    SceneRecordingPayload,
    TopicOrder,
)
from backend.writing.schemas import TextEstimate

_LIMITS: Limits = {"deadline_setting": "jobs.deadline_video_s", "stall_s": 300.0, "limit_setting": "jobs.concurrency_video"}


_SCRIPT_LIMITS: Limits = {"stall_s": 300.0, "limit_setting": "jobs.concurrency_writing"}


def _start_script(app: App, tx: Session, order: TopicOrder, key: str) -> str:
    return reels.start_script(tx, order, request_key=key).id


def _estimate_script(app: App, tx: Session, order: TopicOrder) -> TextEstimate:
    most_usd = reels.max_script_usd(app, lambda: nullcontext(tx), order)
    return TextEstimate(0, None, 0, *budgets.usual_and_most_usd(tx, "script", most_usd))


def _start_reel(app: App, tx: Session, order: ReelOrder, key: str) -> str:
    return reels.render(tx, order.reel_id, request_key=key).id


register(
    JobType(
        RENDER_KIND,
        "cpu",
        RenderPayload,
        "backend.reels.pipeline:run_render",
        tr_lazy("Reels"),
        **_LIMITS,
        requests=(JobRequestType(RENDER_KIND, "videos:write", ReelOrder, _start_reel, {"reelId": "reel_…"}),),
    ),
    JobType(
        SCRIPT_KIND,
        "net",
        TopicOrder,
        "backend.reels.pipeline:run_script",
        tr_lazy("Texts"),
        **_SCRIPT_LIMITS,
        requests=(
            JobRequestType(
                SCRIPT_KIND,
                "videos:write",
                TopicOrder,
                _start_script,
                {"influencerId": "inf_…", "topic": "running before the city wakes up", "seconds": 30},
                _estimate_script,
            ),
        ),
    ),
    JobType(PREVIEW_KIND, "cpu", ScenePreviewPayload, "backend.reels.pipeline:run_preview", tr_lazy("Reels"), **_LIMITS),
    JobType(RECORDING_KIND, "cpu", SceneRecordingPayload, "backend.reels.pipeline:run_recording", tr_lazy("Reels"), **_LIMITS),
)
webhooks.register_body(reels.ENDED_MESSAGE, reels.ended_body)
webhooks.register_body(reels.UPDATE_MESSAGE, reels.update_body)
