"""Blind votes: a pair without labels, a choice, and taking the last one back."""

from __future__ import annotations

import random

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.comparisons import ranking, rules
from backend.comparisons.queries import cells, duels, get
from backend.comparisons.schemas import Ballot, Choice, Pair
from backend.db.tables import TrialCell, TrialVote
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.ids import new_id

Shown = tuple[str, str]
"""Ids of the cells at the left and at the right."""


def ballot(tx: Session, trial_id: str, *, again: Shown | None = None, rng: random.Random | None = None) -> Ballot:
    """The next pair for this person (`again`: this one), and how far the voting has come. Raises NotFound."""
    card, drawn, voted = get(tx, trial_id), cells(tx, trial_id), duels(tx, trial_id)
    there = {cell.arm for cell in drawn}
    ranks = ranking.rank([arm for arm in rules.arms(card.plan) if arm in there], voted)
    mine = _mine(tx, trial_id)
    seen = {frozenset((vote.left_id, vote.right_id)) for vote in mine}
    by_id = {cell.id: cell for cell in drawn}
    found = (by_id[again[0]], by_id[again[1]]) if again else None
    found = found or ranking.next_pair(drawn, ranks, seen, rng or random.SystemRandom())
    pair = None
    if found:
        left, right = found
        pair = Pair(left.id, right.id, left.asset_id, right.asset_id, card.plan.prompts[left.prompt_n])
    return Ballot(pair, sum(vote.choice != "skip" for vote in mine), len(voted), ranking.votes_left(ranks), bool(mine))


def vote(tx: Session, trial_id: str, *, left_id: str, right_id: str, choice: Choice) -> None:
    """Keeps the choice. The same pair again changes nothing (a doubled key press). Raises NotFound, Invalid."""
    get(tx, trial_id, lock=True)
    pair = tx.execute(
        select(TrialCell.id, TrialCell.prompt_n, TrialCell.seed_n, TrialCell.step, TrialCell.strength).where(
            TrialCell.trial_id == trial_id, TrialCell.id.in_((left_id, right_id))
        )
    ).all()
    if len(pair) != 2:
        raise NotFound("One of these pictures does not belong to this comparison. Load the page again.")
    one, other = pair
    if one[1:3] != other[1:3] or one[3:] == other[3:] or 0 in (one.step, other.step):
        raise Invalid("Votes compare two checkpoints on the same prompt and seed. Load the page again.")
    wanted = frozenset((left_id, right_id))
    if any(frozenset((vote.left_id, vote.right_id)) == wanted for vote in _mine(tx, trial_id)):
        return
    row = TrialVote(id=new_id("vote"), trial_id=trial_id, user_id=tx.info["user_id"], left_id=left_id, right_id=right_id)
    row.choice = choice
    tx.add(row)
    tx.flush()


def undo(tx: Session, trial_id: str) -> Shown:
    """Takes back this person's last vote or skip; returns its pair as it was shown. Raises NotFound, Conflict (none)."""
    get(tx, trial_id, lock=True)
    mine = _mine(tx, trial_id)
    if not mine:
        raise Conflict("You have not voted here yet: there is nothing to take back.")
    last = mine[-1]
    tx.delete(last)
    tx.flush()
    return last.left_id, last.right_id


def _mine(tx: Session, trial_id: str) -> list[TrialVote]:
    mine = TrialVote.trial_id == trial_id, TrialVote.user_id == tx.info["user_id"]
    return list(tx.scalars(select(TrialVote).where(*mine).order_by(TrialVote.id)))
