"""Reading trials: cards, cells, votes, and what they add up to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from backend import assets, training
from backend.comparisons import ranking, rules, verdict
from backend.comparisons.schemas import Arm, Cell, Judged, PairResult, Plan, Results, TrialCard
from backend.db.tables import Job, TrainingCheckpoint, TrainingRun, Trial, TrialCell, TrialVote
from backend.errors import NotFound


def get(tx: Session, trial_id: str, *, lock: bool = False) -> TrialCard:
    """`lock`: until `tx` ends nobody else gets past here with this trial. Raises NotFound, also for a deleted one."""
    if lock:
        tx.execute(select(Trial.id).where(Trial.id == trial_id).with_for_update())
    row = tx.execute(_cards().where(Trial.id == trial_id)).first()
    if row is None:
        raise NotFound("This comparison does not exist here. It may have been deleted.")
    return _card(*row)


def page(tx: Session, *, run_id: str | None = None, take: int = 50) -> list[TrialCard]:
    """Newest first."""
    query = _cards().order_by(Trial.id.desc()).limit(take)
    return [_card(*row) for row in tx.execute(query.where(Trial.run_id == run_id) if run_id else query)]


def cells(tx: Session, trial_id: str) -> list[Cell]:
    """Those that are there, in the order of the plan."""
    query = select(TrialCell).where(TrialCell.trial_id == trial_id).order_by(TrialCell.n)
    return [_cell(row) for row in tx.scalars(query.execution_options(populate_existing=True))]


def existing(tx: Session, trial_id: str) -> set[int]:
    """Numbers of the cells a trial has already: they are not drawn again."""
    return set(tx.scalars(select(TrialCell.n).where(TrialCell.trial_id == trial_id)))


def duels(tx: Session, trial_id: str) -> list[PairResult]:
    """Every vote that says something, oldest first (skipped pairs say nothing)."""
    left, right = aliased(TrialCell), aliased(TrialCell)
    query = (
        select(left.step, left.strength, right.step, right.strength, TrialVote.choice)
        .join(left, left.id == TrialVote.left_id)
        .join(right, right.id == TrialVote.right_id)
        .where(TrialVote.trial_id == trial_id, TrialVote.choice != "skip")
        .order_by(TrialVote.id)
    )
    return [_duel(Arm(a, b), Arm(c, d), choice) for a, b, c, d, choice in tx.execute(query)]


def results(tx: Session, trial_id: str) -> Results:
    """Figures, ranking, warnings and the suggestion, as of now. Raises NotFound."""
    card = get(tx, trial_id)
    return judge(card, cells(tx, trial_id), duels(tx, trial_id))


def judge(card: TrialCard, drawn: Sequence[Cell], voted: Sequence[PairResult]) -> Results:
    """The same from what was read already."""
    arms = rules.arms(card.plan)
    found = verdict.figures(arms, drawn)
    there = [one.arm for one in found if one.pictures]
    ranks = ranking.rank(there, voted)
    warnings = verdict.overfit(found, card.judged)
    return Results(
        figures=found,
        ranks=ranks,
        warnings=warnings,
        suggestion=verdict.suggest(found, ranks, warnings, voted, card.judged),
        votes=len(voted),
        votes_left=ranking.votes_left(ranks),
    )


def references(tx: Session, trial_id: str, *, take: int = 4) -> list[str]:
    """Assets of a few training pictures, evenly over the set: what the face should look like."""
    query = select(TrainingRun.snapshot).join(Trial, Trial.run_id == TrainingRun.id).where(Trial.id == trial_id)
    ids = [item["asset_id"] for item in tx.scalars(query).one()]
    found = assets.get_many(tx, ids[:: max(1, len(ids) // take)][:take])
    return [one for one in ids if one in found and found[one].state == "stored"]


def comparable(tx: Session) -> list[training.RunCard]:
    """Runs with at least one checkpoint, newest first."""
    found = training.page(tx, take=200).cards
    saved = select(TrainingCheckpoint.run_id).where(TrainingCheckpoint.run_id.in_([one.id for one in found])).distinct()
    have = set(tx.scalars(saved))
    return [one for one in found if one.id in have]


def _cards() -> Select[Any]:
    done = select(func.count()).where(TrialCell.trial_id == Trial.id).correlate(Trial).scalar_subquery()
    voted = TrialVote.trial_id == Trial.id, TrialVote.choice != "skip"
    votes = select(func.count()).where(*voted).correlate(Trial).scalar_subquery()
    query = select(Trial, TrainingRun.name, TrainingRun.influencer_id, Job.state, Job.error_message, done, votes)
    query = query.join(TrainingRun, TrainingRun.id == Trial.run_id).join(Job, Job.id == Trial.job_id)
    return query.where(Trial.deleted_at.is_(None)).execution_options(populate_existing=True)


def _card(
    row: Trial, run_name: str, influencer_id: str | None, state: str, error_message: str | None, done: int, votes: int
) -> TrialCard:
    plan = Plan.model_validate(row.plan)
    return TrialCard(
        id=row.id,
        run_id=row.run_id,
        run_name=run_name,
        influencer_id=influencer_id,
        job_id=row.job_id or "",
        plan=plan,
        judged=Judged.model_validate(row.judged) if row.judged else None,
        total=len(rules.spots(plan)),
        done=done,
        votes=votes,
        grid_asset_id=row.grid_asset_id,
        state=state,
        error_message=error_message,
        created_at=row.created_at,
    )


def _cell(row: TrialCell) -> Cell:
    same = ("id", "n", "prompt_n", "seed_n", "asset_id", "dhash", "identity", "adherence", "seen")
    return Cell(arm=Arm(row.step, row.strength), **{name: getattr(row, name) for name in same})


def _duel(left: Arm, right: Arm, choice: str) -> PairResult:
    return PairResult(left, right, {"left": left, "right": right}.get(choice))
