"""“Animate”: from pictures to videos, in a dialog over the page they are on."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend import generation, loras, videos
from backend.errors import StudioError
from backend.generation import LoraPick, PictureCard
from backend.videos import ClipDraft
from studio.shell.frame import Page
from studio.ui.engine_status import nothing_offered
from studio.ui.format import count, duration, esc, media_url, plain
from studio.ui.request_key import renew, request_key
from studio.ui.toasts import telling, told
from studio.videos.video_form import Choices, clip_form

_LAST, _GO = "animate:last", "animate:go"
_BADGE = (
    "position:absolute;top:6px;left:6px;min-width:1.5em;padding:0 0.35em;border-radius:1em;text-align:center;font-size:0.75rem;"
    "line-height:1.5;background:rgba(20,20,28,0.72);color:#fff"
)
AGAIN = "animate:again"
"""In the session: the clip whose settings the dialog begins with, until it is left."""


def button(page: Page, cards: Sequence[PictureCard], *, key: str, width: str | int = "content") -> None:
    """Offered to editors. Goes to the videos once they are asked for."""
    _leave(page)
    cards = cards[: videos.MOST_AT_ONCE]
    if not page.can_edit or not cards:
        return
    label = "Animate" if len(cards) == 1 else "Animate them"
    said = "A video from this picture" if len(cards) == 1 else "A video from each of these pictures, or from some of them"
    if st.button(label, icon=":material/animation:", key=f"animate:{key}", width=width, help=said):  # type: ignore[arg-type]
        dialog(page, cards, start(page, cards))


def several(page: Page, picture_ids: Sequence[str]) -> None:
    """Those chosen in the gallery; the dialog opens at once."""
    with page.transaction(needs="editor") as tx:
        cards = generation.pictures(tx, picture_ids)
    if cards:
        dialog(page, cards, start(page, cards))
    else:
        st.warning("These pictures were deleted meanwhile. Load the gallery again.", icon=":material/delete:")


def start(page: Page, cards: Sequence[PictureCard]) -> ClipDraft:
    """As the last time; with the picture's own words and LoRAs."""
    before = st.session_state.get(_LAST) or ClipDraft()
    picks = tuple(LoraPick(lora_id=ref.lora_id, weight=ref.weight) for ref in cards[0].recipe.loras[:8])
    prompt = cards[0].prompt[:2000] if len({card.prompt for card in cards}) == 1 else ""
    return before.model_copy(update={"prompt": prompt, "loras": picks})


def _dismissed() -> None:
    st.session_state.pop(AGAIN, None)


@st.dialog("Animate", width="large", icon=":material/animation:", on_dismiss=_dismissed)
def dialog(page: Page, cards: Sequence[PictureCard], draft: ClipDraft) -> None:
    """Also with the settings of an earlier video as `draft`."""
    _leave(page)
    told()
    models = page.app.engines.motion.models()
    if not models:
        nothing_offered(page, page.app.engines.motion.status(), "Pictures can be animated", key="animate")
        return
    left, right = st.columns([2, 3], gap="medium")
    with right:
        with page.transaction() as tx:
            library = loras.page(tx, take=200).cards
        shapes = [card.width / card.height for card in cards]
        choices = Choices(models, page.app.engines.image.models(), library, shapes)
        key = f"animate:{cards[0].id}"
        try:
            wanted = clip_form(key, choices, draft)
        except StudioError as error:
            st.error(plain(error.message), icon=":material/error:")
            return
    with left:
        ids = _chosen(key, cards)
        _preview(page, cards, ids, wanted)
    _ask(page, key, ids, wanted, choices)


def _chosen(key: str, cards: Sequence[PictureCard]) -> list[str]:
    if len(cards) == 1:
        return [cards[0].id]
    numbers = {card.id: str(n) for n, card in enumerate(cards, 1)}
    return st.pills(
        "Pictures", list(numbers), selection_mode="multi", default=list(numbers), format_func=numbers.__getitem__,
        key=f"{key}:which",
    )  # fmt: skip


def _preview(page: Page, cards: Sequence[PictureCard], ids: Sequence[str], draft: ClipDraft) -> None:
    """What of each picture will be in sight, in the shape of the video; of several with the number it is chosen by."""
    columns = 1 if len(cards) == 1 else 2 if len(cards) <= 4 else 4 if len(cards) <= 12 else 5
    # A max-height would break the shape, so the height that is free limits the width; less of it on a phone.
    rows = -(-len(cards) // columns)
    high = f"{60 // rows}vh, {100 // (rows + 1)}vw" if rows > 1 else "60vh, 80vw"
    shown = []
    for n, card in enumerate(cards, 1):
        shape = videos.shape_of(card.width, card.height, draft.format)
        at = f"{draft.focus * 100:.0f}% {draft.focus * 100:.0f}%"
        faint = "" if card.id in ids else ";opacity:0.3"
        badge = f'<span style="{_BADGE}">{n}</span>' if len(cards) > 1 else ""
        shown.append(
            f'<div style="position:relative;width:min(100%, min({high}) * {shape:.5f}){faint}">{badge}'
            f'<img src="{esc(media_url(page.workspace.id, card.asset_id, w=640 if columns < 4 else 320))}" '
            f'alt="{esc(card.prompt)}" style="width:100%;aspect-ratio:{shape:.5f};object-fit:cover;object-position:{at};'
            'border-radius:10px;display:block"></div>'
        )
    style = (
        f"display:grid;gap:6px;justify-items:center;align-items:center;grid-template-columns:repeat({columns}, minmax(0, 1fr))"
    )
    st.html(f'<div style="{style}">{"".join(shown)}</div>')


def _ask(page: Page, key: str, ids: list[str], draft: ClipDraft, choices: Choices) -> None:
    if not ids:
        st.info("Choose at least one picture.", icon=":material/touch_app:")
        return
    try:
        with page.transaction() as tx:
            plan = videos.plan(tx, picture_ids=ids, draft=draft, models=choices.models, checkpoints=choices.checkpoints)
    except StudioError as error:
        st.warning(plain(error.message), icon=":material/warning:")
        return
    one = plan.recipes[0]
    takes = f" · about {duration(plan.seconds)} to make" if plan.seconds else ""
    st.caption(f"{one.width} × {one.height} px · {one.seconds:.3g} s at {one.fps} frames a second{takes}")
    if plan.soft:
        what = "This picture is" if len(ids) == 1 else f"{plan.soft} of these pictures are"
        st.caption(f":orange[:material/blur_on: {what} much smaller than the video, which will look soft. "
                   "“Make it larger” first helps.]")  # fmt: skip
    label = "Make the video" if len(ids) == 1 else f"Make {count(len(ids), 'video')}"
    st.button(
        label, type="primary", icon=":material/movie:", width="stretch", key=f"{key}:go", on_click=_make,
        args=(page, key, ids, draft, choices),
    )  # fmt: skip


def _make(page: Page, key: str, ids: list[str], draft: ClipDraft, choices: Choices) -> None:
    with telling():
        with page.transaction(needs="editor") as tx:
            videos.animate(
                tx, picture_ids=ids, draft=draft, models=choices.models, checkpoints=choices.checkpoints,
                request_key=request_key(key),
            )  # fmt: skip
        renew(key)
        st.session_state[_LAST], st.session_state[_GO] = draft, True


def _leave(page: Page) -> None:
    """To where the videos appear, after they were asked for."""
    if st.session_state.pop(_GO, False):
        _dismissed()
        page.go("make/clips")
