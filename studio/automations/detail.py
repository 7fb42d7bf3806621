"""One automation: its flow of steps with their forms, chosen_names it is for, its budget, and saving it."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from backend import automations, influencers
from backend.automations import MAX_NAME, STEP_LABELS, TEMPLATES, AutomationCard
from backend.errors import Conflict, StudioError
from backend.influencers import InfluencerCard
from backend.language import tr, tr_context, tr_lazy, worded
from studio.automations import actions, dry_run, history, overview, step_form, trigger_form, words, working_copy
from studio.automations.working_copy import WorkingCopy
from studio.shell.frame import Page
from studio.ui import form_page
from studio.ui.buttons import confirm, icon_button
from studio.ui.format import plain
from studio.ui.live_page import live_page
from studio.ui.notices import queue_toast, show_queued_toasts

_VIEWS = {"flow": tr_lazy("Flow"), "history": tr_lazy("History")}
_ARROW = '<div style="text-align:center;line-height:1;opacity:.55;font-size:1.1rem" aria-hidden="true">↓</div>'


def show(page: Page, automation_id: str) -> None:
    """`?view=history`: its runs; `?run=`: one of them."""
    show_queued_toasts()
    with page.transaction() as tx:
        card = automations.get(tx, automation_id)
        cards = influencers.page(tx, take=200).cards
    zones = {influencer.id: influencer.time_zone for influencer in cards}
    if st.button(tr("All automations"), icon=":material/arrow_back:", type="tertiary"):
        page.go("calendar/automations")
    _head(page, card)
    if run_id := st.query_params.get("run"):
        history.detail(page, card, run_id, zones)
        return
    view = st.segmented_control(
        tr("View"),
        list(_VIEWS),
        default="history" if st.query_params.get("view") == "history" else "flow",
        format_func=lambda name: worded(_VIEWS[name]),
        key=actions.view_key(automation_id),
        label_visibility="collapsed",
        required=True,
    )
    if view == "history":
        history.listing(page, card, zones)
        return
    live_page(page, "automation", key="automation:live")
    _flow_and_settings(page, working_copy.open_saved(card), cards, card)


def show_new(page: Page, source: str) -> None:
    """`source`: a template, an automation to copy, or overview.EMPTY."""
    show_queued_toasts()
    with page.transaction() as tx:
        cards = influencers.page(tx, take=200).cards
        if source in TEMPLATES:
            values = working_copy.template_values(TEMPLATES[source])
        elif source == overview.EMPTY:
            values = working_copy.empty_values()
        else:
            draft = automations.get(tx, source).draft
            values = {**working_copy.start_values(draft), "name": tr("{name} copy", name=draft.name[: MAX_NAME - 5])}
    if st.button(tr("All automations"), icon=":material/arrow_back:", type="tertiary"):
        page.go("calendar/automations")
    new = working_copy.open_new(source, values)
    st.markdown(f"### {plain(new.values['name'] or tr('New automation'))} :gray-badge[{tr('Not saved yet')}]")
    _flow_and_settings(page, new, cards, None)


def _head(page: Page, card: AutomationCard) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        off, on = tr_context("automation", "Off"), tr_context("automation", "On")
        badge = f":gray-badge[{off}]" if card.paused_at else f":green-badge[{on}]"
        st.markdown(f"### {plain(card.name)} {badge}", width="content")
        if page.can_edit:
            with st.container(horizontal=True, vertical_alignment="center", width="content", gap="small"):
                actions.switch(page, card)
                actions.run_button(page, card, to_history=True)
                actions.menu(page, card)
    st.caption(overview.facts(page, card))
    if card.pause_reason:
        st.warning(plain(worded(card.pause_reason)), icon=":material/pause_circle:")


def _flow_and_settings(page: Page, edited: WorkingCopy, cards: list[InfluencerCard], card: AutomationCard | None) -> None:
    left, right = st.columns([7, 5], gap="large")
    with right:
        _settings(page, edited, cards)
        if card:
            _address(page, edited, card)
    with left:
        _flow(page, edited, cards)
    _bar(page, edited, cards, card)


def _flow(page: Page, edited: WorkingCopy, cards: list[InfluencerCard]) -> None:
    trigger = edited.trigger
    chosen = [card for card in cards if card.id in edited.values["influencer_ids"]] or cards
    about = next((card for card in chosen if card.id == page.influencer_id), next(iter(chosen), None))
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap="xxsmall"):
            st.markdown(f"{words.TRIGGER_ICONS[trigger.kind]} **{tr('Start')}**")
            st.caption(plain(words.trigger_text(trigger)))
        if page.can_edit and icon_button(tr("Change what starts it"), ":material/edit:", key="flow:trigger"):
            trigger_form.open_trigger(edited, about)
    steps = edited.steps
    for n, step in enumerate(steps):
        st.html(_ARROW)
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            with st.container(gap="xxsmall"):
                st.markdown(f"{words.STEP_ICONS[step.kind]} **{n + 1}. {worded(STEP_LABELS[step.kind])}**")
                st.caption(plain(words.step_text(step)))
            if page.can_edit:
                _step_buttons(page, edited, n, len(steps))
    if not page.can_edit:
        return
    st.html(_ARROW)
    with st.container(horizontal=True, horizontal_alignment="center"):
        if st.button(tr("Add a step"), icon=":material/add:", disabled=not step_form.can_add(edited)):
            step_form.open_step(page, edited, None)


def _step_buttons(page: Page, edited: WorkingCopy, n: int, n_steps: int) -> None:
    key = f"flow:{n}"
    with st.container(horizontal=True, width="content", gap="xxsmall"):
        if icon_button(tr("Change step {n}", n=n + 1), ":material/edit:", key=f"{key}:edit"):
            step_form.open_step(page, edited, n)
        icon_button(
            tr("Move step {n} up", n=n + 1),
            ":material/arrow_upward:",
            key=f"{key}:up",
            disabled=n == 0,
            on_click=working_copy.move_step,
            args=(edited, n, -1),
        )
        icon_button(
            tr("Move step {n} down", n=n + 1),
            ":material/arrow_downward:",
            key=f"{key}:down",
            disabled=n == n_steps - 1,
            on_click=working_copy.move_step,
            args=(edited, n, 1),
        )
        icon_button(
            tr("Remove step {n}", n=n + 1),
            ":material/delete:",
            key=f"{key}:remove",
            on_click=working_copy.remove_step,
            args=(edited, n),
        )


def _settings(page: Page, edited: WorkingCopy, cards: list[InfluencerCard]) -> None:
    values, off = edited.values, not page.can_edit
    name = st.text_input(tr("Name"), values["name"], max_chars=MAX_NAME, key=edited.widget("name"), disabled=off)
    if not name.strip():
        st.error(tr("Give it a name."), icon=":material/error:")
    names = {card.id: card.name for card in cards}
    gone = [influencer_id for influencer_id in values["influencer_ids"] if influencer_id not in names]
    options = {**names, **dict.fromkeys(gone, tr("Deleted influencer"))}
    ids = st.multiselect(
        tr("For whom"),
        list(options),
        values["influencer_ids"],
        format_func=lambda influencer_id: options[influencer_id],
        placeholder=tr("All influencers, new ones too"),
        key=edited.widget("whom"),
        disabled=off,
    )
    before = None if values["budget_usd"] is None else float(values["budget_usd"])
    budget = st.number_input(
        tr("Monthly budget, in $"),
        min_value=0.0,
        max_value=100_000.0,
        value=before,
        step=1.0,
        placeholder=tr("Only the workspace's budget"),
        key=edited.widget("budget"),
        help=tr("When it is used up, runs stop before the next step that costs money."),
        disabled=off,
    )
    percent = st.number_input(
        tr("Alert when more than this % of jobs fail"),
        min_value=0,
        max_value=100,
        value=int(values["alert_percent"]),
        step=5,
        key=edited.widget("alert"),
        disabled=off,
    )
    if off:
        return
    values["name"], values["influencer_ids"], values["alert_percent"] = name.strip(), list(ids), int(percent)
    if budget != before:
        values["budget_usd"] = None if budget is None else str(Decimal(str(budget)))


def _address(page: Page, edited: WorkingCopy, card: AutomationCard) -> None:
    """The address for programs. It can be read once."""
    if card.draft.trigger.kind != "webhook" or edited.values["trigger"]["kind"] != "webhook":
        return
    shown_key = f"automation:address:{card.id}"
    st.markdown(f"**{tr('Address for programs')}**")
    if address := st.session_state.get(shown_key):
        st.code(address, language=None, wrap_lines=True)
        st.caption(tr("Copy it now: it is not shown again. A POST to it starts a run. Anybody who has it can do that."))
    elif card.hook_last_four:
        st.caption(
            tr("It ends with …{last_four}. It was shown once, when it was created.", last_four=plain(card.hook_last_four))
        )
    if not page.can_edit:
        return

    def make() -> None:
        with page.transaction(needs="editor") as tx:
            new_hook = automations.new_hook(tx, page.app.settings, card.id)
        st.session_state[shown_key] = new_hook.address

    if not card.hook_last_four:
        if st.button(tr("Create address"), type="primary", icon=":material/link:"):
            with page.guard():
                make()
                st.rerun()
    elif st.button(tr("New address"), icon=":material/refresh:"):
        confirm(
            tr("Create a new address?"), tr("The current one stops working at once."), action=tr("Create new address"), act=make
        )


def _bar(page: Page, edited: WorkingCopy, cards: list[InfluencerCard], card: AutomationCard | None) -> None:
    """At the lower edge: save and dry run. Says what keeps it from being saved."""
    problem = edited.problem()
    with form_page.bottom_bar():
        if edited.conflict:
            st.error(plain(worded(edited.conflict)), icon=":material/sync_problem:")
            if card:
                st.button(tr("Load the newer version"), on_click=working_copy.take_newer, args=(edited, card))
        elif problem and edited.values["steps"] and edited.values["name"] and page.can_edit:
            st.warning(plain(worded(problem)), icon=":material/info:")
        with st.container(horizontal=True, vertical_alignment="center"):
            if page.can_edit:
                label = tr("Save") if card else tr("Save and switch on")
                if st.button(label, type="primary", icon=":material/save:", disabled=not edited.changed or bool(problem)):
                    _save(page, edited, card)
            if st.button(tr("Dry run"), icon=":material/science:", disabled=bool(problem)):
                names = {influencer.id: influencer.name for influencer in cards}
                ids = edited.values["influencer_ids"] or list(names)
                chosen_names = {influencer_id: names[influencer_id] for influencer_id in ids if influencer_id in names}
                zones = {influencer.id: influencer.time_zone for influencer in cards}
                dry_run.open_dialog(page, edited.draft(), card.id if card else "", chosen_names, zones)
            if page.can_edit and edited.changed and card:
                st.button(tr("Discard changes"), type="tertiary", on_click=working_copy.discard, args=(edited,))
                st.caption(tr("Not saved yet."), width="content")


def _save(page: Page, edited: WorkingCopy, card: AutomationCard | None) -> None:
    """Keeps what is typed when it is refused."""
    try:
        draft = edited.draft()
        if edited.saved_id and not card:  # the second half of a double click
            page.go("calendar/automations", id=edited.saved_id)
        with page.transaction(needs="editor") as tx:
            saved = automations.save(tx, card.id, draft, version=edited.version) if card else automations.create(tx, draft)
        edited.saved_id = saved.id  # before anything that a second click could interrupt
    except Conflict as error:
        edited.conflict = error.message
        st.rerun()
    except StudioError as error:
        st.error(plain(worded(error.message)), icon=":material/error:")
        return
    queue_toast(tr("Saved. It applies from the next run.") if card else tr("Saved. It is on."))
    if card:
        working_copy.take_newer(edited, saved)
        st.rerun()
    working_copy.close(edited)
    page.go("calendar/automations", id=saved.id)
