"""Jobs on pages: one followed in place, the list with its filters, one job with its log."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from sqlalchemy.orm import Session

from backend import assets, budgets, content_plans, jobs, webhooks
from backend.jobs import JobCard
from backend.language import tr, tr_lazy, tr_plural, worded
from studio.jobs.job_result import job_result
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, duration, log_time_text, plain, state_badge, usd
from studio.ui.forms import submit_once
from studio.ui.live_jobs import live_jobs
from studio.ui.thumbnails import thumbnail

ACTIVE = ("pending", "processing")
FILTERS = {"active": ACTIVE, "failed": ("failed",), "finished": ("completed", "cancelled"), "all": ()}
_EMPTY = {
    "active": (
        tr_lazy("Nothing is running"),
        tr_lazy("Pictures, videos and trainings that you start show up here with their progress and the time left."),
        ":material/bolt:",
    ),
    "failed": (
        tr_lazy("Nothing has failed"),
        tr_lazy("Work that fails is listed here with the reason and a button to try it again."),
        ":material/check_circle:",
    ),
    "finished": (
        tr_lazy("Nothing has finished yet"),
        tr_lazy("Work that is done is listed here with what it made, how long it took and what it cost."),
        ":material/task_alt:",
    ),
    "all": (
        tr_lazy("Nothing has been started yet"),
        tr_lazy("Everything that runs in the background is listed here: pictures, videos, trainings and posts."),
        ":material/bolt:",
    ),
}
"""Filter -> title, sentence and icon where it lists nothing."""
SUBJECT_PAGES = {
    "influencer": ("influencers/influencers", tr_lazy("Open the influencer")),
    "dataset": ("models/datasets", tr_lazy("Open the dataset")),
    "training": ("models/training", tr_lazy("Open the run")),
    "generation": ("create/pictures", tr_lazy("Open the pictures")),
    "trial": ("models/comparisons", tr_lazy("Open the comparison")),
    "board": ("library/boards", tr_lazy("Open the board")),
    "style": ("models/writing_styles", tr_lazy("Open the writing style")),
    "clip": ("library/videos", tr_lazy("Open the video")),
    "reel": ("create/reels", tr_lazy("Open the reel")),
}
PAGE_SIZE = 30
_ICONS = {
    "influencer": "face_3",
    "dataset": "photo_library",
    "training": "model_training",
    "generation": "brush",
    "trial": "compare",
    "board": "dashboard",
    "style": "history_edu",
    "clip": "movie",
    "reel": "smart_display",
    "post": "send",
}
"""Subject of a job -> its icon where it made no picture."""


def follow(page: Page, job: JobCard | None, *, key: str) -> bool:
    """Draws a job in place while it waits or runs, or when it failed; the page reruns when it ends. True while it is active."""
    if job is None or job.state in ("completed", "cancelled"):
        return False
    live_jobs(f"{key}:{job.id}", workspace=page.workspace.id, cards=[job], only_these=True, can_edit=page.can_edit)
    return job.state in ACTIVE


def listing(page: Page) -> None:
    """The workspace's jobs, newest first."""
    filter_bar = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    label = filter_bar.selectbox(
        tr("Kind"),
        ["", *jobs.labels()],
        format_func=lambda label: worded(label) or tr("All kinds"),
        key="jobs:kind",
        label_visibility="collapsed",
        width=180,
    )
    kinds = jobs.kinds_labelled(label) if label else ()
    with page.transaction() as tx:
        counts = jobs.counts(tx, kinds=kinds)
    number_by_filter = {name: sum(counts.get(state, 0) for state in states or counts) for name, states in FILTERS.items()}
    filter_name = filter_bar.segmented_control(
        tr("Show"),
        list(FILTERS),
        default="active",
        format_func=lambda name: _filter_label(name, number_by_filter[name]),
        key="jobs:filter",
        label_visibility="collapsed",
        required=True,
    )
    if filter_name == "active":
        _active(page, kinds)
    else:
        _ended(page, filter_name or "all", kinds)


