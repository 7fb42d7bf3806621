"""What a worker runs to keep a workspace tidy: nothing here is urgent, everything is done from rows, in small steps."""

from __future__ import annotations

from itertools import count
from typing import Any

from pydantic import BaseModel
from sqlalchemy import func, select, text

from backend import accounts, assets, boards, budgets, channels, datasets, jobs, posts, renditions, styles, training
from backend.jobs import Handler, JobContext
from backend.tables import Job

LISTED = "stray_files"


class Upkeep(BaseModel):
    """Nothing to say: it is about the whole workspace."""


def run(ctx: JobContext, payload: Upkeep) -> dict[str, Any]:
    """Result: what was cleared away, by kind."""
    settings = ctx.app.settings
    swept = assets.sweep(ctx.transaction, ctx.app.storage, settings=settings, check=ctx.check)
    with ctx.transaction() as tx:
        freed = training.free_datasets(tx)
        datasets.forget_removed(tx, days=settings.purge_after_days)
        forgotten = jobs.forget_old(tx, hours=settings.job_cleanup_hours)
        boards.forget(tx, days=settings.retain_acts_days)
        posts.forget(tx, days=settings.retain_acts_days)
        prepared = renditions.forget(tx, days=settings.retain_renditions_days)
        sessions = accounts.forget_sessions(tx, hours=settings.session_cleanup_hours)
        idle = settings.session_cleanup_hours, settings.purge_after_days
        retired, unread = styles.forget(tx, idle_hours=idle[0], purge_days=idle[1])
    ctx.app.storage.delete(unread)
    tidied = budgets.tidy(ctx.app, ctx.transaction)
    tokens = channels.keep_alive(ctx.app, ctx.transaction, check=ctx.check)
    return {
        "files_retired": swept.retired,
        "files_removed": swept.purged,
        "uploads_cleared": swept.uploads,
        "prepared_files_cleared": prepared,
        "datasets_freed": freed,
        "jobs_forgotten": forgotten,
        "sessions_forgotten": sessions,
        "styles_retired": retired,
        **tidied,
        **tokens,
        **_strays(ctx),
    }


def _strays(ctx: JobContext) -> dict[str, Any]:
    """Once a day the storage is listed, for people to look at: nothing is deleted that no row names."""
    with ctx.transaction() as tx:
        lately = Job.finished_at > func.clock_timestamp() - text("interval '23 hours'")
        listed = select(Job.id).where(Job.kind == "upkeep", lately, Job.result[LISTED].astext.is_not(None))
        if tx.scalar(listed.limit(1)):
            return {}
    batches = count(1)

    def look() -> None:
        ctx.progress(next(batches), 0, "listing the storage")
        ctx.check()

    found = 0
    shown: list[str] = []
    for key in assets.strays(ctx.transaction, ctx.app.storage, tenant_id=ctx.tenant_id, check=look):
        found += 1
        if len(shown) < 20:
            shown.append(key)
    if found:
        ctx.log(f"{found:,} files in the storage belong to nothing; they are left alone: {', '.join(shown)}", level="warning")
    return {LISTED: found}


KINDS = {"upkeep": Handler(Upkeep, run)}
