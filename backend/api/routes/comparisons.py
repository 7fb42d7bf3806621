"""A comparison over HTTP: what its page polls while it is drawn, blind votes, and its scores as a table."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Header, Query, Response
from pydantic import Field, StrictBool

from backend import comparisons
from backend.api.api_model import ApiModel, ApiRequest, Listing, Skip, listing
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.routes.jobs import JobResponse, job_response
from backend.comparisons import Arm, ComparisonCard, ComparisonDraft, VoteChoice
from backend.kit.ids import new_id

router = APIRouter(prefix="/trials", tags=["trials"], dependencies=[needs_scope("loras")])
Key = Annotated[str, Header(max_length=200)]


class TrialRequest(ApiRequest):
    """What to compare. Empty `steps`: every version (8 spread over the run when there are more). `seeds`: pictures per cell of
    the grid. `control`: also the base model without a LoRA."""

    run_id: str = Field(max_length=80, examples=["run_0190"])
    steps: list[int] = Field(default_factory=list, max_length=comparisons.MAX_CHECKPOINTS)
    strengths: list[float] = Field(default=[0.6, 0.8, 1.0], min_length=1, max_length=comparisons.MAX_STRENGTHS)
    prompts: list[str] = Field(default_factory=list, max_length=comparisons.MAX_PROMPTS)
    negative_prompt: str = ""
    seeds: int = Field(1, ge=1, le=comparisons.MAX_SEEDS)
    first_seed: int = Field(7, ge=0)
    control: StrictBool = True


class TrialResponse(ApiModel):
    """`status`: of its job. `done` pictures of `total`; `scored`: the scores are there."""

    id: str
    run_id: str
    run_name: str
    influencer_id: str | None
    job_id: str
    status: str
    error: str | None
    done: int
    total: int
    votes: int
    scored: bool
    grid_asset_id: str | None
    created_at: datetime


class PromotionRequest(ApiRequest):
    """The version (`step`) and the strength that it is used at. `makeDefault`: its influencer is drawn with it."""

    step: int = Field(ge=1, examples=[1500])
    strength: float = Field(0.8, gt=0, le=2)
    name: str = Field("", max_length=80)
    make_default: StrictBool = False


class PromotionResponse(ApiModel):
    lora_id: str
    name: str


class CellResponse(ApiModel):
    n: int
    asset_id: str
    identity: float | None
    adherence: float | None


class CellsResponse(ApiModel):
    data: list[CellResponse]
    state: str


class PairResponse(ApiModel):
    """Two pictures to choose from. Nothing in it says which version drew which side."""

    left_id: str
    right_id: str
    left_asset_id: str
    right_asset_id: str
    prompt: str


class BallotResponse(ApiModel):
    """`pair` null: this user has voted on all pairs. `mine`: the user's votes. `left`: about how many more votes settle the
    order."""

    pair: PairResponse | None
    mine: int
    votes: int
    left: int
    undoable: bool


class VoteRequest(ApiRequest):
    left_id: str
    right_id: str
    choice: VoteChoice


@router.get("")
def list_trials(
    app: Studio,
    caller: Caller,
    response: Response,
    run: Annotated[str, Query(max_length=80)] = "",
    take: Annotated[int, Query(ge=1, le=200)] = 50,
    skip: Skip = 0,
) -> Listing[TrialResponse]:
    """Comparisons of versions of a LoRA, newest first; `run`: those of one training."""
    with app.db.transaction(caller) as tx:
        cards = comparisons.page(tx, run_id=run or None, take=take, skip=skip)
        total = comparisons.count(tx, run_id=run or None)
    return listing(response, [_trial_response(card) for card in cards], total=total, take=take, skip=skip)


@router.post("", status_code=201)
def create_trial(
    body: TrialRequest, app: Studio, caller: Caller, response: Response, idempotency_key: Key = ""
) -> TrialResponse:
    """Draws the grid of versions, strengths and prompts, as a job, and scores it."""
    draft = ComparisonDraft(**body.model_dump(exclude_unset=True))
    models = app.engines.image.models()
    with app.db.transaction(caller, needs="editor") as tx:
        card = comparisons.start(tx, draft=draft, models=models, request_key=idempotency_key or new_id("key"))
    response.headers["location"] = f"/api/trials/{card.id}?workspace={caller.tenant_id}"
    return _trial_response(card)


@router.get("/{trial_id}")
def get_trial(trial_id: str, app: Studio, caller: Caller) -> TrialResponse:
    """One comparison."""
    with app.db.transaction(caller) as tx:
        return _trial_response(comparisons.get(tx, trial_id))


@router.delete("/{trial_id}", status_code=204)
def delete_trial(trial_id: str, app: Studio, caller: Caller) -> None:
    """Cancels its job, and deletes its pictures and votes."""
    with app.db.transaction(caller, needs="editor") as tx:
        comparisons.delete(tx, trial_id)


@router.post("/{trial_id}/rescore", status_code=201)
def rescore_trial(trial_id: str, app: Studio, caller: Caller, idempotency_key: Key = "") -> JobResponse:
    """Scores all its pictures again, as a job."""
    with app.db.transaction(caller, needs="editor") as tx:
        return job_response(comparisons.rescore(tx, trial_id, request_key=idempotency_key or new_id("key")))


@router.post("/{trial_id}/grid", status_code=201)
def export_trial_grid(trial_id: str, app: Studio, caller: Caller, idempotency_key: Key = "") -> JobResponse:
    """The labelled grid as one PNG, as a job; then it is the comparison's `gridAssetId`."""
    with app.db.transaction(caller, needs="editor") as tx:
        return job_response(comparisons.start_grid_export(tx, trial_id, request_key=idempotency_key or new_id("key")))


