"""Form fields for what only some engines support: imported workflows, a held pose, a second pass. Others are not shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from backend import workflows
from backend.engines.ports.image import ModelCard
from backend.generation import GenerationDraft, PosePick, SecondPassPick
from backend.language import tr
from backend.workflows import WorkflowCard
from studio.ui.format import plain

_NAMED_ROLES = ("prompt", "negative", "seed", "steps", "cfg", "checkpoint", "lora", "picture", "mask", "pose")
"""Inputs of a workflow that its caption names; other inputs need no mention."""


def workflow_select(
    key: str, cards: Sequence[WorkflowCard], models: Sequence[ModelCard], start: GenerationDraft, disabled: bool
) -> str | None:
    """Id of the imported workflow to draw with; None: the built-in ones."""
    cards_by_id = {card.id: card for card in cards}
    if not cards_by_id or not any("graph" in card.features for card in models):
        return None
    options = ["", *cards_by_id]
    chosen = st.selectbox(
        tr("Workflow"),
        options,
        index=options.index(start.workflow_id) if start.workflow_id in cards_by_id else 0,
        key=f"{key}:workflow",
        disabled=disabled,
        format_func=lambda workflow_id: cards_by_id[workflow_id].name if workflow_id else tr("Built-in"),
    )
    if not chosen:
        return None
    takes = [workflows.role_label(role) for role in cards_by_id[chosen].takes if role in _NAMED_ROLES]
    st.caption(_uses(takes) + _notes(cards_by_id[chosen]))
    return chosen


def engine_options(key: str, card: ModelCard, start: GenerationDraft, disabled: bool) -> dict[str, Any]:
    """`pose` and `second_pass` of the draft."""
    return {"pose": _pose(key, card, start, disabled), "second_pass": _second_pass(key, card, start, disabled)}


def _pose(key: str, card: ModelCard, start: GenerationDraft, disabled: bool) -> PosePick | None:
    if start.pose is None:
        return None
    can_read_photos = "pose-photo" in card.features
    strength = st.slider(
        tr("Pose strength"), 0.1, 1.5, start.pose.strength, 0.05, key=f"{key}:pose:strength", disabled=disabled
    )
    drawn = st.toggle(
        tr("The picture is a drawn skeleton"),
        start.pose.drawn or not can_read_photos,
        key=f"{key}:pose:drawn:{can_read_photos}",
        disabled=disabled or not can_read_photos,
        help=tr("A pose drawn as coloured bones on black. Turn this off to read the pose from the person in the picture.")
        if can_read_photos
        else tr("The server has no model that reads poses from pictures (SDPose): use a pose drawn as coloured bones."),
    )
    return PosePick(asset_id=start.pose.asset_id, strength=strength, drawn=drawn)


def _second_pass(key: str, card: ModelCard, start: GenerationDraft, disabled: bool) -> SecondPassPick | None:
    if "hires" not in card.features or start.init_asset_id:
        return None
    before = start.second_pass
    scale = st.segmented_control(
        tr("Second pass"),
        [1.0, 1.25, 1.5, 2.0],
        default=before.scale if before else 1.0,
        key=f"{key}:hires",
        required=True,
        format_func=lambda factor: tr("Off") if factor == 1 else f"{factor:g}×",
        disabled=disabled,
        help=tr("Enlarges the picture and refines it: larger, with finer detail, but slower."),
    )
    if not scale or scale == 1:
        return None
    strength = st.slider(
        tr("Second pass strength"),
        0.1,
        0.9,
        before.strength if before else 0.5,
        0.05,
        key=f"{key}:hires:strength",
        disabled=disabled,
    )
    return SecondPassPick(scale=scale, strength=strength)


def _uses(inputs: Sequence[str]) -> str:
    """Which inputs of a workflow the form fills."""
    if not inputs:
        return tr("Everything comes from the workflow.")
    return tr("Uses {inputs}. Everything else comes from the workflow.", inputs=", ".join(inputs))


def _notes(card: WorkflowCard) -> str:
    return f" {plain(card.notes)}" if card.notes else ""
