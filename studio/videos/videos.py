"""The videos: those that are being made, those that are there, and one in a player."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backend import generation, influencers, jobs, videos
from backend.errors import NotFound
from backend.videos import ClipCard, ClipFilters
from studio.components import live_jobs
from studio.components.clips import clips
from studio.jobs.jobs import ACTIVE
from studio.lineage import lineage
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, count, esc, media_url, plain, size
from studio.ui.toasts import telling, told
from studio.videos import animate_dialog

KINDS = ("video-generation", "video-generation-gpu")
_GONE = "clips:gone"
FIRST = 60
_STILL = """
if (matchMedia("(prefers-reduced-motion: reduce)").matches)
  document.querySelectorAll("video[autoplay]").forEach(film => { film.autoplay = false; film.pause() })
"""


def browse(page: Page) -> None:
    """`?id=<clip>` opens it."""
    told()
    _undo_bar(page)
    with page.transaction() as tx:
        working = jobs.page(tx, states=ACTIVE, kinds=KINDS, take=50).cards
        failed = jobs.page(tx, states=("failed",), kinds=KINDS, take=10, dismissed=False).cards
        made = videos.page(tx, take=1).total
    if working or failed:
        live_jobs("clips:live", workspace=page.workspace.id, cards=[*working, *failed], only_these=True, can_edit=page.can_edit)
    if failed and page.can_edit:
        st.button("Dismiss what failed", type="tertiary", on_click=_dismiss, args=(page, [card.id for card in failed]))
    if made:
        _list(page, bool(working))
    elif not working:
        _nothing(page)
    if again := st.session_state.get(animate_dialog.AGAIN):
        _same_settings(page, again)
    elif wanted := st.query_params.get("id"):
        _player(page, wanted)


def _nothing(page: Page) -> None:
    said = "Open a picture of the gallery and press Animate: a camera move over it, or the picture itself in motion."
    card = empty_state("No videos yet", said, icon=":material/movie:")
    if page.can_edit and card.button("Open the gallery", type="primary"):
        page.go("make/gallery")


def _list(page: Page, working: bool) -> None:
    filters = _filters(page)
    with page.transaction() as tx:
        found = videos.page(tx, filters=filters, take=FIRST)
    if not found.cards:
        if filters != ClipFilters():
            st.caption("No video matches. Take a filter away to see more.")
        return
    st.caption(count(found.total, "video") + (", and more on the way" if working else ""))
    opened = clips(
        "clips", workspace=page.workspace.id, cards=found.cards, next_cursor=found.next_cursor, filters=filters,
        can_edit=page.can_edit,
    )  # fmt: skip
    if opened:
        st.query_params["id"] = opened


def _filters(page: Page) -> ClipFilters:
    with page.transaction() as tx:
        people = {one.id: one.name for one in influencers.page(tx, take=200).cards}
    with st.container(horizontal=True, vertical_alignment="center"):
        who = st.selectbox(
            "Influencer", ["", *people], format_func=lambda one: people.get(one, "Every influencer"), key="clips:who",
            label_visibility="collapsed", width=165,
        )  # fmt: skip
        format_ = st.selectbox(
            "Format", ["", *videos.FORMATS], key="clips:format", label_visibility="collapsed", width=165,
            format_func=lambda one: videos.FORMATS[one][0] if one else "Every format",
        )  # fmt: skip
        favourite = st.toggle("Favourites", key="clips:favourite")
        stars = st.selectbox(
            "Stars", [0, 1, 2, 3, 4, 5], key="clips:stars", label_visibility="collapsed", width=130,
            format_func=lambda n: f"{n}★ and more" if n else "Any rating",
        )  # fmt: skip
    return ClipFilters(who or None, None, favourite, stars, format_)


def _closed() -> None:
    st.query_params.pop("id", None)


@st.dialog("Video", width="large", icon=":material/movie:", on_dismiss=_closed)
def _player(page: Page, clip_id: str) -> None:
    told()
    if animate_dialog.AGAIN in st.session_state:
        st.rerun()
    try:
        with page.transaction() as tx:
            card = videos.get(tx, clip_id)
    except NotFound as error:
        st.warning(plain(error.message), icon=":material/search_off:")
        return
    if card.deleted_at:
        if st.session_state.get(_GONE) == clip_id:
            _closed()
            st.rerun()
        st.warning("This video was deleted.", icon=":material/delete:")
        st.button("Bring it back", type="primary", on_click=_undelete, args=(page, clip_id), disabled=not page.can_edit)
    elif not card.asset_id:
        st.info("This video is not made yet. It appears here as soon as it is.", icon=":material/hourglass_top:")
    else:
        _play(page, card)


def _play(page: Page, card: ClipCard) -> None:
    """What is higher than wide leaves room beside it."""
    upright = card.width <= card.height
    film, beside = st.columns([2, 3], gap="medium") if upright else (st.container(), st.container())
    with film:
        _film(page, card)
    with beside:
        _acts(page, card)


def _film(page: Page, card: ClipCard) -> None:
    source = media_url(page.workspace.id, card.asset_id or "")
    poster = media_url(page.workspace.id, card.asset_id or "", w=640)
    shape = card.width / card.height
    st.html(
        f'<video src="{esc(source)}" poster="{esc(poster)}" controls autoplay loop muted playsinline preload="metadata" '
        f'aria-label="{esc(card.recipe.title)}" style="width:min(100%, 66vh * {shape:.5f});aspect-ratio:{shape:.5f};'
        'object-fit:cover;background:#000;border-radius:10px;display:block;margin:0 auto"></video>'
        f"<script>{_STILL}</script>",
        unsafe_allow_javascript=True,
    )


def _acts(page: Page, card: ClipCard) -> None:
    who = f"{plain(card.influencer_name)} · " if card.influencer_name else ""
    st.markdown(f"**{who}{plain(card.recipe.title)}**")
    if card.recipe.prompt:
        st.markdown(plain(card.recipe.prompt))
    st.caption(" · ".join(_facts(card)))
    stars, heart = f"clip:stars:{card.id}:{card.rating}", f"clip:heart:{card.id}:{card.favourite}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.feedback(
            "stars", default=card.rating - 1 if card.rating else None, key=stars, disabled=not page.can_edit,
            on_change=partial(_rate, page, card.id, stars),
        )  # fmt: skip
        icon = ":material/favorite:" if card.favourite else ":material/favorite_border:"
        st.button(
            "Favourite" if card.favourite else "Make it a favourite", icon=icon, type="tertiary", key=heart,
            disabled=not page.can_edit, on_click=_favour, args=(page, card),
        )  # fmt: skip
    with st.container(horizontal=True):
        address = media_url(page.workspace.id, card.asset_id or "", download=True)
        said = "With the mark that it is AI-made, nothing else" if card.recipe.ai_mark else "Nothing is written into the file"
        st.link_button("Download", address, icon=":material/download:", help=said)
        lineage.button(page, "clip", card.id)
        if page.can_edit:
            st.button("Use same settings", icon=":material/replay:", on_click=_again, args=(card.id,))
        if st.button("Open the picture", icon=":material/image:"):
            page.go("make/gallery", id=card.picture_id)
        if page.can_edit:
            st.button("Delete", icon=":material/delete:", on_click=_delete, args=(page, card.id))


def _facts(card: ClipCard) -> list[str]:
    recipe = card.recipe
    return [
        f"{card.width} × {card.height} px",
        f"{card.seconds:.3g} s at {card.fps} frames a second",
        size(card.size_bytes),
        *(f"LoRA {plain(ref.name)} at {ref.weight:g}" for ref in recipe.loras),
        ago(card.created_at),
    ]


def _rate(page: Page, clip_id: str, key: str) -> None:
    given = st.session_state[key]
    with telling(), page.transaction(needs="editor") as tx:
        videos.rate(tx, [clip_id], 0 if given is None else given + 1)


def _favour(page: Page, card: ClipCard) -> None:
    with telling(), page.transaction(needs="editor") as tx:
        videos.favour(tx, [card.id], not card.favourite)


def _again(clip_id: str) -> None:
    _closed()
    st.session_state[animate_dialog.AGAIN] = clip_id


def _same_settings(page: Page, clip_id: str) -> None:
    """The dialog that made it, filled as it was, for the same picture."""
    with page.transaction() as tx:
        card, draft = videos.get(tx, clip_id), videos.again(tx, clip_id)
        pictures = generation.pictures(tx, [card.picture_id])
    if not pictures:
        st.session_state.pop(animate_dialog.AGAIN)
        st.warning("Its picture was deleted. Bring the picture back first.", icon=":material/delete:")
        return
    animate_dialog.dialog(page, pictures, draft)


def _delete(page: Page, clip_id: str) -> None:
    with telling(), page.transaction(needs="editor") as tx:
        videos.delete(tx, [clip_id])
        st.session_state[_GONE] = clip_id


def _undelete(page: Page, clip_id: str) -> None:
    with telling(), page.transaction(needs="editor") as tx:
        videos.undelete(tx, [clip_id])
    st.session_state.pop(_GONE, None)


def _undo_bar(page: Page) -> None:
    gone = st.session_state.get(_GONE)
    if gone is None or not page.can_edit:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown("1 video deleted.", width="content")
        st.button("Undo", icon=":material/undo:", on_click=_undelete, args=(page, gone))
        st.button("Fine", type="tertiary", on_click=lambda: st.session_state.pop(_GONE, None))


def _dismiss(page: Page, job_ids: list[str]) -> None:
    with telling(), page.transaction(needs="editor") as tx:
        for job_id in job_ids:
            jobs.dismiss(tx, job_id)
