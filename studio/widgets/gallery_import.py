"""Pictures of other programs: dropped here, looked at by a job, kept with the recipe they bring."""

from __future__ import annotations

import streamlit as st

from backend import boards, influencers, jobs
from backend.kit.ids import new_id
from studio.components import uploader
from studio.components.uploader import Uploaded
from studio.format import count, plain
from studio.frame import Page
from studio.widgets.jobs import follow

_JOB = "import:job"


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
    uploader(
        "import", workspace=page.workspace.id, noun=boards.NOUN, noun_id=boards.INBOX,
        accept=".jpg,.jpeg,.png,.webp,.heic,.heif,.tif,.tiff,.bmp,.avif", max_bytes=page.app.settings.max_upload_size,
        label="Drop pictures or a folder here", hint="PNG keeps recipes best",
        on_done=lambda done: _start(page, done, board_id, influencer_id),
    )  # fmt: skip
    if job_id := st.session_state.get(_JOB):
        _follow(page, job_id)


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


def _start(page: Page, done: Uploaded, board_id: str | None, influencer_id: str | None) -> None:
    if not done.ids:
        return
    with page.guard(), page.transaction(needs="editor") as tx:
        key = new_id("key")
        st.session_state[_JOB] = boards.bring_in(tx, board_id=board_id, influencer_id=influencer_id, request_key=key).id


def _follow(page: Page, job_id: str) -> None:
    with page.transaction() as tx:
        job = jobs.get(tx, job_id)
        refused = boards.refused(tx) if job.ended else []
    if follow(page, job, key="import"):
        return
    if job.state == "completed" and job.result:
        taken, told = job.result["imported"], job.result["with_recipe"]
        st.success(f"{count(taken, 'picture')} brought in, {told} with a recipe.", icon=":material/check:")
        page.link("make/gallery", "See them in the gallery", icon=":material/imagesmode:")
    if job.result and job.result["refused"]:
        st.warning(f"{count(job.result['refused'], 'file')} could not be taken:", icon=":material/warning:")
        for one in refused[: job.result["refused"]]:
            st.caption(f"**{plain(one.filename)}**: {plain(one.reason)}")
