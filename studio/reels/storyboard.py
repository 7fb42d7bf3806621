"""One reel: its scenes as a timeline, the chosen one to change, and its video."""

from __future__ import annotations

import streamlit as st

from backend import jobs, music, reels, voices
from backend.content_plans import PostSource
from backend.kit.ids import new_id
from backend.language import tr, tr_lazy, tr_plural, worded
from backend.reels import FORMATS, ReelCard, ReelDraft, SceneCard, SceneDraft
from backend.voices import VoiceCard
from studio.content_plans import create_post
from studio.jobs.jobs import follow
from studio.music import music_choice
from studio.reels import changes, drawn_forms, scene_editor, variants
from studio.reels.scene_strip import StripEvent, scene_strip
from studio.shell.frame import Page
from studio.ui.format import esc, media_url, plain


def draw(page: Page, reel_id: str) -> None:
    """The reel of the address."""
    if st.button(tr("All reels"), icon=":material/arrow_back:", type="tertiary"):
        page.go("create/reels")
    with page.transaction() as tx:
        card = reels.get(tx, reel_id)
        job = jobs.get(tx, card.job_id) if card.job_id else None
    if card.deleted_at:
        st.warning(tr("This reel was deleted."), icon=":material/delete:")
        if page.can_edit:
            st.button(tr("Restore"), type="primary", on_click=changes.act, args=(page, lambda tx: reels.undelete(tx, card.id)))
        return
    _head(page, card)
    follow(page, job, key="reel")
    scene = _scenes(page, card)
    scene_column, film_column = st.columns([3, 2], gap="medium")
    with scene_column:
        scene_editor.draw(page, card, scene)
        variants.draw(page, card)
    with film_column:
        _film(page, card)


def _head(page: Page, card: ReelCard) -> None:
    st.markdown(f"## {plain(card.title)}")
    seconds = sum(reels.estimated_seconds(scene) for scene in card.scenes)
    film_format = FORMATS[card.format]
    st.caption(f"{worded(film_format.title)} · " + tr_plural("{n:,} scene", "{n:,} scenes", len(card.scenes)))
    if film_format.max_seconds and seconds > film_format.max_seconds:
        st.warning(
            tr(
                "{format} lasts {seconds:.0f} s at most; the rest is cut. Shorten the script.",
                format=film_format.title,
                seconds=film_format.max_seconds,
            )
        )
    if not page.can_edit:
        return
    with st.container(horizontal=True):
        st.button(tr("Render"), type="primary", icon=":material/movie:", on_click=_render, args=(page, card.id))
        with st.popover(tr("Voice, music, subtitles"), icon=":material/tune:"):
            _settings(page, card)
        with st.popover(tr("Script"), icon=":material/notes:"):
            _script(page, card)
        if st.button(tr("Delete"), icon=":material/delete:", type="tertiary"):
            changes.act(page, lambda tx: reels.delete(tx, card.id))
            page.go("create/reels")


def _film(page: Page, card: ReelCard) -> None:
    if not card.asset_id:
        st.caption(tr("Render it to see it here. Scenes without a picture get one."))
        return
    source = media_url(page.workspace.id, card.asset_id)
    poster = media_url(page.workspace.id, card.asset_id, w=640)
    film_format = FORMATS[card.format]
    shape = film_format.width / film_format.height
    st.html(
        f'<video src="{esc(source)}" poster="{esc(poster)}" controls playsinline preload="metadata" '
        f'aria-label="{esc(card.title)}" style="width:min(100%, 66vh * {shape:.5f});aspect-ratio:{shape:.5f};'
        'background:var(--color-behind-film);border-radius:10px;display:block;margin:0 auto"></video>'
    )
    if card.rendered_revision != card.revision:
        st.caption(tr("Scenes have changed since. Render again: only what changed is made again."))
    names = {"subtitles.srt": "SRT", "subtitles.ass": "ASS", "voiceover.mp3": tr("Voice")}
    create_post.create_post_button(page, PostSource(reel_ids=(card.id,)), key=card.id)
    with st.container(horizontal=True):
        st.link_button(tr("Download"), media_url(page.workspace.id, card.asset_id, download=True), icon=":material/download:")
        for name, label in names.items():
            if name in card.files:
                st.link_button(label, media_url(page.workspace.id, card.files[name], download=True), type="tertiary")


def _voice_title(voice: VoiceCard) -> str:
    title = f"{worded(voice.title)} ({voice.language})"
    return " · ".join([title, tr("cannot be used any more")]) if voice.refusal else title


