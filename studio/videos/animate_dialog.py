"""“Animate”: from pictures to videos, in a dialog over the page they are on."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend import generation, loras, videos
from backend.errors import StudioError
from backend.generation import LoraPick, PictureCard
from backend.videos import VideoDraft
from studio.shell.frame import Page
from studio.ui.empty_state import show_no_models
from studio.ui.format import count, duration, esc, media_url, plain
from studio.ui.forms import renew_request_key, request_key
from studio.ui.notices import show_queued_toasts, toast_errors
from studio.videos.video_form import VideoChoices, video_form

_LAST_DRAFT, _STARTED = "animate:last", "animate:go"
_BADGE_CSS = (
    "position:absolute;top:6px;left:6px;min-width:1.5em;padding:0 0.35em;border-radius:1em;text-align:center;font-size:0.75rem;"
    "line-height:1.5;background:rgba(20,20,28,0.72);color:#fff"
)
REUSED_CLIP = "animate:again"
"""Session-state key of the video whose settings the dialog starts with, until the dialog is dismissed."""


def animate_button(page: Page, cards: Sequence[PictureCard], *, key: str, width: str | int = "content") -> None:
    """Opens the dialog; editors only. Goes to the page of videos once they were started."""
    _go_to_videos(page)
    cards = cards[: videos.MAX_PICTURES]
    if not page.can_edit or not cards:
        return
    label = "Animate" if len(cards) == 1 else "Animate them"
    help_text = "A video from this picture" if len(cards) == 1 else "A video from each of these pictures, or from some of them"
    if st.button(label, icon=":material/animation:", key=f"animate:{key}", width=width, help=help_text):  # type: ignore[arg-type]
        dialog(page, cards, start_draft(page, cards))


def animate_pictures(page: Page, picture_ids: Sequence[str]) -> None:
    """Opens the dialog at once for pictures chosen in the gallery."""
    with page.transaction(needs="editor") as tx:
        cards = generation.pictures(tx, picture_ids)
    if cards:
        dialog(page, cards, start_draft(page, cards))
    else:
        st.warning("These pictures were deleted meanwhile. Load the gallery again.", icon=":material/delete:")


def start_draft(page: Page, cards: Sequence[PictureCard]) -> VideoDraft:
    """The settings used last, with the prompt (when all pictures share it) and LoRAs of the pictures."""
    last_draft = st.session_state.get(_LAST_DRAFT) or VideoDraft()
    picks = tuple(LoraPick(lora_id=ref.lora_id, weight=ref.weight) for ref in cards[0].recipe.loras[:8])
    prompt = cards[0].prompt[:2000] if len({card.prompt for card in cards}) == 1 else ""
    return last_draft.model_copy(update={"prompt": prompt, "loras": picks})


def _forget_reuse() -> None:
    st.session_state.pop(REUSED_CLIP, None)


@st.dialog("Animate", width="large", icon=":material/animation:", on_dismiss=_forget_reuse)
def dialog(page: Page, cards: Sequence[PictureCard], draft: VideoDraft) -> None:
    """Also with the settings of an earlier video as `draft`."""
    _go_to_videos(page)
    show_queued_toasts()
    models = page.app.engines.motion.models()
    if not models:
        show_no_models(page, page.app.engines.motion.status(), "Pictures can be animated", key="animate")
        return
    left, right = st.columns([2, 3], gap="medium")
    with right:
        with page.transaction() as tx:
            library = loras.page(tx, take=200).cards
        shapes = [card.width / card.height for card in cards]
        choices = VideoChoices(models, page.app.engines.image.models(), library, shapes)
        key = f"animate:{cards[0].id}"
        try:
            edited = video_form(key, choices, draft)
        except StudioError as error:
            st.error(plain(error.message), icon=":material/error:")
            return
    with left:
        ids = _picture_choice(key, cards)
        _preview(page, cards, ids, edited)
    _start_button(page, key, ids, edited, choices)


def _picture_choice(key: str, cards: Sequence[PictureCard]) -> list[str]:
    if len(cards) == 1:
        return [cards[0].id]
    numbers = {card.id: str(n) for n, card in enumerate(cards, 1)}
    return st.pills(
        "Pictures",
        list(numbers),
        selection_mode="multi",
        default=list(numbers),
        format_func=numbers.__getitem__,
        key=f"{key}:which",
    )


def _preview(page: Page, cards: Sequence[PictureCard], ids: Sequence[str], draft: VideoDraft) -> None:
    """The part of each picture that the video shows, in the video's shape; several pictures are numbered as in the choice."""
    columns = 1 if len(cards) == 1 else 2 if len(cards) <= 4 else 4 if len(cards) <= 12 else 5
    # A max-height would break the aspect ratio, so the width is limited by the height that is left (less on a phone).
    rows = -(-len(cards) // columns)
    max_height = f"{60 // rows}vh, {100 // (rows + 1)}vw" if rows > 1 else "60vh, 80vw"
    shown = []
    for n, card in enumerate(cards, 1):
        shape = videos.shape_of(card.width, card.height, draft.format)
        object_position = f"{draft.focus * 100:.0f}% {draft.focus * 100:.0f}%"
        opacity = "" if card.id in ids else ";opacity:0.3"
        badge = f'<span style="{_BADGE_CSS}">{n}</span>' if len(cards) > 1 else ""
        shown.append(
            f'<div style="position:relative;width:min(100%, min({max_height}) * {shape:.5f}){opacity}">{badge}'
            f'<img src="{esc(media_url(page.workspace.id, card.asset_id, w=640 if columns < 4 else 320))}" '
            f'alt="{esc(card.prompt)}" style="width:100%;aspect-ratio:{shape:.5f};object-fit:cover;'
            f'object-position:{object_position};border-radius:10px;display:block"></div>'
        )
    style = (
        f"display:grid;gap:6px;justify-items:center;align-items:center;grid-template-columns:repeat({columns}, minmax(0, 1fr))"
    )
    st.html(f'<div style="{style}">{"".join(shown)}</div>')


def _start_button(page: Page, key: str, ids: list[str], draft: VideoDraft, choices: VideoChoices) -> None:
    if not ids:
        st.info("Choose at least one picture.", icon=":material/touch_app:")
        return
    try:
        with page.transaction() as tx:
            plan = videos.preview(tx, picture_ids=ids, draft=draft, models=choices.models, checkpoints=choices.checkpoints)
    except StudioError as error:
        st.warning(plain(error.message), icon=":material/warning:")
        return
    recipe = plan.recipes[0]
    takes = f" · about {duration(plan.seconds)} to make" if plan.seconds else ""
    st.caption(f"{recipe.width} × {recipe.height} px · {recipe.seconds:.3g} s at {recipe.fps} frames a second{takes}")
    if plan.soft:
        subject = "Low resolution" if len(ids) == 1 else f"{count(plan.soft, 'picture')} with low resolution"
        st.caption(f":orange[:material/blur_on: {subject}: upscale first for a sharp video.]")
    label = "Make the video" if len(ids) == 1 else f"Make {count(len(ids), 'video')}"
    st.button(
        label,
        type="primary",
        icon=":material/movie:",
        width="stretch",
        key=f"{key}:go",
        on_click=_start_videos,
        args=(page, key, ids, draft, choices),
    )


def _start_videos(page: Page, key: str, ids: list[str], draft: VideoDraft, choices: VideoChoices) -> None:
    with toast_errors():
        with page.transaction(needs="editor") as tx:
            videos.animate(
                tx,
                picture_ids=ids,
                draft=draft,
                models=choices.models,
                checkpoints=choices.checkpoints,
                request_key=request_key(key),
            )
        renew_request_key(key)
        st.session_state[_LAST_DRAFT], st.session_state[_STARTED] = draft, True


def _go_to_videos(page: Page) -> None:
    """Leaves for the page of videos after a callback has started them."""
    if st.session_state.pop(_STARTED, False):
        _forget_reuse()
        page.go("library/videos")
