"""An idea for a post: a topic in, a caption and a prompt out, the prompt at one click in the form."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backend import writing
from backend.generation import GenerationDraft
from backend.writing import Suggestion
from studio.budgets import costs
from studio.generation.prompt_shortcuts import refill
from studio.shell.frame import Page

_SHOWN = "create:ideas"


def idea(page: Page, draft: GenerationDraft) -> None:
    """`draft`: the form as it stands; its influencer is the one who speaks."""
    n = st.session_state.get("create:round", 0)  # used: a new round, and the popover is closed
    with st.popover("Suggest an idea", icon=":material/lightbulb:", type="tertiary", key=f"create:tools:idea:{n}"):
        _suggest(page, draft)


def _suggest(page: Page, draft: GenerationDraft) -> None:
    if draft.influencer_id is None:
        st.caption("Choose who is in it first: the idea is theirs, in their language.")
        return
    if not page.app.settings.text_is_model:
        st.caption(
            "By the offline writer: put together from the persona, in English or Italian. A language model writes freely."
        )
    costs.draw_budget_warning(page)
    with st.form("create:idea", border=False):
        topic = st.text_input("What is the post about?", max_chars=writing.MAX_TOPIC, placeholder="morning yoga on the terrace")
        sent = st.form_submit_button("Suggest", icon=":material/lightbulb:", disabled=not page.can_edit)
    who, ideas = f"{page.workspace.id}:{draft.influencer_id}", st.session_state.setdefault(_SHOWN, {})
    if sent:
        with page.guard(), st.spinner("Thinking of something …"):
            before = [one.caption for about, one in ideas.get(who, []) if about == topic]
            made = writing.suggest(
                page.app, partial(page.transaction, "editor"), influencer_id=draft.influencer_id, topic=topic, before=before
            )
            ideas[who] = [*ideas.get(who, []), (topic, made)][-20:]
    if ideas.get(who):
        _show(page, ideas[who][-1][1], draft)


def _show(page: Page, idea: Suggestion, draft: GenerationDraft) -> None:
    st.markdown("**Picture**")
    st.code(idea.picture, language=None, wrap_lines=True)
    st.button(
        "Use as prompt", icon=":material/arrow_downward:", key="create:idea:use", disabled=not page.can_edit,
        on_click=lambda: refill(draft.model_copy(update={"prompt": idea.picture[:2000]})),
    )  # fmt: skip
    st.markdown("**Caption**")
    st.code(idea.caption, language=None, wrap_lines=True)
    st.caption(f"{len(idea.caption):,} characters. Copy it at its right edge; Suggest again for another one.")
