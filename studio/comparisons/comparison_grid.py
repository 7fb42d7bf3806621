"""The grid of a comparison: prompts down, checkpoints across, one strength at a time."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend import comparisons
from backend.comparisons import CONTROL, Arm, Cell, Results, TrialCard
from studio.components.trial_grid import Column, Place, Row, trial_grid
from studio.shell.frame import Page


def show(page: Page, card: TrialCard, *, working: bool) -> None:
    with page.transaction() as tx:
        cells = comparisons.cells(tx, card.id)
        known = comparisons.results(tx, card.id)
    strength = _strength(card, known)
    arms = ([CONTROL] if card.plan.control else []) + [Arm(step, strength) for step in card.plan.steps]
    trial_grid(
        f"trial:grid:{card.id}", workspace=page.workspace.id, ratio=f"{card.plan.width}/{card.plan.height}",
        columns=[_column(arm, known) for arm in arms], rows=_rows(card, cells, arms),
        poll_url=f"/api/trials/{card.id}/cells?workspace={page.workspace.id}" if working else "",
    )  # fmt: skip
    _legend(card)


def _strength(card: TrialCard, known: Results) -> float:
    """Begins with the suggested one."""
    offered = card.plan.strengths
    best = known.suggestion.arm.strength if known.suggestion.arm else offered[-1]
    chosen = st.segmented_control(
        "Strength", offered, default=best, format_func=lambda strength: f"Strength {Arm(1, strength).weight}",
        key=f"trial:strength:{card.id}", label_visibility="collapsed", required=True,
    )  # fmt: skip
    return float(chosen if chosen is not None else best)


def _column(arm: Arm, known: Results) -> Column:
    found = next(one for one in known.figures if one.arm == arm)
    lines = [f"face {found.identity:.0%}"] if found.identity is not None else []
    lines += [f"prompt {found.adherence:.0%}"] if found.adherence is not None else []
    marks = [("suggested", "good")] if arm == known.suggestion.arm else []
    marks += [("overfitted?", "warn")] if any(one.arm == arm for one in known.warnings) else []
    if arm.control:
        return Column("No LoRA", "Without the LoRA", lines, marks)
    return Column(f"Step {arm.step:,}", f"Step {arm.step:,} at {arm.weight}", lines, marks)


def _rows(card: TrialCard, cells: Sequence[Cell], arms: Sequence[Arm]) -> list[Row]:
    by_place = {(cell.arm, cell.prompt_n, cell.seed_n): cell for cell in cells}
    numbers = {(spot.arm, spot.prompt_n, spot.seed_n): spot.n for spot in comparisons.spots(card.plan)}
    return [
        Row(prompt, f"seed {seed}", [_place(by_place.get((arm, p, s)), numbers[arm, p, s]) for arm in arms])
        for p, prompt in enumerate(card.plan.prompts)
        for s, seed in enumerate(card.plan.seeds)
    ]


def _place(cell: Cell | None, n: int) -> Place:
    if cell is None:
        return Place(n, "")
    face = f"face {cell.identity:.0%}" if cell.identity is not None else ""
    seen = "" if cell.seen or cell.adherence is None else f"prompt {cell.adherence:.0%}"
    seen += "  ".join(f"{'✓' if found else '✗'} {_short(asked)}" for asked, found in cell.seen.values())
    return Place(n, cell.asset_id, cell.identity, "\n".join(filter(None, (face, seen))))


def _short(asked: str) -> str:
    """“in the city at night” -> “city at night”."""
    return asked.removeprefix("in ").removeprefix("at ").removeprefix("the ").removeprefix("a ")


def _legend(card: TrialCard) -> None:
    judged = card.judged
    if judged is None:
        return
    said = []
    if judged.no_identity:
        said.append(f"No identity score: {judged.no_identity}")
    else:
        own = f"; these reach {judged.own:.0%} among themselves" if judged.own else ""
        said.append(f"**face**: how much of the face of the {judged.references} training pictures is there{own}.")
    if judged.no_adherence != judged.no_identity:
        said.append(
            f"No prompt score: {judged.no_adherence}" if judged.no_adherence
            else "**prompt**: how well picture and prompt agree (CLIPScore)." if judged.by_words
            else "**prompt**: share of the places and colours of clothes asked for that a classifier sees."
        )  # fmt: skip
    st.caption(" ".join(said))
