"""What was made of an influencer, and who vouched for the pictures it was learned from."""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st

from backend import generation
from backend.generation import Report
from backend.influencers import InfluencerCard
from studio.shell.frame import Page
from studio.ui.format import ago, count, plain


def section(page: Page, who: InfluencerCard) -> None:
    with page.transaction() as tx:
        found = generation.report(tx, who.id)
    _figures(found)
    _loras(found)
    _datasets(page, found)
    with st.container(horizontal=True):
        for kind, icon in (("csv", ":material/table:"), ("json", ":material/data_object:")):
            address = f"/api/influencers/{quote(who.id)}/report?workspace={quote(page.workspace.id)}&format={kind}"
            st.link_button(f"Report ({kind.upper()})", address, icon=icon)


def _figures(found: Report) -> None:
    share = "–" if found.share_marked is None else f"{found.share_marked:.0%}"
    with st.grid(min_column_width=150):
        st.metric("Pictures made", f"{found.made:,}", border=True)
        st.metric("Marked as AI-made", share, border=True, help="The IPTC digital source type travels in the file itself.")
        st.metric("Identity passed", f"{found.passed} of {found.scored}" if found.scored else "–", border=True)
        st.metric("Held", f"{found.held:,}", border=True)
        st.metric("Rejected", f"{found.rejected:,}", border=True)
    more = [f"{found.deleted:,} deleted since"] if found.deleted else []
    more += [f"{count(found.imported, 'picture')} brought in from elsewhere"] if found.imported else []
    if more:
        st.caption(" · ".join(more))


def _loras(found: Report) -> None:
    st.markdown("**Drawn with**")
    if not found.loras and not found.without_lora:
        st.caption("Nothing has been drawn yet.")
    names = {line.dataset_id: line.name for line in found.datasets}
    for line in found.loras:
        step = f" · step {line.step}" if line.step else ""
        taught = f" · trained on {plain(names.get(line.dataset_id, 'a dataset'))}" if line.dataset_id else " · uploaded"
        st.markdown(f"{plain(line.name)}: {count(line.pictures, 'picture')}")
        st.caption(f"sha256 {line.sha256[:12]}{step}{taught}")
    if found.without_lora:
        st.markdown(f"No LoRA: {count(found.without_lora, 'picture')}")


def _datasets(page: Page, found: Report) -> None:
    st.markdown("**Whose pictures it was learned from**")
    if not found.datasets:
        st.caption("No dataset yet.")
    for line in found.datasets:
        with st.container(border=True):
            gone = " :gray-badge[deleted]" if line.deleted else ""
            st.markdown(f"{plain(line.name)} · {line.included} of {count(line.images, 'picture')} included{gone}")
            if line.statement and line.said_at:
                said = plain(line.said_by.partition(" <")[0]) or "Somebody who has left"
                st.caption(f"“{plain(line.statement)}” {said}, {ago(line.said_at)}")
            else:
                st.caption(":orange[Nobody has said yet whose pictures these are.]")
                if not line.deleted:
                    page.link("make/datasets", "Say it in the dataset", id=line.dataset_id)
