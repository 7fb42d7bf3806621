"""Parts of the system page."""

from __future__ import annotations

import streamlit as st

from backend import health
from studio.shell.frame import Page
from studio.ui.format import ago, plain


def parts(page: Page) -> None:
    with st.spinner("Asking every server …"):
        checks = health.check(page.app)
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
    st.button("Check again", icon=":material/refresh:")


def workers(page: Page) -> None:
    rows = health.workers(page.app)
    st.header("Workers")
    if not rows:
        st.caption("No worker has been seen in the last hour.")
        return
    table = [
        {
            "State": "running" if row.alive and row.state == "up" else row.state if row.alive else "gone",
            "Queues": ", ".join(row.queues),
            **({"Host": row.host, "Process": str(row.pid)} if page.role == "owner" else {}),
            "Version": row.version,
            "Started": ago(row.started_at),
            "Seen": ago(row.seen_at),
        }
        for row in rows
    ]
    st.dataframe(table, hide_index=True)


def devices(page: Page) -> None:
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
