"""What can be drawn from one picture: a part of it anew, the whole of it larger."""

from __future__ import annotations

import streamlit as st

from backend import generation
from backend.generation import PictureCard
from studio.shell.frame import Page
from studio.ui.format import plain, takes
from studio.ui.request_key import renew, request_key
from studio.videos import animate_dialog


def animate(page: Page, card: PictureCard) -> None:
    animate_dialog.animate_button(page, [card], key=card.id, width="stretch")


def part(page: Page, card: PictureCard) -> None:
    if st.button("Change a part of it", icon=":material/draw:", width="stretch", help="Paint over what should be different"):
        page.go("make/generation", **{"from": card.id, "part": "1"})


def pose(page: Page, card: PictureCard) -> None:
    """Offered where poses are read from pictures."""
    if not any("pose-photo" in model.features for model in page.app.engines.image.models()):
        return
    if st.button("Hold its pose", icon=":material/accessibility_new:", width="stretch", help="Draw somebody else like this"):
        page.go("make/generation", pose=card.id)


def larger(page: Page, card: PictureCard) -> None:
    """By the upscaler, and by the model itself where it can draw larger than this."""
    models = page.app.engines.upscaler.models()
    with page.transaction() as tx:
        redraw = generation.larger_redraw_draft(tx, card.id, models=page.app.engines.image.models())
    with st.popover("Make it larger", icon=":material/zoom_out_map:", width="stretch"):
        for one in models:
            st.caption(plain(one.note))
            with st.container(horizontal=True):
                for scale in one.scales:
                    with page.transaction() as tx:
                        found = generation.estimate_upscale(tx, card, scale=scale, model=one.name)
                    label = f"{scale}× · {card.width * scale:,} × {card.height * scale:,} px"
                    label += f" · {takes(found.seconds)}" if found else ""
                    if st.button(label, key=f"larger:{one.name}:{scale}:{card.id}"):
                        _enlarge(page, card, one.name, scale)
        if redraw:
            st.caption("Drawn once more from itself at the model's largest size: adds detail, and changes a little.")
            if st.button(f"Redraw at {redraw.width} × {redraw.height} px", key=f"redraw:{card.id}"):
                page.go("make/generation", **{"from": card.id, "redraw": "1"})


def _enlarge(page: Page, card: PictureCard, model: str, scale: int) -> None:
    name = f"larger:{card.id}:{model}:{scale}"
    models = page.app.engines.upscaler.models()
    with page.transaction(needs="editor") as tx:
        made = generation.start_upscale(tx, card.id, scale=scale, model=model, models=models, request_key=request_key(name))
    renew(name)
    page.go("make/generation", id=made.id)


def facts(card: PictureCard) -> list[str]:
    """What else it was made with."""
    recipe, said = card.recipe, []
    if recipe.template:
        said.append(f"template {plain(recipe.template.name)}, version {recipe.template.version}")
    if recipe.style:
        said.append(f"style {plain(recipe.style.name)}")
    if recipe.mask_asset_id:
        said.append("a part drawn anew")
    if recipe.workflow:
        said.append(f"workflow {plain(recipe.workflow.name)}")
    if recipe.pose:
        said.append(f"a pose held at {recipe.pose.strength:g}")
    if recipe.second_pass:
        said.append(f"a second pass {recipe.second_pass.scale:g}× larger")
    if recipe.upscaled:
        how = f" by {plain(recipe.upscaled.model)}" if recipe.upscaled.detail else ", resampled: no detail added"
        said.append(f"{recipe.upscaled.scale}× larger{how}")
    return said
