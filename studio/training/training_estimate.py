"""What a run needs and when it starts, shown before it is started and while it waits."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from backend import training
from backend.engines.ports.image import ModelCard
from backend.engines.ports.trainer import TrainParams
from backend.kit.clock import now
from backend.language import tr, tr_lazy, tr_plural, worded
from backend.training import RunCard, StartForecast, TrainingEstimate
from studio.shell.frame import Page
from studio.ui.format import clock_time, duration

_AT_ONCE_S = 60
_MEASURED = tr_lazy("Measured: peak memory of the training process, by batch, size and dim.")
_COUNTED = tr_lazy(
    "Estimate from the network's shapes (frozen weights in bf16, what is kept for the backward pass, adapters with "
    "gradient and moments) plus a quarter."
)


def run_estimate(page: Page, card: ModelCard, params: TrainParams, *, not_before: datetime | None, zone: str) -> None:
    """Memory, time and start of a run that is not started yet."""
    with page.transaction() as tx:
        estimate = training.estimate(tx, card, params, page.app.engines.trainer)
        duration_s = estimate.time.seconds if estimate.time else None
        forecast = training.forecast_start(tx, duration_s=duration_s, limit=_limit(page), not_before=not_before)
    with st.container(border=True, gap="xxsmall"):
        _memory_line(estimate)
        _time_line(estimate)
        st.markdown(f":material/schedule: {forecast_text(forecast, zone, not_before=not_before)}")
    if estimate.memory and not estimate.fits:
        st.warning(
            tr(
                "This needs about {needed}; {device} has {available}. It will probably run out of memory: "
                "lower the batch size or the resolution, or turn convolutions off.",
                needed=_memory_text(estimate.memory.mb),
                device=estimate.card,
                available=_memory_text(estimate.vram_mb),
            ),
            icon=":material/memory_alt:",
        )


def waiting_panel(page: Page, run: RunCard, *, zone: str) -> None:
    """When the waiting run will start; refreshes by itself."""

    @st.fragment(run_every=15)
    def line() -> None:
        with page.guard():
            _forecast_line(page, run.id, zone)

    line()


def _forecast_line(page: Page, run_id: str, zone: str) -> None:
    models = {card.name: card for card in page.app.engines.trainer.models()}
    with page.transaction() as tx:
        run = training.get(tx, run_id)
        if run.state != "pending":
            return
        card = models.get(run.model)
        duration = training.estimate(tx, card, run.params).time if card else None
        duration_s = duration.seconds if duration else None
        forecast = training.forecast_start(tx, duration_s=duration_s, limit=_limit(page), run=run, not_before=run.not_before)
    st.markdown(f":material/schedule: {forecast_text(forecast, zone, run=run, not_before=run.not_before)}")


def forecast_text(forecast: StartForecast, zone: str, *, not_before: datetime | None = None, run: RunCard | None = None) -> str:
    """“2 jobs before yours. Expected to start about 14:20, to end about 14:50.” `not_before`: what was asked for."""
    sentences = [_ahead_text(forecast.ahead, is_waiting=run is not None)] if forecast.ahead else []
    if forecast.starts_at is None:
        if not_before:
            sentences.append(tr("Not before {time}.", time=clock_time(not_before, zone)))
        return " ".join([*sentences, worded(forecast.why)])
    if not_before and (forecast.starts_at - not_before).total_seconds() < _AT_ONCE_S:
        sentences.append(tr("Starts at **{time}**, as planned.", time=clock_time(not_before, zone)))
    elif not forecast.ahead and (forecast.starts_at - now()).total_seconds() < _AT_ONCE_S:
        sentences.append(tr("Starts at once."))
    else:
        sentences.append(tr("Expected to start about **{time}**.", time=clock_time(forecast.starts_at, zone)))
    if forecast.ends_at:
        sentences.append(tr("Ends about {time}.", time=clock_time(forecast.ends_at, zone)))
    return " ".join(sentences)


def _ahead_text(n: int, *, is_waiting: bool) -> str:
    if is_waiting:
        return tr_plural("{n:,} job before it.", "{n:,} jobs before it.", n)
    return tr_plural("{n:,} job before yours.", "{n:,} jobs before yours.", n)


def _memory_line(estimate: TrainingEstimate) -> None:
    if estimate.memory is None:
        st.markdown(":material/memory: " + tr("How much memory this kind of model needs is not known here."))
        return
    needed = _memory_text(estimate.memory.mb)
    if estimate.memory.rough:
        sentences = [tr("Needs roughly **{memory}** of memory.", memory=needed)]
    else:
        sentences = [tr("Needs about **{memory}** of memory.", memory=needed)]
    if estimate.vram_mb:
        sentences.append(tr("{device} has {memory}.", device=estimate.card, memory=_memory_text(estimate.vram_mb)))
    elif estimate.card:
        sentences.append(tr("It trains on the processor."))
    st.markdown(f":material/memory: {' '.join(sentences)}", help=worded(_COUNTED if estimate.memory.rough else _MEASURED))
    if estimate.made_to_fit:
        st.markdown(":material/tune: " + tr("kohya trains {settings}.", settings=estimate.made_to_fit))


def _time_line(estimate: TrainingEstimate) -> None:
    if estimate.time is None:
        text = tr("It is not known yet how long it takes: no run with this model, size and batch has finished here.")
        st.markdown(f":material/timer: {text}")
        return
    takes = rough_duration(estimate.time.seconds)
    if estimate.time.around_s >= 1:
        around = rough_duration(estimate.time.around_s)
        text = tr("Takes about **{duration}**, of which {loading} to load and save", duration=takes, loading=around)
    else:
        text = tr("Takes about **{duration}**", duration=takes)
    source = (
        tr_plural("from your last {n:,} run like it", "from your last {n:,} runs like it", estimate.time.runs)
        if estimate.time.runs
        else tr("by how fast this machine did other work")
    )
    st.markdown(f":material/timer: {text}; {source}.")


def rough_duration(seconds: float) -> str:
    """A duration without false precision: “40 s”, “4 min”, “2 h 10 min”."""
    if seconds < 55:
        return duration(max(round(seconds, -1), 10))
    return tr("{n} min", n=max(round(seconds / 60), 1)) if seconds < 5400 else duration(round(seconds / 600) * 600)


def _memory_text(mb: int) -> str:
    return tr("{gb:.1f} GB", gb=mb / 1024) if mb >= 1000 else f"{round(mb, -1)} MB"


def _limit(page: Page) -> int:
    return page.app.settings.jobs.concurrency_training
