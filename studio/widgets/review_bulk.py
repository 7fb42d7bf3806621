"""What is done to many plans of the review queue at once: to those that were ticked, or approving all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st
from sqlalchemy.orm import Session

from backend import posts
from backend.posts import Outcome, PlanCard, PostState
from studio.format import count, plain
from studio.frame import Page
from studio.widgets.told import tell, telling

_UNDO = "review:undo"
_HELD_BACK = {"in_review", "draft", "failed", "missed"}
"""Lists whose plans can be held."""


def chosen(cards: Sequence[PlanCard]) -> list[str]:
    """Ids of the plans that are ticked, in order."""
    return [card.id for card in cards if st.session_state.get(f"pick:{card.id}")]


def tick(card: PlanCard, head: str) -> None:
    """`head`: what the plan is, as markdown; beside the box."""
    st.checkbox(head, key=f"pick:{card.id}")


def bar(page: Page, cards: Sequence[PlanCard], kind: str) -> None:
    """Acts on what is ticked; with nothing ticked, all can be approved or scheduled."""
    ids = [card.id for card in cards]
    picked = chosen(cards)
    with st.container(horizontal=True, vertical_alignment="center"):
        word, all_ = ("Choose none", False) if len(picked) == len(ids) else ("Choose all", True)
        st.button(word, icon=":material/select_all:", key="review:pick", on_click=_tick_all, args=(ids, all_))
        _forward(page, kind, picked or ids, some=bool(picked))
        if picked:
            _more(page, kind, picked)
        else:
            st.caption("Tick plans to send back, shift or hold several at once.")


def undo_row(page: Page) -> None:
    """The last shift or deletion, while it can be taken back here."""
    if done := st.session_state.get(_UNDO):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(plain(done[1]))
            st.button("Undo", icon=":material/undo:", key="review:undo:go", on_click=_take_back, args=(page, done[0]))


def _forward(page: Page, kind: str, ids: Sequence[str], *, some: bool) -> None:
    named = f"{len(ids)} chosen" if some else f"all {count(len(ids), 'plan')} below"
    if kind in ("in_review", "draft"):
        st.button(
            f"Approve {named}", icon=":material/done_all:", type="primary" if some else "secondary", key="review:all",
            on_click=approve, args=(page, ids),
        )  # fmt: skip
    if kind == "draft":
        act = partial(_do, page, ids, posts.submit, "sent to review")
        st.button(f"Send {named} to review", icon=":material/rate_review:", key="review:submit", on_click=act)


def _more(page: Page, kind: str, ids: Sequence[str]) -> None:
    n = len(ids)
    if kind == "in_review":
        with st.popover("Send back", icon=":material/undo:", key="review:back"):
            note = st.text_area("What should change?", key="review:note", max_chars=2000)
            if not note:
                st.caption("They see this note on each of these plans.")
            st.button(f"Send {n} back", key="review:no", on_click=_reject, args=(page, ids))
    if kind != "unknown":
        with st.popover("Shift", icon=":material/move_down:", key="review:shift"):
            st.number_input("Days", -365, 365, 1, key="review:days")
            st.number_input("Hours", -23, 23, 0, key="review:hours")
            st.button(f"Shift {n} chosen", key="review:shift:go", on_click=_shift, args=(page, ids))
    if kind in _HELD_BACK:
        act = partial(_do, page, ids, posts.hold, "on hold")
        st.button(f"Hold {n} chosen", icon=":material/pause:", key="review:hold", on_click=act)
    if kind == "on_hold":
        act = partial(_do, page, ids, posts.release, "let go")
        st.button(f"Let {n} chosen go", icon=":material/play_arrow:", key="review:release", on_click=act)
    if kind == "draft":
        st.button(f"Delete {n} chosen", icon=":material/delete:", key="review:delete", on_click=_delete, args=(page, ids))


def approve(page: Page, ids: Sequence[str]) -> None:
    with telling():
        with page.transaction(needs="editor") as tx:
            out = posts.approve(tx, ids)
            scheduled = sum(posts.get(tx, one).state == PostState.SCHEDULED for one in out.done)
        tell(f"{count(len(out.done), 'plan')} approved, {scheduled} scheduled.{_left(out)}")
        _tick_all(ids, False)


def reject(page: Page, ids: Sequence[str], note: str) -> None:
    with telling():
        with page.transaction(needs="editor") as tx:
            out = posts.reject(tx, ids, note=note)
        word = "a draft" if len(ids) == 1 else "drafts"
        tell(f"{count(len(out.done), 'plan')} sent back as {word}, with your note.{_left(out)}")
        _tick_all(ids, False)


def _reject(page: Page, ids: Sequence[str]) -> None:
    reject(page, ids, str(st.session_state.get("review:note", "")))


def _do(page: Page, ids: Sequence[str], act: Callable[[Session, Sequence[str]], Outcome], word: str) -> None:
    with telling():
        with page.transaction(needs="editor") as tx:
            out = act(tx, ids)
        tell(f"{count(len(ids) - len(out.refused), 'plan')} {word}.{_left(out)}")
        _tick_all(ids, False)


def _shift(page: Page, ids: Sequence[str]) -> None:
    days, hours = (int(st.session_state.get(f"review:{one}", 0)) for one in ("days", "hours"))
    with telling():
        with page.transaction(needs="editor") as tx:
            act, out = posts.shift(tx, ids, days=days, minutes=hours * 60)
        if act:
            st.session_state[_UNDO] = (act.id, act.said)
        tell(f"{act.said if act else 'Nothing was moved.'}{_left(out)}")


def _delete(page: Page, ids: Sequence[str]) -> None:
    with telling():
        with page.transaction(needs="editor") as tx:
            act, out = posts.delete_many(tx, ids)
        if act:
            st.session_state[_UNDO] = (act.id, act.said)
        tell(f"{act.said if act else 'Nothing was deleted.'}{_left(out)}")


def _take_back(page: Page, act_id: str) -> None:
    st.session_state.pop(_UNDO, None)
    with telling(), page.transaction(needs="editor") as tx:
        posts.undo(tx, act_id)


def _tick_all(ids: Sequence[str], on: bool) -> None:
    for one in ids:
        st.session_state[f"pick:{one}"] = on


def _left(out: Outcome) -> str:
    if not out.refused:
        return ""
    return f" {len(out.refused)} not: {plain(' '.join(dict.fromkeys(out.refused.values())))}"
