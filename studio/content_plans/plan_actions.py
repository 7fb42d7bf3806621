"""Actions on a plan. Each saves unsaved changes first, says so, and is refused when somebody else has changed the plan."""

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
from studio.content_plans.unsaved_changes import EditedForm
from studio.shell.frame import Page
from studio.ui.format import plain
from studio.ui.forms import reload_form
from studio.ui.notices import dismiss_notice, set_notice

S = PostState
PlanAction = Callable[[Session, ExpectedPlans], Outcome | None]
_BEING_SENT = "It is being sent."
_SENT_STATES = (S.PUBLISHED, S.PUBLISHING, S.UNKNOWN)


def show(page: Page, card: PlanCard, edited: EditedForm, *, review: bool) -> None:
    """The row of buttons. `review`: the posting rules want an approval of the next post."""
    states = {post.state for post in card.posts}
    schedulable = states & {S.DRAFT, S.FAILED, S.MISSED, S.APPROVED}
    reopens = bool(review and edited.changed)
    ids = [card.id]
    with st.container(horizontal=True, key=f"acts:{card.id}"):
        if schedulable and edited.draft.wall:
            label = "Send to review" if review and (reopens or S.APPROVED not in states) else "Schedule"
            _button(page, edited, label, ":material/schedule_send:", _action_on(content_plans.schedule, ids), main=True)
        if states & {S.DRAFT, S.IN_REVIEW} or (reopens and states & {S.APPROVED, S.SCHEDULED}):
            _button(page, edited, "Approve", ":material/check:", _action_on(content_plans.approve, ids))
        if S.SCHEDULED in states:
            _button(page, edited, "Unschedule", ":material/event_busy:", _action_on(content_plans.unschedule, ids))
        if S.ON_HOLD in states:
            _button(page, edited, "Let go", ":material/play_arrow:", _action_on(content_plans.release, ids), main=True)
        elif schedulable or S.SCHEDULED in states or S.IN_REVIEW in states:
            _button(page, edited, "Hold", ":material/pause:", _action_on(content_plans.hold, ids))
        _publish_now_button(page, card, edited, reopens=reopens)
        with st.popover("More", icon=":material/more_horiz:", key=f"more:{card.id}"):
            _more(page, card, edited, states)


def save(page: Page, card: PlanCard, edited: EditedForm) -> None:
    """The button under the form."""
    if st.button("Save", type="primary", icon=":material/save:", key=f"{edited.key}:save", disabled=edited.stale):
        perform(page, edited, _no_action, message="Saved.")


def unsaved(page: Page, edited: EditedForm) -> None:
    """Above the actions: which changes are unsaved, with buttons to save or discard them."""
    if edited.stale:
        unsaved_changes.conflict_notice(page, edited)
    elif edited.changed:
        with st.container(horizontal=True, vertical_alignment="center", key=f"{edited.key}:unsaved"):
            st.markdown(unsaved_changes.unsaved_notice(edited), width="stretch")
            if st.button("Save", icon=":material/save:", key=f"{edited.key}:save:above"):
                perform(page, edited, _no_action, message="Saved.")
            unsaved_changes.discard_button(page, edited, "Discard")


def _no_action(tx: Session, expected: ExpectedPlans) -> None:
    """The action of “Save”: nothing beyond saving."""


def button_label(edited: EditedForm, label: str) -> str:
    """The label of an action's button; with unsaved changes it says that they are saved first."""
    joint = ", " if " and " in label else " and "
    return f"Save{joint}{label[:1].lower()}{label[1:]}" if edited.changed else label


def perform(page: Page, edited: EditedForm, act: PlanAction, *, message: str = "") -> None:
    """Saves unsaved changes, then runs `act`, in one transaction; if the action is refused, the save stays. Reruns the page.

    `message`: the notice to show; empty: what became of the plan.
    """
    plan_id, refusal, outcome = edited.filled.before.id, "", Outcome()
    try:
        with page.transaction(needs="editor") as tx:
            saved_card = edited.save(tx)
            try:
                with tx.begin_nested():
                    outcome = act(tx, {plan_id: saved_card}) or outcome
                    if plan_id in outcome.refused:
                        raise Conflict(outcome.refused[plan_id])
            except ChangedSince:
                raise
            except StudioError as error:
                refusal = error.message
            after = content_plans.get(tx, plan_id)
    except ChangedSince:
        set_notice("Not done: somebody else changed this post while you had it open.", good=False)
        rerun(plan_id)
    except StudioError as error:
        set_notice(f"Not saved. {error.message}", good=False)
        rerun(plan_id)
    prefix = "Saved. " if edited.changed and message != "Saved." else ""
    if refusal:
        set_notice(f"{prefix}Not done: {refusal}", good=False)
    elif message == _BEING_SENT:
        dismiss_notice(all_=True)  # no notice: the status shows it, and the notice would outlive it
    else:
        set_notice(f"{prefix}{message or _result_sentence(after)}", act=next(iter(outcome.undo_entries), None))
    _update_form(page, edited, after)
    rerun(plan_id)


def rerun(plan_id: str) -> None:
    """Reruns the dialog or the page; the calendar reads its plans again."""
    st.session_state["calendar:stamp"] = st.session_state.get("calendar:stamp", 0) + 1
    st.rerun(scope="fragment" if st.session_state.get("plan:dialog") == plan_id else "app")


