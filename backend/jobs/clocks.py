"""Repairs instants that were written before Postgres's clock was set back and now lie in the future.

A machine that boots with a wrong clock writes such rows until the time servers answer. Without the repair, a dead worker's
lease, a delay before the next attempt or an engine's next probe would last until the clock had caught up.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.settings import Settings

_REPAIRS = (
    # Delays keep their length, counted from the moment they were written as that clock had it.
    """UPDATE jobs j SET not_before = clock_timestamp() + (j.not_before - w.at)
      FROM (SELECT p.id, greatest(p.created_at, max(a.ended_at)) AS at FROM jobs p LEFT JOIN attempts a ON a.job_id = p.id
            WHERE p.state = 'pending' AND p.not_before > clock_timestamp() + make_interval(secs => :lease_s)
            GROUP BY p.id, p.created_at) w
      WHERE j.id = w.id AND j.state = 'pending' AND w.at > clock_timestamp() + make_interval(secs => :lease_s)""",
    """UPDATE posts SET not_before = clock_timestamp() + greatest(not_before - updated_at, interval '0'),
        submitted_at = least(submitted_at, clock_timestamp()), updated_at = clock_timestamp()
      WHERE state IN ('scheduled', 'publishing') AND updated_at > clock_timestamp() + make_interval(secs => :lease_s)""",
    """UPDATE attempts SET started_at = least(started_at, clock_timestamp()), progressed_at = clock_timestamp()
      WHERE ended_at IS NULL AND greatest(started_at, progressed_at) > clock_timestamp() + make_interval(secs => :lease_s)""",
    """UPDATE devices SET seen_at = least(seen_at, clock_timestamp()), probe_at = clock_timestamp()
      WHERE greatest(seen_at, probe_at) > clock_timestamp() + make_interval(secs => :lease_s + :probe_s)""",
    """UPDATE schedules SET next_at = clock_timestamp() + make_interval(secs => every_s)
      WHERE next_at > clock_timestamp() + make_interval(secs => every_s + :lease_s)""",
    "UPDATE turns SET served_at = clock_timestamp() WHERE served_at > clock_timestamp() + make_interval(secs => :lease_s)",
)


def repair_future_instants(tx: Session, settings: Settings) -> int:
    """Returns how many rows were repaired. `tx` is a dispatch transaction. Changes nothing while the clock is right."""
    values = {"lease_s": settings.jobs.lease_s, "probe_s": settings.workers.device_probe_s}
    return sum(tx.execute(text(statement), values).rowcount for statement in _REPAIRS)  # type: ignore[attr-defined]
