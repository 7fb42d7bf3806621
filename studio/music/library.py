"""The page of music: tracks to listen to, what allows their use, a new one from a file."""

from __future__ import annotations

from functools import partial
from pathlib import PurePosixPath

import streamlit as st

from backend import jobs, music
from backend.assets import uploads
from backend.errors import NotFound
from backend.language import tr, tr_lazy, tr_plural, worded
from backend.music import LICENCES, NewTrack, TrackCard, TrackDraft, TrackUse
from studio.jobs.jobs import ACTIVE
from studio.music.tracks import licence_title, tracks
from studio.shell import nav
from studio.shell.frame import Page
from studio.ui.format import plain, size
from studio.ui.forms import renew_request_key, request_key
from studio.ui.live_jobs import live_jobs
from studio.ui.notices import queue_toast, show_queued_toasts, toast_errors
from studio.ui.uploader import Uploaded, uploader

_ACCEPT = ".mp3,.wav,.m4a,.ogg,.oga,.opus,.flac"
_DELETED, _UPLOAD, _FORM = "music:gone", "music:upload", "music:new"


def draw(page: Page) -> None:
    """`?id=<track>` opens it."""
    show_queued_toasts()
    _undo_bar(page)
    if page.can_edit:
        _add(page)
    with page.transaction() as tx:
        cards = music.page(tx).cards
        ready = [card for card in cards if card.is_ready]
        uses = music.uses(tx, [card.id for card in ready])
    _being_checked(page, [card for card in cards if not card.is_ready])
    opened = tracks("music", workspace=page.workspace.id, cards=ready, uses=uses, can_edit=page.can_edit)
    if opened:
        st.query_params["id"] = opened
    if track_id := st.query_params.get("id"):
        _details(page, track_id)


def _add(page: Page) -> None:
    upload_id = st.session_state.get(_UPLOAD)
    with st.expander(tr("Add music"), icon=":material/add:", expanded=bool(upload_id)):
        if upload_id:
            _new_track(page, upload_id)
            return
        limit = page.app.settings.uploads.max_music_size
        uploader(
            "music:file",
            workspace=page.workspace.id,
            noun=music.UPLOAD_NOUN,
            noun_id=music.INBOX,
            accept=_ACCEPT,
            max_bytes=limit,
            label=tr("Drop a sound file here"),
            hint=tr("MP3, WAV, M4A, Ogg or FLAC, up to {limit} and 30 minutes", limit=size(limit)),
            folders=False,
            multiple=False,
            on_done=_take_upload,
        )


def _take_upload(uploaded: Uploaded) -> None:
    if uploaded.ids:
        st.session_state[_UPLOAD] = uploaded.ids[-1]


def _new_track(page: Page, upload_id: str) -> None:
    try:
        with page.transaction() as tx:
            filename = uploads.get(tx, upload_id).filename
    except NotFound:
        del st.session_state[_UPLOAD]
        st.rerun()
    with st.form("music:new:form", border=False):
        empty = TrackDraft(title=PurePosixPath(filename).stem.replace("_", " ")[:120])
        draft = _fields(empty, key="music:new")
        with st.container(horizontal=True):
            added = st.form_submit_button(tr("Add"), type="primary", icon=":material/add:")
            dropped = st.form_submit_button(tr("Choose another file"), type="tertiary")
    if dropped:
        st.session_state.pop(_UPLOAD, None)
        st.rerun()
    if added:
        with page.guard():
            with page.transaction(needs="editor") as tx:
                new = NewTrack(upload_id=upload_id, **draft.model_dump())
                music.add(tx, new, request_key=request_key(_FORM))
            renew_request_key(_FORM)
            st.session_state.pop(_UPLOAD, None)
            queue_toast(tr("You can use it as soon as it is checked."))
            st.rerun()


def _fields(draft: TrackDraft, *, key: str) -> TrackDraft:
    """The fields of a form, filled with `draft`."""
    title = st.text_input(tr("Title"), draft.title, max_chars=120, key=f"{key}:title")
    options = [*LICENCES, *([draft.licence] if draft.licence and draft.licence not in LICENCES else [])]
    licence = st.selectbox(
        tr("Licence"),
        options,
        index=options.index(draft.licence) if draft.licence else None,
        format_func=lambda option: worded(LICENCES.get(str(option), str(option))),
        placeholder=tr("What allows its use"),
        help=tr("Or type the name of another one"),
        accept_new_options=True,
        key=f"{key}:licence",
    )
    source = st.text_input(
        tr("Source"), draft.source, max_chars=500, placeholder=tr("Address, or who made it"), key=f"{key}:source"
    )
    credit = st.text_input(
        tr("Credit"),
        draft.credit,
        max_chars=300,
        placeholder=tr("“Sunrise” by Ada, CC BY 4.0"),
        help=tr("CC BY needs it"),
        key=f"{key}:credit",
    )
    return TrackDraft(title=title, licence=(licence or "")[:120], source=source, credit=credit)


