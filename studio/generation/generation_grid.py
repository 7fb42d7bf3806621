"""Grids: the form of their axes (up to three, each with its values), their pictures in their places, and the whole as one
labelled file."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend import generation
from backend.engines.ports.image import ModelCard
from backend.generation import AxisDraft, GenerationCard, GenerationDraft, PictureCard
from backend.language import tr, tr_lazy, worded
from backend.loras import LoraCard
from studio.generation.xyz_grid import xyz_grid
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.format import media_url
from studio.ui.forms import renew_request_key, request_key

_AXIS_NAMES = ("X", "Y", "Z")
_EXAMPLES = {
    "steps": "10, 20, 30",
    "cfg": "2-8 (+2)",
    "seed": "1, 2, 3",
    "lora": "0.4-1 (+0.2)",
    "strength": "0.3-0.9 (+0.2)",
    "replace": tr_lazy("smiling, serious, shouting"),
}


def grid_form(
    key: str,
    draft: GenerationDraft,
    models: Sequence[ModelCard],
    loras: Sequence[LoraCard],
    *,
    start: Sequence[AxisDraft] = (),
    disabled: bool,
) -> tuple[AxisDraft, ...]:
    """The axes as they stand now, from `start`; axes without values are left out. Raises backend.errors.Invalid."""
    axes: list[AxisDraft] = []
    with st.container(border=True):
        st.markdown(tr("**What changes**"))
        for at, name in enumerate(_AXIS_NAMES):
            if at > len(axes):
                break
            before = start[at] if at < len(start) else None
            if axis := _axis(f"{key}:axis:{at}", name, at == 0, before, draft, models, loras, disabled):
                axes.append(axis)
        st.caption(tr("Numbers: 10, 20, 30 or 10-30 (+5) or 0-1 [5]. All pictures have the same seed, unless it is an axis."))
    return tuple(axes)


def _axis(
    key: str,
    name: str,
    first: bool,
    before: AxisDraft | None,
    draft: GenerationDraft,
    models: Sequence[ModelCard],
    loras: Sequence[LoraCard],
    disabled: bool,
) -> AxisDraft | None:
    kinds = [kind for kind in generation.AXIS_KINDS if kind != "strength" or draft.init_asset_id]
    kinds = [kind for kind in kinds if (kind != "model" or len(models) > 1) and (kind != "lora" or loras)]
    # One below the other: side by side their names do not fit.
    box = st.container(gap="xsmall")
    kind = box.selectbox(
        name,
        kinds,
        index=kinds.index(before.kind) if before and before.kind in kinds else 0 if first else None,
        key=f"{key}:kind",
        format_func=lambda kind: worded(generation.AXIS_KINDS[kind]),
        placeholder=tr("Nothing"),
        disabled=disabled,
    )
    if kind is None:
        return None
    values_before = list(before.values) if before and before.kind == kind else []
    model = generation.choose_model(models, draft.model)
    if kind in ("sampler", "model"):
        titles = (
            {card.name: card.title for card in models} if kind == "model" else {sampler: sampler for sampler in model.samplers}
        )
        chosen = box.multiselect(
            tr("Values"),
            list(titles),
            default=[value for value in values_before if value in titles],
            format_func=titles.__getitem__,
            key=f"{key}:{kind}",
            disabled=disabled,
            label_visibility="collapsed",
            placeholder=tr("Choose the values"),
        )
        return AxisDraft(kind=kind, values=tuple(chosen)) if chosen else None
    lora_id = None
    if kind == "lora":
        names = {card.id: card.name for card in loras if card.base == model.base}
        lora_before = list(names).index(before.lora_id) if before and before.lora_id in names else 0
        lora_id = box.selectbox(
            tr("LoRA"), list(names), index=lora_before, format_func=names.__getitem__, key=f"{key}:which", disabled=disabled
        )
    text = box.text_input(
        tr("Values"),
        ", ".join(values_before),
        key=f"{key}:{kind}",
        placeholder=tr("Values: {examples}", examples=worded(_EXAMPLES[kind])),
        disabled=disabled,
        max_chars=2000,
        label_visibility="collapsed",
    )
    if kind == "replace":
        box.caption(tr("The first one is looked for in the prompt; the others replace it."))
    return AxisDraft(kind=kind, values=generation.split_values(text), lora_id=lora_id) if text.strip() else None


def grid_cells(page: Page, card: GenerationCard, pictures: list[PictureCard], *, key: str, poll_url: str) -> str | None:
    """Returns the id of a picture just opened."""
    assert card.grid
    pictures_by_number = {
        picture.n: (picture.id, media_url(page.workspace.id, picture.asset_id, w=320), picture.prompt) for picture in pictures
    }
    return xyz_grid(
        f"{key}:grid:{card.id}",
        workspace=page.workspace.id,
        grid=card.grid,
        pictures=pictures_by_number,
        ratio=f"{card.recipe.width}/{card.recipe.height}",
        poll_url=poll_url,
    )


def export_sheet(page: Page, card: GenerationCard) -> None:
    """The labelled picture: asked for, followed, downloaded."""
    with page.transaction() as tx:
        job = generation.latest_sheet(tx, card.id)
    if follow(page, job, key="sheet"):
        return
    key = f"sheet:{card.id}"
    with st.container(horizontal=True):
        sheet_asset_id = (job.result or {}).get("assetId") if job and job.state == "completed" else None
        if sheet_asset_id:
            url = media_url(page.workspace.id, str(sheet_asset_id), download=True)
            st.link_button(tr("Download the labelled picture"), url, icon=":material/download:")
        if (
            page.can_edit
            and card.done
            and st.button(
                tr("Create it again") if sheet_asset_id else tr("As one labelled picture"),
                icon=":material/grid_on:",
                type="tertiary" if sheet_asset_id else "secondary",
            )
        ):
            with page.transaction(needs="editor") as tx:
                generation.start_sheet(tx, card.id, request_key=request_key(key))
            renew_request_key(key)
            st.rerun()
