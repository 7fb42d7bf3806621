"""POST /api/jobs: each type of work is started by its own slice's verb, so that the API can ask for nothing the page cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from pydantic import Field
from sqlalchemy.orm import Session

from backend import datasets, generation, jobs, training
from backend.api.deps import Caller, OwnOrigin, Studio
from backend.api.routes.jobs import JobWords
from backend.api.words import Words
from backend.bootstrap import App
from backend.errors import Invalid
from backend.kit.drafts import Draft
from backend.kit.ids import new_id

router = APIRouter(prefix="/jobs", tags=["jobs"], dependencies=[OwnOrigin])


class Order(Words):
    """`type`: a kind of job; `payload`: what its page's form would say, in camelCase or snake_case."""

    type: str
    payload: dict[str, Any] = Field(default_factory=dict)


class Started(JobWords):
    job_id: str


class IngestOrder(Draft):
    dataset_id: str


def _generate(app: App, tx: Session, payload: dict[str, Any], key: str) -> str:
    models = app.engines.image.models()
    return generation.start(tx, draft=generation.GenerationDraft(**payload), models=models, request_key=key).job_id


def _train(app: App, tx: Session, payload: dict[str, Any], key: str) -> str:
    models = app.engines.trainer.models()
    most = app.settings.max_dataset_images
    return training.start(tx, draft=training.RunDraft(**payload), models=models, request_key=key, max_images=most).job_id


def _ingest(app: App, tx: Session, payload: dict[str, Any], key: str) -> str:
    return datasets.ingest(tx, IngestOrder(**payload).dataset_id, request_key=key).id


STARTS: dict[str, Callable[[App, Session, dict[str, Any], str], str]] = {
    "image-generation": _generate,
    "lora-training": _train,
    "dataset-ingest": _ingest,
}


@router.post("", status_code=201)
def start(
    order: Order, app: Studio, caller: Caller, response: Response, idempotency_key: Annotated[str, Header(max_length=200)] = ""
) -> Started:
    """The same `Idempotency-Key` returns the first job."""
    if (verb := STARTS.get(order.type)) is None:
        raise Invalid(f"There is no work of type “{order.type[:40]}”. Types: {', '.join(sorted(STARTS))}.")
    with app.db.transaction(caller, needs="editor") as tx:
        job_id = verb(app, tx, snake(order.payload), idempotency_key or new_id("key"))
        card = jobs.get(tx, job_id)
    response.headers["location"] = f"/api/jobs/{card.id}?workspace={caller.tenant_id}"
    return Started(**JobWords.model_validate(card).model_dump(), job_id=card.id)


def snake(value: Any) -> Any:
    """Keys of a JSON value as the drafts spell them: datasetId -> dataset_id."""
    if isinstance(value, dict):
        return {"".join(f"_{c.lower()}" if c.isupper() else c for c in str(key)): snake(item) for key, item in value.items()}
    return [snake(item) for item in value] if isinstance(value, list) else value
