"""The types of jobs that POST /api/jobs starts: for each its payload, the verb of its slice, and an estimate.

The verbs are those that the pages use, so the API can start nothing that a page cannot.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from pydantic import model_validator
from sqlalchemy.orm import Session

from backend import (
    boards,
    budgets,
    bulk_planning,
    content_plans,
    datasets,
    generation,
    influencers,
    publishing,
    training,
    videos,
    writing,
)
from backend.app import App
from backend.bulk_planning import SeriesOrder
from backend.datasets import CaptionOrder, CaptionPlan
from backend.errors import Invalid
from backend.generation import GenerationDraft, GridOrder, ListOrder, RequestPreview, UpscaleOrder
from backend.kit.drafts import Draft
from backend.training import RunDraft
from backend.videos import VideoOrder
from backend.writing import CONTENT_TYPES, IdeasOrder, WriteOrder


class IngestOrder(Draft):
    dataset_id: str


class ImportOrder(Draft):
    """Takes what was uploaded for the gallery (`/api/uploads`, noun `gallery`, id `import`).

    `ai_made`: files that do not say where they come from are marked as made by AI. `anyway`: uploads that were left out because
    the gallery has the same file.
    """

    board_id: str | None = None
    influencer_id: str | None = None
    ai_made: bool = False
    anyway: tuple[str, ...] = ()


class AutopostOrder(Draft):
    """Publish now, by the rules of any schedule: what needs an approval, is on hold or stopped is refused with its reason.

    `content_plan_id`: all its posts that are not out yet, each with a job of its own (the plan's `variants` name them);
    `post_id`: that one alone. `version`: of the plan as it was read; refused when somebody has changed it since.
    """

    content_plan_id: str = ""
    post_id: str = ""
    version: int | None = None

    @model_validator(mode="after")
    def _exactly_one_id(self) -> Self:
        if bool(self.content_plan_id) == bool(self.post_id):
            raise ValueError("Say which: contentPlanId (all its channels) or postId (one of them).")
        return self


@dataclass(frozen=True, slots=True)
class TextEstimate:
    """What a text costs, with its picture if it gets one. `usual_usd`: the mean of earlier calls, None without any; `most_usd`:
    an upper bound, repairs included.

    `seconds`: to draw the picture (in bulk planning: all pictures), None when nothing was measured yet; `load_s` of them until
    the model is loaded. `ahead`: image jobs of the workspace that run or wait before it.
    """

    pictures: int
    seconds: float | None
    ahead: int
    usual_usd: Decimal | None
    most_usd: Decimal
    load_s: float = 0.0


@dataclass(frozen=True, slots=True)
class JobRequestType:
    """`draft`: the model of the payload. `start(app, tx, payload, request_key)` returns the job's id. `estimate(app, tx,
    payload)`: None for types that cannot be estimated. `example`: a payload as clients send it."""

    draft: type[Draft]
    start: Callable[[App, Session, Any, str], str]
    example: dict[str, Any]
    estimate: Callable[[App, Session, Any], RequestPreview | CaptionPlan | TextEstimate] | None = None


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


def _start_video(app: App, tx: Session, order: VideoOrder, key: str) -> str:
    models, checkpoints = app.engines.motion.models(), app.engines.image.models()
    return videos.start_order(tx, order=order, models=models, checkpoints=checkpoints, request_key=key).job_id


def _start_training(app: App, tx: Session, draft: RunDraft, key: str) -> str:
    models, max_images = app.engines.trainer.models(), app.settings.max_dataset_images
    return training.start(tx, draft=draft, models=models, request_key=key, max_images=max_images).job_id


def _start_ingest(app: App, tx: Session, order: IngestOrder, key: str) -> str:
    return datasets.ingest(tx, order.dataset_id, request_key=key).id


def _start_captioning(app: App, tx: Session, order: CaptionOrder, key: str) -> str:
    return datasets.start_captioning(tx, order, captioners=app.engines.captioners, request_key=key).id


def _start_import(app: App, tx: Session, order: ImportOrder, key: str) -> str:
    return boards.start_import(tx, **dict(order), request_key=key).id


def _start_text(app: App, tx: Session, order: WriteOrder, key: str) -> str:
    return writing.start_content(tx, order=order, request_key=key).id


def _estimate_text(app: App, tx: Session, order: WriteOrder) -> TextEstimate:
    size = CONTENT_TYPES[order.content_type].size
    picture = GenerationDraft(prompt=order.topic, influencer_id=order.influencer_id, n=1, size=size)
    pictures_plan = generation.preview(tx, drafts=[picture], models=app.engines.image.models())
    most_usd = writing.estimate_texts(app, lambda: nullcontext(tx), order=order)
    return TextEstimate(
        pictures_plan.pictures,
        pictures_plan.seconds,
        pictures_plan.ahead,
        *_usual_and_most_usd(tx, "caption", most_usd),
        pictures_plan.load_s,
    )


def _start_ideas(app: App, tx: Session, order: IdeasOrder, key: str) -> str:
    return writing.start_ideas(tx, order=order, request_key=key).id


def _estimate_ideas(app: App, tx: Session, order: IdeasOrder) -> TextEstimate:
    influencers.get(tx, order.influencer_id)
    most_usd = writing.estimate_ideas(app, lambda: nullcontext(tx), order=order)
    calls = -(-order.days // writing.IDEAS_PER_CALL)
    return TextEstimate(0, None, 0, *_usual_and_most_usd(tx, "ideas", most_usd, calls=calls))


def _start_bulk_planning(app: App, tx: Session, order: SeriesOrder, key: str) -> str:
    return bulk_planning.start_series(tx, order=order, request_key=key).id


def _estimate_bulk_planning(app: App, tx: Session, order: SeriesOrder) -> TextEstimate:
    forecast = bulk_planning.forecast(app, lambda: nullcontext(tx), order=order)
    usual_usd, most_usd = (Decimal(0), Decimal(0)) if forecast.most_usd is None else (forecast.usual_usd, forecast.most_usd)
    return TextEstimate(forecast.pictures, forecast.seconds, forecast.ahead, usual_usd, most_usd, forecast.load_s)


def _usual_and_most_usd(tx: Session, kind: str, most_usd: Decimal | None, *, calls: int = 1) -> tuple[Decimal | None, Decimal]:
    """(usual, most) USD of `calls` calls; usual is None without earlier calls. Both are 0 without a paid model (`most_usd`
    None)."""
    if most_usd is None:
        return Decimal(0), Decimal(0)
    mean_usd = budgets.mean_usd(tx, kind)
    return None if mean_usd is None else min(mean_usd * calls, most_usd), most_usd


def _start_publishing(app: App, tx: Session, order: AutopostOrder, key: str) -> str:
    versions = {}
    if order.version is not None:
        versions[order.content_plan_id or content_plans.get_post(tx, order.post_id).plan_id] = order.version
    return publishing.send_now(tx, order.content_plan_id, post_id=order.post_id, request_key=key, expected=versions)[0].id


JOB_REQUEST_TYPES: dict[str, JobRequestType] = {
    "image-generation": JobRequestType(
        GenerationDraft,
        _start_pictures,
        {"prompt": "portrait at the beach, smiling", "influencerId": "inf_…", "n": 4},
        _estimate_pictures,
    ),
    "image-list": JobRequestType(
        ListOrder,
        _start_list,
        {"draft": {"influencerId": "inf_…"}, "lines": ["portrait in a cafe", {"prompt": "full body, at sunset", "n": 2}]},
        _estimate_list,
    ),
    "image-grid": JobRequestType(
        GridOrder,
        _start_grid,
        {
            "draft": {"prompt": "portrait, smiling"},
            "axes": [{"kind": "steps", "values": [10, 20, 30]}, {"kind": "replace", "values": ["smiling", "serious"]}],
        },
        _estimate_grid,
    ),
    "image-upscale": JobRequestType(UpscaleOrder, _start_upscale, {"pictureId": "pic_…", "scale": 2}),
    "video-generation": JobRequestType(
        VideoOrder, _start_video, {"assetId": "ast_…", "model": "push-in", "format": "9:16", "seconds": 5, "movement": 0.5}
    ),
    "content-generation": JobRequestType(
        WriteOrder,
        _start_text,
        {"influencerId": "inf_…", "contentType": "instagram-post", "topic": "morning workout", "style": "motivational"},
        _estimate_text,
    ),
    "content-ideas": JobRequestType(
        IdeasOrder, _start_ideas, {"influencerId": "inf_…", "days": 7, "kinds": ["post", "reel"]}, _estimate_ideas
    ),
    "content-plan": JobRequestType(
        SeriesOrder,
        _start_bulk_planning,
        {
            "influencerId": "inf_…",
            "first": "2031-12-01",
            "days": 7,
            "clocks": ["18:00"],
            "channelIds": ["chn_…"],
            "pictures": 1,
        },
        _estimate_bulk_planning,
    ),
    "autopost": JobRequestType(AutopostOrder, _start_publishing, {"contentPlanId": "cp_…"}),
    "lora-training": JobRequestType(RunDraft, _start_training, {"datasetId": "ds_…", "name": "bella-v1", "preset": "quick"}),
    "picture-import": JobRequestType(ImportOrder, _start_import, {"boardId": "brd_…", "aiMade": True}),
    "dataset-ingest": JobRequestType(IngestOrder, _start_ingest, {"datasetId": "ds_…"}),
    "auto-caption": JobRequestType(
        CaptionOrder,
        _start_captioning,
        {"datasetId": "ds_…", "replace": "machine", "drop": ["stunning"]},
        datasets.estimate_captioning,
    ),
}


def job_request_type(kind: str, *, estimable: bool = False) -> JobRequestType:
    """The request type called `kind`. `estimable`: only those that can be estimated. Raises Invalid, which lists the types."""
    candidates = {
        name: request_type for name, request_type in JOB_REQUEST_TYPES.items() if request_type.estimate or not estimable
    }
    if (request_type := candidates.get(kind)) is None:
        purpose = "estimate for" if estimable else "work of"
        raise Invalid(f"There is no {purpose} type “{kind[:40]}”. Types: {', '.join(sorted(candidates))}.")
    return request_type


def to_snake_keys(value: Any) -> Any:
    """Converts the keys of a JSON value to snake_case, as drafts spell them: datasetId -> dataset_id.

    Keys below `values` stay as they are: they are names that users gave to a template's blanks.
    """
    if isinstance(value, dict):
        return {
            (name := _to_snake(str(key))): item if name == "values" and isinstance(item, dict) else to_snake_keys(item)
            for key, item in value.items()
        }
    return [to_snake_keys(item) for item in value] if isinstance(value, list) else value


def _to_snake(key: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in key)


def payload_schemas() -> list[Any]:
    """For the OpenAPI description: a JSON schema for each type, with names in camelCase."""
    return [
        {
            "title": kind,
            "type": "object",
            "required": ["type", "payload"],
            "properties": {"type": {"const": kind}, "payload": _api_schema(request_type.draft)},
            "example": {"type": kind, "payload": request_type.example},
        }
        for kind, request_type in JOB_REQUEST_TYPES.items()
    ]


def _api_schema(draft: type[Draft]) -> Any:
    schema = draft.model_json_schema()
    return _to_api_schema(schema, schema.get("$defs", {}))


def _to_api_schema(value: Any, definitions: dict[str, Any]) -> Any:
    """Property names in camelCase; `$ref`s replaced by the schema they refer to."""
    if isinstance(value, list):
        return [_to_api_schema(item, definitions) for item in value]
    if not isinstance(value, dict):
        return value
    if (reference := value.get("$ref")) is not None:
        return _to_api_schema(definitions[str(reference).rpartition("/")[2]], definitions)
    converted = {key: _to_api_schema(item, definitions) for key, item in value.items() if key not in ("$defs", "default")}
    if isinstance(value.get("properties"), dict):
        converted["properties"] = {
            _humps(name): _to_api_schema(item, definitions) for name, item in value["properties"].items()
        }
        converted["required"] = [_humps(name) for name in value.get("required", ())]
    return converted


def _humps(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
