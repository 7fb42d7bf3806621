"""The review queue: what waits for a yes, oldest date first, one by one or many at once; a note goes with a no."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend import influencers, posts
from backend.errors import StudioError
from backend.posts import Outcome, PlanCard, PlanFilters, PostState
from studio.format import count, plain
from studio.frame import Page
from studio.widgets import plan
from studio.widgets.empty import empty_state
from studio.widgets.told import tell, telling, told

TAKE = 20
KINDS = {"in_review": "In review", "unknown": "Check the account", "failed": "Failed", "missed": "Missed"}


def queue(page: Page) -> None:
    told()
    with page.transaction() as tx:
        waiting = posts.counts(tx, [PostState(one) for one in KINDS])
        people = {one.id: one.name for one in influencers.page(tx, take=200).cards}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "Show", list(KINDS), default="in_review", format_func=lambda one: f"{KINDS[one]} ({waiting[PostState(one)]})",
            key="review:kind", required=True, label_visibility="collapsed",
        )  # fmt: skip
        who = st.selectbox(
            "Influencer", ["", *people], format_func=lambda one: people.get(one, "All"), key="review:who", width=200
        )
    take = st.session_state.setdefault("review:take", TAKE)
    filters = PlanFilters(influencer_id=who or "", states=(PostState(kind or "in_review"),))
    with page.transaction() as tx:
        found = posts.page(tx, filters, take=take)
    if not found.cards:
        box = empty_state(
            "Nothing waits here", "Posts come here when an influencer's rules want a review.", icon=":material/done_all:"
        )
        if box.button("Open the calendar"):
            page.go("plan/calendar")
        return
    ids = [one.id for one in found.cards]
    if page.can_edit and kind == "in_review":
        word = f"Approve all {count(len(ids), 'plan')} below"
        st.button(word, icon=":material/done_all:", key="review:all", on_click=_approve, args=(page, ids))
    for card in found.cards:
        _card(page, card)
    if found.next_cursor and st.button("Show more", width="stretch"):
        st.session_state["review:take"] = take + TAKE
        st.rerun()


def _card(page: Page, card: PlanCard) -> None:
    with st.container(border=True):
        when = f"{card.wall:%a %-d %b, %H:%M} ({card.zone})" if card.wall else "without a date"
        st.markdown(f"{plan.badge(card.state)} **{plain(card.title)}** · {plain(card.influencer_name)} · {plain(when)}")
        for post in card.posts:
            if post.media:
                st.html(plan.thumbs(page, post))
            whole = posts.whole_caption(post.caption, post.hashtags)
            st.markdown(f"**{plain(post.channel_name)}**: {plain(whole) or '*no caption*'}")
            if post.error:
                st.error(plain(post.error), icon=":material/error:")
        if not page.can_edit:
            return
        with st.container(horizontal=True):
            if card.state == PostState.IN_REVIEW:
                st.button(
                    "Approve",
                    icon=":material/check:",
                    type="primary",
                    key=f"ok:{card.id}",
                    on_click=_approve,
                    args=(page, [card.id]),
                )
                with st.popover("Send back", icon=":material/undo:"):
                    note = st.text_area("What should change?", key=f"note:{card.id}", max_chars=2000)
                    st.button(
                        "Send back",
                        key=f"no:{card.id}",
                        on_click=_reject,
                        args=(page, card.id, f"note:{card.id}"),
                        disabled=not page.can_edit,
                    )
                    if not note:
                        st.caption("They see this note on the plan.")
            if st.button("Edit", icon=":material/edit:", key=f"edit:{card.id}"):
                plan.dialog(page, card.id)


def _approve(page: Page, ids: Sequence[str]) -> None:
    with telling():
        with page.transaction(needs="editor") as tx:
            out = posts.approve(tx, ids)
            scheduled = sum(posts.get(tx, one).state == PostState.SCHEDULED for one in out.done)
        tell(f"{count(len(out.done), 'plan')} approved, {scheduled} scheduled.{_left(out)}")


def _left(out: Outcome) -> str:
    return f" {len(out.refused)} not: {plain(' '.join(dict.fromkeys(out.refused.values())))}" if out.refused else ""


def _reject(page: Page, plan_id: str, note_key: str) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            posts.reject(tx, [plan_id], note=str(st.session_state.get(note_key, "")))
        tell("Sent back as a draft, with your note.")
    except StudioError as error:
        tell(plain(error.message), ":material/error:")
