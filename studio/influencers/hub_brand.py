"""The brand kit of an influencer: what all their reels have in common."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backend import influencers, videos
from backend.influencers import CORNERS, BrandKit, InfluencerCard
from backend.language import tr, tr_lazy, worded
from studio.gallery.file_choice import file_choice
from studio.shell.frame import Page
from studio.ui.format import esc, media_url

_WHITE, _YELLOW = "#ffffff", "#ffd54a"
_FILES = {"logo": tr_lazy("Logo"), "intro": tr_lazy("Intro"), "outro": tr_lazy("Outro")}
_WITHOUT = {"logo": tr_lazy("No logo"), "intro": tr_lazy("No intro"), "outro": tr_lazy("No outro")}


def brand_section(page: Page, influencer: InfluencerCard) -> None:
    st.subheader(tr("Brand kit"), anchor=False)
    st.caption(tr("Used in every reel rendered from now on."))
    with page.transaction() as tx:
        kit = influencers.brand_kit(tx, influencer.id)
    for column, (name, title) in zip(st.columns(3), _FILES.items(), strict=True):
        with column:
            _file(page, influencer, kit, name, title)
    if page.can_edit:
        _form(page, influencer, kit)


def _file(page: Page, influencer: InfluencerCard, kit: BrandKit, name: str, title: str) -> None:
    asset_id = getattr(kit, f"{name}_asset_id")
    st.markdown(f"**{worded(title)}**")
    if asset_id:
        address = media_url(page.workspace.id, asset_id, w=320)
        st.html(f'<img src="{esc(address)}" alt="{esc(worded(title))}" style="height:96px;border-radius:8px;display:block">')
    else:
        st.caption(worded(_WITHOUT[name]))
    if not page.can_edit:
        return
    with st.popover(tr("Choose"), key=f"brand:{name}"):
        if asset_id:
            st.button(worded(_WITHOUT[name]), key=f"brand:{name}:none", on_click=_set_file, args=(page, influencer, name, None))
        file_choice(page, f"brand:{name}", take=partial(_set_file, page, influencer, name), with_videos=name != "logo")


def _form(page: Page, influencer: InfluencerCard, kit: BrandKit) -> None:
    with st.form(f"brand:{influencer.id}", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            corners = list(CORNERS)
            corner = st.selectbox(
                tr("Logo position"),
                corners,
                index=corners.index(kit.corner),
                format_func=lambda corner: worded(CORNERS[corner]),
                width=160,
            )
            intro_s = st.number_input(tr("Intro (seconds)"), 0.5, 6.0, kit.intro_seconds, 0.5, width=150)
            outro_s = st.number_input(tr("Outro (seconds)"), 0.5, 6.0, kit.outro_seconds, 0.5, width=150)
            fonts = ["", *influencers.SUBTITLE_FONTS]
            font = st.selectbox(
                tr("Subtitle font"),
                fonts,
                index=fonts.index(kit.font or ""),
                format_func=lambda option: option or tr("Set in each reel"),
                width=200,
            )
        own = st.checkbox(tr("Own subtitle colours"), value=bool(kit.color or kit.highlight))
        with st.container(horizontal=True):
            color = st.color_picker(tr("Subtitles"), kit.color or _WHITE)
            highlight = st.color_picker(tr("Spoken word"), kit.highlight or _YELLOW)
        pressed = st.form_submit_button(tr("Save"))
    if pressed:
        values: dict[str, object] = {"corner": corner, "font": font or None, "intro_seconds": intro_s, "outro_seconds": outro_s}
        values |= {"color": color if own else None, "highlight": highlight if own else None}
        _change(page, influencer, values)
        st.rerun()


def _set_file(page: Page, influencer: InfluencerCard, name: str, asset_id: str | None) -> None:
    values: dict[str, object] = {f"{name}_asset_id": asset_id}
    if asset_id:
        with page.transaction() as tx:
            video = videos.durations(tx, [asset_id]).get(asset_id)
        if video:  # the whole of it, as far as a kit allows
            values[f"{name}_seconds"] = min(6.0, max(0.5, round(video["duration_s"], 1)))
    _change(page, influencer, values)


def _change(page: Page, influencer: InfluencerCard, values: dict[str, object]) -> None:
    """Changes these fields of the kit as it is now: others may have been changed in another tab."""
    with page.guard(), page.transaction(needs="editor") as tx:
        kit = influencers.brand_kit(tx, influencer.id)
        influencers.set_brand_kit(tx, influencer.id, kit.model_copy(update=values))
