"""Comparing versions of a LoRA: starting a comparison, the list, and one comparison in three views."""

from __future__ import annotations

import streamlit as st

from backend import comparisons, jobs, training
from backend.comparisons import ComparisonCard, ComparisonDraft, ComparisonEstimate
from backend.errors import StudioError
from backend.generation import choose_model
from backend.language import tr, tr_lazy, tr_plural, worded
from studio.comparisons import comparison_grid, comparison_result
from studio.comparisons.comparison_form import comparison_form
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.training.training_estimate import rough_duration
from studio.ui.buttons import confirm
from studio.ui.empty_state import empty_state, show_no_models
from studio.ui.format import ago, plain, state_badge
from studio.ui.forms import renew_request_key, request_key

VIEWS = {
    "pictures": tr_lazy(":material/grid_view: Pictures"),
    "vote": tr_lazy(":material/how_to_vote: Vote"),
    "result": tr_lazy(":material/trophy: Result"),
}


def listing(page: Page) -> None:
    """Every comparison, newest first, and the choice of a run for a new one."""
    with page.transaction() as tx:
        runs, cards = comparisons.comparable_runs(tx), comparisons.page(tx)
    if not runs:
        empty = empty_state(
            tr("Nothing to compare yet"),
            tr("Train a LoRA first: a run saves several versions, and the last one is not always the best."),
            icon=":material/compare:",
        )
        if page.can_edit and empty.button(tr("Go to training"), type="primary"):
            page.go("models/training")
        return
    names = {
        run.id: " · ".join((run.name, tr_plural("{n:,} picture", "{n:,} pictures", run.image_count), ago(run.created_at)))
        for run in runs
    }
    place = st.container()
    if not cards:
        place = empty_state(
            tr("No comparisons yet"),
            tr("Choose a training run: each of its versions draws the same prompts and seeds, and you see which one is best."),
            icon=":material/compare:",
        )
    if page.can_edit:
        with place.container(border=bool(cards), horizontal=True, vertical_alignment="bottom", horizontal_alignment="center"):
            chosen = st.selectbox(
                tr("Training run"),
                list(names),
                format_func=names.__getitem__,
                key="trials:run",
                width="stretch" if cards else 360,
            )
            if st.button(tr("New comparison"), type="primary", icon=":material/add:"):
                page.go("models/comparisons", run=chosen)
    for card in cards:
        _row(page, card)


def of_run(page: Page, run_id: str) -> None:
    """The form for a new comparison of this run, and the comparisons it has."""
    if st.button(tr("All comparisons"), icon=":material/arrow_back:", type="tertiary"):
        page.go("models/comparisons")
    with page.transaction() as tx:
        run = training.get(tx, run_id)
        cards = comparisons.page(tx, run_id=run_id)
    st.markdown(f"## {plain(run.name)}")
    if page.can_edit:
        with st.container(border=True):
            _new_comparison(page, run_id, run.model)
    if cards:
        st.markdown(tr("**Comparisons of this run**"))
    elif not page.can_edit:
        st.caption(tr("Nobody has compared this run's versions yet."))
    for card in cards:
        _row(page, card)


def _new_comparison(page: Page, run_id: str, model_name: str) -> None:
    key = f"trial:{run_id}"
    models = page.app.engines.image.models()
    if not models:
        show_no_models(page, page.app.engines.image.status(), tr("Versions can be compared"), key=key)
        return
    with page.transaction() as tx:
        proposal = comparisons.propose(tx, run_id)
    draft = comparison_form(key, proposal, disabled=not page.can_edit)
    if draft is None:
        return
    n = comparisons.picture_count(
        len(draft.steps), len(draft.strengths), len(draft.prompts), draft.seeds, control=draft.control
    )
    with page.transaction() as tx:
        duration = comparisons.estimate(tx, run_id=run_id, model=choose_model(models, model_name), pictures=n)
    st.caption(_estimate_text(draft, n, duration))
    idempotency_key = request_key(key)
    if st.button(tr_plural("Generate {n:,} picture", "Generate {n:,} pictures", n), type="primary", icon=":material/compare:"):
        with page.transaction(needs="editor") as tx:
            card = comparisons.start(tx, draft=draft, models=models, request_key=idempotency_key)
        renew_request_key(key)
        page.go("models/comparisons", id=card.id)


def _estimate_text(draft: ComparisonDraft, n: int, duration: ComparisonEstimate | None) -> str:
    parts = [
        tr_plural("{n:,} version", "{n:,} versions", len(draft.steps)),
        tr_plural("{n:,} strength", "{n:,} strengths", len(draft.strengths)),
        tr_plural("{n:,} prompt", "{n:,} prompts", len(draft.prompts)),
    ]
    parts += [tr_plural("{n:,} seed", "{n:,} seeds", draft.seeds)] if draft.seeds > 1 else []
    product = " × ".join(parts)
    if draft.control:
        product = tr("{product} and the base model", product=product)
    pictures = tr_plural("**{n:,} picture**", "**{n:,} pictures**", n)
    return f"{product}: {pictures}. {_duration_text(duration)}"


