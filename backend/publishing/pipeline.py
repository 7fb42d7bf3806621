"""The publishing job: one attempt to publish one post, and its first comment. All state is in the rows, so the process may die
at any line.

The first comment is retried separately; its failure is recorded in the log, never on the post.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

from backend import channels
from backend.db.tables import PostState
from backend.errors import Cancelled, RateLimited, Rejected
from backend.jobs import JobContext
from backend.language import tr_lazy
from backend.platforms.errors import OutcomeUnknown, PlatformError, RateLimitedByPlatform, Transient
from backend.platforms.port import AccountAccess, PlatformAdapter, Published
from backend.platforms.registry import create_adapter
from backend.publishing import attempts, decisions
from backend.publishing.attempts import PublishAttempt
from backend.publishing.publish_flow import PostHeld, PublishFlow
from backend.publishing.schemas import AutopostPayload
from backend.publishing.service import CANCELLED

MAX_TRIES = 5
NOT_FOUND = tr_lazy("Its answer was lost and it is not under the post. Check, and write it by hand.")
NO_REMOTE_ID = tr_lazy("The platform did not say which post it is, so the first comment has to be written by hand.")
STOPPED = tr_lazy("Publishing was stopped before anything went out.")


def has_first_comment(platform: PlatformAdapter, attempt: PublishAttempt) -> bool:
    return bool(attempt.post.first_comment.strip()) and platform.comments


def write_first_comment(ctx: JobContext, platform: PlatformAdapter, attempt: PublishAttempt, published: Published) -> None:
    """Writes the first comment. Re-entrant: after a lost answer or a crash it looks for the comment before sending it again.

    Raises RateLimited when it must be continued later, in another attempt of the job.
    """
    progress: dict[str, Any] = {"state": "waiting", "tries": 0, **attempt.sent.get("comment", {})}
    if progress["state"] not in ("waiting", "sending"):
        return
    if not published.exact:
        _record(ctx, attempt, progress, state="failed", said=NO_REMOTE_ID)
        return
    text = attempt.post.first_comment.strip()

    def with_access(call: Callable[[AccountAccess], str]) -> str:
        return channels.with_access(ctx.app, ctx.transaction, attempt.post.channel_id, call)

    try:
        comment_id = (
            with_access(lambda access: platform.find_comment(published, text, access)) if progress["state"] == "sending" else ""
        )
        if not comment_id and progress["tries"] >= MAX_TRIES:
            _record(ctx, attempt, progress, state="failed", said=NOT_FOUND)
            return
        if not comment_id:
            _record(ctx, attempt, progress, state="sending", tries=progress["tries"] + 1)
            ctx.fault_point("commenting")
            ctx.progress(0, 0, tr_lazy("writing the first comment"))
            comment_id = with_access(lambda access: platform.comment(published, text, access))
        _record(ctx, attempt, progress, state="written", id=comment_id)
    except OutcomeUnknown as error:
        raise RateLimited(error.message, retry_after=max(1.0, ctx.app.settings.publishing.poll_s)) from error
    except (Transient, RateLimitedByPlatform) as error:
        if progress["tries"] >= MAX_TRIES:
            _record(ctx, attempt, progress, state="failed", said=error.message)
            return
        _record(ctx, attempt, progress, tries=progress["tries"] if progress["state"] == "sending" else progress["tries"] + 1)
        delay_s = (
            error.retry_after
            if isinstance(error, RateLimitedByPlatform)
            else ctx.app.settings.publishing.poll_s * 4 ** progress["tries"]
        )
        raise RateLimited(error.message, retry_after=max(1.0, min(3600.0, delay_s))) from error
    except PlatformError as error:
        _record(ctx, attempt, progress, state="failed", said=error.message)


def _record(ctx: JobContext, attempt: PublishAttempt, progress: dict[str, Any], **values: Any) -> None:
    progress |= values
    attempts.record_sent(ctx, attempt, comment=dict(progress))


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
            write_first_comment(ctx, platform_client, attempt, _published_result(attempt))
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
            attempts.mark_published(ctx, attempt, result, comment=has_first_comment(platform_client, attempt))
        except attempts.RemoteIdTaken:
            result = decisions.after_remote_id_taken(platform_client.label, result.remote_id)
        else:
            ctx.log(tr_lazy("Published: {address}", address=result.url or result.remote_id))
            ctx.fault_point("published")
            return
    decision = attempts.end_attempt(ctx, attempt, result)
    attempt.outcome, attempt.message = attempts.OUTCOMES[PostState(decision.state)], decision.message


def _published_result(attempt: PublishAttempt) -> Published:
    handle = attempt.handle or {}
    return Published(attempt.post.remote_id, attempt.post.url, handle, exact=bool(handle.get("exact", True)))
