"""The chosen scene of a reel: its picture, words, movement, transition and length, and a preview of it alone."""

from __future__ import annotations

import streamlit as st

from backend import gallery, jobs, reels
from backend.gallery import GalleryFilters
from backend.kit.ids import new_id
from backend.reels import MOVEMENTS, TRANSITIONS, ReelCard, SceneCard, SceneDraft
from studio.jobs.jobs import follow
from studio.reels.changes import change
from studio.shell.frame import Page
from studio.ui.format import esc, media_url

_PREVIEW = "reel:preview"
_PICTURES = 12


def draw(page: Page, card: ReelCard, scene: SceneCard) -> None:
    with st.container(border=True):
        st.markdown(f"#### Scene {scene.position + 1}")
        picture_column, word_column = st.columns([1, 2], vertical_alignment="top")
        with picture_column:
            _picture(page, card, scene)
        with word_column:
            _form(page, card, scene)
        if page.can_edit:
            _preview(page, card, scene)


def _form(page: Page, card: ReelCard, scene: SceneCard) -> None:
    key = f"scene:{scene.id}:{card.revision}"
    with st.form(key, border=False):
        words = st.text_area("Words", scene.words, height=110, max_chars=600, disabled=not page.can_edit)
        prompt = scene.prompt
        if not scene.asset_id:
            hint = "What it shows; empty: as the words"
            prompt = st.text_input("Picture", scene.prompt, placeholder=hint, max_chars=2000, disabled=not page.can_edit)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            movements, transitions = list(MOVEMENTS), list(TRANSITIONS)
            movement = st.selectbox(
                "Movement",
                movements,
                index=movements.index(scene.movement),
                format_func=lambda name: MOVEMENTS[name],
                width=130,
                disabled=not page.can_edit,
            )
            transition = st.selectbox(
                "Transition",
                transitions,
                index=transitions.index(scene.transition),
                format_func=lambda name: TRANSITIONS[name],
                width=130,
                disabled=not scene.position or not page.can_edit,
            )
            hint = "Empty: as long as its words take"
            seconds = st.number_input(
                "Seconds", 0.5, 60.0, scene.seconds, 0.5, placeholder="auto", help=hint, width=130, disabled=not page.can_edit
            )
        pressed = page.can_edit and st.form_submit_button("Save", type="primary")
    if pressed:
        values = {name: getattr(scene, name) for name in SceneDraft.model_fields}
        values |= {"words": words, "prompt": prompt, "movement": movement, "transition": transition, "seconds": seconds}
        change(page, card, "The change of a scene", lambda tx: reels.save_scene(tx, card.id, scene.id, SceneDraft(**values)))
        st.rerun()


def _picture(page: Page, card: ReelCard, scene: SceneCard) -> None:
    if scene.asset_id:
        address = media_url(page.workspace.id, scene.asset_id, w=320)
        st.html(
            f'<img src="{esc(address)}" alt="" '
            'style="width:100%;max-height:300px;object-fit:contain;border-radius:8px;display:block">'
        )
    else:
        st.caption("Drawn with the next render")
    if not page.can_edit:
        return
    with st.popover("Picture", icon=":material/imagesmode:"):
        if scene.asset_id:
            st.button("Draw a new one", key=f"redraw:{scene.id}", on_click=_set_picture, args=(page, card, scene, None))
        with page.transaction() as tx:
            tiles = gallery.tiles(tx, filters=GalleryFilters(influencer_id=card.influencer_id), take=_PICTURES).tiles
        if not tiles:
            st.caption("There are no pictures in the gallery yet.")
        for tile in tiles:
            with st.container(horizontal=True, vertical_alignment="center"):
                address = media_url(page.workspace.id, tile.asset_id, w=160)
                st.html(
                    f'<img src="{esc(address)}" alt="" style="height:72px;border-radius:6px;display:block">', width="content"
                )
                choose = _set_picture
                st.button("Take it", key=f"take:{scene.id}:{tile.id}", on_click=choose, args=(page, card, scene, tile.asset_id))


def _preview(page: Page, card: ReelCard, scene: SceneCard) -> None:
    st.button(
        "Preview",
        icon=":material/play_arrow:",
        key=f"preview:{scene.id}",
        disabled=not scene.asset_id,
        help="This scene alone, small, with its voice" if scene.asset_id else "Choose a picture first, or render the reel",
        on_click=_start_preview,
        args=(page, card, scene),
    )
    with page.transaction() as tx:
        job = jobs.latest(tx, ("reel-scene", scene.id), "reel-preview")
    if job is None or st.session_state.get(_PREVIEW) != job.id:
        return
    if not follow(page, job, key=f"preview:{scene.id}") and job.state == "completed" and job.result:
        st.video(media_url(page.workspace.id, job.result["assetId"]), autoplay=True, width=240)


def _set_picture(page: Page, card: ReelCard, scene: SceneCard, asset_id: str | None) -> None:
    values = {name: getattr(scene, name) for name in SceneDraft.model_fields} | {"asset_id": asset_id}
    change(page, card, "The change of a picture", lambda tx: reels.save_scene(tx, card.id, scene.id, SceneDraft(**values)))


def _start_preview(page: Page, card: ReelCard, scene: SceneCard) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        st.session_state[_PREVIEW] = reels.preview_scene(tx, card.id, scene.id, request_key=new_id("key")).id
