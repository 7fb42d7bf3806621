"""Kinds of jobs of publishing."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import content_plans, publishing
from backend.app import App
from backend.jobs import JobRequestType, JobType, register
from backend.language import tr_lazy
from backend.publishing.schemas import AutopostOrder, AutopostPayload


def _start_publishing(app: App, tx: Session, order: AutopostOrder, key: str) -> str:
    versions = {}
    if order.version is not None:
        versions[order.content_plan_id or content_plans.get_post(tx, order.post_id).plan_id] = order.version
    return publishing.send_now(tx, order.content_plan_id, post_id=order.post_id, request_key=key, expected=versions)[0].id


register(
    JobType(
        "autopost",
        "net",
        AutopostPayload,
        "backend.publishing.pipeline:run",
        tr_lazy("Posts"),
        stall_s=300.0,
        deadline_setting="jobs.deadline_publishing_s",
        limit_setting="jobs.concurrency_publishing",
        requests=(JobRequestType("autopost", "posts:publish", AutopostOrder, _start_publishing, {"contentPlanId": "cp_…"}),),
    ),
)
