"""The report about one influencer: what was published, what was made with which LoRAs, and the rights in the datasets they were
trained on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import streamlit as st

from backend import content_plans, generation
from backend.generation import InfluencerReport
from backend.influencers import InfluencerCard
from backend.language import tr, tr_lazy_plural, tr_plural, worded
from studio.shell.frame import Page
from studio.ui.format import ago, percent, plain

_DAYS = 30


def report_tab(page: Page, influencer: InfluencerCard) -> None:
    since = datetime.now(UTC) - timedelta(days=_DAYS)
    with page.transaction() as tx:
        report = generation.influencer_report(tx, influencer.id)
        channel_days = content_plans.published_by_day(tx, since=since, influencer_id=influencer.id)
    published, channels = sum(row.posts for row in channel_days), len({row.channel_id for row in channel_days})
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_published_line(published, channels))
        page.link("results/results", tr("All results"), icon=":material/monitoring:", influencer=influencer.id)
    _figures(report)
    _loras(report)
    _datasets(page, report)
    with st.container(horizontal=True):
        for format_, icon in (("csv", ":material/table:"), ("json", ":material/data_object:")):
            address = f"/api/influencers/{quote(influencer.id)}/report?workspace={quote(page.workspace.id)}&format={format_}"
            st.link_button(tr("Report ({format})", format=format_.upper()), address, icon=icon)


def _published_line(published: int, channels: int) -> str:
    """Streamlit markdown."""
    posts = tr_lazy_plural("**{n:,} post**", "**{n:,} posts**", published)
    if not channels:
        return tr("{posts} published in {days} days", posts=posts, days=_DAYS)
    where = tr_lazy_plural("{n:,} channel", "{n:,} channels", channels)
    return tr("{posts} published in {days} days on {channels}", posts=posts, days=_DAYS, channels=where)


def _figures(report: InfluencerReport) -> None:
    share = "–" if report.share_marked is None else percent(report.share_marked)
    with st.grid(min_column_width=150):
        st.metric(tr("Pictures made"), f"{report.made:,}", border=True)
        st.metric(
            tr("Marked as AI-made"), share, border=True, help=tr("The IPTC digital source type travels in the file itself.")
        )
        st.metric(
            tr("Face match passed"),
            tr("{passed:,} of {scored:,}", passed=report.passed, scored=report.scored) if report.scored else "–",
            border=True,
        )
        st.metric(tr("In face check"), f"{report.held:,}", border=True)
        st.metric(tr("Rejected"), f"{report.rejected:,}", border=True)
    more = [tr_plural("{n:,} deleted since", "{n:,} deleted since", report.deleted)] if report.deleted else []
    more += [tr_plural("{n:,} picture imported", "{n:,} pictures imported", report.imported)] if report.imported else []
    if more:
        st.caption(" · ".join(more))


def _loras(report: InfluencerReport) -> None:
    st.markdown(tr("**Created with**"))
    if not report.loras and not report.without_lora:
        st.caption(tr("No pictures yet."))
    names = {line.dataset_id: line.name for line in report.datasets}
    for line in report.loras:
        st.markdown(f"{plain(line.name)}: {_pictures(line.pictures)}")
        facts = [f"sha256 {line.sha256[:12]}"]
        facts += [tr("step {step}", step=line.step)] if line.step else []
        if line.dataset_id:
            dataset = names.get(line.dataset_id)
            facts.append(tr("trained on {dataset}", dataset=plain(dataset)) if dataset else tr("trained on a dataset"))
        else:
            facts.append(tr("uploaded"))
        st.caption(" · ".join(facts))
    if report.without_lora:
        st.markdown(tr("No LoRA: {pictures}", pictures=_pictures(report.without_lora)))


def _pictures(n: int) -> str:
    return tr_plural("{n:,} picture", "{n:,} pictures", n)


def _datasets(page: Page, report: InfluencerReport) -> None:
    st.markdown(tr("**Training pictures and their rights**"))
    if not report.datasets:
        st.caption(tr("No dataset yet."))
    for line in report.datasets:
        with st.container(border=True):
            deleted_badge = " :gray-badge[" + tr("deleted") + "]" if line.deleted else ""
            included = tr_plural(
                "{included:,} of {n:,} picture included",
                "{included:,} of {n:,} pictures included",
                line.images,
                included=line.included,
            )
            st.markdown(f"{plain(line.name)} · {included}{deleted_badge}")
            if line.statement and line.said_at:
                author = plain(line.said_by.partition(" <")[0]) or tr("Somebody who has left")
                st.caption(f"“{plain(worded(line.statement))}” {author}, {ago(line.said_at)}")
            else:
                st.caption(tr(":orange[Rights are not stated yet.]"))
                if not line.deleted:
                    page.link("models/datasets", tr("State them in the dataset"), id=line.dataset_id)
