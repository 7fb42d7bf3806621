"""The first tab of an influencer's page: figures, what needs somebody, what comes next, and the way to the first post."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st

from backend import content_plans, gallery, inbox, onboarding
from backend.content_plans import PlanFilters, PostState
from backend.gallery import GalleryFilters
from backend.influencers import InfluencerCard
from backend.language import tr
from studio.inbox.inbox import open_entry
from studio.inbox.inbox_list import inbox_list
from studio.influencers import first_steps
from studio.influencers.hub_posts import post_rows
from studio.shell.frame import Page
from studio.ui.format import media_url
from studio.ui.picture_grid import Tile, picture_grid

S = PostState
_DAYS = 30
_UPCOMING, _TO_DO, _PICTURES = 6, 5, 10


def overview_tab(page: Page, card: InfluencerCard) -> None:
    since = datetime.now(UTC) - timedelta(days=_DAYS)
    with page.transaction() as tx:
        counts = content_plans.count_by_state(tx, list(S), influencer_id=card.id)
        published = sum(day.posts for day in content_plans.published_by_day(tx, since=since, influencer_id=card.id))
        steps = onboarding.checklist(tx, card.id)
    to_approve, to_fix = counts[S.DRAFT] + counts[S.IN_REVIEW], counts[S.FAILED] + counts[S.MISSED] + counts[S.UNKNOWN]
    coming = counts[S.SCHEDULED] + counts[S.APPROVED] + counts[S.PUBLISHING]
    _figures(
        {
            tr("To approve"): to_approve,
            tr("Coming up"): coming,
            tr("To fix"): to_fix,
            tr("Published in {days} days", days=_DAYS): published,
        }
    )
    next_step = None if card.is_sample else steps.next_step
    if next_step:
        first_steps.checklist(page, card, steps)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _needs_you(page, card)
    with right:
        _upcoming(page, card, offer_week=page.can_edit and next_step != "post")
    _latest(page, card)


def _figures(figures: dict[str, int]) -> None:
    with st.container(horizontal=True):
        for label, number in figures.items():
            st.metric(label, f"{number:,}", border=True)


def _upcoming(page: Page, card: InfluencerCard, *, offer_week: bool) -> None:
    with page.transaction() as tx:
        filters = PlanFilters(influencer_id=card.id, states=(S.PUBLISHING, S.SCHEDULED, S.APPROVED), when="dated")
        cards = content_plans.page(tx, filters, take=_UPCOMING).cards
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(tr("Coming up"), anchor=False, width="stretch")
        if offer_week:
            first_steps.fill_week(page, card)
        page.link("calendar/calendar", tr("Calendar"), icon=":material/calendar_month:", influencer=card.id)
    if not cards:
        st.caption(tr("Nothing is scheduled."))
    post_rows(page, cards, key="hub:upcoming")


def _needs_you(page: Page, card: InfluencerCard) -> None:
    with page.transaction() as tx:
        entries = inbox.entries(tx, page.app.settings, kinds=("fix", "approve", "face_check"), influencer_id=card.id)
        counts = inbox.count_entries(tx, page.app.settings, influencer_id=card.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(tr("To do"), anchor=False)
    if opened := inbox_list(page, entries, counts, key="hub:inbox", most=_TO_DO, influencer_id=card.id):
        open_entry(page, opened)


def _latest(page: Page, card: InfluencerCard) -> None:
    with page.transaction() as tx:
        tiles = gallery.tiles(tx, filters=GalleryFilters(influencer_id=card.id), take=_PICTURES).tiles
    if not tiles:
        return
    st.header(tr("Latest pictures"), anchor=False)
    state = picture_grid(
        f"hub:latest:{card.id}",
        tiles=[Tile(id=tile.id, src=media_url(page.workspace.id, tile.asset_id, w=320), alt=tile.prompt) for tile in tiles],
        size=120,
    )
    if state.opened:
        page.go("library/gallery", id=state.opened)
