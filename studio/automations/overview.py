"""The list of automations, and the templates to begin with."""

from __future__ import annotations

import streamlit as st

from backend import automations
from backend.automations import TEMPLATES, AutomationCard, Template
from backend.language import tr, tr_context, tr_plural, worded
from studio.automations import actions, words
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, plain, usd
from studio.ui.live_page import live_page
from studio.ui.notices import show_queued_toasts
from studio.ui.thumbnails import thumbnail

CHOOSE, EMPTY = "choose", "empty"
"""Values of `?new=`: the templates; an automation without steps. Others: a template, or an automation to copy."""
_ADD, _WARNING = ":material/add:", ":material/warning:"
_CSS = """<style>
[data-testid="stLayoutWrapper"]:has(> [class*="st-key-automation-text-"]) { min-width: min(100%, 18rem); }
</style>"""


def show(page: Page) -> None:
    show_queued_toasts()
    live_page(page, "automation", "job", key="automations:live")
    actions.undo_bar(page)
    with page.transaction() as tx:
        cards = automations.page(tx)
        pictures = automations.run_pictures(tx, [card.last_run for card in cards if card.last_run])
    shown = [card for card in cards if page.influencer_id in ("", *(card.draft.influencer_ids or (page.influencer_id,)))]
    if not cards:
        _nothing_yet(page)
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(tr_plural("{n:,} automation", "{n:,} automations", len(shown)))
        if page.can_edit and st.button(tr("New automation"), icon=":material/add:", type="primary"):
            page.go("calendar/automations", new=CHOOSE)
    st.html(_CSS)
    for card in shown:
        _row(page, card, pictures.get(card.last_run.id) if card.last_run else None)
    if not shown:
        st.caption(tr("No automation for this influencer."))


def _nothing_yet(page: Page) -> None:
    empty_state(
        tr("Nothing runs by itself yet"),
        tr("An automation runs its steps at set times, when something happens, or when a program calls it."),
        icon=":material/auto_mode:",
    )
    if page.can_edit:
        templates(page)


def choose(page: Page) -> None:
    """What a new automation begins with."""
    if st.button(tr("All automations"), icon=":material/arrow_back:", type="tertiary"):
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
        st.markdown(f"**{_ADD} {tr('From scratch')}**")
        st.caption(tr("You choose what starts it and what it does."))
        if st.button(tr("Create"), key="template:empty"):
            page.go("calendar/automations", new=EMPTY)
        return
    draft = template.draft
    st.markdown(f"**{words.TRIGGER_ICONS[draft.trigger.kind]} {plain(worded(draft.name))}**")
    st.caption(plain(worded(template.sentence)))
    st.caption(" ".join(words.STEP_ICONS[step.kind] for step in draft.steps))
    if st.button(
        tr("Use it"), key=f"template:{template.key}", help=tr("Use the template {name}", name=plain(worded(draft.name)))
    ):
        page.go("calendar/automations", new=template.key)


def _row(page: Page, card: AutomationCard, asset_id: str | None) -> None:
    """`asset_id`: of the first picture or video that its last run made."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        thumbnail(page.workspace.id, asset_id, icon="account_tree")
        with st.container(gap="xxsmall", key=f"automation-text-{card.id}"):
            with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
                if st.button(f"**{plain(card.name)}**", type="tertiary", key=f"automation:open:{card.id}"):
                    page.go("calendar/automations", id=card.id)
                if card.paused_at:
                    st.markdown(f":gray-badge[{tr_context('automation', 'Off')}]", width="content")
            st.caption(facts(page, card))
            if card.pause_reason:
                st.caption(f":orange[{_WARNING} {plain(worded(card.pause_reason))}]")
            if run := card.last_run:
                last = [ago(run.created_at), worded(run.summary), words.waits_text(run)]
                st.caption(f"{words.run_badge(run)} {' · '.join(plain(fact) for fact in last if fact)}")
        if page.can_edit:
            with st.container(horizontal=True, vertical_alignment="center", width="content", gap="small"):
                actions.switch(page, card)
                actions.run_button(page, card)
                actions.menu(page, card)


def facts(page: Page, card: AutomationCard) -> str:
    """What starts it and when, for whom, what it has cost, as Streamlit markdown."""
    trigger = card.draft.trigger
    names = actions.names_for(page, card)
    names_text = (
        tr("all influencers")
        if not card.draft.influencer_ids
        else ", ".join(list(names.values())[:3]) or tr("no influencer any more")
    )
    parts = [f"{words.TRIGGER_ICONS[trigger.kind]} {plain(words.trigger_text(trigger))}"]
    if card.next_at:
        parts.append(plain(tr("next: {time}", time=words.next_text(card.next_at, card.next_zone))))
    parts.append(plain(tr("for {names}", names=names_text)))
    if card.draft.budget_usd is not None:
        parts.append(
            plain(
                tr(
                    "{spent} of {budget} this month",
                    spent=usd(card.spent_usd),
                    budget=usd(card.draft.budget_usd),
                )
            )
        )
    elif card.spent_usd:
        parts.append(plain(tr("{spent} this month", spent=usd(card.spent_usd))))
    return " · ".join(parts)