def _duration_text(duration: ComparisonEstimate | None) -> str:
    if duration is None:
        return tr("It is not known yet how long that takes.")
    time = rough_duration(duration.seconds)
    match duration.by:
        case "comparisons":
            return tr("About **{time}** by earlier comparisons.", time=time)
        case "pictures":
            return tr("Roughly **{time}** by pictures generated before.", time=time)
        case "training":
            return tr("Roughly **{time}** by how fast this run trained.", time=time)
        case _:
            return tr("Roughly **{time}** by what was measured on two processor cores.", time=time)


def _row(page: Page, card: ComparisonCard) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap="xxsmall"):
            st.markdown(f"**{plain(card.run_name)}** {state_badge(card.state)}")
            votes = [tr_plural("{n:,} vote", "{n:,} votes", card.votes)] if card.votes else []
            st.caption(" · ".join([_contents(card), *votes, ago(card.created_at)]))
        if st.button(tr("Open"), key=f"trial:{card.id}"):
            page.go("models/comparisons", id=card.id)


def _contents(card: ComparisonCard) -> str:
    plan, pictures = card.plan, card.done or card.total
    versions = tr_plural("{n:,} version", "{n:,} versions", len(plan.steps))
    prompts = tr_plural("{n:,} prompt", "{n:,} prompts", len(plan.prompts))
    return ", ".join((versions, prompts, tr_plural("{n:,} picture", "{n:,} pictures", pictures)))


def detail(page: Page, trial_id: str) -> None:
    """One comparison: its pictures, blind votes, the result."""
    if st.button(tr("All comparisons"), icon=":material/arrow_back:", type="tertiary"):
        page.go("models/comparisons")
    with page.transaction() as tx:
        card = comparisons.get(tx, trial_id)
        job = jobs.get(tx, card.job_id)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"## {plain(card.run_name)} {state_badge(card.state)}")
        _actions(page, card)
    st.caption(f"{_contents(card)} · {plain(card.plan.model)} · {ago(card.created_at)}")
    working = follow(page, job, key="trial")
    if card.state in ("cancelled", "failed") and card.done < card.total:
        _draw_missing(page, card)
    if not card.done and not working:
        st.caption(tr("No pictures."))
        return
    key = f"trial:view:{card.id}"
    if requested_view := st.session_state.pop("trial:wanted", ""):
        st.session_state[key] = requested_view
    st.session_state.setdefault(key, "pictures")
    view = st.segmented_control(
        tr("View"),
        list(VIEWS),
        format_func=lambda view: worded(VIEWS[view]),
        key=key,
        label_visibility="collapsed",
        required=True,
    )
    if view == "vote":
        comparison_result.show_vote(page, card)
    elif view == "result":
        comparison_result.show_result(page, card)
    else:
        comparison_grid.show_grid(page, card, working=working)


def _actions(page: Page, card: ComparisonCard) -> None:
    with st.container(horizontal=True, width="content"):
        if st.button(tr("Open the run"), icon=":material/model_training:", type="tertiary"):
            page.go("models/training", id=card.run_id)
        if page.can_edit and st.button(tr("Delete"), icon=":material/delete:", type="tertiary"):
            confirm(
                tr("Delete this comparison?"),
                _deleted_text(card),
                action=tr("Delete"),
                act=lambda: _delete(page, card.id),
            )


def _deleted_text(card: ComparisonCard) -> str:
    pictures = tr_plural("{n:,} picture", "{n:,} pictures", card.done)
    if not card.votes:
        return tr("Also deleted: {pictures}. LoRAs you added from it stay.", pictures=pictures)
    votes = tr_plural("{n:,} vote", "{n:,} votes", card.votes)
    return tr("Also deleted: {pictures} and {votes}. LoRAs you added from it stay.", pictures=pictures, votes=votes)


def _draw_missing(page: Page, card: ComparisonCard) -> None:
    if page.can_edit and st.button(
        tr_plural("Generate the {n:,} missing", "Generate the {n:,} missing", card.total - card.done), icon=":material/replay:"
    ):
        try:
            with page.transaction(needs="editor") as tx:
                jobs.retry(tx, card.job_id)
        except StudioError as error:
            st.error(plain(error.message), icon=":material/error:")
        else:
            st.rerun()


def _delete(page: Page, trial_id: str) -> None:
    with page.transaction(needs="editor") as tx:
        comparisons.delete(tx, trial_id)
    st.query_params.pop("id", None)
