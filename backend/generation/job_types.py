"""Kinds of jobs of generation."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import generation
from backend.app import App
from backend.generation import GenerationDraft, GridOrder, ListOrder, RequestPreview, UpscaleOrder
from backend.generation.schemas import GenerationPayload
from backend.jobs import JobRequestType, JobType, register
from backend.language import tr_lazy


def _start_pictures(app: App, tx: Session, draft: GenerationDraft, key: str) -> str:
    return generation.start(tx, draft=draft, models=app.engines.image.models(), request_key=key).job_id


def _estimate_pictures(app: App, tx: Session, draft: GenerationDraft) -> RequestPreview:
    return generation.preview(tx, drafts=[draft], models=app.engines.image.models())


def _start_list(app: App, tx: Session, order: ListOrder, key: str) -> str:
    return generation.start_list_order(tx, order=order, models=app.engines.image.models(), request_key=key).job_id


def _estimate_list(app: App, tx: Session, order: ListOrder) -> RequestPreview:
    return generation.preview_list_order(tx, order=order, models=app.engines.image.models())


def _start_grid(app: App, tx: Session, order: GridOrder, key: str) -> str:
    return generation.start_grid_order(tx, order=order, models=app.engines.image.models(), request_key=key).job_id


def _estimate_grid(app: App, tx: Session, order: GridOrder) -> RequestPreview:
    return generation.preview_grid_order(tx, order=order, models=app.engines.image.models())


def _start_upscale(app: App, tx: Session, order: UpscaleOrder, key: str) -> str:
    models, options = app.engines.upscaler.models(), {"scale": order.scale, "model": order.model}
    return generation.start_upscale(tx, order.picture_id, models=models, request_key=key, **options).job_id  # type: ignore[arg-type]


register(
    JobType(
        "image-generation",
        "gpu",
        GenerationPayload,
        "backend.generation.pipeline:run",
        tr_lazy("Pictures"),
        stall_s=300.0,
        limit_setting="jobs.concurrency_content",
        device="image",
        requests=(
            JobRequestType(
                "image-generation",
                "images:write",
                GenerationDraft,
                _start_pictures,
                {"prompt": "portrait at the beach, smiling", "influencerId": "inf_…", "n": 4},
                _estimate_pictures,
            ),
            JobRequestType(
                "image-list",
                "images:write",
                ListOrder,
                _start_list,
                {
                    "draft": {"influencerId": "inf_…"},
                    "lines": ["portrait in a cafe", {"prompt": "full body, at sunset", "n": 2}],
                },
                _estimate_list,
            ),
            JobRequestType(
                "image-grid",
                "images:write",
                GridOrder,
                _start_grid,
                {
                    "draft": {"prompt": "portrait, smiling"},
                    "axes": [{"kind": "steps", "values": [10, 20, 30]}, {"kind": "replace", "values": ["smiling", "serious"]}],
                },
                _estimate_grid,
            ),
        ),
    ),
    JobType(
        "image-upscale",
        "cpu",
        GenerationPayload,
        "backend.generation.pipeline:upscale",
        tr_lazy("Pictures"),
        stall_s=300.0,
        limit_setting="jobs.concurrency_ingest",
        requests=(
            JobRequestType("image-upscale", "images:write", UpscaleOrder, _start_upscale, {"pictureId": "pic_…", "scale": 2}),
        ),
    ),
    JobType(
        "image-upscale-gpu",
        "gpu",
        GenerationPayload,
        "backend.generation.pipeline:upscale",
        tr_lazy("Pictures"),
        stall_s=300.0,
        limit_setting="jobs.concurrency_content",
        device="image",
        same_as="image-upscale",
    ),
    JobType("image-sheet", "cpu", GenerationPayload, "backend.generation.pipeline:sheet", tr_lazy("Pictures"), stall_s=300.0),
)
