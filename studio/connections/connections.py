"""The Connection check page: each platform, channel, engine and the server itself, what was seen, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from backend import accounts, connection_checks, health
from backend.kit.clock import now
from backend.language import tr, tr_lazy, worded
from studio.shell import session
from studio.shell.frame import Page
from studio.ui.format import ago, plain

AGAIN_PARAM = "again"
"""In the address, anything: it is checked anew."""
_ICONS = {
    "ok": ":green[:material/check_circle:]",
    "warning": ":orange[:material/warning:]",
    "failed": ":red[:material/error:]",
    "unknown": ":gray[:material/help:]",
}
_OPERATOR_SEES = tr_lazy("Does not work right now. Whoever runs this studio sees why.")


@dataclass(frozen=True, slots=True)
class Checked:
    """One round of checks."""

    platforms: list[connection_checks.PlatformReport]
    server: list[connection_checks.ConnectionFinding]
    engines: list[connection_checks.ConnectionFinding]
    at: datetime


def show(page: Page) -> None:
    """The result is kept for this tab until somebody checks again: each round asks every platform."""
    key = f"connections:{page.workspace.id}:{page.influencer_id}"
    if st.query_params.pop(AGAIN_PARAM, ""):
        st.session_state.pop(key, None)
    if key not in st.session_state:
        with st.spinner(tr("Asking every platform and engine …")):
            st.session_state[key] = _check(page)
    checked: Checked = st.session_state[key]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(tr("Checked {time}. A check publishes nothing.", time=ago(checked.at)), width="stretch")
        if st.button(tr("Check again"), icon=":material/refresh:"):
            del st.session_state[key]
            st.rerun()
    st.header(tr("Platforms and channels"), anchor=False)
    for report in checked.platforms:
        _platform(page, report)
    st.header(tr("This server"), anchor=False)
    with st.container(border=True, key="check-server"):
        _findings(checked.server)
    st.header(tr("Engines"), anchor=False)
    with st.container(border=True, key="check-engines"):
        _findings(checked.engines)


def _check(page: Page) -> Checked:
    platforms = connection_checks.check_platforms(
        page.app, page.transaction, session.origin(), influencer_id=page.influencer_id
    )
    with page.transaction() as tx:
        is_operator = accounts.is_operator(tx, page.app.settings, page.user.id)
    checks = health.check(page.app)
    engines = _server_findings(checks) if is_operator else _part_findings(checks)
    return Checked(platforms, connection_checks.check_server(page.app), engines, now())


def _server_findings(checks: Sequence[health.Check]) -> list[connection_checks.ConnectionFinding]:
    """What each server and engine answers, for operators; their versions are on System."""
    return [connection_checks.ConnectionFinding(check.name, "ok" if check.ok else "failed", check.detail) for check in checks]


def _part_findings(checks: Sequence[health.Check]) -> list[connection_checks.ConnectionFinding]:
    """What works, without versions and addresses, for everybody else."""
    return [
        connection_checks.ConnectionFinding(name, "ok" if ok else "failed", tr_lazy("Works.") if ok else _OPERATOR_SEES)
        for name, ok in health.part_states(checks).items()
    ]


def _platform(page: Page, report: connection_checks.PlatformReport) -> None:
    """Open where something is wrong; a platform without channels whose app is not set up is nobody's fault yet."""
    is_unused = not report.channels and report.findings[0].status != "ok"
    icon = ":gray[:material/radio_button_unchecked:]" if is_unused else _ICONS[report.status]
    state = tr("not set up") if is_unused else "" if report.channels else tr("no channel yet")
    label = f"{icon} **{worded(report.platform.label)}**{' · ' if state else ''}{state}"
    with st.expander(label, expanded=not is_unused and report.status in ("failed", "warning")):
        _findings(report.findings)
        for channel_report in report.channels:
            _channel(page, channel_report)
        if not report.channels and not is_unused:
            page.link("settings/channels", tr("Connect a channel"), icon=":material/add_link:")


def _channel(page: Page, report: connection_checks.ChannelReport) -> None:
    influencer = page.influencer_names.get(report.channel.influencer_id, "")
    owner = f" · {plain(influencer)}" if influencer not in ("", report.channel.name) else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{_ICONS[report.status]} **{plain(report.channel.name)}**{owner}", width="stretch")
        if report.status != "ok":
            page.link("settings/channels", tr("Open Channels"), icon=":material/cell_tower:")
    _findings(report.findings)


def _findings(findings: Sequence[connection_checks.ConnectionFinding]) -> None:
    for finding in findings:
        next_step = worded(finding.next_step)
        step = tr("**Next:** {step}", step=plain(next_step))
        next_line = f"  \n:small[{step}]" if next_step else ""
        message = plain(worded(finding.message)) if finding.message != finding.next_step else ""
        st.markdown(
            f"{_ICONS[finding.status]} {plain(worded(finding.name))}: :gray[{message}]{next_line}".replace(": :gray[]", "")
        )