def send(page: Page, edited: EditedForm, *, post: PostCard | None = None, approve: bool = False, key: str) -> None:
    """Publishes now: the whole plan, or one post of it."""
    plan_id = edited.filled.before.id

    def publish(tx: Session, expected: ExpectedPlans) -> None:
        target = {"post_id": post.id} if post else {"plan_id": plan_id}
        publishing.send_now(tx, **target, request_key=key, approve=approve, expected=expected)

    perform(page, edited, publish, message=_BEING_SENT)


def _update_form(page: Page, edited: EditedForm, after: PlanCard) -> None:
    """Keeps the form where it shows what is saved now; else fills it again."""
    form_draft = edited.draft if edited.changed else edited.filled.before.draft()
    if content_plans.differences(after, form_draft):
        reload_form(unsaved_changes.form_slot(after.id))
    else:
        unsaved_changes.update_filled(page, after)


def _result_sentence(card: PlanCard) -> str:
    date_text = f"{card.wall:%a %-d %b, %H:%M}" if card.wall else ""
    match card.state:
        case S.SCHEDULED:
            return f"Scheduled for {date_text}."
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


def _action_on(verb: Callable[..., Outcome], ids: Sequence[str]) -> PlanAction:
    return lambda tx, expected: verb(tx, ids, expected=expected)


def _mark_published_action(plan_id: str) -> PlanAction:
    return lambda tx, expected: content_plans.mark_published(tx, plan_id, expected=expected)


def _button(
    page: Page, edited: EditedForm, label: str, icon: str, act: PlanAction, *, main: bool = False, message: str = ""
) -> None:
    pressed = st.button(
        button_label(edited, label),
        icon=icon,
        type="primary" if main else "secondary",
        disabled=edited.stale,
        key=f"{label}:{edited.filled.before.id}",
    )
    if pressed:
        perform(page, edited, act, message=message)


def _publish_now_button(page: Page, card: PlanCard, edited: EditedForm, *, reopens: bool) -> None:
    """“Publish now”, with what it would do, or why it cannot be done now."""
    unsent = [post for post in card.posts if post.state not in _SENT_STATES]
    if not unsent:
        return
    with page.transaction() as tx:
        approve = content_plans.needs_approval(tx, card) or reopens
        refusal = "" if edited.changed else content_plans.publish_now_refusal(tx, card, approve=approve)
    label = button_label(edited, "Approve and publish" if approve else "Publish now")
    with st.popover(label, icon=":material/send:", key=f"nowpop:{card.id}", disabled=edited.stale):
        names = "\n".join(f"- {plain(post.channel_name)} · {channels.PLATFORMS[post.platform]}" for post in unsent)
        st.markdown(f"It goes out **right now**, as it is shown here, to everybody who follows:\n{names}")
        if approve:
            st.caption("It needs an approval: by this you give it.")
        if card.wall and card.due_at and card.due_at > now():
            st.caption(plain(f"It was planned for {card.wall:%a %-d %b, %H:%M} ({card.zone})."))
        if refusal:
            st.markdown(f":orange[:material/block:] {plain(refusal)}")
        pressed = st.button(
            f"Yes, {label[:1].lower()}{label[1:]}",
            type="primary",
            icon=":material/send:",
            key=f"now:{card.id}",
            disabled=bool(refusal),
        )
    if pressed:
        send(page, edited, approve=approve, key=_request_key(card, edited))


def _request_key(card: PlanCard, edited: EditedForm) -> str:
    """The same key for a double click on the same version and states; another one after it was sent."""
    slot = f"{edited.key}:now:{card.version}:{[post.state.value for post in card.posts]}"
    return str(st.session_state.setdefault(slot, new_id("key")))


def _more(page: Page, card: PlanCard, edited: EditedForm, states: set[PostState]) -> None:
    if states and not states & set(_SENT_STATES):
        _button(page, edited, "I posted it myself", ":material/task_alt:", _mark_published_action(card.id))
    _button(page, edited, "Duplicate", ":material/content_copy:", _copy_action(card, reuse=False), message=_COPIED)
    if S.PUBLISHED in states:
        _reuse_button(page, card, edited)
    if S.PUBLISHING in states:
        return
    if st.button("Delete plan", icon=":material/delete:", key=f"delete:{card.id}", disabled=edited.stale):
        _delete(page, edited)


_COPIED = "A draft without a date was made: it is under “Not scheduled”."


def _copy_action(card: PlanCard, *, reuse: bool, ignore_cooldown: bool = False) -> PlanAction:
    def copy(tx: Session, expected: ExpectedPlans) -> None:
        if reuse:
            content_plans.repurpose(tx, card.id, request_key=new_id("key"), ignore_cooldown=ignore_cooldown, expected=expected)
        else:
            content_plans.duplicate(tx, card.id, request_key=new_id("key"), expected=expected)

    return copy


def _reuse_button(page: Page, card: PlanCard, edited: EditedForm) -> None:
    with page.transaction() as tx:
        cooldown = content_plans.cooldown_message(tx, card)
    if not cooldown:
        _button(page, edited, "Use again", ":material/recycling:", _copy_action(card, reuse=True), message=_COPIED)
        return
    st.caption(plain(cooldown))
    _button(
        page,
        edited,
        "Use it anyway",
        ":material/recycling:",
        _copy_action(card, reuse=True, ignore_cooldown=True),
        message=_COPIED,
    )


def _delete(page: Page, edited: EditedForm) -> None:
    """Deletes the plan. Unsaved changes stay stored, and undo shows them again."""
    card = edited.filled.before
    try:
        with page.transaction(needs="editor") as tx:
            st.session_state[f"plan:deleted:{card.id}"] = content_plans.delete(tx, card.id, expected={card.id: card}).id
    except StudioError as error:
        set_notice(error.message, good=False)
    rerun(card.id)
