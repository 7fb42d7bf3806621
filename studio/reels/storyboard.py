"""One reel: its video, and its scenes as cards with words, picture, movement and length."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from sqlalchemy.orm import Session

from backend import gallery, jobs, music, reels, voices
from backend.content_plans import PostSource
from backend.errors import StudioError
from backend.gallery import GalleryFilters
from backend.kit.ids import new_id
from backend.reels import FORMATS, MOVEMENTS, TRANSITIONS, ReelCard, ReelDraft, ReelStyle, SceneCard, SceneDraft
from studio.content_plans import create_post
from studio.jobs.jobs import follow
from studio.music import music_choice
from studio.shell.frame import Page
from studio.ui.format import count, esc, media_url, plain
from studio.ui.notices import queue_toast

_PREVIEW = "reel:preview"
_PICTURES = 12


def draw(page: Page, reel_id: str) -> None:
    """The reel of the address."""
    if st.button("All reels", icon=":material/arrow_back:", type="tertiary"):
        page.go("create/reels")
    with page.transaction() as tx:
        card = reels.get(tx, reel_id)
        job = jobs.get(tx, card.job_id) if card.job_id else None
    if card.deleted_at:
        st.warning("This reel was deleted.", icon=":material/delete:")
        if page.can_edit:
            st.button("Bring it back", type="primary", on_click=_act, args=(page, lambda tx: reels.undelete(tx, card.id)))
        return
    film_column, scene_column = st.columns([2, 3], gap="medium")
    with film_column:
        _head(page, card)
        follow(page, job, key="reel")
        _film(page, card)
    with scene_column:
        _scenes(page, card)


def _head(page: Page, card: ReelCard) -> None:
    st.markdown(f"## {plain(card.title)}")
    seconds = sum(scene.seconds or reels.speaking_seconds(scene.words) + 0.5 for scene in card.scenes)
    film_format = FORMATS[card.format]
    st.caption(f"{film_format.title} · {count(len(card.scenes), 'scene')} · about {seconds:.0f} s")
    if film_format.max_seconds and seconds > film_format.max_seconds:
        st.warning(f"{film_format.title} takes {film_format.max_seconds:.0f} s; what comes later is cut. Shorten the script.")
    if not page.can_edit:
        return
    with st.container(horizontal=True):
        st.button("Render", type="primary", icon=":material/movie:", on_click=_render, args=(page, card.id))
        with st.popover("Voice, music, subtitles", icon=":material/tune:"):
            _settings(page, card)
        with st.popover("Script", icon=":material/notes:"):
            _script(page, card)
        if st.button("Delete", icon=":material/delete:", type="tertiary"):
            _act(page, lambda tx: reels.delete(tx, card.id))
            page.go("create/reels")


def _film(page: Page, card: ReelCard) -> None:
    if not card.asset_id:
        st.caption("Render it to see it here. Scenes without a picture get one.")
        return
    source = media_url(page.workspace.id, card.asset_id)
    poster = media_url(page.workspace.id, card.asset_id, w=640)
    film_format = FORMATS[card.format]
    shape = film_format.width / film_format.height
    st.html(
        f'<video src="{esc(source)}" poster="{esc(poster)}" controls playsinline preload="metadata" '
        f'aria-label="{esc(card.title)}" style="width:min(100%, 66vh * {shape:.5f});aspect-ratio:{shape:.5f};'
        'background:#000;border-radius:10px;display:block;margin:0 auto"></video>'
    )
    if card.rendered_revision != card.revision:
        st.caption("Scenes were changed since. Render it again: only what changed is made anew.")
    names = {"subtitles.srt": "SRT", "subtitles.ass": "ASS", "voiceover.mp3": "Voice"}
    create_post.create_post_button(page, PostSource(reel_ids=(card.id,)), key=card.id)
    with st.container(horizontal=True):
        st.link_button("Download", media_url(page.workspace.id, card.asset_id, download=True), icon=":material/download:")
        for name, label in names.items():
            if name in card.files:
                st.link_button(label, media_url(page.workspace.id, card.files[name], download=True), type="tertiary")


def _settings(page: Page, card: ReelCard) -> None:
    with page.transaction() as tx:
        titles = {"": "No voice", **{voice.id: f"{voice.title} ({voice.language})" for voice in voices.page(tx)}}
        tracks = music.choices(tx)
    with st.form(f"reel:settings:{card.revision}", border=False):
        voice_id = st.selectbox(
            "Voice",
            list(titles),
            index=list(titles).index(card.voice_id or ""),
            format_func=lambda option: plain(titles[option]),
        )
        speed = st.slider("Speed", 0.5, 2.0, card.speed, 0.05)
        track_ids = ["", *tracks, *([card.music_track_id] if card.music_track_id and card.music_track_id not in tracks else [])]
        track_id = st.selectbox(
            "Music",
            track_ids,
            index=track_ids.index(card.music_track_id or ""),
            format_func=lambda option: music_choice.title(tracks, option),
        )
        music_db = st.slider("Music volume", -30.0, 6.0, max(-30.0, card.music_db), 1.0, format="%+.0f dB")
        subtitles = st.toggle("Subtitles", card.style.subtitles)
        karaoke = st.toggle("Fill the word that is spoken", card.style.karaoke)
        positions = ["bottom", "middle", "top"]
        position = st.segmented_control("Where", positions, default=card.style.position, required=True)
        highlight = st.color_picker("Colour of the spoken word", card.style.highlight)
        pressed = st.form_submit_button("Save", type="primary")
    if pressed:
        changes = {"subtitles": subtitles, "karaoke": karaoke, "position": position, "highlight": highlight}
        style = ReelStyle(**{**card.style.model_dump(), **changes})
        values = {name: getattr(card, name) for name in ReelDraft.model_fields}
        sound = {"music_track_id": track_id or None, "music_db": music_db}
        draft = ReelDraft(**{**values, "voice_id": voice_id or None, "speed": speed, "style": style, **sound})
        _act(page, lambda tx: reels.save(tx, card.id, draft, revision=card.revision))
        st.rerun()


def _script(page: Page, card: ReelCard) -> None:
    with st.form(f"reel:script:{card.revision}", border=False):
        script = st.text_area("Script", card.script, height=240, max_chars=reels.MAX_SCRIPT)
        st.caption("Scenes whose words stay the same keep their picture.")
        pressed = st.form_submit_button("Make scenes", type="primary")
    if pressed:
        _act(page, lambda tx: reels.split_again(tx, card.id, script, revision=card.revision))
        st.rerun()


def _scenes(page: Page, card: ReelCard) -> None:
    for scene in card.scenes:
        with st.container(border=True):
            _scene(page, card, scene)
    if page.can_edit:
        st.button("Add a scene", icon=":material/add:", on_click=_act, args=(page, lambda tx: _add(tx, card)))


def _scene(page: Page, card: ReelCard, scene: SceneCard) -> None:
    key = f"scene:{scene.id}"
    picture_column, word_column = st.columns([1, 3], vertical_alignment="top")
    with picture_column:
        _picture(page, card, scene)
    with word_column, st.form(f"{key}:{card.revision}", border=False):
        label = f"Scene {scene.position + 1}"
        words = st.text_area(label, scene.words, height=80, max_chars=600, disabled=not page.can_edit)
        prompt = scene.prompt
        if not scene.asset_id:
            prompt = st.text_input("Picture", scene.prompt, placeholder="What it shows; empty: as the words", max_chars=2000)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            movements, transitions = list(MOVEMENTS), list(TRANSITIONS)
            movement = st.selectbox(
                "Movement",
                movements,
                index=movements.index(scene.movement),
                format_func=lambda name: MOVEMENTS[name],
                width=130,
            )
            transition = st.selectbox(
                "Transition",
                transitions,
                index=transitions.index(scene.transition),
                format_func=lambda name: TRANSITIONS[name],
                width=130,
                disabled=not scene.position,
            )
            hint = "Empty: as long as its words take"
            seconds = st.number_input("Seconds", 0.5, 60.0, scene.seconds, 0.5, placeholder="auto", help=hint, width=130)
            pressed = st.form_submit_button("Save", disabled=not page.can_edit)
    if pressed:
        values = {name: getattr(scene, name) for name in SceneDraft.model_fields}
        values |= {"words": words, "prompt": prompt, "movement": movement, "transition": transition, "seconds": seconds}
        _act(page, lambda tx: reels.save_scene(tx, card.id, scene.id, SceneDraft(**values)))
        st.rerun()
    if page.can_edit:
        _scene_actions(page, card, scene)


def _picture(page: Page, card: ReelCard, scene: SceneCard) -> None:
    if scene.asset_id:
        address = media_url(page.workspace.id, scene.asset_id, w=320)
        st.html(f'<img src="{esc(address)}" alt="" style="width:100%;border-radius:8px;display:block">')
    else:
        st.caption("Drawn with the next render")
    if not page.can_edit:
        return
    with st.popover("Picture", icon=":material/imagesmode:"):
        if scene.asset_id:
            st.button("Draw a new one", key=f"redraw:{scene.id}", on_click=_set_picture, args=(page, card, scene, None))
        with page.transaction() as tx:
            tiles = gallery.tiles(tx, filters=GalleryFilters(influencer_id=card.influencer_id), take=_PICTURES).tiles
        for tile in tiles:
            with st.container(horizontal=True, vertical_alignment="center"):
                address = media_url(page.workspace.id, tile.asset_id, w=160)
                st.html(
                    f'<img src="{esc(address)}" alt="" style="height:72px;border-radius:6px;display:block">', width="content"
                )
                choose = _set_picture
                st.button("Take it", key=f"take:{scene.id}:{tile.id}", on_click=choose, args=(page, card, scene, tile.asset_id))


def _scene_actions(page: Page, card: ReelCard, scene: SceneCard) -> None:
    ids = [other.id for other in card.scenes]
    with st.container(horizontal=True, gap="small"):
        for label, icon, by in (("Earlier", ":material/arrow_upward:", -1), ("Later", ":material/arrow_downward:", 1)):
            at = scene.position + by
            possible = 0 <= at < len(ids)
            order = _moved(ids, scene.position, at) if possible else ids
            st.button(
                label,
                icon=icon,
                type="tertiary",
                key=f"{label}:{scene.id}",
                disabled=not possible,
                on_click=_act,
                args=(page, lambda tx, order=order: reels.order_scenes(tx, card.id, order)),
            )
        st.button(
            "Remove",
            icon=":material/delete:",
            type="tertiary",
            key=f"remove:{scene.id}",
            disabled=len(ids) == 1,
            on_click=_act,
            args=(page, lambda tx: reels.remove_scene(tx, card.id, scene.id)),
        )
        if scene.asset_id:
            st.button(
                "Preview",
                icon=":material/play_arrow:",
                type="tertiary",
                key=f"preview:{scene.id}",
                on_click=_preview,
                args=(page, card, scene),
            )
    _preview_result(page, scene)


def _preview_result(page: Page, scene: SceneCard) -> None:
    with page.transaction() as tx:
        job = jobs.latest(tx, ("reel-scene", scene.id), "reel-preview")
    if job is None or st.session_state.get(_PREVIEW) != job.id:
        return
    if not follow(page, job, key=f"preview:{scene.id}") and job.state == "completed" and job.result:
        st.video(media_url(page.workspace.id, job.result["assetId"]), autoplay=True, width=240)


def _moved(ids: list[str], source: int, target: int) -> list[str]:
    ids = list(ids)
    ids.insert(target, ids.pop(source))
    return ids


def _add(tx: Session, card: ReelCard) -> ReelCard:
    return reels.add_scene(tx, card.id, SceneDraft())


def _set_picture(page: Page, card: ReelCard, scene: SceneCard, asset_id: str | None) -> None:
    values = {name: getattr(scene, name) for name in SceneDraft.model_fields}
    _act(page, lambda tx: reels.save_scene(tx, card.id, scene.id, SceneDraft(**{**values, "asset_id": asset_id})))


def _preview(page: Page, card: ReelCard, scene: SceneCard) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        st.session_state[_PREVIEW] = reels.preview_scene(tx, card.id, scene.id, request_key=new_id("key")).id


def _render(page: Page, reel_id: str) -> None:
    _act(page, lambda tx: reels.render(tx, reel_id, request_key=new_id("key")))


def _act(page: Page, verb: Callable[[Session], object]) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            verb(tx)
    except StudioError as error:
        queue_toast(plain(error.message), ":material/error:")
