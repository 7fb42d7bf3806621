"""One plan: where it stands, what can be done with it, and its form; in a dialog over the calendar, or as a page of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st
from sqlalchemy.orm import Session

from backend import posts
from backend.errors import Conflict, StudioError
from backend.kit.ids import new_id
from backend.posts import WORDS, Outcome, PlanCard, PostCard, PostState
from studio.format import media_url, plain
from studio.frame import Page
from studio.widgets import plan_attempts, plan_edit, plan_fixes, plan_standing
from studio.widgets.told import tell, telling, told

S = PostState
COLOURS = {
    S.DRAFT: "gray", S.IN_REVIEW: "orange", S.APPROVED: "blue", S.SCHEDULED: "blue", S.PUBLISHING: "violet",
    S.PUBLISHED: "green", S.FAILED: "red", S.MISSED: "red", S.UNKNOWN: "red", S.ON_HOLD: "gray",
}  # fmt: skip
Act = Callable[[Session, PlanCard], Outcome | None]


def dialog(page: Page, plan_id: str) -> None:
    """Over the calendar; what is changed in it is on the calendar when it closes."""

    st.session_state["plan:dialog"] = plan_id

    @st.dialog("Plan", width="large", on_dismiss=_closed)
    def shown() -> None:
        with page.guard():
            body(page, plan_id)

    shown()


def _closed() -> None:
    st.session_state.pop("plan:dialog", None)
    touched()


def one(page: Page, plan_id: str) -> None:
    """At its own address."""
    st.session_state.pop("plan:dialog", None)
    if st.button("Calendar", icon=":material/arrow_back:", type="tertiary"):
        page.go("plan/calendar")
    body(page, plan_id)


def touched() -> None:
    """The calendar reads again in the next run."""
    st.session_state["calendar:stamp"] = st.session_state.get("calendar:stamp", 0) + 1


def body(page: Page, plan_id: str) -> None:
    told()
    with page.transaction() as tx:
        card = posts.get(tx, plan_id)
        rules = posts.rules_of(tx, card.influencer_id)
        near = posts.near(tx, plan_id)
    if card.deleted_at:
        st.info("This plan was deleted.", icon=":material/delete:")
        if page.can_edit and (act := st.session_state.get(f"plan:deleted:{plan_id}")):
            st.button("Take it back", icon=":material/undo:", on_click=_undo, args=(page, act))
        return
    when = f"{card.wall:%a %-d %b %Y, %H:%M} ({card.zone})" if card.wall else "without a date"
    st.markdown(f"#### {plain(card.title)}")
    st.markdown(f"{badge(card.state)} {plain(card.influencer_name)} · {plain(when)}")
    if card.wall and (found := posts.instant(card.wall, card.zone)).why:
        said = (
            f"skips that time: it is posted at {found.wall:%H:%M}"
            if found.why == "missing"
            else "shows that time twice: the first is taken"
        )
        st.caption(f":material/schedule: The clock {said}.")
    for sentence in near:
        st.warning(plain(sentence), icon=":material/event_busy:")
    for post in card.posts:
        if len(card.posts) > 1:
            st.markdown(f"{badge(post.state)} {plain(post.channel_name)}")
        plan_standing.show(page, card, post)
    plan_standing.watch(page, card)
    plan_fixes.show(page, card)
    if page.can_edit:
        _acts(page, card, review=rules.review)
    plan_edit.form(page, card)
    plan_attempts.log(page, card)


def badge(state: PostState) -> str:
    return f":{COLOURS[state]}-badge[{WORDS[state]}]"


def thumbs(page: Page, post: PostCard, *, size: int = 72) -> str:
    """The post's pictures as HTML, in order."""
    images = "".join(
        f'<img src="{media_url(page.workspace.id, one, w=160)}" alt="" loading="lazy" style="width:{size}px;height:{size}px;'
        f'object-fit:cover;border-radius:8px">'
        for one in post.media
    )
    return f'<div style="display:flex;gap:6px;flex-wrap:wrap">{images}</div>'


