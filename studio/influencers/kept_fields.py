"""Fields of an influencer that are kept as they are typed, after another tab, page or sign-out, until they are saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from backend import influencers
from backend.influencers import InfluencerCard
from backend.language import tr
from studio.influencers.influencer_form import draft_of, values_of
from studio.shell.frame import Page
from studio.ui import kept_form
from studio.ui.form_keys import form_keys
from studio.ui.format import plain
from studio.ui.kept_form import Values

_VERSION, _CHANGED = "version", "changed"
_CHOICES = ("language", "time_zone", "voice_style", "ai_mark")


def edit(
    page: Page,
    card: InfluencerCard,
    part: str,
    *,
    fields: Callable[[str, Mapping[str, str]], dict[str, str]],
) -> None:
    """Draws the fields of a part (persona or look), and what saves them. `fields`: (prefix of the widgets' keys, values they
    start with) -> their values."""
    form = f"{part}:{card.id}"
    key, start = kept_form.open_form(page, form, address=(), context="", marker=f"{form}:save", fill=partial(_start, card))
    version = int(start[_VERSION])
    if version != card.version:
        st.warning(
            tr("Somebody else has changed {name} since you opened this page.", name=plain(card.name)),
            icon=":material/sync_problem:",
        )
        st.button(tr("Load the newer version"), key=f"{form}:newer", on_click=_fill, args=(page, form, card))
    values = fields(key, start)
    is_changed = start[_CHANGED] if version != card.version else _differ(values, values_of(card))
    if not page.can_edit:
        st.button(tr("Save"), type="primary", key=f"{form}:save", disabled=True)
        return
    kept_form.keep(page, form, {**values, _VERSION: version, _CHANGED: is_changed})
    texts = {
        name: (f"{key}:{'first' if name == 'name' else name}", text) for name, text in values.items() if name not in _CHOICES
    }
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(tr("Save"), type="primary", key=f"{form}:save")
        if is_changed:
            st.button(tr("Discard changes"), type="tertiary", key=f"{form}:discard", on_click=_fill, args=(page, form, card))
            st.caption(tr("Unsaved changes. They stay here until you save."))
        elif kept_form.can_restore(page, form):
            st.button(tr("Restore them"), type="tertiary", key=f"{form}:restore", on_click=kept_form.restore, args=(page, form))
            st.caption(tr("Your changes were discarded."))
    if form_keys(f"{form}:keys", workspace=page.workspace.id, form=form, texts=texts) or pressed:
        with page.transaction(needs="editor") as tx:
            saved = influencers.save(tx, card.id, draft_of(card, values), version=version)
        _fill(page, form, saved)
        kept_form.forget_replaced(page, form)
        st.toast(tr("Saved."), icon=":material/check:")
        st.rerun()


def _start(card: InfluencerCard, saved: Values, *, asks: bool) -> Values:
    """What was typed and not saved, also when somebody else has saved since; else the influencer as they are."""
    current = {**values_of(card), _VERSION: card.version, _CHANGED: False}
    is_of_this_version = saved.get(_VERSION, card.version) == card.version
    return {**current, **saved} if is_of_this_version or saved.get(_CHANGED) else current


def _fill(page: Page, form: str, card: InfluencerCard) -> None:
    kept_form.fill(page, form, {**values_of(card), _VERSION: card.version, _CHANGED: False})


def _differ(values: Mapping[str, str], saved: Mapping[str, str]) -> bool:
    return any(value.strip() != saved[name].strip() for name, value in values.items())
