"""What the installation did in the last day, for operators: drawn from the studio's own samples, without Prometheus."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from backend import monitoring
from backend.db.transactions import Anonymous
from backend.language import tr, tr_lazy, tr_plural, worded
from studio.shell.frame import Page
from studio.ui.charts import chart
from studio.ui.format import duration, number, usd

_OUTCOMES = {"completed": tr_lazy("Completed"), "failed": tr_lazy("Failed"), "cancelled": tr_lazy("Cancelled")}
_QUEUES = {"gpu": tr_lazy("Devices (gpu)"), "cpu": tr_lazy("Processor (cpu)"), "net": tr_lazy("Network (net)")}


def show_last_day(page: Page) -> None:
    st.header(tr("Last 24 hours"))
    with page.app.db.transaction(Anonymous()) as tx:
        samples = monitoring.last_hours(tx)
    if not samples:
        st.caption(tr("No figures yet. A worker with the scheduler takes them each minute."))
        return
    day, newest = monitoring.summary(samples), samples[-1].figures
    if day.gaps:
        st.caption(tr("{n:,} minutes are missing: nothing took figures then.", n=day.gaps))
    with st.container(horizontal=True):
        st.metric(tr("Posts late"), number(newest.posts_overdue), border=True)
        st.metric(tr("Posts not confirmed"), number(newest.posts_unconfirmed), border=True)
        st.metric(tr("Jobs that gave up"), number(newest.dead_letters), border=True)
        st.metric(tr("Webhooks and notices waiting"), number(newest.webhooks_waiting + newest.notices_waiting), border=True)
        st.metric(tr("Text AI today"), usd(Decimal(str(newest.spent_today_usd))), border=True)
        connections = tr("{n} of {most}", n=newest.connections, most=newest.connections_most)
        st.metric(tr("Database connections"), connections, border=True)
    first, second = st.columns(2)
    with first:
        _ended(day)
    with second:
        _waiting(day)
    with first:
        _types(day)
    with second:
        _disk(day)


def _ended(day: monitoring.Day) -> None:
    st.markdown(tr("**Jobs that ended, by hour**"))
    if not any(by_outcome for by_outcome in day.ended.values()):
        st.caption(tr("No job has ended."))
        return
    hour, jobs, outcome = tr("Hour"), tr("Jobs"), tr("Outcome")
    rows = [
        {hour: at, jobs: by_outcome.get(name, 0), outcome: worded(label)}
        for at, by_outcome in day.ended.items()
        for name, label in _OUTCOMES.items()
    ]
    ended = sum(sum(by_outcome.values()) for by_outcome in day.ended.values())
    says = tr_plural("{n:,} job ended in the last 24 hours.", "{n:,} jobs ended in the last 24 hours.", ended)
    chart("bar", rows, x=hour, y=jobs, color=outcome, says=says)


def _waiting(day: monitoring.Day) -> None:
    st.markdown(tr("**Jobs that waited, by queue**"))
    if not any(by_queue for by_queue in day.waiting.values()):
        st.caption(tr("No job had to wait."))
        return
    time, jobs, queue = tr("Time"), tr("Jobs"), tr("Queue")
    rows = [
        {time: at, jobs: by_queue.get(name, 0), queue: worded(label)}
        for at, by_queue in day.waiting.items()
        for name, label in _QUEUES.items()
    ]
    longest = max(day.oldest_wait_s.values(), default=0.0)
    chart("line", rows, x=time, y=jobs, color=queue, says=tr("Longest wait: {time}", time=duration(longest)))


def _types(day: monitoring.Day) -> None:
    if not day.types:
        return
    st.markdown(tr("**How long they took**"))
    rows = [
        {
            tr("Type"): job_type,
            tr("Completed"): figures.completed,
            tr("Failed"): figures.failed,
            tr("Mean"): duration(figures.mean_s),
            tr("Longest"): duration(figures.longest_s),
        }
        for job_type, figures in day.types.items()
    ]
    st.dataframe(rows, hide_index=True)


def _disk(day: monitoring.Day) -> None:
    if len(day.free_ratio) < 2:
        return
    st.markdown(tr("**Free on the disk**"))
    time, free = tr("Time"), tr("Free, %")
    rows = [{time: at, free: round(ratio * 100, 1)} for at, ratio in day.free_ratio.items()]
    newest = round(list(day.free_ratio.values())[-1] * 100, 1)
    chart("area", rows, x=time, y=free, says=tr("{percent}% of the disk is free now.", percent=newest))
