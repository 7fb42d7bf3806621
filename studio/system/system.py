"""Parts of the system page: the whole installation for operators, their own part of it for members of a workspace."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend import accounts, health, notices
from backend.kit import metrics
from studio.shell.frame import Page
from studio.ui.format import ago, plain, size

_JOB_STATES = {"pending": "Jobs waiting", "processing": "Jobs running", "failed": "Jobs failed"}


def show(page: Page) -> None:
    with page.transaction() as tx:
        is_operator = accounts.is_operator(tx, page.app.settings, page.user.id)
        figures = health.workspace_figures(tx)
    with st.spinner("Asking every server …"):
        checks = health.check(page.app)
    if is_operator:
        _checks(checks)
    else:
        _states(health.part_states(checks))
    st.button("Check again", icon=":material/refresh:")
    _workspace(page, figures)
    if is_operator:
        _workers(page)
        _devices(page)
        _requests()
        _emails(page)


def _states(states: dict[str, bool]) -> None:
    """What works, without versions, addresses and what is wrong: that is for operators."""
    if all(states.values()):
        st.success("Everything works.", icon=":material/check_circle:")
    else:
        failed_parts = ", ".join(name for name, ok in states.items() if not ok)
        st.warning(f"Not working right now: {failed_parts}. Whoever runs this studio sees why.", icon=":material/warning:")
    with st.container(border=True, horizontal=True):
        for name, ok in states.items():
            icon = ":green[:material/check_circle:]" if ok else ":red[:material/error:]"
            st.markdown(f"{icon} {name}", width="content")


def _workspace(page: Page, figures: health.WorkspaceFigures) -> None:
    st.header("This workspace")
    with st.container(horizontal=True):
        for state, label in _JOB_STATES.items():
            st.metric(label, figures.jobs[state], border=True)
        st.metric("Files", f"{figures.files:,}", border=True)
        st.metric("In storage", size(figures.size_bytes), border=True)
    with st.container(horizontal=True):
        page.link("settings/jobs", "Jobs", icon=":material/bolt:")
        page.link("settings/costs", "Costs", icon=":material/payments:")


def _requests() -> None:
    figures = metrics.request_figures()
    st.header("Requests")
    st.caption("Of the API, since this process began. All figures are for Prometheus at /metrics.")
    with st.container(horizontal=True):
        st.metric("Answered", f"{figures.answered:,}", border=True)
        st.metric("Faults", f"{figures.failed:,}", border=True)
        st.metric("Mean time", f"{figures.mean_s * 1000:.0f} ms", border=True)
        st.metric("Sign-ins refused", f"{figures.sign_ins_refused:,}", border=True)


def _emails(page: Page) -> None:
    """What the mail catcher of `make run` holds: everybody's, so for operators alone."""
    if not page.app.settings.notices.mail_folder:
        return
    st.header("E-mails that were not sent")
    st.caption("No mail server is set (SMTP_URL). These would have gone out.")
    caught = notices.caught_emails(page.app.settings)
    if not caught:
        st.markdown("None yet.")
    for email in caught:
        with st.expander(f"{plain(email.subject)} · {plain(email.recipient)}"):
            st.caption(plain(email.date))
            st.code(email.text, language=None, wrap_lines=True)
            st.download_button("Download", email.source, email.filename, "message/rfc822", key=f"eml:{email.filename}")


def _checks(checks: Sequence[health.Check]) -> None:
    failed_checks = [check for check in checks if not check.ok]
    if failed_checks:
        st.warning(
            f"{len(failed_checks)} of {len(checks)} parts need a look: {', '.join(check.name for check in failed_checks)}.",
            icon=":material/warning:",
        )
    else:
        st.success("Everything answers.", icon=":material/check_circle:")
    with st.container(border=True):
        for check in checks:
            with st.container(horizontal=True, vertical_alignment="center"):
                icon = ":green[:material/check_circle:]" if check.ok else ":red[:material/error:]"
                st.markdown(f"{icon} **{check.name}** :gray[:small[{plain(check.version)}]]  \n:small[{plain(check.detail)}]")


def _workers(page: Page) -> None:
    rows = health.workers(page.app)
    st.header("Workers")
    if not rows:
        st.caption("No worker has been seen in the last hour.")
        return
    table = [
        {
            "State": "running" if row.alive and row.state == "up" else row.state if row.alive else "gone",
            "Queues": ", ".join(row.queues),
            "Host": row.host,
            "Process": str(row.pid),
            "Version": row.version,
            "Started": ago(row.started_at),
            "Seen": ago(row.seen_at),
        }
        for row in rows
    ]
    st.dataframe(table, hide_index=True)


def _devices(page: Page) -> None:
    rows = health.devices(page.app)
    st.header("Devices")
    if not rows:
        st.caption("No worker offers a device yet. The gpu worker registers the cards (or the CPU) of its machine.")
        return
    table = [
        {
            "Device": row.id,
            "State": row.state,
            "Memory": f"{row.vram_mb / 1024:.0f} GB" if row.vram_mb else "",
            "Engines": ", ".join(f"{kind}: {engine}" for kind, engine in row.engines.items()),
            "Note": row.reason,
        }
        for row in rows
    ]
    st.dataframe(table, hide_index=True)
