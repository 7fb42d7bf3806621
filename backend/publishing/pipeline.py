"""An autopost job: one try to publish one post. Its row is the truth; this is only the hands, and may end at any line."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from backend.db.tables import PostState
from backend.errors import Cancelled, Rejected
from backend.jobs import JobContext
from backend.platforms.port import Platform, Published
from backend.platforms.registry import platform
from backend.publishing import attempts, comments, decisions
from backend.publishing.attempts import PublishAttempt
from backend.publishing.pause import CANCELLED
from backend.publishing.publish_flow import Held, PublishFlow
from backend.publishing.schemas import AutopostPayload

STOPPED = "Publishing was stopped before anything went out."


def run(ctx: JobContext, payload: AutopostPayload) -> dict[str, Any]:
    """Ends well also when the post waits for another try; fails with the post's own sentence when a person has to act.

    Raises Conflict: nothing of the post is this job's. Rejected: it failed, or nobody can know.
    """
    mine = attempts.begin(ctx, payload.post_id)
    with closing(platform(mine.post.platform, ctx.app.settings)) as there:
        if not mine.outcome:
            try:
                _send(ctx, there, mine, hold=payload.hold)
            except Held as held:
                by_person = held.scope == "person"
                attempts.hold(ctx, mine, by=held.scope, said=CANCELLED if by_person else STOPPED)
                mine.outcome = "held"
            except Cancelled:
                if mine.phase != "submitting":
                    attempts.hold(ctx, mine, by="person", said=CANCELLED)
                raise
        if mine.outcome == "published" and mine.sent.get("comment"):
            comments.write(ctx, there, mine, _published(mine))
    if mine.outcome in ("failed", "unknown"):
        raise Rejected(mine.said)
    there_is = {"remoteId": mine.post.remote_id, "url": mine.post.url} if mine.outcome == "published" else {}
    return {"outcome": mine.outcome, "post": mine.post.id, **({"said": mine.said} if mine.said else {}), **there_is}


def _send(ctx: JobContext, there: Platform, mine: PublishAttempt, *, hold: bool) -> None:
    found = PublishFlow(ctx, there, mine, hold=hold).go()
    if isinstance(found, Published):
        try:
            attempts.published(ctx, mine, found, comment=comments.wanted(there, mine))
        except attempts.IdTaken:
            found = decisions.after_taken_id(there.label, found.remote_id)
        else:
            ctx.log(f"Published: {found.url or found.remote_id}")
            ctx.fault_point("published")
            return
    verdict = attempts.end(ctx, mine, found)
    mine.outcome, mine.said = attempts.OUTCOMES[PostState(verdict.state)], verdict.said


def _published(mine: PublishAttempt) -> Published:
    handle = mine.handle or {}
    return Published(mine.post.remote_id, mine.post.url, handle, exact=bool(handle.get("exact", True)))
