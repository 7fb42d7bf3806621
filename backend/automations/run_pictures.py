"""What runs of automations have made, as pictures."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import assets, content_plans, jobs, training
from backend.automations.schemas import AutomationRunCard, Flow
from backend.db.tables import AutomationStep


def run_pictures(tx: Session, runs: Sequence[AutomationRunCard]) -> dict[str, str]:
    """Run id -> asset id of the first picture or video that it has made: of its posts, else of its jobs, else of its training.
    At most five statements, however many runs there are."""
    flows = {run.id: Flow.model_validate(run.figures or {}) for run in runs}
    plan_ids = {plan_id for flow in flows.values() for plan_id in (*flow.posts, *flow.left)}
    media = content_plans.first_media(tx, plan_ids)
    candidates = {
        run_id: [media[plan_id] for plan_id in (*flow.posts, *flow.left) if plan_id in media] for run_id, flow in flows.items()
    }
    without_posts = [run_id for run_id, asset_ids in candidates.items() if not asset_ids]
    job_ids = _job_ids(tx, without_posts)
    files = jobs.made_files(tx, {job_id for run_id in without_posts for job_id in job_ids[run_id]})
    samples = training.newest_samples(tx, [flow.training_run_id for flow in flows.values() if flow.training_run_id])
    for run_id in without_posts:
        candidates[run_id] += [asset_id for job_id in job_ids[run_id] for asset_id in files.get(job_id, ())]
        candidates[run_id] += filter(None, [samples.get(flows[run_id].training_run_id)])
    return assets.first_with_thumbnail(tx, candidates)


def _job_ids(tx: Session, run_ids: Sequence[str]) -> dict[str, list[str]]:
    """Run id -> the jobs that its steps have ordered, in order."""
    ids_by_run: dict[str, list[str]] = {run_id: [] for run_id in run_ids}
    if run_ids:
        columns = select(AutomationStep.run_id, AutomationStep.job_ids).where(AutomationStep.run_id.in_(run_ids))
        for run_id, job_ids in tx.execute(columns.order_by(AutomationStep.run_id, AutomationStep.n)):
            ids_by_run[run_id] += job_ids
    return ids_by_run
