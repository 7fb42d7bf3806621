"""The picture of what a notice is about."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import assets, content_plans, jobs, training
from backend.db.tables import AutomationRun
from backend.notices import NoticeCard

_RUN = "run:"


def notice_pictures(tx: Session, cards: Sequence[NoticeCard]) -> dict[str, str]:
    """Notice id -> asset id of the picture of its post, job, training or automation's run, of those that have one. At most five
    statements, however many notices there are."""
    plan_ids = {card.id: [card.noun_id] for card in cards if card.noun == "plan" and card.noun_id}
    plan_ids |= _plans_of_runs(tx, cards)
    media = content_plans.first_media(tx, {plan_id for ids in plan_ids.values() for plan_id in ids})
    files = jobs.made_files(tx, _ids(cards, "job"))
    samples = training.newest_samples(tx, _ids(cards, "training"))
    candidates = {
        card.id: [
            *(media[plan_id] for plan_id in plan_ids.get(card.id, ()) if plan_id in media),
            *(files.get(card.noun_id, ()) if card.noun == "job" else ()),
            *filter(None, [samples.get(card.noun_id) if card.noun == "training" else None]),
        ]
        for card in cards
    }
    return assets.first_with_thumbnail(tx, candidates)


def _ids(cards: Sequence[NoticeCard], noun: str) -> list[str]:
    return [card.noun_id for card in cards if card.noun == noun and card.noun_id]


def _plans_of_runs(tx: Session, cards: Sequence[NoticeCard]) -> dict[str, list[str]]:
    """Notice id -> the posts that its automation's run went on with, then those that it left for people."""
    run_ids = {
        card.id: card.subject.removeprefix(_RUN)
        for card in cards
        if card.noun == "automation" and card.subject.startswith(_RUN)
    }
    if not run_ids:
        return {}
    query = select(AutomationRun.id, AutomationRun.figures).where(AutomationRun.id.in_(run_ids.values()))
    figures = {run_id: value or {} for run_id, value in tx.execute(query)}
    return {
        notice_id: [*figures.get(run_id, {}).get("posts", ()), *figures.get(run_id, {}).get("left", ())]
        for notice_id, run_id in run_ids.items()
    }
