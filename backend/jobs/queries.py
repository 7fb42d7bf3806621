"""Reads jobs for pages and the API: cards, lists, logs, counts, who waits for what."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, make_dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Row,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Session, aliased

from backend.db.row_counts import bounded_count
from backend.db.tables import FINAL, Attempt, Device, Job, JobLog, JobState, Worker
from backend.db.tables.message_column import text_of
from backend.db.transactions import Database, Member, hash_token
from backend.errors import NotFound
from backend.jobs.job_type import JOB_TYPES, kinds_of_type, type_of_kind
from backend.jobs.results import camel_result, result_assets
from backend.jobs.schemas import JobCard, JobPage, LogLine, WorkerCard
from backend.language import messages, tr_lazy

_NOT_FOUND = tr_lazy("There is no such job in this workspace. It may have been cleaned up; see the list of jobs.")
_ahead = aliased(Job)
# Place in the workspace's own queue, from 1; null for a job that cannot be claimed now.
_position = case(
    (
        and_(Job.state == JobState.PENDING, Job.waits_for == 0, Job.not_before <= func.clock_timestamp()),
        select(func.count())
        .where(
            _ahead.state == JobState.PENDING,
            _ahead.not_before <= func.clock_timestamp(),
            _ahead.queue == Job.queue,
            _ahead.tenant_id == Job.tenant_id,
            or_(_ahead.priority < Job.priority, and_(_ahead.priority == Job.priority, _ahead.id <= Job.id)),
        )
        .correlate(Job)
        .scalar_subquery(),
    ),
)
_later = and_(Job.state == JobState.PENDING, Job.not_before > func.clock_timestamp())
_SAMPLES = 20
"""Completed jobs whose median is a kind's typical duration."""


_JOB_COLUMNS = (
    *(Job.id, Job.kind, Job.type, Job.title, Job.state, Job.result, Job.subject_noun, Job.subject_id, Job.parent_id),
    *(Job.waits_for, Job.not_before, Job.cancel_requested_at, Job.dead_letter, Job.error_code, Job.error_message, Job.cost_usd),
    *(Job.created_at, Job.started_at, Job.finished_at, Job.created_by),
)
_ATTEMPT_COLUMNS = (Attempt.n, Attempt.phase, Attempt.done, Attempt.total, Attempt.eta_s, Attempt.preview)
_CARD_COLUMNS = (*_JOB_COLUMNS, *_ATTEMPT_COLUMNS, _position.label("position"), _later.label("later"), Job.payload)
_CardRow: Any = make_dataclass("_CardRow", [column.key for column in _CARD_COLUMNS], slots=True)
"""A session's objects take longer to make and to track than to read, and SQLAlchemy's rows are slow to read by name."""


def _select_cards(*more: ColumnElement[Any]) -> Select[Any]:
    return select(*_CARD_COLUMNS, *more).outerjoin(Attempt, Attempt.id == Job.attempt_id)


def _card(row: Row[Any]) -> JobCard:
    """The row is passed as both the job and its attempt: none of the columns read has the same name in both tables."""
    columns = _CardRow(*row[: len(_CARD_COLUMNS)])
    return _to_card(columns, columns if columns.n is not None else None, columns.position, columns.later, columns.payload)


def _to_card(job: Any, attempt: Any, position: int | None, later: bool, payload: dict[str, Any] | None = None) -> JobCard:
    running = job.state == JobState.PROCESSING and attempt is not None
    done, total = (attempt.done, attempt.total) if running else (0, 0)
    progress = 1.0 if job.state == JobState.COMPLETED else (min(done / total, 1.0) if total > 0 else None)
    return JobCard(
        id=job.id,
        kind=job.kind,
        type=job.type or type_of_kind(job.kind),
        title=text_of(job.title),
        state=job.state,
        progress=progress,
        phase=text_of(attempt.phase) if running else "",
        done=done,
        total=total,
        eta_s=attempt.eta_s if running else None,
        preview=attempt.preview if running else None,
        error_code=job.error_code,
        error_message=None if job.error_message is None else text_of(job.error_message),
        dead_letter=job.dead_letter,
        result=camel_result(job.result),
        subject_noun=job.subject_noun,
        subject_id=job.subject_id,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        queue_position=position,
        cancel_requested=job.cancel_requested_at is not None and job.state not in FINAL,
        attempt_n=attempt.n if attempt is not None else 0,
        cost_usd=job.cost_usd,
        parent_id=job.parent_id,
        waits_for=job.waits_for,
        not_before=job.not_before if later else None,
        payload=payload,
        created_by=job.created_by,
    )


