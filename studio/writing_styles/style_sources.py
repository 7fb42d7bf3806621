"""The PDFs of a style: uploaded here, read by a job, each with its result."""

from __future__ import annotations

import streamlit as st

from backend import jobs, writing_styles
from backend.assets import uploads
from backend.errors import NotFound, StudioError
from backend.jobs import JobCard
from backend.kit.ids import new_id
from backend.language import tr, tr_plural, worded
from backend.writing_styles import StyleSourceCard, WritingStyleCard
from studio.jobs.jobs import ACTIVE, follow
from studio.shell.frame import Page
from studio.ui.buttons import confirm, icon_button
from studio.ui.format import plain, size
from studio.ui.forms import renew_request_key, request_key, submit_once
from studio.ui.uploader import Uploaded, uploader

_MARKS = {
    "waiting": ":gray[:material/schedule:]",
    "read": ":green[:material/check_circle:]",
    "refused": ":red[:material/error:]",
}


def working(page: Page, style: WritingStyleCard) -> bool:
    """Draws the training that is under way or failed. True while it works."""
    job = _job(page, style)
    if job is None:
        return False
    if job.state in ACTIVE:
        return follow(page, job, key=f"style:{style.id}")
    if job.state == "failed":
        st.error(plain(worded(job.error_message or "") or tr("Learning failed.")), icon=":material/error:")
    elif job.state == "cancelled":
        st.warning(tr("Learning was cancelled. What was read is kept; learn again to continue."), icon=":material/block:")
    return False


def offer_unread(page: Page, style: WritingStyleCard) -> None:
    """Files that no training was started for, because the browser was closed or the page reloaded before the upload ended."""
    with page.transaction() as tx:
        unread = uploads.count(tx, writing_styles.NOUN, style.id, states=("stored",))
    if not unread or not page.can_edit:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        text = tr_plural("{n:,} uploaded file not checked yet.", "{n:,} uploaded files not checked yet.", unread)
        st.markdown(text, width="content")
        st.button(tr("Check now"), key=f"style:{style.id}:unread", on_click=_train, args=(page, style.id))


def _job(page: Page, style: WritingStyleCard) -> JobCard | None:
    if not style.job_id:
        return None
    try:
        with page.transaction() as tx:
            return jobs.get(tx, style.job_id)
    except NotFound:  # deleted after JOB_CLEANUP_HOURS
        return None


def sources(page: Page, style: WritingStyleCard, *, working: bool) -> None:
    with page.transaction() as tx:
        source_cards = writing_styles.sources(tx, style.id)
    if page.can_edit and not working:
        _drop_zone(page, style)
    elif not source_cards and not page.can_edit:
        st.info(tr("No files yet. An editor can add PDFs."), icon=":material/lock:")
    if source_cards:
        st.markdown(f"**{tr('Files')}**")
    for source in source_cards:
        _row(page, source, can_remove=page.can_edit and not working)
    if (
        source_cards
        and page.can_edit
        and not working
        and (style.card is None or any(source.state == "waiting" for source in source_cards))
    ):
        st.button(tr("Learn again"), icon=":material/replay:", on_click=_train, args=(page, style.id))


def _drop_zone(page: Page, style: WritingStyleCard) -> None:
    limits = page.app.settings.uploads
    uploader(
        f"style:drop:{style.id}",
        workspace=page.workspace.id,
        noun=writing_styles.NOUN,
        noun_id=style.id,
        accept=".pdf",
        max_bytes=limits.max_style_pdf_size,
        label=tr("Drop PDFs by one author here"),
        folders=False,
        hint=tr(
            "PDF with text in it, up to {size} and {pages:,} pages each",
            size=size(limits.max_style_pdf_size),
            pages=limits.max_style_pages,
        ),
        on_done=lambda uploaded: _on_uploaded(page, style.id, uploaded),
    )
    st.caption(
        tr(
            "At least {least:,} words; {enough:,} or more are better. The text is kept here, the files are not. "
            "Upload only what you may use.",
            least=writing_styles.MIN_SOURCE_WORDS,
            enough=writing_styles.RELIABLE_SOURCE_WORDS,
        )
    )


def _on_uploaded(page: Page, style_id: str, uploaded: Uploaded) -> None:
    if uploaded.ids:
        _train(page, style_id)


def _train(page: Page, style_id: str) -> None:
    form = f"style:train:{style_id}"
    try:
        with page.transaction(needs="editor") as tx:
            writing_styles.train(tx, style_id, request_key=request_key(form))
        renew_request_key(form)
    except StudioError as error:
        st.toast(plain(worded(error.message)), icon=":material/error:")


def _row(page: Page, source: StyleSourceCard, *, can_remove: bool) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap="xxsmall"):
            st.markdown(f"{_MARKS[source.state]} **{plain(source.filename)}**")
            st.caption(_about(source))
        if can_remove and icon_button(tr("Remove this file"), ":material/close:", key=f"source:{source.id}"):
            if source.state == "read":
                sentence = tr("Its text is deleted, and the style is measured again from the other files.")
                confirm(tr("Remove this file?"), sentence, action=tr("Remove"), act=lambda: _drop(page, source.id))
            else:
                with page.guard():
                    _drop(page, source.id)
                    st.rerun()


def _about(source: StyleSourceCard) -> str:
    match source.state:
        case "read":
            pages = tr_plural("{n:,} page", "{n:,} pages", source.pages)
            words = tr_plural("{n:,} word", "{n:,} words", source.words)
            return " · ".join([pages, words, *(plain(worded(note)) for note in source.notes)])
        case "refused":
            return plain(worded(source.reason))
        case _:
            return tr("waiting to be read")


def _drop(page: Page, source_id: str) -> None:
    def write() -> None:
        with page.transaction(needs="editor") as tx:
            writing_styles.remove_source(tx, source_id, request_key=new_id("key"))

    submit_once(f"source:{source_id}", None, write)
