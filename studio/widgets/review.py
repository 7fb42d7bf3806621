"""The review queue: what waits for a yes, oldest date first, one by one or many at once; a note goes with a no."""

from __future__ import annotations

import streamlit as st

from backend import influencers, posts
from backend.posts import PlanCard, PlanFilters, PostState
from studio.format import lines, plain
from studio.frame import Page
from studio.widgets import attention, plan, review_bulk
from studio.widgets.empty import empty_state
from studio.widgets.told import told

TAKE = 20
_EMPTY = {
    "in_review": "Posts come here when an influencer's rules want a review.",
    "draft": "Drafts come here until they are scheduled or sent to review. The calendar plans whole weeks of them.",
    "unknown": "A post comes here when nobody can tell whether it is on the platform.",
    "failed": "A post comes here when it could not be published.",
    "missed": "A post comes here when it did not go out within 48 hours of its time.",
    "on_hold": "A post comes here when a person or a stop switch holds it back.",
}
KINDS = {
    "in_review": "In review", "draft": "Drafts", "unknown": "Check the account", "failed": "Failed", "missed": "Missed",
    "on_hold": "On hold",
}  # fmt: skip


def queue(page: Page) -> None:
    told()
    review_bulk.undo_row(page)
    if (wish := st.query_params.pop("show", "")) in KINDS:
        st.session_state["review:kind"] = wish
    st.session_state.setdefault("review:kind", "in_review")
    attention.lines(page, attention.read(page), states=False)
    with page.transaction() as tx:
        who = st.session_state.get("review:who") or ""
        waiting = posts.counts(tx, [PostState(one) for one in KINDS], influencer_id=who)
        people = {one.id: one.name for one in influencers.page(tx, take=200).cards}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "Show", list(KINDS), format_func=lambda one: f"{KINDS[one]} ({waiting[PostState(one)]})",
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
        box = empty_state("Nothing waits here", _EMPTY[kind or "in_review"], icon=":material/done_all:")
        if box.button("Open the calendar"):
            page.go("plan/calendar")
        return
    if page.can_edit:
        review_bulk.bar(page, found.cards, kind or "in_review")
    for card in found.cards:
        _card(page, card)
    if found.next_cursor and st.button("Show more", width="stretch"):
        st.session_state["review:take"] = take + TAKE
        st.rerun()


def _card(page: Page, card: PlanCard) -> None:
    with st.container(border=True):
        when = f"{card.wall:%a %-d %b, %H:%M} ({card.zone})" if card.wall else "without a date"
        head = f"{plan.badge(card.state)} **{plain(card.title)}** · {plain(card.influencer_name)} · {plain(when)}"
        if page.can_edit:
            review_bulk.tick(card, head)
        else:
            st.markdown(head)
        for post in card.posts:
            if post.media:
                st.html(plan.thumbs(page, post))
            whole = "  \n".join(map(plain, lines(posts.whole_caption(post.caption, post.hashtags))))
            later = posts.after_minutes(post.options)
            channel = plain(post.channel_name) + (f" ({later} min later)" if later else "")
            st.markdown(f"**{channel}**: {whole or '*no caption*'}")
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
                    on_click=review_bulk.approve,
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


def _reject(page: Page, plan_id: str, note_key: str) -> None:
    review_bulk.reject(page, [plan_id], str(st.session_state.get(note_key, "")))
