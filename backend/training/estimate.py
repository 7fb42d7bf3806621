"""What a run will need and when it will start, from the runs and cards there are. Reads, writes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend import jobs
from backend.db.tables import Job, TrainingPoint, TrainingRun
from backend.engines.image.port import ModelCard
from backend.engines.trainer.port import LoraTrainer, TrainParams, fitted
from backend.jobs import DeviceSummary, QueuedJob
from backend.kit.clock import now
from backend.training import estimates, forecast
from backend.training.queries import get_many
from backend.training.schemas import Estimate, Outlook, Rate, RunCard

_KIND = "lora-training"
_LAST = 5
_NO_CARD = "No worker that trains is running right now. The System page says what is missing."
_FOREIGN = "Other work of this installation has the card now; how long it takes is not known here."
_UNKNOWN = "How long the work before it takes is not known yet."


def estimate(tx: Session, card: ModelCard, params: TrainParams, trainer: LoraTrainer | None = None) -> Estimate:
    """Memory and time of a run with these parameters on this model, as `trainer` makes it fit its card."""
    where = jobs.device_summary(tx, "trainer")
    preset = fitted(trainer, card.base, where.vram_mb) if trainer else None
    need = estimates.memory(card, params, preset)
    rates = _rates(tx, card.name, params)
    time = estimates.time(card, params, rates, on_processor=where.vram_mb == 0, pace=jobs.slowdown(tx))
    return Estimate(
        need,
        time,
        where.vram_mb,
        where.name,
        need is None or estimates.fits(need, where.vram_mb),
        preset.title if preset else "",
    )


def outlook(
    tx: Session, *, lasts: float | None, limit: int, run: RunCard | None = None, not_before: datetime | None = None
) -> Outlook:
    """When a run that `lasts` so many seconds starts: the waiting `run`, or one asked for now that waits for `not_before`.

    `limit`: how many trainings may run at once (`settings.queue_concurrency_training`).
    """
    where, at = jobs.device_summary(tx, "trainer"), now()
    line = _line(tx, where)
    durations = _durations(tx, line)
    running = [one for one in line if one.running]
    waiting = [one for one in line if not one.running]
    before = waiting if run is None else waiting[: next((n for n, one in enumerate(waiting) if one.id == run.job_id), 0)]
    mine_from = max(((not_before or at) - at).total_seconds(), 0.0)
    ahead = len(running) + sum((one.not_before - at).total_seconds() <= mine_from for one in before)
    if where.up == 0:
        return Outlook(ahead, None, None, _NO_CARD)
    if where.foreign >= where.up:
        return Outlook(ahead, None, None, _FOREIGN)
    queue = [forecast.Waiting((one.not_before - at).total_seconds(), durations.get(one.id)) for one in waiting]
    mine = forecast.Waiting(mine_from, lasts)
    turn = len(before)
    queue = [*queue[:turn], mine, *queue[turn + (run is not None) :]]
    places = min(where.up - where.foreign, limit)
    starts = forecast.starts([durations.get(one.id) for one in running], queue, places)[turn]
    if starts is None:
        return Outlook(ahead, None, None, _UNKNOWN)
    begins = at + timedelta(seconds=starts)
    return Outlook(ahead, begins, begins + timedelta(seconds=lasts) if lasts is not None else None)


def _line(tx: Session, where: DeviceSummary) -> list[QueuedJob]:
    """With one card all that waits for the gpu queue comes first; with several, trainings only wait for each other."""
    found = jobs.queue_status(tx, "gpu")
    return found if where.up <= 1 else [one for one in found if one.kind == _KIND]


def _durations(tx: Session, line: list[QueuedJob]) -> dict[str, float]:
    """Seconds each job (still) takes, where that is known."""
    trainings = {card.id: card for card in get_many(tx, [one.subject_id for one in line if one.kind == _KIND])}
    others = jobs.typical_s(tx, {one.kind for one in line if one.kind != _KIND})
    known: dict[tuple[str, int, int], list[Rate]] = {}
    found: dict[str, float] = {}
    for one in line:
        if one.left_s is not None:
            found[one.id] = one.left_s
            continue
        whole = others.get(one.kind)
        if card := trainings.get(one.subject_id):
            whole = _lasts(tx, card, known)
        if whole is not None:
            found[one.id] = max(whole - one.running_s, 0.0) if one.running else whole
    return found


def _lasts(tx: Session, card: RunCard, known: dict[tuple[str, int, int], list[Rate]]) -> float | None:
    key = card.model, card.params.resolution, card.params.batch
    if key not in known:
        known[key] = _rates(tx, card.model, card.params)
    base = ModelCard(card.model, card.model, card.base, 0, 1, (), "", 0, 0.0, True)
    on_processor = jobs.device_summary(tx, "trainer").vram_mb == 0
    time = estimates.time(base, card.params, known[key], on_processor=on_processor, pace=jobs.slowdown(tx))
    return time.seconds if time else None


def _rates(tx: Session, model: str, params: TrainParams) -> list[Rate]:
    """Of the last finished runs of the same model, resolution and batch."""
    same = (
        TrainingRun.model == model,
        TrainingRun.params["resolution"].as_integer() == params.resolution,
        TrainingRun.params["batch"].as_integer() == params.batch,
        Job.state == "completed",
        Job.started_at.is_not(None),
    )
    whole = func.extract("epoch", Job.finished_at - Job.started_at).label("whole")
    last = select(TrainingRun.id, whole).join(Job, Job.id == TrainingRun.job_id).where(*same)
    runs = last.order_by(TrainingRun.id.desc()).limit(_LAST).subquery()
    span = func.extract("epoch", func.max(TrainingPoint.at) - func.min(TrainingPoint.at))
    steps = func.max(TrainingPoint.step) - func.min(TrainingPoint.step)
    rows = tx.execute(
        select(runs.c.whole, span, steps)
        .join(TrainingPoint, TrainingPoint.run_id == runs.c.id)
        .group_by(runs.c.id, runs.c.whole)
    )
    found = [(float(whole_s), float(span_s), int(n)) for whole_s, span_s, n in rows if n > 0]
    return [Rate(span_s / n, max(whole_s - span_s, 0.0)) for whole_s, span_s, n in found]
