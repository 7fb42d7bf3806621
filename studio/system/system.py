"""Parts of the system page: the whole installation for operators, their own part of it for members of a workspace."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend import accounts, health, jobs, notices
from backend.kit import metrics
from backend.language import tr, tr_lazy, worded
from studio.shell.frame import Page
from studio.system.last_day import show_last_day
from studio.ui.format import ago, number, plain, size

_STATES = {
    "up": tr_lazy("running"),
    "free": tr_lazy("free"),
    "busy": tr_lazy("busy"),
    "disabled": tr_lazy("disabled"),
    "down": tr_lazy("down"),
    "partly down": tr_lazy("partly down"),
}
"""Of a worker and of a device; others are shown as they are."""
_JOB_STATES = {"pending": tr_lazy("Jobs waiting"), "processing": tr_lazy("Jobs running"), "failed": tr_lazy("Jobs failed")}


def show(page: Page) -> None:
    with page.transaction() as tx:
        is_operator = accounts.is_operator(tx, page.app.settings, page.user.id)
        figures = health.workspace_figures(tx)
    with st.spinner(tr("Asking every server …")):
        checks = health.check(page.app)
    if is_operator:
        _checks(checks)
    else:
        _states(health.part_states(checks))
    st.button(tr("Check again"), icon=":material/refresh:")
    _workspace(page, figures)
    if is_operator:
        show_last_day(page)
        _workers(page)
        _devices(page)
        _requests()
        _emails(page)


def _states(states: dict[str, bool]) -> None:
    """What works, without versions, addresses and what is wrong: that is for operators."""
    if all(states.values()):
        st.success(tr("Everything works."), icon=":material/check_circle:")
    else:
        failed_parts = ", ".join(worded(name) for name, ok in states.items() if not ok)
        st.warning(
            tr("Not working right now: {parts}. Whoever runs this studio sees why.", parts=failed_parts),
            icon=":material/warning:",
        )
    with st.container(border=True, horizontal=True):
        for name, ok in states.items():
            icon = ":green[:material/check_circle:]" if ok else ":red[:material/error:]"
            st.markdown(f"{icon} {worded(name)}", width="content")


def _workspace(page: Page, figures: health.WorkspaceFigures) -> None:
    st.header(tr("This workspace"))
    with st.container(horizontal=True):
        for state, label in _JOB_STATES.items():
            st.metric(worded(label), figures.jobs[state], border=True)
        st.metric(tr("Files"), number(figures.files), border=True)
        st.metric(tr("In storage"), size(figures.size_bytes), border=True)
    with st.container(horizontal=True):
        page.link("settings/jobs", tr("Activity"), icon=":material/bolt:")
        page.link("settings/costs", tr("Usage & limits"), icon=":material/payments:")


def _requests() -> None:
    figures = metrics.request_figures()
    st.header(tr("Requests"))
    st.caption(tr("Of the API, since this process began. All figures are for Prometheus at /metrics."))
    with st.container(horizontal=True):
        st.metric(tr("Answered"), number(figures.answered), border=True)
        st.metric(tr("Faults"), number(figures.failed), border=True)
        st.metric(tr("Mean time"), tr("{n:,.0f} ms", n=figures.mean_s * 1000), border=True)
        st.metric(tr("Sign-ins refused"), number(figures.sign_ins_refused), border=True)


def _emails(page: Page) -> None:
    """What the mail catcher of `make run` holds: everybody's, so for operators alone."""
    if not page.app.settings.notices.mail_folder:
        return
    st.header(tr("E-mails that were not sent"))
    st.caption(tr("No mail server is set (SMTP_URL). These would have gone out."))
    caught = notices.caught_emails(page.app.settings)
    if not caught:
        st.markdown(tr("None yet."))
    for email in caught:
        with st.expander(f"{plain(email.subject)} · {plain(email.recipient)}"):
            st.caption(plain(email.date))
            st.code(email.text, language=None, wrap_lines=True)
            st.download_button(tr("Download"), email.source, email.filename, "message/rfc822", key=f"eml:{email.filename}")


def _checks(checks: Sequence[health.Check]) -> None:
    failed_checks = [check for check in checks if not check.ok]
    if failed_checks:
        st.warning(
            tr(
                "Not working: {n} of {total} parts: {names}.",
                n=len(failed_checks),
                total=len(checks),
                names=", ".join(worded(check.name) for check in failed_checks),
            ),
            icon=":material/warning:",
        )
    else:
        st.success(tr("Everything works."), icon=":material/check_circle:")
    with st.container(border=True):
        for check in checks:
            with st.container(horizontal=True, vertical_alignment="center"):
                icon = ":green[:material/check_circle:]" if check.ok else ":red[:material/error:]"
                st.markdown(
                    f"{icon} **{worded(check.name)}** :gray[:small[{plain(check.version)}]]  \n"
                    f":small[{plain(worded(check.detail))}]"
                )


def _workers(page: Page) -> None:
    rows = health.workers(page.app)
    st.header(tr("Workers"))
    if not rows:
        st.caption(tr("No worker has been seen in the last hour."))
        return
    table = [
        {
            tr("State"): _worker_state(row),
            tr("Queues"): ", ".join(row.queues),
            tr("Host"): row.host,
            tr("Process"): str(row.pid),
            tr("Version"): row.version,
            tr("Started"): ago(row.started_at),
            tr("Seen"): ago(row.seen_at),
        }
        for row in rows
    ]
    st.dataframe(table, hide_index=True)


def _worker_state(row: jobs.WorkerCard) -> str:
    if not row.alive:
        return tr("gone")
    return tr("running") if row.state == "up" else worded(_STATES.get(row.state, row.state))


def _devices(page: Page) -> None:
    rows = health.devices(page.app)
    st.header(tr("Devices"))
    if not rows:
        st.caption(tr("No worker offers a device yet. The gpu worker registers the GPUs (or the CPU) of its machine."))
        return
    table = [
        {
            tr("Device"): row.id,
            tr("State"): worded(_STATES.get(row.state, row.state)),
            tr("Memory"): f"{row.vram_mb / 1024:.0f} GB" if row.vram_mb else "",
            tr("Engines"): ", ".join(f"{kind}: {engine}" for kind, engine in row.engines.items()),
            tr("Note"): worded(row.reason),
        }
        for row in rows
    ]
    st.dataframe(table, hide_index=True)