def find(tx: Session, *where: ColumnElement[bool]) -> JobCard | None:
    """The newest job for which `where` holds."""
    row = tx.execute(_select_cards().where(*where).order_by(Job.id.desc()).limit(1)).first()
    return _card(row) if row else None


def get(tx: Session, job_id: str) -> JobCard:
    """Raises NotFound, also for another workspace's job."""
    card = find(tx, Job.id == job_id)
    if card is None:
        raise NotFound(_NOT_FOUND)
    return card


_LIVE_COLUMNS = tuple(column for column in _CARD_COLUMNS if column.key != "payload")
_LIVE = (
    select(*_LIVE_COLUMNS)
    .outerjoin(Attempt, Attempt.id == Job.attempt_id)
    .where(Job.state == any_(literal(["processing", "pending"], ARRAY(Text))))
    .order_by(Job.id.desc())
    .limit(bindparam("take", type_=Integer))
)


def get_many(tx: Session, job_ids: Collection[str]) -> dict[str, JobCard]:
    """By id, those of this workspace."""
    rows = tx.execute(_select_cards().where(Job.id.in_(job_ids))).all() if job_ids else []
    return {row.id: _card(row) for row in rows}


_BY_IDS = (
    select(*_LIVE_COLUMNS)
    .outerjoin(Attempt, Attempt.id == Job.attempt_id)
    .where(Job.id == any_(bindparam("ids", type_=ARRAY(Text))))
)


def made_files(tx: Session, job_ids: Collection[str]) -> dict[str, list[str]]:
    """Job id -> ids of the files that its result names, of those that have a result."""
    if not job_ids:
        return {}
    rows = tx.execute(select(Job.id, Job.result).where(Job.id.in_(job_ids), Job.result.is_not(None)))
    return {job_id: result_assets(camel_result(result)) for job_id, result in rows}


def live(db: Database, caller: Member, *, ids: Sequence[str] = (), take: int = 20) -> list[JobCard]:
    """The jobs of `ids`, in that order; without ids, the newest `take` that wait or run. Pages poll this, so it takes one round
    trip.

    Raises NotSignedIn, NotFound.
    """
    if not ids:
        return [_live_card(row) for row in db.read_once(caller, (_LIVE, {"take": take}))]
    cards_by_id = {row.id: _live_card(row) for row in db.read_once(caller, (_BY_IDS, {"ids": list(ids)}))}
    if set(ids) - set(cards_by_id):
        raise NotFound(_NOT_FOUND)
    return [cards_by_id[job_id] for job_id in ids]


def live_in(tx: Session, *, take: int = 50) -> list[JobCard]:
    """The newest `take` jobs that wait or run, for whoever sends them to many pages at once."""
    return [_live_card(row) for row in tx.execute(_LIVE, {"take": take})]


def _live_card(row: Any) -> JobCard:
    """As `_card`, without the payload."""
    return _to_card(row, row if row.n is not None else None, row.position, row.later)


def children(tx: Session, job_id: str) -> list[JobCard]:
    """The job's children in the order they were enqueued."""
    rows = tx.execute(_select_cards().where(Job.parent_id == job_id).order_by(Job.id))
    return [_card(row) for row in rows]


def latest(tx: Session, subject: tuple[str, str], kind: str | None = None) -> JobCard | None:
    """The newest job about `(noun, id)`, of one kind if given."""
    kinds = [Job.kind == kind] if kind else []
    return find(tx, Job.subject_noun == subject[0], Job.subject_id == subject[1], *kinds)


def find_by_key(tx: Session, request_key: str) -> JobCard | None:
    """The job already enqueued with this key, or None. Takes a lock on the key that is held until `tx` ends.

    A service that writes rows of its own before `enqueue` calls this first, so that two clicks cannot write them twice.
    """
    lock_name = hash_token(f"{tx.info['tenant_id']}:{request_key}")
    tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": lock_name})
    return find(tx, Job.request_key == request_key)


