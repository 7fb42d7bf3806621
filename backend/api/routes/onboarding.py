"""The first steps in a workspace."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from backend import influencers, onboarding
from backend.api.api_model import ApiModel
from backend.api.deps import Caller, Studio, needs_scope
from backend.onboarding import Step

router = APIRouter(prefix="/onboarding", tags=["influencers"], dependencies=[needs_scope("influencers")])


class ChecklistResponse(ApiModel):
    """`influencerId`: whom the next step is about, "" while there is nobody. `nextStep` null: a post was published."""

    influencer_id: str
    steps: list[Step]
    done: list[Step]
    next_step: Step | None


@router.get("/checklist")
def get_checklist(
    app: Studio, caller: Caller, influencer_id: Annotated[str, Query(alias="influencerId", max_length=80)] = ""
) -> ChecklistResponse:
    """The steps to a first published post: of one influencer, or of the one that has come furthest."""
    with app.db.transaction(caller) as tx:
        if influencer_id:
            influencers.get(tx, influencer_id)
        checklist = onboarding.checklist(tx, influencer_id)
    return ChecklistResponse(
        influencer_id=checklist.influencer_id,
        steps=list(onboarding.STEPS),
        done=list(checklist.done),
        next_step=checklist.next_step,
    )