def _being_checked(page: Page, cards: list[TrackCard]) -> None:
    """Tracks that cannot be heard yet, or that were refused."""
    with page.transaction() as tx:
        job_cards = list(jobs.get_many(tx, [card.job_id for card in cards if card.job_id]).values())
    if not job_cards:
        return
    live_jobs("music:live", workspace=page.workspace.id, cards=job_cards, only_these=True, can_edit=page.can_edit)
    ended = [card.id for card in cards if card.state not in ACTIVE]
    if ended and page.can_edit:
        st.button(tr("Remove rejected files"), type="tertiary", on_click=_remove, args=(page, ended))


def _clear_opened() -> None:
    st.query_params.pop("id", None)


@st.dialog(tr_lazy("Music"), icon=":material/music_note:", on_dismiss=_clear_opened)
def _details(page: Page, track_id: str) -> None:
    show_queued_toasts()
    try:
        with page.transaction() as tx:
            card = music.get(tx, track_id)
            uses = music.uses(tx, [track_id]).get(track_id, [])
    except NotFound as error:
        st.warning(plain(worded(error.message)), icon=":material/search_off:")
        return
    if card.deleted_at:
        if st.session_state.get(_DELETED) == track_id:
            _clear_opened()
            st.rerun()
        st.warning(tr("This music was deleted."), icon=":material/delete:")
        st.button(tr("Restore"), type="primary", on_click=_undelete, args=(page, track_id), disabled=not page.can_edit)
        return
    if card.bundled or not page.can_edit:
        _facts(card)
    else:
        _edit(page, card)
    _used_in(uses)
    if page.can_edit and not card.bundled:
        st.button(tr("Delete"), icon=":material/delete:", type="tertiary", on_click=_delete, args=(page, track_id))


def _facts(card: TrackCard) -> None:
    st.markdown(f"**{plain(card.title)}**")
    if card.note:
        st.caption(plain(worded(card.note)))
    rows = (
        (tr("Licence"), licence_title(card.licence)),
        (tr("Source"), card.source),
        (tr("Credit"), card.credit),
    )
    for name, value in rows:
        if value:
            st.markdown(f"{name}: {plain(value)}")


def _edit(page: Page, card: TrackCard) -> None:
    with st.form(f"music:edit:{card.id}", border=False):
        draft = _fields(TrackDraft(**{name: getattr(card, name) for name in TrackDraft.model_fields}), key=f"music:{card.id}")
        saved = st.form_submit_button(tr("Save"), type="primary")
    if saved:
        with page.guard():
            with page.transaction(needs="editor") as tx:
                music.save(tx, card.id, draft)
            _clear_opened()
            st.rerun()


def _used_in(uses: list[TrackUse]) -> None:
    if not uses:
        st.caption(tr("Not in a video yet."))
        return
    st.caption(tr_plural("In {n:,} video", "In {n:,} videos", len(uses)))
    pages = {"reel": "create/reels", "video": "library/videos"}
    for use in uses:
        st.markdown(f"[{plain(use.title)}]({nav.url(pages[use.noun], {'id': use.id})})")


def _delete(page: Page, track_id: str) -> None:
    with toast_errors(), page.transaction(needs="editor") as tx:
        music.delete(tx, track_id)
        st.session_state[_DELETED] = track_id


def _remove(page: Page, track_ids: list[str]) -> None:
    with toast_errors(), page.transaction(needs="editor") as tx:
        for track_id in track_ids:
            music.delete(tx, track_id)


def _undelete(page: Page, track_id: str) -> None:
    with toast_errors(), page.transaction(needs="editor") as tx:
        music.undelete(tx, [track_id])
    st.session_state.pop(_DELETED, None)


def _undo_bar(page: Page) -> None:
    track_id = st.session_state.get(_DELETED)
    if track_id is None or not page.can_edit:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(tr("The track was deleted."), width="content")
        st.button(tr("Undo"), icon=":material/undo:", on_click=partial(_undelete, page, track_id))
        st.button(tr("Close"), type="tertiary", on_click=lambda: st.session_state.pop(_DELETED, None))
