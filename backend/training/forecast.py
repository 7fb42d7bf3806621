"""What a run will need and when it will start, from earlier runs, the devices and the queue, which is simulated. Reads only."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend import jobs
from backend.db.tables import Job, TrainingPoint, TrainingRun
from backend.engines.ports.image import ModelCard
from backend.engines.ports.trainer import LoraTrainer, TrainParams, memory_preset
from backend.jobs import DeviceSummary, QueuedJob
from backend.kit.clock import now
from backend.language import tr_lazy
from backend.training import resource_needs
from backend.training.queries import get_many
from backend.training.schemas import RunCard, RunSpeed, StartForecast, TrainingEstimate

_KIND = "lora-training"
_EARLIER_RUNS = 5
_NO_WORKER = tr_lazy("No worker that trains is running right now. The System page says what is missing.")
_OTHER_WORK = tr_lazy("Other work of this installation uses the device now; how long it takes is not known here.")
_UNKNOWN_WAIT = tr_lazy("How long the work before it takes is not known yet.")


@dataclass(frozen=True, slots=True)
class WaitingRun:
    """`not_before`: starts no earlier (0 or less: could start now). `duration_s`: how long it takes, None: unknown."""

    not_before: float
    duration_s: float | None


def start_times(running: Sequence[float | None], waiting: Sequence[WaitingRun], slots: int) -> list[float | None]:
    """When each of `waiting` (in the order they are claimed) starts; None: after a job of unknown duration, or never.

    `running`: seconds that the running jobs still take, None: unknown. A slot that becomes free takes the first job that may
    start by then.
    """
    slots = max(slots, len(running))
    free = [math.inf if left_s is None else max(left_s, 0.0) for left_s in running] + [0.0] * (slots - len(running))
    heapq.heapify(free)
    starts_at: list[float | None] = [None] * len(waiting)
    unstarted = list(range(len(waiting)))
    while unstarted and free and (free_at := heapq.heappop(free)) < math.inf:
        free_at = max(free_at, min(waiting[n].not_before for n in unstarted))
        next_run = next(n for n in unstarted if waiting[n].not_before <= free_at)
        unstarted.remove(next_run)
        starts_at[next_run], duration_s = free_at, waiting[next_run].duration_s
        heapq.heappush(free, math.inf if duration_s is None else free_at + duration_s)
    return starts_at


def next_local_time(now: datetime, zone: str, at: time) -> datetime:
    """The next moment at which clocks in `zone` show `at`, in UTC. `now` must be aware."""
    today = now.astimezone(ZoneInfo(zone)).date()
    today_at = local_to_utc(today, at, zone)
    return today_at if today_at > now else local_to_utc(today + timedelta(days=1), at, zone)


def local_to_utc(day: date, at: time, zone: str) -> datetime:
    """A local time in UTC. Of a time that clocks show twice the first; a time that they skip becomes the moment they jump."""
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)


def estimate(tx: Session, card: ModelCard, params: TrainParams, trainer: LoraTrainer | None = None) -> TrainingEstimate:
    """Memory and time of a run with these parameters on this model. `trainer`: its memory-saving preset is taken into
    account."""
    device = jobs.device_summary(tx, "trainer")
    preset = memory_preset(trainer, card.base, device.vram_mb) if trainer else None
    memory = resource_needs.estimate_memory(card, params, preset)
    rates = _rates(tx, card.name, params)
    duration = resource_needs.estimate_time(card, params, rates, on_processor=device.vram_mb == 0, pace=jobs.slowdown(tx))
    return TrainingEstimate(
        memory,
        duration,
        device.vram_mb,
        device.name,
        memory is None or resource_needs.fits(memory, device.vram_mb),
        preset.title if preset else "",
    )


def forecast_start(
    tx: Session, *, duration_s: float | None, limit: int, run: RunCard | None = None, not_before: datetime | None = None
) -> StartForecast:
    """When a run that takes `duration_s` starts: the waiting `run`, or a new one that starts no earlier than `not_before`.

    `limit`: how many trainings may run at once (`settings.jobs.concurrency_training`).
    """
    device, now_ = jobs.device_summary(tx, "trainer"), now()
    jobs_ahead = _competing_jobs(tx, device)
    durations = _seconds_left(tx, jobs_ahead)
    running = [job for job in jobs_ahead if job.running]
    waiting = [job for job in jobs_ahead if not job.running]
    ahead_in_queue = (
        waiting if run is None else waiting[: next((n for n, job in enumerate(waiting) if job.id == run.job_id), 0)]
    )
    earliest_s = max(((not_before or now_) - now_).total_seconds(), 0.0)
    ahead = len(running) + sum((job.not_before - now_).total_seconds() <= earliest_s for job in ahead_in_queue)
    if device.up == 0:
        return StartForecast(ahead, None, None, _NO_WORKER)
    if device.foreign >= device.up:
        return StartForecast(ahead, None, None, _OTHER_WORK)
    queue = [WaitingRun((job.not_before - now_).total_seconds(), durations.get(job.id)) for job in waiting]
    own_run = WaitingRun(earliest_s, duration_s)
    position = len(ahead_in_queue)
    queue = [*queue[:position], own_run, *queue[position + (run is not None) :]]
    slots = min(device.up - device.foreign, limit)
    starts_in_s = start_times([durations.get(job.id) for job in running], queue, slots)[position]
    if starts_in_s is None:
        return StartForecast(ahead, None, None, _UNKNOWN_WAIT)
    starts_at = now_ + timedelta(seconds=starts_in_s)
    return StartForecast(ahead, starts_at, starts_at + timedelta(seconds=duration_s) if duration_s is not None else None)


def _competing_jobs(tx: Session, device: DeviceSummary) -> list[QueuedJob]:
    """Jobs of the gpu queue that a training waits for: all of them with one device, only trainings with several."""
    queue = jobs.queue_status(tx, "gpu")
    return queue if device.up <= 1 else [job for job in queue if job.kind == _KIND]


def _seconds_left(tx: Session, queue: list[QueuedJob]) -> dict[str, float]:
    """Job id -> seconds it will (still) run, where that is known."""
    trainings = {card.id: card for card in get_many(tx, [job.subject_id for job in queue if job.kind == _KIND])}
    typical = jobs.typical_s(tx, {job.kind for job in queue if job.kind != _KIND})
    speeds: dict[tuple[str, tuple[int, int], int], list[RunSpeed]] = {}
    seconds_by_job: dict[str, float] = {}
    for job in queue:
        if job.left_s is not None:
            seconds_by_job[job.id] = job.left_s
            continue
        total_s = typical.get(job.kind)
        if card := trainings.get(job.subject_id):
            total_s = _run_seconds(tx, card, speeds)
        if total_s is not None:
            seconds_by_job[job.id] = max(total_s - job.running_s, 0.0) if job.running else total_s
    return seconds_by_job


def _run_seconds(tx: Session, card: RunCard, speeds: dict[tuple[str, tuple[int, int], int], list[RunSpeed]]) -> float | None:
    key = card.model, card.params.sides, card.params.batch
    if key not in speeds:
        speeds[key] = _rates(tx, card.model, card.params)
    base = ModelCard(card.model, card.model, card.base, 0, 1, (), "", 0, 0.0, True)
    on_processor = jobs.device_summary(tx, "trainer").vram_mb == 0
    duration = resource_needs.estimate_time(base, card.params, speeds[key], on_processor=on_processor, pace=jobs.slowdown(tx))
    return duration.seconds if duration else None


def _rates(tx: Session, model: str, params: TrainParams) -> list[RunSpeed]:
    """Speeds of the last finished runs of the same model, resolution and batch size."""
    like_it = (
        TrainingRun.model == model,
        TrainingRun.params["resolution"].as_integer() == params.resolution,
        func.coalesce(TrainingRun.params["resolution_height"].as_integer(), 0) == params.resolution_height,
        TrainingRun.params["batch"].as_integer() == params.batch,
        Job.state == "completed",
        Job.started_at.is_not(None),
    )
    total = func.extract("epoch", Job.finished_at - Job.started_at).label("whole")
    finished = select(TrainingRun.id, total).join(Job, Job.id == TrainingRun.job_id).where(*like_it)
    runs = finished.order_by(TrainingRun.id.desc()).limit(_EARLIER_RUNS).subquery()
    span = func.extract("epoch", func.max(TrainingPoint.at) - func.min(TrainingPoint.at))
    steps = func.max(TrainingPoint.step) - func.min(TrainingPoint.step)
    rows = tx.execute(
        select(runs.c.whole, span, steps)
        .join(TrainingPoint, TrainingPoint.run_id == runs.c.id)
        .group_by(runs.c.id, runs.c.whole)
    )
    measured = [(float(whole_s), float(span_s), int(n)) for whole_s, span_s, n in rows if n > 0]
    return [RunSpeed(span_s / n, max(whole_s - span_s, 0.0)) for whole_s, span_s, n in measured]
