"""Helpers of the tests of captioning by machine: a studio with a vision model, a run in this process."""

from __future__ import annotations

from typing import Any

from backend import datasets
from backend.app import App
from backend.datasets import CaptionOrder, CaptionPayload, CaptionRunCard, pipeline
from backend.db.tables import CaptionRun, Job
from backend.kit.ids import new_id
from tests.factories.account import Tenant
from tests.support.context import make_context
from workers.context import Context

UNPAID: dict[str, Any] = {"caption_engine": "template"}


def order(app: App, who: Tenant, dataset_id: str, *, preview: bool = False, key: str = "", **more: Any) -> str:
    """The job's id."""
    wish = CaptionOrder(dataset_id=dataset_id, **more)
    with app.db.transaction(who.caller, needs="editor") as tx:
        return datasets.start_captioning(
            tx, wish, captioners=app.engines.captioners, request_key=key or new_id("key"), preview=preview
        ).id


def context(app: App, who: Tenant, job_id: str) -> Context:
    with app.db.transaction(who.caller) as tx:
        row = tx.get_one(Job, job_id)
        kind, payload = row.kind, CaptionPayload(**row.payload)
    return make_context(app, who, kind, payload, job_id=job_id)


def go(made: Context) -> dict[str, Any]:
    """Runs the attempt. Its result."""
    result = pipeline.caption(made, CaptionPayload(**made.claim.payload))
    with made.transaction() as tx:  # what the worker writes at the end
        tx.get_one(Job, made.job_id).state = "completed"
    return result


def caption(app: App, who: Tenant, dataset_id: str, **more: Any) -> dict[str, Any]:
    return go(context(app, who, order(app, who, dataset_id, **more)))


def told(app: App, who: Tenant, dataset_id: str) -> tuple[list[datasets.ImageCard], CaptionRunCard]:
    """The pictures, and the last run."""
    with app.db.transaction(who.caller) as tx:
        run = datasets.last_caption_run(tx, dataset_id)
        assert run
        return datasets.images(tx, dataset_id).images, run


def run_of(app: App, who: Tenant, job_id: str) -> str:
    with app.db.transaction(who.caller) as tx:
        return tx.query(CaptionRun).filter_by(job_id=job_id).one().id
