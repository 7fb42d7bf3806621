"""The step that calls a webhook: written with the step, sent and tried again by the one sender."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import webhooks
from backend.automations import clock
from backend.automations.definition import CallWebhook
from backend.automations.steps.instant import summary
from backend.automations.steps.run_state import RunState, StepResult
from backend.errors import NotFound
from backend.language import tr_lazy

MESSAGE = "automation.step"


def call(tx: Session, run: RunState, step: CallWebhook) -> StepResult:
    """The body is thin: ids, counts and the summary."""
    flow = run.flow
    data = {
        "automationId": run.automation_id,
        "runId": run.run_id,
        "influencerId": run.influencer_id,
        "contentPlanIds": flow.posts,
        "published": flow.published,
        "scheduled": flow.scheduled,
        "jobs": flow.jobs,
        "failedJobs": flow.failed_jobs,
        "summary": summary(flow),
    }
    body = {"type": MESSAGE, "timestamp": clock.now(tx).isoformat(), "data": data}
    try:
        webhooks.send_to_endpoint(tx, step.endpoint_id, kind=MESSAGE, body=body)
        name = webhooks.get_endpoint(tx, step.endpoint_id).name
    except NotFound as error:
        return StepResult(flow, "failed", error.message)
    return StepResult(flow, message=tr_lazy("Sent to {name}.", name=name))
