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

UNPAID: dict[str, Any] = {"CAPTION_ENGINE": "template"}


def start_job(app: App, tenant: Tenant, dataset_id: str, *, preview: bool = False, key: str = "", **options: Any) -> str:
    """The job's id."""
    order_draft = CaptionOrder(dataset_id=dataset_id, **options)
    with app.db.transaction(tenant.caller, needs="editor") as tx:
        return datasets.start_captioning(
            tx, order_draft, captioners=app.engines.captioners, request_key=key or new_id("key"), preview=preview
        ).id


def context(app: App, tenant: Tenant, job_id: str) -> Context:
    with app.db.transaction(tenant.caller) as tx:
        row = tx.get_one(Job, job_id)
        kind, payload = row.kind, CaptionPayload(**row.payload)
    return make_context(app, tenant, kind, payload, job_id=job_id)


def run_attempt(ctx: Context) -> dict[str, Any]:
    """Runs the attempt. Its result."""
    result = pipeline.caption(ctx, CaptionPayload(**ctx.claim.payload))
    with ctx.transaction() as tx:  # what the worker writes at the end
        tx.get_one(Job, ctx.job_id).state = "completed"
    return result


def caption_dataset(app: App, tenant: Tenant, dataset_id: str, **options: Any) -> dict[str, Any]:
    return run_attempt(context(app, tenant, start_job(app, tenant, dataset_id, **options)))


def images_and_run(app: App, tenant: Tenant, dataset_id: str) -> tuple[list[datasets.ImageCard], CaptionRunCard]:
    """The pictures, and the last run."""
    with app.db.transaction(tenant.caller) as tx:
        run = datasets.last_caption_run(tx, dataset_id)
        assert run
        return datasets.images(tx, dataset_id).images, run


def run_id_of(app: App, tenant: Tenant, job_id: str) -> str:
    with app.db.transaction(tenant.caller) as tx:
        return tx.query(CaptionRun).filter_by(job_id=job_id).one().id
