"""Tabs of the prompt library that have nothing yet: what they are for, one action, and an example that can be added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from backend import prompt_library
from backend.language import tr, tr_lazy, worded
from backend.prompt_library import PromptStyleDraft, TemplateDraft, WildcardDraft
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state


@dataclass(frozen=True, slots=True)
class EmptyTab:
    """`title`, `sentence`, `example`: for `worded`; `example` says what `add_example` adds in a transaction of an editor."""

    name: str
    title: str
    sentence: str
    icon: str
    example: str
    add_example: Callable[[Any], object]


def _add_template(tx: Any) -> None:
    prompt_library.save_template(
        tx, TemplateDraft(name=tr("Beach portrait"), prompt="portrait of {subject}, {place=at the beach}, {smiling|serious}")
    )


def _add_wildcard(tx: Any) -> None:
    lines = ("at the beach", "in a cafe", "in a forest", "in the snowy mountains", "in a city at night")
    prompt_library.save_wildcard(tx, WildcardDraft(name="places", lines=lines))


def _add_style(tx: Any) -> None:
    prompt_library.save_style(tx, PromptStyleDraft(name=tr("Golden hour"), prompt="at sunset, warm light"))


TEMPLATES = EmptyTab(
    "templates",
    tr_lazy("No templates yet"),
    tr_lazy(
        "Save a prompt with blanks once. For each picture you fill in only what changes: the place, the mood, the clothes."
    ),
    ":material/edit_note:",
    tr_lazy("Add “Beach portrait”"),
    _add_template,
)
WILDCARDS = EmptyTab(
    "wildcards",
    tr_lazy("No wildcards yet"),
    tr_lazy("Put places, clothes or moods in a list. A prompt that names it takes another line for each picture."),
    ":material/shuffle:",
    tr_lazy("Add the list “places”"),
    _add_wildcard,
)
STYLES = EmptyTab(
    "styles",
    tr_lazy("No styles yet"),
    tr_lazy("Keep the words and settings of a look, and choose it on the Create page with one click."),
    ":material/palette:",
    tr_lazy("Add “Golden hour”"),
    _add_style,
)


def show_empty_tab(page: Page, tab: EmptyTab, new_label: str, create: Callable[[], None]) -> None:
    """The card of `tab`; for editors with a button that calls `create` and one that adds the example."""
    card = empty_state(tab.title, tab.sentence, icon=tab.icon)
    if not page.can_edit:
        return
    if card.button(new_label, type="primary", icon=":material/add:", key=f"prompts:{tab.name}:new"):
        create()
    if card.button(worded(tab.example), icon=":material/toys:", key=f"prompts:{tab.name}:example"):
        with page.guard():
            with page.transaction(needs="editor") as tx:
                tab.add_example(tx)
            st.rerun()


def show_no_presets(page: Page) -> None:
    card = empty_state(
        tr("No presets yet"),
        tr("A preset keeps the whole form of the Create page. Fill it in there, then save it under Presets."),
        icon=":material/tune:",
    )
    if page.can_edit and card.button(
        tr("Create pictures"), type="primary", icon=":material/auto_awesome:", key="prompts:create"
    ):
        page.go("create/pictures")
