"""A new, empty post: made at once, and opened in the composer beside the calendar or on its page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time

import streamlit as st

from backend import channels, content_plans, influencers
from backend.content_plans import PlanDraft, PostSource, VariantDraft
from backend.influencers import InfluencerCard
from backend.kit.clock import now
from backend.kit.ids import new_id
from backend.language import tr
from studio.content_plans import composer
from studio.content_plans.calendar_view import ChosenTime, refresh_calendar
from studio.shell import current_influencer
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import plain
from studio.ui.notices import queue_toast, toast_errors

_USUAL_TIME = time(18)
_CREATED, _LATEST = "new_post:created", "new_post:latest"


def start(page: Page, influencer_cards: Sequence[InfluencerCard], *, influencer: str, chosen: ChosenTime | None) -> None:
    """Opens the composer on a new post. Asks for whom it is where nobody is chosen. `chosen`: a time, or one day."""
    cards_by_id = {card.id: card for card in influencer_cards}
    influencer_id = (chosen.influencer_id if chosen else "") or influencer
    if influencer_id in cards_by_id:
        _create(page, cards_by_id[influencer_id], chosen)
        open_created(page)
        return

    @st.dialog(tr("Whose post?"), width="small")
    def question() -> None:
        latest_id = current_influencer.current_influencer_id(list(cards_by_id))
        for card in sorted(influencer_cards, key=lambda card: card.id != latest_id):
            if st.button(plain(card.name), width="stretch", key=f"new_post:{card.id}"):
                current_influencer.set_current_influencer(card.id)
                _create(page, card, chosen)
                st.rerun()

    question()


def start_on_page(page: Page) -> None:
    """Opens the composer's page on a new post of the top bar's influencer, or of the only one; asks where there are several."""
    discard_untouched(page)
    with page.transaction() as tx:
        influencer_cards = influencers.page(tx, take=200).cards
    if not influencer_cards:
        place = empty_state(
            tr("Whose post?"), tr("A post needs an influencer. Create one first."), icon=":material/person_add:"
        )
        if place.button(tr("New influencer"), type="primary"):
            page.go("influencers/wizard")
        return
    chosen = [card for card in influencer_cards if card.id == page.influencer_id or len(influencer_cards) == 1]
    if not chosen:
        st.subheader(tr("Whose post?"), anchor=False)
        with st.container(width=420):
            for card in influencer_cards:
                if st.button(plain(card.name), width="stretch", key=f"new_post:page:{card.id}"):
                    chosen = [card]
    if chosen:
        with page.transaction(needs="editor") as tx:
            plan = content_plans.create_from(tx, PostSource(influencer_id=chosen[0].id), request_key=new_id("key"))
        st.session_state[_LATEST] = plan.id
        composer.open_page(page, plan.id)


def open_created(page: Page) -> None:
    """Opens the post that was made in the run before, if one was."""
    if plan_id := st.session_state.pop(_CREATED, None):
        st.session_state[_LATEST] = plan_id
        composer.open_panel(page, plan_id)


def discard_untouched(page: Page) -> None:
    """Once the composer of a new post is left: removes the post if nothing was put into it."""
    plan_id = st.session_state.get(_LATEST)
    if not plan_id or plan_id in (composer.panel_plan_id(), st.session_state.get(_CREATED)):
        return
    del st.session_state[_LATEST]
    with toast_errors(), page.transaction(needs="editor") as tx:
        if content_plans.discard_untouched(tx, plan_id):
            refresh_calendar()


def _create(page: Page, influencer: InfluencerCard, chosen: ChosenTime | None) -> None:
    with toast_errors(), page.transaction(needs="editor") as tx:
        own_channels = [channel for channel in channels.of(tx, influencer.id) if channel.deleted_at is None]
        local_time = _local_time(influencer, chosen)
        if chosen is None:
            local_time = content_plans.suggested_time(tx, influencer.id, zone=influencer.time_zone)
        draft = PlanDraft(
            influencer_id=influencer.id,
            wall=local_time,
            variants=tuple(VariantDraft(channel_id=channel.id) for channel in own_channels),
        )
        st.session_state[_CREATED] = content_plans.create(tx, draft, request_key=new_id("key")).id
    refresh_calendar()


def _local_time(influencer: InfluencerCard, chosen: ChosenTime | None) -> datetime | None:
    """The chosen time by the influencer's clock; None, with a word about it, when it has passed."""
    if chosen is None:
        return None
    if chosen.whole_days:
        local_time = datetime.combine(chosen.start.date(), _USUAL_TIME)
    else:
        local_time = content_plans.to_local_time(content_plans.to_instant(chosen.start, chosen.zone).at, influencer.time_zone)
    if content_plans.to_instant(local_time, influencer.time_zone).at > now():
        return local_time
    queue_toast(tr("That time has passed: the post has no date yet."), ":material/event_busy:")
    return None
