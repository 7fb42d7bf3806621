"""Training: asking for a run, and the list of runs."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from backend import datasets, influencers, training
from backend.training import RunCard
from studio.datasets.dataset_mask import ignored
from studio.shell.frame import Page
from studio.training import training_estimate
from studio.training.start_time_form import start_time, zone
from studio.training.training_form import Follow, training_form
from studio.training.training_run import watch
from studio.ui.empty_state import empty_state
from studio.ui.engine_status import nothing_offered
from studio.ui.format import ago, clock, count, plain, state_badge
from studio.ui.request_key import renew, request_key

__all__ = ["ask", "follow", "listing", "watch", "zone"]
_SHOWN = 50


def ask(
    page: Page, dataset_id: str, *, key: str, button: str = "Start training", follow: Follow | None = None
) -> RunCard | None:
    """The form for a run on this dataset, filled from another run where one is given; returns the run just started."""
    models, most = page.app.engines.trainer.models(), page.app.settings.max_dataset_images
    if not any(card.trainable for card in models):
        nothing_offered(page, page.app.engines.trainer.status(), "LoRAs can be trained", key=key)
        return None
    with page.transaction() as tx:
        dataset = datasets.get(tx, dataset_id)
        state = datasets.readiness(tx, dataset_id, model_card=training.choose_model(models, ""), max_images=most)
    clocks = _clocks(page, dataset.influencer_id)
    off = not page.can_edit
    again = follow is not None and _pictures(key, follow, int(state.stats.included), disabled=off)
    asked = training_form(
        key, dataset_id=dataset_id, influencer_id=dataset.influencer_id, models=models, follow=follow,
        image_count=follow.run.image_count if follow and again else int(state.stats.included),
        name=training.next_version(follow.run.name) if follow else f"{dataset.trigger_word or 'lora'}-v1", disabled=off,
    )  # fmt: skip
    not_before = start_time(key, zone=clocks, disabled=off)
    ignored(page, state.stats.masked)
    training_estimate.before_start(page, asked.card, asked.params, not_before=not_before, zone=clocks)
    blocked = bool(state.blockers) and not again
    for blocker in state.blockers if blocked else ():
        st.warning(plain(blocker.sentence), icon=":material/block:")
    wish = request_key(f"{key}:{dataset_id}")
    if not st.button(button, type="primary", icon=":material/model_training:", disabled=off or blocked):
        return None
    draft = asked.draft.model_copy(update={"not_before": not_before, "pictures": "snapshot" if again else "current"})
    with page.transaction(needs="editor") as tx:
        run = training.start(tx, draft=draft, models=models, request_key=wish, max_images=most)
    renew(f"{key}:{dataset_id}")
    return run


def _pictures(key: str, follow: Follow, now: int, *, disabled: bool) -> bool:
    """Whether to train on the same pictures again."""
    then = f"The same {count(follow.run.image_count, 'picture')} as {follow.run.name}"
    choices = [then, f"The {now} that are in the dataset now"]
    chosen = st.segmented_control("Pictures", choices, default=then, key=f"{key}:pictures", disabled=disabled, required=True)
    return chosen == then


def follow(page: Page, run_id: str, step: int | None) -> None:
    """The form filled from a run: to repeat it with changes, or to go on from one of its checkpoints."""
    if st.button("Back to the run", icon=":material/arrow_back:", type="tertiary"):
        page.go("make/training", id=run_id)
    with page.transaction() as tx:
        run = training.get(tx, run_id)
    if step is None:
        st.markdown(f"## {plain(run.name)} again, with changes")
    else:
        st.markdown(f"## Go on from step {step} of {plain(run.name)}")
        st.caption("The new run begins with what this checkpoint has learned; its own steps count from 1.")
    if made := ask(page, run.dataset_id, key=f"follow:{run_id}:{step}", follow=Follow(run, step)):
        page.go("make/training", id=made.id)


def listing(page: Page) -> None:
    """All runs, newest first."""
    with page.transaction() as tx:
        found = training.page(tx, take=_SHOWN)
        sets = datasets.page(tx)
    if not found.cards and not sets.cards:
        card = empty_state(
            "Nothing to train on yet",
            "Training learns a face from 10 to 30 pictures. Start with an influencer or a dataset.",
            icon=":material/model_training:",
        )
        if page.can_edit and card.button("New influencer", type="primary"):
            page.go("start/wizard")
        return
    if page.can_edit and sets.cards:
        with st.expander("New training run", expanded=not found.cards, icon=":material/add:"):
            names = {one.id: one.name for one in sets.cards}
            chosen = st.selectbox("Dataset", list(names), format_func=names.__getitem__, key="training:dataset")
            if chosen and (run := ask(page, chosen, key="training")):
                page.go("make/training", id=run.id)
    if len(found.cards) > 1 and st.button("Compare runs", icon=":material/stacked_line_chart:"):
        page.go("make/training", compare=",".join(card.id for card in found.cards[:2]))
    for run in found.cards:
        _row(page, run)
    if found.next_cursor:
        st.caption(f"The newest {_SHOWN} of {count(found.total, 'run')}.")


def _row(page: Page, run: RunCard) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap="xxsmall"):
            st.markdown(f"**{plain(run.name)}** {state_badge(run.state)}")
            facts = [plain(run.dataset_name), count(run.image_count, "picture"), count(run.params.steps, "step")]
            if run.steps_before:
                facts[-1] = f"{run.steps_before:,} + {facts[-1]}"
            st.caption(" · ".join([*facts, _when(page, run)]))
            if run.notes:
                st.caption(f":material/sticky_note_2: {plain(run.notes[:160])}{'…' if len(run.notes) > 160 else ''}")
        if st.button("Open", key=f"run:{run.id}"):
            page.go("make/training", id=run.id)


def _when(page: Page, run: RunCard) -> str:
    at: datetime | None = run.not_before
    return f"starts {clock(at, zone())}" if at else ago(run.created_at)


def _clocks(page: Page, influencer_id: str | None) -> str:
    """Whose clocks are shown: the browser's, else the influencer's."""
    if influencer_id is None or (told := zone("")):
        return zone()
    with page.transaction() as tx:
        return influencers.get(tx, influencer_id).time_zone or told
