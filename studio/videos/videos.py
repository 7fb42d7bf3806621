"""The page of videos: those in the making, the finished ones, and one in a player."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backend import influencers, jobs, videos
from backend.content_plans import PostSource
from backend.errors import NotFound
from backend.language import tr, tr_lazy, tr_plural, worded
from backend.videos import VideoCard, VideoFilters
from studio.content_plans import create_post
from studio.jobs.jobs import ACTIVE
from studio.lineage import lineage
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, esc, media_url, plain, size
from studio.ui.live_jobs import live_jobs
from studio.ui.notices import show_queued_toasts, toast_errors
from studio.videos import upload_videos
from studio.videos.animate import KINDS
from studio.videos.clips import clips

_DELETED = "clips:gone"
_FINISH_HELP = tr_lazy("Music, subtitles and the size of a platform, as a new video")
PAGE_SIZE = 60
_PAUSE_SCRIPT = """
if (matchMedia("(prefers-reduced-motion: reduce)").matches)
  document.querySelectorAll("video[autoplay]").forEach(film => { film.autoplay = false; film.pause() });
"""


def browse(page: Page) -> None:
    """`?id=<clip>` opens it."""
    show_queued_toasts()
    if page.can_edit:
        upload_videos.draw(page)
    with page.transaction() as tx:
        working = jobs.page(tx, states=ACTIVE, kinds=KINDS, take=50).cards
        failed = jobs.page(tx, states=("failed",), kinds=KINDS, take=10, dismissed=False).cards
        video_count = videos.page(tx, take=1).total
    if working or failed:
        live_jobs("clips:live", workspace=page.workspace.id, cards=[*working, *failed], only_these=True, can_edit=page.can_edit)
    if failed and page.can_edit:
        st.button(tr("Dismiss failed"), type="tertiary", on_click=_dismiss, args=(page, [card.id for card in failed]))
    if video_count:
        _list(page, bool(working))
    elif not working:
        _empty(page)
    if clip_id := st.query_params.get("id"):
        _player(page, clip_id)


def _empty(page: Page) -> None:
    hint = tr("A camera move over a picture, or the picture itself in motion.")
    card = empty_state(tr("No videos yet"), hint, icon=":material/movie:")
    if page.can_edit and card.button(tr("Create a video"), type="primary"):
        page.go("create/videos")


def _list(page: Page, working: bool) -> None:
    filters = _filters(page)
    with page.transaction() as tx:
        videos_page = videos.page(tx, filters=filters, take=PAGE_SIZE)
    if not videos_page.cards:
        if filters != VideoFilters():
            st.caption(tr("No video matches the filters."))
        return
    st.caption(
        tr_plural("{n:,} video, and more on the way", "{n:,} videos, and more on the way", videos_page.total)
        if working
        else tr_plural("{n:,} video", "{n:,} videos", videos_page.total)
    )
    event = clips(
        "clips",
        workspace=page.workspace.id,
        cards=videos_page.cards,
        next_cursor=videos_page.next_cursor,
        filters=filters,
        can_edit=page.can_edit,
    )
    if event.for_post:
        create_post.create_post(page, PostSource(video_ids=(event.for_post,)))
    if event.opened:
        st.query_params["id"] = event.opened


def _filters(page: Page) -> VideoFilters:
    with page.transaction() as tx:
        names_by_id = {option.id: option.name for option in influencers.page(tx, take=200).cards}
    with st.container(horizontal=True, vertical_alignment="center"):
        influencer_id = st.selectbox(
            tr("Influencer"),
            ["", *names_by_id],
            format_func=lambda option: names_by_id.get(option) or tr("Every influencer"),
            key="clips:who",
            label_visibility="collapsed",
            width=165,
        )
        format_ = st.selectbox(
            tr("Format"),
            ["", *videos.FORMATS],
            key="clips:format",
            label_visibility="collapsed",
            width=165,
            format_func=lambda option: worded(videos.FORMATS[option][0]) if option else tr("Every format"),
        )
        favourite = st.toggle(tr("Favourites"), key="clips:favourite")
        stars = st.selectbox(
            tr("Stars"),
            [0, 1, 2, 3, 4, 5],
            key="clips:stars",
            label_visibility="collapsed",
            width=130,
            format_func=lambda n: tr("{n}★ and more", n=n) if n else tr("Any rating"),
        )
    return VideoFilters(influencer_id or None, None, favourite, stars, format_)


def _clear_opened() -> None:
    st.query_params.pop("id", None)


def _player(page: Page, clip_id: str) -> None:
    st.dialog(tr("Video"), width="large", icon=":material/movie:", on_dismiss=_clear_opened)(_player_body)(page, clip_id)


def _player_body(page: Page, clip_id: str) -> None:
    show_queued_toasts()
    try:
        with page.transaction() as tx:
            card = videos.get(tx, clip_id)
    except NotFound as error:
        st.warning(plain(worded(error.message)), icon=":material/search_off:")
        return
    if card.deleted_at:
        if st.session_state.get(_DELETED) == clip_id:
            _clear_opened()
            st.rerun()
        st.warning(tr("This video was deleted."), icon=":material/delete:")
        st.button(tr("Restore"), type="primary", on_click=_undelete, args=(page, clip_id), disabled=not page.can_edit)
    elif not card.asset_id:
        st.info(tr("This video is not made yet. It appears here as soon as it is."), icon=":material/hourglass_top:")
    else:
        _player_with_actions(page, card)


def _player_with_actions(page: Page, card: VideoCard) -> None:
    """The video with its actions: beside an upright one, below a wide one."""
    is_upright = card.width <= card.height
    video_column, actions_column = st.columns([2, 3], gap="medium") if is_upright else (st.container(), st.container())
    with video_column:
        video_element(page, card)
    with actions_column:
        _actions(page, card)


def video_element(page: Page, card: VideoCard) -> None:
    source = media_url(page.workspace.id, card.asset_id or "")
    poster = media_url(page.workspace.id, card.asset_id or "", w=640)
    shape = card.width / card.height
    st.html(
        f'<video src="{esc(source)}" poster="{esc(poster)}" controls autoplay loop muted playsinline preload="metadata" '
        f'aria-label="{esc(worded(card.recipe.title))}" style="width:min(100%, 66vh * {shape:.5f});aspect-ratio:{shape:.5f};'
        'object-fit:cover;background:var(--color-behind-film);border-radius:10px;display:block;margin:0 auto"></video>'
        f"<script>{_PAUSE_SCRIPT}</script>",
        unsafe_allow_javascript=True,
    )


def _actions(page: Page, card: VideoCard) -> None:
    name_prefix = f"{plain(card.influencer_name)} · " if card.influencer_name else ""
    st.markdown(f"**{name_prefix}{plain(worded(card.recipe.title))}**")
    if card.recipe.prompt:
        st.markdown(plain(card.recipe.prompt))
    st.caption(" · ".join(_facts(card)))
    stars_key, favourite_key = f"clip:stars:{card.id}:{card.rating}", f"clip:heart:{card.id}:{card.favourite}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.feedback(
            "stars",
            default=card.rating - 1 if card.rating else None,
            key=stars_key,
            disabled=not page.can_edit,
            on_change=partial(_rate, page, card.id, stars_key),
        )
        icon = ":material/favorite:" if card.favourite else ":material/favorite_border:"
        st.button(
            tr("Favourite") if card.favourite else tr("Make it a favourite"),
            icon=icon,
            type="tertiary",
            key=favourite_key,
            disabled=not page.can_edit,
            on_click=_set_favourite,
            args=(page, card),
        )
    if (
        page.can_edit
        and not card.recipe.finish
        and st.button(tr("Finish"), icon=":material/movie_edit:", help=worded(_FINISH_HELP))
    ):
        page.go("library/finish", id=card.id)
    source = PostSource(video_ids=(card.id,))
    create_post.create_post_button(page, source, key=card.id, type="primary")
    with st.container(horizontal=True):
        address = media_url(page.workspace.id, card.asset_id or "", download=True)
        help_text = (
            tr("With the mark that it is AI-made, nothing else")
            if card.recipe.ai_mark
            else tr("Nothing is written into the file")
        )
        st.link_button(tr("Download"), address, icon=":material/download:", help=help_text)
        lineage.lineage_button(page, "clip", card.id)
        if subtitles := videos.srt_of(card):
            name = f"{card.id}.srt"
            st.download_button(tr("Subtitles"), subtitles, name, "application/x-subrip", icon=":material/subtitles:")
        made_here = card.picture_id and not card.recipe.finish
        if page.can_edit and made_here and st.button(tr("Use same settings"), icon=":material/replay:"):
            page.go("create/videos", again=card.id)
        if card.picture_id and st.button(tr("Open the picture"), icon=":material/image:"):
            page.go("library/gallery", id=card.picture_id)
        if page.can_edit:
            st.button(tr("Delete"), icon=":material/delete:", on_click=_delete, args=(page, card.id))


def _facts(card: VideoCard) -> list[str]:
    recipe = card.recipe
    return [
        f"{card.width} × {card.height} px",
        tr("{seconds:.3g} s at {fps} frames a second", seconds=card.seconds, fps=card.fps),
        size(card.size_bytes),
        *(tr("LoRA {name} at {weight:g}", name=plain(ref.name), weight=ref.weight) for ref in recipe.loras),
        ago(card.created_at),
    ]


def _rate(page: Page, clip_id: str, key: str) -> None:
    stars = st.session_state[key]
    with toast_errors(), page.transaction(needs="editor") as tx:
        videos.rate(tx, [clip_id], 0 if stars is None else stars + 1)


def _set_favourite(page: Page, card: VideoCard) -> None:
    with toast_errors(), page.transaction(needs="editor") as tx:
        videos.set_favourite(tx, [card.id], not card.favourite)


def _delete(page: Page, clip_id: str) -> None:
    with toast_errors(), page.transaction(needs="editor") as tx:
        videos.delete(tx, [clip_id])
        st.session_state[_DELETED] = clip_id


def _undelete(page: Page, clip_id: str) -> None:
    with toast_errors(), page.transaction(needs="editor") as tx:
        videos.undelete(tx, [clip_id])
    st.session_state.pop(_DELETED, None)


def _dismiss(page: Page, job_ids: list[str]) -> None:
    with toast_errors(), page.transaction(needs="editor") as tx:
        for job_id in job_ids:
            jobs.dismiss(tx, job_id)
