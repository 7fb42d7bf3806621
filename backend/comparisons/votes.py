"""Blind votes: a pair without labels, a choice, and undoing the last one."""

from __future__ import annotations

import random

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.comparisons import ranking, rules
from backend.comparisons.queries import cells, get, pair_results
from backend.comparisons.schemas import Ballot, VoteChoice, VotePair
from backend.db.tables import TrialCell, TrialVote
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.ids import new_id
from backend.language import tr_lazy

ShownPair = tuple[str, str]
"""Ids of the cells at the left and at the right."""


def next_ballot(tx: Session, trial_id: str, *, again: ShownPair | None = None, rng: random.Random | None = None) -> Ballot:
    """The next pair for this user (or the pair `again`), and how far the voting has come. Raises NotFound."""
    card, drawn_cells, results = get(tx, trial_id), cells(tx, trial_id), pair_results(tx, trial_id)
    drawn_arms = {cell.arm for cell in drawn_cells}
    ranks = ranking.rank([arm for arm in rules.arms(card.plan) if arm in drawn_arms], results)
    own_votes = _own_votes(tx, trial_id)
    seen_pairs = {frozenset((vote.left_id, vote.right_id)) for vote in own_votes}
    by_id = {cell.id: cell for cell in drawn_cells}
    next_cells = (by_id[again[0]], by_id[again[1]]) if again else None
    next_cells = next_cells or ranking.next_pair(drawn_cells, ranks, seen_pairs, rng or random.SystemRandom())
    pair = None
    if next_cells:
        left, right = next_cells
        pair = VotePair(left.id, right.id, left.asset_id, right.asset_id, card.plan.prompts[left.prompt_n])
    return Ballot(
        pair, sum(vote.choice != "skip" for vote in own_votes), len(results), ranking.votes_left(ranks), bool(own_votes)
    )


def vote(tx: Session, trial_id: str, *, left_id: str, right_id: str, choice: VoteChoice) -> None:
    """Stores the choice. A second vote on the same pair is ignored (a doubled key press). Raises NotFound, Invalid."""
    get(tx, trial_id, lock=True)
    pair = tx.execute(
        select(TrialCell.id, TrialCell.prompt_n, TrialCell.seed_n, TrialCell.step, TrialCell.strength).where(
            TrialCell.trial_id == trial_id, TrialCell.id.in_((left_id, right_id))
        )
    ).all()
    if len(pair) != 2:
        raise NotFound(tr_lazy("One of these pictures does not belong to this comparison. Reload the page."))
    first, second = pair
    if first[1:3] != second[1:3] or first[3:] == second[3:] or 0 in (first.step, second.step):
        raise Invalid(tr_lazy("Votes compare two versions on the same prompt and seed. Reload the page."))
    pair_ids = frozenset((left_id, right_id))
    if any(frozenset((vote.left_id, vote.right_id)) == pair_ids for vote in _own_votes(tx, trial_id)):
        return
    row = TrialVote(id=new_id("vote"), trial_id=trial_id, user_id=tx.info["user_id"], left_id=left_id, right_id=right_id)
    row.choice = choice
    tx.add(row)
    tx.flush()


def undo_vote(tx: Session, trial_id: str) -> ShownPair:
    """Undoes this user's last vote or skip; returns its pair as it was shown. Raises NotFound, Conflict (none)."""
    get(tx, trial_id, lock=True)
    own_votes = _own_votes(tx, trial_id)
    if not own_votes:
        raise Conflict(tr_lazy("You have not voted here yet: there is nothing to undo."))
    last = own_votes[-1]
    tx.delete(last)
    tx.flush()
    return last.left_id, last.right_id


def _own_votes(tx: Session, trial_id: str) -> list[TrialVote]:
    by_user = TrialVote.trial_id == trial_id, TrialVote.user_id == tx.info["user_id"]
    return list(tx.scalars(select(TrialVote).where(*by_user).order_by(TrialVote.id)))
