"""Estimates of how long work takes on this installation, learned from finished work. Loading a model is counted apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from backend.db.tables import Device, Worker, WorkTime

_SAMPLES = 7
"""An estimate is the median of so many of the newest work times: on a machine that others use too, recent speed counts most."""
_MAX_ROWS = 40
"""Work times kept of each kind, model and state of loading."""
_WORKER_ALIVE_S = 60.0
"""A worker not seen for so long is dead, and the models its engines had loaded are gone."""


@dataclass(frozen=True, slots=True)
class Work:
    """What an attempt is about to do.

    `what`, `model`: finished work with the same two is comparable. `cost`: size of the work without loading, in a unit that
    grows with it; `measured`: the unit is seconds on the machine that costs were measured on (two processor cores). `cold`: its
    engine has to load first. `keeps_s`: seconds the engine keeps the model in memory afterwards; 0: not at all. `phase`: the
    one that takes most of the time; until it begins, the time left is taken from the estimate. "": every phase counts alike.
    """

    what: str
    model: str
    cost: float
    measured: bool = True
    cold: bool = False
    keeps_s: float = 0.0
    phase: str = ""


@dataclass(frozen=True, slots=True)
class Duration:
    """Seconds in all; of those, `load_s` until the model is loaded (0: it is loaded already, or there is none)."""

    seconds: float
    load_s: float = 0.0


@dataclass(frozen=True, slots=True)
class MeasuredDuration:
    """How long finished work took: `load_s` until its engine was loaded, `work_s` from then to the end, of which the last
    `tail_s` had no progress left to count (for example writing files)."""

    load_s: float
    work_s: float
    tail_s: float = 0.0


def record(tx: Session, work: Work, measured: MeasuredDuration, *, device_id: str | None, worker_id: str) -> None:
    """Writes how long finished work took and deletes the oldest comparable rows above _MAX_ROWS."""
    loaded_until = func.clock_timestamp() + timedelta(seconds=min(work.keeps_s, 86_400.0)) if work.keeps_s else None
    row = WorkTime(what=work.what, model=work.model, cost=work.cost, measured=work.measured, cold=work.cold)
    row.load_s, row.work_s, row.tail_s = measured.load_s, measured.work_s, measured.tail_s
    row.device_id, row.worker_id, row.loaded_until = device_id, worker_id, loaded_until
    tx.add(row)
    tx.flush()
    comparable = WorkTime.what == work.what, WorkTime.model == work.model, WorkTime.cold == work.cold
    newest = select(WorkTime.id).where(*comparable).order_by(WorkTime.id.desc()).limit(_MAX_ROWS)
    tx.execute(delete(WorkTime).where(*comparable, WorkTime.id.not_in(newest)).execution_options(synchronize_session=False))


def estimate(tx: Session, work: Work, *, load_s: float = 0.0) -> Duration | None:
    """How long this work will take. None when that is unknown: it was never done here and its cost is not measured.

    Work that was never done here is estimated from its cost and the speed of this machine. `load_s`: loading time to assume
    for a model that was never loaded here, in seconds of the machine that costs were measured on.
    """
    seconds_per_cost = _seconds_per_cost(tx, work) or (slowdown(tx) if work.measured else None)
    if seconds_per_cost is None:
        return None
    load_here_s = _load_seconds(tx, work)
    if load_here_s is None:
        load_here_s = load_s * slowdown(tx) if work.cold else 0.0
    return Duration(load_here_s + seconds_per_cost * work.cost, load_here_s if work.cold else 0.0)


def estimate_tail(tx: Session, work: Work) -> float:
    """Seconds between the last countable progress and the end of such work; 0: not known."""
    comparable = WorkTime.what == work.what, WorkTime.model == work.model
    newest = select(WorkTime.tail_s).where(*comparable).order_by(WorkTime.id.desc()).limit(_SAMPLES)
    return _median(tx.scalars(newest).all()) or 0.0


def has_history(tx: Session, what: str, model: str) -> bool:
    """Whether such work was ever done here."""
    return tx.scalar(select(WorkTime.id).where(WorkTime.what == what, WorkTime.model == model).limit(1)) is not None


def model_loaded(tx: Session, model: str) -> bool:
    """Whether a device has this model in memory: it used it last, not too long ago, and its worker still runs."""
    last = select(func.max(WorkTime.id)).where(WorkTime.device_id == Device.id).correlate(Device).scalar_subquery()
    ready = (
        select(WorkTime.id)
        .join(Device, Device.id == WorkTime.device_id)
        .join(Worker, Worker.id == WorkTime.worker_id)
        .where(WorkTime.id == last, WorkTime.model == model, WorkTime.loaded_until > func.clock_timestamp())
        .where(Device.state == "up", Device.last_engine == "image")
        .where(Worker.state == "up", Worker.seen_at > func.clock_timestamp() - timedelta(seconds=_WORKER_ALIVE_S))
    )
    return tx.scalar(ready.limit(1)) is not None


def slowdown(tx: Session) -> float:
    """How many times slower this machine is than the one that costs were measured on, by its latest work; 1.0: nothing
    known."""
    newest = select(WorkTime.work_s / WorkTime.cost).where(WorkTime.cost > 0, WorkTime.measured.is_(True))
    return _median(tx.scalars(newest.order_by(WorkTime.id.desc()).limit(_SAMPLES)).all()) or 1.0


def _seconds_per_cost(tx: Session, work: Work) -> float | None:
    """Seconds that one unit of such work's cost takes here; None: never done here."""
    comparable = (
        WorkTime.what == work.what,
        WorkTime.model == work.model,
        WorkTime.measured.is_(work.measured),
        WorkTime.cost > 0,
    )
    newest = select(WorkTime.work_s / WorkTime.cost).where(*comparable).order_by(WorkTime.id.desc()).limit(_SAMPLES)
    return _median(tx.scalars(newest).all())


def _load_seconds(tx: Session, work: Work) -> float | None:
    """Seconds until the engine was loaded for such work; None: never done here."""
    comparable = WorkTime.what == work.what, WorkTime.model == work.model, WorkTime.cold.is_(work.cold)
    newest = select(WorkTime.load_s).where(*comparable).order_by(WorkTime.id.desc()).limit(_SAMPLES)
    return _median(tx.scalars(newest).all())


def _median(values: Sequence[float]) -> float | None:
    return float(median(values)) if values else None
