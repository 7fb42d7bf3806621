"""One run: progress, loss, samples, checkpoints, notes, and the runs it is based on or that continue it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

import streamlit as st

from backend import jobs, training
from backend.errors import StudioError
from backend.language import tr, tr_context, tr_plural
from backend.training import RunCard, SampleCard, TrainingCheckpointCard
from studio.gallery.picture_urls import picture
from studio.jobs.jobs import ACTIVE, follow
from studio.lineage import lineage
from studio.shell.frame import Page
from studio.training import training_estimate
from studio.training.loss_chart import LossLine, loss_chart
from studio.training.training_form import start_time_field
from studio.training.training_samples import samples_by_step
from studio.ui.format import ago, media_url, percent, plain, size, state_badge
from studio.ui.picture_grid import Tile, picture_grid


def watch(page: Page, run: RunCard, *, key: str) -> None:
    """Progress, time left, loss and samples of a run; the page reruns when it ends."""
    with page.transaction() as tx:
        job = jobs.get(tx, run.job_id)
        points = training.points(tx, run.id)
        samples = training.samples(tx, run.id)
        checkpoints = training.checkpoints(tx, run.id)
    working = follow(page, job, key=key)
    if job.state == "pending" and not points:
        return
    query = f"?workspace={page.workspace.id}"
    if points or working:
        st.markdown(tr("**Loss** :small[— lower means the pictures are learned]"))
        line = LossLine(
            name=run.name,
            points=[(point.step, point.loss) for point in points],
            steps=run.params.steps,
            marks=[checkpoint.step for checkpoint in checkpoints],
            poll_url=f"/api/training/{run.id}/points{query}" if working else "",
        )
        loss_chart(f"{key}:loss:{run.id}", lines=[line])
    if run.params.sample_every:
        _samples(page, run, samples, working, key)


def _samples(page: Page, run: RunCard, samples: list[SampleCard], working: bool, key: str) -> None:
    st.markdown(tr("**Samples** :small[— created during training with the same seed]"))
    if not samples and not working:
        st.caption(tr("No samples."))
        return
    if not working:
        prompts = list(dict.fromkeys(sample.prompt for sample in samples))
        samples_by_step(
            page, tr("Samples"), prompts, [[sample for sample in samples if sample.prompt == prompt] for prompt in prompts]
        )
        return
    state = picture_grid(
        f"{key}:samples:{run.id}",
        size=128,
        workspace=page.workspace.id,
        tiles=[_tile(page, sample) for sample in samples],
        expected=0 if samples or not working else len(run.sample_prompts),
        poll_url=f"/api/training/{run.id}/samples?workspace={page.workspace.id}" if working else "",
    )
    if state.opened and (opened := next((sample for sample in samples if f"{sample.step}-{sample.n}" == state.opened), None)):
        st.dialog(tr("Training sample"), width="medium")(_show)(page, opened)


def _show(page: Page, sample: SampleCard) -> None:
    picture(media_url(page.workspace.id, sample.asset_id), alt=sample.prompt)
    st.caption(tr("Step {step} · {prompt}", step=sample.step, prompt=plain(sample.prompt)))


def _tile(page: Page, sample: SampleCard) -> Tile:
    return Tile(
        id=f"{sample.step}-{sample.n}",
        src=media_url(page.workspace.id, sample.asset_id, w=320),
        alt=sample.prompt,
        caption=tr("step {step}", step=sample.step),
    )


def detail(page: Page, run_id: str, *, zone: str) -> None:
    """One run with everything it made."""
    if st.button(tr_context("training", "All runs"), icon=":material/arrow_back:", type="tertiary"):
        page.go("models/training")
    with page.transaction() as tx:
        run = training.get(tx, run_id)
        checkpoints = training.checkpoints(tx, run_id)
        source_runs = training.get_many(
            tx, [source_id for source_id in (run.continued_from_run_id, run.copied_from_run_id) if source_id]
        )
        continuations = training.continuations(tx, run_id)
    st.markdown(f"## {plain(run.name)} {state_badge(run.state)}")
    _related_runs(page, run, source_runs, continuations)
    _metrics(run)
    _actions(page, run, checkpoints)
    if run.state == "pending":
        _start_time_panel(page, run, zone)
    watch(page, run, key="run")
    _checkpoints(page, run, checkpoints)
    _notes(page, run)
    with st.expander(tr("Parameters"), icon=":material/tune:"):
        st.json({"model": run.model, "preset": run.preset, "trigger_word": run.trigger_word} | asdict(run.params))


def _related_runs(page: Page, run: RunCard, source_runs: list[RunCard], continuations: list[tuple[str, str, int]]) -> None:
    with st.container(horizontal=True, gap="small"):
        for source_run in source_runs:
            if source_run.id == run.continued_from_run_id:
                page.link(
                    "models/training",
                    tr("Continues {run} from step {step}", run=source_run.name, step=run.continued_from_step or 0),
                    icon=":material/history:",
                    id=source_run.id,
                )
            else:
                page.link(
                    "models/training",
                    tr("A copy of {run} with changes", run=source_run.name),
                    icon=":material/content_copy:",
                    id=source_run.id,
                )
        for next_id, name, step in continuations:
            page.link(
                "models/training",
                tr("Step {step} continues in {run}", step=step, run=name),
                icon=":material/arrow_forward:",
                id=next_id,
            )


def _actions(page: Page, run: RunCard, checkpoints: list[TrainingCheckpointCard]) -> None:
    with st.container(horizontal=True):
        if run.lora_id and run.state == "completed":
            if st.button(tr("Create pictures with it"), type="primary", icon=":material/auto_awesome:"):
                page.go("create/pictures", lora=run.lora_id, **({"influencer": run.influencer_id} if run.influencer_id else {}))
            if st.button(tr("Open in the LoRA library")):
                page.go("models/loras", id=run.lora_id)
        if page.can_edit and st.button(tr("Duplicate with changes"), icon=":material/content_copy:"):
            page.go("models/training", duplicate=run.id)
        if st.button(tr("Compare with other runs"), icon=":material/stacked_line_chart:"):
            page.go("models/training", compare=run.id)
        if (
            checkpoints
            and page.can_edit
            and st.button(tr("Compare versions"), icon=":material/compare:", help=tr("Same prompts and seeds with each"))
        ):
            page.go("models/comparisons", run=run.id)
        lineage.lineage_button(page, "run", run.id)


def _start_time_panel(page: Page, run: RunCard, zone: str) -> None:
    """When the waiting run will start, and the choice of another time."""
    with st.container(border=True):
        training_estimate.waiting_panel(page, run, zone=zone)
        if not page.can_edit:
            return
        if run.not_before and st.button(tr("Start now"), icon=":material/play_arrow:", help=tr("As soon as it is its turn")):
            _schedule(page, run.id, None)
        with st.expander(tr("Start at another time"), icon=":material/schedule:"):
            chosen = start_time_field(f"move:{run.id}", zone=zone)
            if st.button(
                tr("Start as soon as it is its turn") if chosen is None else tr("Start at this time"), key=f"moved:{run.id}"
            ):
                _schedule(page, run.id, chosen)


def _schedule(page: Page, run_id: str, not_before: datetime | None) -> None:
    with page.transaction(needs="editor") as tx:
        training.schedule(tx, run_id, not_before)
    st.rerun()


def _metrics(run: RunCard) -> None:
    with st.container(horizontal=True):
        st.metric(tr("Pictures"), run.image_count, border=True, height="stretch")
        st.metric(
            tr("Steps"),
            run.params.steps,
            tr_plural("after {n:,} before", "after {n:,} before", run.steps_before) if run.steps_before else None,
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
        )
        if run.loss_first is not None and run.loss_last is not None:
            change = percent(run.loss_last / run.loss_first - 1)
            st.metric(
                tr("Loss"),
                f"{run.loss_last:.4f}",
                change,
                delta_color="inverse",
                border=True,
                height="stretch",
                help=tr(
                    "Average before and after: over the same 32 draws with the built-in trainer, over the first and the "
                    "last 32 steps with kohya."
                ),
            )


def _checkpoints(page: Page, run: RunCard, checkpoints: list[TrainingCheckpointCard]) -> None:
    if not checkpoints:
        return
    st.markdown(tr("**Versions** :small[— the LoRA as it was at these steps]"))
    for checkpoint in checkpoints:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            with st.container(gap="xxsmall"):
                final = " " + tr(":green-badge[final]") if checkpoint.final else ""
                st.markdown(tr("Step {step}", step=checkpoint.step) + final)
                st.caption(
                    " · ".join(
                        (
                            size(checkpoint.size_bytes),
                            ago(checkpoint.created_at),
                            *((tr("with optimizer state"),) if checkpoint.has_state else ()),
                        )
                    )
                )
            if run.state in ACTIVE:
                continue
            if page.can_edit and st.button(
                tr("Continue from here"), key=f"continue:{checkpoint.step}", icon=":material/history:"
            ):
                page.go("models/training", duplicate=run.id, step=str(checkpoint.step))
            if checkpoint.lora_ids:
                st.badge(tr("in the library"), icon=":material/check:", color="green")
            elif page.can_edit:
                st.button(
                    tr("Add to the library"),
                    key=f"promote:{checkpoint.step}",
                    on_click=_promote,
                    args=(page, run.id, checkpoint.step),
                )


def _promote(page: Page, run_id: str, step: int) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            lora = training.promote(tx, run_id, step)
    except StudioError as error:
        st.toast(plain(error.message), icon=":material/error:")
    else:
        st.toast(tr("{name} is in the library.", name=plain(lora.name)), icon=":material/check:")


def _notes(page: Page, run: RunCard) -> None:
    """The notes, saved when the field loses focus; notes that somebody else saved meanwhile are not overwritten."""
    key = f"notes:{run.id}"
    st.text_area(
        tr("Notes"),
        run.notes,
        key=key,
        height=90,
        max_chars=2000,
        disabled=not page.can_edit,
        on_change=_save_notes,
        args=(page, run.id, run.notes, key),
        placeholder=tr("What you saw, what to try next.") if page.can_edit else tr("None yet."),
    )
    if problem := st.session_state.pop(f"{key}:problem", None):
        st.error(plain(problem), icon=":material/error:")
    elif page.can_edit:
        is_saved = st.session_state.get(f"{key}:saved") == run.notes
        st.caption(tr(":material/check: Saved.") if is_saved else tr("Saved when you leave the field."))


def _save_notes(page: Page, run_id: str, before: str, key: str) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            st.session_state[f"{key}:saved"] = training.set_notes(tx, run_id, st.session_state[key], before=before).notes
    except StudioError as error:
        st.session_state[f"{key}:problem"] = error.message
