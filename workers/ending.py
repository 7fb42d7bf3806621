"""An attempt's verdict with what it had yet to report: written by its own last step, by the desk, or alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import insert
from sqlalchemy.orm import Session

from backend.jobs import AttemptRef, Ended, settle
from backend.jobs.claim import Claim
from backend.jobs.rules import Verdict
from backend.tables import JobLog


@dataclass(slots=True)
class Report:
    """What the keeper flushes: the latest figures, and lines not yet written."""

    step: str = ""
    phase: str = ""
    done: int = 0
    total: int = 0
    eta_s: float | None = None
    preview: str | None = None
    moved: bool = True
    lines: list[tuple[str, str]] = field(default_factory=list)


def write(tx: Session, claim: Claim, verdict: Verdict, report: Report) -> None:
    """Raises LeaseLost when others have ended the attempt."""
    one = ended(claim, verdict, report)
    settle(tx, one.ref, one.verdict, **one.figures)
    write_log(tx, [(claim, report)])


def ended(claim: Claim, verdict: Verdict, report: Report) -> Ended:
    ref = AttemptRef(claim.job_id, claim.attempt_id, claim.parent_id, claim.device_id)
    return Ended(ref, verdict, {"step": report.step, "phase": report.phase, "done": report.done, "total": report.total})


def write_log(tx: Session, reports: Sequence[tuple[Claim, Report]]) -> None:
    rows = [
        {"tenant_id": claim.tenant_id, "job_id": claim.job_id, "attempt_id": claim.attempt_id, "level": level, "line": line}
        for claim, report in reports
        for level, line in report.lines
    ]
    if rows:
        tx.execute(insert(JobLog), rows)
