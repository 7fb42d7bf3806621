"""The publishing job: one attempt to publish one post. All state is in the rows, so the process may die at any line."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from backend.db.tables import PostState
from backend.errors import Cancelled, Rejected
from backend.jobs import JobContext
from backend.platforms.port import PlatformAdapter, Published
from backend.platforms.registry import create_adapter
from backend.publishing import attempts, comments, decisions
from backend.publishing.attempts import PublishAttempt
from backend.publishing.publish_flow import PostHeld, PublishFlow
from backend.publishing.schemas import AutopostPayload
from backend.publishing.service import CANCELLED

STOPPED = "Publishing was stopped before anything went out."


def run(ctx: JobContext, payload: AutopostPayload) -> dict[str, Any]:
    """Completes also when the post is scheduled again; fails with the post's own error when a person has to act.

    Result: {outcome, post}, with `said` (message), `remoteId` and `url` where there are any.
    Raises Conflict: the post is not this job's. Rejected: it failed, or its outcome cannot be found out.
    """
    attempt = attempts.begin_attempt(ctx, payload.post_id)
    with closing(create_adapter(attempt.post.platform, ctx.app.settings)) as platform_client:
        if not attempt.outcome:
            try:
                _publish(ctx, platform_client, attempt, hold=payload.hold)
            except PostHeld as held_error:
                by_person = held_error.scope == "person"
                attempts.hold_post(ctx, attempt, held_by=held_error.scope, message=CANCELLED if by_person else STOPPED)
                attempt.outcome = "held"
            except Cancelled:
                if attempt.phase != "submitting":
                    attempts.hold_post(ctx, attempt, held_by="person", message=CANCELLED)
                raise
        if attempt.outcome == "published" and attempt.sent.get("comment"):
            comments.write_first_comment(ctx, platform_client, attempt, _published_result(attempt))
    if attempt.outcome in ("failed", "unknown"):
        raise Rejected(attempt.message)
    remote = {"remoteId": attempt.post.remote_id, "url": attempt.post.url} if attempt.outcome == "published" else {}
    return {
        "outcome": attempt.outcome,
        "post": attempt.post.id,
        **({"said": attempt.message} if attempt.message else {}),
        **remote,
    }


def _publish(ctx: JobContext, platform_client: PlatformAdapter, attempt: PublishAttempt, *, hold: bool) -> None:
    result = PublishFlow(ctx, platform_client, attempt, hold=hold).run()
    if isinstance(result, Published):
        try:
            attempts.mark_published(ctx, attempt, result, comment=comments.has_first_comment(platform_client, attempt))
        except attempts.RemoteIdTaken:
            result = decisions.after_remote_id_taken(platform_client.label, result.remote_id)
        else:
            ctx.log(f"Published: {result.url or result.remote_id}")
            ctx.fault_point("published")
            return
    decision = attempts.end_attempt(ctx, attempt, result)
    attempt.outcome, attempt.message = attempts.OUTCOMES[PostState(decision.state)], decision.message


def _published_result(attempt: PublishAttempt) -> Published:
    handle = attempt.handle or {}
    return Published(attempt.post.remote_id, attempt.post.url, handle, exact=bool(handle.get("exact", True)))
