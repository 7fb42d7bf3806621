"""What a run needs and when it starts, shown before it is started and while it waits."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from backend import training
from backend.engines.ports.image import ModelCard
from backend.engines.ports.trainer import TrainParams
from backend.kit.clock import now
from backend.training import RunCard, StartForecast, TrainingEstimate
from studio.shell.frame import Page
from studio.ui.format import clock_time, count, duration

_AT_ONCE_S = 60
_MEASURED = "Measured: peak memory of the training process, by batch, size and dim."
_COUNTED = (
    "Rough: counted from the network's shapes (frozen weights in bf16, what is kept for the backward pass, adapters "
    "with gradient and moments) plus a quarter."
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
            f"This needs about {_memory_text(estimate.memory.mb)}; {estimate.card} has {_memory_text(estimate.vram_mb)}. "
            "It will probably run out of memory: lower the batch size or the resolution, or turn convolutions off.",
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
    """“2 jobs before yours, expected to start about 14:20, to end about 14:50.” `not_before`: what was asked for."""
    ahead = f"{count(forecast.ahead, 'job')} before {'it' if run else 'yours'}" if forecast.ahead else ""
    if forecast.starts_at is None:
        earliest = f"not before {clock_time(not_before, zone)}" if not_before else ""
        return _sentence([ahead, earliest]) + forecast.why
    end_text = f"to end about {clock_time(forecast.ends_at, zone)}" if forecast.ends_at else ""
    if not_before and (forecast.starts_at - not_before).total_seconds() < _AT_ONCE_S:
        return _sentence([f"starts at **{clock_time(not_before, zone)}**, as {'asked' if run else 'you ask'}", end_text])
    at_once = not forecast.ahead and (forecast.starts_at - now()).total_seconds() < _AT_ONCE_S
    start_text = "starts at once" if at_once else f"expected to start about **{clock_time(forecast.starts_at, zone)}**"
    return _sentence([ahead, start_text, end_text])


def _sentence(parts: list[str]) -> str:
    text = ", ".join(part for part in parts if part)
    return f"{text[:1].upper()}{text[1:]}. " if text else ""


def _memory_line(estimate: TrainingEstimate) -> None:
    if estimate.memory is None:
        st.markdown(":material/memory: How much memory this kind of model needs is not known here.")
        return
    available = (
        f"{estimate.card} has {_memory_text(estimate.vram_mb)}"
        if estimate.vram_mb
        else "it trains on the processor"
        if estimate.card
        else ""
    )
    rough = "roughly " if estimate.memory.rough else "about "
    text = f":material/memory: Needs {rough}**{_memory_text(estimate.memory.mb)}** of memory" + (
        f"; {available}." if available else "."
    )
    st.markdown(text, help=_COUNTED if estimate.memory.rough else _MEASURED)
    if estimate.made_to_fit:
        st.markdown(f":material/tune: kohya trains {estimate.made_to_fit}.")


def _time_line(estimate: TrainingEstimate) -> None:
    if estimate.time is None:
        st.markdown(
            ":material/timer: How long it takes is not known yet: no run of this model, size and batch has finished here."
        )
        return
    runs = count(estimate.time.runs, "run")
    source = f"from your last {runs} like it" if estimate.time.runs else "by how fast this machine did other work"
    load_text = f", of which {rough_duration(estimate.time.around_s)} to load and save" if estimate.time.around_s >= 1 else ""
    st.markdown(f":material/timer: Takes about **{rough_duration(estimate.time.seconds)}**{load_text}; {source}.")


def rough_duration(seconds: float) -> str:
    """A duration without false precision: “40 s”, “4 min”, “2 h 10 min”."""
    if seconds < 55:
        return duration(max(round(seconds, -1), 10))
    return f"{max(round(seconds / 60), 1)} min" if seconds < 5400 else duration(round(seconds / 600) * 600)


def _memory_text(mb: int) -> str:
    return f"{mb / 1024:.1f} GB" if mb >= 1000 else f"{round(mb, -1)} MB"


def _limit(page: Page) -> int:
    return page.app.settings.jobs.concurrency_training
