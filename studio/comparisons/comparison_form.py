"""The form of a comparison: versions, strengths, prompts; the rest in an expander."""

from __future__ import annotations

import streamlit as st

from backend.comparisons import MAX_CHECKPOINTS, MAX_PROMPTS, MAX_SEEDS, MAX_STRENGTHS, Arm, ComparisonDraft, Proposal
from backend.language import tr
from studio.ui.format import lines

STRENGTHS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2)


def comparison_form(key: str, proposal: Proposal, *, disabled: bool) -> ComparisonDraft | None:
    """The comparison as it stands now, None while nothing is chosen; the caller draws the button. Raises Invalid."""
    start = proposal.draft
    steps = st.pills(
        tr("Versions"),
        proposal.steps,
        selection_mode="multi",
        default=list(start.steps),
        key=f"{key}:steps",
        disabled=disabled,
        format_func=lambda step: tr("Step {step:,}", step=step),
        help=tr("At most 8. Early versions follow prompts better, late ones know the face better."),
    )
    strengths = st.pills(
        tr("Strengths"),
        STRENGTHS,
        selection_mode="multi",
        default=list(start.strengths),
        key=f"{key}:strengths",
        disabled=disabled,
        format_func=lambda strength: Arm(1, strength).weight,
        help=tr("How strongly the LoRA is applied: the weight you would write in a prompt."),
    )
    prompts = st.text_area(
        tr("Prompts, one a line (at most {most})", most=MAX_PROMPTS),
        "\n".join(start.prompts),
        key=f"{key}:prompts",
        height=110,
        disabled=disabled,
        help=tr("Name places and clothes that the training pictures do not show: that is where versions differ."),
    )
    with st.expander(tr("More"), icon=":material/tune:"):
        left, right = st.columns(2)
        seeds = left.number_input(tr("Seeds per prompt"), 1, MAX_SEEDS, start.seeds, key=f"{key}:seeds", disabled=disabled)
        first = right.number_input(
            tr("First seed"), 0, 2**32 - 1 - MAX_SEEDS, start.first_seed, key=f"{key}:seed", disabled=disabled
        )
        control = st.toggle(
            tr("Generate without the LoRA too"),
            start.control,
            key=f"{key}:control",
            disabled=disabled,
            help=tr("Shows what the base model makes of each prompt, and whether a version still follows it as well."),
        )
        negative = st.text_input(tr("Negative prompt"), start.negative_prompt, key=f"{key}:negative", disabled=disabled)
    if missing := _problem(len(steps), len(strengths), len(lines(prompts))):
        st.warning(missing, icon=":material/rule:")
        return None
    return ComparisonDraft(
        run_id=start.run_id,
        steps=tuple(steps),
        strengths=tuple(strengths),
        prompts=lines(prompts),
        negative_prompt=negative,
        seeds=int(seeds),
        first_seed=int(first),
        control=control,
    )


def _problem(steps: int, strengths: int, prompts: int) -> str:
    """Why this many cannot be compared; empty when they can."""
    if not steps or not strengths or not prompts:
        return tr("Choose at least one version, one strength and one prompt.")
    if steps > MAX_CHECKPOINTS:
        return tr("At most {most} versions at once; {n} are selected. Remove some.", most=MAX_CHECKPOINTS, n=steps)
    if strengths > MAX_STRENGTHS:
        return tr("At most {most} strengths at once; {n} are selected. Remove some.", most=MAX_STRENGTHS, n=strengths)
    if prompts > MAX_PROMPTS:
        return tr("At most {most} prompts at once; there are {n}. Remove some.", most=MAX_PROMPTS, n=prompts)
    return ""
