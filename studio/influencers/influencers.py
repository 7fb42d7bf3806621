"""Influencers: the list, the page of one, and the report of what was made with which LoRAs, and the rights in the datasets they
were trained on."""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st

from backend import generation, influencers, loras, writing_styles
from backend.generation import InfluencerReport
from backend.influencers import InfluencerCard
from studio.gallery.picture_urls import picture, placeholder
from studio.identity import identity
from studio.influencers.influencer_form import influencer_form
from studio.shell import current_influencer
from studio.shell.frame import Page
from studio.ui.buttons import confirm
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, count, media_url, plain
from studio.ui.forms import offer_reload, open_form, reload_form

PARTS = ["About", "Identity", "Report"]


def listing(page: Page) -> None:
    archived = False
    with st.container(horizontal=True, vertical_alignment="center"):
        if page.can_edit and st.button("New influencer", type="primary", icon=":material/person_add:"):
            page.go("influencers/wizard")
        archived = st.toggle("Archive", key="influencers:archived", help="Those you have put away")
    with page.transaction() as tx:
        influencer_page = influencers.page(tx, archived=archived, take=200)
    if not influencer_page.cards:
        _empty(archived)
        return
    with st.grid(min_column_width=220):
        for card in influencer_page.cards:
            with st.container(border=True):
                _card(page, card)


def _empty(archived: bool) -> None:
    if archived:
        st.caption("The archive is empty.")
        return
    empty_state(
        "Who will it be?",
        "An influencer has a name, a voice and a face. The wizard takes you from a name to first pictures.",
        icon=":material/person_add:",
    )


def _card(page: Page, card: InfluencerCard) -> None:
    cover(page, card)
    st.markdown(f"**{plain(card.name)}**")
    st.caption(plain(card.persona.bio[:90]) or f"trigger word {plain(card.trigger_word)}")
    if card.archived_at:
        st.button("Restore", key=f"restore:{card.id}", on_click=_restore, args=(page, card.id), width="stretch")
    elif st.button("Open", key=f"influencer:{card.id}", width="stretch"):
        page.go("influencers/influencers", id=card.id)


def cover(page: Page, card: InfluencerCard, *, ratio: str = "1") -> None:
    if card.cover_asset_id:
        picture(media_url(page.workspace.id, card.cover_asset_id, w=640), alt=card.name, ratio=ratio)
    else:
        placeholder(card.name[:1].upper(), ratio=ratio)


