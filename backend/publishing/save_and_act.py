"""What the composer's footer does: saves what is on the screen and acts on it, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from backend import content_plans
from backend.content_plans import ChangedSince, ExpectedPlans, Outcome, PlanDraft, PlanUndoEntry
from backend.errors import Conflict, StudioError
from backend.publishing.service import send_now

PlanAction = Literal[
    "",
    "review",
    "approve",
    "schedule",
    "unschedule",
    "hold",
    "release",
    "reject",
    "publish",
    "approve_and_publish",
    "mark_published",
]
_VERBS: Mapping[str, Callable[..., Outcome]] = {
    "review": content_plans.submit_for_review,
    "approve": content_plans.approve,
    "schedule": content_plans.schedule,
    "unschedule": content_plans.unschedule,
    "hold": content_plans.hold,
    "release": content_plans.release,
}


@dataclass(frozen=True, slots=True)
class ActionResult:
    """`refusal`: why the action was not done, as a sentence; what was typed is saved all the same. "": it was done."""

    refusal: str = ""
    undo_entry: PlanUndoEntry | None = None


def save_and_act(
    tx: Session,
    plan_id: str,
    draft: PlanDraft,
    *,
    version: int,
    action: PlanAction,
    request_key: str,
    post_id: str = "",
    note: str = "",
    typing: bool = False,
) -> ActionResult:
    """Saves `draft` over `version` of the plan, drops the caller's unsaved edit, then acts.

    `post_id`: publishes only this one. `note`: what should change, for `reject`. Raises NotFound, Invalid, Conflict
    (ChangedSince: somebody has saved another version; nothing is saved then).
    """
    content_plans.require_unchanged(tx, plan_id, {plan_id: version})
    card = content_plans.get(tx, plan_id)
    if draft != card.draft():
        card = content_plans.save(tx, plan_id, draft, version=version, typing=typing)
    content_plans.discard_unsaved_draft(tx, plan_id)
    if not action:
        return ActionResult()
    try:
        with tx.begin_nested():
            outcome = _act(tx, plan_id, action, {plan_id: card}, request_key=request_key, post_id=post_id, note=note)
            if plan_id in outcome.refused:
                raise Conflict(outcome.refused[plan_id])
    except ChangedSince:
        raise
    except StudioError as error:
        return ActionResult(refusal=error.message)
    return ActionResult(undo_entry=next(iter(outcome.undo_entries), None))


def _act(
    tx: Session, plan_id: str, action: PlanAction, expected: ExpectedPlans, *, request_key: str, post_id: str, note: str
) -> Outcome:
    if verb := _VERBS.get(action):
        return verb(tx, [plan_id], expected=expected)
    if action == "reject":
        return content_plans.reject(tx, [plan_id], note=note, expected=expected)
    if action == "mark_published":
        content_plans.mark_published(tx, plan_id, expected=expected)
    else:
        target = {"post_id": post_id} if post_id else {"plan_id": plan_id}
        approve = action == "approve_and_publish"
        send_now(tx, **target, request_key=request_key, approve=approve, expected=expected)
    return Outcome(done=[plan_id])