@router.post("/{trial_id}/promote", status_code=201)
def promote_trial_version(trial_id: str, body: PromotionRequest, app: Studio, caller: Caller) -> PromotionResponse:
    """Adds one version to the LoRA library."""
    with app.db.transaction(caller, needs="editor") as tx:
        arm = Arm(step=body.step, strength=body.strength)
        lora = comparisons.promote(tx, trial_id, arm, name=body.name.strip(), make_default=body.make_default)
    return PromotionResponse(lora_id=lora.id, name=lora.name)


@router.get("/{trial_id}/cells")
def list_trial_cells(trial_id: str, app: Studio, caller: Caller) -> CellsResponse:
    """The pictures drawn so far, and the state of the job."""
    with app.db.transaction(caller) as tx:
        state = comparisons.get(tx, trial_id).state
        return CellsResponse(data=[CellResponse.model_validate(cell) for cell in comparisons.cells(tx, trial_id)], state=state)


@router.get("/{trial_id}/ballot")
def get_ballot(trial_id: str, app: Studio, caller: Caller) -> BallotResponse:
    with app.db.transaction(caller) as tx:
        return BallotResponse.model_validate(comparisons.next_ballot(tx, trial_id))


@router.post("/{trial_id}/votes", status_code=201)
def create_vote(trial_id: str, body: VoteRequest, app: Studio, caller: Caller) -> BallotResponse:
    """Keeps the choice; answers with the next pair."""
    with app.db.transaction(caller, needs="editor") as tx:
        comparisons.vote(tx, trial_id, left_id=body.left_id, right_id=body.right_id, choice=body.choice)
        return BallotResponse.model_validate(comparisons.next_ballot(tx, trial_id))


@router.delete("/{trial_id}/votes/last")
def undo_vote(trial_id: str, app: Studio, caller: Caller) -> BallotResponse:
    """Takes back the caller's last vote; answers with its pair, to vote on again."""
    with app.db.transaction(caller, needs="editor") as tx:
        pair = comparisons.undo_vote(tx, trial_id)
        return BallotResponse.model_validate(comparisons.next_ballot(tx, trial_id, again=pair))


@router.get("/{trial_id}/scores.csv", response_class=Response)
def export_scores(trial_id: str, app: Studio, caller: Caller) -> Response:
    """One line a picture: what was drawn and how it was scored."""
    with app.db.transaction(caller) as tx:
        name, text = comparisons.get(tx, trial_id).run_name, comparisons.scores_csv(tx, trial_id)
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}-checkpoints.csv"}
    return Response("\ufeff" + text, media_type="text/csv; charset=utf-8", headers=headers)


def _trial_response(card: ComparisonCard) -> TrialResponse:
    renamed = {"status": card.state, "error": card.error_message, "scored": card.judged is not None}
    names = TrialResponse.model_fields.keys() - renamed.keys()
    return TrialResponse(**{name: getattr(card, name) for name in names}, **renamed)
