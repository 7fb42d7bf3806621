"""Reading comparisons: cards, cells, votes, and the results computed from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from backend import assets, training
from backend.comparisons import ranking, rules, verdict
from backend.comparisons.schemas import Arm, ComparisonCard, ComparisonPlan, DrawnCell, PairResult, Results, ScoringInfo
from backend.db.tables import Asset, Job, TrainingCheckpoint, TrainingRun, Trial, TrialCell, TrialVote
from backend.errors import NotFound
from backend.language import tr_lazy


def get(tx: Session, trial_id: str, *, lock: bool = False) -> ComparisonCard:
    """`lock`: locks the comparison's row until `tx` ends. Raises NotFound, also for a deleted one."""
    if lock:
        tx.execute(select(Trial.id).where(Trial.id == trial_id).with_for_update())
    row = tx.execute(_cards().where(Trial.id == trial_id)).first()
    if row is None:
        raise NotFound(tr_lazy("This comparison does not exist here. It may have been deleted."))
    return _card(*row)


def page(tx: Session, *, run_id: str | None = None, take: int = 50, skip: int = 0) -> list[ComparisonCard]:
    """Newest first."""
    query = _cards().order_by(Trial.id.desc()).limit(take).offset(skip)
    return [_card(*row) for row in tx.execute(query.where(Trial.run_id == run_id) if run_id else query)]


def count(tx: Session, *, run_id: str | None = None) -> int:
    query = select(func.count()).select_from(Trial).where(Trial.deleted_at.is_(None))
    return tx.scalar(query.where(Trial.run_id == run_id) if run_id else query) or 0


def cells(tx: Session, trial_id: str) -> list[DrawnCell]:
    """Cells drawn so far, in the order of the plan."""
    query = select(TrialCell).where(TrialCell.trial_id == trial_id).order_by(TrialCell.n)
    return [_cell(row) for row in tx.scalars(query.execution_options(populate_existing=True))]


def drawn_numbers(tx: Session, trial_id: str) -> set[int]:
    """Numbers of the cells that are drawn already."""
    return set(tx.scalars(select(TrialCell.n).where(TrialCell.trial_id == trial_id)))


def cell_files(tx: Session, trial_id: str) -> list[dict[str, str]]:
    """{cellId, assetId, s3Key} of the cells drawn so far, in the order of the plan."""
    query = select(TrialCell.id, TrialCell.asset_id, Asset.key).join(Asset, Asset.id == TrialCell.asset_id)
    rows = tx.execute(query.where(TrialCell.trial_id == trial_id).order_by(TrialCell.n))
    return [{"cellId": cell_id, "assetId": asset_id, "s3Key": key} for cell_id, asset_id, key in rows]


def pair_results(tx: Session, trial_id: str) -> list[PairResult]:
    """Every vote except skipped pairs, oldest first."""
    left, right = aliased(TrialCell), aliased(TrialCell)
    query = (
        select(left.step, left.strength, right.step, right.strength, TrialVote.choice)
        .join(left, left.id == TrialVote.left_id)
        .join(right, right.id == TrialVote.right_id)
        .where(TrialVote.trial_id == trial_id, TrialVote.choice != "skip")
        .order_by(TrialVote.id)
    )
    return [_pair_result(Arm(a, b), Arm(c, d), choice) for a, b, c, d, choice in tx.execute(query)]


def results(tx: Session, trial_id: str) -> Results:
    """Scores, ranking, warnings and the suggestion, as of now. Raises NotFound."""
    card = get(tx, trial_id)
    return compute_results(card, cells(tx, trial_id), pair_results(tx, trial_id))


def compute_results(card: ComparisonCard, cells: Sequence[DrawnCell], votes: Sequence[PairResult]) -> Results:
    """As `results`, from cells and votes that were read already."""
    arms = rules.arms(card.plan)
    scores = verdict.arm_scores(arms, cells)
    drawn_arms = [item.arm for item in scores if item.pictures]
    ranks = ranking.rank(drawn_arms, votes)
    warnings = verdict.overfit_warnings(scores, card.judged)
    return Results(
        figures=scores,
        ranks=ranks,
        warnings=warnings,
        suggestion=verdict.suggest(scores, ranks, warnings, votes, card.judged),
        votes=len(votes),
        votes_left=ranking.votes_left(ranks),
    )


def reference_pictures(tx: Session, trial_id: str, *, take: int = 4) -> list[str]:
    """Asset ids of a few training pictures, evenly over the dataset: what the face should look like."""
    query = select(TrainingRun.snapshot).join(Trial, Trial.run_id == TrainingRun.id).where(Trial.id == trial_id)
    ids = [item["asset_id"] for item in tx.scalars(query).one()]
    stored = assets.get_many(tx, ids[:: max(1, len(ids) // take)][:take])
    return [asset_id for asset_id in ids if asset_id in stored and stored[asset_id].state == "stored"]


def comparable_runs(tx: Session) -> list[training.RunCard]:
    """Training runs that have saved at least one version, newest first."""
    runs = training.page(tx, take=200).cards
    saved = select(TrainingCheckpoint.run_id).where(TrainingCheckpoint.run_id.in_([run.id for run in runs])).distinct()
    with_checkpoint = set(tx.scalars(saved))
    return [run for run in runs if run.id in with_checkpoint]


def _cards() -> Select[Any]:
    done = select(func.count()).where(TrialCell.trial_id == Trial.id).correlate(Trial).scalar_subquery()
    counted_votes = TrialVote.trial_id == Trial.id, TrialVote.choice != "skip"
    votes = select(func.count()).where(*counted_votes).correlate(Trial).scalar_subquery()
    query = select(Trial, TrainingRun.name, TrainingRun.influencer_id, Job.state, Job.error_message, done, votes)
    query = query.join(TrainingRun, TrainingRun.id == Trial.run_id).join(Job, Job.id == Trial.job_id)
    return query.where(Trial.deleted_at.is_(None)).execution_options(populate_existing=True)


def _card(
    row: Trial, run_name: str, influencer_id: str | None, state: str, error_message: str | None, done: int, votes: int
) -> ComparisonCard:
    plan = ComparisonPlan.model_validate(row.plan)
    return ComparisonCard(
        id=row.id,
        run_id=row.run_id,
        run_name=run_name,
        influencer_id=influencer_id,
        job_id=row.job_id or "",
        plan=plan,
        judged=ScoringInfo.model_validate(row.judged) if row.judged else None,
        total=len(rules.planned_cells(plan)),
        done=done,
        votes=votes,
        grid_asset_id=row.grid_asset_id,
        state=state,
        error_message=error_message,
        created_at=row.created_at,
    )


def _cell(row: TrialCell) -> DrawnCell:
    columns = ("id", "n", "prompt_n", "seed_n", "asset_id", "dhash", "identity", "adherence", "seen")
    return DrawnCell(arm=Arm(row.step, row.strength), **{name: getattr(row, name) for name in columns})


def _pair_result(left: Arm, right: Arm, choice: str) -> PairResult:
    return PairResult(left, right, {"left": left, "right": right}.get(choice))