def _filter_label(name: str, n: int) -> str:
    match name:
        case "active":
            return tr("Active ({n})", n=n)
        case "failed":
            return tr("Failed ({n})", n=n)
        case "finished":
            return tr("Finished ({n})", n=n)
    return tr("All ({n})", n=n)


def _active(page: Page, kinds: tuple[str, ...]) -> None:
    with page.transaction() as tx:
        job_page = jobs.page(tx, states=ACTIVE, kinds=kinds, take=100)
    opened = live_jobs(
        ":".join(("jobs:live", *kinds)),
        workspace=page.workspace.id,
        cards=job_page.cards,
        only_these=bool(kinds),
        can_edit=page.can_edit,
        open_label=tr("Details"),
        empty="",
    )
    if opened:
        page.go("settings/jobs", id=opened)
    if not job_page.cards:  # it runs the page again when a job begins
        _show_empty(page, "active", kinds)


def _show_empty(page: Page, filter_name: str, kinds: tuple[str, ...]) -> None:
    """The card of a filter that lists nothing. With `kinds` its action is to see those of every kind."""
    if kinds:
        sentence = tr("Choose another kind above, or see all of them.")
        card = empty_state(tr("Nothing of this kind"), sentence, icon=":material/filter_alt:")
        card.button(tr("Show every kind"), type="primary", on_click=_reset, args=("jobs:kind", ""))
        return
    title, sentence, icon = _EMPTY[filter_name]
    card = empty_state(title, sentence, icon=icon)
    if filter_name == "failed":
        card.button(tr("Show what finished"), type="primary", on_click=_reset, args=("jobs:filter", "finished"))
    elif page.can_edit and card.button(tr("Create pictures"), type="primary", icon=":material/auto_awesome:"):
        page.go("create/pictures")


def _reset(widget: str, value: str) -> None:
    st.session_state[widget] = value


def _ended(page: Page, filter_name: str, kinds: tuple[str, ...]) -> None:
    states = FILTERS[filter_name]
    take = st.session_state.setdefault("jobs:take", PAGE_SIZE)
    with page.transaction() as tx:
        job_page = jobs.page(tx, states=states, kinds=kinds, take=take)
    webhook_count = _failed_webhooks(page) if states == FILTERS["failed"] and not kinds else 0
    if not job_page.cards and not webhook_count:
        _show_empty(page, filter_name, kinds)
        return
    with page.transaction() as tx:
        pictures = assets.first_with_thumbnail(tx, {card.id: jobs.result_assets(card.result)[:1] for card in job_page.cards})
    for card in job_page.cards:
        _row(page, card, pictures.get(card.id))
    if job_page.next_cursor and st.button(tr("Show older ones")):
        st.session_state["jobs:take"] = take + PAGE_SIZE
        st.rerun()


def _failed_webhooks(page: Page) -> int:
    """Webhooks that nobody took, each with its body and a button to send it again. Returns how many there are."""
    with page.transaction() as tx:
        message_page = webhooks.page(page.app.settings, tx, states=("failed",), take=PAGE_SIZE)
    for message in message_page.cards:
        with st.container(border=True):
            with st.container(horizontal=True, vertical_alignment="center"):
                with st.container(gap="xxsmall"):
                    if message.url:
                        st.markdown(tr("**Webhook to {url}**", url=plain(message.url)))
                    else:
                        st.markdown(tr("**Webhook {kind}**", kind=plain(message.kind)))
                    answer = (
                        tr("answered {status}", status=message.last_status)
                        if message.last_status
                        else plain(worded(message.last_error))
                    )
                    tries = tr_plural("{n} try", "{n} tries", message.attempts)
                    st.caption(f"{ago(message.created_at)} · {tries} · {answer}")
                if page.can_edit:
                    st.button(tr("Send again"), key=f"replay:{message.id}", on_click=_replay, args=(page, message.id))
            with st.expander(tr("Body")):
                st.code(message.body, language="json", wrap_lines=True)
    return message_page.total