def page(
    tx: Session,
    *,
    states: Sequence[str] = (),
    kinds: Sequence[str] = (),
    types: Sequence[str] = (),
    dead_letters: bool | None = None,
    subject: tuple[str, str] | None = None,
    cursor: str | None = None,
    take: int = 50,
    skip: int = 0,
    oldest_first: bool = False,
    dismissed: bool = True,
) -> JobPage:
    """A page of at most `take` jobs, newest first unless `oldest_first`. `dismissed` False leaves out dismissed failures.

    `dead_letters` True: only failures that somebody has to look at, False: all but those. `types`: names of request types.
    `cursor` is the `next_cursor` of the page before; `skip` leaves out that many rows instead. `total` counts up to COUNT_TO.
    """
    where: list[ColumnElement[bool]] = []
    if states:
        where.append(Job.state.in_(states))
    if kinds:
        where.append(Job.kind.in_(kinds))
    if types:
        where.append(or_(*map(_is_of_type, types)))
    if dead_letters is not None:
        where.append(and_(Job.dead_letter) if dead_letters else ~Job.dead_letter)
    if not dismissed:
        where.append(Job.dismissed_at.is_(None))
    if subject:
        where += [Job.subject_noun == subject[0], Job.subject_id == subject[1]]
    matching = bounded_count(Job, *where)
    after_cursor = [(Job.id > cursor if oldest_first else Job.id < cursor)] if cursor else []
    query = _select_cards(matching.scalar_subquery().label("matching")).where(*where, *after_cursor)
    query = query.order_by(Job.id.asc() if oldest_first else Job.id.desc())
    rows = tx.execute(query.offset(skip).limit(take + 1)).all()
    cards = [_card(row) for row in rows[:take]]
    total = rows[0].matching if rows else tx.scalar(matching) or 0
    return JobPage(cards, cards[-1].id if len(rows) > take else None, total)


def open_failures(tx: Session, *, without_kinds: Sequence[str] = (), take: int) -> list[JobCard]:
    """Failed jobs that nobody has dismissed, newest first; parts of other jobs and jobs of `without_kinds` are left out."""
    query = _select_cards().where(*_open_failure(without_kinds)).order_by(Job.id.desc()).limit(take)
    return [_card(row) for row in tx.execute(query)]


def count_open_failures(tx: Session, *, without_kinds: Sequence[str] = ()) -> int:
    """How many `open_failures` would list; counts up to 10,000."""
    return tx.scalar(bounded_count(Job, *_open_failure(without_kinds))) or 0


def _open_failure(without_kinds: Sequence[str]) -> list[ColumnElement[bool]]:
    return [
        Job.state == JobState.FAILED,
        Job.dismissed_at.is_(None),
        Job.parent_id.is_(None),
        Job.kind.not_in(without_kinds),
    ]


def _is_of_type(type: str) -> ColumnElement[bool]:
    """Kinds that are no types, as `video-generation-gpu`, are those of 0.5.1's filter."""
    kinds = kinds_of_type(type)
    if not kinds and type in JOB_TYPES:
        return Job.kind == type
    return or_(Job.type == type, and_(Job.type.is_(None), Job.kind.in_(kinds)))


def counts(tx: Session, *, kinds: Sequence[str] = ()) -> dict[str, int]:
    """State -> number of jobs (of these kinds, or of all), also for states without jobs."""
    query = select(Job.state, func.count()).group_by(Job.state)
    rows = tx.execute(query.where(Job.kind.in_(kinds)) if kinds else query)
    by_state: dict[str, int] = {state: n for state, n in rows}
    return {state.value: by_state.get(state.value, 0) for state in JobState}


def log(tx: Session, job_id: str, *, after: int = 0) -> list[LogLine]:
    """Log lines of all attempts with an id above `after`, oldest first, at most 5,000. Raises NotFound."""
    get(tx, job_id)
    rows = tx.execute(
        select(JobLog.id, JobLog.at, JobLog.level, JobLog.line, func.coalesce(Attempt.n, 0), JobLog.words)
        .outerjoin(Attempt, Attempt.id == JobLog.attempt_id)
        .where(JobLog.job_id == job_id, JobLog.id > after)
        .order_by(JobLog.id)
        .limit(5000)
    )
    return [
        LogLine(log_id, at, level, messages.read(words) if words else line, attempt_n)
        for log_id, at, level, line, attempt_n, words in rows
    ]


