"""What is done to many plans of the review queue at once: to those that were ticked, or approving all that are shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial

import streamlit as st
from sqlalchemy.orm import Session

from backend import content_plans
from backend.content_plans import Outcome, PlanCard, PlanUndoEntry, PostState
from backend.errors import StudioError
from studio.shell.frame import Page
from studio.ui.format import count
from studio.ui.undo_notice import set_notice

_HELD_BACK = {"in_review", "draft", "failed", "missed"}
"""Lists whose plans can be held."""


def chosen(cards: Sequence[PlanCard]) -> list[PlanCard]:
    """The plans that are ticked, in order."""
    return [card for card in cards if st.session_state.get(f"pick:{card.id}")]


def tick(card: PlanCard) -> None:
    st.checkbox(f"Select {card.title}", key=f"pick:{card.id}", label_visibility="collapsed", width="content")


def bar(page: Page, cards: Sequence[PlanCard], kind: str, *, total: int, misses: Collection[str] = ()) -> None:
    """Acts on what is ticked; with nothing ticked, all that are shown can be approved. `total`: how many the list has.

    `misses`: ids of plans with a picture below its threshold, which are approved only one by one, or ticked.
    """
    picked = chosen(cards)
    with st.container(horizontal=True, vertical_alignment="center"):
        word, all_ = ("Choose none", False) if len(picked) == len(cards) else ("Choose all", True)
        st.button(word, icon=":material/select_all:", key="review:pick", on_click=_tick_all, args=(cards, all_))
        _forward(page, kind, picked or cards, some=bool(picked), total=total, misses=misses)
        if picked:
            _more(page, kind, picked)
        elif total > len(cards):
            st.caption(f"{total} wait in all: show more below to act on them too. Tick posts to act on several of them.")
        else:
            st.caption("Tick posts to send back, shift or hold several at once.")


def _forward(page: Page, kind: str, cards: Sequence[PlanCard], *, some: bool, total: int, misses: Collection[str]) -> None:
    good = cards if some else [one for one in cards if one.id not in misses]
    if kind in ("in_review", "draft"):
        st.button(
            f"Approve {_named(good, some, total)}",
            icon=":material/done_all:",
            type="primary" if some else "secondary",
            key="review:all",
            on_click=approve,
            args=(page, good),
            disabled=not good,
        )
        if left := len(cards) - len(good):
            st.caption(f":orange[:material/face:] {left} left out: face match below the threshold. Look at them one by one.")
    if kind == "draft":
        act = partial(_do, page, cards, content_plans.submit_for_review, "sent to review")
        named = _named(cards, some, total)
        st.button(f"Send {named} to review", icon=":material/rate_review:", key="review:submit", on_click=act)


def _named(cards: Sequence[PlanCard], some: bool, total: int) -> str:
    n = len(cards)
    return f"{n} chosen" if some else f"all {n}" if n == total else f"{n} of {total}"


def _more(page: Page, kind: str, cards: Sequence[PlanCard]) -> None:
    n = len(cards)
    if kind == "in_review":
        with st.popover("Send back", icon=":material/undo:", key="review:back"):
            note = st.text_area("What should change?", key="review:note", max_chars=2000)
            if not note:
                st.caption("They see this note on each of these plans.")
            st.button(f"Send {n} back", key="review:no", on_click=_reject, args=(page, cards))
    if kind != "unknown":
        with st.popover("Shift", icon=":material/move_down:", key="review:shift"):
            st.number_input("Days", -365, 365, 1, key="review:days")
            st.number_input("Hours", -23, 23, 0, key="review:hours")
            st.button(f"Shift {n} chosen", key="review:shift:go", on_click=_shift, args=(page, cards))
    if kind in _HELD_BACK:
        act = partial(_do, page, cards, content_plans.hold, "on hold")
        st.button(f"Hold {n} chosen", icon=":material/pause:", key="review:hold", on_click=act)
    if kind == "on_hold":
        act = partial(release, page, cards)
        st.button(f"Let {n} chosen go", icon=":material/play_arrow:", key="review:release", on_click=act)
    if kind == "draft":
        st.button(f"Delete {n} chosen", icon=":material/delete:", key="review:delete", on_click=_delete, args=(page, cards))


def approve(page: Page, cards: Sequence[PlanCard]) -> None:
    def act(tx: Session) -> tuple[str, Outcome, PlanUndoEntry | None]:
        out = content_plans.approve(tx, _ids(cards), expected=_shown(cards))
        after = [content_plans.get(tx, one) for one in out.done]
        return _approved(after, len(cards)), out, next(iter(out.undo_entries), None)

    _act(page, cards, act)


def _approved(after: Sequence[PlanCard], asked: int) -> str:
    """What became of them: a single one with its time."""
    scheduled = [one for one in after if one.state == PostState.SCHEDULED]
    if asked == 1 and after:
        if scheduled and scheduled[0].wall:
            return f"Approved. It goes out {scheduled[0].wall:%a %-d %b, %H:%M}."
        return "Approved. It has no date yet." if not after[0].wall else "Approved, not scheduled."
    return f"{count(len(after), 'post')} approved, {len(scheduled)} of them scheduled."


def reject(page: Page, cards: Sequence[PlanCard], note: str) -> None:
    def act(tx: Session) -> tuple[str, Outcome, PlanUndoEntry | None]:
        out = content_plans.reject(tx, _ids(cards), note=note, expected=_shown(cards))
        word = "a draft" if len(out.done) == 1 else "drafts"
        return f"{count(len(out.done), 'post')} sent back as {word}, with your note.", out, None

    _act(page, cards, act)


def release(page: Page, cards: Sequence[PlanCard]) -> None:
    _do(page, cards, content_plans.release, "let go")


def _reject(page: Page, cards: Sequence[PlanCard]) -> None:
    reject(page, cards, str(st.session_state.get("review:note", "")))


def _do(page: Page, cards: Sequence[PlanCard], verb: Callable[..., Outcome], word: str) -> None:
    def act(tx: Session) -> tuple[str, Outcome, PlanUndoEntry | None]:
        out = verb(tx, _ids(cards), expected=_shown(cards))
        return f"{count(len(cards) - len(out.refused), 'post')} {word}.", out, None

    _act(page, cards, act)


def _shift(page: Page, cards: Sequence[PlanCard]) -> None:
    days, hours = (int(st.session_state.get(f"review:{one}", 0)) for one in ("days", "hours"))

    def act(tx: Session) -> tuple[str, Outcome, PlanUndoEntry | None]:
        made, out = content_plans.shift(tx, _ids(cards), days=days, minutes=hours * 60, expected=_shown(cards))
        return made.said if made else "Nothing was moved.", out, made

    _act(page, cards, act)


def _delete(page: Page, cards: Sequence[PlanCard]) -> None:
    def act(tx: Session) -> tuple[str, Outcome, PlanUndoEntry | None]:
        made, out = content_plans.delete_many(tx, _ids(cards), expected=_shown(cards))
        return made.said if made else "Nothing was deleted.", out, made

    _act(page, cards, act)


def _act(page: Page, cards: Sequence[PlanCard], act: Callable[[Session], tuple[str, Outcome, PlanUndoEntry | None]]) -> None:
    """All of them as they were shown; what was refused is said with its reason."""
    try:
        with page.transaction(needs="editor") as tx:
            said, out, undo = act(tx)
    except StudioError as error:
        set_notice(error.message, good=False)
        return
    refused = len(out.refused)
    why = " ".join(dict.fromkeys(out.refused.values()))
    if refused == len(cards):
        set_notice(why if refused == 1 else f"Nothing was done: {why}", good=False)
    else:
        set_notice(f"{said} {refused} not: {why}" if refused else said, act=undo, good=not refused)
    _tick_all(cards, False)


def _ids(cards: Sequence[PlanCard]) -> list[str]:
    return [one.id for one in cards]


def _shown(cards: Sequence[PlanCard]) -> dict[str, PlanCard | int]:
    return {one.id: one for one in cards}


def _tick_all(cards: Sequence[PlanCard], on: bool) -> None:
    for one in cards:
        st.session_state[f"pick:{one.id}"] = on
