"""The page that finishes a video: platform, music, sound and subtitles."""

from __future__ import annotations

import streamlit as st

from backend import music, videos
from backend.errors import StudioError
from backend.language import tr, tr_lazy, worded
from backend.videos import FinishDraft, VideoCard
from studio.music import music_choice
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import plain
from studio.ui.forms import renew_request_key, request_key
from studio.ui.notices import queue_toast
from studio.videos import videos as video_page

_FORM = "finish"
_POSITIONS = {"bottom": tr_lazy("Bottom"), "middle": tr_lazy("Middle"), "top": tr_lazy("Top")}


def form(page: Page) -> None:
    """`?id=<clip>`: the video that is finished."""
    clip_id = st.query_params.get("id", "")
    card = _card(page, clip_id) if clip_id else None
    if card is None:
        chosen = empty_state(
            tr("Choose a video to finish"), tr("Open one in the library, then Finish."), icon=":material/movie_edit:"
        )
        if chosen.button(tr("Open the videos"), type="primary"):
            page.go("library/videos")
        return
    video_column, form_column = st.columns([2, 3], gap="large")
    with video_column:
        video_page.video_element(page, card)
    with form_column:
        _fields(page, card)


def _card(page: Page, clip_id: str) -> VideoCard | None:
    try:
        with page.transaction() as tx:
            card = videos.get(tx, clip_id)
    except StudioError as error:
        st.warning(plain(worded(error.message)), icon=":material/search_off:")
        return None
    return card if card.asset_id and not card.deleted_at and not card.recipe.finish else None


def _fields(page: Page, card: VideoCard) -> None:
    with page.transaction() as tx:
        tracks = music.choices(tx)
    preset = st.selectbox(
        tr("Platform"), list(videos.FINISH_PRESETS), format_func=lambda preset: worded(videos.FINISH_PRESETS[preset])
    )
    track_id = st.selectbox(
        tr("Music"), ["", *tracks], format_func=lambda name: music_choice.title(tracks, name), key="finish:music"
    )
    if track_id:
        track = tracks[track_id]
        music_choice.preview(page, track)
    keep_sound = st.toggle(tr("Keep its own sound"), value=True) if card.recipe.sound else True
    subtitles = st.text_area(
        tr("Subtitles"),
        height=140,
        max_chars=20_000,
        placeholder=tr("Good morning from Turin!"),
        help=tr("Text is spread over the video. SRT keeps its own times."),
    )
    if missing := videos.missing_glyphs(subtitles):
        note = tr("The font has no sign for: {signs}", signs=plain(missing[:20]))
        st.caption(f":orange[:material/warning: {note}]")
    karaoke = st.toggle(tr("Fill words as they are spoken"), value=True)
    position = st.segmented_control(
        tr("Place"),
        list(_POSITIONS),
        default="bottom",
        format_func=lambda position: worded(_POSITIONS[position]),
        required=True,
    )
    if not st.button(tr("Finish the video"), type="primary", icon=":material/movie_edit:", width="stretch"):
        return
    draft = FinishDraft(
        preset=preset, music=track_id, keep_sound=keep_sound, subtitles=subtitles, karaoke=karaoke, position=position
    )
    with page.transaction(needs="editor") as tx:
        videos.finish(tx, card.id, draft, request_key=request_key(_FORM))
    renew_request_key(_FORM)
    queue_toast(tr("The finished video appears here as soon as it is made."))
    page.go("library/videos")
