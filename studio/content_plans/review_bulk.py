"""Actions on many plans of the review page: on the ticked ones, or approving all that are shown."""

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
from studio.ui.notices import set_notice

_HOLDABLE = {"in_review", "draft", "failed", "missed"}
"""Lists whose plans can be put on hold."""


def ticked(cards: Sequence[PlanCard]) -> list[PlanCard]:
    """The plans that are ticked, in order."""
    return [card for card in cards if st.session_state.get(f"pick:{card.id}")]


def checkbox(card: PlanCard) -> None:
    st.checkbox(f"Select {card.title}", key=f"pick:{card.id}", label_visibility="collapsed", width="content")


def bar(page: Page, cards: Sequence[PlanCard], kind: str, *, total: int, misses: Collection[str] = ()) -> None:
    """Buttons for the ticked plans; with nothing ticked, all that are shown can be approved. `total`: length of the list.

    `misses`: ids of plans with a picture below its threshold; “approve all” leaves them out.
    """
    ticked_cards = ticked(cards)
    with st.container(horizontal=True, vertical_alignment="center"):
        label, all_ = ("Choose none", False) if len(ticked_cards) == len(cards) else ("Choose all", True)
        st.button(label, icon=":material/select_all:", key="review:pick", on_click=_tick_all, args=(cards, all_))
        _approve_buttons(page, kind, ticked_cards or cards, some=bool(ticked_cards), total=total, misses=misses)
        if ticked_cards:
            _more(page, kind, ticked_cards)
        elif total > len(cards):
            st.caption(f"{total} wait in all: show more below to act on them too. Tick posts to act on several of them.")
        else:
            st.caption("Tick posts to send back, shift or hold several at once.")


def _approve_buttons(
    page: Page, kind: str, cards: Sequence[PlanCard], *, some: bool, total: int, misses: Collection[str]
) -> None:
    approvable = cards if some else [card for card in cards if card.id not in misses]
    if kind in ("in_review", "draft"):
        st.button(
            f"Approve {_count_label(approvable, some, total)}",
            icon=":material/done_all:",
            type="primary" if some else "secondary",
            key="review:all",
            on_click=approve,
            args=(page, approvable),
            disabled=not approvable,
        )
        if left_out := len(cards) - len(approvable):
            st.caption(
                f":orange[:material/face:] {left_out} left out: face match below the threshold. Look at them one by one."
            )
    if kind == "draft":
        act = partial(_apply, page, cards, content_plans.submit_for_review, "sent to review")
        label = _count_label(cards, some, total)
        st.button(f"Send {label} to review", icon=":material/rate_review:", key="review:submit", on_click=act)


def _count_label(cards: Sequence[PlanCard], some: bool, total: int) -> str:
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
    if kind in _HOLDABLE:
        act = partial(_apply, page, cards, content_plans.hold, "on hold")
        st.button(f"Hold {n} chosen", icon=":material/pause:", key="review:hold", on_click=act)
    if kind == "on_hold":
        act = partial(release, page, cards)
        st.button(f"Let {n} chosen go", icon=":material/play_arrow:", key="review:release", on_click=act)
    if kind == "draft":
        st.button(f"Delete {n} chosen", icon=":material/delete:", key="review:delete", on_click=_delete, args=(page, cards))


def approve(page: Page, cards: Sequence[PlanCard]) -> None:
    def act(tx: Session) -> tuple[str, Outcome, PlanUndoEntry | None]:
        outcome = content_plans.approve(tx, _ids(cards), expected=_expected(cards))
        plans = [content_plans.get(tx, plan_id) for plan_id in outcome.done]
        return _approved_sentence(plans, len(cards)), outcome, next(iter(outcome.undo_entries), None)

    _perform(page, cards, act)


def _approved_sentence(plans: Sequence[PlanCard], asked_count: int) -> str:
    """What became of the plans; for a single one with its time."""
    scheduled = [card for card in plans if card.state == PostState.SCHEDULED]
    if asked_count == 1 and plans:
        if scheduled and scheduled[0].wall:
            return f"Approved. It goes out {scheduled[0].wall:%a %-d %b, %H:%M}."
        return "Approved. It has no date yet." if not plans[0].wall else "Approved, not scheduled."
    return f"{count(len(plans), 'post')} approved, {len(scheduled)} of them scheduled."


def reject(page: Page, cards: Sequence[PlanCard], note: str) -> None:
    def act(tx: Session) -> tuple[str, Outcome, PlanUndoEntry | None]:
        outcome = content_plans.reject(tx, _ids(cards), note=note, expected=_expected(cards))
        word = "a draft" if len(outcome.done) == 1 else "drafts"
        return f"{count(len(outcome.done), 'post')} sent back as {word}, with your note.", outcome, None

    _perform(page, cards, act)


def release(page: Page, cards: Sequence[PlanCard]) -> None:
    _apply(page, cards, content_plans.release, "let go")


def _reject(page: Page, cards: Sequence[PlanCard]) -> None:
    reject(page, cards, str(st.session_state.get("review:note", "")))


def _apply(page: Page, cards: Sequence[PlanCard], verb: Callable[..., Outcome], result: str) -> None:
    def act(tx: Session) -> tuple[str, Outcome, PlanUndoEntry | None]:
        outcome = verb(tx, _ids(cards), expected=_expected(cards))
        return f"{count(len(cards) - len(outcome.refused), 'post')} {result}.", outcome, None

    _perform(page, cards, act)


def _shift(page: Page, cards: Sequence[PlanCard]) -> None:
    days, hours = (int(st.session_state.get(f"review:{name}", 0)) for name in ("days", "hours"))

    def act(tx: Session) -> tuple[str, Outcome, PlanUndoEntry | None]:
        entry, outcome = content_plans.shift(tx, _ids(cards), days=days, minutes=hours * 60, expected=_expected(cards))
        return entry.said if entry else "Nothing was moved.", outcome, entry

    _perform(page, cards, act)


def _delete(page: Page, cards: Sequence[PlanCard]) -> None:
    def act(tx: Session) -> tuple[str, Outcome, PlanUndoEntry | None]:
        entry, outcome = content_plans.delete_many(tx, _ids(cards), expected=_expected(cards))
        return entry.said if entry else "Nothing was deleted.", outcome, entry

    _perform(page, cards, act)


def _perform(
    page: Page, cards: Sequence[PlanCard], act: Callable[[Session], tuple[str, Outcome, PlanUndoEntry | None]]
) -> None:
    """Runs the action and shows its result, with the reasons of what was refused."""
    try:
        with page.transaction(needs="editor") as tx:
            message, outcome, entry = act(tx)
    except StudioError as error:
        set_notice(error.message, good=False)
        return
    refused = len(outcome.refused)
    reasons = " ".join(dict.fromkeys(outcome.refused.values()))
    if refused == len(cards):
        set_notice(reasons if refused == 1 else f"Nothing was done: {reasons}", good=False)
    else:
        set_notice(f"{message} {refused} not: {reasons}" if refused else message, act=entry, good=not refused)
    _tick_all(cards, False)


def _ids(cards: Sequence[PlanCard]) -> list[str]:
    return [card.id for card in cards]


def _expected(cards: Sequence[PlanCard]) -> dict[str, PlanCard | int]:
    return {card.id: card for card in cards}


def _tick_all(cards: Sequence[PlanCard], on: bool) -> None:
    for card in cards:
        st.session_state[f"pick:{card.id}"] = on
