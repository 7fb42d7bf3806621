"""Script-to-video runs, with the addresses and words of the orchestrator's document.

Under /api, and with ORCHESTRATOR_PATHS (on by default) also at the document's own addresses, beside the pages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Header, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.routing import Route

from backend import VERSION, assets, reels
from backend.api import errors
from backend.api.api_model import binary_response
from backend.api.deps import Caller, KeyCache, Studio, needs_scope
from backend.api.idempotency import Idempotency
from backend.api.rate_limits import RateLimits
from backend.api.requests import BodyLimit, RequestLogging
from backend.api.routes.media import range_response
from backend.app import App
from backend.errors import Conflict
from backend.language import tr_lazy
from backend.reels import VideoRunDraft

router = APIRouter(tags=["reels"], dependencies=[needs_scope("videos")])
PATHS = (
    "/orchestrate/start",
    "/orchestrate/status/{job_id}",
    "/orchestrate/video/{job_id}",
    "/webhook/create-video",
    "/frontend/webhook/job-update",
)
Status = Literal["queued", "running", "completed", "failed"]


class RunRequest(BaseModel):
    """`prompts`: what each picture shows, one a scene (a list, or one text with a prompt a line); empty: the script falls into
    scenes by itself. `run_id`: what you call the run; the same run sent again answers with its first job. `format`:
    instagram-reel, instagram-post, tiktok, youtube-short or youtube-standard.
    """

    model_config = ConfigDict(extra="ignore")
    script: str = Field("", examples=["Three things I do before every run. First: water."])
    caption: str = Field("", examples=["My morning run"])
    prompts: list[Any] | str = Field(default_factory=list, examples=[["a woman tying running shoes", "a glass of water"]])
    run_id: str = Field("", examples=["user-run-123"])
    influencer_id: str = ""
    format: str = "instagram-reel"


class RunStarted(BaseModel):
    job_id: str
    status: Status


class JobUpdate(BaseModel):
    """`status`: what the other program says: queued, running, completed or failed."""

    model_config = ConfigDict(extra="ignore")
    job_id: str = Field(max_length=80, examples=["job_0190a8c2"])
    status: Status = Field(examples=["completed"])


class RunFiles(BaseModel):
    """Paths in the shared folder (DATA_SHARED_BASE), or, without one, keys of the storage."""

    output_dir: str
    final_video_path: str | None
    video_files: list[str]
    image_files: list[str]
    voiceover_path: str | None


class RunStatus(BaseModel):
    """`step`: Queued, Running, AI Generation, Post-Processing, Completed or Failed. `progress` 0 to 1, null while unknown."""

    job_id: str
    status: Status
    step: str
    progress: float | None
    run_id: str | None
    metadata: dict[str, Any]
    error: str | None
    files: RunFiles


@router.post("/orchestrate/start", status_code=201)
def start_run(body: RunRequest, app: Studio, caller: Caller) -> RunStarted:
    """Queues a video: pictures from prompts, voice-over, clips, subtitles, one film.

    When it is done or has failed, VIDEO_COMPLETED_N8N_WEBHOOK_URL is told.
    """
    draft = VideoRunDraft(**body.model_dump())
    with app.db.transaction(caller, needs="editor") as tx:
        job = reels.start(app, tx, draft)
    return RunStarted(job_id=job.id, status=reels.status_of(job))


@router.post("/webhook/create-video", status_code=201)
def create_video(body: RunRequest, app: Studio, caller: Caller) -> RunStarted:
    """The same, at the address that a frontend calls where no n8n stands between."""
    return start_run(body, app, caller)


@router.post("/frontend/webhook/job-update", dependencies=[needs_scope("jobs")])
def report_job_update(body: JobUpdate, app: Studio, caller: Caller) -> JobUpdate:
    """What n8n tells a frontend when a job ended: pages and streams that follow the job look at it again.

    The answer holds the job's status as the studio knows it; the job is not changed.
    """
    with app.db.transaction(caller, needs="editor") as tx:
        card = reels.report_update(tx, body.job_id, body.status)
    return JobUpdate(job_id=card.id, status=reels.status_of(card))


@router.get("/orchestrate/status/{job_id}")
def get_run_status(job_id: str, app: Studio, caller: Caller) -> RunStatus:
    with app.db.transaction(caller) as tx:
        job, reel = reels.job_and_reel(tx, job_id)
        files = reels.files_of(app.settings, tx, job, reel)
    metadata: dict[str, Any] = {
        "script": reel.script,
        "caption": reel.caption,
        "prompts": [scene.prompt for scene in reel.scenes],
    }
    metadata |= {"format": reel.format, "reel_id": reel.id, "created_at": job.created_at.timestamp()}
    status = reels.status_of(job)
    error = (job.error_message or "It was cancelled.") if status == "failed" else None
    return RunStatus(
        job_id=job.id,
        status=status,
        step=reels.step_of(job),
        progress=job.progress,
        run_id=reel.run_id,
        metadata=metadata,
        error=error,
        files=RunFiles(**files),
    )


@router.get("/orchestrate/video/{job_id}", response_class=Response, responses=binary_response("video/mp4"))
def get_run_video(job_id: str, app: Studio, caller: Caller, range: Annotated[str, Header()] = "") -> Response:
    """The finished MP4, also in parts (Range). 404: no such run. 409: it is not done yet, or has failed; the message says
    which."""
    with app.db.transaction(caller) as tx:
        job, _ = reels.job_and_reel(tx, job_id)
        status = reels.status_of(job)
        if status == "failed":
            raise Conflict(f"This video failed: {job.error_message or 'it was cancelled'} Start it again with another run_id.")
        if status != "completed":
            raise Conflict(tr_lazy("This video is not done yet. Ask for its status, or wait for the webhook."))
        card = assets.get(tx, str((job.result or {})["assetId"]))
    headers = {
        "etag": f'"{card.id}"',
        "x-content-type-options": "nosniff",
        "content-disposition": 'attachment; filename="stitched_subtitled.mp4"',
    }
    return range_response(app.storage, card, headers, range)


def orchestrator_routes(get_app: Callable[[], App]) -> list[Route]:
    """The same at the document's own addresses, for the server that also serves the pages (ORCHESTRATOR_PATHS)."""
    api = FastAPI(title="Orchestrator", docs_url=None, redoc_url=None, openapi_url=None, version=VERSION)
    api.state.get_app = get_app
    api.state.key_cache = KeyCache()
    for middleware in (Idempotency, BodyLimit, RateLimits, RequestLogging):
        api.add_middleware(middleware)
    errors.install_handlers(api)
    api.include_router(router)
    return [Route(path, api) for path in PATHS]
