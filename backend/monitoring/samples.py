"""Takes samples and reads them back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Row, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import events
from backend.db.tables import InstallationSample
from backend.db.transactions import Anonymous
from backend.kit import clock, disk
from backend.monitoring.schemas import Figures, MinuteSample
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.app import App

KEPT_DAYS = 8
_SIZES_EVERY_S = 900
"""How often sizes are summed up, which reads whole tables; samples between carry them on."""
_SIZES = (
    "database_bytes",
    "stored_bytes",
    "stored_files",
    "spent_today_most_usd",
    "spent_month_most_usd",
    "own_budget_used_ratio",
)
_LOCK = text("SELECT pg_try_advisory_xact_lock(7316540299)")
_THIS_MINUTE = select(func.date_trunc("minute", func.clock_timestamp()))
_FIGURES = text("SELECT installation_figures(:after, :upto, :day, :sizes)")
_COLUMNS = select(InstallationSample.minute, InstallationSample.position, InstallationSample.figures)


def take(app: App) -> bool:
    """Takes this minute's sample, unless somebody else has or does. Returns whether it did. Raises Unavailable.

    Jobs that ended are counted by their events behind the sample before, so that each is counted once, however long nobody
    took samples. The first sample of all begins with the newest event.
    """
    with app.db.transaction(Anonymous()) as tx:
        events.stream.number(tx)
    with app.db.transaction(Anonymous()) as tx:
        if not tx.scalar(_LOCK):
            return False
        minute, before = tx.execute(_THIS_MINUTE).scalar_one(), latest(tx)
        if before and before.minute == minute:
            return False
        if before and before.minute > minute:  # the clock was set back
            tx.execute(delete(InstallationSample).where(InstallationSample.minute >= minute))
        upto = events.stream.last_position(tx)
        figures = _with_totals(_count(app, tx, before, minute, upto), before)
        tx.execute(insert(InstallationSample).values(minute=minute, position=upto, figures=figures.model_dump(mode="json")))
    return True


def latest(tx: Session) -> MinuteSample | None:
    """The newest sample. `tx`: of Anonymous(), as for all that reads samples."""
    row = tx.execute(_COLUMNS.order_by(InstallationSample.minute.desc()).limit(1)).first()
    return _sample(row) if row else None


def last_hours(tx: Session, hours: int = 24) -> list[MinuteSample]:
    """The samples of the last `hours`, oldest first."""
    since = func.clock_timestamp() - timedelta(hours=hours)
    return [_sample(row) for row in tx.execute(_COLUMNS.where(InstallationSample.minute >= since).order_by("minute"))]


def purge_old(tx: Session) -> None:
    """Deletes samples older than KEPT_DAYS."""
    tx.execute(delete(InstallationSample).where(InstallationSample.minute < func.clock_timestamp() - timedelta(days=KEPT_DAYS)))


def _count(app: App, tx: Session, before: MinuteSample | None, minute: datetime, upto: int) -> Figures:
    sizes = before is None or _period(before.minute) != _period(minute)
    after = before.position if before else upto
    counted = tx.scalar(_FIGURES, {"after": after, "upto": upto, "day": int(f"{clock.now():%Y%m%d}"), "sizes": sizes}) or {}
    if not sizes and before:
        counted |= {name: getattr(before.figures, name) for name in _SIZES}
    free, total = disk.free(app.settings.data_dir)
    figures = Figures.model_validate({**counted, "disk_free_bytes": free, "disk_total_bytes": total})
    return figures.model_copy(update={"budget_used_ratio": _budget_used(app.settings, figures)})


def _budget_used(settings: Settings, figures: Figures) -> float:
    """The greatest part that any workspace has used of a limit, its owner's or the operator's."""
    limits = settings.budgets.daily_usd, settings.budgets.monthly_usd
    spent = figures.spent_today_most_usd, figures.spent_month_most_usd
    ratios = [usd / limit for usd, limit in zip(spent, limits, strict=True) if limit]
    return max(figures.own_budget_used_ratio, *ratios, 0.0)


def _period(minute: datetime) -> int:
    return int(minute.timestamp()) // _SIZES_EVERY_S


def _with_totals(figures: Figures, before: MinuteSample | None) -> Figures:
    """With the jobs that ended since `before` added to its totals, which only grow, as Prometheus wants of a counter."""
    ended = dict(before.figures.ended_total) if before else {}
    seconds = dict(before.figures.ended_seconds_total) if before else {}
    for jobs in figures.ended:
        key = f"{jobs.type} {jobs.outcome}"
        ended[key] = ended.get(key, 0) + jobs.n
        seconds[jobs.type] = round(seconds.get(jobs.type, 0.0) + jobs.seconds, 2)
    return figures.model_copy(update={"ended_total": ended, "ended_seconds_total": seconds})


def _sample(row: Row[tuple[datetime, int, dict[str, object]]]) -> MinuteSample:
    return MinuteSample(row.minute, row.position, Figures.model_validate(row.figures))
