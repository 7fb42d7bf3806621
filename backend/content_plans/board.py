"""Plans by stage, from draft to published, and moving one to another stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import Text, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from backend.content_plans import calendar, checks, dates, queries, schedule
from backend.content_plans.expected_version import ANY_VERSION, ExpectedPlans, require_unchanged
from backend.content_plans.schemas import CalendarEntry, Outcome, PlanCard, PlanFilters
from backend.content_plans.times import time_text
from backend.db.tables import ContentPlan, Post, PostState
from backend.errors import Conflict
from backend.kit.clock import now
from backend.language import tr_lazy

S = PostState
Stage = Literal["attention", "draft", "review", "scheduled", "published"]
TargetStage = Literal["draft", "review", "scheduled"]
"""Where people can move a plan to."""
STAGE_LABELS: dict[Stage, str] = {
    "attention": tr_lazy("Needs fixing"),
    "draft": tr_lazy("Draft"),
    "review": tr_lazy("In review"),
    "scheduled": tr_lazy("Scheduled"),
    "published": tr_lazy("Published"),
}
STATES_OF_STAGE: dict[Stage, tuple[PostState, ...]] = {
    "attention": (S.FAILED, S.MISSED, S.UNKNOWN),
    "draft": (S.DRAFT,),
    "review": (S.IN_REVIEW,),
    "scheduled": (S.APPROVED, S.SCHEDULED, S.PUBLISHING, S.ON_HOLD),
    "published": (S.PUBLISHED,),
}
TARGET_STAGES: dict[PostState, tuple[TargetStage, ...]] = {
    S.DRAFT: ("review", "scheduled"),
    S.IN_REVIEW: ("draft", "scheduled"),
    S.APPROVED: ("draft",),
    S.SCHEDULED: ("draft",),
    S.FAILED: ("review", "scheduled"),
    S.MISSED: ("review", "scheduled"),
}
"""Where a plan in this state can be moved to; nowhere where it is missing."""
_BACK_TO_DRAFT = tr_lazy("Moved back to draft on the board.")


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """`more`: there are more plans than `entries`."""

    stage: Stage
    entries: list[CalendarEntry]
    more: bool


@dataclass(frozen=True, slots=True)
class StageMove:
    """What came of a move. `sentence`: what was done; `note`: a remark for people; `undo_id`: for `undo`, "" without one."""

    sentence: str
    note: str = ""
    undo_id: str = ""


def board(tx: Session, *, zone: str, filters: PlanFilters | None = None, take: int = 50) -> list[BoardColumn]:
    """The first `take` plans of each stage: published ones newest first, the others by date, those without one last.

    `filters.states` is not used.
    """
    rows_by_stage = {stage: _rows(tx, stage, filters or PlanFilters(), take + 1) for stage in STATES_OF_STAGE}
    rows = [row for stage_rows in rows_by_stage.values() for row in stage_rows[:take]]
    entries_by_id = {entry.id: entry for entry in calendar.calendar_entries(tx, rows, zone)}
    return [
        BoardColumn(stage, [entries_by_id[row.id] for row in stage_rows[:take]], len(stage_rows) > take)
        for stage, stage_rows in rows_by_stage.items()
    ]


def _rows(tx: Session, stage: Stage, filters: PlanFilters, limit: int) -> list[Any]:
    """The first rows of a stage. Few plans are looked up by id; of many, the list is walked by date until the page is full."""
    states = STATES_OF_STAGE[stage]
    where = queries.filter_conditions(tx, replace(filters, states=states))
    candidates = _few_candidates(tx, stage)
    if candidates is not None:
        where.append(ContentPlan.id == any_(literal(candidates, ARRAY(Text))))
    query = calendar.plan_columns().where(*where)
    dated, undated = query.where(ContentPlan.due_at.is_not(None)), query.where(ContentPlan.due_at.is_(None))
    order = (ContentPlan.due_at, ContentPlan.id)
    by_date = dated.order_by(*([column.desc() for column in order] if stage == "published" else order))
    rows = list(tx.execute(by_date.limit(limit)))
    if len(rows) < limit:
        rows += tx.execute(undated.order_by(ContentPlan.id.desc()).limit(limit - len(rows)))
    return rows


def _few_candidates(tx: Session, stage: Stage) -> list[str] | None:
    """Ids of all plans that can be in the stage; None: there are more than MAX_INDEXED_MATCHES."""
    limit = queries.MAX_INDEXED_MATCHES + 1
    posts = select(Post.plan_id).where(Post.state.in_(STATES_OF_STAGE[stage])).limit(limit)
    ids = list(tx.scalars(posts))
    if stage == "draft" and len(ids) < limit:  # a plan without a post is a draft too
        postless = select(ContentPlan.id).outerjoin(Post, Post.plan_id == ContentPlan.id)
        ids += tx.scalars(postless.where(queries.NOT_DELETED, Post.id.is_(None)).limit(limit))
    return list(set(ids)) if len(ids) < limit else None


def move_to_stage(tx: Session, plan_id: str, stage: TargetStage, *, expected: ExpectedPlans = ANY_VERSION) -> StageMove:
    """Moves a plan to a stage by the verb that leads there: a draft is sent to review or scheduled, one in review is approved,
    others go back to draft.

    A draft without a date gets the suggested time when it is scheduled. Raises NotFound, ChangedSince, Conflict
    (the reason why it cannot go there).
    """
    require_unchanged(tx, plan_id, expected)
    card = queries.get_existing(tx, plan_id)
    if stage not in TARGET_STAGES.get(card.state, ()):
        raise Conflict(
            tr_lazy(
                "A post that is {state} cannot be moved to “{stage}”.",
                state=STAGE_LABELS[_stage_of(card.state)].lower(),
                stage=STAGE_LABELS[stage],
            )
        )
    match stage:
        case "draft":
            _run(card, lambda: schedule.reject(tx, [plan_id], note=_BACK_TO_DRAFT))
            return StageMove(tr_lazy("“{title}” is a draft again.", title=card.title))
        case "review":
            _run(card, lambda: schedule.submit_for_review(tx, [plan_id]))
            return StageMove(tr_lazy("“{title}” sent for review.", title=card.title))
        case "scheduled":
            return _move_to_scheduled(tx, card)


def _move_to_scheduled(tx: Session, card: PlanCard) -> StageMove:
    if card.state is S.IN_REVIEW:
        outcome = _run(card, lambda: schedule.approve(tx, [card.id]))
        after = queries.get(tx, card.id)
        undo_id = next((entry.id for entry in outcome.undo_entries), "")
        if after.state is S.APPROVED:
            return StageMove(tr_lazy("“{title}” approved.", title=card.title), _why_not_scheduled(tx, after), undo_id)
        return StageMove(
            tr_lazy("“{title}” approved and scheduled for {time}.", title=card.title, time=_date(after)),
            _held_note(after),
            undo_id,
        )
    if card.wall is None:
        dates.set_date(tx, card.id, dates.suggested_time(tx, card.influencer_id, zone=card.zone), card.zone)
    outcome = _run(card, lambda: schedule.schedule(tx, [card.id]))
    after = queries.get(tx, card.id)
    if outcome.review:
        return StageMove(
            tr_lazy("“{title}” sent for review.", title=card.title), tr_lazy("The posting rules ask for an approval first.")
        )
    return StageMove(tr_lazy("“{title}” scheduled for {time}.", title=card.title, time=_date(after)), _held_note(after))


def _run(card: PlanCard, verb: Callable[[], Outcome]) -> Outcome:
    outcome = verb()
    if card.id in outcome.refused:
        raise Conflict(outcome.refused[card.id])
    return outcome


def _why_not_scheduled(tx: Session, card: PlanCard) -> str:
    if card.due_at is None:
        return tr_lazy("It has no date yet.")
    if card.due_at <= now():
        return tr_lazy("Its time has passed: choose a later one.")
    return checks.blocking_problems(tx, card)


def _held_note(card: PlanCard) -> str:
    return tr_lazy("Publishing is paused: it waits.") if card.state is S.ON_HOLD else ""


def _date(card: PlanCard) -> str:
    return time_text(card.wall) if card.wall else ""


def _stage_of(state: PostState) -> Stage:
    return next(stage for stage, states in STATES_OF_STAGE.items() if state in states)
