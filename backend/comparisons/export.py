"""A comparison's scores as CSV."""

from __future__ import annotations

import csv
import io

from sqlalchemy.orm import Session

from backend.comparisons.queries import cells, get, results
from backend.comparisons.schemas import Arm

COLUMNS = (
    "checkpoint_step",
    "strength",
    "prompt",
    "seed",
    "identity",
    "adherence",
    "asked_and_seen",
    "arm_votes",
    "arm_wins",
    "arm_wilson_low",
    "arm_rank",
)


def scores_csv(tx: Session, trial_id: str) -> str:
    """One line per picture (COLUMNS), with the votes on its version and strength. Raises NotFound."""
    card, summary = get(tx, trial_id), results(tx, trial_id)
    ranks = {rank.arm: (n, rank) for n, rank in enumerate(summary.ranks, 1)}
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for cell in cells(tx, trial_id):
        rank, arm_votes = ranks.get(cell.arm, (0, None))
        votes = (
            [arm_votes.n, f"{arm_votes.wins:g}", f"{arm_votes.low:.4f}", rank]
            if arm_votes and summary.votes
            else ["", "", "", ""]
        )
        seen_text = "; ".join(f"{requested}: {'yes' if was_seen else 'no'}" for requested, was_seen in cell.seen.values())
        cell_labels = _safe(card.plan.prompts[cell.prompt_n]), card.plan.seeds[cell.seed_n]
        writer.writerow(
            [*_arm(cell.arm), *cell_labels, _number(cell.identity), _number(cell.adherence), _safe(seen_text), *votes]
        )
    return out.getvalue()


def _arm(arm: Arm) -> tuple[object, object]:
    return ("base model", "") if arm.control else (arm.step, f"{arm.strength:g}")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _safe(text: str) -> str:
    """Quotes a text that a spreadsheet would run as a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
