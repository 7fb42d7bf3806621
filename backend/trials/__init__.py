"""Which checkpoint is the best: fixed-seed grids, scores, blind votes, a suggestion."""

from backend.trials.export import scores_csv
from backend.trials.forecast import takes
from backend.trials.queries import cells, comparable, get, judge, page, references, results
from backend.trials.rules import arms, size, spots
from backend.trials.schemas import (
    CONTROL,
    MOST_CHECKPOINTS,
    MOST_PICTURES,
    MOST_PROMPTS,
    MOST_SEEDS,
    MOST_STRENGTHS,
    Arm,
    Ballot,
    Cell,
    Choice,
    Figures,
    Judged,
    Plan,
    Proposal,
    Results,
    Takes,
    TrialCard,
    TrialDraft,
    TrialPayload,
)
from backend.trials.service import delete, export, promote, propose, rescore, start
from backend.trials.voting import ballot, undo, vote

__all__ = [
    "CONTROL", "MOST_CHECKPOINTS", "MOST_PICTURES", "MOST_PROMPTS", "MOST_SEEDS", "MOST_STRENGTHS", "Arm", "Ballot", "Cell",
    "Choice", "Figures", "Judged", "Plan", "Proposal", "Results", "Takes", "TrialCard", "TrialDraft", "TrialPayload", "arms",
    "ballot", "cells", "comparable", "delete", "export", "get", "judge", "page", "promote", "propose", "references",
    "rescore", "results", "scores_csv", "size", "spots", "start", "takes", "undo", "vote",
]  # fmt: skip
