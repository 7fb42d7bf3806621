"""Buttons that make something of one picture: a video, an edited area, its pose, a larger one."""

from __future__ import annotations

import streamlit as st

from backend import generation
from backend.generation import PictureCard
from backend.language import tr, worded
from studio.shell.frame import Page
from studio.ui.format import estimated_duration, plain
from studio.ui.forms import renew_request_key, request_key
from studio.videos import animate


def animate_button(page: Page, card: PictureCard) -> None:
    animate.animate_button(page, [card], key=card.id, width="stretch")


def edit_area_button(page: Page, card: PictureCard) -> None:
    if st.button(tr("Edit area"), icon=":material/draw:", width="stretch", help=tr("Paint over what should change")):
        page.go("create/pictures", **{"from": card.id, "part": "1"})


def pose_button(page: Page, card: PictureCard) -> None:
    """Shown where a model can take the pose from a picture."""
    if not any("pose-photo" in model.features for model in page.app.engines.image.models()):
        return
    if st.button(
        tr("Use pose"), icon=":material/accessibility_new:", width="stretch", help=tr("Create a picture with the same pose")
    ):
        page.go("create/pictures", pose=card.id)


def upscale_popover(page: Page, card: PictureCard) -> None:
    with st.popover(tr("Upscale"), icon=":material/zoom_out_map:", width="stretch"):
        upscale_options(page, card)


def upscale_options(page: Page, card: PictureCard) -> None:
    """Enlarges with the upscaler, or redraws with the model where that can draw larger than this picture."""
    models = page.app.engines.upscaler.models()
    with page.transaction() as tx:
        redraw = generation.larger_redraw_draft(tx, card.id, models=page.app.engines.image.models())
    for model in models:
        st.caption(plain(worded(model.note)))
        with st.container(horizontal=True):
            for scale in model.scales:
                with page.transaction() as tx:
                    estimate = generation.estimate_upscale(tx, card, scale=scale, model=model.name)
                label = tr(
                    "{scale}× · {width:,} × {height:,} px", scale=scale, width=card.width * scale, height=card.height * scale
                )
                label += f" · {estimated_duration(estimate.seconds)}" if estimate else ""
                if st.button(label, key=f"larger:{model.name}:{scale}:{card.id}"):
                    _enlarge(page, card, model.name, scale)
    if redraw:
        st.caption(tr("Detailed: created again at the model's largest size; adds detail and changes a little."))
        if st.button(
            tr("Detailed · {width} × {height} px", width=redraw.width or 0, height=redraw.height or 0), key=f"redraw:{card.id}"
        ):
            page.go("create/pictures", **{"from": card.id, "redraw": "1"})
    if not models and not redraw:
        st.caption(tr("No model here can upscale this picture."))


def _enlarge(page: Page, card: PictureCard, model: str, scale: int) -> None:
    name = f"larger:{card.id}:{model}:{scale}"
    models = page.app.engines.upscaler.models()
    with page.transaction(needs="editor") as tx:
        request = generation.start_upscale(tx, card.id, scale=scale, model=model, models=models, request_key=request_key(name))
    renew_request_key(name)
    page.go("create/pictures", id=request.id)


def recipe_facts(card: PictureCard) -> list[str]:
    """What else it was made with, as short phrases: template, style, workflow, pose, second pass, upscale."""
    recipe, sentences = card.recipe, []
    if recipe.template:
        sentences.append(
            tr("template {name}, version {version}", name=plain(recipe.template.name), version=recipe.template.version)
        )
    if recipe.style:
        sentences.append(tr("style {name}", name=plain(recipe.style.name)))
    if recipe.mask_asset_id:
        sentences.append(tr("edited area"))
    if recipe.workflow:
        sentences.append(tr("workflow {name}", name=plain(recipe.workflow.name)))
    if recipe.pose:
        sentences.append(tr("pose at {strength:g}", strength=recipe.pose.strength))
    if recipe.second_pass:
        sentences.append(tr("second pass, {scale:g}× larger", scale=recipe.second_pass.scale))
    if recipe.upscaled:
        scale, model = recipe.upscaled.scale, plain(recipe.upscaled.model)
        sentences.append(
            tr("{scale}× larger by {model}", scale=scale, model=model)
            if recipe.upscaled.detail
            else tr("{scale}× larger, resampled: no detail added", scale=scale)
        )
    return sentences
