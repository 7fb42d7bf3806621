"""Variants of a reel: the same scenes with another hook or ending, each with a video of its own."""

from __future__ import annotations

import streamlit as st

from backend import jobs, reels
from backend.content_plans import PostSource
from backend.jobs import JobCard
from backend.kit.ids import new_id
from backend.language import tr
from backend.reels import ReelCard, ReelVariantDraft
from studio.content_plans import create_post
from studio.jobs.jobs import follow
from studio.reels.changes import act
from studio.shell.frame import Page
from studio.ui.format import esc, media_url, plain
from studio.ui.forms import submit_once
from studio.ui.media_player import video_player


def draw(page: Page, card: ReelCard) -> None:
    with page.transaction() as tx:
        variants = reels.variants_of(tx, card.id)
        renders = jobs.get_many(tx, [variant.job_id for variant in variants if variant.job_id])
    if not variants and not page.can_edit:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(tr("#### Variants"))
        if page.can_edit and variants:
            st.button(tr("Render all"), icon=":material/movie:", on_click=_render_all, args=(page, card.id))
    if not variants:
        st.caption(tr("The same reel with another hook or ending, to see which one people stay for."))
    for n, variant in enumerate(variants):
        with st.container(border=True):
            _variant(page, card, variant, chr(ord("B") + n), renders.get(variant.job_id or ""))
    deleted_id = st.session_state.get(f"variant:deleted:{card.id}")
    if deleted_id:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(tr("A variant was deleted."))
            st.button(tr("Undo"), type="tertiary", key="variant:undelete", on_click=_undelete, args=(page, card.id, deleted_id))
    if page.can_edit and len(variants) < reels.MAX_VARIANTS:
        with st.expander(tr("New variant"), icon=":material/add:"):
            _form(page, card, None)


def _variant(page: Page, card: ReelCard, variant: ReelCard, letter: str, render: JobCard | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if variant.asset_id:
            poster = media_url(page.workspace.id, variant.asset_id, w=160)
            st.html(f'<img src="{esc(poster)}" alt="" style="height:96px;border-radius:8px;display:block">', width="content")
        with st.container(gap="xxsmall"):
            st.markdown(f"**{letter}** {plain(variant.title)}")
            stale = variant.asset_id is not None and variant.rendered_revision != variant.revision
            st.caption(" · ".join([_difference(variant), *([tr("changed since it was rendered")] if stale else [])]))
    if page.can_edit:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                tr("Render"),
                icon=":material/movie:",
                key=f"variant:render:{variant.id}",
                on_click=_render,
                args=(page, variant.id),
            )
            if variant.asset_id:
                create_post.create_post_button(page, PostSource(reel_ids=(variant.id,)), key=variant.id)
            with st.popover(tr("Words"), icon=":material/edit:"):
                _form(page, card, variant)
            st.button(
                tr("Delete"),
                icon=":material/delete:",
                type="tertiary",
                key=f"variant:delete:{variant.id}",
                on_click=_delete,
                args=(page, card.id, variant.id),
            )
    if not follow(page, render, key=f"variant:{variant.id}") and variant.asset_id:
        with st.expander(tr("Watch"), icon=":material/play_arrow:"):
            video_player(media_url(page.workspace.id, variant.asset_id), label=tr("Variant"), width=280)


def _difference(variant: ReelCard) -> str:
    if variant.hook and variant.ending:
        return tr("Another hook and ending")
    return tr("Another hook") if variant.hook else tr("Another ending")


def _form(page: Page, card: ReelCard, variant: ReelCard | None) -> None:
    round_ = variant.title if variant else st.session_state.get(_round(card), 0)
    with st.form(f"variant:form:{variant.id if variant else card.id}:{round_}", border=False):
        first, last = card.scenes[0].words, card.scenes[-1].words
        hook = st.text_area(
            tr("Hook"), variant.hook if variant else "", placeholder=first or tr("As in the reel"), height=80, max_chars=600
        )
        ending = st.text_area(
            tr("Ending"), variant.ending if variant else "", placeholder=last or tr("As in the reel"), height=80, max_chars=600
        )
        st.caption(tr("What is empty stays as in the reel."))
        pressed = st.form_submit_button(tr("Save") if variant else tr("Add"), type="primary")
    if pressed:
        with page.guard():
            draft = ReelVariantDraft(hook=hook, ending=ending)
            submit_once(f"variant:{variant.id if variant else card.id}", draft, lambda: _save(page, card, variant, draft))
            st.session_state[_round(card)] = st.session_state.get(_round(card), 0) + 1
            st.rerun()


def _save(page: Page, card: ReelCard, variant: ReelCard | None, draft: ReelVariantDraft) -> None:
    with page.transaction(needs="editor") as tx:
        if variant:
            reels.save_variant(tx, card.id, variant.id, draft)
        else:
            reels.add_variant(tx, card.id, draft)


def _round(card: ReelCard) -> str:
    """Counts the variants added here: the form for the next one is empty."""
    return f"variant:round:{card.id}"


def _render(page: Page, reel_id: str) -> None:
    act(page, lambda tx: reels.render(tx, reel_id, request_key=new_id("key")))


def _render_all(page: Page, reel_id: str) -> None:
    act(page, lambda tx: reels.render_all(tx, reel_id, request_key=new_id("key")))


def _undelete(page: Page, reel_id: str, variant_id: str) -> None:
    act(page, lambda tx: reels.undelete(tx, variant_id))
    del st.session_state[f"variant:deleted:{reel_id}"]


def _delete(page: Page, reel_id: str, variant_id: str) -> None:
    act(page, lambda tx: reels.delete(tx, variant_id))
    st.session_state[f"variant:deleted:{reel_id}"] = variant_id
