"""Texts for one post: the form on one side, the variants on the other."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

import streamlit as st

from backend import writing
from backend.errors import EngineUnavailable, StudioError
from backend.influencers import InfluencerCard
from backend.jobs import JobCard
from backend.language import tr, tr_plural, worded
from backend.writing import DraftCard, WriteOrder
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import plain, usd
from studio.ui.forms import renew_request_key, request_key, submit_once
from studio.writing import writing_card
from studio.writing.writing_form import order_form

_SHOWN = "writing:shown"


def texts(page: Page, influencer: InfluencerCard) -> None:
    left, right = st.columns([5, 7], gap="medium")
    with left, page.guard():
        order, n = order_form("writing:order", influencer.id, disabled=not page.can_edit)
        _ask(page, influencer, order, n)
    with right:
        _results(page, influencer)


def _ask(page: Page, influencer: InfluencerCard, order: WriteOrder | None, n: int) -> None:
    ready = page.can_edit and order is not None
    if order:
        ready &= cost_caption(partial(writing.estimate_texts, page.app, partial(page.transaction, "viewer"), order=order, n=n))
    write = st.button(tr("Write"), type="primary", icon=":material/ink_pen:", width="stretch", disabled=not ready)
    draw = st.button(
        tr("Write caption + picture"),
        icon=":material/auto_awesome:",
        width="stretch",
        disabled=not ready,
        help=tr("One text and its picture, in the background."),
    )
    if write and order:
        with st.spinner(tr("Writing …"), show_time=True):
            key, transact = request_key("writing:texts"), partial(page.transaction, "editor")
            write_texts = partial(writing.write_texts, page.app, transact, order=order, n=n, batch_id=key)
            cards = submit_once("writing:texts", (influencer.id, order, n), write_texts)
        _shown_batches()[influencer.id] = cards[0].batch_id
    if draw and order:
        with page.transaction("editor") as tx:
            writing.start_content(tx, order=order, request_key=request_key("writing:content"))
        renew_request_key("writing:content")
        _shown_batches().pop(influencer.id, None)


def _shown_batches() -> dict[str, str]:
    """Influencer id -> id of the batch that was written last in this session."""
    batches: dict[str, str] = st.session_state.setdefault(_SHOWN, {})
    return batches


def _results(page: Page, influencer: InfluencerCard) -> None:
    with page.transaction() as tx:
        job = writing.latest_job(tx, writing.CONTENT_KIND, influencer.id)
        batch_id = _shown_batches().get(influencer.id) or writing.latest_batch(tx, influencer.id, ideas=False)
        cards = writing.batch(tx, batch_id) if batch_id else []
    follow(page, hide_outdated_failure(job, cards), key="writing:content")
    if not cards:
        empty_state(
            tr("No text yet"),
            tr(
                "Say what the post is about: {name} writes hook, caption, hashtags, alt text and a picture prompt.",
                name=plain(influencer.name),
            ),
            icon=":material/ink_pen:",
        )
        return
    shown = [card for card in cards if card.state != "discarded"]
    for n, card in enumerate(shown, start=1):
        writing_card.card(page, card, title=tr("Variant {n}", n=n) if len(shown) > 1 else "", is_variant=len(shown) > 1)
    if discarded_ids := [card.id for card in cards if card.state == "discarded"]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(tr_plural("{n:,} variant is in the trash.", "{n:,} variants are in the trash.", len(discarded_ids)))
            if page.can_edit:
                st.button(tr("Restore"), type="tertiary", key="writing:restore", on_click=_restore, args=(page, discarded_ids))


def hide_outdated_failure(job: JobCard | None, cards: list[DraftCard]) -> JobCard | None:
    """The job; None when it failed before these texts were written, because that failure is known."""
    outdated = job and job.state == "failed" and cards and job.created_at < max(card.created_at for card in cards)
    return None if outdated else job


def _restore(page: Page, draft_ids: list[str]) -> None:
    with page.guard(), page.transaction("editor") as tx:
        writing.restore(tx, draft_ids)


def cost_caption(estimate: partial[Decimal | None]) -> bool:
    """Says what it can cost at most, where a model is paid. False: no model can be asked until a setting changes, which is
    said.
    """
    try:
        max_usd = estimate()
    except StudioError as error:
        st.warning(plain(worded(error.message)), icon=":material/cloud_off:")
        return isinstance(error, EngineUnavailable)
    if max_usd is not None:
        st.caption(
            tr(":material/payments: Costs at most {cost}, usually far less.", cost=plain(usd(max_usd)))
            if max_usd
            else tr("Free.")
        )
    return True
