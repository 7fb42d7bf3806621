"""Shortcuts beside the form: earlier prompts, templates, presets, and an idea for a post: from a topic to a caption and a
picture prompt."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from backend import prompt_library, writing
from backend.errors import StudioError
from backend.generation import GenerationDraft, TemplatePick
from backend.language import tr, tr_plural
from backend.prompt_library import EarlierPrompt, TemplateCard
from backend.writing import Suggestion
from studio.budgets import costs
from studio.generation import create_form
from studio.generation.create_form import fill_form, preset_draft
from studio.shell.frame import Page
from studio.ui import kept_form
from studio.ui.buttons import icon_button
from studio.ui.format import ago, plain

_IDEAS_KEY = "create:ideas"


def shortcut_popovers(page: Page, draft: GenerationDraft) -> None:
    """What fills the form, in a row. `draft`: the form as it stands."""
    # The keys contain the form's round: a new round closes the popover in which something was chosen.
    n = kept_form.round_number(page, create_form.FORM)
    with st.container(horizontal=True, gap="small"):
        with st.popover(tr("History"), icon=":material/history:", type="tertiary", key=f"create:tools:history:{n}"):
            _history(page, draft)
        with st.popover(tr("Templates"), icon=":material/edit_note:", type="tertiary", key=f"create:tools:templates:{n}"):
            _templates(page, draft)
        with st.popover(tr("Presets"), icon=":material/bookmark:", type="tertiary", key=f"create:tools:presets:{n}"):
            _presets(page, draft)
        with st.popover(tr("Suggest an idea"), icon=":material/lightbulb:", type="tertiary", key=f"create:tools:idea:{n}"):
            _suggest(page, draft)


def reset_buttons(page: Page) -> None:
    """Empties the form, and brings back what was in it before it was emptied or filled."""
    if not page.can_edit:
        return
    with st.container(horizontal=True, gap="xsmall", width="content"):
        if kept_form.can_restore(page, create_form.FORM):
            icon_button(
                tr("Undo: back to what was here before"),
                ":material/undo:",
                key="create:restore",
                on_click=kept_form.restore,
                args=(page, create_form.FORM),
            )
        icon_button(
            tr("Reset the form"), ":material/restart_alt:", key="create:reset", on_click=create_form.reset_form, args=(page,)
        )


def _history(page: Page, draft: GenerationDraft) -> None:
    text = st.text_input(
        tr("Search"), key="create:history", placeholder=tr("Search your prompts"), label_visibility="collapsed"
    )
    everybody = st.toggle(tr("Everybody's"), key="create:history:all")
    with page.transaction() as tx:
        prompts = prompt_library.earlier_prompts(tx, text=text or "", everybody=everybody, take=12)
    if not prompts:
        st.caption(tr("Nothing matches.") if text else tr("Prompts you use are kept here."))
    for prompt in prompts:
        label = prompt.prompt if len(prompt.prompt) <= 90 else prompt.prompt[:89] + "…"
        st.button(
            plain(label),
            key=f"say:{prompt.id}",
            type="tertiary",
            help=ago(prompt.used_at),
            on_click=_use_prompt,
            args=(page, draft, prompt),
        )


def _use_prompt(page: Page, draft: GenerationDraft, prompt: EarlierPrompt) -> None:
    fill_form(page, draft.model_copy(update={"prompt": prompt.prompt, "negative_prompt": prompt.negative, "template": None}))


def _templates(page: Page, draft: GenerationDraft) -> None:
    with page.transaction() as tx:
        cards = prompt_library.templates(tx)
    if not cards:
        st.caption(tr("A template is a prompt with blanks, like {example}.", example=tr("portrait of {subject}, {place}")))
    for card in cards:
        st.button(
            plain(card.name),
            key=f"template:{card.id}",
            type="tertiary",
            help=plain(card.prompt),
            on_click=_use_template,
            args=(page, draft, card),
        )
    page.link("create/prompts", tr("Templates and wildcards"), icon=":material/arrow_forward:")


def _use_template(page: Page, draft: GenerationDraft, card: TemplateCard) -> None:
    pick = TemplatePick(template_id=card.id, version=card.version)
    fill_form(page, draft.model_copy(update={"template": pick, "prompt": ""}))


def template_bar(page: Page, card: TemplateCard, draft: GenerationDraft) -> None:
    """The bar above the form while it follows a template."""
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        version = tr("version {number}", number=card.version)
        st.markdown(f":material/edit_note: **{plain(card.name)}** · {version}", width="content")
        if card.latest > card.version and not card.deleted:
            st.button(
                tr("Use the newest"),
                key="create:newest",
                type="tertiary",
                on_click=_use_newest_version,
                args=(page, draft, card),
            )
        st.button(tr("Remove"), key="create:untemplate", type="tertiary", on_click=_drop_template, args=(page, draft, card))
    st.caption(plain(card.prompt))


def _use_newest_version(page: Page, draft: GenerationDraft, card: TemplateCard) -> None:
    if draft.template:
        fill_form(page, draft.model_copy(update={"template": draft.template.model_copy(update={"version": card.latest})}))


def _drop_template(page: Page, draft: GenerationDraft, card: TemplateCard) -> None:
    """Replaces the template by its text, as far as its blanks are filled in."""
    values = draft.template.values if draft.template else {}
    try:
        filled_text = prompt_library.fill_blanks(card.prompt, values)
    except StudioError:
        filled_text = ""
    prompt = ", ".join(part for part in (filled_text, draft.prompt) if part)
    fill_form(page, draft.model_copy(update={"template": None, "prompt": prompt[:2000]}))


def _presets(page: Page, draft: GenerationDraft) -> None:
    with page.transaction() as tx:
        cards = prompt_library.presets(tx)
    for card in cards:
        with st.container(horizontal=True, vertical_alignment="center"):
            preset = preset_draft(card)
            st.button(
                plain(card.name) + ("" if card.is_own else " :material/groups:"),
                key=f"preset:{card.id}",
                type="tertiary",
                disabled=preset is None,
                on_click=fill_form,
                args=(page, preset),
                help=tr("From an older form: save it again.")
                if preset is None
                else tr("Everybody's")
                if not card.is_own
                else None,
            )
            if page.can_edit:
                icon_button(
                    tr("Default of the form. Press to change that.") if card.is_default else tr("Use as the form's default"),
                    ":material/star:" if card.is_default else ":material/star_outline:",
                    key=f"preset:standard:{card.id}",
                    on_click=_apply_to_preset,
                    args=(page, partial(prompt_library.set_default_preset, on=not card.is_default), card.id),
                )
                icon_button(
                    tr("Delete {name}", name=plain(card.name)),
                    ":material/delete:",
                    key=f"preset:delete:{card.id}",
                    on_click=_apply_to_preset,
                    args=(page, prompt_library.delete_preset, card.id),
                )
    if not page.can_edit:
        return
    name = st.text_input(tr("Save the form as"), key="create:preset", placeholder=tr("Beach portraits"), max_chars=60)
    shared = st.toggle(tr("For everybody here"), key="create:preset:ours")
    if st.button(tr("Save preset"), disabled=not (name or "").strip()):
        values = draft.model_copy(update={"init_asset_id": None, "mask_asset_id": None, "seed": -1}).model_dump(mode="json")
        with page.guard(), page.transaction(needs="editor") as tx:
            prompt_library.save_preset(tx, name=name, draft=values, own=not shared)
            st.rerun()


def _apply_to_preset(page: Page, verb: Any, preset_id: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        verb(tx, preset_id)


def _suggest(page: Page, draft: GenerationDraft) -> None:
    if draft.influencer_id is None:
        st.caption(tr("Choose an influencer first: ideas are in their voice and language."))
        return
    if not page.app.settings.text.is_model:
        st.caption(tr("Basic templates, in English or Italian. Connect an AI model for better texts."))
    costs.draw_budget_warning(page)
    with st.form("create:idea", border=False):
        topic = st.text_input(
            tr("What is the post about?"), max_chars=writing.MAX_TOPIC, placeholder=tr("morning yoga on the terrace")
        )
        submitted = st.form_submit_button(tr("Suggest"), icon=":material/lightbulb:", disabled=not page.can_edit)
    ideas_key, ideas = f"{page.workspace.id}:{draft.influencer_id}", st.session_state.setdefault(_IDEAS_KEY, {})
    if submitted:
        with page.guard(), st.spinner(tr("Thinking …")):
            earlier_captions = [
                suggestion.caption for asked_topic, suggestion in ideas.get(ideas_key, []) if asked_topic == topic
            ]
            suggestion = writing.suggest(
                page.app,
                partial(page.transaction, "editor"),
                influencer_id=draft.influencer_id,
                topic=topic,
                before=earlier_captions,
            )
            ideas[ideas_key] = [*ideas.get(ideas_key, []), (topic, suggestion)][-20:]
    if ideas.get(ideas_key):
        _show(page, ideas[ideas_key][-1][1], draft)


def _show(page: Page, idea: Suggestion, draft: GenerationDraft) -> None:
    st.markdown(tr("**Picture**"))
    st.code(idea.picture, language=None, wrap_lines=True)
    st.button(
        tr("Use as prompt"),
        icon=":material/arrow_downward:",
        key="create:idea:use",
        disabled=not page.can_edit,
        on_click=lambda: fill_form(page, draft.model_copy(update={"prompt": idea.picture[:2000]})),
    )
    st.markdown(tr("**Caption**"))
    st.code(idea.caption, language=None, wrap_lines=True)
    st.caption(
        tr_plural(
            "{n:,} character. Suggest again for another one.",
            "{n:,} characters. Suggest again for another one.",
            len(idea.caption),
        )
    )
