"""The rows of a try: the post while a job has it, and its line in the log of attempts. Every write asks whether it is ours."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.content_plans import ownership as posts
from backend.db.tables import Post, PostAttempt, PostState
from backend.errors import Conflict, Invalid
from backend.jobs import JobContext
from backend.kit.ids import new_id
from backend.kit.secrets import KeyRing
from backend.platforms.errors import RateLimitedByPlatform
from backend.platforms.port import Published
from backend.publishing.decisions import Decision
from backend.settings import Settings

S = PostState
OUTCOMES = {
    S.PUBLISHED: "published", S.FAILED: "failed", S.UNKNOWN: "unknown", S.SCHEDULED: "released", S.ON_HOLD: "held",
    S.MISSED: "missed",
}  # fmt: skip
NOT_OURS = "Nothing of this post is waiting to be sent by this job. Open it on the calendar to see how it stands."


@dataclass
class PublishAttempt:
    """A post as its job has it. `phase`: of the row. `new`: this job begins with it. `outcome`: how the try has ended already,
    for a job whose worker died before it could say so itself."""

    id: str
    post: posts.PostCard
    phase: str
    handle: dict[str, Any] | None = field(repr=False)
    submitted_at: datetime | None
    new: bool
    outcome: str
    said: str
    sent: dict[str, Any]
    began_at: datetime


def begin(ctx: JobContext, post_id: str) -> PublishAttempt:
    """Raises Conflict when the post is not this job's."""
    with ctx.transaction() as tx:
        row = tx.scalars(select(Post).where(Post.id == post_id).with_for_update()).one_or_none()
        mine = tx.scalars(select(PostAttempt).where(PostAttempt.post_id == post_id, PostAttempt.job_id == ctx.job_id)).first()
        if row is None or (mine is None and (row.job_id != ctx.job_id or row.state != S.PUBLISHING)):
            raise Conflict(NOT_OURS)
        new = mine is None
        if mine is None:
            mine = _open(tx, row, ctx.job_id)
        if mine.outcome == "running" and (row.job_id != ctx.job_id or row.state != S.PUBLISHING):
            raise Conflict(NOT_OURS)
        handle = _opened(row, ctx.app.settings)
        if handle is None and row.phase == "ready":
            row.phase = "preparing"
        tx.flush()
        return PublishAttempt(
            id=mine.id, post=posts.get_post(tx, post_id), phase=row.phase, handle=handle, submitted_at=row.submitted_at,
            new=new, outcome="" if mine.outcome == "running" else mine.outcome, said=mine.said, sent=dict(mine.sent),
            began_at=mine.created_at,
        )  # fmt: skip


def _open(tx: Session, row: Post, job_id: str) -> PostAttempt:
    last = tx.scalars(select(PostAttempt).where(PostAttempt.post_id == row.id).order_by(PostAttempt.n.desc()).limit(1)).first()
    # what was prepared by an earlier try goes out with what was said then
    kept = last.sent if last and row.handle else {}
    sent: dict[str, Any] = {name: kept[name] for name in ("ai_made", "said") if name in kept}
    made = PostAttempt(id=new_id("try"), post_id=row.id, n=last.n + 1 if last else 1, outcome="running", job_id=job_id)
    made.tenant_id, made.phase, made.sent, made.said, made.detail, made.code = row.tenant_id, row.phase, sent, "", "", ""
    tx.add(made)
    tx.flush()
    tx.refresh(made)
    return made


def keep_handle(ctx: JobContext, mine: PublishAttempt, handle: dict[str, Any] | None) -> None:
    """Durable before it returns: upload addresses open accounts, so they are sealed."""
    write(ctx, mine, handle=seal(handle, ctx.app.settings, tenant_id=ctx.tenant_id, post_id=mine.post.id))
    mine.handle = handle


def to_phase(ctx: JobContext, mine: PublishAttempt, phase: str, **values: Any) -> None:
    """Durable before it returns."""
    write(ctx, mine, phase=phase, **values)
    mine.phase = phase
    mine.submitted_at = values.get("submitted_at", mine.submitted_at)


def submitting(ctx: JobContext, mine: PublishAttempt, *, made: bool = False) -> str:
    """Commits that the irreversible call is about to be made (or `made` already: then it is only asked about).

    A stop switch that is on by now is in time: its scope is returned and nothing is written.
    """
    with ctx.transaction() as tx:
        if not made and (switch := stopper(tx, mine.post)):
            return switch
        at: datetime = tx.scalars(select(func.clock_timestamp())).one()
        _write(tx, ctx, mine, phase="submitting", submitted_at=at)
    mine.phase, mine.submitted_at = "submitting", at
    return ""


def stopper(tx: Session, post: posts.PostCard) -> str:
    return posts.active_stop_switch(tx, posts.owner_of(tx, post.plan_id))


def note(ctx: JobContext, mine: PublishAttempt, **sent: Any) -> None:
    """Into what was sent, for people."""
    mine.sent |= sent
    with ctx.transaction() as tx:
        tx.execute(update(PostAttempt).where(PostAttempt.id == mine.id).values(sent=mine.sent))


def age_s(ctx: JobContext, since: datetime | None) -> float:
    """By Postgres's clock, like all there is."""
    if since is None:
        return 0.0
    with ctx.transaction() as tx:
        now: datetime = tx.scalars(select(func.clock_timestamp())).one()
    return max(0.0, (now - since).total_seconds())


