"""An influencer's accounts on platforms: connected, looked after, and what a fresh machine can do without any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from backend import channels, content_plans, influencers
from backend.channels import PLATFORMS, ChannelCard
from backend.content_plans import ChannelActivity
from studio.channels import channel_card
from studio.shell import session
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import esc, plain
from studio.ui.toasts import queue_toast, show_queued_toasts, toast_errors

FIRST = 20


def show(page: Page) -> None:
    """`?influencer=` chooses whose; `?said=` is what connecting has to say."""
    show_queued_toasts()
    _landed(page)
    with page.transaction() as tx:
        cards = influencers.page(tx, take=200).cards
        found, paces = channels.of(tx), content_plans.channel_activity(tx)
    people, zones = {one.id: one.name for one in cards}, {one.id: one.time_zone for one in cards}
    if not people:
        box = empty_state("No influencers yet", "A channel belongs to an influencer.", icon=":material/cell_tower:")
        if page.can_edit and box.button("New influencer", type="primary"):
            page.go("start/wizard")
        return
    if not found:
        empty_state(
            "No channels yet",
            "A sandbox channel works at once: it behaves like a platform and shows posts to nobody outside.",
            icon=":material/cell_tower:",
        )
    lacking = _lacking(page)
    whom = [*dict.fromkeys(one.influencer_id for one in found if one.influencer_id in people), *people]
    who = _chosen(people)
    shown = [who] if who else list(dict.fromkeys(whom))[: st.session_state.get("channels:take", FIRST)]
    for influencer_id in shown:
        mine = [one for one in found if one.influencer_id == influencer_id]
        _of(page, influencer_id, people[influencer_id], mine, lacking, paces=paces, zone=zones[influencer_id])
    if not who and len(people) > len(shown) and st.button("Show more", width="stretch"):
        st.session_state["channels:take"] = len(shown) + FIRST
        st.rerun()
    _how_to(lacking)


def _chosen(people: Mapping[str, str]) -> str:
    if len(people) == 1:
        return ""
    wanted = st.query_params.get("influencer", "")
    options = ["", *people]
    return st.selectbox(
        "Influencer", options, index=options.index(wanted) if wanted in options else 0, key="channels:who",
        format_func=lambda one: people.get(one, "Every influencer"), width=260,
    )  # fmt: skip


def _landed(page: Page) -> None:
    """What connecting has to say, once; the address is good for nothing afterwards."""
    if key := st.query_params.get("said"):
        del st.query_params["said"]
        if word := channels.take_flash(page.app, page.caller.token, key):
            st.session_state["channels:word"] = word
    if word := st.session_state.get("channels:word"):
        sentence, good = word
        with st.container(horizontal=True, vertical_alignment="center"):
            (st.success if good else st.error)(plain(sentence), icon=":material/check:" if good else ":material/error:")
            st.button("Dismiss", type="tertiary", key="channels:dismiss", on_click=channel_card.heard)


def _of(
    page: Page, influencer_id: str, name: str, cards: Sequence[ChannelCard], lacking: Mapping[str, str], *,
    paces: Mapping[str, ChannelActivity], zone: str,
) -> None:  # fmt: skip
    st.header(plain(name), anchor=False)
    for card in cards:
        again = channel_card.link("Connect again", _away(page, channel=card.id), main=card.state == "reconnect")
        channel_card.show(page, card, again=again, pace=paces.get(card.id), zone=zone)
    if not page.can_edit:
        if not cards:
            st.caption("No channels yet.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        for platform, label in PLATFORMS.items():
            if platform == "sandbox":
                if not any(one.platform == "sandbox" for one in cards):
                    st.button(
                        "Add a sandbox channel", icon=":material/science:", key=f"sandbox:{influencer_id}",
                        on_click=_sandbox, args=(page, influencer_id), disabled=bool(lacking[platform]),
                        help=lacking[platform] or None,
                    )  # fmt: skip
            elif lacking[platform]:
                st.button(
                    f"Connect {label}", key=f"{platform}:{influencer_id}", disabled=True, icon=":material/link_off:",
                    help=lacking[platform],
                )  # fmt: skip
            else:
                away = _away(page, platform=platform, influencer=influencer_id)
                st.html(channel_card.link(f"Connect {label}", away), width="content")

    if missing := [label for platform, label in PLATFORMS.items() if platform != "sandbox" and lacking[platform]]:
        st.caption(f"{', '.join(missing)}: not set up on this server yet. “How platforms are set up” below says what it needs.")


def _away(page: Page, **query: str) -> str:
    words = "&".join(f"{name}={value}" for name, value in {"workspace": page.workspace.id, **query}.items())
    return f"/api/channels/connect?{words}"


def _sandbox(page: Page, influencer_id: str) -> None:
    with toast_errors():
        with page.transaction(needs="editor") as tx:
            card = channels.add_sandbox(tx, influencer_id)
        queue_toast(f"{plain(card.label)} was added. Its feed shows what followers would see.")


def _lacking(page: Page) -> dict[str, str]:
    """Platform -> what has to be set first. Settings change with a restart only, so it is asked once a session."""
    known: dict[str, str] = st.session_state.setdefault("channels:lacking", {})
    for platform in PLATFORMS:
        if platform not in known:
            known[platform] = channels.setup_problem(page.app, platform, session.origin())
    return known


def _how_to(lacking: Mapping[str, str]) -> None:
    with st.expander("How platforms are set up", icon=":material/settings:"):
        for platform, label in PLATFORMS.items():
            if lacking[platform]:
                st.markdown(f"**{label}**: {plain(lacking[platform])}")
            elif platform == "sandbox":
                st.markdown(f"**{label}**: ready. It runs on this machine and needs no account.")
            else:
                st.markdown(
                    f"**{label}**: ready. Its app must know the address `{esc(session.origin())}{channels.CALLBACK_PATH}`."
                )
        st.caption("Tokens are kept encrypted. Nobody sees them here, and disconnecting erases them.")