def _replay(page: Page, message_id: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        webhooks.replay(page.app.settings, tx, message_id)
        st.toast(tr("Sent again."), icon=":material/replay:")


def _row(page: Page, card: JobCard, asset_id: str | None) -> None:
    """`asset_id`: of the first picture or video that it made."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        thumbnail(page.workspace.id, asset_id, icon=_ICONS.get(card.subject_noun, "bolt"))
        with st.container(gap="xxsmall"):
            st.markdown(f"**{plain(worded(card.title))}** {state_badge(card.state, dead_letter=card.dead_letter)}")
            st.caption(_time_text(card) + (f" · {plain(worded(card.error_message))}" if card.error_message else ""))
        if card.subject_noun == "post":
            _plan_button(page, card)
        elif card.state in ("failed", "cancelled") and page.can_edit:
            st.button(tr("Try again"), key=f"retry:{card.id}", on_click=retry, args=(page, card))
        if st.button(tr("Details"), key=f"open:{card.id}", type="tertiary"):
            page.go("settings/jobs", id=card.id)


def _plan_button(page: Page, card: JobCard) -> None:
    """A link to the post's plan: a post is retried from there, where its rules are checked again."""
    with page.transaction() as tx:
        plan_id = content_plans.plan_id_of(tx, card.subject_id)
    if plan_id and st.button(tr("Open the post"), key=f"plan:{card.id}", icon=":material/calendar_month:"):
        page.go("calendar/post", id=plan_id)


def _time_text(card: JobCard) -> str:
    if card.started_at and card.finished_at:
        return tr(
            "{time}, took {duration}",
            time=ago(card.finished_at),
            duration=duration((card.finished_at - card.started_at).total_seconds()),
        )
    return ago(card.created_at)


def retry(page: Page, card: JobCard, *, before: Callable[[Session], object] | None = None) -> None:
    """In a callback. `before`: what else is written first, in the same transaction."""

    def write() -> None:
        with page.transaction(needs="editor") as tx:
            if before:
                before(tx)
            jobs.retry(tx, card.id)

    with page.guard():
        submit_once(f"retry:{card.id}", card.attempt_n, write)
        st.toast(tr("Queued again."), icon=":material/replay:")


def detail(page: Page, job_id: str) -> None:
    """One job: its state, a link to its subject, its result, its log."""
    if st.button(tr("All activity"), icon=":material/arrow_back:", type="tertiary"):
        page.go("settings/jobs")
    with page.transaction() as tx:
        card = jobs.get(tx, job_id)
        log = jobs.log(tx, job_id)
        cost = budgets.cost_of_jobs(tx, [job_id])[job_id]
    live_jobs(f"job:{job_id}", workspace=page.workspace.id, cards=[card], only_these=True, can_edit=page.can_edit)
    facts = [card.type, _time_text(card), tr("try {n}", n=card.attempt_n or 1), tr("cost {cost}", cost=usd(cost))]
    st.caption(plain(" · ".join([*facts, tr("gave up after several tries")] if card.dead_letter else facts)))
    if card.subject_noun == "post":
        _plan_button(page, card)
    if card.subject_noun in SUBJECT_PAGES:
        page_path, label = SUBJECT_PAGES[card.subject_noun]
        if st.button(worded(label), icon=":material/open_in_new:"):
            page.go(page_path, id=card.subject_id)
    job_result(page, card)
    st.header(tr("Log"))
    if log:
        st.code(
            "\n".join(f"{log_time_text(line.at)}  {worded(line.line)}" for line in log[-500:]),
            language=None,
            height=320,
            wrap_lines=True,
        )
    else:
        st.caption(tr("No log.") if card.ended else tr("No log yet."))
