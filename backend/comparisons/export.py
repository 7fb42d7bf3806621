"""A trial's scores as a table for other programs."""

from __future__ import annotations

import csv
import io

from sqlalchemy.orm import Session

from backend.comparisons.queries import cells, get, results
from backend.comparisons.schemas import Arm

COLUMNS = (
    "checkpoint_step", "strength", "prompt", "seed", "identity", "adherence", "asked_and_seen", "arm_votes", "arm_wins",
    "arm_wilson_low", "arm_rank",
)  # fmt: skip


def scores_csv(tx: Session, trial_id: str) -> str:
    """One line per picture, with what is known of its checkpoint and strength. Raises NotFound."""
    card, known = get(tx, trial_id), results(tx, trial_id)
    places = {one.arm: (n, one) for n, one in enumerate(known.ranks, 1)}
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for cell in cells(tx, trial_id):
        rank, one = places.get(cell.arm, (0, None))
        votes = [one.n, f"{one.wins:g}", f"{one.low:.4f}", rank] if one and known.votes else ["", "", "", ""]
        seen = "; ".join(f"{asked}: {'yes' if found else 'no'}" for asked, found in cell.seen.values())
        what = _safe(card.plan.prompts[cell.prompt_n]), card.plan.seeds[cell.seed_n]
        writer.writerow([*_arm(cell.arm), *what, _number(cell.identity), _number(cell.adherence), _safe(seen), *votes])
    return out.getvalue()


def _arm(arm: Arm) -> tuple[object, object]:
    return ("base model", "") if arm.control else (arm.step, f"{arm.strength:g}")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _safe(text: str) -> str:
    """A text that begins like a formula is not run by a spreadsheet."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
