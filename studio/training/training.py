"""Training: the form of a new run, and the list of runs."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from backend import datasets, influencers, training
from backend.language import tr, tr_plural, worded
from backend.training import RunCard
from studio.datasets.dataset_mask import show_masks_ignored
from studio.shell.frame import Page
from studio.training import training_estimate
from studio.training.training_form import FollowedRun, own_zone, start_time_field, training_form
from studio.training.training_run import watch
from studio.ui.empty_state import empty_state, show_no_models
from studio.ui.format import ago, clock_time, plain, state_badge
from studio.ui.forms import renew_request_key, request_key
from studio.ui.thumbnails import thumbnail

__all__ = ["follow_up_form", "listing", "own_zone", "run_form", "watch"]
_MAX_SHOWN = 50


def run_form(page: Page, dataset_id: str, *, key: str, button: str = "", followed: FollowedRun | None = None) -> RunCard | None:
    """The form for a run on this dataset, filled from the run `followed`, if any; returns the run just started.

    `button`: its label; “Start training” when empty.
    """
    models, max_images = page.app.engines.trainer.models(), page.app.settings.uploads.max_dataset_images
    if not any(card.trainable for card in models):
        show_no_models(page, page.app.engines.trainer.status(), tr("LoRAs can be trained"), key=key)
        return None
    with page.transaction() as tx:
        dataset = datasets.get(tx, dataset_id)
        state = datasets.readiness(tx, dataset_id, model_card=training.choose_model(models, ""), max_images=max_images)
    zone_ = _zone_for(page, dataset.influencer_id)
    disabled = not page.can_edit
    same_pictures = followed is not None and _same_pictures_choice(key, followed, int(state.stats.included), disabled=disabled)
    form = training_form(
        key,
        dataset_id=dataset_id,
        influencer_id=dataset.influencer_id,
        models=models,
        followed=followed,
        image_count=followed.run.image_count if followed and same_pictures else int(state.stats.included),
        shown=0 if followed and same_pictures else int(state.stats.shown),
        name=training.next_version(followed.run.name) if followed else f"{dataset.trigger_word or 'lora'}-v1",
        disabled=disabled,
    )
    not_before = start_time_field(key, zone=zone_, disabled=disabled)
    show_masks_ignored(page, state.stats.masked)
    training_estimate.run_estimate(page, form.card, form.params, not_before=not_before, zone=zone_)
    is_blocked = bool(state.blockers) and not same_pictures
    for blocker in state.blockers if is_blocked else ():
        st.warning(plain(worded(blocker.sentence)), icon=":material/block:")
    idempotency_key = request_key(f"{key}:{dataset_id}")
    if not st.button(
        button or tr("Start training"), type="primary", icon=":material/model_training:", disabled=disabled or is_blocked
    ):
        return None
    draft = form.draft.model_copy(update={"not_before": not_before, "pictures": "snapshot" if same_pictures else "current"})
    with page.transaction(needs="editor") as tx:
        run = training.start(tx, draft=draft, models=models, request_key=idempotency_key, max_images=max_images)
    renew_request_key(f"{key}:{dataset_id}")
    return run


def _same_pictures_choice(key: str, followed: FollowedRun, current_count: int, *, disabled: bool) -> bool:
    """The choice between the pictures of the followed run and those of the dataset now; True: the same pictures again."""
    labels = {
        "same": tr_plural(
            "The same {n:,} picture as {run}",
            "The same {n:,} pictures as {run}",
            followed.run.image_count,
            run=followed.run.name,
        ),
        "current": tr("The {n:,} now in the dataset", n=current_count),
    }
    chosen = st.segmented_control(
        tr("Pictures"),
        list(labels),
        default="same",
        format_func=labels.__getitem__,
        key=f"{key}:pictures",
        disabled=disabled,
        required=True,
    )
    return chosen == "same"


def follow_up_form(page: Page, run_id: str, step: int | None) -> None:
    """The form filled from a run: to repeat it with changes, or to continue from its checkpoint of `step`."""
    if st.button(tr("Back to the run"), icon=":material/arrow_back:", type="tertiary"):
        page.go("models/training", id=run_id)
    with page.transaction() as tx:
        run = training.get(tx, run_id)
    if step is None:
        st.markdown(tr("## {run} again, with changes", run=plain(run.name)))
    else:
        st.markdown(tr("## Continue from step {step} of {run}", step=step, run=plain(run.name)))
        st.caption(tr("The new run starts from what this version has learned; its own steps count from 1."))
    if started := run_form(page, run.dataset_id, key=f"follow:{run_id}:{step}", followed=FollowedRun(run, step)):
        page.go("models/training", id=started.id)


def listing(page: Page) -> None:
    """All runs, newest first."""
    with page.transaction() as tx:
        run_page = training.page(tx, take=_MAX_SHOWN)
        dataset_page = datasets.page(tx)
        samples = training.newest_samples(tx, [run.id for run in run_page.cards])
    if not run_page.cards and not dataset_page.cards:
        card = empty_state(
            tr("Nothing to train on yet"),
            tr("Training learns a face from 10 to 30 pictures. Start with an influencer or a dataset."),
            icon=":material/model_training:",
        )
        if page.can_edit and card.button(tr("New influencer"), type="primary"):
            page.go("influencers/wizard")
        return
    if page.can_edit and dataset_page.cards:
        with st.expander(tr("New training run"), expanded=not run_page.cards, icon=":material/add:"):
            names = {dataset.id: dataset.name for dataset in dataset_page.cards}
            chosen = st.selectbox(tr("Dataset"), list(names), format_func=names.__getitem__, key="training:dataset")
            if chosen and (run := run_form(page, chosen, key="training")):
                page.go("models/training", id=run.id)
    if len(run_page.cards) > 1 and st.button(tr("Compare runs"), icon=":material/stacked_line_chart:"):
        page.go("models/training", compare=",".join(card.id for card in run_page.cards[:2]))
    for run in run_page.cards:
        _row(page, run, samples.get(run.id))
    if run_page.next_cursor:
        st.caption(tr("The newest {shown} of {n:,} runs.", shown=_MAX_SHOWN, n=run_page.total))


def _row(page: Page, run: RunCard, sample: str | None) -> None:
    """`sample`: asset id of its newest sample."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        thumbnail(page.workspace.id, sample, icon="model_training", size="medium")
        with st.container(gap="xxsmall"):
            st.markdown(f"**{plain(run.name)}** {state_badge(run.state)}")
            steps = tr_plural("{n:,} step", "{n:,} steps", run.params.steps)
            if run.steps_before:
                steps = tr("{before:,} + {steps}", before=run.steps_before, steps=steps)
            facts = [plain(run.dataset_name), tr_plural("{n:,} picture", "{n:,} pictures", run.image_count), steps]
            st.caption(" · ".join([*facts, _time_text(page, run)]))
            if run.notes:
                st.caption(f":material/sticky_note_2: {plain(run.notes[:160])}{'…' if len(run.notes) > 160 else ''}")
        if st.button(tr("Open"), key=f"run:{run.id}"):
            page.go("models/training", id=run.id)


def _time_text(page: Page, run: RunCard) -> str:
    not_before: datetime | None = run.not_before
    return tr("starts {time}", time=clock_time(not_before, own_zone())) if not_before else ago(run.created_at)


def _zone_for(page: Page, influencer_id: str | None) -> str:
    """The time zone to show times in: the person's, else the influencer's."""
    if influencer_id is None or own_zone(""):
        return own_zone()
    with page.transaction() as tx:
        return influencers.get(tx, influencer_id).time_zone
