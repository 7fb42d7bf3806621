"""Status of a post once its time has come (being published, waiting, published, failed, or unknown), and its face match as a
badge."""

from __future__ import annotations

import streamlit as st
from sqlalchemy.orm import Session

from backend import accounts, channels, content_plans, events, jobs
from backend.content_plans import ExpectedPlans, FaceMatch, PlanCard, PostCard, PostState
from backend.kit.clock import now
from backend.kit.ids import new_id
from studio.content_plans import plan_actions
from studio.content_plans.unsaved_changes import EditedForm
from studio.shell.frame import Page
from studio.ui.format import ago, clock_time, esc, media_url, plain
from studio.ui.live_jobs import live_jobs

S = PostState
_POLL_S, _MAX_POLL_S = 4.0, 3600.0
CAN_BE_CANCELLED = "Followers see nothing before its last step; until then it can be cancelled."
CANNOT_BE_CANCELLED = (
    "It is being published and cannot be stopped any more. The studio finds out what became of it, and never sends it twice."
)


def show(page: Page, card: PlanCard, post: PostCard, edited: EditedForm) -> None:
    """The post's status, and what a person can do about it."""
    if post.note:
        st.info(f"Reviewer: {plain(post.note)}", icon=":material/rate_review:")
    match post.state:
        case S.PUBLISHING:
            _sending(page, post)
        case S.PUBLISHED:
            _published(page, post)
        case S.UNKNOWN:
            _unknown(page, card, post, edited)
        case S.SCHEDULED if post.error or (post.not_before and post.not_before > now()):
            _waiting(card, post)
        case _ if post.error:
            _failed(page, post, edited)


def watch_due_time(page: Page, card: PlanCard) -> None:
    """Reruns the page when a scheduled post changes its state: looks when it is due, and often while it is late."""
    due = min((post.due_at for post in card.posts if post.state == S.SCHEDULED and post.due_at), default=None)
    if due is None:
        return
    remaining_s = (due - now()).total_seconds()
    shown_states = [post.state for post in card.posts]

    @st.fragment(run_every=min(max(remaining_s, _POLL_S), _MAX_POLL_S))
    def reload() -> None:
        with page.transaction() as tx:
            current_states = [post.state for post in content_plans.get(tx, card.id).posts]
        if current_states != shown_states or (remaining_s > _POLL_S and due <= now()):
            st.rerun()

    reload()


def _sending(page: Page, post: PostCard) -> None:
    """The live job; the component polls every two seconds and reruns the page when the job has ended."""
    with page.transaction() as tx:
        job = jobs.get(tx, post.job_id) if post.job_id else None
    st.caption(f":material/send: {CANNOT_BE_CANCELLED if post.phase == 'submitting' else CAN_BE_CANCELLED}")
    if post.error:
        st.caption(f":material/hourglass_top: {plain(post.error)}")
    if job:
        can_cancel = page.can_edit and post.phase != "submitting"
        live_jobs(f"post:{post.id}:{job.id}", workspace=page.workspace.id, cards=[job], only_these=True, can_edit=can_cancel)


def _published(page: Page, post: PostCard) -> None:
    with page.transaction() as tx:
        names_by_user = {member.user_id: member.name for member in accounts.members(tx)}
        published_events = [event for event in events.list_for(tx, "post", post.id) if event.kind == "post.published"]
        comment = _comment_status(tx, post)
    publisher = names_by_user.get((published_events[-1].user_id if published_events else None) or "", "")
    manner = (
        f" by hand, as {publisher} says" if post.by_hand and publisher else " by hand" if post.by_hand else " by the studio"
    )
    approver = names_by_user.get(post.approved_by or "", "")
    parts = [f"Published {ago(post.published_at)}{manner}" if post.published_at else f"Published{manner}"]
    parts += [f"approved by {approver}"] if approver else []
    with st.container(horizontal=True, vertical_alignment="center"):
        if post.media:
            st.html(_preview(page, post), width="content")
        with st.container(gap="xsmall"):
            st.caption(plain(", ".join(parts) + "."))
            if post.url:
                st.link_button("Open the post", post.url, icon=":material/open_in_new:")
            elif not post.by_hand:
                st.caption("The platform has not said yet where it is.")
            if comment:
                st.caption(comment)


def _preview(page: Page, post: PostCard) -> str:
    """HTML of the first picture, with the number of files."""
    badge = (
        f'<span style="position:absolute;right:6px;top:6px;font:600 12px sans-serif;color:#fff;background:#0009;'
        f'border-radius:8px;padding:1px 6px">{len(post.media)}</span>'
        if len(post.media) > 1
        else ""
    )
    src = media_url(page.workspace.id, post.media[0], w=320)
    caption = esc(" ".join(post.caption.split())[:90])
    return (
        f'<div style="position:relative;width:150px"><img src="{src}" alt="{caption}" loading="lazy" '
        f'style="width:150px;height:150px;object-fit:cover;border-radius:10px;display:block">{badge}</div>'
    )


