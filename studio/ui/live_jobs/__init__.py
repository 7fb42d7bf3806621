"""Jobs as they happen: the browser polls our API every two seconds and wakes Python only when a job's state changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backend.jobs import JobCard
from backend.language import worded
from studio.ui.browser_component import ignore, load

_component = load(__file__)
POLL_MS = 2000


def live_jobs(
    key: str,
    *,
    workspace: str,
    cards: Sequence[JobCard],
    only_these: bool = False,
    can_edit: bool = False,
    open_label: str = "",
    empty: str = "",
) -> str | None:
    """Draws the waiting and running jobs (or `only_these` cards) with progress, time left, preview and cancel.

    `cards`: as this page read them, drawn at once; the page runs again when a state differs from theirs. Returns the id
    of a job just opened with the `open_label` button, once.
    """
    data: dict[str, Any] = {
        "workspace": workspace,
        "cards": [_job_json(card) for card in cards],
        "ids": [card.id for card in cards] if only_these else [],
        "canEdit": can_edit,
        "openLabel": worded(open_label),
        "empty": worded(empty),
        "every": POLL_MS,
    }
    result = _component(key=key, data=data, on_changed_change=ignore, on_opened_change=ignore)
    opened = result.get("opened")
    return str(opened["id"]) if opened else None


def _job_json(card: JobCard) -> dict[str, Any]:
    """What the first paint needs of the job, in the API's form."""
    return {
        "id": card.id,
        "type": card.type,
        "title": worded(card.title),
        "status": card.state,
        "phase": worded(card.phase),
        "done": card.done,
        "total": card.total,
        "etaS": card.eta_s,
        "preview": card.preview,
        "error": card.error_message and worded(card.error_message),
        "deadLetter": card.dead_letter,
        "queuePosition": card.queue_position,
        "cancelRequested": card.cancel_requested,
        "notBefore": card.not_before.isoformat() if card.not_before else None,
        "waitsFor": card.waits_for,
    }
