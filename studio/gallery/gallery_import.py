"""Imports pictures of other programs: uploaded here, checked by a job, kept with the recipe in the file."""

from __future__ import annotations

from typing import Any

import streamlit as st

from backend import gallery, influencers, jobs
from backend.kit.ids import new_id
from backend.language import tr, tr_plural, worded
from studio.gallery.picture_urls import thumbs
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.format import media_url, plain
from studio.ui.uploader import PICTURE_SUFFIXES, uploader

_JOB_KEY = "import:job"
_MAX_SHOWN = 12


def import_page(page: Page) -> None:
    if st.button(tr("Gallery"), icon=":material/arrow_back:", type="tertiary"):
        page.go("library/gallery")
    if not page.can_edit:
        st.info(tr("Importing pictures needs editor rights. Ask an owner for them."), icon=":material/lock:")
        return
    st.markdown(
        tr(
            "Pictures from A1111, Forge, ComfyUI or another studio keep their prompt, seed and settings, "
            "where the file has them. These are read and then removed from the file; the AI-made mark "
            "stays."
        )
    )
    board_id, influencer_id = _target_form(page)
    ai_made = st.checkbox(
        tr("Made by AI"),
        value=True,
        key="import:ai",
        help=tr("Files without a source get the AI-made mark. Untick this for photos."),
    )
    uploader(
        "import",
        workspace=page.workspace.id,
        noun=gallery.NOUN,
        noun_id=gallery.INBOX,
        accept=PICTURE_SUFFIXES,
        max_bytes=page.app.settings.uploads.max_picture_size,
        label=tr("Drop pictures or a folder here"),
        hint=tr("PNG keeps prompt metadata best"),
        on_done=lambda uploaded: _start(
            page, bool(uploaded.ids), board_id=board_id, influencer_id=influencer_id, ai_made=ai_made
        ),
    )
    if job_id := st.session_state.get(_JOB_KEY):
        _follow(page, job_id)
    _duplicates(page, board_id=board_id, influencer_id=influencer_id, ai_made=ai_made)


def _target_form(page: Page) -> tuple[str | None, str | None]:
    with page.transaction() as tx:
        names = {board.id: board.name for board in gallery.list_boards(tx)}
        influencer_names = {card.id: card.name for card in influencers.page(tx, take=200).cards}
    left, right = st.columns(2)
    board_id = left.selectbox(tr("Board"), list(names), index=None, format_func=names.__getitem__, placeholder=tr("No board"))
    influencer_id = right.selectbox(
        tr("Influencer"),
        list(influencer_names),
        index=None,
        format_func=influencer_names.__getitem__,
        placeholder=tr("From their LoRA"),
    )
    return board_id, influencer_id


def _start(page: Page, has_uploads: bool, **options: Any) -> None:
    if has_uploads:
        with page.guard(), page.transaction(needs="editor") as tx:
            st.session_state[_JOB_KEY] = gallery.start_import(tx, request_key=new_id("key"), **options).id


def _follow(page: Page, job_id: str) -> None:
    with page.transaction() as tx:
        job = jobs.get(tx, job_id)
        refused = gallery.refused_uploads(tx) if job.ended else []
    if follow(page, job, key="import"):
        return
    if job.state != "completed" or not job.result:
        return
    imported, with_recipe = job.result["imported"], job.result["withRecipe"]
    if imported:
        st.success(
            tr_plural(
                "{n:,} picture imported, {with_recipe:,} with a prompt.",
                "{n:,} pictures imported, {with_recipe:,} with a prompt.",
                imported,
                with_recipe=with_recipe,
            ),
            icon=":material/check:",
        )
        page.link("library/gallery", tr("See them in the gallery"), icon=":material/imagesmode:")
    if job.result["refused"]:
        st.warning(
            tr_plural("{n:,} file was rejected:", "{n:,} files were rejected:", job.result["refused"]),
            icon=":material/warning:",
        )
        for upload in refused[: job.result["refused"]]:
            st.caption(f"**{plain(upload.filename)}**: {plain(worded(upload.reason))}")


def _duplicates(page: Page, **options: Any) -> None:
    """Uploads that the gallery has already, with buttons to leave them out or import them all the same."""
    with page.transaction() as tx:
        duplicates = gallery.find_duplicates(tx)
    if not duplicates:
        return
    with st.container(border=True):
        st.markdown(
            tr_plural(
                "**{n:,} file left out: the gallery has the same picture already.**",
                "**{n:,} files left out: the gallery has the same pictures already.**",
                len(duplicates),
            )
        )
        for duplicate in duplicates[:_MAX_SHOWN]:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                thumbs([media_url(page.workspace.id, duplicate.asset_id, w=160)])
                page.link("library/gallery", duplicate.filename, id=duplicate.picture_id)
        if len(duplicates) > _MAX_SHOWN:
            st.caption(tr("and {n:,} more", n=len(duplicates) - _MAX_SHOWN))
        upload_ids = [duplicate.upload_id for duplicate in duplicates]
        with st.container(horizontal=True):
            st.button(tr("Leave them out"), type="primary", on_click=_leave_out, args=(page, upload_ids))
            if st.button(tr("Import anyway"), help=tr("As new pictures")):
                _start(page, True, anyway=upload_ids, **options)
                st.rerun()


def _leave_out(page: Page, upload_ids: list[str]) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        gallery.dismiss_duplicates(tx, upload_ids)
