"""Training: asking for a run, and a run as it goes: loss, samples, checkpoints."""

from __future__ import annotations

from dataclasses import asdict

import streamlit as st

from backend import datasets, jobs, training
from backend.errors import StudioError
from backend.training import CheckpointCard, RunCard, SampleCard
from studio.components import gallery, loss_chart
from studio.components.gallery import Tile
from studio.format import ago, count, media_url, plain, size, state_badge
from studio.forms.request_key import renew, request_key
from studio.forms.training import training_form
from studio.frame import Page
from studio.widgets.empty import empty_state
from studio.widgets.jobs import ACTIVE, follow
from studio.widgets.picture import picture


def ask(page: Page, dataset_id: str, *, key: str, button: str = "Start training") -> RunCard | None:
    """The form for a run on this dataset; returns the run just started."""
    models, most = page.app.engines.trainer.models(), page.app.settings.max_dataset_images
    with page.transaction() as tx:
        dataset = datasets.get(tx, dataset_id)
        state = datasets.readiness(tx, dataset_id, model_card=training.choose_model(models, ""), max_images=most)
    images = int(state.stats.included)
    draft = training_form(
        key, dataset_id=dataset_id, influencer_id=dataset.influencer_id, image_count=images, models=models,
        name=f"{dataset.trigger_word or 'lora'}-v1", disabled=not page.can_edit or bool(state.blockers),
    )  # fmt: skip
    for blocker in state.blockers:
        st.warning(blocker.sentence, icon=":material/block:")
    wish = request_key(f"{key}:{dataset_id}")
    if not st.button(
        button, type="primary", icon=":material/model_training:", disabled=not page.can_edit or bool(state.blockers)
    ):
        return None
    with page.transaction(needs="editor") as tx:
        run = training.start(tx, draft=draft, models=models, request_key=wish, max_images=most)
    renew(f"{key}:{dataset_id}")
    return run


def watch(page: Page, run: RunCard, *, key: str) -> None:
    """Progress, time left, loss and samples; the page runs again when it ends."""
    with page.transaction() as tx:
        job = jobs.get(tx, run.job_id)
        points = training.points(tx, run.id)
        samples = training.samples(tx, run.id)
        saved = training.checkpoints(tx, run.id)
    working = follow(page, job, key=key)
    query = f"?workspace={page.workspace.id}"
    st.markdown("**Loss** :small[— lower means the pictures are learned]")
    loss_chart(
        f"{key}:loss:{run.id}", points=[(point.step, point.loss) for point in points], steps=run.params.steps,
        poll_url=f"/api/training/{run.id}/points{query}" if working else "", marks=[one.step for one in saved],
    )  # fmt: skip
    if run.params.sample_every:
        _samples(page, run, samples, working, key)


def _samples(page: Page, run: RunCard, samples: list[SampleCard], working: bool, key: str) -> None:
    st.markdown("**Samples** :small[— drawn along the way with the same seed]")
    if not samples and not working:
        st.caption("None were drawn.")
        return
    state = gallery(
        f"{key}:samples:{run.id}", size=128, workspace=page.workspace.id, tiles=[_tile(page, one) for one in samples],
        expected=0 if samples or not working else len(run.sample_prompts),
        poll_url=f"/api/training/{run.id}/samples?workspace={page.workspace.id}" if working else "",
    )  # fmt: skip
    if state.opened and (chosen := next((one for one in samples if f"{one.step}-{one.n}" == state.opened), None)):
        _show(page, chosen)


@st.dialog("Sample", width="medium")
def _show(page: Page, sample: SampleCard) -> None:
    picture(media_url(page.workspace.id, sample.asset_id), alt=sample.prompt)
    st.caption(f"Step {sample.step} · {plain(sample.prompt)}")


def _tile(page: Page, sample: SampleCard) -> Tile:
    return Tile(
        id=f"{sample.step}-{sample.n}", src=media_url(page.workspace.id, sample.asset_id, w=320), alt=sample.prompt,
        caption=f"step {sample.step}",
    )  # fmt: skip


def listing(page: Page) -> None:
    """All runs, newest first."""
    with page.transaction() as tx:
        found = training.page(tx)
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
    for run in found.cards:
        _row(page, run)


def _row(page: Page, run: RunCard) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap="xxsmall"):
            st.markdown(f"**{plain(run.name)}** {state_badge(run.state)}")
            facts = count(run.image_count, "picture"), count(run.params.steps, "step"), ago(run.created_at)
            st.caption(" · ".join((plain(run.dataset_name), *facts)))
        if st.button("Open", key=f"run:{run.id}"):
            page.go("make/training", id=run.id)


def detail(page: Page, run_id: str) -> None:
    """One run with everything it made."""
    if st.button("All runs", icon=":material/arrow_back:", type="tertiary"):
        page.go("make/training")
    with page.transaction() as tx:
        run = training.get(tx, run_id)
        saved = training.checkpoints(tx, run_id)
    st.markdown(f"### {plain(run.name)} {state_badge(run.state)}")
    _figures(run)
    if run.lora_id and run.state == "completed":
        with st.container(horizontal=True):
            if st.button("Create pictures with it", type="primary", icon=":material/auto_awesome:"):
                page.go("make/generation", lora=run.lora_id, **({"influencer": run.influencer_id} if run.influencer_id else {}))
            if st.button("Open in the LoRA library"):
                page.go("make/loras", id=run.lora_id)
    watch(page, run, key="run")
    _checkpoints(page, run, saved)
    with st.expander("Parameters", icon=":material/tune:"):
        st.json({"model": run.model, "preset": run.preset, "trigger_word": run.trigger_word} | asdict(run.params))


def _figures(run: RunCard) -> None:
    with st.container(horizontal=True):
        st.metric("Pictures", run.image_count, border=True, height="stretch")
        st.metric("Steps", run.params.steps, border=True, height="stretch")
        if run.loss_first is not None and run.loss_last is not None:
            change = f"{(run.loss_last / run.loss_first - 1) * 100:.0f} %"
            st.metric(
                "Loss", f"{run.loss_last:.4f}", change, delta_color="inverse", border=True, height="stretch",
                help="Mean over the same 32 draws before and after training.",
            )  # fmt: skip


def _checkpoints(page: Page, run: RunCard, saved: list[CheckpointCard]) -> None:
    if not saved:
        return
    st.markdown("**Checkpoints** :small[— the LoRA as it was at these steps]")
    if page.can_edit and st.button("Compare checkpoints", icon=":material/compare:", help="Same prompts and seeds with each"):
        page.go("make/trials", run=run.id)
    for one in saved:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            with st.container(gap="xxsmall"):
                st.markdown(f"Step {one.step}" + (" :green-badge[final]" if one.final else ""))
                st.caption(f"{size(one.size_bytes)} · {ago(one.created_at)}")
            if one.lora_ids:
                st.badge("in the library", icon=":material/check:", color="green")
            elif page.can_edit and run.state not in ACTIVE:
                st.button("Add to the library", key=f"promote:{one.step}", on_click=_promote, args=(page, run.id, one.step))


def _promote(page: Page, run_id: str, step: int) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            lora = training.promote(tx, run_id, step)
    except StudioError as error:
        st.toast(error.message, icon=":material/error:")
    else:
        st.toast(f"{lora.name} is in the library.", icon=":material/check:")
