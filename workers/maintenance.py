"""A workspace's maintenance job: deletes what its retention times allow and refreshes tokens. Nothing here is urgent; it can
stop after any statement and goes on from the rows at the next run."""

from __future__ import annotations

import itertools
from typing import Any

from sqlalchemy import func, select, text

from backend import (
    access,
    accounts,
    assets,
    automations,
    budgets,
    channels,
    content_plans,
    datasets,
    jobs,
    notices,
    reels,
    renditions,
    training,
    trash,
    undo,
    voices,
    webhooks,
    writing_styles,
)
from backend.db.tables import Job
from backend.job_types import MaintenancePayload
from backend.jobs import JobContext
from backend.kit import temp_folders
from backend.language import tr_lazy_plural

STRAY_FILES = "stray_files"
_UNSAVED_DAYS = 90
"""How long text that was typed into a plan and never saved is kept."""


def run(ctx: JobContext, payload: MaintenancePayload) -> dict[str, Any]:
    """Result: how much of each kind was deleted."""
    settings = ctx.app.settings
    swept = assets.sweep(ctx.transaction, ctx.app.storage, settings=settings, check=ctx.check)
    with ctx.transaction() as tx:
        freed = training.unlock_datasets(tx)
        datasets.purge_removals(tx, days=settings.retention.purge_after_days)
        forgotten = jobs.purge_old(tx, hours=settings.retention.jobs_hours)
        undo.purge(tx, days=settings.retention.undo_days)
        erased = trash.purge_old(tx, days=settings.retention.trash_days)
        content_plans.delete_old_unsaved_drafts(tx, days=_UNSAVED_DAYS)
        prepared = renditions.delete_unused(tx, days=settings.retention.renditions_days)
        automations.purge_runs(tx, days=settings.retention.undo_days)
        reels.purge_clips(tx, days=settings.retention.renditions_days)
        sessions = accounts.purge_sessions(tx, hours=settings.retention.sessions_hours)
        access.purge_repeated_requests(tx)
        notices.purge_old(tx)
        idle = settings.retention.sessions_hours, settings.retention.purge_after_days
        retired, unread = writing_styles.retire_idle(tx, idle_hours=idle[0], purge_days=idle[1])
    with ctx.transaction() as tx:
        withdrawn = voices.withdraw_ended(tx)
        left_copies = voices.delete_left_behind(tx)
    ctx.app.storage.delete(unread)
    with ctx.transaction() as tx:
        resealed = sum(
            reseal(tx, settings)
            for reseal in (
                channels.reseal_tokens,
                webhooks.reseal_secrets,
                notices.reseal_targets,
                accounts.reseal_secrets,
            )
        )
    tidied = budgets.reconcile(ctx.app, ctx.transaction)
    folders = temp_folders.sweep()
    reels.sweep_shared_folder(settings)
    tokens = channels.refresh_expiring(ctx.app, ctx.transaction, check=ctx.check)
    return {
        "trash_erased": erased,
        "files_retired": swept.retired,
        "files_removed": swept.purged,
        "uploads_cleared": swept.uploads,
        "prepared_files_cleared": prepared,
        "datasets_freed": freed,
        "jobs_forgotten": forgotten,
        "sessions_forgotten": sessions,
        "styles_retired": retired,
        "consents_over": withdrawn,
        "voice_copies_left": left_copies,
        "left_folders_removed": folders,
        "secrets_resealed": resealed,
        **tidied,
        **tokens,
        **_strays(ctx),
    }


def _strays(ctx: JobContext) -> dict[str, Any]:
    """Once a day, lists stored files that no row names. They are only reported: a backup restored later may name them."""
    with ctx.transaction() as tx:
        recent = Job.finished_at > func.clock_timestamp() - text("interval '23 hours'")
        listed = select(Job.id).where(Job.kind == "upkeep", recent, Job.result[STRAY_FILES].astext.is_not(None))
        if tx.scalar(listed.limit(1)):
            return {}
    batches = itertools.count(1)

    def check() -> None:
        ctx.progress(next(batches), 0, "listing the storage")
        ctx.check()

    count = 0
    examples: list[str] = []
    for key in assets.find_strays(ctx.transaction, ctx.app.storage, tenant_id=ctx.tenant_id, check=check):
        count += 1
        if len(examples) < 20:
            examples.append(key)
    if count:
        ctx.log(
            tr_lazy_plural(
                "{n:,} file in the storage belongs to nothing; it is left alone: {names}",
                "{n:,} files in the storage belong to nothing; they are left alone: {names}",
                count,
                names=", ".join(examples),
            ),
            level="warning",
        )
    return {STRAY_FILES: count}
