"""A run's curve and samples over HTTP: what its page polls while it trains."""

from __future__ import annotations

from fastapi import APIRouter

from backend import training
from backend.api.api_model import ApiModel
from backend.api.deps import Caller, Studio, needs_scope

router = APIRouter(prefix="/training", tags=["training"], dependencies=[needs_scope("loras")])


class PointWords(ApiModel):
    step: int
    loss: float
    lr: float


class SampleWords(ApiModel):
    """`id`: `<step>-<n>`."""

    id: str
    step: int
    n: int
    prompt: str
    asset_id: str


class Points(ApiModel):
    data: list[PointWords]
    state: str


class Samples(ApiModel):
    data: list[SampleWords]
    state: str


@router.get("/{run_id}/points")
def points(run_id: str, app: Studio, caller: Caller, after: int = 0) -> Points:
    """Steps after `after`, and the state of the run's job."""
    with app.db.transaction(caller) as tx:
        state = training.get(tx, run_id).state
        return Points(
            data=[PointWords.model_validate(point) for point in training.points(tx, run_id, after=after)], state=state
        )


@router.get("/{run_id}/samples")
def samples(run_id: str, app: Studio, caller: Caller) -> Samples:
    with app.db.transaction(caller) as tx:
        state = training.get(tx, run_id).state
        rows = training.samples(tx, run_id)
    data = [
        SampleWords(
            id=f"{sample.step}-{sample.n}", step=sample.step, n=sample.n, prompt=sample.prompt, asset_id=sample.asset_id
        )
        for sample in rows
    ]
    return Samples(data=data, state=state)
