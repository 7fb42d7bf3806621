"""Face match of a post's pictures: the score each picture got when it was made, compared with its threshold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Text, and_, column, exists, func, literal, select, true
from sqlalchemy.orm import Session

from backend.content_plans.schemas import PlanCard
from backend.db.tables import ContentPlan, Picture, PictureCheck, Post


@dataclass(frozen=True, slots=True)
class FaceMatch:
    """`score`, `threshold`: 0 to 1. `accepted`: a person approved the picture in the face check."""

    asset_id: str
    score: float
    threshold: float
    accepted: bool = False

    @property
    def passes(self) -> bool:
        return self.accepted or self.score >= self.threshold


def matches_by_asset(tx: Session, asset_ids: Iterable[str]) -> dict[str, FaceMatch]:
    """Asset id -> match, for the assets that were scored."""
    ids = sorted(set(asset_ids))
    if not ids:
        return {}
    query = select(Picture.asset_id, Picture.identity_score, Picture.identity_line, PictureCheck.decision)
    query = query.outerjoin(PictureCheck, PictureCheck.picture_id == Picture.id).where(
        Picture.asset_id.in_(ids), Picture.identity_score.is_not(None)
    )
    rows = tx.execute(query.order_by(Picture.id)).all()
    return {
        asset_id: FaceMatch(asset_id, score, threshold, decision == "approved")
        for asset_id, score, threshold, decision in rows
        if score is not None and threshold is not None
    }


def worst_matches(tx: Session, cards: Sequence[PlanCard]) -> dict[str, FaceMatch]:
    """Plan id -> the weakest match among the pictures of its posts. Plans without scored pictures are left out."""
    matches = matches_by_asset(tx, (asset_id for card in cards for post in card.posts for asset_id in post.media))
    worst: dict[str, FaceMatch] = {}
    for card in cards:
        plan_matches = [matches[asset_id] for post in card.posts for asset_id in post.media if asset_id in matches]
        if plan_matches:
            worst[card.id] = min(plan_matches, key=lambda match: (match.passes, match.score - match.threshold))
    return worst


def below_threshold() -> ColumnElement[bool]:
    """SQL condition on ContentPlan: a picture of one of its posts is below its threshold and nobody accepted it."""
    files = func.jsonb_array_elements_text(Post.media).table_valued(column("value", Text)).render_derived().lateral()
    accepted = exists().where(
        PictureCheck.tenant_id == Picture.tenant_id, PictureCheck.picture_id == Picture.id, PictureCheck.decision == "approved"
    )
    pictures = select(literal(1)).select_from(Post).join(files, true())
    pictures = pictures.join(Picture, and_(Picture.tenant_id == Post.tenant_id, Picture.asset_id == files.c.value))
    of_plan = Post.plan_id == ContentPlan.id, Post.tenant_id == ContentPlan.tenant_id
    return pictures.where(*of_plan, Picture.identity_score < Picture.identity_line, ~accepted).correlate(ContentPlan).exists()
