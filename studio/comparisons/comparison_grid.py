"""The grid of a comparison: prompts down, versions across, one strength at a time."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend import comparisons
from backend.comparisons import CONTROL, Arm, ComparisonCard, DrawnCell, Results
from backend.language import tr, tr_plural, worded
from studio.comparisons.trial_grid import GridCell, GridColumn, GridRow, trial_grid
from studio.shell.frame import Page


def show_grid(page: Page, card: ComparisonCard, *, working: bool) -> None:
    with page.transaction() as tx:
        cells = comparisons.cells(tx, card.id)
        results = comparisons.results(tx, card.id)
    strength = _strength_choice(card, results)
    arms = ([CONTROL] if card.plan.control else []) + [Arm(step, strength) for step in card.plan.steps]
    trial_grid(
        f"trial:grid:{card.id}",
        workspace=page.workspace.id,
        ratio=f"{card.plan.width}/{card.plan.height}",
        columns=[_column(arm, results) for arm in arms],
        rows=_rows(card, cells, arms),
        poll_url=f"/api/trials/{card.id}/cells?workspace={page.workspace.id}" if working else "",
    )
    _legend(card)


def _strength_choice(card: ComparisonCard, results: Results) -> float:
    """The strength to show; the suggested one is preselected."""
    strengths = card.plan.strengths
    preselected = results.suggestion.arm.strength if results.suggestion.arm else strengths[-1]
    chosen = st.segmented_control(
        tr("Strength"),
        strengths,
        default=preselected,
        format_func=lambda strength: tr("Strength {weight}", weight=Arm(1, strength).weight),
        key=f"trial:strength:{card.id}",
        label_visibility="collapsed",
        required=True,
    )
    return float(chosen if chosen is not None else preselected)


def _column(arm: Arm, results: Results) -> GridColumn:
    scores = next(item for item in results.figures if item.arm == arm)
    lines = [tr("face {share:.0%}", share=scores.identity)] if scores.identity is not None else []
    lines += [tr("prompt {share:.0%}", share=scores.adherence)] if scores.adherence is not None else []
    marks = [(tr("suggested"), "good")] if arm == results.suggestion.arm else []
    marks += [(tr("overfitted?"), "warn")] if any(item.arm == arm for item in results.warnings) else []
    if arm.control:
        return GridColumn(tr("No LoRA"), tr("Without the LoRA"), lines, marks)
    return GridColumn(
        tr("Step {step:,}", step=arm.step), tr("Step {step:,} at {weight}", step=arm.step, weight=arm.weight), lines, marks
    )


def _rows(card: ComparisonCard, cells: Sequence[DrawnCell], arms: Sequence[Arm]) -> list[GridRow]:
    by_place = {(cell.arm, cell.prompt_n, cell.seed_n): cell for cell in cells}
    numbers = {(cell.arm, cell.prompt_n, cell.seed_n): cell.n for cell in comparisons.planned_cells(card.plan)}
    return [
        GridRow(
            prompt, tr("seed {seed}", seed=seed), [_grid_place(by_place.get((arm, p, s)), numbers[arm, p, s]) for arm in arms]
        )
        for p, prompt in enumerate(card.plan.prompts)
        for s, seed in enumerate(card.plan.seeds)
    ]


def _grid_place(cell: DrawnCell | None, n: int) -> GridCell:
    if cell is None:
        return GridCell(n, "")
    face_text = tr("face {share:.0%}", share=cell.identity) if cell.identity is not None else ""
    seen_text = "" if cell.seen or cell.adherence is None else tr("prompt {share:.0%}", share=cell.adherence)
    seen_text += "  ".join(f"{'✓' if was_seen else '✗'} {_short(requested)}" for requested, was_seen in cell.seen.values())
    return GridCell(n, cell.asset_id, cell.identity, "\n".join(filter(None, (face_text, seen_text))))


def _short(requested: str) -> str:
    """“in the city at night” -> “city at night”."""
    return requested.removeprefix("in ").removeprefix("at ").removeprefix("the ").removeprefix("a ")


def _legend(card: ComparisonCard) -> None:
    judged = card.judged
    if judged is None:
        return
    sentences = []
    if judged.no_identity:
        sentences.append(tr("No face score: {reason}", reason=worded(judged.no_identity)))
    else:
        sentences.append(
            tr_plural(
                "**face**: how much the pictures look like the {n} training picture.",
                "**face**: how much the pictures look like the {n} training pictures.",
                judged.references,
            )
        )
        if judged.own:
            sentences.append(tr("The training pictures reach {share:.0%} among themselves.", share=judged.own))
    if judged.no_adherence != judged.no_identity:
        sentences.append(
            tr("No prompt score: {reason}", reason=worded(judged.no_adherence))
            if judged.no_adherence
            else tr("**prompt**: how well picture and prompt agree (CLIPScore).")
            if judged.by_words
            else tr("**prompt**: share of the places and clothing colours in the prompt that a classifier sees.")
        )
    st.caption(" ".join(sentences))