def _restore(page: Page, influencer_id: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        influencers.restore(tx, influencer_id)


def detail(page: Page, influencer_id: str) -> None:
    if st.button("All influencers", icon=":material/arrow_back:", type="tertiary"):
        page.go("influencers/influencers")
    with page.transaction() as tx:
        card = influencers.get(tx, influencer_id)
    current_influencer.set_current_influencer(card.id)
    left, right = st.columns([1, 2], gap="medium")
    with left:
        cover(page, card)
        _actions(page, card)
    with right:
        st.markdown(f"## {plain(card.name)}")
        shown = _part_choice(card)
        if shown == "Identity":
            identity.identity_section(page, card)
        elif shown == "Report":
            report_section(page, card)
        else:
            _about(page, card)


def _part_choice(card: InfluencerCard) -> str:
    """The part of the page that is open; ?part= preselects one."""
    requested = st.query_params.get("part", "").capitalize()
    chosen = st.segmented_control(
        "Part",
        PARTS,
        default=requested if requested in PARTS else PARTS[0],
        key=f"part:{card.id}",
        label_visibility="collapsed",
        required=True,
    )
    return str(chosen or PARTS[0])


def _about(page: Page, card: InfluencerCard) -> None:
    _default_lora(page, card)
    key, loaded = open_form(f"influencer:{card.id}", card)
    if loaded.version != card.version:
        offer_reload(f"influencer:{card.id}", f"Someone else has changed {plain(card.name)} since you opened this page.")
    with page.transaction() as tx:
        voices = writing_styles.style_names(tx)
    draft = influencer_form(key, loaded, submit="Save", disabled=not page.can_edit, voices=voices)
    if draft:
        with page.transaction(needs="editor") as tx:
            influencers.save(tx, card.id, draft, version=loaded.version)
        reload_form(f"influencer:{card.id}")
        st.toast("Saved.", icon=":material/check:")
        st.rerun()


def _actions(page: Page, card: InfluencerCard) -> None:
    if page.can_edit and card.setup and not card.setup.get("done"):
        if st.button("Continue the setup", type="primary", icon=":material/arrow_forward:", width="stretch"):
            page.go("influencers/wizard", id=card.id)
    elif page.can_edit and st.button("Create pictures", type="primary", icon=":material/auto_awesome:", width="stretch"):
        page.go("create/pictures", influencer=card.id)
    if st.button("See their pictures", icon=":material/photo_library:", width="stretch"):
        st.session_state["gallery:who"] = card.id
        page.go("library/gallery")
    if page.can_edit and st.button("Archive", icon=":material/archive:", width="stretch"):
        confirm(
            f"Archive {plain(card.name)}?",
            "They leave the lists. Pictures, datasets and LoRAs stay; restore them any time.",
            action="Archive",
            act=lambda: _archive(page, card.id),
        )


def _archive(page: Page, influencer_id: str) -> None:
    with page.transaction(needs="editor") as tx:
        influencers.archive(tx, influencer_id)
    st.query_params.pop("id", None)


def _default_lora(page: Page, card: InfluencerCard) -> None:
    with page.transaction() as tx:
        library = {lora.id: lora for lora in loras.page(tx, take=200).cards}
    if not library:
        st.caption("No LoRA draws them yet. Train one from their pictures.")
        return
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    options = [*library, ""]
    chosen = left.selectbox(
        "Drawn by",
        options,
        index=options.index(card.default_lora_id or ""),
        format_func=lambda lora_id: library[lora_id].name if lora_id else "No LoRA",
        key=f"default:{card.id}",
        disabled=not page.can_edit,
    )
    unchanged = (chosen or None) == card.default_lora_id or chosen not in library
    default_weight = card.default_lora_weight if unchanged else library[chosen].weight
    least, most = (
        min(0.0, default_weight),
        max(1.5, default_weight),
    )  # the API or a comparison may have set a weight outside of the slider's range
    weight = right.slider(
        "Weight", least, most, default_weight, 0.05, key=f"weight:{card.id}:{chosen}", disabled=not page.can_edit
    )
    if page.can_edit and ((chosen or None) != card.default_lora_id or weight != card.default_lora_weight):
        with page.transaction(needs="editor") as tx:
            influencers.set_default_lora(tx, card.id, chosen or None, weight)


def report_section(page: Page, influencer: InfluencerCard) -> None:
    with page.transaction() as tx:
        report = generation.influencer_report(tx, influencer.id)
    _figures(report)
    _loras(report)
    _datasets(page, report)
    with st.container(horizontal=True):
        for format_, icon in (("csv", ":material/table:"), ("json", ":material/data_object:")):
            address = f"/api/influencers/{quote(influencer.id)}/report?workspace={quote(page.workspace.id)}&format={format_}"
            st.link_button(f"Report ({format_.upper()})", address, icon=icon)


def _figures(report: InfluencerReport) -> None:
    share = "–" if report.share_marked is None else f"{report.share_marked:.0%}"
    with st.grid(min_column_width=150):
        st.metric("Pictures made", f"{report.made:,}", border=True)
        st.metric("Marked as AI-made", share, border=True, help="The IPTC digital source type travels in the file itself.")
        st.metric("Identity passed", f"{report.passed} of {report.scored}" if report.scored else "–", border=True)
        st.metric("Held", f"{report.held:,}", border=True)
        st.metric("Rejected", f"{report.rejected:,}", border=True)
    more = [f"{report.deleted:,} deleted since"] if report.deleted else []
    more += [f"{count(report.imported, 'picture')} brought in from elsewhere"] if report.imported else []
    if more:
        st.caption(" · ".join(more))


def _loras(report: InfluencerReport) -> None:
    st.markdown("**Drawn with**")
    if not report.loras and not report.without_lora:
        st.caption("Nothing has been drawn yet.")
    names = {line.dataset_id: line.name for line in report.datasets}
    for line in report.loras:
        step = f" · step {line.step}" if line.step else ""
        origin = f" · trained on {plain(names.get(line.dataset_id, 'a dataset'))}" if line.dataset_id else " · uploaded"
        st.markdown(f"{plain(line.name)}: {count(line.pictures, 'picture')}")
        st.caption(f"sha256 {line.sha256[:12]}{step}{origin}")
    if report.without_lora:
        st.markdown(f"No LoRA: {count(report.without_lora, 'picture')}")


def _datasets(page: Page, report: InfluencerReport) -> None:
    st.markdown("**Whose pictures it was learned from**")
    if not report.datasets:
        st.caption("No dataset yet.")
    for line in report.datasets:
        with st.container(border=True):
            deleted_badge = " :gray-badge[deleted]" if line.deleted else ""
            st.markdown(f"{plain(line.name)} · {line.included} of {count(line.images, 'picture')} included{deleted_badge}")
            if line.statement and line.said_at:
                author = plain(line.said_by.partition(" <")[0]) or "Somebody who has left"
                st.caption(f"“{plain(line.statement)}” {author}, {ago(line.said_at)}")
            else:
                st.caption(":orange[Nobody has said yet whose pictures these are.]")
                if not line.deleted:
                    page.link("models/datasets", "Say it in the dataset", id=line.dataset_id)
