"""The page of one influencer: everything of hers, in tabs. `?tab=` of the address is the one that is open."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from backend import influencers, writing_styles
from backend.content_plans import PostSource
from backend.influencers import InfluencerCard
from backend.language import tr, tr_context, tr_lazy, worded
from studio.content_plans.create_post import create_post_button
from studio.influencers import kept_fields
from studio.influencers.hub_brand import brand_section
from studio.influencers.hub_channels import channels_tab
from studio.influencers.hub_content import content_tab
from studio.influencers.hub_look import look_tab
from studio.influencers.hub_overview import overview_tab
from studio.influencers.hub_report import report_tab
from studio.influencers.hub_voice import voice_section
from studio.influencers.influencer_form import persona_fields
from studio.influencers.sample import remove_button
from studio.shell import current_influencer
from studio.shell.frame import Page
from studio.ui.buttons import confirm, icon_button
from studio.ui.format import esc, media_url, plain
from studio.ui.notices import show_queued_toasts

_SHOWN = "hub:shown"
_OLD_TABS = {"about": "persona", "identity": "look"}
"""What `?part=` meant in earlier versions."""


def show(page: Page, influencer_id: str) -> None:
    show_queued_toasts()
    _follow_top_bar(page, influencer_id)
    with page.transaction() as tx:
        card = influencers.get(tx, influencer_id)
    if card.archived_at is None:
        current_influencer.set_current_influencer(card.id)
    place = st.container()
    tab = _tab_choice(card)
    with place:
        _head(page, card, tab)
    TABS[tab][1](page, card)


def _follow_top_bar(page: Page, influencer_id: str) -> None:
    """Somebody chose another influencer in the top bar while this page was shown: the page of that one opens, or the list."""
    before: tuple[str, str] = st.session_state.get(_SHOWN, ("", ""))
    st.session_state[_SHOWN] = influencer_id, page.influencer_id
    if before[0] != influencer_id or page.influencer_id in (before[1], influencer_id):
        return
    if page.influencer_id:
        page.go("influencers/influencers", id=page.influencer_id, tab=st.query_params.get("tab", "overview"))
    page.go("influencers/influencers")


def _head(page: Page, card: InfluencerCard, tab: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="hub-head"):
        if icon_button(tr("All influencers"), ":material/arrow_back:", key="hub:back"):
            page.go("influencers/influencers")
        st.html(_portrait(page, card), width="content")
        with st.container(gap="xxsmall", width="stretch"):
            badges = [":violet-badge[" + tr("Sample") + "]"] if card.is_sample else []
            badges += [":gray-badge[" + tr("Archived") + "]"] if card.archived_at else []
            st.markdown(f"## {plain(card.name)} {' '.join(badges)}")
            if card.persona.bio:
                bio = " ".join(card.persona.bio.split())
                st.caption(plain(bio if len(bio) <= 140 else bio[:139] + "…"))
        if page.can_edit:
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                _actions(page, card, tab)


def _portrait(page: Page, card: InfluencerCard) -> str:
    shape = "width:64px;height:64px;border-radius:50%"
    if card.cover_asset_id:
        src = media_url(page.workspace.id, card.cover_asset_id, w=160)
        return f'<img src="{esc(src)}" alt="" style="{shape};object-fit:cover;display:block;background:var(--color-panel)">'
    return (
        f'<div style="{shape};display:grid;place-items:center;font-size:1.6rem;font-weight:600;background:linear-gradient('
        f'135deg,var(--veil-portrait-one),var(--veil-portrait-two))" aria-hidden="true">{esc(card.name[:1].upper())}</div>'
    )


def _actions(page: Page, card: InfluencerCard, tab: str) -> None:
    """Creating pictures is the main thing where pictures are; other tabs have a form to save."""
    if card.archived_at:
        st.button(tr("Restore"), icon=":material/unarchive:", type="primary", on_click=_restore, args=(page, card.id))
        return
    if card.setup and not card.setup.get("done"):
        if st.button(tr("Continue setup"), type="primary", icon=":material/arrow_forward:"):
            page.go("influencers/wizard", id=card.id)
    elif st.button(
        tr("Create pictures"),
        type="primary" if tab in ("overview", "content") else "secondary",
        icon=":material/auto_awesome:",
        key="hub:create",
    ):
        page.go("create/pictures", influencer=card.id)
    create_post_button(page, PostSource(influencer_id=card.id), key="hub")
    if card.is_sample:
        remove_button(page)
    elif icon_button(tr_context("verb", "Archive"), ":material/archive:", key="hub:archive"):
        confirm(
            tr("Archive {name}?", name=plain(card.name)),
            tr("They leave the lists. Pictures, datasets and LoRAs stay. You can restore them any time."),
            action=tr_context("verb", "Archive"),
            act=lambda: _archive(page, card.id),
        )


def _restore(page: Page, influencer_id: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        influencers.restore(tx, influencer_id)


def _archive(page: Page, influencer_id: str) -> None:
    with page.transaction(needs="editor") as tx:
        influencers.archive(tx, influencer_id)
    st.query_params.pop("id", None)


def _tab_choice(card: InfluencerCard) -> str:
    requested = st.query_params.get("tab") or st.query_params.get("part", "").lower()
    requested = _OLD_TABS.get(requested, requested)
    key = f"hub:tab:{card.id}"
    st.session_state[key] = requested if requested in TABS else "overview"
    chosen = st.segmented_control(
        tr("Part"),
        list(TABS),
        format_func=lambda tab: worded(TABS[tab][0]),
        key=key,
        label_visibility="collapsed",
        required=True,
        wrap=True,
        on_change=_open_tab,
        args=(key,),
    )
    return str(chosen or "overview")


def _open_tab(key: str) -> None:
    st.query_params.pop("part", None)
    st.query_params["tab"] = st.session_state[key]


def _persona_tab(page: Page, card: InfluencerCard) -> None:
    with page.transaction() as tx:
        voices = writing_styles.style_names(tx)
    kept_fields.edit(page, card, "persona", fields=partial(persona_fields, disabled=not page.can_edit, voices=voices))
    with st.container(horizontal=True):
        page.link("create/texts", tr("Write as {name}", name=plain(card.name)), icon=":material/ink_pen:", influencer=card.id)
        page.link("models/writing_styles", tr("Writing styles"), icon=":material/history_edu:", influencer=card.id)
    voice_section(page, card)
    brand_section(page, card)


TABS: dict[str, tuple[str, Callable[[Page, InfluencerCard], None]]] = {
    "overview": (tr_lazy("Overview"), overview_tab),
    "content": (tr_lazy("Content"), content_tab),
    "persona": (tr_lazy("Persona & voice"), _persona_tab),
    "look": (tr_lazy("Look & model"), look_tab),
    "channels": (tr_lazy("Channels & rules"), channels_tab),
    "report": (tr_lazy("Report"), report_tab),
}
"""Value of `?tab=` -> label, and what draws it."""
