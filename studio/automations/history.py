"""Runs of an automation: the list, newest first, and one with its steps, followed while it goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import streamlit as st

from backend import assets, automations, content_plans, jobs
from backend.automations import AutomationCard, AutomationRunCard, StepCard
from backend.jobs import JobCard
from backend.language import tr, tr_plural, worded
from studio.automations import words
from studio.shell.frame import Page
from studio.ui.format import ago, clock_time, duration, moment_text, plain, state_badge, usd
from studio.ui.live_jobs import live_jobs
from studio.ui.live_page import live_page
from studio.ui.notices import queue_toast, toast_errors
from studio.ui.thumbnails import thumbnail

PAGE_SIZE = 20


def listing(page: Page, card: AutomationCard, zones: Mapping[str, str]) -> None:
    live_page(page, "automation", "job", key="automation:runs:live")
    pages_key = f"automation:runs:{card.id}"
    runs: list[AutomationRunCard] = []
    cursor: str | None = None
    with page.transaction() as tx:
        for _ in range(st.session_state.setdefault(pages_key, 1)):
            run_page = automations.runs(tx, card.id, cursor=cursor, take=PAGE_SIZE)
            runs += run_page.cards
            cursor = run_page.next_cursor
            if cursor is None:
                break
        pictures = automations.run_pictures(tx, runs)
    if not runs:
        st.caption(tr("It has not run yet."))
    for run in runs:
        _row(page, run, zones.get(run.influencer_id, "UTC"), pictures.get(run.id))
    if cursor and st.button(tr("More"), icon=":material/expand_more:"):
        st.session_state[pages_key] += 1
        st.rerun()


def _row(page: Page, run: AutomationRunCard, zone: str, asset_id: str | None) -> None:
    """`asset_id`: of the first picture or video that it made."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        thumbnail(page.workspace.id, asset_id, icon="account_tree")
        with st.container(gap="xxsmall"):
            with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
                label = f"**{plain(words.next_text(run.created_at, zone))}**"
                if st.button(label, type="tertiary", key=f"automation:open-run:{run.id}"):
                    page.go("calendar/automations", id=run.automation_id, run=run.id)
                st.markdown(words.run_badge(run), width="content")
            facts = [run.influencer_name, words.run_trigger_text(run.trigger), ago(run.created_at), _more(run)]
            st.caption(" · ".join(plain(fact) for fact in facts if fact))


def _more(run: AutomationRunCard) -> str:
    """What it waits for, or what it has done."""
    return words.waits_text(run) or worded(run.summary)


def detail(page: Page, card: AutomationCard, run_id: str, zones: Mapping[str, str]) -> None:
    """One run: each step with its state, message, times, jobs; the posts; what it cost."""
    live_page(page, "automation", "job", "post", key="automation:run:live")
    if st.button(tr("All runs"), icon=":material/arrow_back:", type="tertiary"):
        page.go("calendar/automations", id=card.id, view="history")
    with page.transaction() as tx:
        run = automations.get_run(tx, run_id)
    zone = zones.get(run.influencer_id, "UTC")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        started = moment_text(run.created_at.astimezone(ZoneInfo(zone)))
        title = " · ".join(filter(None, (started, run.influencer_name)))
        st.markdown(f"### {plain(title)} {words.run_badge(run)}", width="content")
        if not words.has_ended(run) and page.can_edit:
            st.button(tr("Stop"), icon=":material/stop_circle:", on_click=_stop, args=(page, run.id))
    facts = [
        words.run_trigger_text(run.trigger),
        ago(run.created_at),
        tr("cost {cost}", cost=usd(run.cost_usd)),
    ]
    st.caption(plain(" · ".join(facts)))
    if run.job_id and not words.has_ended(run):
        with page.transaction() as tx:
            run_job = jobs.get(tx, run.job_id)
        live_jobs(f"automation:run:{run.id}", workspace=page.workspace.id, cards=[run_job], only_these=True)
    if waits := words.waits_text(run):
        st.info(waits, icon=":material/hourglass_empty:")
    if run.summary:
        st.markdown(plain(worded(run.summary)))
    with page.transaction() as tx:
        cards = jobs.get_many(tx, [job_id for step in run.steps for job_id in step.job_ids])
        files = {card.id: jobs.result_assets(card.result) for card in cards.values()}
        pictures = assets.first_with_thumbnail(tx, files)
    for n, step in enumerate(run.steps, 1):
        _step(page, n, step, zone, cards, pictures)
    _posts(page, run)


def _stop(page: Page, run_id: str) -> None:
    with toast_errors(), page.transaction(needs="editor") as tx:
        automations.stop_run(tx, run_id)
        queue_toast(tr("The run and its jobs are stopped. What is done stays."), ":material/stop_circle:")


def _step(page: Page, n: int, step: StepCard, zone: str, cards: Mapping[str, JobCard], pictures: Mapping[str, str]) -> None:
    """`cards`: of jobs by id; `pictures`: job id -> asset id of the first picture or video that it made."""
    with st.container(border=True, gap="xxsmall"):
        icon = words.STEP_ICONS.get(step.kind, ":material/circle:")
        st.markdown(f"{icon} **{n}. {worded(step.label)}** {words.step_badge(step.state)}")
        if step.message:
            st.markdown(plain(worded(step.message)))
        if step.started_at:
            times = clock_time(step.started_at, zone)
            if step.ended_at:
                times += f", {duration((step.ended_at - step.started_at).total_seconds())}"
            st.caption(plain(times))
        if step.job_ids:
            _jobs(page, step.job_ids, cards, pictures)


def _jobs(page: Page, job_ids: Sequence[str], cards: Mapping[str, JobCard], pictures: Mapping[str, str]) -> None:
    existing = [cards[job_id] for job_id in job_ids if job_id in cards]
    for card in existing:
        error = f" {plain(worded(card.error_message))}" if card.error_message else ""
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            if asset_id := pictures.get(card.id):
                thumbnail(page.workspace.id, asset_id)
            page.link("settings/jobs", plain(worded(card.title)), id=card.id)
            st.markdown(f"{state_badge(card.state, dead_letter=card.dead_letter)}{error}", width="content")
    if gone := len(job_ids) - len(existing):
        st.caption(tr_plural("{n:,} job was cleaned up.", "{n:,} jobs were cleaned up.", gone))


def _posts(page: Page, run: AutomationRunCard) -> None:
    """Links to the posts that the run has finished, and to those it has left for people, with their pictures."""
    plan_ids = {key: list(run.figures.get(key) or []) for key in ("posts", "left")}
    all_ids = [plan_id for ids in plan_ids.values() for plan_id in ids]
    with page.transaction() as tx:
        titles = {plan.id: plan.title for plan in content_plans.get_many(tx, all_ids)}
        media = content_plans.first_media(tx, all_ids)
    for title, key in ((tr("Posts"), "posts"), (tr("Left for you"), "left")):
        known_ids = [plan_id for plan_id in plan_ids[key] if plan_id in titles]
        if known_ids:
            st.markdown(f"**{title}**")
        for plan_id in known_ids:
            with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
                thumbnail(page.workspace.id, media.get(plan_id), icon="article")
                page.link("calendar/post", plain(worded(titles[plan_id])), id=plan_id)
