"""What can be done with a plan: each act saves what is typed first, says so, and is refused when somebody else was faster."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st
from sqlalchemy.orm import Session

from backend import channels, content_plans, publishing
from backend.content_plans import ChangedSince, ExpectedPlans, Outcome, PlanCard, PostCard, PostState
from backend.errors import Conflict, StudioError
from backend.kit.clock import now
from backend.kit.ids import new_id
from studio.content_plans import unsaved_changes
from studio.content_plans.unsaved_changes import Edited
from studio.shell.frame import Page
from studio.ui.format import plain
from studio.ui.optimistic_form import reload_form
from studio.ui.undo_notice import dismiss_notice, set_notice

S = PostState
Act = Callable[[Session, ExpectedPlans], Outcome | None]
_SENT = "It is being sent."
_GOING = (S.PUBLISHED, S.PUBLISHING, S.UNKNOWN)


def show(page: Page, card: PlanCard, edited: Edited, *, review: bool) -> None:
    """The row of buttons. `review`: whether the rules want a look at the next post."""
    states = {one.state for one in card.posts}
    waits = states & {S.DRAFT, S.FAILED, S.MISSED, S.APPROVED}
    reopens = bool(review and edited.changed)
    ids = [card.id]
    with st.container(horizontal=True, key=f"acts:{card.id}"):
        if waits and edited.draft.wall:
            word = "Send to review" if review and (reopens or S.APPROVED not in states) else "Schedule"
            _button(page, edited, word, ":material/schedule_send:", _on(content_plans.schedule, ids), main=True)
        if states & {S.DRAFT, S.IN_REVIEW} or (reopens and states & {S.APPROVED, S.SCHEDULED}):
            _button(page, edited, "Approve", ":material/check:", _on(content_plans.approve, ids))
        if S.SCHEDULED in states:
            _button(page, edited, "Unschedule", ":material/event_busy:", _on(content_plans.unschedule, ids))
        if S.ON_HOLD in states:
            _button(page, edited, "Let go", ":material/play_arrow:", _on(content_plans.release, ids), main=True)
        elif waits or S.SCHEDULED in states or S.IN_REVIEW in states:
            _button(page, edited, "Hold", ":material/pause:", _on(content_plans.hold, ids))
        _now(page, card, edited, reopens=reopens)
        with st.popover("More", icon=":material/more_horiz:", key=f"more:{card.id}"):
            _more(page, card, edited, states)


def save(page: Page, card: PlanCard, edited: Edited) -> None:
    """The button under the form."""
    if st.button("Save", type="primary", icon=":material/save:", key=f"{edited.key}:save", disabled=edited.stale):
        perform(page, edited, _nothing_more, said="Saved.")


def unsaved(page: Page, edited: Edited) -> None:
    """Beside the row of acts: that there are unsaved changes, which, and the ways to keep or to drop them."""
    if edited.stale:
        unsaved_changes.newer(page, edited)
    elif edited.changed:
        with st.container(horizontal=True, vertical_alignment="center", key=f"{edited.key}:unsaved"):
            st.markdown(unsaved_changes.unsaved(edited), width="stretch")
            if st.button("Save", icon=":material/save:", key=f"{edited.key}:save:above"):
                perform(page, edited, _nothing_more, said="Saved.")
            unsaved_changes.discard_button(page, edited, "Discard")


def _nothing_more(tx: Session, shown: ExpectedPlans) -> None:
    """Saved is all that is wanted."""


def worded(edited: Edited, word: str) -> str:
    """What a button says, given that it saves first."""
    link = ", " if " and " in word else " and "
    return f"Save{link}{word[:1].lower()}{word[1:]}" if edited.changed else word


def perform(page: Page, edited: Edited, act: Act, *, said: str = "") -> None:
    """Saves what differs, then acts, in one transaction; what the act is refused for does not undo the save.

    `said`: what to say of it; empty: what became of the plan. Draws the page again.
    """
    plan_id, refused, out = edited.filled.before.id, "", Outcome()
    try:
        with page.transaction(needs="editor") as tx:
            shown = edited.save(tx)
            try:
                with tx.begin_nested():
                    out = act(tx, {plan_id: shown}) or out
                    if plan_id in out.refused:
                        raise Conflict(out.refused[plan_id])
            except ChangedSince:
                raise
            except StudioError as error:
                refused = error.message
            after = content_plans.get(tx, plan_id)
    except ChangedSince:
        set_notice("Not done: somebody else changed this post while you had it open.", good=False)
        again(plan_id)
    except StudioError as error:
        set_notice(f"Not saved. {error.message}", good=False)
        again(plan_id)
    saved = "Saved. " if edited.changed and said != "Saved." else ""
    if refused:
        set_notice(f"{saved}Not done: {refused}", good=False)
    elif said == _SENT:
        dismiss_notice(all_=True)  # that it goes out is seen, and would be said for longer than it is true
    else:
        set_notice(f"{saved}{said or _became(after)}", act=next(iter(out.undo_entries), None))
    _go_on(page, edited, after)
    again(plan_id)


def again(plan_id: str) -> None:
    """The dialog, or the page, as it is now; the calendar reads again."""
    st.session_state["calendar:stamp"] = st.session_state.get("calendar:stamp", 0) + 1
    st.rerun(scope="fragment" if st.session_state.get("plan:dialog") == plan_id else "app")


def send(page: Page, edited: Edited, *, post: PostCard | None = None, approve: bool = False, key: str) -> None:
    """Publishes now: the whole plan, or one post of it."""
    plan_id = edited.filled.before.id

    def go(tx: Session, shown: ExpectedPlans) -> None:
        which = {"post_id": post.id} if post else {"plan_id": plan_id}
        publishing.send_now(tx, **which, request_key=key, approve=approve, expected=shown)

    perform(page, edited, go, said=_SENT)


def _go_on(page: Page, edited: Edited, after: PlanCard) -> None:
    """The form stays as it is where it shows what is saved now; else it is filled anew."""
    shown = edited.draft if edited.changed else edited.filled.before.draft()
    if content_plans.differences(after, shown):
        reload_form(unsaved_changes.slot(after.id))
    else:
        unsaved_changes.follow(page, after)


def _became(card: PlanCard) -> str:
    when = f"{card.wall:%a %-d %b, %H:%M}" if card.wall else ""
    match card.state:
        case S.SCHEDULED:
            return f"Scheduled for {when}."
        case S.IN_REVIEW:
            return "Sent to review: somebody has to approve it first."
        case S.APPROVED if not card.wall:
            return "Approved. It has no date yet: give it one to schedule it."
        case S.APPROVED if card.due_at and card.due_at <= now():
            return "Approved, not scheduled: its time has passed."
        case S.APPROVED:
            return "Approved, not scheduled."
        case S.ON_HOLD:
            return "On hold: it does not go out until you let it go."
        case S.DRAFT:
            return "It is a draft again."
        case S.PUBLISHED:
            return "Marked as published."
        case _:
            return "Done."


def _on(verb: Callable[..., Outcome], ids: Sequence[str]) -> Act:
    return lambda tx, shown: verb(tx, ids, expected=shown)


def _posted(plan_id: str) -> Act:
    return lambda tx, shown: content_plans.mark_published(tx, plan_id, expected=shown)


def _button(page: Page, edited: Edited, word: str, icon: str, act: Act, *, main: bool = False, said: str = "") -> None:
    pressed = st.button(
        worded(edited, word),
        icon=icon,
        type="primary" if main else "secondary",
        disabled=edited.stale,
        key=f"{word}:{edited.filled.before.id}",
    )
    if pressed:
        perform(page, edited, act, said=said)


def _now(page: Page, card: PlanCard, edited: Edited, *, reopens: bool) -> None:
    """“Publish now”, with what it would do, or why it cannot be done."""
    going = [one for one in card.posts if one.state not in _GOING]
    if not going:
        return
    with page.transaction() as tx:
        approve = content_plans.needs_approval(tx, card) or reopens
        why = "" if edited.changed else content_plans.publish_now_refusal(tx, card, approve=approve)
    word = worded(edited, "Approve and publish" if approve else "Publish now")
    with st.popover(word, icon=":material/send:", key=f"nowpop:{card.id}", disabled=edited.stale):
        names = "\n".join(f"- {plain(one.channel_name)} · {channels.PLATFORMS[one.platform]}" for one in going)
        st.markdown(f"It goes out **right now**, as it is shown here, to everybody who follows:\n{names}")
        if approve:
            st.caption("It needs an approval: by this you give it.")
        if card.wall and card.due_at and card.due_at > now():
            st.caption(plain(f"It was planned for {card.wall:%a %-d %b, %H:%M} ({card.zone})."))
        if why:
            st.markdown(f":orange[:material/block:] {plain(why)}")
        pressed = st.button(
            f"Yes, {word[:1].lower()}{word[1:]}",
            type="primary",
            icon=":material/send:",
            key=f"now:{card.id}",
            disabled=bool(why),
        )
    if pressed:
        send(page, edited, approve=approve, key=_request_key(card, edited))


def _request_key(card: PlanCard, edited: Edited) -> str:
    """The same for two clicks on what is shown once; another after it was sent."""
    slot = f"{edited.key}:now:{card.version}:{[one.state.value for one in card.posts]}"
    return str(st.session_state.setdefault(slot, new_id("key")))


def _more(page: Page, card: PlanCard, edited: Edited, states: set[PostState]) -> None:
    if states and not states & set(_GOING):
        _button(page, edited, "I posted it myself", ":material/task_alt:", _posted(card.id))
    _button(page, edited, "Duplicate", ":material/content_copy:", _copy(card, reuse=False), said=_COPIED)
    if S.PUBLISHED in states:
        _reuse(page, card, edited)
    if S.PUBLISHING in states:
        return
    if st.button("Delete plan", icon=":material/delete:", key=f"delete:{card.id}", disabled=edited.stale):
        _delete(page, edited)


_COPIED = "A draft without a date was made: it is under “Not scheduled”."


def _copy(card: PlanCard, *, reuse: bool, anyway: bool = False) -> Act:
    def copy(tx: Session, shown: ExpectedPlans) -> None:
        if reuse:
            content_plans.repurpose(tx, card.id, request_key=new_id("key"), ignore_cooldown=anyway, expected=shown)
        else:
            content_plans.duplicate(tx, card.id, request_key=new_id("key"), expected=shown)

    return copy


def _reuse(page: Page, card: PlanCard, edited: Edited) -> None:
    with page.transaction() as tx:
        rests = content_plans.cooldown_message(tx, card)
    if not rests:
        _button(page, edited, "Use again", ":material/recycling:", _copy(card, reuse=True), said=_COPIED)
        return
    st.caption(plain(rests))
    _button(page, edited, "Use it anyway", ":material/recycling:", _copy(card, reuse=True, anyway=True), said=_COPIED)


def _delete(page: Page, edited: Edited) -> None:
    """What is typed is kept beside the deleted plan: taking the deletion back shows it again."""
    card = edited.filled.before
    try:
        with page.transaction(needs="editor") as tx:
            st.session_state[f"plan:deleted:{card.id}"] = content_plans.delete(tx, card.id, expected={card.id: card}).id
    except StudioError as error:
        set_notice(error.message, good=False)
    again(card.id)
