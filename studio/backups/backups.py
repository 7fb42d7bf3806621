"""The Backups page: what an operator must do, the last backup, the last drill, how to restore."""

from __future__ import annotations

import streamlit as st

from backend import accounts, backups
from backend.backups import BackupCard, BackupOverview
from backend.language import tr, tr_lazy, worded
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, date_time_text, duration, number, plain, size
from studio.ui.notices import queue_toast

_KINDS = {"full": tr_lazy("Full"), "incremental": tr_lazy("Incremental"), "dump": tr_lazy("Dump"), "": tr_lazy("Backup")}
_STATES = {
    "requested": ("gray", tr_lazy("waiting")),
    "running": ("blue", tr_lazy("running")),
    "complete": ("green", tr_lazy("complete")),
    "failed": ("red", tr_lazy("failed")),
}
_REFRESH_S = 3


def show(page: Page) -> None:
    with page.transaction() as tx:
        is_operator = accounts.is_operator(tx, page.app.settings, page.user.id)
    if not is_operator:
        empty_state(
            tr("For whoever runs the studio"),
            tr("Backups cover the whole installation. Ask the person who runs it."),
            icon=":material/settings_backup_restore:",
        )
        return
    with page.transaction() as tx:
        overview = backups.overview(tx, page.app.settings)
    if not overview.target:
        empty_state(
            tr("No backups yet"),
            tr("Choose a folder on another disk, or an S3 bucket: write BACKUP_TARGET=… into .env and start the studio again."),
            icon=":material/settings_backup_restore:",
        )
    else:
        _restored(overview)
        _warnings(overview)
        _figures(overview)
        _current(page, overview.running is not None)
        _recent(overview)
    _instructions(overview)


def _restored(overview: BackupOverview) -> None:
    if overview.restore:
        st.info(
            tr(
                "Restored {ago} to {time}. Publishing was paused in every workspace: {held} posts on hold, {unknown} to check "
                "on the account.",
                ago=ago(overview.restore.restored_at),
                time=date_time_text(overview.restore.restored_to),
                held=number(overview.restore.held),
                unknown=number(overview.restore.unknown),
            ),
            icon=":material/history:",
        )


def _warnings(overview: BackupOverview) -> None:
    sentences = {
        "not_running": tr("Nothing keeps backups right now. Start the studio with BACKUP_TARGET set, or run “make backup”."),
        "overdue": tr("The last backup is more than 26 hours old."),
        "log_behind": tr(
            "The last {n} minutes are not safe yet: {size} of the database's log wait for the target. Check that it is there "
            "and has room.",
            n=number(overview.log_minutes),
            size=size(overview.log_bytes),
        ),
        "trouble": plain(overview.trouble),
        "key_here": tr(
            "The key that opens the backups still lies beside the data. Move backup-key.txt to another machine or a password "
            "manager: without it no backup can be opened."
        ),
        "never_drilled": tr("Nobody has tried a restore yet. Run “make drill” once: it needs no running studio."),
    }
    if not overview.warnings and overview.last:
        st.success(tr("Backups are up to date."), icon=":material/check_circle:")
    for code in overview.warnings:
        show_sentence = st.info if code == "never_drilled" else st.warning
        show_sentence(sentences[code], icon=":material/info:" if code == "never_drilled" else ":material/warning:")


def _figures(overview: BackupOverview) -> None:
    last, drill = overview.last, overview.drill
    with st.container(horizontal=True):
        st.metric(tr("Last backup"), ago(last.finished_at) if last and last.finished_at else tr("none"), border=True)
        st.metric(tr("All backups"), size(overview.total_bytes), border=True)
        st.metric(tr("Files in the last one"), number(last.objects) if last else "0", border=True)
        st.metric(tr("Last drill"), ago(drill.at) if drill else tr("never"), border=True)
    st.caption(
        tr("Every minute can be restored. Written to {target}.", target=plain(overview.target))
        if overview.method == "physical"
        else tr(
            "Only the moments of the backups can be restored, not every minute: {reason}. Written to {target}.",
            reason=plain(overview.reason),
            target=plain(overview.target),
        )
    )
    if drill:
        st.caption(
            tr(
                "The drill lost {rpo} of work and had the studio back after {rto}: {rows} rows and {objects} files compared.",
                rpo=duration(drill.rpo_s),
                rto=duration(drill.rto_s),
                rows=number(drill.rows),
                objects=number(drill.objects),
            )
        )


def _current(page: Page, is_running: bool) -> None:
    """The button, and what the running backup does; drawn again by itself only while one runs."""

    @st.fragment(run_every=_REFRESH_S if is_running else None)
    def draw() -> None:
        with page.transaction() as tx:
            running = backups.overview(tx, page.app.settings).running
        if is_running and running is None:
            st.rerun()
        if running is None:
            if st.button(tr("Back up now"), type="primary", icon=":material/backup:"):
                with page.transaction() as tx:
                    backups.request_backup(tx, page.app.settings)
                queue_toast(tr("A backup begins in a few seconds."))
                st.rerun()
            return
        st.status(plain(worded(running.phase)) or tr("A backup begins in a few seconds."), state="running")

    draw()


def _recent(overview: BackupOverview) -> None:
    st.header(tr("Recent backups"))
    if not overview.recent:
        st.caption(tr("The first one is made within a minute."))
    for card in overview.recent:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{worded(_KINDS[card.kind])}**  \n:small[{_line(card)}]")
            st.space("stretch")
            color, label = _STATES[card.state]
            st.badge(worded(label), color=color)  # type: ignore[arg-type]


def _line(card: BackupCard) -> str:
    at = date_time_text(card.finished_at or card.created_at)
    if card.state == "failed":
        return f"{at} · {plain(card.error)}"
    if card.state != "complete":
        return at
    return tr(
        "{time} · {size} new · {objects} files · took {duration}",
        time=at,
        size=size(card.size_bytes),
        objects=number(card.objects),
        duration=duration(card.seconds),
    )


def _instructions(overview: BackupOverview) -> None:
    st.header(tr("How to restore"))
    st.markdown(
        tr(
            "1. Stop the studio. A running one is not restored over.\n"
            "2. Put your key file on this machine.\n"
            "3. Run the command below with the moment you want, by the machine's clock. Without AT it is the newest.\n"
            "4. Start the studio. Publishing stays paused until you resume it on the calendar."
        )
    )
    st.code('make restore AT="2026-11-22 10:15" KEY=/path/to/backup-key.txt', language=None, wrap_lines=True)
    if overview.target and not overview.drill:
        st.code("make drill", language=None)
