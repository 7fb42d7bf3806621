"""The first comment of a post that is out: tried by itself. Its failure is a sentence in the log, never one of the post."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backend import channels
from backend.errors import RateLimited
from backend.jobs import JobContext
from backend.platforms.errors import OutcomeUnknown, PlatformError, RateLimitedByPlatform, Transient
from backend.platforms.port import Access, Platform, Published
from backend.publishing import attempts
from backend.publishing.attempts import PublishAttempt

MOST_TRIES = 5
NOT_FOUND = "Its answer was lost and it is not under the post. Look, and write it by hand."
NAMELESS = "The platform did not say which post it is, so the first comment has to be written by hand."


def wanted(platform: Platform, mine: PublishAttempt) -> bool:
    return bool(mine.post.first_comment.strip()) and platform.comments


def write(ctx: JobContext, platform: Platform, mine: PublishAttempt, there: Published) -> None:
    """Re-entrant: what was being sent when its answer was lost, or its worker died, is looked for before it is sent again.

    Raises RateLimited: it goes on later, in another attempt.
    """
    kept: dict[str, Any] = {"state": "waiting", "tries": 0, **mine.sent.get("comment", {})}
    if kept["state"] not in ("waiting", "sending"):
        return
    if not there.exact:
        _note(ctx, mine, kept, state="failed", said=NAMELESS)
        return
    text = mine.post.first_comment.strip()

    def using(call: Callable[[Access], str]) -> str:
        return channels.with_access(ctx.app, ctx.transaction, mine.post.channel_id, call)

    try:
        id = using(lambda access: platform.find_comment(there, text, access)) if kept["state"] == "sending" else ""
        if not id and kept["tries"] >= MOST_TRIES:
            _note(ctx, mine, kept, state="failed", said=NOT_FOUND)
            return
        if not id:
            _note(ctx, mine, kept, state="sending", tries=kept["tries"] + 1)
            ctx.fault_point("commenting")
            ctx.progress(0, 0, "writing the first comment")
            id = using(lambda access: platform.comment(there, text, access))
        _note(ctx, mine, kept, state="written", id=id)
    except OutcomeUnknown as error:
        raise RateLimited(error.message, retry_after=max(1.0, ctx.app.settings.platform_poll_s)) from error
    except (Transient, RateLimitedByPlatform) as error:
        if kept["tries"] >= MOST_TRIES:
            _note(ctx, mine, kept, state="failed", said=error.message)
            return
        _note(ctx, mine, kept, tries=kept["tries"] if kept["state"] == "sending" else kept["tries"] + 1)
        after = (
            error.retry_after
            if isinstance(error, RateLimitedByPlatform)
            else ctx.app.settings.platform_poll_s * 4 ** kept["tries"]
        )
        raise RateLimited(error.message, retry_after=max(1.0, min(3600.0, after))) from error
    except PlatformError as error:
        _note(ctx, mine, kept, state="failed", said=error.message)


def _note(ctx: JobContext, mine: PublishAttempt, kept: dict[str, Any], **values: Any) -> None:
    kept |= values
    attempts.note(ctx, mine, comment=dict(kept))