def workers(tx: Session, *, lease_s: float) -> list[WorkerCard]:
    """Worker processes of this installation seen in the last hour, the living ones first. Any caller may ask."""
    age = func.extract("epoch", func.clock_timestamp() - Worker.seen_at)
    rows = tx.execute(select(Worker, age.label("age")).where(age < 3600).order_by(func.abs(age) > lease_s, Worker.id)).all()
    return [
        WorkerCard(
            w.id,
            w.host,
            w.pid,
            w.queues,
            w.version,
            w.state,
            abs(float(a)) < lease_s and w.state != "gone",
            w.started_at,
            w.seen_at,
        )
        for w, a in rows
    ]


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """A job of this workspace that runs or waits. `left_s`: seconds it will still run, None unless it runs and says so.

    `running_s`: for how long it has run already. `not_before`: it does not start earlier.
    """

    id: str
    kind: str
    subject_id: str
    running: bool
    running_s: float
    left_s: float | None
    not_before: datetime


@dataclass(frozen=True, slots=True)
class DeviceSummary:
    """Devices with one capability. `up`: those that answer; `foreign`: of these, held by another workspace's job.

    `vram_mb`: memory of the smallest that is known; 0: a processor, or not known. `name`: of that one.
    """

    up: int = 0
    foreign: int = 0
    vram_mb: int = 0
    name: str = ""


def queue_status(tx: Session, queue: str) -> list[QueuedJob]:
    """Running jobs first, then those that wait in the order they are claimed; jobs that wait for children are left out."""
    running_s = func.extract("epoch", func.clock_timestamp() - Attempt.started_at)
    in_queue = Job.queue == queue, Job.state.in_((JobState.PENDING, JobState.PROCESSING)), Job.waits_for == 0
    rows = tx.execute(
        select(Job.id, Job.kind, Job.subject_id, Job.state, Job.not_before, running_s, Attempt.eta_s)
        .outerjoin(Attempt, (Attempt.id == Job.attempt_id) & Attempt.ended_at.is_(None))
        .where(*in_queue)
        .order_by(Job.state.desc(), Job.priority, Job.id)
    )
    queued_jobs = []
    for job_id, kind, subject_id, state, not_before, ran_s, eta_s in rows:
        running = state == JobState.PROCESSING
        left_s = eta_s if running else None
        queued_jobs.append(QueuedJob(job_id, kind, subject_id, running, float(ran_s or 0), left_s, not_before))
    return queued_jobs


def typical_s(tx: Session, kinds: Collection[str]) -> dict[str, float]:
    """Median seconds of the last completed jobs of each kind; kinds without a completed job are absent."""
    medians: dict[str, float] = {}
    for kind in kinds:
        duration_s = func.extract("epoch", Job.finished_at - Job.started_at)
        completed = Job.kind == kind, Job.state == JobState.COMPLETED
        newest = select(duration_s).where(*completed).order_by(Job.id.desc()).limit(_SAMPLES)
        durations_s = sorted(float(seconds) for seconds in tx.scalars(newest) if seconds)
        if durations_s:
            medians[kind] = durations_s[len(durations_s) // 2]
    return medians


def device_summary(tx: Session, capability: str) -> DeviceSummary:
    """Devices of the whole installation with this capability (`trainer`, `image`)."""
    # Row-level security hides other workspaces' attempts, so the holder is visible only when it is this workspace's.
    held_here = select(Attempt.id).where(Attempt.id == Device.held_by).exists()
    up = select(Device.vram_mb, Device.name, Device.held_by, held_here).where(
        Device.state == "up", Device.engines.has_key(capability), ~Device.down.has_key(capability)
    )
    rows = tx.execute(up.order_by(Device.vram_mb == 0, Device.vram_mb, Device.id)).all()
    if not rows:
        return DeviceSummary()
    foreign = sum(held_by is not None and not held_by_us for _, _, held_by, held_by_us in rows)
    return DeviceSummary(len(rows), foreign, rows[0].vram_mb, rows[0].name)
