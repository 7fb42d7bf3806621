"""Automations: what starts by the clock, an event, a program or by hand, and does its steps by itself."""

from backend.automations import undo_parts
from backend.automations.clock import align_all, due_workspaces, fire_due, workspaces_with_timers
from backend.automations.cron import describe as describe_cron
from backend.automations.cron import next_times
from backend.automations.definition import EVENTS, MAX_NAME, MAX_STEPS, STEP_LABELS, WEEKDAYS, AutomationDraft
from backend.automations.event_starts import any_listening, start_by_events, workspaces_with_events
from backend.automations.preview import preview
from backend.automations.queries import get, get_run, page, runs
from backend.automations.run_pictures import run_pictures
from backend.automations.schemas import (
    AutomationCard,
    AutomationRunCard,
    AutomationRunPage,
    NewHook,
    RunPreview,
    StepCard,
    StepPreview,
)
from backend.automations.service import (
    MAX_HOOK_BYTES,
    call_hook,
    create,
    delete,
    new_hook,
    pause,
    purge_runs,
    restore,
    resume,
    run_now,
    save,
    skip_next,
    stop_run,
)
from backend.automations.templates import TEMPLATES, Template
from backend.automations.waits import wake

undo_parts.register_parts()

__all__ = [
    "EVENTS",
    "MAX_HOOK_BYTES",
    "MAX_NAME",
    "MAX_STEPS",
    "STEP_LABELS",
    "TEMPLATES",
    "WEEKDAYS",
    "AutomationCard",
    "AutomationDraft",
    "AutomationRunCard",
    "AutomationRunPage",
    "NewHook",
    "RunPreview",
    "StepCard",
    "StepPreview",
    "Template",
    "align_all",
    "any_listening",
    "call_hook",
    "create",
    "delete",
    "describe_cron",
    "due_workspaces",
    "fire_due",
    "get",
    "get_run",
    "new_hook",
    "next_times",
    "page",
    "pause",
    "preview",
    "purge_runs",
    "restore",
    "resume",
    "run_now",
    "run_pictures",
    "runs",
    "save",
    "skip_next",
    "start_by_events",
    "stop_run",
    "wake",
    "workspaces_with_events",
    "workspaces_with_timers",
]
