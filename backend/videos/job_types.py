"""Kinds of jobs of videos."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import videos
from backend.app import App
from backend.jobs import JobRequestType, JobType, Limits, register
from backend.language import tr_lazy
from backend.videos import VideoFinishOrder, VideoOrder
from backend.videos.finish_schemas import FinishPayload
from backend.videos.schemas import VideoPayload
from backend.videos.upload_schemas import IMPORT_KIND, NewVideo, VideoImportPayload

_LIMITS: Limits = {"deadline_setting": "jobs.deadline_video_s", "stall_s": 300.0}


def _start_video(app: App, tx: Session, order: VideoOrder, key: str) -> str:
    models, checkpoints = app.engines.motion.models(), app.engines.image.models()
    return videos.start_order(tx, order=order, models=models, checkpoints=checkpoints, request_key=key).job_id


def _start_import(app: App, tx: Session, draft: NewVideo, key: str) -> str:
    return videos.add(tx, draft, request_key=key).job_id


def _start_finish(app: App, tx: Session, order: VideoFinishOrder, key: str) -> str:
    return videos.start_finish_order(tx, order=order, request_key=key).job_id


register(
    JobType(
        "video-generation",
        "cpu",
        VideoPayload,
        "backend.videos.pipeline:run",
        tr_lazy("Videos"),
        limit_setting="jobs.concurrency_video",
        **_LIMITS,
        requests=(
            JobRequestType(
                "video-generation",
                "videos:write",
                VideoOrder,
                _start_video,
                {"assetId": "ast_…", "model": "push-in", "format": "9:16", "seconds": 5, "movement": 0.5},
            ),
        ),
    ),
    JobType(
        "video-generation-gpu",
        "gpu",
        VideoPayload,
        "backend.videos.pipeline:run",
        tr_lazy("Videos"),
        limit_setting="jobs.concurrency_video",
        device="image",
        same_as="video-generation",
        **_LIMITS,
    ),
    JobType(
        "video-finishing",
        "cpu",
        FinishPayload,
        "backend.videos.finish_pipeline:run",
        tr_lazy("Videos"),
        limit_setting="jobs.concurrency_video",
        **_LIMITS,
        requests=(
            JobRequestType(
                "video-finishing",
                "videos:write",
                VideoFinishOrder,
                _start_finish,
                {"videoId": "clip_…", "preset": "instagram-reel", "music": "morning-walk", "subtitles": "Good morning!"},
            ),
        ),
    ),
    JobType(
        IMPORT_KIND,
        "cpu",
        VideoImportPayload,
        "backend.videos.upload_pipeline:run_import",
        tr_lazy("Videos"),
        limit_setting="jobs.concurrency_video",
        **_LIMITS,
        requests=(
            JobRequestType(
                IMPORT_KIND, "videos:write", NewVideo, _start_import, {"uploadId": "up_…", "title": "Beach", "aiMade": False}
            ),
        ),
    ),
)