def _settings(page: Page, card: ReelCard) -> None:
    with page.transaction() as tx:
        titles = {"": tr("No voice"), **{voice.id: _voice_title(voice) for voice in voices.choices(tx)}}
        tracks = music.choices(tx)
    form = f"settings:{card.id}"
    seen = drawn_forms.seen_card(form, card)
    with st.form(f"{form}:{seen.revision}", border=False):
        voice_id = st.selectbox(
            tr("Voice"),
            list(titles),
            index=list(titles).index(seen.voice_id or ""),
            format_func=lambda option: plain(titles[option]),
        )
        speed = st.slider(tr("Speed"), 0.5, 2.0, seen.speed, 0.05)
        track_ids = ["", *tracks, *([seen.music_track_id] if seen.music_track_id and seen.music_track_id not in tracks else [])]
        track_id = st.selectbox(
            tr("Music"),
            track_ids,
            index=track_ids.index(seen.music_track_id or ""),
            format_func=lambda option: music_choice.title(tracks, option),
        )
        music_db = st.slider(tr("Music volume"), -30.0, 6.0, max(-30.0, seen.music_db), 1.0, format="%+.0f dB")
        subtitles = st.toggle(tr("Subtitles"), seen.style.subtitles)
        karaoke = st.toggle(tr("Fill words as they are spoken"), seen.style.karaoke)
        fonts = list(reels.SUBTITLE_FONTS)
        font_column, size_column = st.columns([3, 2])
        font = font_column.selectbox(tr("Font"), fonts, index=fonts.index(seen.style.font))
        size = size_column.number_input(tr("Size"), 24, 140, seen.style.size, 4)
        positions = {"bottom": tr("Bottom"), "middle": tr("Middle"), "top": tr("Top")}
        position = st.segmented_control(
            tr("Where"), list(positions), default=seen.style.position, format_func=positions.__getitem__, required=True
        )
        highlight = st.color_picker(tr("Colour of the spoken word"), seen.style.highlight)
        pressed = st.form_submit_button(tr("Save"), type="primary", key=drawn_forms.save_key(form))
    if pressed:
        look = {
            "subtitles": subtitles,
            "karaoke": karaoke,
            "font": font,
            "size": size,
            "position": position,
            "highlight": highlight,
        }
        sound = {"voice_id": voice_id or None, "speed": speed, "music_track_id": track_id or None, "music_db": music_db}
        look = {name: value for name, value in look.items() if value != getattr(seen.style, name)}
        sound = {name: value for name, value in sound.items() if value != getattr(seen, name)}
        values = {name: getattr(card, name) for name in ReelDraft.model_fields}
        draft = ReelDraft(**values | sound | {"style": card.style.model_copy(update=look)})
        save = reels.save
        changes.act(page, lambda tx: save(tx, card.id, draft, revision=card.revision), form=form, typed=(look, sound))
        st.rerun()


def _script(page: Page, card: ReelCard) -> None:
    form = f"script:{card.id}"
    seen = drawn_forms.seen_card(form, card)
    with st.form(f"{form}:{seen.revision}", border=False):
        script = st.text_area(tr("Script"), seen.script[: reels.MAX_SCRIPT], height=240, max_chars=reels.MAX_SCRIPT)
        st.caption(tr("Scenes whose words stay the same keep their picture."))
        pressed = st.form_submit_button(tr("Make scenes"), type="primary", key=drawn_forms.save_key(form))
    if pressed:
        both = card.script not in (seen.script, script)
        if not both or not drawn_forms.keep_typed(form, tr("The script was changed elsewhere.")):
            split = reels.split_again
            if changes.change(
                page,
                card,
                tr_lazy("Script changed"),
                lambda tx: split(tx, card.id, script, revision=card.revision),
                form=form,
                typed=script,
            ):
                drawn_forms.let_go(form)
        st.rerun()


def _scenes(page: Page, card: ReelCard) -> SceneCard:
    """The timeline; returns the scene that is chosen."""
    ids = [scene.id for scene in card.scenes]
    scene_id = st.query_params.get("scene", "")
    selected = scene_id if scene_id in ids else ids[0]
    rendered = reels.rendered_scenes(page.app, page.transaction, card)
    events = scene_strip(
        f"reel:strip:{card.id}",
        workspace=page.workspace.id,
        scenes=card.scenes,
        rendered=rendered,
        selected=selected,
        undo=changes.undo_title(card) if page.can_edit else "",
        can_edit=page.can_edit,
    )
    chosen = None
    for event in events:
        with page.transaction() as tx:
            latest = reels.get(tx, card.id)
        chosen = _follow_strip(page, latest, event)
        if event.name == "selected":
            st.query_params["scene"] = chosen
    if chosen:
        st.query_params["scene"] = chosen
    if chosen is not None:
        st.rerun()
    return card.scenes[ids.index(selected)]


def _follow_strip(page: Page, card: ReelCard, event: StripEvent) -> str:
    """Returns the scene to be chosen then; "": as before."""
    values, scenes_by_id = event.values, {scene.id: scene for scene in card.scenes}
    chosen = str(values.get("id", ""))
    if event.name == "undone":
        changes.undo(page, card)
    elif event.name == "ordered":
        ids = [str(scene_id) for scene_id in values["ids"]]
        changes.change(page, card, tr_lazy("Scenes reordered"), lambda tx: reels.order_scenes(tx, card.id, ids))
        chosen = str(values["moved"])
    elif event.name == "removed":
        changes.change(page, card, tr_lazy("Scene deleted"), lambda tx: reels.remove_scene(tx, card.id, chosen))
        chosen = str(values["next"])
    elif event.name in ("added", "duplicated"):
        copied = scenes_by_id.get(chosen)
        draft = SceneDraft(**{name: getattr(copied, name) for name in SceneDraft.model_fields} if copied else {})
        after = chosen if copied else str(values.get("after", ""))
        changed = changes.change(
            page, card, tr_lazy("Scene added"), lambda tx: reels.add_scene(tx, card.id, draft, after=after)
        )
        chosen = next((scene.id for scene in changed.scenes if scene.id not in scenes_by_id), "") if changed else ""
    return chosen


def _render(page: Page, reel_id: str) -> None:
    changes.act(page, lambda tx: reels.render(tx, reel_id, request_key=new_id("key")))
