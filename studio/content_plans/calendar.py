"""The calendar page: the newest series, the calendar with its toolbar, and what its buttons open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import streamlit as st

from backend import backups, bulk_planning, channels, content_plans, influencers
from backend.content_plans import STATE_LABELS, PlanFilters
from backend.influencers import InfluencerCard
from backend.language import tr, worded
from backend.platforms.registry import PLATFORMS
from studio.content_plans import bulk_dialog, calendar_settings, composer, new_post, plan_series
from studio.content_plans.calendar_view import STAMP, CalendarEvent, calendar
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import date_time_text, day_text
from studio.ui.notices import show_queued_toasts

VIEW_PARAM, FILL_PARAM = "view", "fill"
"""In the address: the view to begin with; anything: “Fill the week” is open."""
_PLATFORM_NAMES = {name: platform.short_name for name, platform in PLATFORMS.items()}


def show(page: Page) -> None:
    show_queued_toasts()
    new_post.discard_untouched(page)
    with page.transaction() as tx:
        influencer_cards = influencers.page(tx, take=200).cards
        channel_cards = channels.of(tx)
        campaigns = content_plans.campaign_names(tx)
        is_paused = content_plans.workspace_paused(tx)
        restored_to = backups.restored_to(tx) if is_paused else None
    if not influencer_cards:
        card = empty_state(
            tr("Nobody to plan for yet"), tr("Make an influencer first, then plan what they post."), icon=":material/face_3:"
        )
        if page.can_edit and card.button(tr("New influencer"), type="primary"):
            page.go("influencers/wizard")
        return
    if is_paused:
        st.warning(tr("Publishing is paused for the whole workspace: nothing goes out."), icon=":material/front_hand:")
    if restored_to:
        st.info(
            tr(
                "The studio was restored to {time}. Check the unconfirmed posts and those of the lost time on their accounts, "
                "then resume publishing under Posting rules.",
                time=date_time_text(restored_to),
            ),
            icon=":material/history:",
        )
    influencer = page.influencer_id or (influencer_cards[0].id if len(influencer_cards) == 1 else "")
    zone = calendar_settings.zone(influencer_cards, influencer)
    moved = plan_series.show(page, influencer)
    _empty_calendar(page, influencer_cards, influencer)
    event = calendar(
        "calendar",
        workspace=page.workspace.id,
        zone=zone,
        can_edit=page.can_edit,
        influencer=influencer,
        influencers=[(card.id, card.name) for card in influencer_cards],
        channels=[(channel.id, channel.label, channel.influencer_id) for channel in channel_cards],
        campaigns=list(campaigns.items()),
        states={state.value: worded(label) for state, label in STATE_LABELS.items()},
        platforms=_PLATFORM_NAMES,
        view=st.query_params.get(VIEW_PARAM, ""),
        stamp=f"{st.session_state.get(STAMP, 0)}:{moved}",
    )
    _empty_days(page, influencer)
    new_post.open_created(page)
    _follow(page, event, influencer_cards, influencer)


def _follow(page: Page, event: CalendarEvent, influencer_cards: Sequence[InfluencerCard], influencer: str) -> None:
    """Opens what was asked for."""
    if event.opened:
        composer.open_panel(page, event.opened)
    elif event.chosen and page.can_edit:
        if event.chosen.days > 1:
            bulk_dialog.open_dialog(
                page, influencer_cards, influencer=influencer, first=event.chosen.start.date(), days=event.chosen.days
            )
        else:
            new_post.start(page, influencer_cards, influencer=influencer, chosen=event.chosen)
    elif event.dialog == "new" and page.can_edit:
        new_post.start(page, influencer_cards, influencer=influencer, chosen=None)
    elif (event.dialog == "fill" or st.query_params.pop(FILL_PARAM, "")) and page.can_edit:
        bulk_dialog.open_dialog(page, influencer_cards, influencer=influencer)
    elif event.dialog:
        calendar_settings.open_dialog(event.dialog, page, influencer_cards, influencer=influencer)


def _empty_calendar(page: Page, influencer_cards: Sequence[InfluencerCard], influencer: str) -> None:
    """An invitation to plan something, while there is no post."""
    with page.transaction() as tx:
        plans = content_plans.page(tx, PlanFilters(influencer_id=influencer), take=1).cards
        series = bulk_planning.latest_series(tx, influencer)
    if plans or not page.can_edit or (series and not series.job.ended):
        return
    card = empty_state(
        tr("Nothing is planned yet"),
        tr("Have a week written and illustrated in your influencer's voice, look at it, approve it. Or plan one post by hand."),
        icon=":material/calendar_add_on:",
    )
    if card.button(tr("Fill the week"), type="primary", icon=":material/auto_awesome:", key="empty:week"):
        bulk_dialog.open_dialog(page, influencer_cards, influencer=influencer)


def _empty_days(page: Page, influencer: str) -> None:
    today = datetime.now(UTC).date()
    with page.transaction() as tx:
        empty_runs = content_plans.empty_days(tx, influencer, today, today + timedelta(days=27), least=3)
    if empty_runs:
        ranges = ", ".join(
            f"{day_text(start)}–{day_text(end)}" if start != end else day_text(start) for start, end in empty_runs[:4]
        )
        note = tr("Nothing planned on {days}.", days=ranges)
        st.caption(f":material/event_busy: {note}")