class IdTaken(Exception):
    """The platform gave a post the id that another post of the channel has already."""


def published(ctx: JobContext, mine: PublishAttempt, there: Published, *, comment: bool) -> None:
    """`comment`: a first comment follows. Raises IdTaken; nothing is written then."""
    said: dict[str, Any] = {"remote_id": there.remote_id, "url": there.url, "published_at": func.clock_timestamp()}
    said |= {"error": "", "error_code": "", "phase": "", "not_before": None}
    handle = {**there.handle, "exact": there.exact} if comment else None
    said["handle"] = seal(handle, ctx.app.settings, tenant_id=ctx.tenant_id, post_id=mine.post.id)
    sent = mine.sent | ({"comment": {"state": "waiting"}} if comment else {})
    sent |= {} if there.exact else {"container": there.handle.get("container", "")}
    try:
        with ctx.transaction() as tx:
            _end(tx, ctx, mine, S.PUBLISHED, said, {"sent": sent})
    except IntegrityError as error:
        if "uq_posts_remote" in str(error.orig):
            raise IdTaken(there.remote_id) from error
        raise
    mine.sent = sent
    mine.outcome, mine.handle = "published", handle
    mine.post = replace(mine.post, remote_id=there.remote_id, url=there.url)


def end(ctx: JobContext, mine: PublishAttempt, verdict: Decision) -> Decision:
    """Writes how the try ended: the post and its line in the log in one transaction. Returns it with its sentence."""
    said = verdict.said
    with ctx.transaction() as tx:
        values: dict[str, Any] = {"error_code": verdict.code, "phase": _left_at(mine, verdict.phase)}
        values["tries"] = Post.tries + (1 if verdict.counted else 0)
        if verdict.state is not S.UNKNOWN:
            values["submitted_at"] = None
        if verdict.forget:
            values["handle"] = None
        if verdict.state is S.SCHEDULED:
            at: datetime = tx.scalars(select(func.clock_timestamp())).one() + timedelta(seconds=verdict.delay_s)
            values["not_before"] = at
            said += (
                f" Next try: {posts.clock_of(tx, mine.post.plan_id, at)}." if verdict.code == RateLimitedByPlatform.code else ""
            )
        _end(
            tx,
            ctx,
            mine,
            verdict.state,
            {**values, "error": said},
            {"code": verdict.code, "said": said, "detail": verdict.detail},
        )
    return replace(verdict, said=said)


def hold(ctx: JobContext, mine: PublishAttempt, *, by: str, said: str) -> None:
    """Back, with what was prepared; nothing went out. `by`: `person`, `workspace`, or the influencer's id."""
    values = {"held_from": S.SCHEDULED, "held_by": by, "phase": _left_at(mine, "ready"), "submitted_at": None}
    with ctx.transaction() as tx:
        _end(tx, ctx, mine, S.ON_HOLD, {**values, "error": "", "error_code": ""}, {"code": "held", "said": said})


def _left_at(mine: PublishAttempt, phase: str) -> str:
    """What the next try begins with: `ready` only if all of it was prepared."""
    return phase if phase != "ready" or mine.phase in ("ready", "submitting") else ""


def write(ctx: JobContext, mine: PublishAttempt, **values: Any) -> None:
    with ctx.transaction() as tx:
        _write(tx, ctx, mine, **values)


def _write(tx: Session, ctx: JobContext, mine: PublishAttempt, **values: Any) -> None:
    ours = update(Post).where(Post.id == mine.post.id, Post.state == S.PUBLISHING, Post.job_id == ctx.job_id)
    if tx.execute(ours.values(**values, updated_at=func.clock_timestamp()).returning(Post.id)).first() is None:
        raise Conflict(NOT_OURS)
    if phase := values.get("phase"):
        tx.execute(update(PostAttempt).where(PostAttempt.id == mine.id).values(phase=phase))


def _end(
    tx: Session, ctx: JobContext, mine: PublishAttempt, state: PostState, values: dict[str, Any], log: dict[str, Any]
) -> None:
    if posts.move(tx, mine.post.id, S.PUBLISHING, state, Post.job_id == ctx.job_id, **values) is None:
        raise Conflict(NOT_OURS)
    closed = update(PostAttempt).where(PostAttempt.id == mine.id)
    tx.execute(closed.values(**log, outcome=OUTCOMES[state], ended_at=func.clock_timestamp()))


def seal(handle: dict[str, Any] | None, settings: Settings, *, tenant_id: str, post_id: str) -> bytes | None:
    if handle is None:
        return None
    return KeyRing(settings.secret_keys.get_secret_value()).seal(json.dumps(handle), tenant_id=tenant_id, row_id=post_id)


def _opened(row: Post, settings: Settings) -> dict[str, Any] | None:
    """None also when no key fits any more: it is prepared anew then, and what was submitted cannot be asked about."""
    if row.handle is None:
        return None
    try:
        said = KeyRing(settings.secret_keys.get_secret_value()).open(row.handle, tenant_id=row.tenant_id, row_id=row.id)
    except Invalid:
        return None
    kept: dict[str, Any] = json.loads(said)
    return kept
