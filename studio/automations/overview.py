"""The list of automations, and the templates to begin with."""

from __future__ import annotations

import streamlit as st

from backend import automations
from backend.automations import TEMPLATES, AutomationCard, Template
from studio.automations import actions, words
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, count, plain, usd
from studio.ui.live_page import live_page
from studio.ui.notices import show_queued_toasts

CHOOSE, EMPTY = "choose", "empty"
"""Values of `?new=`: the templates; an automation without steps. Others: a template, or an automation to copy."""
_CSS = """<style>
[data-testid="stLayoutWrapper"]:has(> [class*="st-key-automation-text-"]) { min-width: min(100%, 18rem); }
</style>"""


def show(page: Page) -> None:
    show_queued_toasts()
    live_page(page, "automation", "job", key="automations:live")
    actions.undo_bar(page)
    with page.transaction() as tx:
        cards = automations.page(tx)
    shown = [card for card in cards if page.influencer_id in ("", *(card.draft.influencer_ids or (page.influencer_id,)))]
    if not cards:
        _nothing_yet(page)
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(f"{count(len(shown), 'automation')}")
        if page.can_edit and st.button("New automation", icon=":material/add:", type="primary"):
            page.go("calendar/automations", new=CHOOSE)
    st.html(_CSS)
    for card in shown:
        _row(page, card)
    if not shown:
        st.caption("None is for this influencer.")


def _nothing_yet(page: Page) -> None:
    empty_state(
        "Nothing runs by itself yet",
        "An automation does its steps at set times, after something has happened, or when a program asks for it.",
        icon=":material/auto_mode:",
    )
    if page.can_edit:
        templates(page)


def choose(page: Page) -> None:
    """What a new automation begins with."""
    if st.button("All automations", icon=":material/arrow_back:", type="tertiary"):
        page.go("calendar/automations")
    templates(page)


def templates(page: Page) -> None:
    cells = [*TEMPLATES.values(), None]
    for start in range(0, len(cells), 3):
        for column, template in zip(st.columns(3), cells[start : start + 3], strict=True):
            with column, st.container(border=True, height="stretch"):
                _template(page, template)


def _template(page: Page, template: Template | None) -> None:
    if template is None:
        st.markdown("**:material/add: From nothing**")
        st.caption("Choose yourself what starts it and what it does.")
        if st.button("Begin", key="template:empty"):
            page.go("calendar/automations", new=EMPTY)
        return
    draft = template.draft
    st.markdown(f"**{words.TRIGGER_ICONS[draft.trigger.kind]} {plain(draft.name)}**")
    st.caption(plain(template.sentence))
    st.caption(" ".join(words.STEP_ICONS[step.kind] for step in draft.steps))
    if st.button("Use it", key=f"template:{template.key}", help=f"Use the template {plain(draft.name)}"):
        page.go("calendar/automations", new=template.key)


def _row(page: Page, card: AutomationCard) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap="xxsmall", key=f"automation-text-{card.id}"):
            with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
                if st.button(f"**{plain(card.name)}**", type="tertiary", key=f"automation:open:{card.id}"):
                    page.go("calendar/automations", id=card.id)
                if card.paused_at:
                    st.markdown(":gray-badge[Off]", width="content")
            st.caption(facts(page, card))
            if card.pause_reason:
                st.caption(f":orange[:material/warning: {plain(card.pause_reason)}]")
            if run := card.last_run:
                summary = f" · {plain(run.summary)}" if run.summary else ""
                waits = f" · {words.waits_text(run).lower()}" if words.waits_text(run) else ""
                st.caption(f"{words.run_badge(run)} {ago(run.created_at)}{summary}{waits}")
        if page.can_edit:
            with st.container(horizontal=True, vertical_alignment="center", width="content", gap="small"):
                actions.switch(page, card)
                actions.run_button(page, card)
                actions.menu(page, card)


def facts(page: Page, card: AutomationCard) -> str:
    """What starts it and when, for names_text, what it has cost, as Streamlit markdown."""
    trigger = card.draft.trigger
    names = actions.names_for(page, card)
    names_text = (
        "every influencer" if not card.draft.influencer_ids else ", ".join(list(names.values())[:3]) or "nobody any more"
    )
    parts = [f"{words.TRIGGER_ICONS[trigger.kind]} {plain(words.trigger_text(trigger))}"]
    if card.next_at:
        parts.append(plain(f"next: {words.next_text(card.next_at, card.next_zone)}"))
    parts.append(plain(f"for {names_text}"))
    if card.draft.budget_usd is not None:
        parts.append(plain(f"{usd(card.spent_usd)} of {usd(card.draft.budget_usd)} this month"))
    elif card.spent_usd:
        parts.append(plain(f"{usd(card.spent_usd)} this month"))
    return " · ".join(parts)
