"""What the calendar's settings open: posting rules, pause, moving all posts, campaigns, holidays, time zone, subscriptions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from urllib.parse import urlsplit

import streamlit as st

from backend import calendar_feeds, content_plans, influencers
from backend.calendar_feeds import FeedCard, FeedDraft
from backend.content_plans import CampaignCard
from backend.influencers import InfluencerCard
from backend.kit.hosts import is_loopback
from backend.kit.public_holidays import countries, country_of
from backend.language import reader, tr, tr_lazy, tr_plural, worded
from studio.content_plans import move_all, posting_rules
from studio.content_plans.calendar_view import refresh_calendar
from studio.shell.frame import Page
from studio.ui.format import ago, plain
from studio.ui.forms import submit_once
from studio.ui.notices import queue_toast, show_queued_toasts, toast_errors

_TITLES = {
    "rules": tr_lazy("Posting rules"),
    "pause": tr_lazy("Pause publishing"),
    "shift": tr_lazy("Move all posts"),
    "campaigns": tr_lazy("Campaigns"),
    "holidays": tr_lazy("Public holidays"),
    "zone": tr_lazy("Time zone"),
    "feeds": tr_lazy("Subscribe from another calendar"),
}
_FOR_VIEWERS = ("zone", "feeds")
_NEW_ADDRESS = "calendar:new_address"


def open_dialog(name: str, page: Page, influencer_cards: Sequence[InfluencerCard], *, influencer: str) -> None:
    """`name`: a key of _TITLES; others, and those that the role does not allow, open nothing. `influencer` "": all."""
    if name not in _TITLES or not (page.can_edit or name in _FOR_VIEWERS):
        return

    @st.dialog(worded(_TITLES[name]), on_dismiss=partial(_close))
    def question() -> None:
        show_queued_toasts()
        with page.guard():
            match name:
                case "rules":
                    posting_rules.form(page, influencer or _chosen_influencer(influencer_cards))
                case "pause":
                    posting_rules.switches(page, influencer_cards)
                case "shift":
                    move_all.form(page, influencer)
                case "campaigns":
                    _campaigns(page)
                case "holidays":
                    _holidays(page, influencer_cards)
                case "zone":
                    _time_zone(influencer_cards, influencer)
                case _:
                    _feeds(page, influencer_cards)

    question()


def _close() -> None:
    st.session_state.pop(_NEW_ADDRESS, None)
    refresh_calendar()


def _chosen_influencer(influencer_cards: Sequence[InfluencerCard]) -> str:
    names = {card.id: card.name for card in influencer_cards}
    return st.selectbox(tr("Influencer"), list(names), format_func=names.__getitem__, key="calendar:rules_of")


def zone(influencer_cards: Sequence[InfluencerCard], influencer: str) -> str:
    """The time zone the calendar shows: the chosen one, else the influencer's, the one that all of them share, the person's,
    or UTC."""
    if chosen := st.session_state.get(_zone_key(influencer)):
        return str(chosen)
    zones = {card.time_zone for card in influencer_cards if influencer in ("", card.id)}
    if len(zones) == 1:
        return next(iter(zones))
    return reader().zone if reader().zone in influencers.time_zones() else "UTC"


def _zone_key(influencer: str) -> str:
    return f"calendar:zone:{influencer}"


def _time_zone(influencer_cards: Sequence[InfluencerCard], influencer: str) -> None:
    current = zone(influencer_cards, influencer)
    zones = list(dict.fromkeys([current, *(card.time_zone for card in influencer_cards), *influencers.time_zones()]))
    chosen = st.selectbox(tr("Times are shown in"), zones, help=tr("Posts keep the time of their influencer's zone."))
    if chosen != current:
        st.session_state[_zone_key(influencer)] = chosen
        st.rerun()


def _holidays(page: Page, influencer_cards: Sequence[InfluencerCard]) -> None:
    """One choice for the workspace, one for each influencer; each is saved at once."""
    with page.transaction() as tx:
        default = content_plans.workspace_holiday_country(tx)
        own = {card.id: content_plans.get_rules(tx, card.id).holiday_country for card in influencer_cards[:30]}
    st.caption(tr("Public holidays are shown on the days of the calendar."))
    _country(page, "", tr("Whole workspace"), default, tr("Where each influencer lives"))
    for card in influencer_cards[:30]:
        home = countries().get(country_of(card.time_zone), "")
        by_zone = tr("By time zone ({country})", country=home) if home else tr("By time zone (no country)")
        inherited = {"": by_zone, content_plans.NO_HOLIDAYS: tr("No holidays, like the workspace")}
        _country(
            page,
            card.id,
            card.name,
            own[card.id],
            inherited.get(default) or tr("{country}, like the workspace", country=countries()[default]),
        )


def _country(page: Page, influencer_id: str, label: str, current: str, automatic: str) -> None:
    labels = {"": automatic, content_plans.NO_HOLIDAYS: tr("No holidays"), **countries()}
    key = f"calendar:holidays:{influencer_id}"
    st.selectbox(
        plain(label),
        list(labels),
        list(labels).index(current) if current in labels else 0,
        format_func=labels.__getitem__,
        key=key,
        on_change=_save_country,
        args=(page, influencer_id, key),
    )


def _save_country(page: Page, influencer_id: str, key: str) -> None:
    with toast_errors(), page.transaction(needs="editor") as tx:
        content_plans.set_holiday_country(tx, st.session_state[key], influencer_id)
    refresh_calendar()


def _campaigns(page: Page) -> None:
    with page.transaction() as tx:
        cards = content_plans.campaigns(tx)
    st.caption(tr("A campaign is a label of posts that belong together: filter and colour the calendar by it."))
    for card in cards:
        with st.container(horizontal=True, vertical_alignment="center"):
            key = f"campaign:{card.id}"
            st.text_input(
                tr("Name of {name}", name=plain(card.name)),
                card.name,
                max_chars=content_plans.MAX_NAME,
                key=key,
                label_visibility="collapsed",
                on_change=_rename_campaign,
                args=(page, card, key),
            )
            st.caption(tr_plural("{n:,} post", "{n:,} posts", card.posts))
            st.button(
                tr("Delete {name}", name=plain(card.name)),
                icon=":material/delete:",
                key=f"icon-only-campaign-{card.id}",
                help=tr("The posts stay."),
                on_click=_delete_campaign,
                args=(page, card),
            )
    new_form = st.form("campaign:new", border=False, clear_on_submit=True)
    with new_form, st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(tr("New campaign"), max_chars=content_plans.MAX_NAME, placeholder=tr("Summer drop"))
        pressed = st.form_submit_button(tr("Add"))
    if pressed:
        with toast_errors():
            submit_once("campaign:new", name, lambda: _create_campaign(page, name))
        st.rerun(scope="fragment")


def _create_campaign(page: Page, name: str) -> CampaignCard:
    with page.transaction(needs="editor") as tx:
        return content_plans.create_campaign(tx, name)


def _rename_campaign(page: Page, card: CampaignCard, key: str) -> None:
    with toast_errors(), page.transaction(needs="editor") as tx:
        content_plans.rename_campaign(tx, card.id, st.session_state[key])


def _delete_campaign(page: Page, card: CampaignCard) -> None:
    with toast_errors():
        with page.transaction(needs="editor") as tx:
            content_plans.delete_campaign(tx, card.id)
        queue_toast(plain(tr("“{name}” deleted; its posts stay.", name=card.name)))


def _feeds(page: Page, influencer_cards: Sequence[InfluencerCard]) -> None:
    st.caption(
        tr(
            "Google Calendar, Apple Calendar and Outlook show the posts and stay up to date. Anyone with the address can "
            "read times, titles and states, nothing else; revoke it and it stops working."
        )
    )
    if address := st.session_state.get(_NEW_ADDRESS):
        st.success(tr("Copy the address now: it is not shown again."), icon=":material/key:")
        st.code(address, language=None, wrap_lines=True)
        st.caption(tr("In your calendar choose “Add by URL” or “Subscribe to calendar”, and paste it."))
        if is_loopback(urlsplit(address).hostname or ""):
            st.caption(tr("It works on this machine only: other calendars need the studio's public address (PUBLIC_URL)."))
    with page.transaction() as tx:
        feeds = calendar_feeds.page(tx)
    for feed in feeds:
        _feed_row(page, feed)
    with st.form("feed:new", border=bool(feeds)):
        name = st.text_input(tr("Where will you read it?"), max_chars=60, placeholder=tr("My phone"))
        names = {"": tr("All influencers"), **{card.id: card.name for card in influencer_cards}}
        influencer_id = st.selectbox(tr("Posts of"), list(names), format_func=names.__getitem__) if len(names) > 2 else ""
        with_drafts = st.checkbox(tr("With drafts and posts in review"), value=True)
        pressed = st.form_submit_button(tr("Create address"), type="primary", icon=":material/add_link:")
    if pressed:
        with page.guard():
            draft = FeedDraft(name=name.strip() or tr("My calendar"), influencer_id=influencer_id, with_drafts=with_drafts)
            address = submit_once("feed:new", draft, lambda: _create_feed(page, draft))
            st.session_state[_NEW_ADDRESS] = address
            st.rerun(scope="fragment")


def _create_feed(page: Page, draft: FeedDraft) -> str:
    """Its address."""
    with page.transaction() as tx:
        return calendar_feeds.create(tx, page.app.settings, draft).address


def _feed_row(page: Page, feed: FeedCard) -> None:
    read = tr("read {time}", time=ago(feed.last_read_at)) if feed.last_read_at else tr("not read yet")
    about = [feed.influencer_name or tr("All influencers"), "" if feed.with_drafts else tr("without drafts"), read]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{plain(feed.name)}** …{plain(feed.last_four)}  \n:small[{plain(' · '.join(filter(None, about)))}]",
            width="stretch",
        )
        st.button(
            tr("Revoke"),
            icon=":material/link_off:",
            key=f"feed:revoke:{feed.id}",
            on_click=_revoke,
            args=(page, feed),
        )


def _revoke(page: Page, feed: FeedCard) -> None:
    with toast_errors():
        with page.transaction() as tx:
            calendar_feeds.revoke(tx, feed.id)
        st.session_state.pop(_NEW_ADDRESS, None)
        queue_toast(plain(tr("“{name}” was revoked: its address no longer works.", name=feed.name)))
