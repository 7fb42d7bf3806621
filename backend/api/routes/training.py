"""A run's curve and samples over HTTP: what its page polls while it trains."""

from __future__ import annotations

from fastapi import APIRouter

from backend import training
from backend.api.api_model import Words
from backend.api.deps import Caller, OwnOrigin, Studio

router = APIRouter(prefix="/training", tags=["training"], dependencies=[OwnOrigin])


class PointWords(Words):
    step: int
    loss: float
    lr: float


class SampleWords(Words):
    """`id`: `<step>-<n>`."""

    id: str
    step: int
    n: int
    prompt: str
    asset_id: str


class Points(Words):
    data: list[PointWords]
    state: str


class Samples(Words):
    data: list[SampleWords]
    state: str


@router.get("/{run_id}/points")
def points(run_id: str, app: Studio, caller: Caller, after: int = 0) -> Points:
    """Steps after `after`, and the state of the run's job."""
    with app.db.transaction(caller) as tx:
        state = training.get(tx, run_id).state
        return Points(data=[PointWords.model_validate(one) for one in training.points(tx, run_id, after=after)], state=state)


@router.get("/{run_id}/samples")
def samples(run_id: str, app: Studio, caller: Caller) -> Samples:
    with app.db.transaction(caller) as tx:
        state = training.get(tx, run_id).state
        found = training.samples(tx, run_id)
    words = [SampleWords(id=f"{s.step}-{s.n}", step=s.step, n=s.n, prompt=s.prompt, asset_id=s.asset_id) for s in found]
    return Samples(data=words, state=state)
