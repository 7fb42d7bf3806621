"""A post's pictures against the threshold of who they should show."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend import content_plans
from backend.content_plans import PlanCard, PlanFilters
from backend.db.tables import Picture, PictureCheck
from backend.db.transactions import Database
from tests.factories.account import Tenant
from tests.factories.making import make_pictures
from tests.factories.posts import Planner, local_time_ahead, make_planner


def scored(tx: Session, planner: Planner, *scores: float | None) -> tuple[str, ...]:
    """Assets of pictures with these scores; the threshold is 0.8."""
    pictures = []
    for picture_id, score in zip(make_pictures(tx, len(scores), influencer_id=planner.influencer.id), scores, strict=True):
        threshold = None if score is None else 0.8
        tx.execute(update(Picture).where(Picture.id == picture_id).values(identity_score=score, identity_line=threshold))
        pictures.append(tx.get_one(Picture, picture_id).asset_id)
    return tuple(pictures)


def plan(tx: Session, planner: Planner, *media: str) -> PlanCard:
    return planner.plan(tx, wall=local_time_ahead(), variants=(planner.variant(media=media),))


def test_the_worst_picture_speaks_for_the_plan(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        good, bad, unread = scored(tx, bella, 0.93, 0.71, None)
        plans = [plan(tx, bella, good), plan(tx, bella, good, bad), plan(tx, bella, unread)]
        matches = content_plans.worst_matches(tx, plans)
        assert {plan_id: (match.score, match.passes) for plan_id, match in matches.items()} == {
            plans[0].id: (pytest.approx(0.93), True),
            plans[1].id: (pytest.approx(0.71), False),
        }
        below = PlanFilters(face_below=True)
        assert [card.id for card in content_plans.page(tx, below).cards] == [plans[1].id]
        entries = content_plans.entries(tx, first=local_time_ahead(days=0), last=local_time_ahead(days=3), zone="UTC")
        assert {entry.id for entry in entries if entry.face_below} == {plans[1].id}

        picture_id = tx.scalars(select(Picture.id).where(Picture.asset_id == bad)).one()
        tx.add(PictureCheck(picture_id=picture_id, decision="approved"))
        tx.flush()
        assert content_plans.worst_matches(tx, plans)[plans[1].id].passes, "a person has accepted it"
        assert content_plans.page(tx, below).cards == []
