"""A comparison over HTTP: what its page polls while it is drawn, blind votes, and its scores as a table."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Response

from backend import comparisons
from backend.api.api_model import ApiModel
from backend.api.deps import Caller, Studio, needs_scope
from backend.comparisons import VoteChoice

router = APIRouter(prefix="/trials", tags=["trials"], dependencies=[needs_scope("loras")])


class CellWords(ApiModel):
    n: int
    asset_id: str
    identity: float | None
    adherence: float | None


class Cells(ApiModel):
    data: list[CellWords]
    state: str


class PairWords(ApiModel):
    """Two pictures to choose from. Nothing in it says which version drew which side."""

    left_id: str
    right_id: str
    left_asset_id: str
    right_asset_id: str
    prompt: str


class BallotWords(ApiModel):
    """`pair` null: this user has voted on all pairs. `mine`: the user's votes. `left`: about how many more votes settle the
    order."""

    pair: PairWords | None
    mine: int
    votes: int
    left: int
    undoable: bool


class VoteWords(ApiModel):
    left_id: str
    right_id: str
    choice: VoteChoice


@router.get("/{trial_id}/cells")
def cells(trial_id: str, app: Studio, caller: Caller) -> Cells:
    """The pictures drawn so far, and the state of the job."""
    with app.db.transaction(caller) as tx:
        state = comparisons.get(tx, trial_id).state
        return Cells(data=[CellWords.model_validate(cell) for cell in comparisons.cells(tx, trial_id)], state=state)


@router.get("/{trial_id}/ballot")
def ballot(trial_id: str, app: Studio, caller: Caller) -> BallotWords:
    with app.db.transaction(caller) as tx:
        return BallotWords.model_validate(comparisons.next_ballot(tx, trial_id))


@router.post("/{trial_id}/votes", status_code=201)
def vote(trial_id: str, body: VoteWords, app: Studio, caller: Caller) -> BallotWords:
    """Keeps the choice; answers with the next pair."""
    with app.db.transaction(caller, needs="editor") as tx:
        comparisons.vote(tx, trial_id, left_id=body.left_id, right_id=body.right_id, choice=body.choice)
        return BallotWords.model_validate(comparisons.next_ballot(tx, trial_id))


@router.delete("/{trial_id}/votes/last")
def undo(trial_id: str, app: Studio, caller: Caller) -> BallotWords:
    """Takes back the caller's last vote; answers with its pair, to vote on again."""
    with app.db.transaction(caller, needs="editor") as tx:
        pair = comparisons.undo_vote(tx, trial_id)
        return BallotWords.model_validate(comparisons.next_ballot(tx, trial_id, again=pair))


@router.get("/{trial_id}/scores.csv", response_class=Response)
def scores(trial_id: str, app: Studio, caller: Caller) -> Response:
    """One line a picture: what was drawn and how it was scored."""
    with app.db.transaction(caller) as tx:
        name, text = comparisons.get(tx, trial_id).run_name, comparisons.scores_csv(tx, trial_id)
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}-checkpoints.csv"}
    return Response("\ufeff" + text, media_type="text/csv; charset=utf-8", headers=headers)
