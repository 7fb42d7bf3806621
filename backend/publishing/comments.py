"""The first comment of a published post. It is retried separately; its failure is recorded in the log, never on the post."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backend import channels
from backend.errors import RateLimited
from backend.jobs import JobContext
from backend.platforms.errors import OutcomeUnknown, PlatformError, RateLimitedByPlatform, Transient
from backend.platforms.port import AccountAccess, PlatformAdapter, Published
from backend.publishing import attempts
from backend.publishing.attempts import PublishAttempt

MAX_TRIES = 5
NOT_FOUND = "Its answer was lost and it is not under the post. Look, and write it by hand."
NO_REMOTE_ID = "The platform did not say which post it is, so the first comment has to be written by hand."


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
            ctx.progress(0, 0, "writing the first comment")
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
