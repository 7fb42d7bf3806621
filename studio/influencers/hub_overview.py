"""The first tab of an influencer's page: figures, what needs somebody, what comes next, and the way to the first post."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

import streamlit as st

from backend import content_plans, gallery, onboarding
from backend.content_plans import PlanFilters, PostState
from backend.gallery import GalleryFilters
from backend.influencers import InfluencerCard
from backend.onboarding import Checklist, Step
from studio.content_plans import bulk_dialog
from studio.influencers.hub_posts import post_rows
from studio.shell.frame import Page
from studio.ui.format import count, media_url
from studio.ui.picture_grid import Tile, picture_grid

S = PostState
_DAYS = 30
_UPCOMING, _TO_APPROVE, _PICTURES = 6, 4, 10
STEP_LABELS: dict[Step, str] = {
    "influencer": "Influencer",
    "pictures": "Pictures",
    "training": "Trained face",
    "channel": "Channel",
    "post": "First post",
}


def overview_tab(page: Page, card: InfluencerCard) -> None:
    since = datetime.now(UTC) - timedelta(days=_DAYS)
    with page.transaction() as tx:
        counts = content_plans.count_by_state(tx, list(S), influencer_id=card.id)
        published = sum(day.posts for day in content_plans.published_by_day(tx, since=since, influencer_id=card.id))
        steps = onboarding.checklist(tx, card.id)
        held = gallery.count(tx, filters=GalleryFilters(influencer_id=card.id, gate="held")).n
    to_approve, to_fix = counts[S.DRAFT] + counts[S.IN_REVIEW], counts[S.FAILED] + counts[S.MISSED] + counts[S.UNKNOWN]
    coming = counts[S.SCHEDULED] + counts[S.APPROVED] + counts[S.PUBLISHING]
    _figures({"To approve": to_approve, "Coming up": coming, "To fix": to_fix, f"Published in {_DAYS} days": published})
    next_step = None if card.is_sample else steps.next_step
    if next_step:
        _checklist(page, card, steps)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _needs_you(page, card, to_approve=to_approve, to_fix=to_fix, held=held)
        _latest(page, card)
    with right:
        _upcoming(page, card, offer_week=page.can_edit and next_step != "post")


def _figures(figures: dict[str, int]) -> None:
    with st.container(horizontal=True):
        for label, number in figures.items():
            st.metric(label, f"{number:,}", border=True)


def _checklist(page: Page, card: InfluencerCard, steps: Checklist) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="hub-checklist"):
        marks = [
            f":green-badge[:material/check: {label}]" if step in steps.done else f":gray-badge[{label}]"
            for step, label in STEP_LABELS.items()
        ]
        st.markdown(" ".join(marks), width="stretch")
        if page.can_edit:
            _next_step(page, card, steps)


def _next_step(page: Page, card: InfluencerCard, steps: Checklist) -> None:
    match steps.next_step:
        case "pictures" | "training":
            label = "Add pictures" if steps.next_step == "pictures" else "Train the face"
            if st.button(label, type="primary", icon=":material/arrow_forward:", key="hub:next"):
                if card.setup.get("dataset_id"):
                    page.go("influencers/wizard", id=card.id)
                page.go("models/datasets")
        case "channel":
            if st.button("Connect a channel", type="primary", icon=":material/cell_tower:", key="hub:next"):
                page.go("influencers/influencers", id=card.id, tab="channels")
        case _:
            _fill_week(page, card, primary=True)


def _fill_week(page: Page, card: InfluencerCard, *, primary: bool = False) -> None:
    kind: Literal["primary", "secondary"] = "primary" if primary else "secondary"
    if st.button("Fill the week", icon=":material/auto_awesome:", type=kind, key="hub:fill"):
        bulk_dialog.open_dialog(page, [card], influencer=card.id)


def _upcoming(page: Page, card: InfluencerCard, *, offer_week: bool) -> None:
    with page.transaction() as tx:
        filters = PlanFilters(influencer_id=card.id, states=(S.PUBLISHING, S.SCHEDULED, S.APPROVED), when="dated")
        cards = content_plans.page(tx, filters, take=_UPCOMING).cards
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Coming up", anchor=False, width="stretch")
        if offer_week:
            _fill_week(page, card)
        page.link("calendar/calendar", "Calendar", icon=":material/calendar_month:", influencer=card.id)
    if not cards:
        st.caption("Nothing is scheduled.")
    post_rows(page, cards, key="hub:upcoming")


def _needs_you(page: Page, card: InfluencerCard, *, to_approve: int, to_fix: int, held: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("To do", anchor=False)
    if not (to_approve or to_fix or held):
        st.caption("Nothing waits for you.")
        return
    if to_fix:
        page.link("inbox/review", f"Fix {count(to_fix, 'post')}", icon=":material/error:", influencer=card.id, show="failed")
    if held:
        page.link("inbox/face_check", f"Check {count(held, 'face')}", icon=":material/fact_check:", influencer=card.id)
    if to_approve:
        with page.transaction() as tx:
            filters = PlanFilters(influencer_id=card.id, states=(S.IN_REVIEW, S.DRAFT))
            cards = content_plans.page(tx, filters, take=_TO_APPROVE).cards
        label = f"Approve {count(to_approve, 'post')}"
        page.link("inbox/review", label, icon=":material/rate_review:", influencer=card.id)
        post_rows(page, cards, key="hub:approve")


def _latest(page: Page, card: InfluencerCard) -> None:
    with page.transaction() as tx:
        tiles = gallery.tiles(tx, filters=GalleryFilters(influencer_id=card.id), take=_PICTURES).tiles
    if not tiles:
        return
    st.header("Latest pictures", anchor=False)
    state = picture_grid(
        f"hub:latest:{card.id}",
        tiles=[Tile(id=tile.id, src=media_url(page.workspace.id, tile.asset_id, w=320), alt=tile.prompt) for tile in tiles],
        size=120,
    )
    if state.opened:
        page.go("library/gallery", id=state.opened)
