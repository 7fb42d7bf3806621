"""Jobs on pages: one followed in place, the list with its filters, one job with its log."""

from __future__ import annotations

import streamlit as st

from backend import budgets, content_plans, jobs, webhooks
from backend.jobs import JobCard
from studio.jobs.job_result import job_result
from studio.shell.frame import Page
from studio.ui.format import ago, duration, plain, state_badge, usd
from studio.ui.live_jobs import live_jobs

ACTIVE = ("pending", "processing")
FILTERS = {"Active": ACTIVE, "Needs a look": ("failed",), "Finished": ("completed", "cancelled"), "All": ()}
EVERY_KIND = "Every kind"
SUBJECT_PAGES = {
    "influencer": ("influencers/influencers", "Open the influencer"),
    "dataset": ("models/datasets", "Open the dataset"),
    "training": ("models/training", "Open the run"),
    "generation": ("create/pictures", "Open the pictures"),
    "trial": ("models/comparisons", "Open the comparison"),
    "board": ("library/boards", "Open the board"),
    "style": ("models/writing_styles", "Open the writing style"),
    "clip": ("library/videos", "Open the video"),
    "reel": ("create/reels", "Open the reel"),
}
PAGE_SIZE = 30


def follow(page: Page, job: JobCard | None, *, key: str) -> bool:
    """Draws a job in place while it waits or runs, or when it failed; the page reruns when it ends. True while it is active."""
    if job is None or job.state in ("completed", "cancelled"):
        return False
    live_jobs(f"{key}:{job.id}", workspace=page.workspace.id, cards=[job], only_these=True, can_edit=page.can_edit)
    return job.state in ACTIVE


def listing(page: Page) -> None:
    """The workspace's jobs, newest first."""
    filter_bar = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    labels = [EVERY_KIND, *jobs.labels()]
    label = filter_bar.selectbox("Kind", labels, key="jobs:kind", label_visibility="collapsed", width=180)
    kinds = () if label == EVERY_KIND else jobs.kinds_labelled(label)
    with page.transaction() as tx:
        counts = jobs.counts(tx, kinds=kinds)
    number_by_filter = {name: sum(counts.get(state, 0) for state in states or counts) for name, states in FILTERS.items()}
    filter_name = filter_bar.segmented_control(
        "Show",
        list(FILTERS),
        default="Active",
        format_func=lambda name: f"{name} ({number_by_filter[name]})",
        key="jobs:filter",
        label_visibility="collapsed",
        required=True,
    )
    if filter_name == "Active":
        _active(page, kinds)
    else:
        _ended(page, FILTERS[filter_name or "All"], kinds)


def _active(page: Page, kinds: tuple[str, ...]) -> None:
    with page.transaction() as tx:
        job_page = jobs.page(tx, states=ACTIVE, kinds=kinds, take=100)
    if kinds and not job_page.cards:
        st.caption("Nothing of this kind is running.")
        return
    opened = live_jobs(
        ":".join(("jobs:live", *kinds)),
        workspace=page.workspace.id,
        cards=job_page.cards,
        only_these=bool(kinds),
        can_edit=page.can_edit,
        open_label="Details",
        empty="Nothing is running. Training and pictures you ask for show up here with their progress.",
    )
    if opened:
        page.go("settings/jobs", id=opened)


def _ended(page: Page, states: tuple[str, ...], kinds: tuple[str, ...]) -> None:
    take = st.session_state.setdefault("jobs:take", PAGE_SIZE)
    with page.transaction() as tx:
        job_page = jobs.page(tx, states=states, kinds=kinds, take=take)
    webhook_count = _failed_webhooks(page) if states == FILTERS["Needs a look"] and not kinds else 0
    if not job_page.cards and not webhook_count:
        st.caption("Nothing here.")
    for card in job_page.cards:
        _row(page, card)
    if job_page.next_cursor and st.button("Show older ones"):
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
                    target = f"to {plain(message.url)}" if message.url else plain(message.kind)
                    st.markdown(f"**Webhook {target}**")
                    answer = f"answered {message.last_status}" if message.last_status else plain(message.last_error)
                    st.caption(f"{ago(message.created_at)} · {message.attempts} tries · {answer}")
                if page.can_edit:
                    st.button("Send again", key=f"replay:{message.id}", on_click=_replay, args=(page, message.id))
            with st.expander("Body"):
                st.code(message.body, language="json", wrap_lines=True)
    return message_page.total


def _replay(page: Page, message_id: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        webhooks.replay(page.app.settings, tx, message_id)
        st.toast("It is sent again.", icon=":material/replay:")


def _row(page: Page, card: JobCard) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap="xxsmall"):
            st.markdown(f"**{plain(card.title)}** {state_badge(card.state, dead_letter=card.dead_letter)}")
            st.caption(_time_text(card) + (f" · {plain(card.error_message)}" if card.error_message else ""))
        if card.subject_noun == "post":
            _plan_button(page, card)
        elif card.state in ("failed", "cancelled") and page.can_edit:
            st.button("Try again", key=f"retry:{card.id}", on_click=_retry, args=(page, card.id))
        if st.button("Details", key=f"open:{card.id}", type="tertiary"):
            page.go("settings/jobs", id=card.id)


def _plan_button(page: Page, card: JobCard) -> None:
    """A link to the post's plan: a post is retried from there, where its rules are checked again."""
    with page.transaction() as tx:
        plan_id = content_plans.plan_id_of(tx, card.subject_id)
    if plan_id and st.button("Open the plan", key=f"plan:{card.id}", icon=":material/calendar_month:"):
        page.go("calendar/post", id=plan_id)


def _time_text(card: JobCard) -> str:
    if card.started_at and card.finished_at:
        return f"{ago(card.finished_at)}, took {duration((card.finished_at - card.started_at).total_seconds())}"
    return ago(card.created_at)


def _retry(page: Page, job_id: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        jobs.retry(tx, job_id)
        st.toast("It is in line again.", icon=":material/replay:")


def detail(page: Page, job_id: str) -> None:
    """One job: its state, a link to its subject, its result, its log."""
    if st.button("All jobs", icon=":material/arrow_back:", type="tertiary"):
        page.go("settings/jobs")
    with page.transaction() as tx:
        card = jobs.get(tx, job_id)
        log = jobs.log(tx, job_id)
        cost = budgets.cost_of_jobs(tx, [job_id])[job_id]
    live_jobs(f"job:{job_id}", workspace=page.workspace.id, cards=[card], only_these=True, can_edit=page.can_edit)
    facts = [card.type, _time_text(card), f"try {card.attempt_n or 1}", f"cost {usd(cost)}"]
    st.caption(plain(" · ".join([*facts, "gave up after several tries"] if card.dead_letter else facts)))
    if card.subject_noun == "post":
        _plan_button(page, card)
    if card.subject_noun in SUBJECT_PAGES:
        page_path, label = SUBJECT_PAGES[card.subject_noun]
        if st.button(label, icon=":material/open_in_new:"):
            page.go(page_path, id=card.subject_id)
    job_result(page, card)
    if card.state == "failed":
        with st.expander("What it was given", icon=":material/data_object:"):
            st.json(card.payload or {})
    st.header("Log")
    if log:
        st.code("\n".join(f"{line.at:%H:%M:%S}  {line.line}" for line in log[-500:]), language=None, height=320)
    else:
        st.caption("Nothing was logged." if card.ended else "No lines yet.")
