"""What was made of an influencer: posts by state, pictures, videos, texts. Each opens with a click."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st

from backend import content_plans, gallery, videos, writing
from backend.content_plans import PlanCard, PlanFilters, PostState
from backend.gallery import GalleryFilters
from backend.influencers import InfluencerCard
from backend.language import tr, tr_lazy, worded
from backend.videos import VideoFilters
from studio.influencers.hub_posts import post_rows
from studio.shell.frame import Page
from studio.ui.format import ago, duration, media_url, plain
from studio.ui.picture_grid import Tile, picture_grid

S = PostState
_GROUPS: dict[str, tuple[str, tuple[PostState, ...]]] = {
    "approve": (tr_lazy("To approve"), (S.IN_REVIEW, S.DRAFT)),
    "coming": (tr_lazy("Coming up"), (S.PUBLISHING, S.SCHEDULED, S.APPROVED, S.ON_HOLD)),
    "fix": (tr_lazy("To fix"), (S.UNKNOWN, S.FAILED, S.MISSED)),
    "published": (tr_lazy("Published"), (S.PUBLISHED,)),
}
_POSTS, _PICTURES, _VIDEOS, _TEXTS = 12, 18, 8, 6
_HISTORY = timedelta(days=366)


def content_tab(page: Page, card: InfluencerCard) -> None:
    left, right = st.columns([2, 3], gap="large")
    with left:
        _posts(page, card)
        _texts(page, card)
    with right:
        _pictures(page, card)
        _videos(page, card)


def _heading(page: Page, title: str, total: int, file: str, card: InfluencerCard) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(f"{title} :gray[{total:,}]" if total else title, anchor=False, width="stretch")
        page.link(file, tr("See all"), icon=":material/arrow_forward:", influencer=card.id)


def _posts(page: Page, card: InfluencerCard) -> None:
    with page.transaction() as tx:
        counts = content_plans.count_by_state(tx, list(S), influencer_id=card.id)
    numbers = {group: sum(counts[state] for state in states) for group, (_, states) in _GROUPS.items()}
    _heading(page, tr("Posts"), sum(numbers.values()), "calendar/calendar", card)
    if not any(numbers.values()):
        st.caption(tr("No posts yet. Fill a week from Overview, or create one."))
        return
    group = st.segmented_control(
        tr("Posts"),
        list(_GROUPS),
        default=next(group for group, number in numbers.items() if number),
        format_func=lambda group: f"{worded(_GROUPS[group][0])} ({numbers[group]})",
        key=f"hub:posts:{card.id}",
        label_visibility="collapsed",
        required=True,
        wrap=True,
    )
    post_rows(page, _plans(page, card, group or "coming"), key="hub:content")


def _plans(page: Page, card: InfluencerCard, group: str) -> list[PlanCard]:
    with page.transaction() as tx:
        if group == "published":
            since = datetime.now(UTC) - _HISTORY
            return content_plans.published_plans(tx, since=since, influencer_id=card.id, take=_POSTS)
        filters = PlanFilters(influencer_id=card.id, states=_GROUPS[group][1])
        return content_plans.page(tx, filters, take=_POSTS).cards


def _texts(page: Page, card: InfluencerCard) -> None:
    with page.transaction() as tx:
        drafts = writing.page(tx, influencer_id=card.id, states=("draft",), take=_TEXTS)
    _heading(page, tr("Texts"), drafts.total, "create/texts", card)
    if not drafts.cards:
        st.caption(tr("No texts yet."))
    for draft in drafts.cards:
        words = " ".join((draft.parts.caption or draft.parts.hook or draft.topic).split())
        with st.container(gap=None):
            label = words if len(words) <= 90 else words[:89] + "…"
            page.link("create/texts", plain(label or tr("Untitled")), icon=":material/ink_pen:", id=draft.id)
            st.caption(f"{plain(draft.topic[:60])} · {ago(draft.updated_at)}")


def _pictures(page: Page, card: InfluencerCard) -> None:
    filters = GalleryFilters(influencer_id=card.id)
    with page.transaction() as tx:
        tiles = gallery.tiles(tx, filters=filters, take=_PICTURES).tiles
        total = gallery.count(tx, filters=filters) if tiles else None
    _heading(page, tr("Pictures"), total.n if total else 0, "library/gallery", card)
    if not tiles:
        st.caption(tr("No pictures yet."))
        return
    state = picture_grid(
        f"hub:pictures:{card.id}",
        tiles=[Tile(id=tile.id, src=media_url(page.workspace.id, tile.asset_id, w=320), alt=tile.prompt) for tile in tiles],
        size=120,
    )
    if state.opened:
        page.go("library/gallery", id=state.opened)


def _videos(page: Page, card: InfluencerCard) -> None:
    with page.transaction() as tx:
        video_page = videos.page(tx, filters=VideoFilters(influencer_id=card.id), take=_VIDEOS)
    _heading(page, tr("Videos"), video_page.total, "library/videos", card)
    if not video_page.cards:
        st.caption(tr("No videos yet."))
        return
    tiles = [
        Tile(
            id=video.id,
            src=media_url(page.workspace.id, video.asset_id or "", w=320),
            alt=video.recipe.title,
            caption=duration(video.seconds),
        )
        for video in video_page.cards
    ]
    state = picture_grid(f"hub:videos:{card.id}", tiles=tiles, size=120)
    if state.opened:
        page.go("library/videos", id=state.opened)
