"""The Channels page: the channels of each influencer, connecting new ones, and how platforms are set up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from backend import channels, content_plans, influencers
from backend.channels import PLATFORMS, ChannelCard
from backend.content_plans import ChannelActivity
from backend.influencers import InfluencerCard
from backend.language import tr, worded
from studio.channels import channel_card
from studio.shell import session
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import esc, plain
from studio.ui.notices import queue_toast, show_queued_toasts, toast_errors

FIRST = 20


def show(page: Page) -> None:
    """Of the influencer in the top bar, else of all. `?said=` is the key of the message that OAuth left."""
    show_queued_toasts()
    _show_flash(page)
    with page.transaction() as tx:
        cards = influencers.page(tx, take=200).cards
        all_channels, paces = channels.of(tx), content_plans.channel_activity(tx)
    names, zones = {card.id: card.name for card in cards}, {card.id: card.time_zone for card in cards}
    if not names:
        box = empty_state(tr("No influencers yet"), tr("A channel belongs to an influencer."), icon=":material/cell_tower:")
        if page.can_edit and box.button(tr("New influencer"), type="primary"):
            page.go("influencers/wizard")
        return
    setup_problems = _setup_problems(page)
    if not all_channels:
        sentence = tr("A channel is an account that posts are published on.")
        if not setup_problems["sandbox"]:
            sentence = tr("A practice channel works at once: it behaves like a platform, and nobody outside sees its posts.")
        empty_state(tr("No channels yet"), sentence, icon=":material/cell_tower:")
    influencer_ids = [
        *dict.fromkeys(channel.influencer_id for channel in all_channels if channel.influencer_id in names),
        *names,
    ]
    chosen_id = page.influencer_id if page.influencer_id in names else ""
    shown_ids = (
        [chosen_id] if chosen_id else list(dict.fromkeys(influencer_ids))[: st.session_state.get("channels:take", FIRST)]
    )
    for influencer_id in shown_ids:
        own_channels = [channel for channel in all_channels if channel.influencer_id == influencer_id]
        _influencer_section(
            page, influencer_id, names[influencer_id], own_channels, setup_problems, paces=paces, zone=zones[influencer_id]
        )
    if not chosen_id and len(names) > len(shown_ids) and st.button(tr("Show more"), width="stretch"):
        st.session_state["channels:take"] = len(shown_ids) + FIRST
        st.rerun()
    _setup_help(setup_problems)


def show_for(page: Page, influencer: InfluencerCard) -> None:
    """The channels of one influencer, on her own page."""
    with page.transaction() as tx:
        own_channels = channels.of(tx, influencer.id)
        paces = content_plans.channel_activity(tx)
    if influencer.is_sample:
        st.header(tr("Channels"), anchor=False)
        for card in own_channels:
            channel_card.show_channel(page, card, reconnect_html="", pace=paces.get(card.id), zone=influencer.time_zone)
        st.caption(tr("The sample posts only on its practice channel: nobody outside sees it."))
        return
    problems = _setup_problems(page)
    _influencer_section(page, influencer.id, tr("Channels"), own_channels, problems, paces=paces, zone=influencer.time_zone)
    _setup_help(problems)


def _show_flash(page: Page) -> None:
    """Shows the message that OAuth left. The query parameter is removed, because its message can be read only once."""
    if key := st.query_params.get("said"):
        del st.query_params["said"]
        if flash := channels.take_flash(page.app, page.caller.token, key):
            st.session_state["channels:word"] = flash
    if flash := st.session_state.get("channels:word"):
        sentence, succeeded = flash
        with st.container(horizontal=True, vertical_alignment="center"):
            (st.success if succeeded else st.error)(
                plain(worded(sentence)), icon=":material/check:" if succeeded else ":material/error:"
            )
            st.button(tr("Dismiss"), type="tertiary", key="channels:dismiss", on_click=channel_card.clear_flash)


def _influencer_section(
    page: Page,
    influencer_id: str,
    title: str,
    cards: Sequence[ChannelCard],
    setup_problems: Mapping[str, str],
    *,
    paces: Mapping[str, ChannelActivity],
    zone: str,
) -> None:
    st.header(plain(title), anchor=False)
    for card in cards:
        reconnect_link = channel_card.link_html(
            tr("Connect again"), _connect_url(page, channel=card.id), primary=card.state == "reconnect"
        )
        channel_card.show_channel(page, card, reconnect_html=reconnect_link, pace=paces.get(card.id), zone=zone)
    if not page.can_edit:
        if not cards:
            st.caption(tr("No channels yet."))
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        for platform, label in PLATFORMS.items():
            if platform == "sandbox":
                if not any(card.platform == "sandbox" for card in cards):
                    st.button(
                        tr("Add a practice channel"),
                        icon=":material/science:",
                        key=f"sandbox:{influencer_id}",
                        on_click=_add_sandbox,
                        args=(page, influencer_id),
                        disabled=bool(setup_problems[platform]),
                        help=worded(setup_problems[platform]) or None,
                    )
            elif not setup_problems[platform]:
                connect_url = _connect_url(page, platform=platform, influencer=influencer_id)
                st.html(channel_card.link_html(tr("Connect {platform}", platform=label), connect_url), width="content")


def _connect_url(page: Page, **query: str) -> str:
    parameters = "&".join(f"{name}={value}" for name, value in {"workspace": page.workspace.id, **query}.items())
    return f"/api/channels/connect?{parameters}"


def _add_sandbox(page: Page, influencer_id: str) -> None:
    with toast_errors():
        with page.transaction(needs="editor") as tx:
            card = channels.add_sandbox(tx, influencer_id)
        queue_toast(tr("{name} was added. Its feed shows what followers would see.", name=plain(card.label)))


def _setup_problems(page: Page) -> dict[str, str]:
    """Platform -> what has to be set up first, or "". Settings change with a restart only, so it is read once a session."""
    problems: dict[str, str] = st.session_state.setdefault("channels:lacking", {})
    for platform in PLATFORMS:
        if platform not in problems:
            problems[platform] = channels.setup_problem(page.app, platform, session.origin())
    return problems


def _setup_help(setup_problems: Mapping[str, str]) -> None:
    if missing := [label for platform, label in PLATFORMS.items() if platform != "sandbox" and setup_problems[platform]]:
        st.caption(
            tr(
                "Not set up on this server yet: {platforms}. See “How platforms are set up” below.",
                platforms=", ".join(missing),
            )
        )
    with st.expander(tr("How platforms are set up"), icon=":material/settings:"):
        for platform, label in PLATFORMS.items():
            if setup_problems[platform]:
                st.markdown(f"**{label}**: {plain(worded(setup_problems[platform]))}")
            elif platform == "sandbox":
                st.markdown(tr("**{platform}**: ready. It runs on this machine and needs no account.", platform=label))
            else:
                st.markdown(
                    tr(
                        "**{platform}**: ready. Enter this redirect address in its developer app: `{address}`.",
                        platform=label,
                        address=esc(session.origin()) + channels.CALLBACK_PATH,
                    )
                )
        st.caption(tr("Tokens are kept encrypted. Nobody sees them here, and disconnecting erases them."))