def _comment_status(tx: Session, post: PostCard) -> str:
    """Status of the first comment, as markdown; "": there is none."""
    if not post.first_comment.strip() or post.by_hand:
        return ""
    last_attempt = next(iter(content_plans.list_attempts(tx, post.id, take=1)), None)
    comment = last_attempt.sent.get("comment") if last_attempt else None
    if not comment:
        return "This platform takes no first comment." if last_attempt else ""
    match comment.get("state"):
        case "written":
            return ":material/check: First comment written."
        case "failed":
            return f":material/comments_disabled: First comment not written. {plain(str(comment.get('said', '')))}"
    return ":material/hourglass_top: The first comment follows."


def _waiting(card: PlanCard, post: PostCard) -> None:
    until = f" until {clock_time(post.not_before, card.zone)}" if post.not_before and post.not_before > now() else ""
    st.info(
        f"{plain(post.channel_name)} waits{until}: {plain(post.error or 'it is tried again then.')}", icon=":material/timer:"
    )


def _failed(page: Page, post: PostCard, edited: EditedForm) -> None:
    st.error(f"{plain(post.channel_name)}: {plain(post.error)}", icon=":material/error:")
    if post.state != S.FAILED:
        return
    st.caption("Nothing of it is out. Change below what it says, then try again; what still stands in its way is said first.")
    if page.can_edit and st.button(
        plan_actions.button_label(edited, "Try again"),
        icon=":material/redo:",
        key=f"again:{post.id}",
        disabled=edited.stale,
        help="Sends this post now, on this channel only.",
    ):
        plan_actions.send(page, edited, post=post, key=new_id("key"))


def _unknown(page: Page, card: PlanCard, post: PostCard, edited: EditedForm) -> None:
    st.error(f"{plain(post.channel_name)}: {plain(post.error or 'Nobody knows whether it is there.')}", icon=":material/help:")
    with page.transaction() as tx:
        account = channels.get(tx, post.channel_id)
    looked_for = f"a post of {clock_time(post.due_at, card.zone)} or a little later" if post.due_at else "the post"
    text = " ".join(content_plans.whole_caption(post.caption, post.hashtags).split())[:80]
    st.caption(
        f"Look at the account for {plain(looked_for)}"
        + (f" that begins “{plain(text)}”" if text else "")
        + ". It is never posted again by itself."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if profile_url := channels.profile_url(account, page.app.settings):
            st.link_button("Open the account", profile_url, icon=":material/open_in_new:")
        if not page.can_edit:
            return
        with st.popover("It is there", icon=":material/check:"):
            st.text_input("Its address, if you have it", key=f"url:{post.id}", placeholder="https://…", max_chars=500)
            if st.button(plan_actions.button_label(edited, "Mark as published"), type="primary", key=f"there:{post.id}"):
                _mark_published(page, post, edited)
        with st.popover("Not there, post again", icon=":material/redo:"):
            st.markdown(
                "Are you sure that it is not on the account? If it is there after all, **followers see it twice**, and only "
                "you can delete one of them there. Some platforms show a new post after a few minutes only."
            )
            if st.button("It is not there: post again now", type="primary", key=f"anew:{post.id}", disabled=edited.stale):
                _post_again(page, post, edited)


def _mark_published(page: Page, post: PostCard, edited: EditedForm) -> None:
    url = str(st.session_state.get(f"url:{post.id}", ""))

    def mark(tx: Session, _: ExpectedPlans) -> None:
        content_plans.resolve_unknown(tx, post.id, is_published=True, url=url)

    plan_actions.perform(page, edited, mark, message="Marked as published.")


def _post_again(page: Page, post: PostCard, edited: EditedForm) -> None:
    """Two transactions: the person's answer is stored even when the post cannot be sent now."""
    with page.guard():
        with page.transaction(needs="editor") as tx:
            content_plans.resolve_unknown(tx, post.id, is_published=False)
        plan_actions.send(page, edited, post=post, key=new_id("key"))


def face_match_badge(match: FaceMatch | None) -> str:
    """Markdown; "" for a plan whose pictures were not scored."""
    if match is None:
        return ""
    score = f"Face match {percent(match.score)}"
    if match.score >= match.threshold:
        return f":green-badge[{score}]"
    if match.accepted:
        return f":gray-badge[{score}, accepted]"
    return f":orange-badge[:material/face: {score}, needs {percent(match.threshold)}]"


def percent(value: float) -> str:
    return f"{int(value * 100 + 1e-9)} %"
