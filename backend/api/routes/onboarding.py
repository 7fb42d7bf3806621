"""The first steps in a workspace."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict

from backend import influencers, onboarding
from backend.api.api_model import ApiModel, ApiRequest
from backend.api.deps import Caller, Studio, needs_scope
from backend.errors import NotFound
from backend.language import tr_lazy
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


class SampleRequest(ApiRequest):
    """`timeZone`: IANA, of the sample's posts."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"timeZone": "Europe/Rome"}]})

    time_zone: str = "UTC"


class SampleResponse(ApiModel):
    """`ownWork`: posts, pictures, videos and texts that people made with the sample, which are removed with it."""

    influencer_id: str
    name: str
    own_work: int


@router.get("/sample-influencer")
def get_sample_influencer(app: Studio, caller: Caller) -> SampleResponse:
    """The sample influencer. 404: it was not added, or was removed."""
    with app.db.transaction(caller) as tx:
        sample = onboarding.find_sample(tx)
        if sample is None:
            raise NotFound(tr_lazy("There is no sample influencer here."))
        return SampleResponse(influencer_id=sample.id, name=sample.name, own_work=onboarding.count_own_work(tx))


@router.post("/sample-influencer", status_code=201)
def add_sample_influencer(body: SampleRequest, app: Studio, caller: Caller, response: Response) -> SampleResponse:
    """Adds somebody to play with, with pictures, texts, a practice channel and a month of posts around today. Sent again: the
    same one. None of its posts can go to a real platform."""
    sample = onboarding.add_sample(lambda: app.db.transaction(caller, needs="editor"), app.storage, time_zone=body.time_zone)
    response.headers["location"] = f"/api/influencers/{sample.id}"
    return SampleResponse(influencer_id=sample.id, name=sample.name, own_work=0)


@router.delete("/sample-influencer", status_code=204)
def remove_sample_influencer(app: Studio, caller: Caller) -> Response:
    """Removes the sample for good with everything of it, also what people made with it. 409 while something is being made."""
    with app.db.transaction(caller, needs="editor") as tx:
        onboarding.remove_sample(tx)
    return Response(status_code=204)
