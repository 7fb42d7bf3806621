"""The first page of the day: what runs, what needs you, what came out last."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from sqlalchemy.orm import Session

from backend import content_plans, gallery, generation, influencers, jobs, training
from backend.content_plans import Attention
from backend.errors import NotFound, StudioError
from backend.generation import PictureCard
from backend.influencers import InfluencerCard
from backend.jobs import JobCard
from studio.budgets import costs
from studio.content_plans import attention
from studio.generation.results import picture_tile
from studio.influencers.wizard import STEPS
from studio.jobs.jobs import ACTIVE
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, count, plain
from studio.ui.live_jobs import live_jobs
from studio.ui.live_page import live_page
from studio.ui.picture_grid import picture_grid

LATEST_COUNT = 12


@dataclass(frozen=True, slots=True)
class OverviewData:
    """What the overview shows. `failed`: the latest failed jobs that nobody has dismissed."""

    influencers: list[InfluencerCard]
    unfinished: list[InfluencerCard]
    running: list[JobCard]
    failed: list[JobCard]
    pictures: list[PictureCard]
    total_pictures: int
    held_count: int
    attention: Attention


def draw(page: Page) -> None:
    live_page(page, "plan", "post", "picture", "job", "channel", "influencer")
    board = _read(page)
    if not board.influencers and not board.pictures and not board.running:
        _welcome(page)
        return
    _attention(page, board)
    st.header("Running now", anchor=False)
    opened = live_jobs(
        "overview:live",
        workspace=page.workspace.id,
        cards=board.running,
        can_edit=page.can_edit,
        open_label="Details",
        empty="Nothing is running.",
    )
    if opened:
        page.go("settings/jobs", id=opened)
    _latest(page, board)


def _read(page: Page) -> OverviewData:
    with page.transaction() as tx:
        page_of_pictures = gallery.page(tx, take=LATEST_COUNT)
        # failed posts have lines of their own (attention.show): they are corrected on their plans
        failed = [job for job in jobs.page(tx, states=("failed",), take=10, dismissed=False).cards if job.kind != "autopost"]
        influencer_cards = influencers.page(tx, take=50).cards
        return OverviewData(
            influencers=influencer_cards,
            unfinished=[
                card for card in influencer_cards if card.setup and not card.setup.get("done") and _waits_for_user(tx, card)
            ],
            running=jobs.page(tx, states=ACTIVE, take=20).cards,
            failed=failed[:3],
            pictures=page_of_pictures.pictures,
            total_pictures=page_of_pictures.total,
            held_count=gallery.held_counts(tx)["held"],
            attention=content_plans.needs_attention(tx),
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
        "Create your first influencer",
        "Give a name, add pictures or borrow a sample character, and the studio trains a model of the face "
        "and draws the first four pictures. On a laptop that takes a few minutes.",
        icon=":material/auto_awesome:",
    )
    if page.can_edit:
        if card.button("New influencer", type="primary", icon=":material/person_add:"):
            page.go("influencers/wizard")
    else:
        card.caption("You are a viewer here: ask an editor to create one.")
    card.space("small")


def _attention(page: Page, board: OverviewData) -> None:
    unfinished = board.unfinished
    budget_warning = costs.budget_warning(page)
    if (
        not budget_warning
        and not board.failed
        and not board.held_count
        and not board.attention.total
        and not (unfinished and page.can_edit)
    ):
        return
    st.header("Needs you", anchor=False)
    for card in unfinished[:3] if page.can_edit else ():
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            step = min(int(card.setup.get("step", 1)), len(STEPS))
            st.markdown(f"**{plain(card.name)}**: the next step is **{STEPS[step - 1]}** ({step} of {len(STEPS)}).")
            if st.button("Continue", key=f"continue:{card.id}", type="primary"):
                page.go("influencers/wizard", id=card.id)
    if board.held_count:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{count(board.held_count, 'picture')}** held for a look: somebody else may be on them.")
            if st.button("Look", key="look:held"):
                page.go("inbox/face_check")
    if budget_warning:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(plain(budget_warning), width="stretch")
            if st.button("Open Costs", key="look:costs"):
                page.go("settings/costs")
    attention.show(page, board.attention)
    for job in board.failed:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            with st.container(gap="xxsmall"):
                st.markdown(f"**{plain(job.title)}** failed {ago(job.finished_at or job.created_at)}")
                st.caption(plain(job.error_message or ""))
            if st.button("Look", key=f"look:{job.id}"):
                page.go("settings/jobs", id=job.id)
            if page.can_edit:
                st.button("Dismiss", key=f"dismiss:{job.id}", type="tertiary", on_click=_dismiss, args=(page, job.id))


def _dismiss(page: Page, job_id: str) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            jobs.dismiss(tx, job_id)
    except StudioError as error:
        st.toast(plain(error.message), icon=":material/error:")


def _latest(page: Page, board: OverviewData) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Latest pictures", anchor=False)
        st.space("stretch")
        if page.can_edit and st.button("Create pictures", icon=":material/auto_awesome:"):
            page.go("create/pictures")
        if board.total_pictures > LATEST_COUNT and st.button(f"All {board.total_pictures:,}", icon=":material/photo_library:"):
            page.go("library/gallery")
    if not board.pictures:
        st.caption("None yet.")
        return
    state = picture_grid("overview:latest", tiles=[picture_tile(page, picture) for picture in board.pictures], size=150)
    if state.opened:
        page.go("library/gallery", id=state.opened)
