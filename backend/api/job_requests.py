"""What POST /api/jobs takes for each type of work: the payload, the verb of its slice, and what it would come to.

The verbs are those the pages use, so that the API can ask for nothing the page cannot.
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
    def _one(self) -> Self:
        if bool(self.content_plan_id) == bool(self.post_id):
            raise ValueError("Say which: contentPlanId (all its channels) or postId (one of them).")
        return self


@dataclass(frozen=True, slots=True)
class TextPlan:
    """Words, and perhaps a picture. `usual_usd` None: none were paid here before; `most_usd`: surely no more, repairs included.

    `seconds` of the picture alone (of days: of all), `load_s` of them until the model is loaded; None: nothing to go by.
    """

    pictures: int
    seconds: float | None
    ahead: int
    usual_usd: Decimal | None
    most_usd: Decimal
    load_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Work:
    """`start(app, tx, payload, key)` -> the job's id; `foretell(app, tx, payload)`, where it can be said what it comes to.

    `example`: a payload as people send it.
    """

    draft: type[Draft]
    start: Callable[[App, Session, Any, str], str]
    example: dict[str, Any]
    foretell: Callable[[App, Session, Any], RequestPreview | CaptionPlan | TextPlan] | None = None


def _pictures(app: App, tx: Session, draft: GenerationDraft, key: str) -> str:
    return generation.start(tx, draft=draft, models=app.engines.image.models(), request_key=key).job_id


def _plan(app: App, tx: Session, draft: GenerationDraft) -> RequestPreview:
    return generation.preview(tx, drafts=[draft], models=app.engines.image.models())


def _list(app: App, tx: Session, order: ListOrder, key: str) -> str:
    return generation.start_list_order(tx, order=order, models=app.engines.image.models(), request_key=key).job_id


def _plan_list(app: App, tx: Session, order: ListOrder) -> RequestPreview:
    return generation.preview_list_order(tx, order=order, models=app.engines.image.models())


def _grid(app: App, tx: Session, order: GridOrder, key: str) -> str:
    return generation.start_grid_order(tx, order=order, models=app.engines.image.models(), request_key=key).job_id


def _plan_grid(app: App, tx: Session, order: GridOrder) -> RequestPreview:
    return generation.preview_grid_order(tx, order=order, models=app.engines.image.models())


def _upscale(app: App, tx: Session, order: UpscaleOrder, key: str) -> str:
    models, said = app.engines.upscaler.models(), {"scale": order.scale, "model": order.model}
    return generation.start_upscale(tx, order.picture_id, models=models, request_key=key, **said).job_id  # type: ignore[arg-type]


def _film(app: App, tx: Session, order: VideoOrder, key: str) -> str:
    models, checkpoints = app.engines.motion.models(), app.engines.image.models()
    return videos.start_order(tx, order=order, models=models, checkpoints=checkpoints, request_key=key).job_id


def _train(app: App, tx: Session, draft: RunDraft, key: str) -> str:
    models, most = app.engines.trainer.models(), app.settings.max_dataset_images
    return training.start(tx, draft=draft, models=models, request_key=key, max_images=most).job_id


def _ingest(app: App, tx: Session, order: IngestOrder, key: str) -> str:
    return datasets.ingest(tx, order.dataset_id, request_key=key).id


def _caption(app: App, tx: Session, order: CaptionOrder, key: str) -> str:
    return datasets.start_captioning(tx, order, captioners=app.engines.captioners, request_key=key).id


def _bring_in(app: App, tx: Session, order: ImportOrder, key: str) -> str:
    return boards.start_import(tx, **dict(order), request_key=key).id


def _write(app: App, tx: Session, order: WriteOrder, key: str) -> str:
    return writing.start_content(tx, order=order, request_key=key).id


def _plan_text(app: App, tx: Session, order: WriteOrder) -> TextPlan:
    size = CONTENT_TYPES[order.content_type].size
    picture = GenerationDraft(prompt=order.topic, influencer_id=order.influencer_id, n=1, size=size)
    drawn = generation.preview(tx, drafts=[picture], models=app.engines.image.models())
    most = writing.estimate_texts(app, lambda: nullcontext(tx), order=order)
    return TextPlan(drawn.pictures, drawn.seconds, drawn.ahead, *_usd(tx, "caption", most), drawn.load_s)


def _think(app: App, tx: Session, order: IdeasOrder, key: str) -> str:
    return writing.start_ideas(tx, order=order, request_key=key).id


def _plan_ideas(app: App, tx: Session, order: IdeasOrder) -> TextPlan:
    influencers.get(tx, order.influencer_id)
    most = writing.estimate_ideas(app, lambda: nullcontext(tx), order=order)
    asked = -(-order.days // writing.IDEAS_PER_CALL)
    return TextPlan(0, None, 0, *_usd(tx, "ideas", most, calls=asked))


def _plan_days(app: App, tx: Session, order: SeriesOrder, key: str) -> str:
    return bulk_planning.start_series(tx, order=order, request_key=key).id


def _foretell_days(app: App, tx: Session, order: SeriesOrder) -> TextPlan:
    said = bulk_planning.forecast(app, lambda: nullcontext(tx), order=order)
    usual, most = (Decimal(0), Decimal(0)) if said.most_usd is None else (said.usual_usd, said.most_usd)
    return TextPlan(said.pictures, said.seconds, said.ahead, usual, most, said.load_s)


def _usd(tx: Session, kind: str, most: Decimal | None, *, calls: int = 1) -> tuple[Decimal | None, Decimal]:
    """(usual, most). Without a paid model both are nothing."""
    if most is None:
        return Decimal(0), Decimal(0)
    usual = budgets.mean_usd(tx, kind)
    return None if usual is None else min(usual * calls, most), most


def _post(app: App, tx: Session, order: AutopostOrder, key: str) -> str:
    shown = {}
    if order.version is not None:
        shown[order.content_plan_id or content_plans.get_post(tx, order.post_id).plan_id] = order.version
    return publishing.send_now(tx, order.content_plan_id, post_id=order.post_id, request_key=key, expected=shown)[0].id


WORK: dict[str, Work] = {
    "image-generation": Work(
        GenerationDraft, _pictures, {"prompt": "portrait at the beach, smiling", "influencerId": "inf_…", "n": 4}, _plan
    ),
    "image-list": Work(
        ListOrder, _list,
        {"draft": {"influencerId": "inf_…"}, "lines": ["portrait in a cafe", {"prompt": "full body, at sunset", "n": 2}]},
        _plan_list,
    ),
    "image-grid": Work(
        GridOrder, _grid,
        {"draft": {"prompt": "portrait, smiling"},
         "axes": [{"kind": "steps", "values": [10, 20, 30]}, {"kind": "replace", "values": ["smiling", "serious"]}]},
        _plan_grid,
    ),
    "image-upscale": Work(UpscaleOrder, _upscale, {"pictureId": "pic_…", "scale": 2}),
    "video-generation": Work(
        VideoOrder, _film, {"assetId": "ast_…", "model": "push-in", "format": "9:16", "seconds": 5, "movement": 0.5}
    ),
    "content-generation": Work(
        WriteOrder, _write,
        {"influencerId": "inf_…", "contentType": "instagram-post", "topic": "morning workout", "style": "motivational"},
        _plan_text,
    ),
    "content-ideas": Work(
        IdeasOrder, _think, {"influencerId": "inf_…", "days": 7, "kinds": ["post", "reel"]}, _plan_ideas
    ),
    "content-plan": Work(
        SeriesOrder, _plan_days,
        {"influencerId": "inf_…", "first": "2031-12-01", "days": 7, "clocks": ["18:00"], "channelIds": ["chn_…"],
         "pictures": 1},
        _foretell_days,
    ),
    "autopost": Work(AutopostOrder, _post, {"contentPlanId": "cp_…"}),
    "lora-training": Work(RunDraft, _train, {"datasetId": "ds_…", "name": "bella-v1", "preset": "quick"}),
    "picture-import": Work(ImportOrder, _bring_in, {"boardId": "brd_…", "aiMade": True}),
    "dataset-ingest": Work(IngestOrder, _ingest, {"datasetId": "ds_…"}),
    "auto-caption": Work(
        CaptionOrder, _caption, {"datasetId": "ds_…", "replace": "machine", "drop": ["stunning"]}, datasets.foretell_captioning
    ),
}  # fmt: skip


def work_of(kind: str, *, foretold: bool = False) -> Work:
    """Raises Invalid with the types there are (`foretold`: of those that can be estimated)."""
    known = {name: one for name, one in WORK.items() if one.foretell or not foretold}
    if (found := known.get(kind)) is None:
        what = "estimate for" if foretold else "work of"
        raise Invalid(f"There is no {what} type “{kind[:40]}”. Types: {', '.join(sorted(known))}.")
    return found


def snake(value: Any) -> Any:
    """Keys of a JSON value as the drafts spell them: datasetId -> dataset_id. What fills a template's blanks stays as named."""
    if isinstance(value, dict):
        return {(name := _snake(str(key))): item if name == "values" and isinstance(item, dict) else snake(item)
                for key, item in value.items()}  # fmt: skip
    return [snake(item) for item in value] if isinstance(value, list) else value


def _snake(key: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in key)


def schemas() -> list[Any]:
    """For the API's own description: one schema a type, in the API's spelling."""
    return [
        {
            "title": kind,
            "type": "object",
            "required": ["type", "payload"],
            "properties": {"type": {"const": kind}, "payload": _described(work.draft)},
            "example": {"type": kind, "payload": work.example},
        }
        for kind, work in WORK.items()
    ]


def _described(draft: type[Draft]) -> Any:
    whole = draft.model_json_schema()
    return _camel(whole, whole.get("$defs", {}))


def _camel(value: Any, parts: dict[str, Any]) -> Any:
    """Property names in camelCase, references replaced by what they name."""
    if isinstance(value, list):
        return [_camel(item, parts) for item in value]
    if not isinstance(value, dict):
        return value
    if (named := value.get("$ref")) is not None:
        return _camel(parts[str(named).rpartition("/")[2]], parts)
    made = {key: _camel(item, parts) for key, item in value.items() if key not in ("$defs", "default")}
    if isinstance(value.get("properties"), dict):
        made["properties"] = {_humps(name): _camel(item, parts) for name, item in value["properties"].items()}
        made["required"] = [_humps(name) for name in value.get("required", ())]
    return made


def _humps(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
