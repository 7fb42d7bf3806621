"""The chosen scene of a reel: its picture, words, movement, transition and length, and a preview of it alone."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from backend import assets, jobs, reels
from backend.language import tr, tr_lazy, worded
from backend.reels import MOVEMENTS, SCENE_SOUNDS, TRANSITIONS, ReelCard, SceneCard, SceneDraft
from studio.gallery.file_choice import file_choice
from studio.jobs.jobs import follow
from studio.reels import drawn_forms, recordings
from studio.reels.changes import change
from studio.shell.frame import Page
from studio.ui.format import esc, media_url, percent
from studio.ui.forms import renew_request_key, request_key
from studio.ui.media_player import video_player

_PREVIEW = "reel:preview"
_MIDDLE = tr_lazy("Middle")
_PLACES: dict[str, list[float] | None] = {
    tr_lazy("Top left"): [0.0, 0.0],
    tr_lazy("Top"): [0.5, 0.0],
    tr_lazy("Top right"): [1.0, 0.0],
    tr_lazy("Left"): [0.0, 0.5],
    _MIDDLE: [0.5, 0.5],
    tr_lazy("Right"): [1.0, 0.5],
    tr_lazy("Bottom left"): [0.0, 1.0],
    tr_lazy("Bottom"): [0.5, 1.0],
    tr_lazy("Bottom right"): [1.0, 1.0],
}
"""What a crop keeps, as people choose it."""


def draw(page: Page, card: ReelCard, scene: SceneCard) -> None:
    with st.container(border=True):
        st.markdown(tr("#### Scene {position}", position=scene.position + 1))
        is_video = _is_video(page, scene)
        picture_column, word_column = st.columns([1, 2], vertical_alignment="top")
        with picture_column:
            _picture(page, card, scene)
        with word_column:
            _form(page, card, scene, is_video=is_video)
        if not card.variant_of:
            recordings.draw(page, card, scene)
        if page.can_edit:
            _preview(page, card, scene)


def _is_video(page: Page, scene: SceneCard) -> bool:
    with page.transaction() as tx:
        files = assets.get_many(tx, [scene.asset_id]) if scene.asset_id else {}
    return any(file.kind == "video" for file in files.values())


def _form(page: Page, card: ReelCard, scene: SceneCard, *, is_video: bool) -> None:
    form = f"scene:{scene.id}"
    seen = drawn_forms.seen_card(form, card)
    shown = next((earlier for earlier in seen.scenes if earlier.id == scene.id), scene)
    with st.form(f"{form}:{seen.revision}", border=False):
        words = st.text_area(tr("Words"), shown.words, height=110, max_chars=600, disabled=not page.can_edit)
        prompt = shown.prompt
        if not shown.asset_id:
            hint = tr("What it shows; empty: the words")
            prompt = st.text_input(tr("Picture"), shown.prompt, placeholder=hint, max_chars=2000, disabled=not page.can_edit)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            changes = _sound(page, shown) if is_video else _movement(page, shown)
            changes |= _focus(page, shown, is_video=is_video)
            transitions = list(TRANSITIONS)
            transition = st.selectbox(
                tr("Transition"),
                transitions,
                index=transitions.index(shown.transition),
                format_func=lambda name: worded(TRANSITIONS[name]),
                width=130,
                disabled=not shown.position or not page.can_edit,
            )
            hint = tr("Empty: as long as its words or the video") if is_video else tr("Empty: as long as its words")
            seconds = st.number_input(
                tr("Seconds"),
                0.5,
                60.0,
                shown.seconds,
                0.5,
                placeholder=tr("auto"),
                help=hint,
                width=130,
                disabled=not page.can_edit,
            )
        key = drawn_forms.save_key(form)
        pressed = page.can_edit and st.form_submit_button(tr("Save"), type="primary", key=key)
    if pressed:
        typed = changes | {"words": words, "prompt": prompt, "transition": transition, "seconds": seconds}
        typed = {name: value for name, value in typed.items() if value != getattr(shown, name)}
        both = any(getattr(scene, name) not in (getattr(shown, name), value) for name, value in typed.items())
        if not both or not drawn_forms.keep_typed(form, tr("This scene was changed elsewhere.")):
            draft = SceneDraft(**{name: getattr(scene, name) for name in SceneDraft.model_fields} | typed)
            if change(page, card, tr_lazy("Scene changed"), lambda tx: reels.save_scene(tx, card.id, scene.id, draft)):
                drawn_forms.let_go(form)
        st.rerun()


def _movement(page: Page, scene: SceneCard) -> dict[str, Any]:
    """The field of a picture."""
    names = list(MOVEMENTS)
    at = names.index(scene.movement)
    return {"movement": st.selectbox(tr("Movement"), names, at, _movement_title, width=130, disabled=not page.can_edit)}


def _movement_title(name: str) -> str:
    return worded(MOVEMENTS[name])


def _focus(page: Page, scene: SceneCard, *, is_video: bool) -> dict[str, Any]:
    """Which part of its picture is kept where that has another shape than the reel. Faces are looked for in pictures only."""
    options: dict[str, list[float] | None] = {**_PLACES, _MIDDLE: None} if is_video else {tr_lazy("Face"): None, **_PLACES}
    if scene.focus and scene.focus not in options.values():  # set over the API
        options[" × ".join(percent(share) for share in scene.focus)] = scene.focus
    at = list(options.values()).index(scene.focus)
    hint = (
        tr("What stays where the edges are cut")
        if is_video
        else tr("What stays where the edges are cut; without a face: the middle")
    )
    name = st.selectbox(tr("Keep"), list(options), at, worded, help=hint, width=130, disabled=not page.can_edit)
    return {"focus": options[name]}


def _sound(page: Page, scene: SceneCard) -> dict[str, Any]:
    """The field of a video, which moves by itself."""
    names = list(SCENE_SOUNDS)
    at = names.index(scene.sound)
    return {"sound": st.selectbox(tr("Own sound"), names, at, _sound_title, width=130, disabled=not page.can_edit)}


def _sound_title(name: str) -> str:
    return worded(SCENE_SOUNDS[name])


def _picture(page: Page, card: ReelCard, scene: SceneCard) -> None:
    if scene.asset_id:
        address = media_url(page.workspace.id, scene.asset_id, w=320)
        st.html(
            f'<img src="{esc(address)}" alt="" '
            'style="width:100%;max-height:300px;object-fit:contain;border-radius:8px;display:block">'
        )
    else:
        st.caption(tr("Created with the next render"))
    if not page.can_edit:
        return
    with st.popover(tr("Picture or video"), icon=":material/imagesmode:"):
        if scene.asset_id:
            st.button(tr("Create a new one"), key=f"redraw:{scene.id}", on_click=_set_picture, args=(page, card, scene, None))
        take = partial(_set_picture, page, card, scene)
        file_choice(page, f"scene:{scene.id}", take=take, influencer_id=card.influencer_id)


def _preview(page: Page, card: ReelCard, scene: SceneCard) -> None:
    st.button(
        tr("Preview"),
        icon=":material/play_arrow:",
        key=f"preview:{scene.id}",
        disabled=not scene.asset_id,
        help=tr("This scene alone, small, with its voice")
        if scene.asset_id
        else tr("Choose a picture first, or render the reel"),
        on_click=_start_preview,
        args=(page, card, scene),
    )
    with page.transaction() as tx:
        job = jobs.latest(tx, ("reel-scene", scene.id), "reel-preview")
    if job is None or st.session_state.get(_PREVIEW) != job.id:
        return
    if not follow(page, job, key=f"preview:{scene.id}") and job.state == "completed" and job.result:
        video_player(media_url(page.workspace.id, job.result["assetId"]), label=tr("Preview"), width=240)


def _set_picture(page: Page, card: ReelCard, scene: SceneCard, asset_id: str | None) -> None:
    values = {name: getattr(scene, name) for name in SceneDraft.model_fields} | {"asset_id": asset_id}
    change(page, card, tr_lazy("Picture changed"), lambda tx: reels.save_scene(tx, card.id, scene.id, SceneDraft(**values)))


def _start_preview(page: Page, card: ReelCard, scene: SceneCard) -> None:
    form = f"preview:{scene.id}"
    with page.guard():
        with page.transaction(needs="editor") as tx:
            job = reels.preview_scene(tx, card.id, scene.id, request_key=request_key(form))
        renew_request_key(form)
        st.session_state[_PREVIEW] = job.id
