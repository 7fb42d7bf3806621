"""Pictures of other programs: dropped here, looked at by a job, kept with the recipe they bring."""

from __future__ import annotations

from typing import Any

import streamlit as st

from backend import boards, influencers, jobs
from backend.kit.ids import new_id
from studio.components import uploader
from studio.gallery.picture_urls import thumbs
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.format import count, media_url, plain

_JOB = "import:job"
_SHOWN = 12


def bring(page: Page) -> None:
    if st.button("Gallery", icon=":material/arrow_back:", type="tertiary"):
        page.go("make/gallery")
    if not page.can_edit:
        st.info("Bringing in pictures needs editor rights; an owner can give them.", icon=":material/lock:")
        return
    st.markdown(
        "Pictures from A1111, Forge, ComfyUI or another studio come in with their prompt, seed and settings, when the file has "
        "them. What a file says about itself is read and then taken out; the mark that it is AI-made stays."
    )
    board_id, influencer_id = _where(page)
    ai_made = st.checkbox(
        "They were made by AI", value=True, key="import:ai",
        help="Files that do not say where they come from get the mark. Take the tick away for photos.",
    )  # fmt: skip
    uploader(
        "import", workspace=page.workspace.id, noun=boards.NOUN, noun_id=boards.INBOX,
        accept=".jpg,.jpeg,.png,.webp,.heic,.heif,.tif,.tiff,.bmp,.avif", max_bytes=page.app.settings.max_upload_size,
        label="Drop pictures or a folder here", hint="PNG keeps recipes best",
        on_done=lambda done: _start(page, bool(done.ids), board_id=board_id, influencer_id=influencer_id, ai_made=ai_made),
    )  # fmt: skip
    if job_id := st.session_state.get(_JOB):
        _follow(page, job_id)
    _twins(page, board_id=board_id, influencer_id=influencer_id, ai_made=ai_made)


def _where(page: Page) -> tuple[str | None, str | None]:
    with page.transaction() as tx:
        names = {one.id: one.name for one in boards.page(tx)}
        people = {card.id: card.name for card in influencers.page(tx, take=200).cards}
    left, right = st.columns(2)
    board = left.selectbox("Onto a board", list(names), index=None, format_func=names.__getitem__, placeholder="None")
    who = right.selectbox(
        "They show", list(people), index=None, format_func=people.__getitem__, placeholder="As their LoRA says"
    )
    return board, who


def _start(page: Page, begin: bool, **how: Any) -> None:
    if begin:
        with page.guard(), page.transaction(needs="editor") as tx:
            st.session_state[_JOB] = boards.start_import(tx, request_key=new_id("key"), **how).id


def _follow(page: Page, job_id: str) -> None:
    with page.transaction() as tx:
        job = jobs.get(tx, job_id)
        refused = boards.refused_uploads(tx) if job.ended else []
    if follow(page, job, key="import"):
        return
    if job.state != "completed" or not job.result:
        return
    taken, told = job.result["imported"], job.result["with_recipe"]
    if taken:
        st.success(f"{count(taken, 'picture')} brought in, {told} with a recipe.", icon=":material/check:")
        page.link("make/gallery", "See them in the gallery", icon=":material/imagesmode:")
    if job.result["refused"]:
        st.warning(f"{count(job.result['refused'], 'file')} could not be taken:", icon=":material/warning:")
        for one in refused[: job.result["refused"]]:
            st.caption(f"**{plain(one.filename)}**: {plain(one.reason)}")


def _twins(page: Page, **how: Any) -> None:
    """Files that the gallery has already; each can come in a second time."""
    with page.transaction() as tx:
        found = boards.find_duplicates(tx)
    if not found:
        return
    with st.container(border=True):
        st.markdown(f"**{count(len(found), 'file')} left out: the gallery has the same picture already.**")
        for one in found[:_SHOWN]:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                thumbs([media_url(page.workspace.id, one.asset_id, w=160)])
                page.link("make/gallery", one.filename, id=one.picture_id)
        if len(found) > _SHOWN:
            st.caption(f"and {len(found) - _SHOWN} more")
        again = [one.upload_id for one in found]
        with st.container(horizontal=True):
            st.button("Leave them out", type="primary", on_click=_leave_out, args=(page, again))
            if st.button("Bring them in anyway", help="As pictures of their own, a second time"):
                _start(page, True, anyway=again, **how)
                st.rerun()


def _leave_out(page: Page, upload_ids: list[str]) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        boards.dismiss_duplicates(tx, upload_ids)
