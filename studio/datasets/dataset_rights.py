"""Rights statements of a dataset: declaring, renewing, withdrawing, and their history."""

from __future__ import annotations

from datetime import UTC, datetime, time

import streamlit as st

from backend import datasets
from backend.datasets import STATEMENTS, DatasetCard, RightsEntry, RightsKind
from backend.kit.clock import now
from backend.language import tr, worded
from studio.datasets.dataset_edits import member_names
from studio.shell.frame import Page
from studio.ui.format import date_text, date_time_text, plain
from studio.ui.forms import submit_once

KINDS: tuple[RightsKind, ...] = ("myself", "agreed", "made_up")


def rights(page: Page, dataset_id: str, *, key: str) -> None:
    """The current statement, or the form for a new one."""
    with page.transaction() as tx:
        card = datasets.get(tx, dataset_id)
    if card.rights_statement and not _expired(card):
        until = f" · {_until_text(card.rights_until)}" if card.rights_until else ""
        badge = tr(":green-badge[✓ Rights]")
        st.markdown(f"{badge} {plain(worded(card.rights_statement))}{until}")
        return
    if card.rights_until:
        st.warning(
            tr("The agreement ran out on {day}. Renew it to train again.", day=date_text(card.rights_until)),
            icon=":material/event_busy:",
        )
    _rights_form(page, dataset_id, key)


def rights_page(page: Page, dataset_id: str) -> None:
    """The statement, changing and withdrawing it, and the history of all statements."""
    rights(page, dataset_id, key="rights")
    with page.transaction() as tx:
        card = datasets.get(tx, dataset_id)
        history = datasets.rights_history(tx, dataset_id)
    if card.rights_note:
        st.caption(plain(card.rights_note))
    if card.rights_statement and page.can_edit:
        with st.container(horizontal=True):
            if not _expired(card):
                with st.popover(tr("Change the statement"), icon=":material/edit:"):
                    _rights_form(page, dataset_id, "rights:change")
            with st.popover(tr("Withdraw"), icon=":material/block:"), st.form("rights:withdraw", border=False):
                st.caption(
                    tr("Nothing is trained on these pictures until somebody declares them again. What was trained stays.")
                )
                note = st.text_input(tr("Why?"), max_chars=300)
                if st.form_submit_button(tr("Withdraw the statement")):

                    def withdraw() -> None:
                        with page.transaction(needs="editor") as tx:
                            datasets.withdraw_rights(tx, dataset_id, note=note)

                    submit_once(f"rights:withdraw:{dataset_id}", note, withdraw)
                    st.rerun()
    if history:
        st.markdown("### " + tr("History"))
        user_names = member_names(page)
        for entry in history:
            _entry(entry, user_names)


def _entry(entry: RightsEntry, user_names: dict[str, str]) -> None:
    user_name = user_names.get(entry.said_by) or (tr("a former member") if entry.said_by else tr("unknown"))
    statement = tr("Withdrawn") if entry.kind == "withdrawn" else worded(entry.statement)
    until = f" · {_until_text(entry.until)}" if entry.until else ""
    note = f"  \n{plain(entry.note)}" if entry.note else ""
    declared = date_time_text(entry.created_at)
    st.markdown(f"**{plain(statement)}**{until}{note}  \n:small[{plain(user_name)}, {declared}]")


def _until_text(end: datetime) -> str:
    return tr("until {day}", day=date_text(end))


def _rights_form(page: Page, dataset_id: str, key: str) -> None:
    disabled = not page.can_edit
    with st.form(f"{key}:rights", border=True):
        kind = st.radio(
            tr("Whose pictures are these?"),
            KINDS,
            index=None,
            format_func=lambda kind: worded(STATEMENTS[kind]),
            disabled=disabled,
        )
        note = st.text_input(
            tr("Who agreed, and where is that kept?"),
            disabled=disabled,
            max_chars=2000,
            placeholder=tr("needed when somebody agreed; useful for made-up people too"),
        )
        until = st.date_input(
            tr("Valid until (if there is an end)"), None, min_value=now().date(), format="DD/MM/YYYY", disabled=disabled
        )
        submitted = st.form_submit_button(tr("I confirm this"), type="primary", disabled=disabled)
    if submitted and kind is None:
        st.warning(tr("Choose one of the three sentences first."), icon=":material/touch_app:")
    elif submitted and kind:
        end = datetime.combine(until, time(23, 59, 59), UTC) if until else None
        chosen: RightsKind = kind

        def declare() -> None:
            with page.transaction(needs="editor") as tx:
                datasets.declare_rights(tx, dataset_id, kind=chosen, note=note, until=end)

        submit_once(f"rights:declare:{dataset_id}", (kind, note, end), declare)
        st.rerun()


def _expired(card: DatasetCard) -> bool:
    return card.rights_until is not None and card.rights_until < now()