def _acts(page: Page, card: PlanCard, *, review: bool) -> None:
    states = {one.state for one in card.posts}
    waits = states & {S.DRAFT, S.FAILED, S.MISSED, S.APPROVED}
    ids = [card.id]
    with st.container(horizontal=True):
        if waits and card.wall:
            word = "Send to review" if review and S.APPROVED not in states else "Schedule"
            _button(page, card, word, ":material/schedule_send:", lambda tx, _: posts.schedule(tx, ids), primary=True)
        if states & {S.DRAFT, S.IN_REVIEW}:
            _button(page, card, "Approve", ":material/check:", lambda tx, _: posts.approve(tx, ids))
        if S.SCHEDULED in states:
            _button(page, card, "Unschedule", ":material/event_busy:", lambda tx, _: posts.unschedule(tx, ids))
        if S.ON_HOLD in states:
            _button(page, card, "Let go", ":material/play_arrow:", lambda tx, _: posts.release(tx, ids), primary=True)
        elif waits or S.SCHEDULED in states or S.IN_REVIEW in states:
            _button(page, card, "Hold", ":material/pause:", lambda tx, _: posts.hold(tx, ids))
        plan_standing.now_popover(page, card)
        with st.popover("More", icon=":material/more_horiz:"):
            _more(page, card, states)


def _more(page: Page, card: PlanCard, states: set[PostState]) -> None:
    if states and not states & {S.PUBLISHED, S.PUBLISHING, S.UNKNOWN}:
        _button(page, card, "I posted it myself", ":material/task_alt:", lambda tx, one: posts.posted(tx, one.id))
    st.button("Duplicate", icon=":material/content_copy:", key=f"copy:{card.id}", on_click=_copy, args=(page, card, False))
    if S.PUBLISHED in states:
        st.button("Use again", icon=":material/recycling:", key=f"reuse:{card.id}", on_click=_copy, args=(page, card, True))
        if rests := st.session_state.get(f"rests:{card.id}"):
            st.caption(plain(rests))
            st.button("Use it anyway", key=f"anyway:{card.id}", on_click=_copy, args=(page, card, True, True))
    if S.PUBLISHING not in states:
        st.button("Delete plan", icon=":material/delete:", key=f"delete:{card.id}", on_click=_delete, args=(page, card.id))


def _button(page: Page, card: PlanCard, word: str, icon: str, act: Act, *, primary: bool = False) -> None:
    st.button(
        word,
        icon=icon,
        type="primary" if primary else "secondary",
        key=f"{word}:{card.id}",
        on_click=partial(_do, page, card, word, act),
    )


def _do(page: Page, card: PlanCard, word: str, act: Act) -> None:
    with telling():
        with page.transaction(needs="editor") as tx:
            out = act(tx, card)
        say(out or Outcome(done=[card.id]), card.id)
    touched()


def say(out: Outcome, plan_id: str) -> None:
    """What became of one plan, as a toast."""
    if plan_id in out.refused:
        tell(plain(out.refused[plan_id]), ":material/error:")
    elif plan_id in out.held:
        tell("On hold.", ":material/pause:")
    elif plan_id in out.review:
        tell("Sent to review: somebody has to approve it first.", ":material/rate_review:")
    else:
        tell("Done.")


def _copy(page: Page, card: PlanCard, reuse: bool, anyway: bool = False) -> None:
    asked = f"rests:{card.id}"
    st.session_state.pop(asked, None)
    with telling():
        with page.transaction(needs="editor") as tx:
            if reuse:
                try:
                    posts.repurpose(tx, card.id, request_key=new_id("key"), anyway=anyway)
                except Conflict as rests:  # it was out too lately: said, and asked once more
                    st.session_state[asked] = rests.message
                    raise
            else:
                posts.duplicate(tx, card.id, request_key=new_id("key"))
        tell("A draft without a date was made: it is under “Not scheduled”.", ":material/content_copy:")
    touched()


def _delete(page: Page, plan_id: str) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            st.session_state[f"plan:deleted:{plan_id}"] = posts.delete(tx, plan_id).id
    except StudioError as error:
        tell(plain(error.message), ":material/error:")
    touched()


def _undo(page: Page, act_id: str) -> None:
    with telling(), page.transaction(needs="editor") as tx:
        posts.undo(tx, act_id)
    touched()
