"""The review page: plans that wait for an approval or for somebody's attention, by date, one by one or many at once."""

from __future__ import annotations

from datetime import datetime, time

import streamlit as st

from backend import content_plans, influencers
from backend.content_plans import FaceMatch, PlanCard, PlanFilters, PostCard, PostState
from backend.errors import StudioError
from studio.content_plans import attention, badges, composer, review_bulk
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import esc, lines, media_url, plain
from studio.ui.notices import draw_notice_bar, set_notice, show_queued_toasts

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
    "in_review": "In review",
    "draft": "Drafts",
    "unknown": "Check the account",
    "failed": "Failed",
    "missed": "Missed",
    "on_hold": "On hold",
}


_RESCHEDULABLE = {"in_review", "draft", "failed", "missed", "on_hold"}
"""Lists whose plans can be given another time."""


def show(page: Page) -> None:
    show_queued_toasts()
    draw_notice_bar(page)
    if (requested := st.query_params.pop("show", "")) in KINDS:
        st.session_state["review:kind"] = requested
    attention.show(page, attention.read(page), states=False)
    with page.transaction() as tx:
        influencer_id = st.session_state.get("review:who") or ""
        counts = content_plans.count_by_state(tx, [PostState(kind) for kind in KINDS], influencer_id=influencer_id)
        influencer_names = {card.id: card.name for card in influencers.page(tx, take=200).cards}
    st.session_state.setdefault("review:kind", next((kind for kind in KINDS if counts[PostState(kind)]), "in_review"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "Show",
            list(KINDS),
            format_func=lambda kind: f"{KINDS[kind]} ({counts[PostState(kind)]})",
            key="review:kind",
            required=True,
            label_visibility="collapsed",
        )
        influencer_id = st.selectbox(
            "Influencer",
            ["", *influencer_names],
            format_func=lambda influencer_id: influencer_names.get(influencer_id, "All"),
            key="review:who",
            width=200,
        )
        below_threshold = st.checkbox("Only with a face match below the threshold", key="review:below")
    kind = kind or "in_review"
    take = st.session_state.setdefault("review:take", TAKE)
    filters = PlanFilters(influencer_id=influencer_id or "", states=(PostState(kind),), face_below=below_threshold)
    with page.transaction() as tx:
        plan_page = content_plans.page(tx, filters, take=take)
        matches = content_plans.worst_matches(tx, plan_page.cards)
    if not plan_page.cards:
        message = "No post here has a picture below its threshold." if below_threshold else _EMPTY[kind]
        notice = empty_state("Nothing waits here", message, icon=":material/done_all:")
        if notice.button("Open the calendar"):
            page.go("calendar/calendar")
        return
    if page.can_edit:
        misses = {plan_id for plan_id, match in matches.items() if not match.passes}
        review_bulk.bar(page, plan_page.cards, kind, total=plan_page.total, misses=misses)
    for card in plan_page.cards:
        with st.container(border=True, key=f"row:{card.id}"):
            _card(page, card, kind, matches.get(card.id))
    if plan_page.next_cursor and st.button("Show more", width="stretch"):
        st.session_state["review:take"] = take + TAKE
        st.rerun()


def _card(page: Page, card: PlanCard, kind: str, match: FaceMatch | None) -> None:
    date_text = f"{card.wall:%a %-d %b, %H:%M} ({card.zone})" if card.wall else "without a date"
    with st.container(horizontal=True, vertical_alignment="center"):
        if page.can_edit:
            review_bulk.checkbox(card)
        head = f"{badges.state_badge(card.state)} **{plain(card.title)}** · {plain(card.influencer_name)} · {plain(date_text)}"
        st.markdown(f"{head} {badges.face_match_badge(match)}")
    with st.container(horizontal=True):
        if first_with_media := next((post for post in card.posts if post.media), None):
            st.html(_preview(page, first_with_media), width="content")
        with st.container(width="stretch"):
            for post in card.posts:
                _post(post)
            if page.can_edit:
                _buttons(page, card, kind)


def _post(post: PostCard) -> None:
    caption = "  \n".join(map(plain, lines(content_plans.whole_caption(post.caption, post.hashtags))))
    offset = content_plans.after_minutes(post.options)
    channel = plain(post.channel_name) + (f" ({offset} min later)" if offset else "")
    st.markdown(f"**{channel}**: {caption or '*no caption*'}")
    if reason := content_plans.missing_picture_reason(post.options, post.media):
        st.warning(plain(reason), icon=":material/add_photo_alternate:")
    if post.error:
        st.error(plain(post.error), icon=":material/error:")


def _preview(page: Page, post: PostCard) -> str:
    """HTML of the first picture, large, with the number of files."""
    src = media_url(page.workspace.id, post.media[0], w=320)
    alt_text = esc(post.alt_texts.get(post.media[0], "") or "Picture of this post")
    badge = (
        f'<span style="position:absolute;right:8px;top:8px;font:600 13px sans-serif;color:#fff;background:#000a;'
        f'border-radius:9px;padding:1px 8px">{len(post.media)}</span>'
        if len(post.media) > 1
        else ""
    )
    return (
        f'<div style="position:relative;width:200px"><img src="{src}" alt="{alt_text}" loading="lazy" '
        f'style="width:200px;height:200px;object-fit:cover;border-radius:10px;display:block">{badge}</div>'
    )


def _buttons(page: Page, card: PlanCard, kind: str) -> None:
    with st.container(horizontal=True):
        if kind in ("in_review", "draft"):
            st.button(
                "Approve",
                icon=":material/check:",
                type="primary",
                key=f"ok:{card.id}",
                on_click=review_bulk.approve,
                args=(page, [card]),
            )
        if kind == "in_review":
            with st.popover("Send back", icon=":material/undo:", key=f"back:{card.id}"):
                note = st.text_area("What should change?", key=f"note:{card.id}", max_chars=2000)
                st.button("Send back", key=f"no:{card.id}", on_click=_reject, args=(page, card))
                if not note:
                    st.caption("They see this note on the plan.")
        if kind in _RESCHEDULABLE:
            with st.popover("Reschedule", icon=":material/event:", key=f"when:{card.id}"):
                _reschedule_form(page, card)
        if kind == "on_hold":
            st.button(
                "Let go", icon=":material/play_arrow:", key=f"go:{card.id}", on_click=review_bulk.release, args=(page, [card])
            )
        if st.button("Look at it" if kind == "unknown" else "Edit", icon=":material/edit:", key=f"edit:{card.id}"):
            composer.open_panel(page, card.id)


def _reschedule_form(page: Page, card: PlanCard) -> None:
    key = f"when:{card.id}:{card.version}"
    st.date_input("Day", card.wall.date() if card.wall else None, format="DD/MM/YYYY", key=f"{key}:day")
    st.time_input("Time", card.wall.time() if card.wall else time(18), step=300, key=f"{key}:time")
    st.caption(f"By the clocks of {plain(card.zone)}.")
    st.button("Reschedule", key=f"{key}:go", on_click=_move, args=(page, card, key))


def _move(page: Page, card: PlanCard, key: str) -> None:
    day, clock = st.session_state.get(f"{key}:day"), st.session_state.get(f"{key}:time")
    if day is None or clock is None:
        set_notice("Choose a day and a time.", good=False)
        return
    try:
        with page.transaction(needs="editor") as tx:
            entry = content_plans.move(tx, card.id, datetime.combine(day, clock), expected={card.id: card})
    except StudioError as error:
        set_notice(error.message, good=False)
        return
    set_notice(" ".join(filter(None, (entry.said, entry.note))), act=entry)


def _reject(page: Page, card: PlanCard) -> None:
    review_bulk.reject(page, [card], str(st.session_state.get(f"note:{card.id}", "")))
