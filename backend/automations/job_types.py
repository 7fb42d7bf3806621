"""The kind of job of automations."""

from __future__ import annotations

from backend.automations.schemas import AutomationPayload
from backend.automations.starts import KIND
from backend.jobs import JobType, register
from backend.language import tr_lazy

register(
    JobType(
        KIND,
        "net",
        AutomationPayload,
        "backend.automations.pipeline:run",
        tr_lazy("Automations"),
        deadline_setting="jobs.deadline_ingest_s",
        stall_s=300.0,
    )
)
