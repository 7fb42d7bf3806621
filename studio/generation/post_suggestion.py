"""An idea for a post: from a topic to a caption and a picture prompt, which a click puts into the form."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backend import writing
from backend.generation import GenerationDraft
from backend.writing import Suggestion
from studio.budgets import costs
from studio.generation.prompt_shortcuts import fill_form
from studio.shell.frame import Page

_IDEAS_KEY = "create:ideas"


def suggestion_popover(page: Page, draft: GenerationDraft) -> None:
    """`draft`: the form as it stands; the idea is written for its influencer."""
    n = st.session_state.get("create:round", 0)  # a new round when an idea was used: a new key closes the popover
    with st.popover("Suggest an idea", icon=":material/lightbulb:", type="tertiary", key=f"create:tools:idea:{n}"):
        _suggest(page, draft)


def _suggest(page: Page, draft: GenerationDraft) -> None:
    if draft.influencer_id is None:
        st.caption("Choose who is in it first: the idea is theirs, in their language.")
        return
    if not page.app.settings.text.is_model:
        st.caption(
            "By the offline writer: put together from the persona, in English or Italian. A language model writes freely."
        )
    costs.draw_budget_warning(page)
    with st.form("create:idea", border=False):
        topic = st.text_input("What is the post about?", max_chars=writing.MAX_TOPIC, placeholder="morning yoga on the terrace")
        submitted = st.form_submit_button("Suggest", icon=":material/lightbulb:", disabled=not page.can_edit)
    ideas_key, ideas = f"{page.workspace.id}:{draft.influencer_id}", st.session_state.setdefault(_IDEAS_KEY, {})
    if submitted:
        with page.guard(), st.spinner("Thinking of something …"):
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
    st.markdown("**Picture**")
    st.code(idea.picture, language=None, wrap_lines=True)
    st.button(
        "Use as prompt",
        icon=":material/arrow_downward:",
        key="create:idea:use",
        disabled=not page.can_edit,
        on_click=lambda: fill_form(draft.model_copy(update={"prompt": idea.picture[:2000]})),
    )
    st.markdown("**Caption**")
    st.code(idea.caption, language=None, wrap_lines=True)
    st.caption(f"{len(idea.caption):,} characters. Copy it at its right edge; Suggest again for another one.")
