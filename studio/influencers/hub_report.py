"""The report about one influencer: what was published, what was made with which LoRAs, and the rights in the datasets they were
trained on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import streamlit as st

from backend import content_plans, generation
from backend.generation import InfluencerReport
from backend.influencers import InfluencerCard
from studio.shell.frame import Page
from studio.ui.format import ago, count, plain

_DAYS = 30


def report_tab(page: Page, influencer: InfluencerCard) -> None:
    since = datetime.now(UTC) - timedelta(days=_DAYS)
    with page.transaction() as tx:
        report = generation.influencer_report(tx, influencer.id)
        channel_days = content_plans.published_by_day(tx, since=since, influencer_id=influencer.id)
    published, channels = sum(row.posts for row in channel_days), len({row.channel_id for row in channel_days})
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{count(published, 'post')}** published in {_DAYS} days"
            + (f" on {count(channels, 'channel')}" if channels else "")
        )
        page.link("results/results", "All results", icon=":material/monitoring:", influencer=influencer.id)
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
