"""Whether the pictures of a post show who they should: the score each was given when it was drawn, against its threshold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Text, and_, column, exists, func, literal, select, true
from sqlalchemy.orm import Session

from backend.content_plans.schemas import PlanCard
from backend.db.tables import ContentPlan, Picture, PictureCheck, Post


@dataclass(frozen=True, slots=True)
class FaceMatch:
    """0 to 1. `accepted`: a person has looked at the picture and said that it is fine."""

    asset_id: str
    score: float
    line: float
    accepted: bool = False

    @property
    def passes(self) -> bool:
        return self.accepted or self.score >= self.line


def of_assets(tx: Session, asset_ids: Iterable[str]) -> dict[str, FaceMatch]:
    """Of those that were scored."""
    wanted = sorted(set(asset_ids))
    if not wanted:
        return {}
    query = select(Picture.asset_id, Picture.identity_score, Picture.identity_line, PictureCheck.decision)
    query = query.outerjoin(PictureCheck, PictureCheck.picture_id == Picture.id).where(
        Picture.asset_id.in_(wanted), Picture.identity_score.is_not(None)
    )
    rows = tx.execute(query.order_by(Picture.id)).all()
    return {
        asset_id: FaceMatch(asset_id, score, line, decision == "approved")
        for asset_id, score, line, decision in rows
        if score is not None and line is not None
    }


def of_plans(tx: Session, cards: Sequence[PlanCard]) -> dict[str, FaceMatch]:
    """Plan id -> the picture of its posts that is furthest below its threshold, or else nearest to it; of scored ones."""
    found = of_assets(tx, (asset_id for card in cards for post in card.posts for asset_id in post.media))
    worst: dict[str, FaceMatch] = {}
    for card in cards:
        mine = [found[one] for post in card.posts for one in post.media if one in found]
        if mine:
            worst[card.id] = min(mine, key=lambda one: (one.passes, one.score - one.line))
    return worst


def below() -> ColumnElement[bool]:
    """Of a plan, in SQL: a picture of one of its posts misses its threshold, and nobody has accepted it."""
    files = func.jsonb_array_elements_text(Post.media).table_valued(column("value", Text)).render_derived().lateral()
    accepted = exists().where(
        PictureCheck.tenant_id == Picture.tenant_id, PictureCheck.picture_id == Picture.id, PictureCheck.decision == "approved"
    )
    used = select(literal(1)).select_from(Post).join(files, true())
    used = used.join(Picture, and_(Picture.tenant_id == Post.tenant_id, Picture.asset_id == files.c.value))
    mine = Post.plan_id == ContentPlan.id, Post.tenant_id == ContentPlan.tenant_id
    return used.where(*mine, Picture.identity_score < Picture.identity_line, ~accepted).correlate(ContentPlan).exists()
