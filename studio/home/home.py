"""The first page of the day: what goes out today, what waits for the user, what runs, the week ahead, the latest pictures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import streamlit as st
from sqlalchemy.orm import Session

from backend import content_plans, gallery, generation, inbox, influencers, jobs, onboarding, training
from backend.content_plans import CalendarEntry, PlanFilters
from backend.errors import NotFound
from backend.gallery import GalleryFilters
from backend.generation import PictureCard
from backend.inbox import InboxCounts, InboxEntry
from backend.influencers import InfluencerCard
from backend.jobs import JobCard
from backend.kit.clock import now
from backend.language import tr, tr_plural
from backend.onboarding import Checklist
from studio.generation.results import picture_tile
from studio.help import tour
from studio.home import today, week
from studio.inbox.inbox import open_entry
from studio.inbox.inbox_list import inbox_list
from studio.influencers import first_steps, sample
from studio.influencers.wizard import STEPS
from studio.jobs.jobs import ACTIVE
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import plain
from studio.ui.live_jobs import live_jobs
from studio.ui.live_page import live_page
from studio.ui.picture_grid import picture_grid

LATEST_COUNT = 12
MOST_WAITING = 5
_JOBS_SHOWN = 3
"""More running jobs scroll in a box of their own, so that the week stays in sight."""


@dataclass(frozen=True, slots=True)
class HomeData:
    """`steps`: to the first published post, `card`: whose. `days`: posts of the seven days from today, by day in `zone`;
    `published`: posts of the last seven days, by day."""

    influencers: list[InfluencerCard]
    steps: Checklist
    card: InfluencerCard | None
    unfinished: list[InfluencerCard]
    zone: str
    days: dict[date, list[CalendarEntry]]
    published: dict[date, int]
    entries: list[InboxEntry]
    counts: InboxCounts
    running: list[JobCard]
    pictures: list[PictureCard]
    total_pictures: int


def draw(page: Page) -> None:
    live_page(page, "plan", "post", "picture", "channel", "influencer", key="home:live")
    tour.draw(page)
    home = _read(page)
    if not home.influencers and not home.pictures and not home.running:
        _welcome(page)
        return
    if home.card and home.steps.next_step:
        first_steps.checklist(page, home.card, home.steps)
    left, right = st.columns([3, 2], gap="large")
    with left:
        today.draw(page, home.days, home.zone)
        _waiting(page, home)
    with right:
        _running(page, home)
        week.draw(page, home.days, home.published, home.influencers)
    _latest(page, home)


def _read(page: Page) -> HomeData:
    her = page.influencer_id
    with page.transaction() as tx:
        cards = influencers.page(tx, take=200).cards
        steps = onboarding.checklist(tx, her)
        zone = week.zone(cards, her)
        first_day = content_plans.to_local_time(now(), zone).date()
        midnight = datetime.combine(first_day, datetime.min.time())
        ahead = content_plans.entries(
            tx, first=midnight, last=midnight + timedelta(days=7), zone=zone, filters=PlanFilters(influencer_id=her)
        )
        published = content_plans.published_by_day(tx, since=now() - timedelta(days=7), influencer_id=her)
        latest = gallery.page(tx, filters=GalleryFilters(influencer_id=her), take=LATEST_COUNT)
        return HomeData(
            influencers=cards,
            steps=steps,
            card=next((card for card in cards if card.id == steps.influencer_id), None),
            unfinished=[
                card
                for card in cards
                if her in ("", card.id) and card.setup and not card.setup.get("done") and _waits_for_user(tx, card)
            ],
            zone=zone,
            days=week.by_day(ahead, first_day),
            published=week.posts_by_day(published),
            entries=inbox.entries(tx, page.app.settings, influencer_id=her),
            counts=inbox.count_entries(tx, page.app.settings, influencer_id=her),
            running=jobs.page(tx, states=ACTIVE, take=20).cards,
            pictures=latest.pictures,
            total_pictures=latest.total,
        )


def _waits_for_user(tx: Session, card: InfluencerCard) -> bool:
    """Whether the wizard waits for the user: not while the training runs, and not once there are pictures."""
    if run_id := card.setup.get("run_id"):
        try:
            if training.get(tx, str(run_id)).state in ACTIVE:
                return False
        except NotFound:
            return True
    return not generation.latest(tx, influencer_id=card.id, take=1)


def _welcome(page: Page) -> None:
    card = empty_state(
        tr("Create your first influencer"),
        tr(
            "Give a name, add pictures or borrow a sample character: the studio trains a model of the face and creates "
            "the first four pictures. On a laptop that takes a few minutes."
        ),
        icon=":material/auto_awesome:",
    )
    if page.can_edit:
        if card.button(tr("New influencer"), type="primary", icon=":material/person_add:"):
            page.go("influencers/wizard")
        with card:
            sample.add_button(page, key="home", label=tr("Try a sample first"))
    else:
        card.caption(tr("You are a viewer here: ask an editor to create one."))
    card.space("small")


def _waiting(page: Page, home: HomeData) -> None:
    """What waits for the user, with the buttons that settle it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(tr("Needs you"), anchor=False, width="stretch")
        if home.counts.total:
            page.link("inbox/inbox", tr("All {total:,} in the inbox", total=home.counts.total), icon=":material/inbox:")
    on_checklist = home.steps.influencer_id if home.steps.next_step else ""
    unfinished = [card for card in home.unfinished if card.id != on_checklist]
    for card in unfinished[:2] if page.can_edit else ():
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            step = min(int(card.setup.get("step", 1)), len(STEPS))
            st.markdown(
                tr(
                    "**{name}**: the next step is **{step}** ({number} of {n}).",
                    name=plain(card.name),
                    step=STEPS[step - 1],
                    number=step,
                    n=len(STEPS),
                ),
                width="stretch",
            )
            if st.button(tr("Continue"), key=f"continue:{card.id}"):
                page.go("influencers/wizard", id=card.id)
    if opened := inbox_list(page, home.entries, home.counts, key="home:inbox", most=MOST_WAITING):
        open_entry(page, opened)


def _running(page: Page, home: HomeData) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(tr("Running"), anchor=False)
    box = st.container(height=300, border=False) if len(home.running) > _JOBS_SHOWN else st.container()
    with box:
        opened = live_jobs(
            "home:jobs",
            workspace=page.workspace.id,
            cards=home.running,
            can_edit=page.can_edit,
            open_label=tr("Details"),
            empty=tr("Nothing is running."),
        )
    if opened:
        page.go("settings/jobs", id=opened)


def _latest(page: Page, home: HomeData) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(tr("Latest pictures"), anchor=False, width="stretch")
        if page.can_edit and st.button(tr("Create pictures"), icon=":material/auto_awesome:"):
            page.go("create/pictures")
        if home.total_pictures > LATEST_COUNT and st.button(
            tr_plural("All {n:,} picture", "All {n:,} pictures", home.total_pictures), icon=":material/photo_library:"
        ):
            page.go("library/gallery")
    if not home.pictures:
        st.caption(tr("None yet."))
        return
    state = picture_grid("home:latest", tiles=[picture_tile(page, picture) for picture in home.pictures], size=150)
    if state.opened:
        page.go("library/gallery", id=state.opened)
