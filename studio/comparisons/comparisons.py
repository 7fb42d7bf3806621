"""Comparing versions of a LoRA: starting a comparison, the list, and one comparison in three views."""

from __future__ import annotations

import streamlit as st

from backend import comparisons, jobs, training
from backend.comparisons import ComparisonCard, ComparisonDraft, ComparisonEstimate
from backend.errors import StudioError
from backend.generation import choose_model
from studio.comparisons import comparison_grid, comparison_result
from studio.comparisons.comparison_form import comparison_form
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.training.training_estimate import rough_duration
from studio.ui.buttons import confirm
from studio.ui.empty_state import empty_state, show_no_models
from studio.ui.format import ago, count, plain, state_badge
from studio.ui.forms import renew_request_key, request_key

ESTIMATE_TEXTS = {
    "comparisons": "about **{}** by earlier comparisons",
    "pictures": "roughly **{}** by pictures drawn before",
    "training": "roughly **{}** by how fast this run trained",
    "elsewhere": "roughly **{}** by what was measured on two processor cores",
}
VIEWS = {
    "pictures": ":material/grid_view: Pictures",
    "vote": ":material/how_to_vote: Vote",
    "result": ":material/trophy: Result",
}


def listing(page: Page) -> None:
    """Every comparison, newest first, and the choice of a run for a new one."""
    with page.transaction() as tx:
        runs, cards = comparisons.comparable_runs(tx), comparisons.page(tx)
    if not runs:
        empty = empty_state(
            "Nothing to compare yet",
            "Train a LoRA first: a run saves several checkpoints, and the last one is not always the best.",
            icon=":material/compare:",
        )
        if page.can_edit and empty.button("To the training page", type="primary"):
            page.go("models/training")
        return
    names = {run.id: f"{run.name} · {count(run.image_count, 'picture')} · {ago(run.created_at)}" for run in runs}
    if page.can_edit:
        with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
            chosen = st.selectbox("Training run", list(names), format_func=names.__getitem__, key="trials:run")
            if st.button("New comparison", type="primary", icon=":material/add:"):
                page.go("models/comparisons", run=chosen)
    if not cards:
        st.caption("No comparison yet. Choose a run: the same prompts and seeds are drawn with each of its checkpoints.")
    for card in cards:
        _row(page, card)


def of_run(page: Page, run_id: str) -> None:
    """The form for a new comparison of this run, and the comparisons it has."""
    if st.button("All comparisons", icon=":material/arrow_back:", type="tertiary"):
        page.go("models/comparisons")
    with page.transaction() as tx:
        run = training.get(tx, run_id)
        cards = comparisons.page(tx, run_id=run_id)
    st.markdown(f"## {plain(run.name)}")
    if page.can_edit:
        with st.container(border=True):
            _new_comparison(page, run_id, run.model)
    if cards:
        st.markdown("**Comparisons of this run**")
    elif not page.can_edit:
        st.caption("Nobody has compared this run's checkpoints yet.")
    for card in cards:
        _row(page, card)


def _new_comparison(page: Page, run_id: str, model_name: str) -> None:
    key = f"trial:{run_id}"
    models = page.app.engines.image.models()
    if not models:
        show_no_models(page, page.app.engines.image.status(), "Checkpoints can be compared", key=key)
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
    if st.button(f"Draw {count(n, 'picture')}", type="primary", icon=":material/compare:"):
        with page.transaction(needs="editor") as tx:
            card = comparisons.start(tx, draft=draft, models=models, request_key=idempotency_key)
        renew_request_key(key)
        page.go("models/comparisons", id=card.id)


def _estimate_text(draft: ComparisonDraft, n: int, duration: ComparisonEstimate | None) -> str:
    parts = [
        count(len(draft.steps), "checkpoint"),
        count(len(draft.strengths), "strength"),
        count(len(draft.prompts), "prompt"),
    ]
    parts += [count(draft.seeds, "seed")] if draft.seeds > 1 else []
    product_text = " × ".join(parts) + (" and the base model" if draft.control else "")
    duration_text = (
        f", {ESTIMATE_TEXTS[duration.by].format(rough_duration(duration.seconds))}."
        if duration
        else ". How long that takes is not known here yet."
    )
    return f"{product_text}: **{count(n, 'picture')}**{duration_text}"


def _row(page: Page, card: ComparisonCard) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap="xxsmall"):
            st.markdown(f"**{plain(card.run_name)}** {state_badge(card.state)}")
            votes = [count(card.votes, "vote")] if card.votes else []
            st.caption(" · ".join([_contents(card), *votes, ago(card.created_at)]))
        if st.button("Open", key=f"trial:{card.id}"):
            page.go("models/comparisons", id=card.id)


def _contents(card: ComparisonCard) -> str:
    plan, pictures = card.plan, card.done or card.total
    return f"{count(len(plan.steps), 'checkpoint')}, {count(len(plan.prompts), 'prompt')}, {count(pictures, 'picture')}"


def detail(page: Page, trial_id: str) -> None:
    """One comparison: its pictures, blind votes, the result."""
    if st.button("All comparisons", icon=":material/arrow_back:", type="tertiary"):
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
        st.caption("No picture was drawn.")
        return
    key = f"trial:view:{card.id}"
    if requested_view := st.session_state.pop("trial:wanted", ""):
        st.session_state[key] = requested_view
    st.session_state.setdefault(key, "pictures")
    view = st.segmented_control(
        "View", list(VIEWS), format_func=VIEWS.__getitem__, key=key, label_visibility="collapsed", required=True
    )
    if view == "vote":
        comparison_result.show_vote(page, card)
    elif view == "result":
        comparison_result.show_result(page, card)
    else:
        comparison_grid.show_grid(page, card, working=working)


def _actions(page: Page, card: ComparisonCard) -> None:
    with st.container(horizontal=True, width="content"):
        if st.button("Open the run", icon=":material/model_training:", type="tertiary"):
            page.go("models/training", id=card.run_id)
        if page.can_edit and st.button("Delete", icon=":material/delete:", type="tertiary"):
            consequence = count(card.done, "picture") + (f" and {count(card.votes, 'vote')}" if card.votes else "")
            confirm(
                "Delete this comparison?",
                f"Its {consequence} go with it. LoRAs you took from it stay.",
                action="Delete it",
                act=lambda: _delete(page, card.id),
            )


def _draw_missing(page: Page, card: ComparisonCard) -> None:
    if page.can_edit and st.button(f"Draw the missing {card.total - card.done}", icon=":material/replay:"):
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
