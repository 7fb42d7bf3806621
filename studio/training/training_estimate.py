"""What a run needs and when it starts, said before its button and while it waits."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from backend import training
from backend.engines.image.port import ModelCard
from backend.engines.trainer.port import TrainParams
from backend.kit.clock import now
from backend.training import Estimate, Outlook, RunCard
from studio.shell.frame import Page
from studio.ui.format import clock, count, duration

_SAME_S = 60
_MEASURED = "Measured: peak memory of the training process, by batch, size and dim."
_COUNTED = (
    "Rough: counted from the network's shapes (frozen weights in bf16, what is kept for the backward pass, adapters "
    "with gradient and moments) plus a quarter."
)


def before_start(page: Page, card: ModelCard, params: TrainParams, *, not_before: datetime | None, zone: str) -> None:
    """Memory, time and turn of a run that is not asked for yet."""
    with page.transaction() as tx:
        found = training.estimate(tx, card, params, page.app.engines.trainer)
        lasts = found.time.seconds if found.time else None
        turn = training.outlook(tx, lasts=lasts, limit=_limit(page), not_before=not_before)
    with st.container(border=True, gap="xxsmall"):
        _memory(found)
        _time(found)
        st.markdown(f":material/schedule: {turn_words(turn, zone, not_before=not_before)}")
    if found.memory and not found.fits:
        st.warning(
            f"This needs about {_mb(found.memory.mb)}; {found.card} has {_mb(found.vram_mb)}. It will probably run out of "
            "memory: lower the batch size or the resolution, or turn convolutions off.",
            icon=":material/memory_alt:",
        )


def waiting(page: Page, run: RunCard, *, zone: str) -> None:
    """Where the waiting run stands now; looks again by itself."""

    @st.fragment(run_every=15)
    def line() -> None:
        with page.guard():
            _line(page, run.id, zone)

    line()


def _line(page: Page, run_id: str, zone: str) -> None:
    models = {card.name: card for card in page.app.engines.trainer.models()}
    with page.transaction() as tx:
        run = training.get(tx, run_id)
        if run.state != "pending":
            return
        card = models.get(run.model)
        time = training.estimate(tx, card, run.params).time if card else None
        lasts = time.seconds if time else None
        turn = training.outlook(tx, lasts=lasts, limit=_limit(page), run=run, not_before=run.not_before)
    st.markdown(f":material/schedule: {turn_words(turn, zone, run=run, not_before=run.not_before)}")


def turn_words(turn: Outlook, zone: str, *, not_before: datetime | None = None, run: RunCard | None = None) -> str:
    """“2 jobs before yours, expected to start about 14:20, to end about 14:50.” `not_before`: what was asked for."""
    before = f"{count(turn.ahead, 'job')} before {'it' if run else 'yours'}" if turn.ahead else ""
    if turn.starts_at is None:
        held = f"not before {clock(not_before, zone)}" if not_before else ""
        return _sentence([before, held]) + turn.why
    ends = f"to end about {clock(turn.ends_at, zone)}" if turn.ends_at else ""
    if not_before and (turn.starts_at - not_before).total_seconds() < _SAME_S:
        return _sentence([f"starts at **{clock(not_before, zone)}**, as {'asked' if run else 'you ask'}", ends])
    soon = not turn.ahead and (turn.starts_at - now()).total_seconds() < _SAME_S
    begins = "starts at once" if soon else f"expected to start about **{clock(turn.starts_at, zone)}**"
    return _sentence([before, begins, ends])


def _sentence(parts: list[str]) -> str:
    text = ", ".join(part for part in parts if part)
    return f"{text[:1].upper()}{text[1:]}. " if text else ""


def _memory(found: Estimate) -> None:
    if found.memory is None:
        st.markdown(":material/memory: How much memory this kind of model needs is not known here.")
        return
    where = f"{found.card} has {_mb(found.vram_mb)}" if found.vram_mb else "it trains on the processor" if found.card else ""
    rough = "roughly " if found.memory.rough else "about "
    text = f":material/memory: Needs {rough}**{_mb(found.memory.mb)}** of memory" + (f"; {where}." if where else ".")
    st.markdown(text, help=_COUNTED if found.memory.rough else _MEASURED)
    if found.made_to_fit:
        st.markdown(f":material/tune: kohya trains {found.made_to_fit}.")


def _time(found: Estimate) -> None:
    if found.time is None:
        st.markdown(
            ":material/timer: How long it takes is not known yet: no run of this model, size and batch has finished here."
        )
        return
    runs = count(found.time.runs, "run")
    source = f"from your last {runs} like it" if found.time.runs else "by how fast this machine did other work"
    load = f", of which {about(found.time.around_s)} to load and save" if found.time.around_s >= 1 else ""
    st.markdown(f":material/timer: Takes about **{about(found.time.seconds)}**{load}; {source}.")


def about(seconds: float) -> str:
    """No more exact than it is: “40 s”, “4 min”, “2 h 10 min”."""
    if seconds < 55:
        return duration(max(round(seconds, -1), 10))
    return f"{max(round(seconds / 60), 1)} min" if seconds < 5400 else duration(round(seconds / 600) * 600)


def _mb(mb: int) -> str:
    return f"{mb / 1024:.1f} GB" if mb >= 1000 else f"{round(mb, -1)} MB"


def _limit(page: Page) -> int:
    return page.app.settings.queue_concurrency_training
